r"""Optimal plans and potentials, and the conditions that prove them optimal.

The notation is that of :mod:`gensrc.transport`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.transport.checks import check_problem
from gensrc.transport.levels import solve
from gensrc.transport.solvers import Array, NoSolution, TransportArrays, arrays, normalised


class Potentials(NamedTuple):
    """Prices ``f`` (n,) of mass at the sources and ``g`` (m,) at the targets."""

    f: Tensor
    g: Tensor


class Transport(NamedTuple):
    """The value of a transport problem, a plan (n, m) and potentials that prove it optimal."""

    value: Tensor
    plan: Tensor
    potentials: Potentials


class LinearProgramme(NamedTuple):
    """Minimise ``c`` times x over x >= 0 with ``A`` x = ``b``."""

    A: Tensor
    b: Tensor
    c: Tensor


class Optimality(NamedTuple):
    """By how much a result misses its conditions; three zeros prove that it is optimal."""

    marginals: Tensor
    feasibility: Tensor
    slackness: Tensor


def earth_mover(cost: Tensor, a: Tensor, b: Tensor) -> Transport:
    r"""The cheapest plan that moves distribution a to distribution b.

    .. math:: W = \min_{\gamma \ge 0} \sum_{ij} c_{ij} \gamma_{ij}, \qquad
        \sum_j \gamma_{ij} = a_i, \quad \sum_i \gamma_{ij} = b_j

    Solved by SciPy's HiGHS; with more than 1,000 routes by POT where it is installed. Routes
    that are dearer than the others by many orders of magnitude are let in only where the plan
    needs them. The gradient of the value by the cost is the plan.

    Equation: def-earth-mover
    Equation: def-coupling
    Equation: thm-strong-duality

    Args:
        cost: costs, shape (n, m), in any unit; ``inf`` forbids a route.
        a: distribution over the sources, shape (n,).
        b: distribution over the targets, shape (m,).

    Returns:
        the value in the unit of the cost, a plan (n, m), and potentials f (n,), with f_0 = 0,
        and g (m,). A problem may have several optimal plans and potentials: it is one of them.

    Raises:
        ValueError: shapes that do not fit, weights that are no distribution, a cost that is NaN
            or -inf, or forbidden routes that leave no plan.
        RuntimeError: the solver's result could not be proved optimal within 1e-9 of its cost.

    Source: Kantorovich (1942); Peyre and Cuturi (2019), chapter 3.

    >>> earth_mover(torch.tensor([[0.0, 3.0]]), torch.ones(1), torch.tensor([0.5, 0.5])).value
    tensor(1.5000)
    """
    check_problem(cost, a, b)
    weights = normalised(a), normalised(b)
    solution = solved(cost, weights, by_dual=False)
    plan = torch.from_numpy(solution[0]).to(cost.device)
    value = torch.where(plan > 0, cost * plan, 0).sum()
    return transport_of(cost, solution, value)


def earth_mover_dual(cost: Tensor, a: Tensor, b: Tensor) -> Transport:
    r"""The prices of mass that earn most without exceeding the cost of any route.

    .. math:: \max_{f, g} \sum_i a_i f_i + \sum_j b_j g_j, \qquad f_i + g_j \le c_{ij}

    The dual programme, solved for itself by HiGHS: the value is that of the potentials, and the
    plan holds the multipliers of the constraints.

    Equation: def-dual-programme
    Equation: thm-strong-duality

    Args:
        cost: costs, shape (n, m), in any unit; ``inf`` forbids a route.
        a: distribution over the sources, shape (n,).
        b: distribution over the targets, shape (m,).

    Returns:
        the value in the unit of the cost, plan and potentials, as :func:`earth_mover`.

    Raises:
        ValueError: as :func:`earth_mover`.

    Source: Kantorovich (1942); Peyre and Cuturi (2019), section 2.5.

    >>> dual = earth_mover_dual(torch.tensor([[2.0, 5.0]]), torch.ones(1), torch.tensor([0.5, 0.5]))
    >>> dual.potentials.g
    tensor([2., 5.])
    """
    check_problem(cost, a, b)
    weights = normalised(a), normalised(b)
    _, f, g = solution = solved(cost, weights, by_dual=True)
    return transport_of(cost, solution, float(weights[0] @ f + weights[1] @ g))


def lp_matrices(cost: Tensor, a: Tensor, b: Tensor) -> LinearProgramme:
    r"""The transport problem in the standard form of a linear programme.

    .. math:: \min_{x \ge 0} c^\top x, \quad A x = b, \qquad
        x = (\gamma_{11}, \gamma_{12}, \dots, \gamma_{nm})^\top

    The plan is flattened row by row. The first n rows of A add up the rows of the plan, the other
    m its columns. A is dense; the solvers of this module use a sparse one.

    Equation: def-linear-programme

    Args:
        cost: costs, shape (n, m).
        a: distribution over the sources, shape (n,).
        b: distribution over the targets, shape (m,).

    Returns:
        A (n + m, n m), b (n + m,) and c (n m,).

    Raises:
        ValueError: as :func:`earth_mover`.

    Source: Dantzig (1951).

    >>> lp_matrices(torch.tensor([[1.0, 2.0]]), torch.ones(1), torch.tensor([0.5, 0.5])).A
    tensor([[1., 1.],
            [1., 0.],
            [0., 1.]])
    """
    check_problem(cost, a, b)
    rows, columns = (torch.eye(k).to(cost) for k in cost.shape)
    summing_rows = rows.repeat_interleave(len(b), dim=1)
    return LinearProgramme(
        torch.cat([summing_rows, columns.repeat(1, len(a))]), torch.cat([a, b]), cost.flatten()
    )


def optimality(cost: Tensor, a: Tensor, b: Tensor, transport: Transport) -> Optimality:
    r"""By how much a plan and potentials miss the conditions of an optimum.

    .. math:: \gamma_{ij} > 0 \implies f_i + g_j = c_{ij}

    Marginals: the largest error of a row or column sum, or the size of a negative entry.
    Feasibility: the largest excess of f_i + g_j over c_ij. Slackness: the sum of
    gamma_ij abs(c_ij - f_i - g_j), which for feasible potentials is the gap between the two values.

    Equation: eq-complementary-slackness

    Args:
        cost: costs, shape (n, m); ``inf`` forbids a route.
        a: distribution over the sources, shape (n,).
        b: distribution over the targets, shape (m,).
        transport: a plan and potentials for them.

    Returns:
        three numbers >= 0, the first a mass, the others in the unit of the cost, shape ().

    Raises:
        ValueError: as :func:`earth_mover`.

    >>> problem = torch.tensor([[0.0, 3.0]]), torch.ones(1), torch.tensor([0.5, 0.5])
    >>> optimality(*problem, earth_mover(*problem)).slackness
    tensor(0.)
    """
    check_problem(cost, a, b)
    plan, (f, g) = transport.plan, transport.potentials
    slack = cost - f[:, None] - g
    off = torch.cat([plan.sum(1) - a, plan.sum(0) - b, plan.clamp(max=0).flatten()])
    used = torch.where(plan == 0, 0, plan * slack)
    return Optimality(off.abs().max(), (-slack).max().clamp(min=0), used.abs().sum())


def solved(cost: Tensor, weights: tuple[Array, Array], *, by_dual: bool) -> TransportArrays:
    """A plan and potentials that prove it optimal; ValueError where there is no plan."""
    try:
        return solve(arrays(cost), *weights, by_dual=by_dual)
    except NoSolution:
        raise ValueError(
            "cost: expected routes of finite cost for all mass, got forbidden ones (inf) that "
            "leave no plan: the programme is infeasible"
        ) from None


def transport_of(cost: Tensor, solution: TransportArrays, value: Tensor | float) -> Transport:
    """The result in the dtype and on the device of the cost."""
    plan, f, g = (torch.from_numpy(part).to(cost) for part in solution)
    return Transport(torch.as_tensor(value, dtype=torch.float64).to(cost), plan, Potentials(f, g))
