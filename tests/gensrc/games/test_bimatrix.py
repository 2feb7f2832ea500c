"""`gensrc.games.bimatrix`: equilibria against enumeration by loops, known games and random ones."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gensrc.games.bimatrix import deviation_gains, mixed_equilibria, pure_equilibria
from gensrc.games.zero_sum import exploitability, solve_matrix_game


def f64(*values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


SIDES = f64([10, 0], [0, 10])
DILEMMA = f64([1, -1], [2, 0])  # what the row player earns; the column player: transposed
PRINTED = f64([1, 0], [2, 0])  # with the sources' 0 in place of -1
BATTLE = f64([3, 0], [0, 2])
PENNIES = f64([1, -1], [-1, 1])
ROCK_PAPER_SCISSORS = f64([0, -1, 1], [1, 0, -1], [-1, 1, 0])


@st.composite
def bimatrices(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    entry = st.integers(-2, 2).map(float)
    matrix = st.lists(st.lists(entry, min_size=n, max_size=n), min_size=m, max_size=m)
    return f64(*draw(matrix)), f64(*draw(matrix))


@given(bimatrices())
def test_pure_equilibria_by_a_loop(game: tuple[Tensor, Tensor]) -> None:
    a, b = game
    m, n = a.shape
    expected = [
        (i, j)
        for i in range(m)
        for j in range(n)
        if all(a[k, j] <= a[i, j] for k in range(m)) and all(b[i, k] <= b[i, j] for k in range(n))
    ]
    assert pure_equilibria(a, b) == expected


def test_pure_equilibria_of_the_games_of_the_book() -> None:
    assert pure_equilibria(DILEMMA, DILEMMA.mT) == [(1, 1)]
    assert pure_equilibria(SIDES, SIDES) == [(0, 0), (1, 1)]
    assert pure_equilibria(ROCK_PAPER_SCISSORS, -ROCK_PAPER_SCISSORS) == []
    assert pure_equilibria(PRINTED, PRINTED.mT) == [(0, 1), (1, 0), (1, 1)]


@given(bimatrices())
def test_every_mixed_equilibrium_is_one(game: tuple[Tensor, Tensor]) -> None:
    a, b = game
    found = mixed_equilibria(a, b)
    for row, column in found:
        for x, payoff in ((row, a @ column), (column, row @ b)):
            assert (x >= 0).all()
            assert x.sum().item() == pytest.approx(1, abs=1e-12)
            active = payoff[x > 0]
            assert active.max() - active.min() <= 1e-9
            assert active.max() >= payoff.max() - 1e-9
    pure = [(int(r.argmax()), int(c.argmax())) for r, c in found if r.max() == 1 == c.max()]
    assert pure == pure_equilibria(a, b)


@given(st.integers(0, 10_000))
def test_a_game_without_ties_has_an_odd_number_of_equilibria(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)  # normal payoffs: almost surely nondegenerate
    m, n = torch.randint(1, 5, (2,), generator=draw).tolist()
    a, b = torch.randn(2, m, n, generator=draw, dtype=torch.float64)
    assert len(mixed_equilibria(a, b)) % 2 == 1
    zero_sum = mixed_equilibria(a, -a)
    assert len(zero_sum) == 1
    value, row, column = solve_matrix_game(a)
    assert torch.allclose(zero_sum[0].row, row, atol=1e-7)
    assert torch.allclose(zero_sum[0].column, column, atol=1e-7)
    assert (row @ a @ column).item() == pytest.approx(value.item(), abs=1e-7)


@given(st.lists(st.floats(-5, 5), min_size=8, max_size=8))
def test_two_by_two_in_closed_form(numbers: list[float]) -> None:
    a, b = f64(*numbers).reshape(2, 2, 2)
    bottom_a = a[0, 0] - a[0, 1] - a[1, 0] + a[1, 1]
    bottom_b = b[0, 0] - b[0, 1] - b[1, 0] + b[1, 1]
    if min(abs(bottom_a), abs(bottom_b)) < 1e-3:
        return
    y, x = (a[1, 1] - a[0, 1]) / bottom_a, (b[1, 1] - b[1, 0]) / bottom_b
    mixed = [(r, c) for r, c in mixed_equilibria(a, b) if r.max() < 1 and c.max() < 1]
    inside = all(1e-6 < float(v) < 1 - 1e-6 for v in (x, y))
    outside = any(v < -1e-6 or v > 1 + 1e-6 for v in (x, y))
    if inside:
        assert len(mixed) == 1
        assert torch.allclose(torch.stack([mixed[0][0][0], mixed[0][1][0]]), torch.stack([x, y]))
    elif outside:
        assert not mixed


def test_known_mixed_equilibria() -> None:
    battle = mixed_equilibria(BATTLE, f64([2, 0], [0, 3]))
    assert len(battle) == 3
    assert torch.allclose(battle[2].row, f64(0.6, 0.4))
    assert torch.allclose(battle[2].column, f64(0.4, 0.6))
    assert [e.row.max().item() for e in mixed_equilibria(SIDES, SIDES)] == [1, 1, 0.5]
    assert len(mixed_equilibria(DILEMMA, DILEMMA.mT)) == 1
    (only,) = mixed_equilibria(ROCK_PAPER_SCISSORS, -ROCK_PAPER_SCISSORS)
    assert torch.allclose(torch.stack(only), torch.full((2, 3), 1 / 3, dtype=torch.float64))


@pytest.mark.parametrize(("scale", "shift"), [(1e-8, 0.0), (1e8, 0.0), (1.0, 1e4)])
def test_units_do_not_matter(scale: float, shift: float) -> None:
    found = mixed_equilibria(scale * BATTLE + shift, scale * BATTLE.flip(0, 1) + shift)
    assert len(found) == 3
    assert torch.allclose(found[2].row, f64(0.6, 0.4), atol=1e-6)


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_each_player_has_a_unit_of_its_own(unit: float) -> None:
    # One wants to meet, the other to be alone: no pure equilibrium, whatever the units.
    (only,) = mixed_equilibria(f64([0, 1], [1, 0]), unit * f64([1, 0], [0, 1]))
    assert only.row.tolist() == only.column.tolist() == [0.5, 0.5]
    (other,) = mixed_equilibria(unit * f64([0, 1], [1, 0]), f64([1, 0], [0, 1]))
    assert other.row.tolist() == other.column.tolist() == [0.5, 0.5]


def test_a_strictly_dominated_action_is_never_played() -> None:
    found = mixed_equilibria(f64([1, 1], [1 + 1e-10, 1 + 1e-10]), f64([0, 1], [1, 0]))
    assert [e.row.tolist() for e in found] == [[0, 1]]


@pytest.mark.parametrize("small", [1e-13, 1e-40, 1e-300])
def test_small_probabilities_are_found(small: float) -> None:
    game = torch.diag(f64(1, small))
    found = mixed_equilibria(game, game)
    assert len(found) == 3
    assert found[2].row.tolist() == pytest.approx([small, 1], rel=1e-12, abs=0)


def test_a_probability_below_the_dtype_is_refused() -> None:
    game = torch.diag(torch.tensor([1e30, 1e-30]))
    with pytest.raises(ValueError, match=r"equilibria torch.float32 can hold, .* about 1e-60"):
        mixed_equilibria(game, game)


def test_gains_are_never_negative_and_know_no_offset(generator: torch.Generator) -> None:
    x = torch.randn(6, 3, generator=generator).softmax(1)  # sums of 1 + 1e-7
    y = torch.randn(6, 4, generator=generator).softmax(1)
    a = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    gains = deviation_gains(a, -a, x.double(), y.double())
    shifted = deviation_gains(a + 1e8, -a + 1e8, x.double(), y.double())
    for here, there in zip(gains, shifted):
        assert (here >= 0).all()
        assert torch.allclose(here, there, atol=1e-6)


def test_whole_and_mixed_payoffs() -> None:
    for one, other in ((PENNIES.long(), -PENNIES), (PENNIES, -PENNIES.long())):
        (only,) = mixed_equilibria(one, other)
        assert only.row.dtype == torch.float64
        assert deviation_gains(one, other, f64(1, 0), f64(1, 0)).column == 2
    with pytest.raises(ValueError, match=r"row_payoff and torch.float32, got \(2, 2\) and torch"):
        mixed_equilibria(PENNIES.float(), PENNIES)


def test_deviation_gains_by_hand_and_for_zero_sum(generator: torch.Generator) -> None:
    gains = deviation_gains(DILEMMA, DILEMMA.mT, f64([1, 0], [0, 1]), f64([1, 0], [1, 0]))
    assert gains.row.tolist() == [1, 0]
    assert gains.column.tolist() == [1, 1]
    a = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    x = torch.randn(6, 3, generator=generator, dtype=torch.float64).softmax(1)
    y = torch.randn(6, 4, generator=generator, dtype=torch.float64).softmax(1)
    assert torch.allclose(sum(deviation_gains(a, -a, x, y)), exploitability(a, x, y))


def test_dtype_follows_the_payoff() -> None:
    (only,) = mixed_equilibria(PENNIES.float(), -PENNIES.float())
    assert only.row.dtype == torch.float32
    (only,) = mixed_equilibria(PENNIES.long(), -PENNIES.long())
    assert only.row.dtype == torch.get_default_dtype()


def test_bad_games() -> None:
    with pytest.raises(ValueError, match=r"column_payoff: expected the shape \(2, 2\) of row"):
        pure_equilibria(PENNIES, f64([1, 2]))
    with pytest.raises(ValueError, match="row_payoff: expected finite numbers, got NaN"):
        mixed_equilibria(math.nan * PENNIES, PENNIES)
    with pytest.raises(ValueError, match=r"row_payoff: expected at most 8 actions each, got \(9,"):
        mixed_equilibria(torch.zeros(9, 2), torch.zeros(9, 2))
    with pytest.raises(ValueError, match="column_payoff: expected at least one action"):
        pure_equilibria(PENNIES, torch.zeros(0, 2))
    with pytest.raises(ValueError, match="row: expected a distribution over 2 actions, got 3"):
        deviation_gains(PENNIES, PENNIES, f64(1, 0, 0), f64(1, 0))


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    a, b = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    assert pure_equilibria(a.to(cuda), b.to(cuda)) == pure_equilibria(a, b)
    for there, here in zip(mixed_equilibria(a.to(cuda), b.to(cuda)), mixed_equilibria(a, b)):
        assert there.row.device.type == "cuda"
        assert torch.allclose(there.row.cpu(), here.row)
        gains = deviation_gains(a.to(cuda), b.to(cuda), *there)
        assert max(map(float, gains)) <= 1e-9
