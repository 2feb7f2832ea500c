r"""Games of two players, each with a payoff matrix of its own.

Notation: if the row player chooses row i and the column player column j, the first earns
:math:`A_{ij}` and the second :math:`B_{ij}`; both matrices have shape (m, n) and both players
maximise their own. The zero-sum game is the case B = -A.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.games.exact import Matrix, solve_equations, whole_numbers
from gensrc.games.zero_sum import check_game, check_payoff

MAX_ACTIONS = 8
"""Actions of a player up to which supports are enumerated."""


class Equilibrium(NamedTuple):
    """A mixed strategy of each player, shapes (m,) and (n,)."""

    row: Tensor
    column: Tensor


class Gains(NamedTuple):
    """What each player alone could gain by another strategy, shape (...)."""

    row: Tensor
    column: Tensor


def deviation_gains(
    row_payoff: Tensor, column_payoff: Tensor, row: Tensor, column: Tensor
) -> Gains:
    r"""How much each player could gain by a change of strategy while the other stays.

    .. math:: \max_i (A y)_i - x^\top A y, \qquad \max_j (x^\top B)_j - x^\top B y

    A pair of strategies is a Nash equilibrium if and only if both are zero.

    Equation: def-nash
    Equation: prop-indifference

    Args:
        row_payoff: A, shape (m, n).
        column_payoff: B, the same shape.
        row: distributions x, shape (..., m).
        column: distributions y, shape (..., n).

    Returns:
        the two gains, in the unit of the payoffs, each of shape (...).

    Raises:
        ValueError: a payoff is no finite matrix, shapes or dtypes differ, or a strategy is no
            distribution.

    Source: Nash (1951).

    >>> sides = 10 * torch.eye(2)
    >>> deviation_gains(sides, sides, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])).row
    tensor(10.)
    """
    check_bimatrix(row_payoff, column_payoff)
    row_payoff = check_game(row_payoff, row, column)
    column_payoff = check_game(column_payoff, row, column)
    by_row, by_column = column @ row_payoff.mT, row @ column_payoff
    return Gains(
        ((by_row.amax(-1, keepdim=True) - by_row) * row).sum(-1),
        ((by_column.amax(-1, keepdim=True) - by_column) * column).sum(-1),
    )


def pure_equilibria(row_payoff: Tensor, column_payoff: Tensor) -> list[tuple[int, int]]:
    r"""All Nash equilibria in which both players choose one action.

    .. math:: A_{ij} = \max_{i'} A_{i'j}, \qquad B_{ij} = \max_{j'} B_{ij'}

    Equation: def-nash

    Args:
        row_payoff: A, shape (m, n).
        column_payoff: B, the same shape; -A for a zero-sum game.

    Returns:
        pairs (i, j), row by row; an empty list if there are none.

    Raises:
        ValueError: a payoff is no finite matrix, or the shapes differ.

    Source: Nash (1951).

    >>> pure_equilibria(10 * torch.eye(2), 10 * torch.eye(2))  # choosing sides
    [(0, 0), (1, 1)]
    """
    a, b = check_bimatrix(row_payoff, column_payoff)
    best = (a == a.amax(0, keepdim=True)) & (b == b.amax(1, keepdim=True))
    return [(int(i), int(j)) for i, j in best.nonzero().tolist()]


def mixed_equilibria(row_payoff: Tensor, column_payoff: Tensor) -> list[Equilibrium]:
    r"""Nash equilibria with as many active rows as active columns, by trying all supports.

    For active rows I and columns J of one size the strategies solve

    .. math:: \sum_{j \in J} A_{ij} y_j = u \;(i \in I), \qquad
        \sum_{i \in I} x_i B_{ij} = w \;(j \in J), \qquad \sum y_j = \sum x_i = 1

    and are kept if they are positive and no player gains by an action outside. In a game in
    which no strategy with k active actions has more than k best replies, these are all
    equilibria. In other (degenerate) games there may be infinitely many: of these, the ones are
    found whose equations have a single solution.

    The equations are solved in whole numbers, so that there is no tolerance: these are the
    equilibria of the payoffs as given, in whatever unit each player counts. Payoffs that are
    equal but for rounding are different.

    Equation: prop-indifference

    Args:
        row_payoff: A, shape (m, n), m and n at most 8.
        column_payoff: B, the same shape.

    Returns:
        the equilibria, pure ones first.

    Raises:
        ValueError: a payoff is no finite matrix, is too large, the shapes or dtypes differ, or a
            probability is too small for the dtype of the payoffs.

    Source: von Stengel (2007).

    >>> mixed_equilibria(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.eye(2))[2].column
    tensor([0.2500, 0.7500])
    """
    row_payoff, column_payoff = check_bimatrix(row_payoff, column_payoff)
    m, n = row_payoff.shape
    if max(m, n) > MAX_ACTIONS:
        raise ValueError(f"row_payoff: expected at most {MAX_ACTIONS} actions each, got ({m}, {n})")
    of_row, of_column = (
        whole_numbers(matrix.detach().to("cpu", torch.float64))[0]
        for matrix in (row_payoff, column_payoff.mT)
    )
    found = []
    for size in range(1, min(m, n) + 1):
        for rows in combinations(range(m), size):
            for columns in combinations(range(n), size):
                column = _indifferent(of_row, rows, columns)
                row = _indifferent(of_column, columns, rows) if column else None
                if row and column:
                    found.append(
                        Equilibrium(_strategy(row, row_payoff), _strategy(column, row_payoff))
                    )
    return found


def _indifferent(
    payoff: Matrix, active: Sequence[int], support: Sequence[int]
) -> list[Fraction] | None:
    """The strategy on ``support`` against which the ``active`` rows, and no others, are best.

    None if there is none with positive probabilities, or more than one.
    """
    # The unknowns are the probabilities and minus the common payoff.
    equations = [[payoff[i][j] for j in support] + [1, 0] for i in active]
    solved = solve_equations([*equations, [1] * len(support) + [0, 1]])
    if solved is None or min(solved[0][:-1]) <= 0:
        return None
    (*shares, minus_common), whole = solved
    for row in payoff:
        gain = sum(row[j] * share for j, share in zip(support, shares)) + minus_common
        if gain > 0:
            return None
    strategy = [Fraction(0)] * len(payoff[0])
    for j, share in zip(support, shares):
        strategy[j] = Fraction(share, whole)
    return strategy


def _strategy(shares: list[Fraction], like: Tensor) -> Tensor:
    """The probabilities as a tensor; ValueError if one is positive and too small for that."""
    strategy = like.new_tensor([float(share) for share in shares])
    if any(share > 0 for share, rounded in zip(shares, strategy.tolist()) if rounded == 0):
        raise ValueError(
            f"row_payoff: expected payoffs whose equilibria {like.dtype} can hold, got one with a "
            f"probability of about {float(min(share for share in shares if share > 0)):.2g}"
        )
    return strategy


def check_bimatrix(row_payoff: Tensor, column_payoff: Tensor) -> tuple[Tensor, Tensor]:
    """The two payoffs, as floating-point matrices.

    Raises:
        ValueError: a payoff is no finite matrix, or their shapes or dtypes differ.
    """
    kinds = [p.dtype for p in (row_payoff, column_payoff) if isinstance(p, Tensor)]
    kind = next((kind for kind in kinds if kind.is_floating_point), None)
    row_payoff = check_payoff("row_payoff", row_payoff, kind)
    column_payoff = check_payoff("column_payoff", column_payoff, kind)
    if row_payoff.shape != column_payoff.shape or row_payoff.dtype != column_payoff.dtype:
        raise ValueError(
            f"column_payoff: expected the shape {tuple(row_payoff.shape)} of row_payoff and "
            f"{row_payoff.dtype}, got {tuple(column_payoff.shape)} and {column_payoff.dtype}"
        )
    return row_payoff, column_payoff
