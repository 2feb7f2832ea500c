"""Transport problems whose costs differ by many orders of magnitude, solved level by level.

A solver's tolerance is a share of the largest cost. With one route of cost 1e11, as people write
for "forbidden", among costs of 1, that share is more than the answer. So the dear routes are left
out first, and potentials of the rest are a proof for all routes if they exceed no cost. If they
do, or if there is no plan without dear routes, the next level is let in.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gensrc.transport import solvers
from gensrc.transport.solvers import ROUNDING, Array, NoSolution, TransportArrays, scale_of

TOLERANCE = 1e-9
"""Largest error of a result in float64, relative to the cost of the plan itself."""


FLOAT = 64 * float(np.finfo(np.float64).eps)
"""Rounding of a few sums, relative to the dearest route that was let in."""


MASS_TOLERANCE = 1e-12
"""Largest error of a sum of masses, of which there is 1."""


STEP = 1e5
"""The dearest cost of a level is more than so many times that of the level before."""


def level_limits(costs: Array) -> list[float]:
    """The dearest cost of each level, from the first to the last, which is the largest of all."""
    size = np.unique(np.abs(costs[np.isfinite(costs)]))
    size = size[size > 0]
    if len(size) == 0:
        return [1.0]
    limits, limit = [], float(size[-1])
    while True:
        limits.append(limit)
        below = size[size < limit / STEP]
        if len(below) == 0:
            return limits[::-1]
        limit = float(below[-1])


def solve(costs: Array, a: Array, b: Array, *, by_dual: bool) -> TransportArrays:
    """Solve on the places that hold mass, and extend the potentials to the others."""
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    part, masses = costs[np.ix_(rows, columns)], (a[rows], b[columns])
    if not _reachable(np.isfinite(part), *masses):
        raise NoSolution
    # With the least cost of each row and column taken off, large costs in common do no harm.
    least = part.min(1)
    reduced = part - least[:, None]
    reduced = reduced - reduced.min(0)

    def on_level(limit: float) -> TransportArrays:
        let_in = reduced <= limit
        if not _reachable(let_in, *masses):
            raise NoSolution
        cost = np.where(let_in, reduced / limit, np.inf)
        inner, f, _ = (solvers.dual if by_dual else solvers.cheapest)(cost, *masses)
        plan = np.zeros(costs.shape)
        plan[np.ix_(rows, columns)] = inner
        dearest = scale_of(part[let_in])
        return plan, *_extended(costs, rows, columns, limit * f + least, dearest)

    return first_proved(costs, a, b, level_limits(reduced), on_level)


def first_proved(
    costs: Array,
    a: Array,
    b: Array,
    limits: list[float],
    on_level: Callable[[float], TransportArrays],
) -> TransportArrays:
    """The first solution that is an optimum over all routes, potentials starting at f_0 = 0."""
    misses = []
    for limit in limits:
        try:
            plan, f, g = on_level(limit)
        except NoSolution:
            continue
        solution = plan, f - f[0], g + f[0]
        misses.append(miss(costs, a, b, solution, limit))
        if misses[-1] <= TOLERANCE:
            return solution
    if not misses:
        raise NoSolution
    raise RuntimeError(
        f"solver: expected an optimum within {TOLERANCE:g} of the plan's own cost, "
        f"got one within {misses[-1]:.1g}"
    )


def miss(costs: Array, a: Array, b: Array, solution: TransportArrays, limit: float) -> float:
    """By what share of its cost a plan may miss the optimum, beyond the rounding of costs.

    The potentials are a proof if they exceed no cost, and the gap is 0. Masses must be right up
    to rounding.
    """
    plan, f, g = solution
    used = plan > 0
    off = max(np.abs(plan.sum(1) - a).max(), np.abs(plan.sum(0) - b).max())
    if not off <= MASS_TOLERANCE:
        return float("inf")
    slack = costs - f[:, None] - g
    gap = float((plan[used] * slack[used]).sum())
    wrong = max(-float(slack.min()), abs(gap))
    paid = float((plan[used] * np.abs(costs[used])).sum())
    beyond = max(wrong - FLOAT * limit, 0.0)
    return beyond / paid if beyond > 0 and paid > 0 else (0.0 if beyond == 0 else float("inf"))


def _reachable(open_routes: NDArray[np.bool_], a: Array, b: Array) -> bool:
    """Whether each place alone could send, or receive, all its mass: if not, there is no plan."""
    sent, received = open_routes @ b, a @ open_routes
    return bool((sent >= a - ROUNDING).all() and (received >= b - ROUNDING).all())


def _extended(
    costs: Array, rows: NDArray[np.intp], columns: NDArray[np.intp], f: Array, dearest: float
) -> tuple[Array, Array]:
    """Potentials of all places, from those of the sources with mass.

    Transforms do not lower the value, and remove what a solver's tolerance left of excess. At a
    place without mass, which only dear routes or none may reach, a lower price is as good.
    """
    g = (costs[rows] - f[:, None]).min(0)
    g = np.minimum(g, g[columns].max() + 2 * dearest)
    f = (costs - g).min(1)
    return np.minimum(f, f[rows].max() + 2 * dearest), g
