"""Numerical helpers of all topics: x log y with its limit at 0, and quadrature."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


def xlogy(x: Tensor, y: Tensor) -> Tensor:
    r""":math:`x \log y`, with value 0 and gradient 0 wherever x = 0, whatever y is.

    (``torch.xlogy`` has the same value, but its gradient at x = y = 0 is NaN.)

    >>> xlogy(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    some = x != 0
    return torch.where(some, x * torch.where(some, y, 1).log(), 0)


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
