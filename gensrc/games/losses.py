r"""Losses of the two players, from logits.

The notation is that of :mod:`gensrc.games`.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import logsigmoid, relu


class GanLoss(NamedTuple):
    """What each player minimises: functions from logits of any shape to their mean cost."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Minus the value of the game, in logits.

    .. math:: J^{(D)} = -\mathbb{E} \log D(x) - \mathbb{E} \log (1 - D(G(z)))

    Equation: def-minimax-game

    Args:
        real: logits l of the discriminator for real examples, any shape, not empty.
        fake: those for generated examples, any shape, not empty.

    Returns:
        the mean cost in nats, 0 or more.

    Raises:
        ValueError: an argument is empty, or no floating-point tensor.

    Source: Goodfellow et al. (2014), equation 1.

    >>> import torch
    >>> cross_entropy_discriminator(torch.zeros(2), torch.zeros(3))  # log 4
    tensor(1.3863)
    """
    _check_outputs(real=real, fake=fake)
    return -logsigmoid(real).mean() - logsigmoid(-fake).mean()


def minimax_generator(fake: Tensor) -> Tensor:
    r"""The generator's part of the value itself: saturates where D rejects the examples.

    .. math:: J^{(G)} = \mathbb{E} \log (1 - D(G(z)))

    Equation: def-minimax-game

    Args:
        fake: logits l of the discriminator for generated examples, any shape, not empty.

    Returns:
        the mean cost in nats, 0 or less.

    Raises:
        ValueError: the argument is empty, or no floating-point tensor.

    Source: Goodfellow et al. (2014), equation 1.

    >>> import torch
    >>> minimax_generator(torch.zeros(3))  # -log 2
    tensor(-0.6931)
    """
    _check_outputs(fake=fake)
    return logsigmoid(-fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    r"""Cross-entropy with the labels exchanged: a large slope where D rejects the examples.

    .. math:: J^{(G)} = -\mathbb{E} \log D(G(z))

    Equation: def-non-saturating-game

    Args:
        fake: logits l of the discriminator for generated examples, any shape, not empty.

    Returns:
        the mean cost in nats, 0 or more.

    Raises:
        ValueError: the argument is empty, or no floating-point tensor.

    Source: Goodfellow et al. (2014), section 3.

    >>> import torch
    >>> non_saturating_generator(torch.zeros(3))  # log 2
    tensor(0.6931)
    """
    _check_outputs(fake=fake)
    return -logsigmoid(fake).mean()


def maximum_likelihood_generator(fake: Tensor) -> Tensor:
    r"""Weights examples by the density ratio; its gradient at D = D* is that of KL(p_data || p_g).

    .. math:: J^{(G)} = -\mathbb{E}\, e^{l(G(z))} = -\mathbb{E}\, \frac{D(G(z))}{1 - D(G(z))}

    The exponential overflows above a logit of 88 in float32 and 709 in float64.

    Equation: def-maximum-likelihood-game
    Equation: eq-maximum-likelihood-gradient

    Args:
        fake: logits l of the discriminator for generated examples, any shape, not empty.

    Returns:
        minus the mean density ratio; minus infinity if one overflows.

    Raises:
        ValueError: the argument is empty, or no floating-point tensor.

    Source: Goodfellow (2014).

    >>> import torch
    >>> maximum_likelihood_generator(torch.zeros(3))
    tensor(-1.)
    """
    _check_outputs(fake=fake)
    return -fake.exp().mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Squared distance of the outputs from 1 (real) and 0 (fake).

    .. math:: J^{(D)} = \tfrac12 \mathbb{E} (l(x) - 1)^2 + \tfrac12 \mathbb{E}\, l(G(z))^2

    Args:
        real: outputs l of the critic for real examples, any shape, not empty.
        fake: those for generated examples, any shape, not empty.

    Returns:
        the mean cost, a number.

    Raises:
        ValueError: an argument is empty, or no floating-point tensor.

    Source: Mao et al. (2017).

    >>> import torch
    >>> least_squares_discriminator(torch.zeros(2), torch.zeros(3))
    tensor(0.5000)
    """
    _check_outputs(real=real, fake=fake)
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def least_squares_generator(fake: Tensor) -> Tensor:
    r"""Squared distance of the outputs for generated examples from 1.

    .. math:: J^{(G)} = \tfrac12 \mathbb{E} (l(G(z)) - 1)^2

    Args:
        fake: outputs l of the critic for generated examples, any shape, not empty.

    Returns:
        the mean cost, a number.

    Raises:
        ValueError: the argument is empty, or no floating-point tensor.

    Source: Mao et al. (2017).

    >>> import torch
    >>> least_squares_generator(torch.zeros(3))
    tensor(0.5000)
    """
    _check_outputs(fake=fake)
    return (fake - 1).square().mean() / 2


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    r"""Cost only inside the margins: real outputs below 1, fake outputs above -1.

    .. math:: J^{(D)} = \mathbb{E} \max(0, 1 - l(x)) + \mathbb{E} \max(0, 1 + l(G(z)))

    Args:
        real: outputs l of the critic for real examples, any shape, not empty.
        fake: those for generated examples, any shape, not empty.

    Returns:
        the mean cost, a number.

    Raises:
        ValueError: an argument is empty, or no floating-point tensor.

    Source: Lim and Ye (2017).

    >>> import torch
    >>> hinge_discriminator(torch.zeros(2), torch.zeros(3))
    tensor(2.)
    """
    _check_outputs(real=real, fake=fake)
    return relu(1 - real).mean() + relu(1 + fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    r"""Minus the difference of the critic's mean outputs; it needs a Lipschitz critic.

    .. math:: J^{(D)} = \mathbb{E}\, l(G(z)) - \mathbb{E}\, l(x)

    Args:
        real: outputs l of the critic for real examples, any shape, not empty.
        fake: those for generated examples, any shape, not empty.

    Returns:
        the mean cost, in the unit of the outputs.

    Raises:
        ValueError: an argument is empty, or no floating-point tensor.

    Source: Arjovsky, Chintala and Bottou (2017).

    >>> import torch
    >>> wasserstein_critic(torch.ones(2), torch.zeros(3))
    tensor(-1.)
    """
    _check_outputs(real=real, fake=fake)
    return fake.mean() - real.mean()


def wasserstein_generator(fake: Tensor) -> Tensor:
    r"""Minus the critic's mean output for generated examples.

    .. math:: J^{(G)} = -\mathbb{E}\, l(G(z))

    Args:
        fake: outputs l of the critic for generated examples, any shape, not empty.

    Returns:
        the mean cost, in the unit of the outputs.

    Raises:
        ValueError: the argument is empty, or no floating-point tensor.

    Source: Arjovsky, Chintala and Bottou (2017); Lim and Ye (2017).

    >>> import torch
    >>> wasserstein_generator(torch.ones(3))
    tensor(-1.)
    """
    _check_outputs(fake=fake)
    return -fake.mean()


MINIMAX = GanLoss(cross_entropy_discriminator, minimax_generator)


NON_SATURATING = GanLoss(cross_entropy_discriminator, non_saturating_generator)


MAXIMUM_LIKELIHOOD = GanLoss(cross_entropy_discriminator, maximum_likelihood_generator)


LEAST_SQUARES = GanLoss(least_squares_discriminator, least_squares_generator)


HINGE = GanLoss(hinge_discriminator, wasserstein_generator)


WASSERSTEIN = GanLoss(wasserstein_critic, wasserstein_generator)


def _check_outputs(**outputs: Tensor) -> None:
    """Raise ValueError unless all arguments are floating-point tensors with an element."""
    for name, value in outputs.items():
        if not isinstance(value, Tensor) or not value.is_floating_point():
            kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
        if value.numel() == 0:
            raise ValueError(f"{name}: expected at least one output, got {tuple(value.shape)}")
