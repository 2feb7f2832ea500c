r"""The optimal discriminator, the value of the game, and what the generator's logits receive.

The notation is that of :mod:`gensrc.games`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.checks import check_densities, check_distributions
from gensrc.numerics import xlogy


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
    larger = torch.maximum(p_data, p_g).detach()  # in its unit no sum is beyond any float
    some = larger > 0
    unit = torch.where(some, larger, 1)
    p_data, p_g = torch.where(some, p_data / unit, 1), torch.where(some, p_g / unit, 1)
    return p_data / (p_data + p_g)


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
        the ratio, the same shape; 0 where it is below the smallest positive number.

    Raises:
        ValueError: a logit is NaN, or finite and so large that the ratio overflows.

    Source: Sugiyama, Suzuki and Kanamori (2012).

    >>> density_ratio(torch.tensor([0.0, 3.0]).log())
    tensor([0., 3.])
    """
    _check_logits(logits)
    return logits.exp()


def generator_logit_gradients(logits: Tensor) -> LogitGradients:
    r"""Derivative of each generator's cost by the logit of one generated example.

    .. math:: \frac{d}{dl} \log(1 - D) = -D, \qquad \frac{d}{dl} (-\log D) = -(1 - D), \qquad
        \frac{d}{dl} \left(-e^l\right) = -\frac{D}{1 - D}, \qquad D = \sigma(l)

    Equation: eq-generator-logit-gradients

    Args:
        logits: l = logit of D at generated examples, any shape.

    Returns:
        the three derivatives, each of the same shape; 0 where they are below the smallest
        positive number.

    Raises:
        ValueError: a logit is NaN, or finite and so large that e^l overflows.

    Source: Goodfellow (2014); Arjovsky and Bottou (2017).

    >>> generator_logit_gradients(torch.tensor(0.0)).minimax
    tensor(-0.5000)
    """
    _check_logits(logits)
    return LogitGradients(
        minimax=-torch.sigmoid(logits),
        non_saturating=-torch.sigmoid(-logits),
        maximum_likelihood=-logits.exp(),
    )


def _check_logits(logits: Tensor) -> None:
    """Raise ValueError unless the exponential of each logit that is finite is finite."""
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"logits: expected a floating-point tensor, got {kind}")
    if logits.isnan().any():
        raise ValueError("logits: expected numbers, got NaN")
    most = math.log(torch.finfo(logits.dtype).max)
    beyond = logits[logits.isfinite() & logits.exp().isinf()]
    if beyond.numel():
        raise ValueError(
            f"logits: expected at most {most:.5g}, so that exp(l) is a {logits.dtype}, "
            f"got {float(beyond.max()):.5g}"
        )
