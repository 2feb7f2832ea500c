r"""The f-divergence of any convex generator.

The notation is that of :mod:`gensrc.divergences`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gensrc.checks import check_distributions


def f_divergence(
    p: Tensor, q: Tensor, f: Callable[[Tensor], Tensor], *, slope: float | None = None
) -> Tensor:
    r"""f-divergence, for a convex function f with f(1) = 0.

    .. math:: D_f(p \| q) = \sum_k q_k\, f\!\left(\frac{p_k}{q_k}\right)

    Terms at the boundary take their limits: :math:`q_k f(0)` where :math:`p_k = 0`, and
    :math:`p_k \lim_{u \to \infty} f(u) / u` where :math:`q_k = 0`. Unless ``slope`` is given,
    that limit is read off at :math:`u = 2^{300}` and :math:`2^{400}`: the common value if the
    two agree, and :math:`+\infty` if :math:`f(u) / u` still grows. Where ``f(0)`` is NaN, as for
    ``u * u.log()``, it is read off at :math:`2^{-300}` and :math:`2^{-400}` in the same way.

    Equation: def-f-divergence

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.
        f: the generator, elementwise, from [0, inf) to the reals.
        slope: the limit of f(u)/u as u grows, where it is known.

    Returns:
        the divergence in the unit of f (nats if it takes natural logarithms), shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Csiszar (1967); Ali and Silvey (1966).

    >>> chi_square = lambda u: (u - 1) ** 2
    >>> f_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]), chi_square)
    tensor(1.)
    """
    check_distributions(p=p, q=q)
    inside = (p > 0) & (q > 0)
    ratio = torch.where(inside, p, 1) / torch.where(inside, q, 1)
    terms = torch.where(inside, q * f(ratio), 0)
    if ((p == 0) & (q > 0)).any():
        at_zero = float(f(p.new_zeros(())))
        at_zero = _limit(f, -300, -400) if math.isnan(at_zero) else at_zero
        terms = torch.where((p == 0) & (q > 0), q * at_zero, terms)
    if ((q == 0) & (p > 0)).any():
        slope = _limit(lambda u: f(u) / u, 300, 400) if slope is None else slope
        terms = torch.where((q == 0) & (p > 0), p * slope, terms)
    return terms.sum(-1)


def _limit(g: Callable[[Tensor], Tensor], near: int, far: int) -> float:
    """Limit of g at 2**near and beyond: the value there, or inf if it still grows at 2**far."""
    u = torch.tensor([2.0**near, 2.0**far], dtype=torch.float64)
    first, last = g(u).tolist()
    return last if abs(last - first) <= 1e-6 * max(1.0, abs(last)) else math.inf
