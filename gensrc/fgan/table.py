r"""The table of f-divergences: one :class:`FDivergence` for each row.

The notation is that of :mod:`gensrc.fgan`.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor

from gensrc.fgan import rows

Elementwise = Callable[[Tensor], Tensor]


class FDivergence(NamedTuple):
    r"""One row of the table: a convex function and what belongs to it, all elementwise.

    ``f`` takes ratios :math:`u \ge 0`. ``conjugate`` is :math:`f^*`, right for every real t and
    :math:`+\infty` outside its domain. ``activation`` is an increasing g from all reals into that
    domain; floats that would round to an open end stay just below it. ``optimal_critic`` is
    :math:`f'`, of the ratio :math:`p/q`. ``composed`` is :math:`f^*(g(v))` in a form that keeps its
    digits for large v; by default it applies one function after the other. ``domain`` holds the
    ends of the domain of :math:`f^*`, and ``name`` is for messages and tables. ``slope``, the upper
    end, is the limit of f(u)/u: ``f_divergence(p, q, row.f, slope=row.slope)`` need not guess it.

    Equation: def-fenchel-conjugate
    Source: Nowozin, Cseke and Tomioka (2016), tables 1, 2 and 6, with corrections.

    >>> import torch
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

    @property
    def slope(self) -> float:
        """The limit of f(u)/u as u grows, f'(inf): the upper end of the domain of f*."""
        return self.domain[1]

    def cost(self, outputs: Tensor) -> Tensor:
        """What a generated example costs the critic: f*(g(v)) of the network's outputs v."""
        if self.composed is not None:
            return self.composed(outputs)
        return self.conjugate(self.activation(outputs))


def alpha(a: float) -> FDivergence:
    r"""The α-divergence, a family that holds most rows of the table up to a factor.

    .. math:: f(u) = \frac{u^\alpha - 1 - \alpha (u - 1)}{\alpha (\alpha - 1)}

    The limits are KL(p || q) at :math:`\alpha = 1` and KL(q || p) at :math:`\alpha = 0`, and are
    what ``alpha(1)`` and ``alpha(0)`` give. :math:`\alpha = 2, \tfrac12, -1` are half of Pearson's,
    twice the squared Hellinger and half of Neyman's divergence.

    Near u = 1, and near the limits, f keeps its digits. The output activation for α < 1 is

    .. math:: g(v) = \frac{1 - e^{-kv}}{1 - \alpha}, \qquad
        f^*(g(v)) = \frac1\alpha \left(e^{k \alpha v / (1 - \alpha)} - 1\right), \qquad
        k = \min(1, 1 - \alpha)

    whose best output is the logarithm of u, for α < 0 times 1 - α. (The paper's,
    :math:`\frac1{1 - \alpha} - \log(1 + e^{-v})`, costs 3e10 at v = 0 for α = 0.9.)

    Equation: def-alpha-generator

    Args:
        a: the number α.

    Returns:
        a row of the table.

    Raises:
        ValueError: α is not finite.

    Source: Nowozin, Cseke and Tomioka (2016), table 4; Amari (2009).

    >>> import torch
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

    >>> import torch
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
