r"""f-divergences by their convex conjugates: the variational bound and the losses of f-GANs.

Notation: :math:`p` is the density of the data and :math:`q` that of the generated examples. A
convex function :math:`f` on :math:`[0, \infty)` gives the divergence
:math:`D_f(p \| q) = \sum_x q(x)\, f(u(x))` with the ratio :math:`u = p/q`. Its conjugate is
:math:`f^*(t) = \sup_{u \ge 0} (ut - f(u))`. A critic :math:`T(x)` has values t in the domain of
:math:`f^*`, where this is finite; a network puts out any real :math:`v`, and the activation
:math:`t = g(v)` maps it there. The order is always (p, q), (real, fake).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc import _fgan_rows as rows
from gensrc.games import GanLoss

Elementwise = Callable[[Tensor], Tensor]


class FDivergence(NamedTuple):
    r"""One row of the table: a convex function and what belongs to it, all elementwise.

    ``f`` takes ratios :math:`u \ge 0`. ``conjugate`` is :math:`f^*`, right for every real t and
    :math:`+\infty` outside its domain. ``activation`` is an increasing g from all reals into that
    domain; floats that would round to an open end stay just below it. ``optimal_critic`` is
    :math:`f'`, of the ratio :math:`p/q`. ``composed`` is :math:`f^*(g(v))` in a form that keeps its
    digits for large v; by default it applies one function after the other. ``domain`` holds the
    ends of the domain of :math:`f^*`, and ``name`` is for messages and tables.

    Equation: def-fenchel-conjugate
    Source: Nowozin, Cseke and Tomioka (2016), tables 1, 2 and 6, with corrections.

    >>> chi_square = FDivergence(
    ...     f=lambda u: (u - 1) ** 2,
    ...     conjugate=lambda t: (t.clamp(min=-2) / 2 + 1) ** 2 - 1,
    ...     activation=lambda v: v,
    ...     optimal_critic=lambda ratio: 2 * (ratio - 1),
    ... )
    >>> chi_square.cost(torch.tensor([-3.0, 2.0]))
    tensor([-1.,  3.])
    """

    f: Elementwise
    conjugate: Elementwise
    activation: Elementwise
    optimal_critic: Elementwise
    composed: Elementwise | None = None
    domain: tuple[float, float] = (-math.inf, math.inf)
    name: str = "f"

    def cost(self, outputs: Tensor) -> Tensor:
        """What a generated example costs the critic: f*(g(v)) of the network's outputs v."""
        if self.composed is not None:
            return self.composed(outputs)
        return self.conjugate(self.activation(outputs))


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
        ValueError: values outside the domain, NaN, or none at all.

    Source: Nguyen, Wainwright and Jordan (2010); Nowozin, Cseke and Tomioka (2016), equation 4.

    >>> variational_bound(torch.tensor([0.5]), torch.tensor([-0.5, 0.5]), TOTAL_VARIATION)
    tensor(0.5000)
    """
    critic_p = _in_domain("critic_p", critic_p, divergence)
    critic_q = _in_domain("critic_q", critic_q, divergence)
    paid = divergence.conjugate(critic_q).mean()
    return torch.where(paid == math.inf, -math.inf, critic_p.mean() - paid)


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

    >>> fgan_loss(GAN).discriminator(torch.zeros(2), torch.zeros(3))  # log 4
    tensor(1.3863)
    """

    def critic(real: Tensor, fake: Tensor) -> Tensor:
        return divergence.cost(fake).mean() - divergence.activation(real).mean()

    def generator(fake: Tensor) -> Tensor:
        return -divergence.cost(fake).mean()

    return GanLoss(critic, generator)


def alpha(a: float) -> FDivergence:
    r"""The α-divergence, a family that holds most rows of the table up to a factor.

    .. math:: f(u) = \frac{u^\alpha - 1 - \alpha (u - 1)}{\alpha (\alpha - 1)}

    The limits are KL(p || q) at :math:`\alpha = 1` and KL(q || p) at :math:`\alpha = 0`, and are
    what ``alpha(1)`` and ``alpha(0)`` give. :math:`\alpha = 2, \tfrac12, -1` are half of Pearson's,
    twice the squared Hellinger and half of Neyman's divergence.

    Equation: def-alpha-generator

    Args:
        a: the number α.

    Returns:
        a row of the table.

    Raises:
        ValueError: α is not finite.

    Source: Nowozin, Cseke and Tomioka (2016), table 4; Amari (2009).

    >>> alpha(2).f(torch.tensor([0.0, 1.0, 3.0]))  # (u - 1)^2 / 2
    tensor([0.5000, 0.0000, 2.0000])
    """
    if not math.isfinite(a):
        raise ValueError(f"a: expected a finite number, got {a}")
    return FDivergence(
        partial(rows.alpha_generator, a=a),
        partial(rows.alpha_conjugate, a=a),
        partial(rows.alpha_activation, a=a),
        partial(rows.alpha_critic, a=a),
        partial(rows.alpha_cost, a=a),
        (-math.inf, math.inf if a >= 1 else 1 / (1 - a)),
        f"alpha {a:g}",
    )


def jensen_shannon_weighted(w: float) -> FDivergence:
    r"""Jensen-Shannon divergence with weights w and 1 - w, at most the entropy of (w, 1 - w).

    .. math:: D_f(p \| q) = w\, \mathrm{KL}(p \| m) + (1 - w)\, \mathrm{KL}(q \| m), \qquad
        m = w p + (1 - w) q

    Equation: def-weighted-generator

    Args:
        w: weight of p, between 0 and 1, both excluded.

    Returns:
        a row of the table; for w = 1/2 it is ``JENSEN_SHANNON``.

    Raises:
        ValueError: w is not inside (0, 1).

    Source: Lin (1991); Nowozin, Cseke and Tomioka (2016), table 4.

    >>> jensen_shannon_weighted(0.5).f(torch.tensor(0.0))  # log(2)/2
    tensor(0.3466)
    """
    if not 0 < w < 1:
        raise ValueError(f"w: expected a number inside (0, 1), got {w}")
    return FDivergence(
        partial(rows.jensen_shannon_generator, w=w),
        partial(rows.jensen_shannon_conjugate, w=w),
        partial(rows.jensen_shannon_activation, w=w),
        partial(rows.jensen_shannon_critic, w=w),
        partial(rows.jensen_shannon_cost, w=w),
        (-math.inf, -w * math.log(w)),
        f"Jensen-Shannon, weight {w:g}",
    )


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


KL = FDivergence(rows.kl_generator, rows.kl_conjugate, rows.identity, rows.kl_critic, name="KL")
REVERSE_KL = FDivergence(
    rows.reverse_kl_generator,
    rows.reverse_kl_conjugate,
    rows.reverse_kl_activation,
    rows.reverse_kl_critic,
    rows.reverse_kl_cost,
    (-math.inf, 0.0),
    "reverse KL",
)
PEARSON = FDivergence(
    rows.pearson_generator,
    rows.pearson_conjugate,
    rows.identity,
    rows.pearson_critic,
    name="Pearson",
)
NEYMAN = FDivergence(
    rows.neyman_generator,
    rows.neyman_conjugate,
    rows.below_one_activation,
    rows.neyman_critic,
    rows.neyman_cost,
    (-math.inf, 1.0),
    "Neyman",
)
SQUARED_HELLINGER = FDivergence(
    rows.squared_hellinger_generator,
    rows.squared_hellinger_conjugate,
    rows.below_one_activation,
    rows.squared_hellinger_critic,
    rows.squared_hellinger_cost,
    (-math.inf, 1.0),
    "squared Hellinger",
)
JEFFREY = FDivergence(
    rows.jeffrey_generator,
    rows.jeffrey_conjugate,
    rows.identity,
    rows.jeffrey_critic,
    name="Jeffreys",
)
JENSEN_SHANNON = jensen_shannon_weighted(0.5)._replace(name="Jensen-Shannon")
TOTAL_VARIATION = FDivergence(
    rows.total_variation_generator,
    rows.total_variation_conjugate,
    rows.total_variation_activation,
    rows.total_variation_critic,
    rows.total_variation_activation,
    (-math.inf, 0.5),
    "total variation",
)
GAN = FDivergence(
    rows.gan_generator,
    rows.gan_conjugate,
    rows.gan_activation,
    rows.gan_critic,
    rows.gan_cost,
    (-math.inf, 0.0),
    "GAN",
)
