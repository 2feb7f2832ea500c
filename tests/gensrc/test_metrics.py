import itertools
import math

import pytest
import torch
from scipy.stats import fisher_exact, kstest
from torch import Tensor

from gensrc.data import ring, ring_modes
from gensrc.metrics import classifier_two_sample_test, modes_covered


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Modes


def test_modes_covered_is_the_plain_loop() -> None:
    samples = torch.randn(300, 2, generator=seeded()) * 2
    modes = ring_modes(8)
    counts = [0] * 8
    for x in samples.tolist():
        distances = [math.dist(x, m) for m in modes.tolist()]
        if min(distances) <= 0.5:
            counts[distances.index(min(distances))] += 1
    result = modes_covered(samples, modes, radius=0.5, at_least=4)
    assert result.counts.tolist() == counts
    assert result.covered == sum(c >= 4 for c in counts)
    assert 0 < result.covered < 8  # so that the threshold was tried on both sides
    assert result.high_quality == sum(counts) / 300


def test_a_true_ring_covers_its_modes() -> None:
    # Within 3 standard deviations lie 1 - exp(-9/2) = 98.9% of a round normal distribution.
    samples, n = ring(20_000, generator=seeded()), 20_000
    result = modes_covered(samples, ring_modes(), radius=3 * 0.02)
    assert result.covered == 8
    expected = 1 - math.exp(-4.5)
    assert abs(result.high_quality - expected) <= 4 * math.sqrt(expected * (1 - expected) / n)


def test_a_collapsed_generator_covers_one_mode() -> None:
    samples = ring_modes()[:1] + 0.01 * torch.randn(500, 2, generator=seeded())
    result = modes_covered(samples, ring_modes(), radius=0.06)
    assert result.covered == 1
    assert result.counts[1:].sum() == 0


def test_distances_do_not_lose_digits() -> None:
    # Far from the origin |a|² - 2ab + |b|² has no digit left for a distance of 0.1.
    modes = ring_modes(40).double() + 1e8
    result = modes_covered(modes + 0.1, modes, radius=0.15)
    assert result.counts.tolist() == [1] * 40
    assert modes_covered(modes + 0.1, modes, radius=0.14).covered == 0


@pytest.mark.parametrize(
    ("samples", "modes", "radius", "message"),
    [
        (
            torch.zeros(3, 2),
            torch.zeros(4, 3),
            1.0,
            "modes: expected 2 coordinates, as in samples, g",
        ),
        (
            torch.zeros(0, 2),
            torch.zeros(4, 2),
            1.0,
            r"samples: expected shape \(n, d\), n >= 1, got",
        ),
        (torch.zeros(3), torch.zeros(4, 2), 1.0, r"samples: expected shape \(n, d\)"),
        (torch.full((3, 2), math.nan), torch.zeros(4, 2), 1.0, "samples: expected finite numbers"),
        (torch.zeros(3, 2), torch.zeros(4, 2), 0.0, "radius: expected a positive number, got 0.0"),
        (torch.zeros(3, 2), torch.zeros(4, 2), math.nan, "radius: expected a positive number"),
    ],
)
def test_bad_modes(samples: Tensor, modes: Tensor, radius: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        modes_covered(samples, modes, radius=radius)


def test_radii_whose_squares_vanish_or_overflow() -> None:
    for size in (1e-200, 1e-300, 1e200, 1e300):
        modes = size * torch.tensor([[0.0, 0.0], [100.0, 0.0]], dtype=torch.float64)
        samples = size * torch.tensor([[0.0, 0.9], [0.0, 3.0], [99.5, 0.0]], dtype=torch.float64)
        assert modes_covered(samples, modes, radius=size).counts.tolist() == [1, 1]


def test_numbers_that_make_no_coverage() -> None:
    with pytest.raises(ValueError, match="radius: expected a positive number, got inf"):
        modes_covered(torch.zeros(1, 2), torch.zeros(1, 2), radius=math.inf)
    with pytest.raises(ValueError, match="at_least: expected at least 1, got 0"):
        modes_covered(torch.zeros(1, 2), torch.zeros(1, 2), radius=1.0, at_least=0)
    with pytest.raises(ValueError, match=r"modes: expected torch\.float32, got torch\.float64"):
        modes_covered(torch.zeros(1, 2), torch.zeros(1, 2).double(), radius=1.0)
    with pytest.raises(ValueError, match=r"samples: expected a floating-point tensor, got torch"):
        modes_covered(torch.zeros(1, 2).long(), torch.zeros(1, 2), radius=1.0)


# The classifier two-sample test


def test_a_tie_between_the_samples_is_no_call() -> None:
    # All 9 training points are neighbours, 3 of them from x: its share, and no more.
    x, y = torch.zeros(6, 1), torch.zeros(12, 1)
    result = classifier_two_sample_test(x, y, generator=seeded(), neighbours=9)
    assert result.accuracy == pytest.approx(6 / 9)
    assert result.p_value == 1


def test_distant_clusters_keep_their_small_differences() -> None:
    # |a|^2 - 2ab + |b|^2 has no digit left for a distance of 0.1 between points near 1e8.
    side = torch.tensor([-1e8, 1e8], dtype=torch.float64).repeat(100)[:, None].expand(200, 30)
    result = classifier_two_sample_test(side, side + 0.1, generator=seeded(), neighbours=1)
    assert result.accuracy == 1
    assert result.p_value < 1e-20


@pytest.mark.parametrize("size", [1e-300, 1e200, 1e307])
def test_units_of_the_samples_do_not_matter(size: float) -> None:
    x, y = torch.randn(2, 60, 3, generator=seeded(), dtype=torch.float64)
    here = classifier_two_sample_test(x, y + 1, generator=seeded())
    assert classifier_two_sample_test(size * x, size * (y + 1), generator=seeded()) == here


def test_images_of_other_shapes_are_not_flattened_into_each_other() -> None:
    with pytest.raises(ValueError, match=r"y: expected examples of shape \(2, 3\), as in x, got"):
        classifier_two_sample_test(torch.zeros(9, 2, 3), torch.zeros(9, 3, 2), generator=seeded())


def p_values(shift: float, repetitions: int, n: int = 400, m: int = 400) -> list[float]:
    values = []
    for seed in range(repetitions):
        g = seeded(seed)
        x, y = torch.randn(n, 2, generator=g), torch.randn(m, 2, generator=g) + shift
        values.append(classifier_two_sample_test(x, y, generator=g).p_value)
    return values


@pytest.mark.parametrize("sizes", [(400, 400), (500, 300)])
def test_p_values_are_uniform_when_nothing_differs(sizes: tuple[int, int]) -> None:
    values = p_values(0.0, 400, *sizes)
    # Exact at every level: a share of at most a below a, up to 3.3 standard deviations.
    for a in (0.01, 0.05, 0.1, 0.25, 0.5):
        share = sum(v <= a for v in values) / len(values)
        assert share <= a + 3.3 * math.sqrt(a * (1 - a) / len(values))
    # And not far below: a p-value is one of about 40 likely numbers, so it is nearly uniform.
    assert kstest(values, "uniform").pvalue > 1e-3


def test_power_grows_with_the_difference() -> None:
    rejected = [sum(p <= 0.05 for p in p_values(shift, 60)) / 60 for shift in (0.0, 0.25, 0.5, 1.0)]
    assert rejected[0] <= 0.2
    assert rejected[0] < rejected[1] < rejected[2]
    assert rejected[2] >= 0.9
    assert rejected[3] == 1


def test_notices_a_missing_mode_and_another_spread() -> None:
    g = seeded()
    x, y = ring(3000, generator=g), ring(2000, generator=g)
    seven = x[(x - ring_modes()[0]).norm(dim=1) > 1][:2000]
    # Largest p-value over twenty seeds: 1.4e-4 without a mode, 1.5e-64 at twice the spread.
    mass = classifier_two_sample_test(seven, y, generator=g, neighbours=101)
    assert mass.p_value < 1e-3
    wide = ring(2000, std=0.04, generator=g)
    assert classifier_two_sample_test(wide, y, generator=g).p_value < 1e-40


def test_accuracy_is_that_of_the_best_classifier_on_two_normals() -> None:
    # The best accuracy for N(0, 1) and N(2, 1) is Phi(1) = 0.841.
    g = seeded()
    x, y = torch.randn(8000, 1, generator=g), torch.randn(8000, 1, generator=g) + 2
    accuracy = classifier_two_sample_test(x, y, generator=g).accuracy
    assert accuracy == pytest.approx(0.8413, abs=0.015)


def test_p_value_is_fishers_and_exact_by_enumeration() -> None:
    # Four held-out examples a side, called by hand: k = 1, points on a line. With
    # the classifier fixed, permute the held-out labels in all (8 over 4) ways.
    x, y = torch.tensor([[0.0], [1], [2], [3], [10], [11], [12], [13]]), torch.arange(8.0)[:, None]
    result = classifier_two_sample_test(x, y + 6.4, generator=seeded(1), neighbours=1)

    g = seeded(1)
    order_x, order_y = torch.randperm(8, generator=g), torch.randperm(8, generator=g)
    train_x, test_x = x[order_x].tensor_split(2)
    train_y, test_y = (y + 6.4)[order_y].tensor_split(2)
    held_out = torch.cat([test_x, test_y])
    calls = (held_out - train_x.T).abs().amin(1) < (held_out - train_y.T).abs().amin(1)
    hits = int(calls[:4].sum())
    assert result.accuracy == (hits + 4 - int(calls[4:].sum())) / 8
    at_least = [
        int(calls[list(chosen)].sum()) >= hits for chosen in itertools.combinations(range(8), 4)
    ]
    assert result.p_value == pytest.approx(sum(at_least) / 70, rel=1e-12)
    table = [[hits, 4 - hits], [int(calls[4:].sum()), 4 - int(calls[4:].sum())]]
    assert result.p_value == pytest.approx(fisher_exact(table, "greater").pvalue, rel=1e-12)
    assert 0 < result.p_value < 1


def test_same_generator_same_result_and_images_are_flattened() -> None:
    x, y = torch.rand(60, 4, 4, generator=seeded()), torch.rand(60, 4, 4, generator=seeded(1))
    first = classifier_two_sample_test(x, y, generator=seeded(2))
    assert first == classifier_two_sample_test(x.flatten(1), y.flatten(1), generator=seeded(2))


def test_far_from_the_origin_nothing_changes() -> None:
    x, y = torch.randn(2, 200, 2, generator=seeded(), dtype=torch.float64)
    here = classifier_two_sample_test(x, y + 0.3, generator=seeded())
    assert classifier_two_sample_test(x + 1e8, y + 0.3 + 1e8, generator=seeded()) == here


def test_many_examples_are_taken_in_parts() -> None:
    x = torch.randn(5000, 1, generator=seeded())
    result = classifier_two_sample_test(x[:2500], x[2500:] + 10, generator=seeded())
    assert result.accuracy == 1
    assert 0 <= result.p_value < 1e-300


def test_identical_points_are_no_evidence() -> None:
    result = classifier_two_sample_test(torch.zeros(40, 1), torch.zeros(40, 1), generator=seeded())
    assert result == (0.5, 1.0)


@pytest.mark.parametrize(
    ("x", "y", "neighbours", "message"),
    [
        (
            torch.zeros(9, 2),
            torch.zeros(9, 3),
            None,
            r"y: expected examples of shape \(2,\), as in",
        ),
        (
            torch.zeros(3, 2),
            torch.zeros(9, 2),
            None,
            "expected at least 4 examples each, got 3 and 9",
        ),
        (
            torch.full((9, 2), math.inf),
            torch.zeros(9, 2),
            None,
            "x: expected finite numbers, got N",
        ),
        (torch.zeros(9, 2), torch.zeros(9, 2), 0, "neighbours: expected 1 to 10, got 0"),
        (torch.zeros(9, 2), torch.zeros(9, 2), 11, "neighbours: expected 1 to 10, got 11"),
        (
            torch.zeros(9),
            torch.zeros(9),
            None,
            r"x: expected shape \(n, d\), n >= 1, got \(9,\)",
        ),
    ],
)
def test_bad_samples(x: Tensor, y: Tensor, neighbours: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier_two_sample_test(x, y, generator=seeded(), neighbours=neighbours)


def test_cuda_agrees(cuda: torch.device) -> None:
    x, y = torch.randn(2, 200, 2, generator=seeded(), dtype=torch.float64)
    here = classifier_two_sample_test(x, y + 0.3, generator=seeded())
    assert classifier_two_sample_test(x.to(cuda), y.to(cuda) + 0.3, generator=seeded()) == here
    there = modes_covered(x.to(cuda), ring_modes().double().to(cuda), radius=0.5)
    assert (
        there.counts.tolist() == modes_covered(x, ring_modes().double(), radius=0.5).counts.tolist()
    )
