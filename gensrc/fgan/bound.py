r"""The variational lower bound of an f-divergence, and the losses of the game made from it.

The notation is that of :mod:`gensrc.fgan`.
"""

import math

import torch
from torch import Tensor

from gensrc.fgan.table import (
    FDivergence,
)
from gensrc.games.losses import GanLoss


def variational_bound(critic_p: Tensor, critic_q: Tensor, divergence: FDivergence) -> Tensor:
    r"""Lower bound on an f-divergence, from a critic's values on draws from p and from q.

    .. math:: D_f(p \| q) \ge \mathbb{E}_{x \sim p}\, T(x) - \mathbb{E}_{x \sim q}\, f^*(T(x))

    Of the two sides only the expectations obey the inequality: means over few draws may lie above.
    A value may reach the end of the domain, and exceed it by 8 units of rounding, which is taken
    for the end. The conjugate at an open end is :math:`+\infty`, and then so low is the bound:
    :math:`-\infty`. Infinite values are allowed, for ratios p/q of 0 and infinity.

    Equation: eq-variational-bound

    Args:
        critic_p: values T(x) at draws from p, any shape, in the domain of f*.
        critic_q: values T(x) at draws from q, any shape, in the domain of f*.
        divergence: a row of the table.

    Returns:
        the bound in the unit of the divergence (nats for those with logarithms), shape ().

    Raises:
        ValueError: values outside the domain, NaN, none at all, or infinite ones of which the
            bound is the difference of two infinities.

    Source: Nguyen, Wainwright and Jordan (2010); Nowozin, Cseke and Tomioka (2016), equation 4.

    >>> from gensrc.fgan import TOTAL_VARIATION
    >>> variational_bound(torch.tensor([0.5]), torch.tensor([-0.5, 0.5]), TOTAL_VARIATION)
    tensor(0.5000)
    """
    critic_p = _in_domain("critic_p", critic_p, divergence)
    critic_q = _in_domain("critic_q", critic_q, divergence)
    paid = divergence.conjugate(critic_q).mean()
    bound = torch.where(paid == math.inf, -math.inf, critic_p.mean() - paid)
    if bound.isnan():
        raise ValueError(
            "critic_p, critic_q: expected values with a bound, got means "
            f"{float(critic_p.mean())} and {float(paid)} of T and f*(T)"
        )
    return bound


def fgan_loss(divergence: FDivergence) -> GanLoss:
    r"""The two losses of an f-GAN, of the outputs v of a network without output activation.

    .. math:: J^{(T)} = -\mathbb{E}\, g(v(x)) + \mathbb{E}\, f^*(g(v(G(z)))), \qquad
        J^{(G)} = -\mathbb{E}\, f^*(g(v(G(z))))

    Equation: def-f-gan-objective

    Args:
        divergence: a row of the table.

    Returns:
        a loss for :func:`gensrc.training.alternate` and :func:`gensrc.training.simultaneous`.

    Source: Nowozin, Cseke and Tomioka (2016), equations 6 and 7.

    >>> from gensrc.fgan import GAN
    >>> fgan_loss(GAN).discriminator(torch.zeros(2), torch.zeros(3))  # log 4
    tensor(1.3863)
    """

    def critic(real: Tensor, fake: Tensor) -> Tensor:
        return divergence.cost(fake).mean() - divergence.activation(real).mean()

    def generator(fake: Tensor) -> Tensor:
        return -divergence.cost(fake).mean()

    return GanLoss(critic, generator)


def _in_domain(name: str, critic: Tensor, divergence: FDivergence) -> Tensor:
    """The values, those beyond an end by rounding moved to it; ValueError for others."""
    if not isinstance(critic, Tensor) or not critic.is_floating_point():
        kind = critic.dtype if isinstance(critic, Tensor) else type(critic).__name__
        raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
    if critic.numel() == 0:
        raise ValueError(f"{name}: expected at least one value, got none")
    low, high = divergence.domain
    eps = 8 * torch.finfo(critic.dtype).eps
    slack_low, slack_high = (eps * max(1.0, abs(e)) if math.isfinite(e) else 0 for e in (low, high))
    bad = ~((critic >= low - slack_low) & (critic <= high + slack_high))
    if bad.any():
        raise ValueError(
            f"{name}: expected values in the domain of the conjugate ({divergence.name}), "
            f"from {low:.7g} to {high:.7g}, got {float(critic.detach()[bad].flatten()[0]):.7g}"
        )
    return critic.clamp(low, high)
