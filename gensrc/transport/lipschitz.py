r"""The c-transform, and optimal transport as a search for one 1-Lipschitz function.

The notation is that of :mod:`gensrc.transport`.
"""

import numpy as np
from torch import Tensor

from gensrc.checks import check_floats
from gensrc.transport.checks import check_cost, check_metric, check_problem
from gensrc.transport.levels import first_proved, level_limits
from gensrc.transport.plans import Transport, transport_of
from gensrc.transport.solvers import (
    NoSolution,
    TransportArrays,
    arrays,
    normalised,
    remove_transit,
    solve_lipschitz,
)


def c_transform(cost: Tensor, f: Tensor) -> Tensor:
    r"""The largest g with f_i + g_j <= c_ij for all i and j.

    .. math:: f^c_j = \min_i \, (c_{ij} - f_i)

    ``c_transform(cost.T, g)`` is the largest f that fits a given g. On the distances of a metric,
    ``h = c_transform(distance, g)`` is 1-Lipschitz whatever g is, and its own transform is -h.

    Equation: eq-c-transform
    Equation: lem-one-function

    Args:
        cost: costs, shape (n, m), in any unit.
        f: potential of the sources, shape (n,), in the same unit.

    Returns:
        the potential of the targets, shape (m,).

    Raises:
        ValueError: shapes that do not fit, or entries that are not finite (costs may be +inf).

    Source: Villani (2003), section 1.1; Peyre and Cuturi (2019), section 5.1.

    >>> import torch
    >>> c_transform(torch.tensor([[0.0, 3.0], [3.0, 0.0]]), torch.tensor([0.0, 1.0]))
    tensor([ 0., -1.])
    """
    check_cost(cost)
    check_floats("f", f, 1)
    if len(f) != len(cost) or not f.isfinite().all():
        raise ValueError(
            f"f: expected one finite number for each of {len(cost)} rows of the cost, got "
            f"shape {tuple(f.shape)}{' with NaN or infinity' * (not bool(f.isfinite().all()))}"
        )
    return (cost - f[:, None]).amin(0)


def lipschitz_form(distance: Tensor, p: Tensor, q: Tensor) -> Transport:
    r"""The 1-Lipschitz function whose means under p and q differ most.

    .. math:: W_1(p, q) = \max_f \sum_i (p_i - q_i) f_i, \qquad f_i - f_j \le d_{ij}

    A linear programme with one function, n instead of 2n unknowns, on the points of a finite
    metric space, solved by HiGHS. Its multipliers are a flow; a plan is made from it by letting
    mass that passes through a point go straight on, which by the triangle inequality costs no more.

    Equation: thm-kantorovich-rubinstein

    Args:
        distance: distances between the points, shape (n, n), in any unit; ``inf`` for points that
            nothing connects.
        p: distribution over the points, shape (n,).
        q: distribution over the points, shape (n,).

    Returns:
        the value in the unit of the distance, a plan (n, n), and the potentials f, with f_0 = 0,
        and -f.

    Raises:
        ValueError: p or q is no distribution, ``distance`` is no metric, or p and q put
            different masses on points that nothing connects, so that there is no bound.
        RuntimeError: as :func:`gensrc.transport.earth_mover`.

    Source: Kantorovich and Rubinstein (1958); Villani (2003), theorem 1.14.

    >>> import torch
    >>> line = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> lipschitz_form(line, torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75])).value
    tensor(0.7500)
    """
    check_problem(distance, p, q)
    check_metric(distance)
    d, a, b = arrays(distance), normalised(p), normalised(q)

    def on_level(limit: float) -> TransportArrays:
        f, flow = solve_lipschitz(np.where(d <= limit, d / limit, np.inf), a - b)
        return remove_transit(flow) + np.diag(np.minimum(a, b)), limit * f, -limit * f

    try:
        solution = first_proved(d, a, b, level_limits(d), on_level)
    except NoSolution:
        raise ValueError(
            "distance: expected finite distances where p and q differ, got parts at infinite "
            "distance with different masses: the programme is unbounded"
        ) from None
    f = solution[1]
    return transport_of(distance, solution, float((a - b) @ f))
