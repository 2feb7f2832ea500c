r"""Linear equations and linear programmes of games in whole numbers, without rounding.

Every floating-point number is a whole number times a power of two, so that a game can be solved
exactly, whatever the sizes of its payoffs. Elimination stays within the whole numbers: each
division by the pivot before the last one leaves no remainder (Bareiss, 1968).
"""

from fractions import Fraction

from torch import Tensor

Matrix = list[list[int]]
"""Rows of whole numbers."""


def whole_numbers(matrix: Tensor) -> tuple[Matrix, int]:
    """A finite float64 matrix as whole numbers over one denominator, a power of two.

    Args:
        matrix: float64, shape (m, n), finite.

    Returns:
        the numerators and the denominator.

    >>> import torch
    >>> whole_numbers(torch.tensor([[0.5, 3.0]], dtype=torch.float64))
    ([[1, 6]], 2)
    """
    rows = [[Fraction(entry) for entry in row] for row in matrix.tolist()]
    denominator = max(entry.denominator for row in rows for entry in row)
    return [[int(entry * denominator) for entry in row] for row in rows], denominator


def solve_equations(equations: Matrix) -> tuple[list[int], int] | None:
    r"""The solution of n equations in n unknowns, if there is exactly one.

    Args:
        equations: n rows of n coefficients and the right side.

    Returns:
        whole numbers and one positive denominator; None if the equations have no solution or
        more than one.

    Source: Bareiss (1968).

    >>> solve_equations([[1, 1, 1], [1, -1, 0]])  # x + y = 1 and x = y
    ([1, 1], 2)
    """
    rows, n, before = [list(row) for row in equations], len(equations), 1
    for k in range(n):
        chosen = next((i for i in range(k, n) if rows[i][k]), None)
        if chosen is None:
            return None
        rows[k], rows[chosen] = rows[chosen], rows[k]
        head, pivot = rows[k], rows[k][k]
        for i, row in enumerate(rows):
            if i != k:
                factor = row[k]
                rows[i] = [(pivot * a - factor * b) // before for a, b in zip(row, head)]
        before = pivot
    sign = 1 if before > 0 else -1
    return [sign * row[n] for row in rows], sign * before


def solve_game(payoff: Matrix) -> tuple[Fraction, list[Fraction], list[Fraction]]:
    r"""The value of a zero-sum game, and optimal strategies, by the simplex method.

    With all payoffs made positive, the column player's programme is

    .. math:: \max_w \sum_j w_j \quad\text{subject to}\quad A w \le 1, \quad w \ge 0,
        \qquad y = w / \textstyle\sum_j w_j, \quad v = 1 / \textstyle\sum_j w_j

    and its prices give the row player's strategy. Bland's rule keeps it from running in circles.

    Args:
        payoff: what the row player earns, m rows of n whole numbers.

    Returns:
        the value, the row and the column player's strategy.

    Source: Dantzig (1963), chapter 13; Bland (1977).

    >>> solve_game([[1, -1], [-1, 1]])[1]  # matching pennies
    [Fraction(1, 2), Fraction(1, 2)]
    """
    m, n, shift = len(payoff), len(payoff[0]), min(map(min, payoff)) - 1
    table = [[entry - shift for entry in row] + [1] for row in payoff] + [[-1] * n + [0]]
    basic, free, before = list(range(n, n + m)), list(range(n)), 1
    while entering := [(free[j], j) for j in range(n) if table[m][j] < 0]:
        _, c = min(entering)
        ratios = [(Fraction(table[i][n], table[i][c]), basic[i], i) for i in range(m)
                  if table[i][c] > 0]  # fmt: skip
        _, _, r = min(ratios)
        before = _exchange(table, r, c, before)
        basic[r], free[c] = free[c], basic[r]
    total = table[m][n]
    row, column = [Fraction(0)] * m, [Fraction(0)] * n
    for i, name in enumerate(basic):
        if name < n:
            column[name] = Fraction(table[i][n], total)
    for j, name in enumerate(free):
        if name >= n:
            row[name - n] = Fraction(table[m][j], total)
    return Fraction(before, total) + shift, row, column


def _exchange(table: Matrix, r: int, c: int, before: int) -> int:
    """Exchange a basic and a free variable; return the pivot, which divides the next table."""
    head, pivot = table[r], table[r][c]
    for i, row in enumerate(table):
        if i != r:
            factor = row[c]
            table[i] = [(pivot * a - factor * b) // before for a, b in zip(row, head)]
            table[i][c] = -factor
    table[r] = [*head[:c], before, *head[c + 1 :]]
    return pivot
