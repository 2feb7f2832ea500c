r"""Optimal transport between finite distributions: plans, potentials and one Lipschitz function.

Notation: :math:`a` (n,) and :math:`b` (m,) are distributions, :math:`c_{ij}` the cost of moving a
unit of mass from place :math:`i` to place :math:`j`, and :math:`\gamma_{ij}` the mass that a plan
moves. An infinite cost forbids a route. The potentials are :math:`f` (n,) and :math:`g` (m,).
Costs and distances carry the unit of length of the problem; mass has none.

The solvers work in float64 on the CPU, and a result has the dtype and device of its inputs.
Weights are first divided by their sum, which the check lets differ from one by rounding only. A
:class:`Transport` leaves these functions after a check by :func:`optimality`: its
marginals are right, its potentials within the costs, and what it uses is tight, all up to
rounding: 1e-9 of the largest cost, before the result is rounded to float32.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gensrc._linear import Array, NoSolution, Solution, lipschitz, shortcut
from gensrc._transport import (
    arrays,
    check_cost,
    check_floats,
    check_metric,
    check_problem,
    check_solution,
    normalised,
    scale_of,
    solve,
)


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


def wasserstein_1d(x: Tensor, y: Tensor, *, p: float = 1) -> Tensor:
    r"""Wasserstein distance of two samples on the line, each example with equal weight.

    .. math:: W_p = \left( \int_0^1 |F^{-1}(u) - G^{-1}(u)|^p \, du \right)^{1/p}

    The quantile functions are steps, so that the integral is a finite sum; the sizes may
    differ. For p = inf it is the largest difference of quantiles. Differentiable.

    Equation: eq-quantile-formula
    Equation: eq-cdf-formula

    Args:
        x: a sample, shape (n,), in any unit.
        y: a sample, shape (m,), in the same unit.
        p: order, at least 1.

    Returns:
        W_p itself (not its p-th power), in the unit of x, shape ().

    Raises:
        ValueError: a sample is empty, not one-dimensional or not finite, or p < 1.

    Source: Vallender (1974); Villani (2003), theorem 2.18.

    >>> wasserstein_1d(torch.tensor([0.0, 2.0]), torch.tensor([1.0]))  # each end moves by 1
    tensor(1.)
    """
    for name, sample in (("x", x), ("y", y)):
        check_floats(name, sample, 1)
        if not sample.isfinite().all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if not p >= 1:
        raise ValueError(f"p: expected an order of at least 1, got {p}")
    n, m = len(x), len(y)
    # In units of 1/(nm) the steps of F are at multiples of m, those of G at multiples of n.
    ends = np.union1d(m * np.arange(1, n + 1), n * np.arange(1, m + 1))
    i, j = (torch.from_numpy((ends - 1) // size).to(x.device) for size in (m, n))
    gap = (x.sort().values[i] - y.sort().values[j]).abs()
    width = torch.from_numpy(np.diff(ends, prepend=0) / (n * m)).to(gap)
    largest = gap.detach().max()
    if p == math.inf:
        return gap.max()
    if p == 1 or largest == 0:
        return (width * gap).sum()
    mean: Tensor = (width * (gap / largest) ** p).sum()
    return largest * mean.pow(1 / p)


def earth_mover(cost: Tensor, a: Tensor, b: Tensor) -> Transport:
    r"""The cheapest plan that moves distribution a to distribution b.

    .. math:: W = \min_{\gamma \ge 0} \sum_{ij} c_{ij} \gamma_{ij}, \qquad
        \sum_j \gamma_{ij} = a_i, \quad \sum_i \gamma_{ij} = b_j

    Solved by SciPy's HiGHS; with more than 1,000 routes, none of them forbidden, by POT
    where it is installed. The gradient of the value by the cost is the plan.

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

    Source: Kantorovich (1942); Peyre and Cuturi (2019), chapter 3.

    >>> earth_mover(torch.tensor([[0.0, 3.0]]), torch.ones(1), torch.tensor([0.5, 0.5])).value
    tensor(1.5000)
    """
    check_problem(cost, a, b)
    weights = normalised(a), normalised(b)
    solution = solve(arrays(cost), *weights, by_dual=False)
    plan = torch.from_numpy(solution[0]).to(cost.device)
    value = torch.where(plan > 0, cost * plan, 0).sum()
    return _checked(cost, weights, solution, value)


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
    _, f, g = solution = solve(arrays(cost), *weights, by_dual=True)
    return _checked(cost, weights, solution, float(weights[0] @ f + weights[1] @ g))


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
    gamma_ij (c_ij - f_i - g_j), which is the gap between the two values.

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
    return Optimality(off.abs().max(), (-slack).max().clamp(min=0), used.sum().abs())


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

    Source: Kantorovich and Rubinstein (1958); Villani (2003), theorem 1.14.

    >>> line = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> lipschitz_form(line, torch.tensor([1.0, 0.0]), torch.tensor([0.25, 0.75])).value
    tensor(0.7500)
    """
    check_problem(distance, p, q)
    check_metric(distance)
    d, a, b = arrays(distance), normalised(p), normalised(q)
    scale = scale_of(d)
    try:
        f, flow = lipschitz(d / scale, a - b)
    except NoSolution:
        raise ValueError(
            "distance: expected finite distances where p and q differ, got parts at infinite "
            "distance with different masses: the programme is unbounded"
        ) from None
    f = scale * f
    plan = shortcut(flow) + np.diag(np.minimum(a, b))
    return _checked(distance, (a, b), (plan, f, -f), float((a - b) @ f))


def _checked(
    cost: Tensor, weights: tuple[Array, Array], solution: Solution, value: Tensor | float
) -> Transport:
    """The result in the dtype and on the device of the cost, if the solver left only rounding."""
    check_solution(arrays(cost), *weights, solution)
    plan, f, g = (torch.from_numpy(part).to(cost) for part in solution)
    return Transport(torch.as_tensor(value, dtype=torch.float64).to(cost), plan, Potentials(f, g))
