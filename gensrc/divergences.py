r"""Divergences between two probability distributions.

Notation: :math:`p` and :math:`q` are distributions over :math:`K` outcomes, given as tensors
of shape ``(..., K)`` whose last axis sums to one. Every function returns one number per pair,
shape ``(...)``, in nats. The conventions are those of the limits: :math:`0 \log 0 = 0`, and
a term with :math:`q_k = 0 < p_k` takes its limit as :math:`q_k \to 0`. An outcome with
:math:`p_k = 0` contributes no gradient with respect to :math:`p_k`: the formulas have slope
:math:`-\infty` or a kink there, and behind a softmax the slope is multiplied by
:math:`p_k = 0`.

Densities need no functions of their own. With nodes :math:`x_i` and weights :math:`w_i` from
:func:`quadrature`, the numbers :math:`p(x_i) w_i` are probabilities, and a divergence of
them is the quadrature of the integral, because the weights cancel in each ratio
:math:`p(x_i) w_i / (q(x_i) w_i)`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc._distributions import SUM_TOLERANCE, check_densities, check_distributions, xlogy
from gensrc._divergence_table import (
    alpha_divergence,
    jeffreys,
    jensen_shannon_weighted,
    maximal_coupling,
    neyman,
    pearson,
    reverse_kl,
    squared_hellinger,
)
from gensrc.estimates import (
    Estimate,
    estimate_jensen_shannon,
    estimate_kl,
    estimate_mean,
    estimate_total_variation,
    plug_in_bias,
)
from gensrc.normals import kl_multivariate_normal, kl_normal

__all__ = [
    "SUM_TOLERANCE",
    "Estimate",
    "Quadrature",
    "alpha_divergence",
    "check_densities",
    "check_distributions",
    "estimate_jensen_shannon",
    "estimate_kl",
    "estimate_mean",
    "estimate_total_variation",
    "f_divergence",
    "jeffreys",
    "jensen_shannon",
    "jensen_shannon_weighted",
    "kl",
    "kl_multivariate_normal",
    "kl_normal",
    "maximal_coupling",
    "neyman",
    "pearson",
    "plug_in_bias",
    "quadrature",
    "reverse_kl",
    "squared_hellinger",
    "total_variation",
    "xlogy",
]


class Quadrature(NamedTuple):
    """Nodes ``x`` and weights ``w``, shape (n,): the integral of g is ``(g(x) * w).sum()``."""

    x: Tensor
    w: Tensor


def kl(p: Tensor, q: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence of q from p.

    .. math:: \mathrm{KL}(p \| q) = \sum_k p_k \log \frac{p_k}{q_k}

    It is :math:`+\infty` where some :math:`q_k = 0 < p_k`.

    Equation: def-kl

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Kullback and Leibler (1951).

    >>> kl(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))  # log 2
    tensor(0.6931)
    """
    check_distributions(p=p, q=q)
    return (xlogy(p, p) - xlogy(p, q)).sum(-1)


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    r"""Jensen-Shannon divergence, with the halves: between 0 and log 2.

    .. math:: \mathrm{JSD}(p, q) = \tfrac12 \mathrm{KL}(p \| m) + \tfrac12 \mathrm{KL}(q \| m),
        \qquad m = \tfrac12 (p + q)

    Equation: def-jensen-shannon
    Equation: eq-jsd-disjoint

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...); log 2 where the supports are disjoint.

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Lin (1991).

    >>> jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))  # log 2
    tensor(0.6931)
    """
    check_distributions(p=p, q=q)
    m = (p + q) / 2
    m = torch.where(m > 0, m, 1)  # elsewhere p = q = 0, or half of the smallest float
    kl_pm = (xlogy(p, p) - xlogy(p, m)).sum(-1)
    kl_qm = (xlogy(q, q) - xlogy(q, m)).sum(-1)
    return (kl_pm + kl_qm) / 2


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    r"""Total variation distance: the largest difference in probability over all events.

    .. math:: \mathrm{TV}(p, q) = \tfrac12 \sum_k |p_k - q_k| = \max_A |p(A) - q(A)|

    Equation: def-total-variation

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the distance, between 0 and 1, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Levin, Peres and Wilmer (2009), chapter 4.

    >>> total_variation(torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25]))
    tensor(0.2500)
    """
    check_distributions(p=p, q=q)
    return (p - q).abs().sum(-1) / 2


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


def quadrature(
    low: float, high: float, n: int, *, dtype: torch.dtype = torch.float64
) -> Quadrature:
    r"""Nodes and weights of the trapezoidal rule on [low, high].

    .. math:: \int g(x)\, dx \approx \sum_{i=1}^n w_i\, g(x_i)

    For a smooth density that vanishes at both ends the error falls faster than any power of
    1/n, so a few hundred nodes give the accuracy of float64.

    Args:
        low: left end, in the unit of x.
        high: right end.
        n: number of nodes, at least 2.
        dtype: of the nodes and weights.

    Returns:
        the nodes ``x`` and the weights ``w``, each of shape (n,).

    Raises:
        ValueError: the interval is empty or infinite, or n < 2.

    Source: Trefethen and Weideman (2014).

    >>> x, w = quadrature(0.0, 2.0, 3)
    >>> (x * w).sum()  # half of 2 squared
    tensor(2., dtype=torch.float64)
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"low, high: expected finite low < high, got {low} and {high}")
    if n < 2:
        raise ValueError(f"n: expected at least 2 nodes, got {n}")
    x = torch.linspace(low, high, n, dtype=dtype)
    w = torch.full_like(x, (high - low) / (n - 1))
    w[[0, -1]] /= 2
    return Quadrature(x, w)


def _limit(g: Callable[[Tensor], Tensor], near: int, far: int) -> float:
    """Limit of g at 2**near and beyond: the value there, or inf if it still grows at 2**far."""
    u = torch.tensor([2.0**near, 2.0**far], dtype=torch.float64)
    first, last = g(u).tolist()
    return last if abs(last - first) <= 1e-6 * max(1.0, abs(last)) else math.inf
