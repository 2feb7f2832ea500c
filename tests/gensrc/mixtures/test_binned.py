import math

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gensrc.data import crabs
from gensrc.mixtures import Mixture, em
from gensrc.mixtures.binned import (
    BinnedResult,
    binned_log_likelihood,
    em_binned,
)
from gensrc.mixtures.truncated import bin_moments, bin_variances

Case = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
INF = math.inf


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def problem(seed: int, k: int, classes: int, opened: bool) -> Case:
    """A start of k components, and counts drawn from another mixture."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    edges = (0.05 + uniform(classes + 1)).cumsum(0)
    edges = 8 * (edges - edges[0]) / (edges[-1] - edges[0]) - 4
    if opened:
        edges[0], edges[-1] = -INF, INF
    counts = torch.floor(30 * uniform(classes))
    counts[classes // 2] += 5
    return uniform(k).softmax(0), 4 * uniform(k) - 2, 0.5 + uniform(k), edges, counts


problems = st.builds(
    problem,
    seed=st.integers(0, 10_000),
    k=st.integers(1, 3),
    classes=st.integers(2, 12),
    opened=st.booleans(),
)


def exact(low: float, high: float) -> tuple[float, float, float]:
    """log-probability, E[z] and E[z²] of N(0, 1) between two numbers, with 60 digits."""
    with mpmath.workdps(60):
        a, b = mpmath.mpf(low), mpmath.mpf(high)
        if b <= 0:
            log_mass, first, second = exact(-high, -low)
            return log_mass, -first, second
        mass = (mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2
        at_a, at_b = mpmath.npdf(a), mpmath.npdf(b)
        ends = (0 if mpmath.isinf(a) else a * at_a) - (0 if mpmath.isinf(b) else b * at_b)
        return float(mpmath.log(mass)), float((at_a - at_b) / mass), float(1 + ends / mass)


ENDS = [(-INF, INF), (-INF, -40), (-INF, 0), (-INF, 3), (0, INF), (-2, INF), (7, INF), (1e4, INF)]
SPANS = [
    (low, low + width)
    for low in (-1e4, -300, -38, -6, -1, -0.2, 0, 0.3, 5, 30, 37, 200, 1e4)
    for width in (0.1, 0.5, 1, 2, 20)
]


@pytest.mark.parametrize(("low", "high"), ENDS + SPANS)
def test_classes_anywhere_against_60_digits(low: float, high: float) -> None:
    found = bin_moments(f64(0), f64(1), f64(low, high))
    log_mass, first, second = exact(low, high)
    assert float(found.log_mass) == pytest.approx(log_mass, rel=1e-13, abs=1e-13)
    assert float(found.first) == pytest.approx(first, rel=1e-12, abs=1e-13)
    assert float(found.second) == pytest.approx(second, rel=1e-12)


WIDTHS = (1e-6, 0.1, 0.5, 1, 1.5, 2, 20, INF)


@pytest.mark.parametrize("low", [-1e4, -38, -6, -1.5, -1, -0.5, 0, 0.9, 1.4, 2, 5, 37, 1e4, 1e6])
@pytest.mark.parametrize("width", WIDTHS)
def test_variances_anywhere_against_80_digits(low: float, width: float) -> None:
    edges = f64(low, low + width)
    with mpmath.workdps(80):
        a, b = (mpmath.mpf(v) for v in edges.tolist())
        if b <= 0:
            a, b = -b, -a
        mass = (mpmath.erfc(a / mpmath.sqrt(2)) - mpmath.erfc(b / mpmath.sqrt(2))) / 2
        ends = [0 if mpmath.isinf(v) else v * mpmath.npdf(v) for v in (a, b)]
        first = (mpmath.npdf(a) - mpmath.npdf(b)) / mass
        variance = float(1 + (ends[0] - ends[1]) / mass - first**2)
    found = bin_variances(f64(0), f64(1), edges)
    assert float(found) == pytest.approx(variance, rel=1e-12, abs=0)


def test_variances_of_several_components_and_open_classes() -> None:
    edges = f64(-INF, -1, 0, 0.5, INF)
    means, stds = f64(0, 3), f64(1, 0.5)
    moments = bin_moments(means, stds, edges)
    found = bin_variances(means, stds, edges)
    assert torch.allclose(found, moments.second - moments.first**2, rtol=1e-6)
    mass = moments.log_mass.exp()
    between = (mass * moments.first**2).sum(0)
    assert torch.allclose((mass * found).sum(0) + between, f64(1, 1), rtol=1e-13)


def test_a_class_narrower_than_rounding_is_a_point() -> None:
    found = bin_moments(f64(-1e20), f64(1), f64(0, 1))
    assert float(found.log_mass) == -INF
    assert (float(found.first), float(found.second)) == (1e20, 1e40)


def test_a_component_beyond_rounding_keeps_its_place() -> None:
    *_, edges, counts = problem(2, 1, 6, False)
    start = (f64(0.5, 0.5), f64(0.0, 1e20), f64(1.0, 1.0))
    found = em_binned(*start, edges, counts, steps=5, tol=0)
    assert [float(part[1]) for part in found[:3]] == [0.0, 1e20, 1.0]
    assert math.isfinite(float(found.means[0]))


@given(st.floats(-50, 50), st.floats(-8, 1), st.floats(-100, 100), st.floats(0.01, 100))
def test_narrow_classes_lose_no_more_than_stated(
    low: float, log_width: float, mean: float, std: float
) -> None:
    width = 10.0**log_width
    edges = mean + std * f64(low, low + width)
    found = bin_moments(f64(mean), f64(std), edges)
    z = ((edges - mean) / std).tolist()
    # What the edges lost in rounding is not the function's doing.
    log_mass, first, _ = exact(z[0], z[1])
    allowed = 1e-14 * (10 + 1 / (z[1] - z[0])) * (1 + abs(low))
    assert float(found.log_mass) == pytest.approx(log_mass, abs=allowed, rel=1e-14)
    assert float(found.first) == pytest.approx(first, abs=allowed * (1 + abs(low)))


def test_masses_of_all_classes_sum_to_one() -> None:
    edges = torch.cat([f64(-INF), torch.linspace(-60, 60, 400).double(), f64(INF)])
    found = bin_moments(f64(0, 3, -20), f64(1, 0.5, 7), edges)
    mass = found.log_mass.exp()
    assert torch.allclose(mass.sum(0), f64(1, 1, 1), rtol=1e-13)
    assert torch.allclose((mass * found.first).sum(0), f64(0, 0, 0), atol=1e-12)
    assert torch.allclose((mass * found.second).sum(0), f64(1, 1, 1), rtol=1e-12)


# The crabs

TWO = (f64(0.4528, 0.5472), f64(0.63262, 0.65469), f64(0.01862, 0.01248))
ONE = (f64(1.0), f64(0.64470), f64(0.01905))
START = (f64(0.5, 0.5), f64(0.63, 0.66), f64(0.015, 0.015))


def fit(start: tuple[Tensor, Tensor, Tensor], **settings: float) -> BinnedResult:
    data = crabs()
    return em_binned(*start, data.edges, data.counts, **settings)  # type: ignore[arg-type]


def test_the_published_log_likelihoods_of_the_crabs() -> None:
    data = crabs()
    two, one = (float(binned_log_likelihood(*p, data.edges, data.counts)) for p in (TWO, ONE))
    assert two == pytest.approx(-2952.70, abs=0.005)
    assert one == pytest.approx(-2979.06, abs=0.005)
    assert 2 * (two - one) == pytest.approx(52.7, abs=0.05)


def test_only_with_both_end_classes_open() -> None:
    data = crabs()
    for shut in ([0], [-1], [0, -1]):
        edges = data.edges.clone()
        edges[shut] = f64(*(0.5795 if end == 0 else 0.6955 for end in shut))
        closed = float(binned_log_likelihood(*TWO, edges, data.counts))
        assert closed < -2953.1


def test_em_finds_the_published_fit_of_the_crabs() -> None:
    found = fit(START)
    assert found.converged
    assert found.weights.tolist() == pytest.approx([0.4528, 0.5472], abs=5e-5)
    assert found.means.tolist() == pytest.approx([0.63262, 0.65469], abs=5e-6)
    assert found.stds.tolist() == pytest.approx([0.01862, 0.01248], abs=5e-6)
    assert float(found.log_likelihoods[-1]) == pytest.approx(-2952.70, abs=0.005)
    one = fit((f64(1.0), f64(0.6), f64(0.1)))
    assert [float(p) for p in one[1:3]] == pytest.approx([0.64470, 0.01905], abs=5e-6)
    assert float(one.log_likelihoods[-1]) == pytest.approx(-2979.06, abs=0.005)


def test_em_stops_where_the_gradient_vanishes() -> None:
    data = crabs()
    found = fit(START, steps=2500, tol=0)
    assert not found.converged
    assert len(found.log_likelihoods) == 2500
    logits, means, logs = (
        part.requires_grad_()
        for part in (found.weights.log(), found.means.clone(), found.stds.log())
    )
    binned_log_likelihood(logits.softmax(0), means, logs.exp(), data.edges, data.counts).backward()
    for part, scale in ((logits, 1.0), (means, 0.0186), (logs, 1.0)):
        assert part.grad is not None
        assert float((part.grad * scale).abs().max()) < 1e-6


# EM


def slow_step(case: Case) -> tuple[list[float], list[float], list[float]]:
    """One step, its integrals done by quadrature of the definition."""
    weights, means, stds, edges, counts = (part.tolist() for part in case)
    components = range(len(weights))
    sums = [[0.0] * 3 for _ in components]
    for low, high, count in zip(edges, edges[1:], counts):
        parts = []
        for w, m, s in zip(weights, means, stds):
            ends = [max(low, m - 12 * s), min(high, m + 12 * s)]
            parts.append(
                [
                    w * float(mpmath.quad(lambda x: x**j * mpmath.npdf(x, m, s), [*ends]))  # noqa: B023
                    for j in range(3)
                ]
            )
        mass = sum(part[0] for part in parts)
        for k in components:
            for j in range(3):
                sums[k][j] += count * parts[k][j] / mass
    found_means = [row[1] / row[0] for row in sums]
    variances = [row[2] / row[0] - m**2 for row, m in zip(sums, found_means)]
    return [row[0] / sum(counts) for row in sums], found_means, [v**0.5 for v in variances]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("opened", [False, True])
def test_a_step_is_what_quadrature_gives(seed: int, opened: bool) -> None:
    case = problem(seed, 2, 4, opened)
    found = em_binned(*case, steps=1)
    for part, slow in zip(found, slow_step(case)):
        assert isinstance(part, Tensor)
        assert part.tolist() == pytest.approx(slow, rel=1e-8)
    assert torch.equal(found.log_likelihoods[0], binned_log_likelihood(*case))


@given(problems)
def test_likelihood_never_falls(case: Case) -> None:
    history = em_binned(*case, steps=40, tol=0).log_likelihoods
    assert bool((history.diff() >= -1e-10 * history.abs().max()).all())


@given(problems)
def test_renaming_components_changes_nothing_else(case: Case) -> None:
    *start, edges, counts = case
    a = em_binned(*case, steps=5, tol=0)
    b = em_binned(*(part.flip(0) for part in start), edges, counts, steps=5, tol=0)
    assert torch.allclose(a.log_likelihoods, b.log_likelihoods, rtol=1e-12)
    assert torch.allclose(a.means, b.means.flip(0), rtol=1e-9, atol=1e-9)


@given(problems, st.floats(0.01, 100), st.floats(-100, 100), st.booleans())
def test_em_moves_with_unit_origin_and_direction(
    case: Case, unit: float, origin: float, mirror: bool
) -> None:
    weights, means, stds, edges, counts = case
    sign = -1 if mirror else 1
    moved_edges = origin + sign * unit * edges
    if mirror:
        moved_edges, counts_there = moved_edges.flip(0), counts.flip(0)
    else:
        counts_there = counts
    a = em_binned(*case, steps=3, tol=0)
    b = em_binned(
        weights, origin + sign * unit * means, unit * stds, moved_edges, counts_there,
        steps=3, tol=0,
    )  # fmt: skip
    assert torch.allclose(a.log_likelihoods, b.log_likelihoods, rtol=1e-9)
    assert torch.allclose(origin + sign * unit * a.means, b.means, rtol=1e-6, atol=1e-6 * unit)
    assert torch.allclose(unit * a.stds, b.stds, rtol=1e-6)


def test_fine_classes_lead_to_em_on_the_points() -> None:
    x = torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = x.sort().values
    width = min(1e-4, float(x.diff().min()) / 3)
    edges = torch.cat(
        [f64(-INF), torch.stack([x - width / 2, x + width / 2], 1).flatten(), f64(INF)]
    )
    counts = torch.zeros(len(edges) - 1, dtype=torch.float64)
    counts[1::2] = 1
    start = (f64(0.4, 0.6), f64(-1, 1), f64(1, 0.8))
    binned = em_binned(*start, edges, counts, steps=10, tol=0)
    variances = (start[2] ** 2).reshape(2, 1, 1)
    points = em(Mixture(start[0], start[1][:, None], variances), x[:, None], steps=10, tol=0)
    assert torch.allclose(binned.weights, points.mixture.weights, rtol=1e-6)
    assert torch.allclose(binned.means, points.mixture.means[:, 0], rtol=1e-6)
    assert torch.allclose(binned.stds**2, points.mixture.covariances.flatten(), rtol=1e-6)
    density = points.log_likelihoods + len(x) * math.log(width)
    assert torch.allclose(binned.log_likelihoods, density, rtol=1e-8)


def test_a_batch_of_tables_is_a_loop_over_them() -> None:
    cases = [problem(seed, 2, 6, True) for seed in range(5)]
    edges = cases[0][3]
    start, counts = cases[0][:3], torch.stack([case[4] for case in cases])
    batch = em_binned(*start, edges, counts, steps=30, tol=0)
    assert batch.log_likelihoods.shape == (30, 5)
    for i, case in enumerate(cases):
        one = em_binned(*start, edges, case[4], steps=30, tol=0)
        assert torch.allclose(batch.means[i], one.means, rtol=1e-12)
        assert torch.allclose(batch.log_likelihoods[:, i], one.log_likelihoods, rtol=1e-13)
    likelihoods = binned_log_likelihood(batch.weights, batch.means, batch.stds, edges, counts)
    assert bool((likelihoods >= batch.log_likelihoods[-1] - 1e-9).all())


def test_whole_counts_may_be_integers() -> None:
    *start, edges, counts = problem(1, 2, 5, True)
    a = em_binned(*start, edges, counts, steps=3)
    b = em_binned(*start, edges, counts.long(), steps=3)
    assert torch.equal(a.means, b.means)


def test_a_component_out_of_reach_keeps_its_place() -> None:
    *_, edges, counts = problem(2, 1, 6, False)
    start = (f64(0.5, 0.5), f64(0.0, 1e5), f64(1.0, 1.0))
    found = em_binned(*start, edges, counts, steps=5, tol=0)
    assert [float(part[1]) for part in found[:3]] == [0.0, 1e5, 1.0]
    alone = em_binned(f64(1.0), f64(0.0), f64(1.0), edges, counts, steps=5, tol=0)
    assert torch.allclose(found.means[:1], alone.means, rtol=1e-12)


def test_a_start_far_from_every_class() -> None:
    *_, edges, counts = problem(3, 1, 6, True)
    for away in (1e2, 1e3, 1e4, -1e5):
        found = em_binned(f64(1.0), f64(away), f64(1.0), edges, counts, steps=2000, tol=1e-12)
        near = em_binned(f64(1.0), f64(0.0), f64(1.0), edges, counts, steps=2000, tol=1e-12)
        assert float(found.log_likelihoods[-1]) == pytest.approx(
            float(near.log_likelihoods[-1]), abs=1e-6
        )


@pytest.mark.parametrize("away", [1e3, 1e5, 1e6, -1e7])
def test_rounding_does_not_make_a_variance_vanish(away: float) -> None:
    # One occupied class, so far away that E[z²] − E[z]² is all rounding.
    found = em_binned(f64(1.0), f64(away), f64(1.0), f64(0, 1, 2), f64(0, 5), steps=50, tol=0)
    assert 1 < float(found.means) < 2
    assert float(found.stds) > 0
    assert -0.01 < float(found.log_likelihoods[-1]) <= 0


def test_cuda_agrees(cuda: torch.device) -> None:
    case = problem(4, 2, 8, True)
    here = em_binned(*case, steps=50, tol=0)
    there = em_binned(*(part.to(cuda) for part in case), steps=50, tol=0)
    assert there.means.device.type == "cuda"
    assert torch.allclose(there.means.cpu(), here.means, rtol=1e-9)


# Bad input

GOOD = dict(zip(("weights", "means", "stds", "edges", "counts"), problem(0, 2, 3, False)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": f64(0.5, 0.6)}, "weights: expected none negative and sum 1"),
        ({"weights": f64(1.5, -0.5)}, "weights: expected none negative and sum 1"),
        ({"weights": f64(math.nan, 1)}, "weights: expected none negative and sum 1"),
        ({"weights": f64(1.0)}, "weights, means, stds: expected one shape"),
        ({"means": f64(0.0, INF)}, "means, stds: expected finite"),
        ({"stds": f64(0.0, 1.0)}, "means, stds: expected finite"),
        ({"stds": f64(-1.0, 1.0)}, "means, stds: expected finite"),
        ({"stds": f64(1.0, 1.0).float()}, "weights, means, stds: expected the dtype"),
        ({"edges": f64(0, 1, 1, 2)}, "edges: expected increasing"),
        ({"edges": f64(0, 2, 1, 3)}, "edges: expected increasing"),
        ({"edges": f64(0, 1, math.nan, 3)}, "edges: expected increasing"),
        ({"edges": f64(-INF, -INF, 1, 3)}, "edges: expected increasing"),
        ({"edges": torch.tensor([0, 1, 2, 3])}, "edges: expected a float32 or float64"),
        ({"edges": f64(0)}, "edges: expected a float32 or float64"),
        ({"counts": f64(1, 2)}, "counts: expected one for each of the 3 classes"),
        ({"counts": f64(1, -1, 2)}, "counts: expected finite numbers, none negative"),
        ({"counts": f64(1, math.nan, 2)}, "counts: expected finite numbers, none negative"),
        ({"counts": f64(0, 0, 0)}, "counts: expected finite numbers, none negative"),
        ({"edges": f64(0, 1e-320, 1, 2), "counts": f64(1, 1, 1)}, "occupied class of probability"),
    ],
)
def test_bad_input(change: dict[str, Tensor], message: str) -> None:
    case = GOOD | change
    for use in (binned_log_likelihood, em_binned):
        with pytest.raises(ValueError, match=message):
            use(**case)


@pytest.mark.parametrize("setting", [{"steps": 0}, {"tol": -1.0}, {"tol": math.nan}])
def test_bad_settings(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="steps, tol: expected"):
        em_binned(**GOOD, **setting)  # type: ignore[arg-type]


def test_bad_classes_of_bin_moments() -> None:
    for edges, std in ((f64(1, 0), 1.0), (f64(0, 1), 0.0), (f64(0, 1), math.nan)):
        with pytest.raises(ValueError, match="edges, stds: expected"):
            bin_moments(f64(0), f64(std), edges)


@pytest.mark.parametrize(
    ("means", "stds"),
    [(f64(0, 1), f64(1)), (f64(math.nan), f64(1)), (f64(INF), f64(1)), (f64(0), f64(INF))],
)
def test_bad_components_of_bin_moments(means: Tensor, stds: Tensor) -> None:
    for use in (bin_moments, bin_variances):
        with pytest.raises(ValueError, match="means, stds: expected"):
            use(means, stds, f64(0, 1))
