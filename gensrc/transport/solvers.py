"""The linear programmes of :mod:`gensrc.transport`, solved in float64 on the CPU.

Costs here are arrays with finite entries, or ``inf`` for a route that is forbidden, scaled so
that the largest is 1; weights are positive and sum to one. SciPy's HiGHS runs the simplex method,
which ends at a vertex. POT's network simplex does the same for the transport problem alone, many
times faster.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from torch import Tensor

Array = NDArray[np.float64]


TransportArrays = tuple[Array, Array, Array]
"""The plan (n, m), and the potentials f (n,) and g (m,)."""


OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


INFEASIBLE, UNBOUNDED = 2, 3


MAX_PIVOTS = 100_000_000


class NoSolution(Exception):
    """The programme has no point that satisfies its constraints, or no bound."""


def marginal_matrix(n: int, m: int) -> Any:
    """The sparse (n + m, n m) matrix that takes a plan, row by row, to its marginals."""
    rows = sparse.kron(sparse.eye_array(n), np.ones((1, m)))
    columns = sparse.kron(np.ones((1, n)), sparse.eye_array(m))
    return sparse.vstack([rows, columns], format="csc")


def primal(cost: Array, a: Array, b: Array) -> TransportArrays:
    """The cheapest plan, by HiGHS; the potentials are the multipliers of its constraints."""
    n, m = cost.shape
    open_routes = np.isfinite(cost).ravel()
    matrix = marginal_matrix(n, m)[:, open_routes]
    found = _solve(cost.ravel()[open_routes], A_eq=matrix, b_eq=np.r_[a, b])
    y = found.eqlin.marginals
    return _spread(found.x, open_routes, cost.shape), y[:n], y[n:]


def dual(cost: Array, a: Array, b: Array) -> TransportArrays:
    """The best potentials, by HiGHS; the plan holds the multipliers of the routes."""
    n, m = cost.shape
    open_routes = np.isfinite(cost).ravel()
    matrix = marginal_matrix(n, m)[:, open_routes].T.tocsc()
    # Adding t to f and subtracting it from g changes nothing: f starts at 0.
    free: list[tuple[float | None, float | None]] = [(0, 0)] + [(None, None)] * (n + m - 1)
    found = _solve(-np.r_[a, b], A_ub=matrix, b_ub=cost.ravel()[open_routes], bounds=free)
    plan = _spread(-found.ineqlin.marginals, open_routes, cost.shape)
    return plan, found.x[:n], found.x[n:]


def network(cost: Array, a: Array, b: Array) -> TransportArrays | None:
    """The cheapest plan, by POT's network simplex; None where POT is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other packages, while they load
            import ot
    except ModuleNotFoundError:
        return None
    plan, log = ot.emd(a, b, cost, numItermax=MAX_PIVOTS, log=True)
    return np.asarray(plan), np.asarray(log["u"]), np.asarray(log["v"])


def solve_lipschitz(distance: Array, difference: Array) -> tuple[Array, Array]:
    """The f with f_i - f_j <= d_ij and the largest sum of ``difference`` f, and the flow."""
    n = len(difference)
    i, j = np.nonzero(np.isfinite(distance) & ~np.eye(n, dtype=bool))
    each = np.arange(len(i))
    ones = np.ones(len(i))
    matrix = sparse.csc_array(
        (np.r_[ones, -ones], (np.r_[each, each], np.r_[i, j])), shape=(len(i), n)
    )
    flow = np.zeros((n, n))
    if len(i) == 0:
        if np.abs(difference).max() > OPTIONS["dual_feasibility_tolerance"]:
            raise NoSolution
        return np.zeros(n), flow
    free: list[tuple[float | None, float | None]] = [(0, 0)] + [(None, None)] * (n - 1)
    found = _solve(-difference, A_ub=matrix, b_ub=distance[i, j], bounds=free)
    flow[i, j] = np.maximum(-found.ineqlin.marginals, 0)
    return found.x, flow


def remove_transit(flow: Array) -> Array:
    """A flow without stops: what passes through a point goes straight from before to beyond."""
    flow = flow.copy()
    for k in range(len(flow)):
        arriving, leaving = flow[:, k].copy(), flow[k].copy()
        passing = min(arriving.sum(), leaving.sum())
        if passing > 0:
            arriving *= passing / arriving.sum()
            leaving *= passing / leaving.sum()
            flow += np.outer(arriving, leaving) / passing
            flow[:, k] -= arriving
            flow[k] -= leaving
        np.fill_diagonal(flow, 0)
    return np.maximum(flow, 0)


def _solve(objective: Array, **constraints: Any) -> Any:
    """Run HiGHS; everything but an optimum is an exception."""
    constraints.setdefault("bounds", (0, None))
    found = linprog(objective, method="highs-ds", options=OPTIONS, **constraints)
    if found.status in (INFEASIBLE, UNBOUNDED) or "infeasible" in found.message.lower():
        raise NoSolution
    if found.status != 0:
        raise RuntimeError(f"HiGHS: expected an optimum, got {found.message!r}")
    return found


def _spread(values: Array, places: NDArray[np.bool_], shape: tuple[int, ...]) -> Array:
    """``values`` at ``places`` of an array of zeros; what rounding made negative is zero."""
    plan = np.zeros(places.shape)
    plan[places] = np.maximum(values, 0)
    return plan.reshape(shape)


TOLERANCE = 1e-9
"""Largest error of a result in float64, relative to the largest cost."""


MAX_HIGHS_ROUTES = 1_000
"""Problems with more routes than this go to the network simplex, where it is installed."""


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


def solve(costs: Array, a: Array, b: Array, *, by_dual: bool) -> TransportArrays:
    """Solve on the places that hold mass, and extend the potentials to the others."""
    scale = scale_of(costs)
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    part = costs[np.ix_(rows, columns)] / scale, a[rows], b[columns]
    try:
        inner, f, _ = dual(*part) if by_dual else _solve_primal(*part)
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


def _solve_primal(cost: Array, a: Array, b: Array) -> TransportArrays:
    """The primal programme: large ones without forbidden routes by POT, if there; else HiGHS."""
    large = cost.size > MAX_HIGHS_ROUTES and bool(np.isfinite(cost).all())
    return (network(cost, a, b) if large else None) or primal(cost, a, b)


def _finite(potential: Array) -> Array:
    """Zero where no constraint binds: at places without mass that no route reaches."""
    return np.where(np.isfinite(potential), potential, 0)


def check_solution(costs: Array, a: Array, b: Array, solution: TransportArrays) -> None:
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
