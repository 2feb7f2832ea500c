r"""The adversarial game between a discriminator D and a generator G.

Notation: :math:`p_{data}` is the density of the data and :math:`p_g` that of the generated
:math:`x = G(z)`, :math:`z \sim p(z)`. The discriminator gives a real example the probability
:math:`D(x) = \sigma(l(x))`, where :math:`l` is its logit and :math:`\sigma` the logistic
function. The order is always (real, fake). Losses take logits and are to be minimised. They
use :math:`\log D = \log \sigma(l)` and :math:`\log(1 - D) = \log \sigma(-l)`, which
``logsigmoid`` computes without forming D, so that they stay finite when D rounds to 0 or 1.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu

from gensrc.divergences import check_densities, check_distributions, xlogy
from gensrc.matrix_games import solve_matrix_game as solve_matrix_game


class GanLoss(NamedTuple):
    """What each player minimises: functions from logits of any shape to their mean cost."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


class LogitGradients(NamedTuple):
    """d(cost)/d(logit) of one generated example, for three generators."""

    minimax: Tensor
    non_saturating: Tensor
    maximum_likelihood: Tensor


def optimal_discriminator(p_data: Tensor, p_g: Tensor) -> Tensor:
    r"""The discriminator that maximises the value of the game for a fixed generator.

    .. math:: D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)}

    Where both densities vanish no example ever falls and every value is optimal; 1/2 is returned.

    Equation: eq-optimal-discriminator

    Args:
        p_data: densities or probabilities of the data at some points, any shape.
        p_g: those of the generator at the same points, the same shape.

    Returns:
        D* at each point, the same shape.

    Raises:
        ValueError: an argument is negative or not finite, or the shapes differ.

    Source: Goodfellow et al. (2014), proposition 1.

    >>> optimal_discriminator(torch.tensor([0.3, 0.0]), torch.tensor([0.1, 0.0]))
    tensor([0.7500, 0.5000])
    """
    check_densities(p_data=p_data, p_g=p_g)
    total = p_data + p_g
    return torch.where(total > 0, p_data / torch.where(total > 0, total, 1), 0.5)


def virtual_criterion(p_data: Tensor, p_g: Tensor) -> Tensor:
    r"""What the generator minimises when the discriminator always answers optimally.

    .. math:: C(G) = \max_D V(D, G)
        = \sum_x p_{data}(x) \log D^*(x) + p_g(x) \log (1 - D^*(x))
        = -\log 4 + 2\, \mathrm{JSD}(p_{data}, p_g)

    Equation: eq-virtual-criterion

    Args:
        p_data: probabilities, shape (..., K).
        p_g: probabilities, the same shape.

    Returns:
        the criterion in nats, between -log 4 and 0, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Goodfellow et al. (2014), theorem 1.

    >>> virtual_criterion(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5]))  # -log 4
    tensor(-1.3863)
    """
    check_distributions(p_data=p_data, p_g=p_g)
    d_star = optimal_discriminator(p_data, p_g)
    one_minus_d_star = optimal_discriminator(p_g, p_data)
    return (xlogy(p_data, d_star) + xlogy(p_g, one_minus_d_star)).sum(-1)


def game_value(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""The value of the game, estimated from a batch of real and a batch of generated examples.

    .. math:: V(D, G) = \mathbb{E}_{x \sim p_{data}} \log D(x)
        + \mathbb{E}_{z \sim p(z)} \log (1 - D(G(z)))

    Equation: def-game-value

    Args:
        d_real: probabilities D(x) of the real examples, any shape.
        d_fake: probabilities D(G(z)) of the generated examples, any shape.

    Returns:
        the mean over each batch, added, in nats; minus infinity if D is certain and wrong.

    Raises:
        ValueError: an argument is empty or leaves [0, 1].

    Source: Goodfellow et al. (2014), equation 1.

    >>> game_value(torch.tensor([0.5]), torch.tensor([0.5]))  # -log 4
    tensor(-1.3863)
    """
    for name, d in (("d_real", d_real), ("d_fake", d_fake)):
        check_densities(**{name: d})
        if d.numel() == 0:
            raise ValueError(f"{name}: expected at least one probability, got none")
        if (d > 1).any():
            raise ValueError(f"{name}: expected probabilities <= 1, got {float(d.max()):.7g}")
    return d_real.log().mean() + torch.log1p(-d_fake).mean()


def density_ratio(logits: Tensor) -> Tensor:
    r"""The ratio of densities that an optimal discriminator has learned.

    .. math:: \frac{p_{data}(x)}{p_g(x)} = \frac{D^*(x)}{1 - D^*(x)} = e^{l^*(x)}

    Equation: eq-density-ratio

    Args:
        logits: outputs l(x) of the discriminator, any shape.

    Returns:
        the ratio, the same shape.

    Source: Sugiyama, Suzuki and Kanamori (2012).

    >>> density_ratio(torch.tensor([0.0, 3.0]).log())
    tensor([0., 3.])
    """
    return logits.exp()


def generator_logit_gradients(logits: Tensor) -> LogitGradients:
    r"""Derivative of each generator's cost by the logit of one generated example.

    .. math:: \frac{d}{dl} \log(1 - D) = -D, \qquad \frac{d}{dl} (-\log D) = -(1 - D), \qquad
        \frac{d}{dl} \left(-e^l\right) = -\frac{D}{1 - D}, \qquad D = \sigma(l)

    Equation: eq-generator-logit-gradients

    Args:
        logits: l = logit of D at generated examples, any shape.

    Returns:
        the three derivatives, each of the same shape.

    Source: Goodfellow (2014); Arjovsky and Bottou (2017).

    >>> generator_logit_gradients(torch.tensor(0.0)).minimax
    tensor(-0.5000)
    """
    return LogitGradients(
        minimax=-torch.sigmoid(logits),
        non_saturating=-torch.sigmoid(-logits),
        maximum_likelihood=-logits.exp(),
    )


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Minus the value of the game, in logits.

    .. math:: J^{(D)} = -\mathbb{E} \log D(x) - \mathbb{E} \log (1 - D(G(z)))

    Equation: def-minimax-game

    >>> cross_entropy_discriminator(torch.zeros(2), torch.zeros(3))  # log 4
    tensor(1.3863)
    """
    return -logsigmoid(real).mean() - logsigmoid(-fake).mean()


def minimax_generator(fake: Tensor) -> Tensor:
    r"""The generator's part of the value itself: saturates where D rejects the examples.

    .. math:: J^{(G)} = \mathbb{E} \log (1 - D(G(z)))

    Equation: def-minimax-game

    >>> minimax_generator(torch.zeros(3))  # -log 2
    tensor(-0.6931)
    """
    return logsigmoid(-fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    r"""Cross-entropy with the labels exchanged: a large slope where D rejects the examples.

    .. math:: J^{(G)} = -\mathbb{E} \log D(G(z))

    Equation: def-non-saturating-game

    >>> non_saturating_generator(torch.zeros(3))  # log 2
    tensor(0.6931)
    """
    return -logsigmoid(fake).mean()


def maximum_likelihood_generator(fake: Tensor) -> Tensor:
    r"""Weights examples by the density ratio; its gradient at D = D* is that of KL(p_data || p_g).

    .. math:: J^{(G)} = -\mathbb{E}\, e^{l(G(z))} = -\mathbb{E}\, \frac{D(G(z))}{1 - D(G(z))}

    The exponential overflows above a logit of 88 in float32 and 709 in float64.

    Equation: def-maximum-likelihood-game
    Equation: eq-maximum-likelihood-gradient
    Source: Goodfellow (2014).

    >>> maximum_likelihood_generator(torch.zeros(3))
    tensor(-1.)
    """
    return -fake.exp().mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Squared distance of the outputs from 1 (real) and 0 (fake).

    .. math:: J^{(D)} = \tfrac12 \mathbb{E} (l(x) - 1)^2 + \tfrac12 \mathbb{E}\, l(G(z))^2

    Source: Mao et al. (2017).

    >>> least_squares_discriminator(torch.zeros(2), torch.zeros(3))
    tensor(0.5000)
    """
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def least_squares_generator(fake: Tensor) -> Tensor:
    r"""Squared distance of the outputs for generated examples from 1.

    .. math:: J^{(G)} = \tfrac12 \mathbb{E} (l(G(z)) - 1)^2

    Source: Mao et al. (2017).

    >>> least_squares_generator(torch.zeros(3))
    tensor(0.5000)
    """
    return (fake - 1).square().mean() / 2


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Cost only inside the margins: real outputs below 1, fake outputs above -1.

    .. math:: J^{(D)} = \mathbb{E} \max(0, 1 - l(x)) + \mathbb{E} \max(0, 1 + l(G(z)))

    Source: Lim and Ye (2017).

    >>> hinge_discriminator(torch.zeros(2), torch.zeros(3))
    tensor(2.)
    """
    return relu(1 - real).mean() + relu(1 + fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    r"""Minus the difference of the critic's mean outputs; it needs a Lipschitz critic.

    .. math:: J^{(D)} = \mathbb{E}\, l(G(z)) - \mathbb{E}\, l(x)

    Source: Arjovsky, Chintala and Bottou (2017).

    >>> wasserstein_critic(torch.ones(2), torch.zeros(3))
    tensor(-1.)
    """
    return fake.mean() - real.mean()


def wasserstein_generator(fake: Tensor) -> Tensor:
    r"""Minus the critic's mean output for generated examples.

    .. math:: J^{(G)} = -\mathbb{E}\, l(G(z))

    Source: Arjovsky, Chintala and Bottou (2017); Lim and Ye (2017).

    >>> wasserstein_generator(torch.ones(3))
    tensor(-1.)
    """
    return -fake.mean()


MINIMAX = GanLoss(cross_entropy_discriminator, minimax_generator)
NON_SATURATING = GanLoss(cross_entropy_discriminator, non_saturating_generator)
MAXIMUM_LIKELIHOOD = GanLoss(cross_entropy_discriminator, maximum_likelihood_generator)
LEAST_SQUARES = GanLoss(least_squares_discriminator, least_squares_generator)
HINGE = GanLoss(hinge_discriminator, wasserstein_generator)
WASSERSTEIN = GanLoss(wasserstein_critic, wasserstein_generator)
