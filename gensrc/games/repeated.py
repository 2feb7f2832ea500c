r"""Zero-sum games played again and again: multiplicative weights and regret.

The notation is that of :mod:`gensrc.games.zero_sum`.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.checks import check_distributions
from gensrc.games.zero_sum import check_game, check_payoff

MAX_LOG_WEIGHT = 1e10
"""Sum of rate times payoff over all rounds up to which float64 keeps the log-weights' digits."""


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

    The logarithms of the weights are carried from round to round, in float64. A probability that
    is too small for any float is then only shown as 0: the action comes back when it pays again.

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
        ValueError: a bad payoff or start, no round, or a rate that is not positive, or so large
            that rate times rounds times the largest payoff is above 1e10.

    Source: Freund and Schapire (1999).

    >>> play = multiplicative_weights(torch.tensor([[0.0], [1.0]]), steps=2, rate=2 ** 0.5)
    >>> play.rows[1] / play.rows[1, 0]  # 1 : exp(rate)
    tensor([1.0000, 4.1133])
    """
    a, row, column = _check_play(payoff, start, steps, rate)
    log_row, log_column = row.double().log(), column.double().log()
    rows, columns = [row], [column]
    for _ in range(steps - 1):
        gains, losses = a @ log_column.exp(), log_row.exp() @ a
        log_row = (log_row + rate * gains).log_softmax(0)
        log_column = (log_column - rate * losses).log_softmax(0)
        rows.append(log_row.exp().to(row))
        columns.append(log_column.exp().to(row))
    return Play(torch.stack(rows), torch.stack(columns))


def _check_play(
    payoff: Tensor, start: tuple[Tensor, Tensor] | None, steps: int, rate: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The payoff in float64 and the first strategies; ValueError if there is no such play."""
    if start is None:
        payoff = check_payoff("payoff", payoff)
        m, n = payoff.shape
        start = payoff.new_full((m,), 1 / m), payoff.new_full((n,), 1 / n)
    payoff = check_game(payoff, *start)
    if steps < 1 or not 0 < rate < float("inf"):
        raise ValueError(f"steps, rate: expected steps >= 1 and rate > 0, got {steps} and {rate}")
    for strategy in start:
        if strategy.ndim != 1:
            shape = tuple(strategy.shape)
            raise ValueError(f"start: expected one strategy of each player, got shape {shape}")
    total = rate * steps * float(payoff.abs().max())
    if not total <= MAX_LOG_WEIGHT:
        raise ValueError(
            "rate: expected rate times steps times the largest payoff to be at most "
            f"{MAX_LOG_WEIGHT:g}, got {total:g}"
        )
    return payoff.double(), *start


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
        ValueError: shapes or dtypes that differ, no round, or a row of ``played`` that is no
            distribution.

    >>> regret(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    tensor(0.2500)
    """
    check_distributions(played=played)
    gains = check_payoff("gains", gains, played.dtype)
    if gains.shape != played.shape:
        raise ValueError(
            f"gains: expected the shape {tuple(played.shape)} of the strategies played, "
            f"got {tuple(gains.shape)}"
        )
    if gains.dtype != played.dtype:
        raise ValueError(f"gains: expected {played.dtype}, as the strategies, got {gains.dtype}")
    each = gains / len(gains)
    each = each - each.amax(1, keepdim=True)  # what all actions earn alike is no regret
    return each.sum(0).max() - (played * each).sum()


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
    rounds = torch.arange(1, len(strategies) + 1, device=strategies.device)
    return (strategies.double().cumsum(0) / rounds[:, None]).to(strategies)
