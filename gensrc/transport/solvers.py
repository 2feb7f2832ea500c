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


MASS, COST = 1e4, 1e4
"""Units in which HiGHS is told of the mass 1 and the cost 1: its least tolerance is 1e-10."""


INFEASIBLE, UNBOUNDED = 2, 3


MAX_PIVOTS = 100_000_000


MAX_HIGHS_ROUTES = 1_000
"""Problems with more routes than this go to the network simplex, where it is installed."""


ROUNDING = 1e-13
"""Mass that sums of up to a few thousand weights, each rounded, may leave over."""


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
    found = _solve(COST * cost.ravel()[open_routes], A_eq=matrix, b_eq=MASS * np.r_[a, b])
    y = found.eqlin.marginals / COST
    return _spread(found.x / MASS, open_routes, cost.shape), y[:n], y[n:]


def dual(cost: Array, a: Array, b: Array) -> TransportArrays:
    """The best potentials, by HiGHS; the plan holds the multipliers of the routes."""
    n, m = cost.shape
    open_routes = np.isfinite(cost).ravel()
    matrix = marginal_matrix(n, m)[:, open_routes].T.tocsc()
    # Adding t to f and subtracting it from g changes nothing: f starts at 0.
    free: list[tuple[float | None, float | None]] = [(0, 0)] + [(None, None)] * (n + m - 1)
    most = COST * cost.ravel()[open_routes]
    found = _solve(-MASS * np.r_[a, b], A_ub=matrix, b_ub=most, bounds=free)
    plan = _spread(-found.ineqlin.marginals / MASS, open_routes, cost.shape)
    return plan, found.x[:n] / COST, found.x[n:] / COST


def network(cost: Array, a: Array, b: Array) -> TransportArrays | None:
    """The cheapest plan, by POT's network simplex; None where POT is not installed.

    A forbidden route gets a cost beyond the others, a small one first, as that keeps more digits.
    With one above that of any path through all places it is used only where there is no plan
    without it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other packages, while they load
            import ot
    except ModuleNotFoundError:
        return None
    open_routes = np.isfinite(cost)
    for barrier in (4, 2 * (min(cost.shape) + 1)):
        all_open = np.where(open_routes, cost, barrier * scale_of(cost))
        plan, log = ot.emd(a, b, all_open, numItermax=MAX_PIVOTS, log=True)
        forbidden = np.where(open_routes, 0, plan)
        if forbidden.sum() <= ROUNDING:
            return plan - forbidden, np.asarray(log["u"]), np.asarray(log["v"])
    raise NoSolution


def cheapest(cost: Array, a: Array, b: Array) -> TransportArrays:
    """The cheapest plan: of large problems by POT, where it is installed; else by HiGHS."""
    large = cost.size > MAX_HIGHS_ROUTES
    return (network(cost, a, b) if large else None) or primal(cost, a, b)


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
        if np.abs(difference).max() > ROUNDING:
            raise NoSolution
        return np.zeros(n), flow
    free: list[tuple[float | None, float | None]] = [(0, 0)] + [(None, None)] * (n - 1)
    found = _solve(-MASS * difference, A_ub=matrix, b_ub=COST * distance[i, j], bounds=free)
    flow[i, j] = np.maximum(-found.ineqlin.marginals / MASS, 0)
    return found.x / COST, flow


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
