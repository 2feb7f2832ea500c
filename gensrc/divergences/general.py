r"""The f-divergence of any convex generator.

The notation is that of :mod:`gensrc.divergences`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gensrc.checks import check_distributions, check_support


def f_divergence(
    p: Tensor, q: Tensor, f: Callable[[Tensor], Tensor], *, slope: float | None = None
) -> Tensor:
    r"""f-divergence, for a convex function f, as a rule with f(1) = 0.

    .. math:: D_f(p \| q) = \sum_k q_k\, f\!\left(\frac{p_k}{q_k}\right)
        = \sum_k q_k \left( f(u_k) - c\,(u_k - 1) \right), \qquad u_k = \frac{p_k}{q_k},\ c = f'(1)

    The second sum is equal, because the :math:`p_k - q_k` add up to 0, and keeps the digits of a
    small divergence. With :math:`f(1) \ne 0` the least value is f(1), not 0. Computed in float64.

    Terms at the boundary take their limits: :math:`q_k f(0)` where :math:`p_k = 0`, and
    :math:`p_k \lim_{u \to \infty} f(u) / u` where :math:`q_k = 0`. Unless ``slope`` is given,
    that limit is read off at :math:`u = 2^{450}` and :math:`2^{900}`: the common value if the
    two agree, and :math:`+\infty` if :math:`f(u) / u` grows at least like a logarithm. Where
    ``f(0)`` is NaN, as for ``u * u.log()``, it is read off near 0 in the same way.

    Equation: def-f-divergence

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.
        f: the generator, elementwise, from [0, inf) to the reals. That it is convex is not checked.
        slope: the limit of f(u)/u as u grows, where it is known (``slope`` of an f-GAN's row).

    Returns:
        the divergence in the unit of f (nats if it takes natural logarithms), shape (...).

    Raises:
        ValueError: an argument is not a distribution, the shapes differ, f is NaN or infinite at
            a ratio (as where it overflows), or a limit is needed that cannot be read off.

    Source: Csiszar (1967); Ali and Silvey (1966).

    >>> chi_square = lambda u: (u - 1) ** 2
    >>> f_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]), chi_square)
    tensor(1.)
    """
    check_distributions(p=p, q=q)
    exact_p, exact_q, c = p.double(), q.double(), _derivative_at_one(f)
    inside = (p > 0) & (q > 0)
    u = torch.where(inside, exact_p, 1) / torch.where(inside, exact_q, 1)
    terms = torch.where(inside, exact_q * (_values(f, u) - c * (u - 1)), 0)
    if ((p == 0) & (q > 0)).any():
        at_zero = float(f(u.new_zeros(())))
        at_zero = _limit("f(u)", lambda x: f(1 / x)) if math.isnan(at_zero) else at_zero
        if at_zero == math.inf:
            check_support("q", q, "p", p)
        terms = torch.where((p == 0) & (q > 0), exact_q * (at_zero + c), terms)
    if ((q == 0) & (p > 0)).any():
        slope = _limit("f(u)/u", lambda x: f(x) / x) if slope is None else slope
        if slope == math.inf:
            check_support("p", p, "q", q)
        terms = torch.where((q == 0) & (p > 0), exact_p * (slope - c), terms)
    return terms.sum(-1).to(torch.promote_types(p.dtype, q.dtype))


def _values(f: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    """The finite values f(u) at finite ratios u > 0."""
    if u.isinf().any():
        raise ValueError(f"p, q: expected ratios p/q within {u.dtype}, got one that overflows")
    values = f(u)
    if values.shape != u.shape:
        raise ValueError(
            f"f: expected values of the shape {tuple(u.shape)} of u, got {tuple(values.shape)}"
        )
    bad = ~values.isfinite()
    if bad.any():
        at = u[bad].flatten()[0]
        raise ValueError(f"f: expected finite f(u), got {float(f(at)):g} at u = {float(at):.7g}")
    return values


def _derivative_at_one(f: Callable[[Tensor], Tensor]) -> float:
    """The slope f'(1), or one of the slopes at a kink; 0 where f has no gradient."""
    with torch.enable_grad():
        one = torch.ones((), dtype=torch.float64, requires_grad=True)
        value = f(one)
        if not value.requires_grad:
            return 0.0
        slope = float(torch.autograd.grad(value, one)[0])
    return slope if math.isfinite(slope) else 0.0


def _limit(name: str, g: Callable[[Tensor], Tensor]) -> float:
    """Limit of g at infinity, +inf where it grows at least like a logarithm; else ValueError.

    Three points whose logarithms double: where g is a logarithm, the second step is twice the
    first. The points come nearer if g overflows.
    """
    for power in (225, 60, 15):
        u = torch.tensor([2.0**power, 4.0**power, 16.0**power], dtype=torch.float64)
        first, second, third = g(u).tolist()
        if abs(third - second) <= 1e-9 * max(1.0, abs(second)):
            return float(third)
        if not math.isfinite(third) and abs(second - first) <= 1e-9 * max(1.0, abs(first)):
            return float(second)
        growth = second - first
        if 0 < growth < math.inf and third - second >= (2 - 1e-9) * growth:
            return math.inf
    raise ValueError(
        f"f: expected {name} that settles or grows like log u at the boundary, got {first:.6g}, "
        f"{second:.6g}, {third:.6g}; for u to infinity, the limit of f(u)/u can be passed as slope"
    )
