r"""Games of two players, each with a payoff matrix of its own.

Notation: if the row player chooses row i and the column player column j, the first earns
:math:`A_{ij}` and the second :math:`B_{ij}`; both matrices have shape (m, n) and both players
maximise their own. The zero-sum game is the case B = -A.
"""

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.games.zero_sum import check_game, check_payoff

LARGEST = 8
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
        ValueError: a payoff is no finite matrix, shapes differ, or a strategy is no distribution.

    Source: Nash (1951).

    >>> sides = 10 * torch.eye(2)
    >>> deviation_gains(sides, sides, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])).row
    tensor(10.)
    """
    row_payoff, column_payoff = check_bimatrix(row_payoff, column_payoff)
    check_game(row_payoff, row, column)
    by_row, by_column = column @ row_payoff.mT, row @ column_payoff
    return Gains(
        by_row.amax(-1) - (row * by_row).sum(-1),
        by_column.amax(-1) - (by_column * column).sum(-1),
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

    Equation: prop-indifference

    Args:
        row_payoff: A, shape (m, n), m and n at most 8.
        column_payoff: B, the same shape.

    Returns:
        the equilibria, pure ones first.

    Raises:
        ValueError: a payoff is no finite matrix, is too large, or the shapes differ.

    Source: von Stengel (2007).

    >>> mixed_equilibria(torch.tensor([[3.0, 0.0], [0.0, 1.0]]), torch.eye(2))[2].column
    tensor([0.2500, 0.7500])
    """
    check_bimatrix(row_payoff, column_payoff)
    (m, n), kind = row_payoff.shape, check_payoff("row_payoff", row_payoff)
    if max(m, n) > LARGEST:
        raise ValueError(f"row_payoff: expected at most {LARGEST} actions each, got ({m}, {n})")
    a, b = (matrix.detach().to("cpu", torch.float64) for matrix in (row_payoff, column_payoff))
    scale = float(torch.stack([a, b]).abs().max()) or 1.0
    found = []
    for size in range(1, min(m, n) + 1):
        for rows in combinations(range(m), size):
            for columns in combinations(range(n), size):
                column = _indifferent(a[list(rows)][:, list(columns)], columns, n)
                row = _indifferent(b[list(rows)][:, list(columns)].mT, rows, m)
                if row is None or column is None:
                    continue
                if max(map(float, deviation_gains(a, b, row, column))) <= 1e-9 * scale:
                    found.append(Equilibrium(row.to(kind), column.to(kind)))
    return found


def _indifferent(payoff: Tensor, support: tuple[int, ...], actions: int) -> Tensor | None:
    """The strategy on ``support`` that earns all rows of the square ``payoff`` the same, if one."""
    size = len(support)
    unit = payoff - payoff.min()  # the same strategy, for numbers between 0 and 1
    system = payoff.new_ones(size + 1, size + 1)
    system[:size, :size] = unit / unit.max().clamp(min=1e-300)
    system[size, size] = 0  # the unknowns are the probabilities and minus the common payoff
    if torch.linalg.matrix_rank(system) <= size:
        return None
    right = payoff.new_zeros(size + 1)
    right[size] = 1
    probabilities = torch.linalg.solve(system, right)[:size]
    if bool((probabilities <= 1e-12).any()):
        return None
    strategy = payoff.new_zeros(actions)
    strategy[list(support)] = probabilities / probabilities.sum()
    return strategy


def check_bimatrix(row_payoff: Tensor, column_payoff: Tensor) -> tuple[Tensor, Tensor]:
    """The two payoffs; ValueError unless they are finite matrices of one shape."""
    row_payoff = check_payoff("row_payoff", row_payoff)
    column_payoff = check_payoff("column_payoff", column_payoff)
    if row_payoff.shape != column_payoff.shape:
        raise ValueError(
            f"column_payoff: expected the shape {tuple(row_payoff.shape)} of row_payoff, "
            f"got {tuple(column_payoff.shape)}"
        )
    return row_payoff, column_payoff
