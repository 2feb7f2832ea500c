"""Zero-sum games, once and repeated: values against closed forms, enumeration and a programme."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from torch import Tensor

from gensrc import games
from gensrc.games import zero_sum
from gensrc.games.exact import solve_equations, solve_game, whole_numbers
from gensrc.games.repeated import multiplicative_weights, regret, running_average
from gensrc.games.zero_sum import Solution, expected_payoff, exploitability, solve_matrix_game

ROCK_PAPER_SCISSORS = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64)


def f64(*values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@st.composite
def payoffs(draw: st.DrawFn) -> Tensor:
    """Matrices of 1 to 5 rows and columns, many entries equal, of any size and offset."""
    m, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    entry = st.integers(-3, 3).map(float) | st.floats(-3, 3)
    rows = draw(st.lists(st.lists(entry, min_size=n, max_size=n), min_size=m, max_size=m))
    scale, shift = draw(st.sampled_from([(1, 0), (1e-6, 0), (1e6, 0), (1, 1e3)]))
    return scale * f64(*rows) + shift


def value_by_enumeration(payoff: Tensor) -> float:
    """Shapley and Snow: some square part of the matrix holds an optimal pair of strategies."""
    a = payoff.numpy()
    shift = a.min() - 1  # positive payoffs, so that the value is not 0
    positive, best = a - shift, -math.inf
    m, n = a.shape
    for size in range(1, min(m, n) + 1):
        for rows in itertools.combinations(range(m), size):
            for columns in itertools.combinations(range(n), size):
                part = positive[np.ix_(rows, columns)]
                if abs(np.linalg.det(part)) < 1e-9:
                    continue
                x = np.linalg.solve(part.T, np.ones(size))
                if x.sum() <= 0 or (x < -1e-12).any():
                    continue
                best = max(best, float((x / x.sum() @ positive[list(rows)]).min()))
    return best + shift


# The value and the strategies


@given(payoffs())
def test_solution_certifies_itself(payoff: Tensor) -> None:
    value, row, column = solve_matrix_game(payoff)
    span = float(payoff.max() - payoff.min())
    rounding = 1e-12 * float(payoff.abs().max())
    assert value.shape == ()
    assert (*row.shape, *column.shape) == payoff.shape
    for strategy in (row, column):
        assert (strategy >= 0).all()
        assert strategy.sum().item() == pytest.approx(1, abs=1e-12)
    assert (row @ payoff).min() >= value - 1e-7 * span - rounding
    assert (payoff @ column).max() <= value + 1e-7 * span + rounding


@given(payoffs())
def test_value_is_that_of_the_column_players_programme(payoff: Tensor) -> None:
    unit = (payoff - payoff.min()) / max(float(payoff.max() - payoff.min()), 1e-300)
    m, n = unit.shape
    found = linprog(
        np.append(np.zeros(n), 1),
        A_ub=np.hstack([unit.numpy(), -np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=[[1] * n + [0]],
        b_eq=[1],
        bounds=[(0, None)] * n + [(None, None)],
        method="highs-ipm",
    )
    expected = float(payoff.min()) + found.fun * float(payoff.max() - payoff.min())
    scale = max(1.0, float(payoff.abs().max()))
    assert solve_matrix_game(payoff).value.item() == pytest.approx(expected, abs=1e-7 * scale)


@given(st.integers(0, 10_000))
def test_value_by_enumeration(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    m, n = torch.randint(1, 5, (2,), generator=draw).tolist()
    payoff = torch.randn(m, n, generator=draw, dtype=torch.float64)
    value = solve_matrix_game(payoff).value.item()
    assert value == pytest.approx(value_by_enumeration(payoff), abs=1e-9)


@pytest.mark.parametrize(
    ("payoff", "value", "row", "column"),
    [
        (ROCK_PAPER_SCISSORS, 0, (1 / 3, 1 / 3, 1 / 3), (1 / 3, 1 / 3, 1 / 3)),
        (f64([2, -3], [-3, 4]), -1 / 12, (7 / 12, 5 / 12), (7 / 12, 5 / 12)),
        (f64([3, 1], [0, 2]), 3 / 2, (1 / 2, 1 / 2), (1 / 4, 3 / 4)),
        (f64([4, 2], [3, 1]), 2, (1, 0), (0, 1)),  # a saddle point
        (f64([5]), 5, (1,), (1,)),
        (f64([1, 7, 3]), 1, (1,), (1, 0, 0)),
    ],
)
def test_known_games(
    payoff: Tensor, value: float, row: tuple[float, ...], column: tuple[float, ...]
) -> None:
    solution = solve_matrix_game(payoff if payoff.ndim == 2 else payoff[None])
    assert solution.value.item() == pytest.approx(value, abs=1e-9)
    assert torch.allclose(solution.row, f64(*row), atol=1e-9)
    assert torch.allclose(solution.column, f64(*column), atol=1e-9)


@given(payoffs())
def test_exchanged_players(payoff: Tensor) -> None:
    scale = max(1.0, float(payoff.abs().max()))
    there = solve_matrix_game(-payoff.mT).value.item()
    assert there == pytest.approx(-solve_matrix_game(payoff).value.item(), abs=1e-9 * scale)


def test_constant_and_whole_numbers() -> None:
    assert solve_matrix_game(torch.zeros(2, 3)).value == 0
    assert solve_matrix_game(torch.full((2, 3), -4.0)).value == -4
    solution = solve_matrix_game(ROCK_PAPER_SCISSORS.long())
    assert solution.row.dtype == torch.get_default_dtype()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows_the_payoff(dtype: torch.dtype) -> None:
    solution = solve_matrix_game(ROCK_PAPER_SCISSORS.to(dtype))
    assert {part.dtype for part in solution} == {dtype}
    play = multiplicative_weights(ROCK_PAPER_SCISSORS.to(dtype), steps=3, rate=0.1)
    assert {part.dtype for part in play} == {dtype}
    assert exploitability(ROCK_PAPER_SCISSORS.to(dtype), *solution[1:]).dtype == dtype


def test_importable_from_games() -> None:
    assert games.solve_matrix_game is solve_matrix_game


def wrong_programme(unit: Tensor) -> tuple[Tensor, Tensor]:
    m, n = unit.shape
    return unit.new_ones(m).cumsum(0) / (m * (m + 1) / 2), unit.new_full((n,), 1 / n)


def test_an_answer_that_does_not_certify_itself_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zero_sum, "_programme", wrong_programme)
    value, row, column = solve_matrix_game(ROCK_PAPER_SCISSORS)
    assert value == 0
    assert row.tolist() == column.tolist() == [1 / 3] * 3


def test_an_answer_that_does_not_certify_itself_is_refused_in_a_large_game(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zero_sum, "_programme", wrong_programme)
    with pytest.raises(RuntimeError, match="payoff: expected strategies with one guarantee, got"):
        solve_matrix_game(torch.eye(31, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("large", [1e3, 1e9, 1e30])
def test_payoffs_of_very_different_size(large: float, dtype: torch.dtype) -> None:
    small = 1e-6
    expected = 1 / (1 / large + 1 / small)
    game = torch.tensor([[large, 0], [0, small]], dtype=dtype)
    for payoff, sign in ((game, 1), (-game, -1), (-game.mT, -1)):
        value, row, column = solve_matrix_game(payoff)
        assert value.item() == pytest.approx(
            sign * expected, rel=1e-6 if dtype.itemsize == 4 else 1e-12
        )
        assert row.tolist() == pytest.approx([expected / large, expected / small], rel=1e-6)
        assert column.tolist() == pytest.approx([expected / large, expected / small], rel=1e-6)


def test_a_small_game_between_large_dominated_actions() -> None:
    tiny = 1e-9 * f64([2, -3], [-3, 4])
    payoff = torch.full((3, 3), -1e3, dtype=torch.float64)  # nobody plays the last row and column
    payoff[:2, 2], payoff[2, 2] = 1e3, 0
    payoff[:2, :2] = tiny
    value, row, _ = solve_matrix_game(payoff)
    assert value.item() == pytest.approx(-1e-9 / 12, rel=1e-12)
    assert row.tolist() == pytest.approx([7 / 12, 5 / 12, 0], rel=1e-12)


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-300, 1e300, 1.7e308])
def test_payoffs_at_the_ends_of_float64(size: float) -> None:
    assert solve_matrix_game(size * f64([1, -1], [-1, 1])).value == 0
    assert solve_matrix_game(size * f64([1, 0], [1, 1])).value == size


@given(payoffs())
def test_whole_numbers_give_the_same_value(payoff: Tensor) -> None:
    numbers, denominator = whole_numbers(payoff)
    value, row, column = solve_game(numbers)
    assert sum(row) == sum(column) == 1
    assert min(row + column) >= 0
    by_column = [sum(x * r[j] for x, r in zip(row, numbers)) for j in range(payoff.shape[1])]
    by_row = [sum(y * entry for y, entry in zip(column, r)) for r in numbers]
    assert min(by_column) == value == max(by_row)
    scale = max(1.0, float(payoff.abs().max()))
    found = solve_matrix_game(payoff).value.item()
    assert found == pytest.approx(float(value / denominator), abs=1e-9 * scale)


def test_equations_by_hand() -> None:
    assert solve_equations([[0, 2, 6], [3, 1, 9]]) == ([12, 18], 6)
    assert solve_equations([[0, 1, 1], [1, 0, 1]]) == ([1, 1], 1)
    assert solve_equations([[1, 2, 3], [2, 4, 6]]) is None
    assert solve_equations([[1, 2, 3], [2, 4, 7]]) is None


def test_large_games_need_no_exact_solution(generator: torch.Generator) -> None:
    payoff = torch.randn(60, 80, generator=generator, dtype=torch.float64)
    value, row, column = solve_matrix_game(payoff + 1e6)
    assert exploitability(payoff, row, column) <= 1e-8
    assert value.item() == pytest.approx(float(solve_matrix_game(payoff).value) + 1e6, abs=1e-8)


def test_a_solver_that_gives_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: Any, **__: Any) -> Any:
        return type("Result", (), {"status": 4, "message": "numerical difficulties"})()

    monkeypatch.setattr(zero_sum, "linprog", give_up)
    with pytest.raises(RuntimeError, match="not solved: numerical difficulties"):
        solve_matrix_game(ROCK_PAPER_SCISSORS)


# Payoffs of given strategies


def test_expected_payoff_and_exploitability_are_their_sums(generator: torch.Generator) -> None:
    a = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    x = torch.rand(5, 3, generator=generator, dtype=torch.float64)
    y = torch.rand(5, 4, generator=generator, dtype=torch.float64)
    x, y = x / x.sum(1, keepdim=True), y / y.sum(1, keepdim=True)
    for k in range(5):
        mean = sum(x[k, i] * a[i, j] * y[k, j] for i in range(3) for j in range(4))
        assert expected_payoff(a, x, y)[k].item() == pytest.approx(float(mean), abs=1e-14)
        most = max(sum(a[i, j] * y[k, j] for j in range(4)) for i in range(3))
        least = min(sum(a[i, j] * x[k, i] for i in range(3)) for j in range(4))
        assert exploitability(a, x, y)[k].item() == pytest.approx(float(most - least), abs=1e-14)


def test_exploitability_is_zero_at_the_solution_only() -> None:
    solution = solve_matrix_game(ROCK_PAPER_SCISSORS)
    assert exploitability(ROCK_PAPER_SCISSORS, *solution[1:]).abs() <= 1e-9
    other = f64(0.4, 0.3, 0.3)
    assert exploitability(ROCK_PAPER_SCISSORS, other, solution.column).item() == pytest.approx(0.1)
    assert exploitability(ROCK_PAPER_SCISSORS, solution.row, other).item() == pytest.approx(0.1)


# Multiplicative weights


def test_multiplicative_weights_by_a_loop(generator: torch.Generator) -> None:
    a = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    start = (f64(0.5, 0.2, 0.3), f64(0.9, 0.1))
    rows, columns = multiplicative_weights(a, steps=6, rate=0.3, start=start)
    x, y = start[0].tolist(), start[1].tolist()
    for t in range(6):
        assert rows[t].tolist() == pytest.approx(x, abs=1e-13)
        assert columns[t].tolist() == pytest.approx(y, abs=1e-13)
        new_x = [x[i] * math.exp(0.3 * sum(a[i, j] * y[j] for j in range(2))) for i in range(3)]
        new_y = [y[j] * math.exp(-0.3 * sum(a[i, j] * x[i] for i in range(3))) for j in range(2)]
        x, y = [v / sum(new_x) for v in new_x], [v / sum(new_y) for v in new_y]


@given(payoffs())
def test_regret_is_bounded_and_averages_approach_an_equilibrium(payoff: Tensor) -> None:
    payoff = payoff / max(float(payoff.max() - payoff.min()), 1e-300)
    payoff = payoff - payoff.min()  # a range of 1, or a constant
    (m, n), steps, rate = payoff.shape, 60, 0.5
    play = multiplicative_weights(payoff, steps=steps, rate=rate)
    of_row = regret(play.columns @ payoff.mT, play.rows)
    of_column = regret(-play.rows @ payoff, play.columns)
    assert of_row <= math.log(m) / (rate * steps) + rate / 8 + 1e-12
    assert of_column <= math.log(n) / (rate * steps) + rate / 8 + 1e-12
    gap = exploitability(payoff, *(running_average(part)[-1] for part in play))
    assert gap.item() == pytest.approx(float(of_row + of_column), abs=1e-12)


def test_a_start_without_an_action_never_plays_it() -> None:
    start = (f64(0.5, 0.5, 0), f64(1 / 3, 1 / 3, 1 / 3))
    play = multiplicative_weights(ROCK_PAPER_SCISSORS, steps=50, rate=1.0, start=start)
    assert (play.rows[:, 2] == 0).all()
    assert play.rows.isfinite().all()


def test_long_play_stays_finite() -> None:
    play = multiplicative_weights(1e3 * ROCK_PAPER_SCISSORS, steps=100, rate=10.0)
    assert play.rows.isfinite().all()
    start = (f64(0.5, 0.3, 0.2), f64(0.2, 0.2, 0.6))
    play = multiplicative_weights(1e3 * ROCK_PAPER_SCISSORS, steps=100, rate=10.0, start=start)
    assert play.columns.isfinite().all()


def test_no_action_is_lost_by_underflow() -> None:
    # With weights in place of their logarithms a first action dies in round 2,294.
    start = (torch.tensor([0.4, 0.35, 0.25]), torch.tensor([0.3, 0.4, 0.3]))
    play = multiplicative_weights(ROCK_PAPER_SCISSORS.float(), steps=20_000, rate=1.0, start=start)
    assert play.rows.dtype == torch.float32
    average = running_average(play.rows)[-1]
    assert torch.allclose(average, torch.tensor([0.328, 0.338, 0.334]), atol=2e-3)


def test_an_action_returns_from_below_the_smallest_number() -> None:
    start = (f64(1e-200, 1), f64(0.5, 0.5))
    play = multiplicative_weights(f64([1, 1], [0, 0]), steps=5, rate=200.0, start=start)
    lead = [math.log(1e-200) + 200 * t for t in range(5)]
    expected = [1 / (1 + math.exp(-v)) for v in lead]
    assert play.rows[:, 0].tolist() == pytest.approx(expected, rel=1e-9, abs=0)
    down = multiplicative_weights(f64([0, 0], [1, 1]), steps=9, rate=200.0)
    up = multiplicative_weights(f64([1, 1], [0, 0]), steps=9, rate=200.0)
    assert down.rows[-1, 0] == 0  # exp(-1600) is below every float64
    assert up.rows[-1].tolist() == [1, 0]


def test_an_action_at_zero_comes_back() -> None:
    start = (f64(0.6, 0.4), f64(0.5, 0.5))
    play = multiplicative_weights(f64([1, -1], [-1, 1]), steps=400, rate=100.0, start=start)
    for part in play:
        zeros = part == 0  # exp(-800) and less
        assert zeros.any(0).all()
        assert (part[-200:].amax(0) > 0.5).all()


@pytest.mark.parametrize(("rate", "scale"), [(1e300, 1e10), (1.0, 1e300), (1e12, 1.0)])
def test_rates_beyond_the_digits_of_the_weights_are_refused(rate: float, scale: float) -> None:
    with pytest.raises(ValueError, match="rate: expected rate times steps times the largest"):
        multiplicative_weights(scale * ROCK_PAPER_SCISSORS, steps=3, rate=rate)


def test_a_start_holds_one_strategy_of_each_player() -> None:
    many = torch.full((3, 3), 1 / 3, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"start: expected one strategy of each player, got shape"):
        multiplicative_weights(ROCK_PAPER_SCISSORS, steps=3, rate=0.1, start=(many, many))


def test_regret_ignores_what_all_actions_earn_alike(generator: torch.Generator) -> None:
    gains = torch.rand(50, 3, generator=generator, dtype=torch.float64)
    rounded = torch.randn(50, 3, generator=generator).softmax(1).double()  # sums of 1 + 1e-7
    expected = (gains.sum(0).max() - (rounded / rounded.sum(1, keepdim=True) * gains).sum()) / 50
    assert regret(gains + 1e8, rounded).item() == pytest.approx(expected.item(), abs=1e-6)
    huge = regret(f64([1e308, 0], [1e308, 0]), f64([0.5, 0.5], [0.5, 0.5]))
    assert huge.item() == pytest.approx(0.5e308)


def test_long_averages_keep_their_digits() -> None:
    played = torch.tensor([[0.25, 0.75]]).half().expand(5000, 2)
    assert torch.equal(running_average(played), played)


def test_running_average_is_the_mean_so_far(generator: torch.Generator) -> None:
    played = torch.rand(7, 3, generator=generator, dtype=torch.float64).softmax(1)
    for t in range(7):
        assert torch.allclose(running_average(played)[t], played[: t + 1].mean(0), atol=1e-15)


# Bad input


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (f64(1, 2), r"payoff: expected a real tensor of shape \(m, n\), got \(2,\)"),
        ([[1.0]], r"payoff: expected a real tensor of shape \(m, n\), got list"),
        (torch.zeros(1, 1, dtype=torch.complex64), "payoff: expected a real tensor"),
        (torch.zeros(0, 3), r"payoff: expected at least one action for each player, got \(0, 3\)"),
        (f64([1, math.nan]), "payoff: expected finite numbers, got NaN or infinity"),
        (f64([1, math.inf]), "payoff: expected finite numbers, got NaN or infinity"),
    ],
)
def test_bad_payoffs(bad: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_matrix_game(bad)
    with pytest.raises(ValueError, match=message):
        exploitability(bad, f64(1), f64(1))


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (f64(0.5, 0.6), f64(1, 0, 0), "row: expected a sum of 1"),
        (f64(0.5, 0.5), f64(0.5, 0.5), "column: expected a distribution over 3 actions, got 2"),
        (f64(1.5, -0.5), f64(1, 0, 0), "row: expected numbers >= 0"),
        (f64(1, 0), f64(math.nan, 0, 0), "column: expected finite numbers"),
        (torch.tensor([0.5, 0.5]), f64(1, 0, 0), "payoff, row, column: expected one dtype"),
    ],
)
def test_bad_strategies(row: Tensor, column: Tensor, message: str) -> None:
    payoff = torch.zeros(2, 3, dtype=torch.float64)
    for function in (expected_payoff, exploitability):
        with pytest.raises(ValueError, match=message):
            function(payoff, row, column)
    with pytest.raises(ValueError, match=message):
        multiplicative_weights(payoff, steps=1, rate=1.0, start=(row, column))


@pytest.mark.parametrize(("steps", "rate"), [(0, 1.0), (1, 0.0), (1, math.inf), (1, math.nan)])
def test_bad_steps(steps: int, rate: float) -> None:
    with pytest.raises(ValueError, match="steps, rate: expected steps >= 1 and rate > 0"):
        multiplicative_weights(ROCK_PAPER_SCISSORS, steps=steps, rate=rate)


def test_bad_plays() -> None:
    with pytest.raises(ValueError, match=r"gains: expected the shape \(1, 2\)"):
        regret(f64([1, 2, 3]), f64([0.5, 0.5]))
    with pytest.raises(ValueError, match="gains: expected finite numbers"):
        regret(f64([1, math.nan]), f64([0.5, 0.5]))
    with pytest.raises(ValueError, match="played: expected a sum of 1"):
        regret(f64([1, 2]), f64([0.5, 0.6]))
    with pytest.raises(ValueError, match=r"strategies: expected a real tensor of shape \(m, n\)"):
        running_average(f64(0.5, 0.5))
    with pytest.raises(ValueError, match="strategies: expected a sum of 1"):
        running_average(f64([0.5, 0.6]))


def test_strategies_of_other_shapes_do_not_meet_by_accident() -> None:
    payoff = torch.zeros(2, 2, dtype=torch.float64)
    for function in (expected_payoff, exploitability):
        one, many = f64(0.5, 0.5), torch.full((4, 2), 0.5, dtype=torch.float64)
        assert function(payoff, one, many).shape == (4,)
        with pytest.raises(ValueError, match="row, column: expected the same leading axes, got"):
            function(payoff, many, many[:, None])


def test_whole_numbers_keep_their_digits() -> None:
    with pytest.raises(ValueError, match="payoff: expected whole numbers up to 16777216 for"):
        solve_matrix_game(torch.tensor([[2**24 + 1, 0]]))
    with pytest.raises(ValueError, match="payoff: expected whole numbers up to 9007199254740992"):
        exploitability(torch.tensor([[-(2**53) - 1, 0]]), f64(1), f64(0.5, 0.5))
    assert solve_matrix_game(torch.tensor([[2**24]])).value == 2**24
    assert solve_matrix_game(torch.tensor([[True, False], [False, True]])).value == 0.5
    play = multiplicative_weights(torch.eye(2).long(), steps=2, rate=0.1, start=(f64(1, 0),) * 2)
    assert play.rows.dtype == torch.float64
    with pytest.raises(ValueError, match=r"gains: expected torch.float64, as the strategies, got"):
        regret(torch.zeros(1, 2), f64([0.5, 0.5]))


def test_whole_numbers_take_the_dtype_of_the_strategies() -> None:
    gap = exploitability(torch.tensor([[2, 0]]), f64(1), f64(0.5, 0.5))
    assert gap.dtype == torch.float64
    assert gap == 1


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    payoff = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    there: Solution = solve_matrix_game(payoff.to(cuda))
    here = solve_matrix_game(payoff)
    for a, b in zip(there, here):
        assert a.device.type == "cuda"
        assert torch.allclose(a.cpu(), b)
    far = multiplicative_weights(payoff.to(cuda), steps=20, rate=0.2)
    near = multiplicative_weights(payoff, steps=20, rate=0.2)
    assert torch.allclose(running_average(far.rows).cpu(), running_average(near.rows))
    gap = exploitability(payoff.to(cuda), far.rows, far.columns)
    assert torch.allclose(gap.cpu(), exploitability(payoff, near.rows, near.columns))
