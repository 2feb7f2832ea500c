"""Checks of transport problems: weights, costs and metrics."""

import numpy as np
import torch
from torch import Tensor

from gensrc.checks import check_distributions, check_floats
from gensrc.transport.solvers import (
    arrays,
    scale_of,
)


def check_problem(cost: Tensor, a: Tensor, b: Tensor) -> None:
    """Raise ValueError unless a and b are distributions over the rows and columns of the cost."""
    check_cost(cost)
    for name, weights, size in (("a", a, cost.shape[0]), ("b", b, cost.shape[1])):
        check_floats(name, weights, 1)
        check_distributions(**{name: weights})
        if len(weights) != size:
            raise ValueError(
                f"{name}: expected {size} weights for a cost of shape {tuple(cost.shape)}, "
                f"got {len(weights)}"
            )
    if len({cost.device, a.device, b.device}) > 1:
        raise ValueError(
            f"cost, a, b: expected one device, got {cost.device}, {a.device}, {b.device}"
        )


def check_cost(cost: Tensor, name: str = "cost") -> None:
    """Raise ValueError unless the costs are a matrix of numbers, or +inf."""
    check_floats(name, cost, 2)
    if cost.isnan().any() or (cost == -torch.inf).any():
        raise ValueError(f"{name}: expected numbers or +inf (forbidden), got NaN or -inf")


def check_metric(distance: Tensor) -> None:
    """Raise ValueError unless the matrix holds the distances of a metric, up to rounding.

    Different points may have distance 0.
    """
    n, m = distance.shape
    if n != m:
        raise ValueError(f"distance: expected shape (n, n), got {(n, m)}")
    d = arrays(distance)
    rounding = 16 * torch.finfo(distance.dtype).eps * scale_of(d)
    if (d < 0).any() or d.diagonal().max() > rounding:
        raise ValueError("distance: expected a metric, got a negative entry or d[i, i] not 0")
    if (np.abs(np.where(d == d.T, 0, d) - np.where(d == d.T, 0, d.T)) > rounding).any():
        raise ValueError("distance: expected a metric, got a matrix that is not symmetric")
    for j in range(n):
        detour = d[:, j, None] + d[j]
        longer = np.argwhere(d > detour + rounding)
        if len(longer):
            i, k = longer[0]
            raise ValueError(
                f"distance: expected a metric, got d[{i}, {k}] = {d[i, k]:.6g} > "
                f"d[{i}, {j}] + d[{j}, {k}] = {detour[i, k]:.6g}"
            )
