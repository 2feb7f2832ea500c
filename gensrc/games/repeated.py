r"""Zero-sum games played again and again: multiplicative weights and regret.

The notation is that of :mod:`gensrc.games.zero_sum`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.checks import check_distributions
from gensrc.games.zero_sum import (
    check_game,
    check_payoff,
)


class Play(NamedTuple):
    """What two players played, round by round: shapes (steps, m) and (steps, n)."""

    rows: Tensor
    columns: Tensor


def multiplicative_weights(
    payoff: Tensor,
    *,
    steps: int,
    rate: float,
    start: tuple[Tensor, Tensor] | None = None,
) -> Play:
    r"""Both players reweight their actions by what these would have earned, round after round.

    .. math:: x_i^{(t+1)} \propto x_i^{(t)} e^{\eta (A y^{(t)})_i}, \qquad
        y_j^{(t+1)} \propto y_j^{(t)} e^{-\eta (x^{(t)\top} A)_j}

    Equation: alg-multiplicative-weights
    Equation: prop-last-play

    Args:
        payoff: A, shape (m, n).
        steps: number of rounds, at least 1.
        rate: eta > 0, in one over the unit of the payoff.
        start: strategies of the first round, shapes (m,) and (n,); uniform by default.

    Returns:
        the strategies of each round, the first included.

    Raises:
        ValueError: a bad payoff or start, no round, or a rate that is not positive.

    Source: Freund and Schapire (1999).

    >>> play = multiplicative_weights(torch.tensor([[0.0], [1.0]]), steps=2, rate=2 ** 0.5)
    >>> play.rows[1] / play.rows[1, 0]  # 1 : exp(rate)
    tensor([1.0000, 4.1133])
    """
    payoff = check_payoff("payoff", payoff)
    if steps < 1 or not 0 < rate < float("inf"):
        raise ValueError(f"steps, rate: expected steps >= 1 and rate > 0, got {steps} and {rate}")
    row, column = start or tuple(payoff.new_full((k,), 1 / k) for k in payoff.shape)
    check_game(payoff, row, column)
    rows, columns = [row], [column]
    for _ in range(steps - 1):
        gains, losses = payoff @ columns[-1], rows[-1] @ payoff
        rows.append((rows[-1].log() + rate * gains).softmax(0))
        columns.append((columns[-1].log() - rate * losses).softmax(0))
    return Play(torch.stack(rows), torch.stack(columns))


def regret(gains: Tensor, played: Tensor) -> Tensor:
    r"""How much more the best single action would have earned, per round.

    .. math:: R = \frac1T \left( \max_i \sum_{t=1}^T g_i^{(t)}
        - \sum_{t=1}^T \sum_i x_i^{(t)} g_i^{(t)} \right)

    Equation: def-regret
    Equation: prop-regret

    Args:
        gains: what each action would have earned in each round, shape (T, m).
        played: the strategy of each round, shape (T, m).

    Returns:
        the regret, in the unit of the gains, a single number.

    Raises:
        ValueError: shapes that differ, no round, or a row of ``played`` that is no distribution.

    >>> regret(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    tensor(0.2500)
    """
    check_distributions(played=played)
    gains = check_payoff("gains", gains)
    if gains.shape != played.shape:
        raise ValueError(
            f"gains: expected the shape {tuple(played.shape)} of the strategies played, "
            f"got {tuple(gains.shape)}"
        )
    return (gains.sum(0).max() - (played * gains).sum()) / len(gains)


def running_average(strategies: Tensor) -> Tensor:
    r"""Mean strategy of the rounds so far, for every round.

    .. math:: \bar x^{(T)} = \frac1T \sum_{t=1}^T x^{(t)}

    Equation: cor-average-play

    Args:
        strategies: shape (steps, m).

    Returns:
        the averages, the same shape.

    Raises:
        ValueError: the strategies are no distributions, or not of shape (steps, m).

    >>> running_average(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([[1.0000, 0.0000],
            [0.5000, 0.5000]])
    """
    check_distributions(strategies=strategies)
    check_payoff("strategies", strategies)
    rounds = torch.arange(1, len(strategies) + 1).to(strategies)
    return strategies.cumsum(0) / rounds[:, None]
