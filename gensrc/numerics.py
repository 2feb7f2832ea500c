r"""Numerical helpers of all topics: x log y at 0, terms that keep their digits, quadrature.

A divergence of two distributions that are nearly equal is a small number. Added up from
differences of nearly equal numbers it is all rounding, and may be negative. The terms of this
module, :func:`kl_terms` and :func:`alpha_terms`, are not negative, and each keeps its digits.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

SERIES = 0.1
"""Below this size of x the first terms of a series in x give all digits of float64."""


def xlogy(x: Tensor, y: Tensor) -> Tensor:
    r""":math:`x \log y`, with value 0 and gradient 0 wherever x = 0, whatever y is.

    (``torch.xlogy`` has the same value, but its gradient at x = y = 0 is NaN.)

    >>> xlogy(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    some = x != 0
    return torch.where(some, x * torch.where(some, y, 1).log(), 0)


def log_excess(x: Tensor) -> Tensor:
    r""":math:`x - \log(1 + x) \ge 0` for x > -1, with its digits where x is small.

    There it is :math:`xs - 2s^3 \left(\tfrac13 + \tfrac{s^2}{5} + \tfrac{s^4}{7} + \dots\right)`
    with :math:`s = x / (2 + x)`, as :math:`\log(1 + x) = 2 \operatorname{artanh} s`.

    >>> log_excess(torch.tensor([0.0, 1e-4], dtype=torch.float64))  # x^2 / 2 - x^3 / 3 + ...
    tensor([0.0000e+00, 4.9997e-09], dtype=torch.float64)
    """
    near = x.abs() < SERIES
    small, large = torch.where(near, x, 0), torch.where(near, 1, x)
    s = small / (2 + small)
    series = torch.zeros_like(s)
    for odd in (13, 11, 9, 7, 5, 3):
        series = series * s.square() + 1 / odd
    return torch.where(near, s * (small - 2 * s.square() * series), large - large.log1p())


def exp_excess(x: Tensor) -> Tensor:
    r""":math:`e^x - 1 - x \ge 0`, with its digits where x is small.

    >>> exp_excess(torch.tensor([0.0, 1e-4], dtype=torch.float64))  # x^2 / 2 + x^3 / 6 + ...
    tensor([0.0000e+00, 5.0002e-09], dtype=torch.float64)
    """
    near = x.abs() < SERIES
    small, large = torch.where(near, x, 0), torch.where(near, 1, x)
    series = torch.ones_like(small)
    for k in range(11, 2, -1):
        series = 1 + series * small / k
    return torch.where(near, small.square() * series / 2, large.expm1() - large)


def log_ratio(p: Tensor, q: Tensor) -> Tensor:
    r""":math:`\log(p / q)` of positive numbers, with its digits where they are nearly equal."""
    near = (q - p).abs() < p / 2
    x = torch.where(near, q - p, 0) / torch.where(near, p, 1)
    return torch.where(near, -x.log1p(), p.log() - q.log())


def kl_terms(p: Tensor, q: Tensor) -> Tensor:
    r""":math:`p \log \frac pq - p + q \ge 0`, elementwise: its sum is KL(p || q).

    Of distributions the sums of p and q cancel. No term is negative, since it is p times
    :math:`x - \log(1 + x)` with :math:`x = (q - p) / p`, and no digits are lost where p and q are
    nearly equal. If the sums differ from 1 by rounding, the sum of the terms differs from the
    divergence by the square of it. The terms are q where p = 0, and :math:`+\infty` where
    q = 0 < p; the gradient by p is taken as 0 where p = 0.

    >>> kl_terms(torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0.5, 1.0, 0.0]))
    tensor([0.5000, 0.0000,    inf])
    """
    some, near = ~(p <= 0), (q - p).abs() < p / 2
    p, q = torch.where(some, p, 1), torch.where(some | (q > 0), q, 0)
    x = torch.where(near, q - p, 0) / torch.where(near, p, 1)
    far = p * (p.log() - torch.where(some & ~near, q, 1).log()) + (q - p)
    return torch.where(near, p * log_excess(x), torch.where(some, far, q))


def alpha_terms(p: Tensor, q: Tensor, alpha: float) -> Tensor:
    r""":math:`\frac{p^\alpha q^{1-\alpha} - \alpha p - (1 - \alpha) q}{\alpha (\alpha - 1)} \ge 0`.

    Elementwise, with the limits :math:`p \log \frac pq - p + q` at :math:`\alpha = 1`, and the same
    with p and q exchanged at :math:`\alpha = 0`. Near these, and where p and q are nearly equal, no
    digits are lost: with :math:`\delta = \alpha - 1` and :math:`d = \log(p / q)` it is
    :math:`\frac1\alpha \left(p d - p + q + p\, \frac{e^{\delta d} - 1 - \delta d}{\delta}\right)`.
    Where one of p and q is zero it takes its limit, which may be :math:`+\infty`.

    >>> alpha_terms(torch.tensor([3.0, 0.0]), torch.tensor([1.0, 1.0]), 2.0)  # (p - q)^2 / 2q
    tensor([2.0000, 0.5000])
    """
    if alpha < 0.5:
        return alpha_terms(q, p, 1 - alpha)
    if alpha == 1:
        return kl_terms(p, q)
    both, delta = ~((p <= 0) | (q <= 0)), alpha - 1  # true where one is NaN
    u, v = torch.where(both, p, 1), torch.where(both, q, 1)
    d = log_ratio(u, v)
    near, steep = d.abs() < 0.5, delta * d > 1
    close = kl_terms(u, v) + u * exp_excess(delta * torch.where(near, d, 0)) / delta
    power = torch.where(
        steep,
        (u.log() + torch.where(steep, delta * d, 0)).exp() - u,
        u * torch.where(steep, 0, delta * d).expm1(),
    )
    inside = torch.where(near, close, power / delta + (v - u)) / alpha
    missed = (p > 0) & ~both
    infinite = p / torch.where(missed, q, 1)
    lost = torch.where(missed, p / (1 - alpha) if alpha < 1 else infinite, 0)
    return torch.where(both, inside, torch.where(q > 0, q / alpha, lost))


class Quadrature(NamedTuple):
    """Nodes ``x`` and weights ``w``, shape (n,): the integral of g is ``(g(x) * w).sum()``."""

    x: Tensor
    w: Tensor


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
