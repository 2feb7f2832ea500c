"""What optimal transport refuses, and how a solver's numbers become a result that was checked."""

import numpy as np
import torch
from torch import Tensor

from gensrc import _linear
from gensrc._linear import Array, NoSolution, Solution
from gensrc.divergences import check_distributions

TOLERANCE = 1e-9
"""Largest error of a result in float64, relative to the largest cost."""
LARGE = 1_000
"""Problems with more routes than this go to the network simplex, where it is installed."""


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


def check_floats(name: str, value: Tensor, axes: int) -> None:
    """Raise ValueError unless the value is a floating-point tensor of so many axes, not empty."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
    if value.dim() != axes or value.numel() == 0:
        wanted = {1: "(n,)", 2: "(n, m)"}[axes]
        raise ValueError(f"{name}: expected shape {wanted}, not empty, got {tuple(value.shape)}")


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


def arrays(value: Tensor) -> Array:
    """A tensor as a float64 array."""
    found: Array = value.detach().cpu().double().numpy()
    return found


def normalised(weights: Tensor) -> Array:
    """Weights as an array that sums to one up to the rounding of float64."""
    w = arrays(weights)
    total: Array = w / w.sum()
    return total


def scale_of(costs: Array) -> float:
    """The largest finite cost, 1 if all are zero."""
    return float(np.abs(costs[np.isfinite(costs)]).max(initial=0)) or 1.0


def solve(costs: Array, a: Array, b: Array, *, by_dual: bool) -> Solution:
    """Solve on the places that hold mass, and extend the potentials to the others."""
    scale = scale_of(costs)
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    part = costs[np.ix_(rows, columns)] / scale, a[rows], b[columns]
    try:
        inner, f, _ = _linear.dual(*part) if by_dual else _cheapest(*part)
    except NoSolution:
        raise ValueError(
            "cost: expected routes of finite cost for all mass, got forbidden ones (inf) that "
            "leave no plan: the programme is infeasible"
        ) from None
    plan = np.zeros(costs.shape)
    plan[np.ix_(rows, columns)] = inner
    # Transforms do not lower the value, and remove what the solver's tolerance left of excess.
    g = _finite((costs[rows] - scale * f[:, None]).min(0))
    f = _finite((costs - g).min(1))
    return plan, f - f[0], g + f[0]


def _cheapest(cost: Array, a: Array, b: Array) -> Solution:
    """The primal programme: large ones without forbidden routes by POT, if there; else HiGHS."""
    large = cost.size > LARGE and bool(np.isfinite(cost).all())
    return (_linear.network(cost, a, b) if large else None) or _linear.primal(cost, a, b)


def _finite(potential: Array) -> Array:
    """Zero where no constraint binds: at places without mass that no route reaches."""
    return np.where(np.isfinite(potential), potential, 0)


def check_solution(costs: Array, a: Array, b: Array, solution: Solution) -> None:
    """Raise RuntimeError if a solver left more than rounding."""
    plan, f, g = solution
    slack = costs - f[:, None] - g
    gap = np.where(plan == 0, 0, plan * np.where(plan == 0, 0, slack)).sum()
    off = max(np.abs(plan.sum(1) - a).max(), np.abs(plan.sum(0) - b).max())
    worst = max(off, max(-slack.min(), abs(gap)) / scale_of(costs))
    if not worst <= TOLERANCE:
        raise RuntimeError(
            f"solver: expected an optimum within {TOLERANCE:g} of the largest cost, "
            f"got one within {worst:.1g}"
        )
