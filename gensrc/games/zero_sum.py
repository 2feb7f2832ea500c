r"""Zero-sum games of two players with finitely many actions, in mixed strategies.

Notation: the payoff matrix :math:`A` has shape (m, n). The row player chooses a row i, the column
player a column j, both without seeing the other's choice; the row player is paid :math:`A_{ij}`
by the column player, so that the row player maximises and the column player minimises. A mixed
strategy is a distribution: :math:`x` over the m rows, :math:`y` over the n columns.
"""

from typing import NamedTuple

import torch
from scipy.optimize import linprog
from torch import Tensor

from gensrc.checks import check_distributions
from gensrc.games.exact import solve_game, whole_numbers

CERTIFICATE = 1e-9
"""How far apart the two guarantees of a solution may be, as a share of what is played for."""


MAX_EXACT = 900
"""Entries of a payoff up to which a game that the solver misses is solved exactly."""


class Solution(NamedTuple):
    """The value of a game, and an optimal mixed strategy of each player, (m,) and (n,)."""

    value: Tensor
    row: Tensor
    column: Tensor


def solve_matrix_game(payoff: Tensor) -> Solution:
    r"""The value of a zero-sum game, and optimal mixed strategies, by linear programming.

    .. math:: \max_{x, v}\; v \quad\text{subject to}\quad \sum_i x_i A_{ij} \ge v
        \text{ for all } j, \quad \sum_i x_i = 1, \quad x \ge 0

    The column player's strategy is the solution of the dual programme. Before anything is
    returned, the two are checked against each other: the row strategy earns at least
    :math:`\min_j (x^\top A)_j`, the column strategy pays at most :math:`\max_i (A y)_i`, and the
    value lies between. These guarantees must agree within 1e-9 of the range of the payoffs and of
    :math:`\sum_{i,j} x_i |A_{ij}| y_j`, the mean size of a payoff that is paid, or within the
    rounding of the latter. Where they do not, as in games with payoffs of very different size,
    the game is solved in whole numbers instead. Optimal strategies need not be unique; the value
    is.

    Equation: eq-game-programme
    Equation: thm-minimax

    Args:
        payoff: what the row player earns, shape (m, n), m and n at least 1; whole numbers are
            read as the default floating-point type.

    Returns:
        the value, the row and the column player's strategy, in the dtype of the payoff.

    Raises:
        ValueError: the payoff is no matrix, is empty, or holds NaN or infinity.
        RuntimeError: the solver gives up, or the guarantees differ in a game of more than 900
            payoffs.

    Source: von Neumann (1928); Dantzig (1963), chapter 13.

    >>> solve_matrix_game(torch.tensor([[1.0, -1.0], [-1.0, 1.0]])).row  # matching pennies
    tensor([0.5000, 0.5000])
    """
    payoff = check_payoff("payoff", payoff)
    a = payoff.detach().to("cpu", torch.float64)
    half_range = a.max() / 2 - a.min() / 2  # the range itself may be beyond any float
    unit = (a / 2 - a.min() / 2) / half_range if half_range > 0 else torch.zeros_like(a)
    row, column = _programme(unit)
    least, most = (row @ a).min(), (a @ column).max()
    if not most - least <= _tolerance(a, row, column):
        least, row, column = _exactly(a, least, most)
        most = least
    value = least + (most - least) / 2
    return Solution(value.to(payoff), row.to(payoff), column.to(payoff))


def _programme(unit: Tensor) -> tuple[Tensor, Tensor]:
    """Optimal strategies for payoffs between 0 and 1; the variables are x and v."""
    m, n = unit.shape
    enough = torch.cat([-unit.mT, unit.new_ones(n, 1)], dim=1)  # v - (x A)_j <= 0
    total = torch.cat([unit.new_ones(1, m), unit.new_zeros(1, 1)], dim=1)
    found = linprog(
        [0.0] * m + [-1.0],
        A_ub=enough.numpy(),
        b_ub=[0.0] * n,
        A_eq=total.numpy(),
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise RuntimeError(f"payoff: the linear programme was not solved: {found.message}")
    row = unit.new_tensor(found.x[:m]).clamp(min=0)
    column = unit.new_tensor(-found.ineqlin.marginals).clamp(min=0)
    return row / row.sum(), column / column.sum()


def _tolerance(a: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """How far apart the guarantees of two strategies may be, in the unit of the payoff."""
    paid, half_range = row @ a.abs() @ column, a.max() / 2 - a.min() / 2
    rounding = 8 * torch.finfo(a.dtype).eps * paid
    return torch.maximum(CERTIFICATE * torch.minimum(paid, 2 * half_range), rounding)


def _exactly(a: Tensor, least: Tensor, most: Tensor) -> Solution:
    """The solution by the simplex method in whole numbers, where the other solver misses it."""
    if a.numel() > MAX_EXACT:
        raise RuntimeError(
            f"payoff: expected strategies with one guarantee, got {float(least):.9g} and "
            f"{float(most):.9g}; only games of at most {MAX_EXACT} payoffs are solved exactly"
        )
    numbers, denominator = whole_numbers(a)
    value, *strategies = solve_game(numbers)
    row, column = (a.new_tensor([float(share) for share in each]) for each in strategies)
    return Solution(a.new_tensor(float(value / denominator)), row, column)


def expected_payoff(payoff: Tensor, row: Tensor, column: Tensor) -> Tensor:
    r"""What the row player earns on average if both draw their actions.

    .. math:: V(x, y) = \sum_{i,j} x_i A_{ij} y_j

    Equation: def-mixed-payoff

    Args:
        payoff: A, shape (m, n).
        row: distributions x, shape (..., m).
        column: distributions y, shape (..., n).

    Returns:
        the expectation, shape (...).

    Raises:
        ValueError: the payoff is no finite matrix, or a strategy is no distribution of its size.

    >>> expected_payoff(torch.tensor([[4.0, 0.0]]), torch.ones(1), torch.tensor([0.25, 0.75]))
    tensor(1.)
    """
    payoff = check_game(payoff, row, column)
    return ((row @ payoff) * column).sum(-1)


def exploitability(payoff: Tensor, row: Tensor, column: Tensor) -> Tensor:
    r"""What two opponents who know the strategies could gain together: 0 at an equilibrium only.

    .. math:: \varepsilon(x, y) = \max_i (A y)_i - \min_j (x^\top A)_j \ge 0

    Equation: def-exploitability
    Equation: prop-certificate

    Args:
        payoff: A, shape (m, n).
        row: distributions x, shape (..., m).
        column: distributions y, shape (..., n).

    Returns:
        the gap, in the unit of the payoff, shape (...); up to rounding never negative.

    Raises:
        ValueError: the payoff is no finite matrix, or a strategy is no distribution of its size.

    >>> pennies = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    >>> exploitability(pennies, torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
    tensor(1.)
    """
    payoff = check_game(payoff, row, column)
    return (column @ payoff.mT).amax(-1) - (row @ payoff).amin(-1)


def check_payoff(name: str, payoff: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """The payoff as a floating-point matrix; ValueError unless it is finite and not empty.

    Whole numbers take the ``dtype``, or the default one, and must be small enough to keep all
    their digits in it.
    """
    if not isinstance(payoff, Tensor) or payoff.is_complex() or payoff.ndim != 2:
        got = tuple(payoff.shape) if isinstance(payoff, Tensor) else type(payoff).__name__
        raise ValueError(f"{name}: expected a real tensor of shape (m, n), got {got}")
    if payoff.numel() == 0:
        shape = tuple(payoff.shape)
        raise ValueError(f"{name}: expected at least one action for each player, got {shape}")
    if not bool(payoff.isfinite().all()):
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if payoff.is_floating_point():
        return payoff
    dtype = dtype or torch.get_default_dtype()
    most = round(2 / torch.finfo(dtype).eps)
    worst = max(int(payoff.max()), int(payoff.min()), key=abs)
    if abs(worst) > most:
        raise ValueError(f"{name}: expected whole numbers up to {most} for {dtype}, got {worst}")
    return payoff.to(dtype)


def check_game(payoff: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """The payoff, checked, in the dtype of the strategies.

    Raises:
        ValueError: a strategy is no distribution over its side of the payoff, the leading axes
            of the two differ (one of them may be a single strategy), or the dtypes do.
    """
    known = isinstance(row, Tensor) and row.is_floating_point()
    payoff = check_payoff("payoff", payoff, row.dtype if known else None)
    for name, strategy, size in (("row", row, len(payoff)), ("column", column, payoff.shape[1])):
        check_distributions(**{name: strategy})
        if strategy.shape[-1] != size:
            raise ValueError(
                f"{name}: expected a distribution over {size} actions, got {strategy.shape[-1]}"
            )
    kinds = {row.dtype, column.dtype, payoff.dtype}
    if len(kinds) > 1:
        raise ValueError(f"payoff, row, column: expected one dtype, got {sorted(map(str, kinds))}")
    leading = {tuple(row.shape[:-1]), tuple(column.shape[:-1])} - {()}
    if len(leading) > 1:
        raise ValueError(f"row, column: expected the same leading axes, got {sorted(leading)}")
    return payoff
