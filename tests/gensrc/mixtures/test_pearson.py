import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gensrc.data import crabs
from gensrc.mixtures.pearson import central_moments, pearson_moments

Pair = tuple[list[float], list[float], list[float]]
pairs = st.tuples(
    st.floats(0.1, 0.9), st.floats(-5, 5), st.floats(0.5, 6), st.floats(0.4, 2), st.floats(0.4, 2)
).map(lambda v: ([v[0], 1 - v[0]], [v[1], v[1] + v[2]], [v[3], v[4]]))


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def exact_moments(pair: Pair) -> Tensor:
    """Mean and central moments 2 to 6 of two normal components, in rational arithmetic."""
    weights, means, stds = ([Fraction(v) for v in row] for row in pair)
    weights = [w / sum(weights) for w in weights]
    mean = sum(w * m for w, m in zip(weights, means))
    normal = [1, 0, 1, 0, 3, 0, 15]  # moments of N(0, 1)
    central = [
        sum(
            w * math.comb(j, i) * (m - mean) ** (j - i) * s**i * normal[i]
            for w, m, s in zip(weights, means, stds)
            for i in range(j + 1)
        )
        for j in range(2, 7)
    ]
    return f64(float(mean), *map(float, central))


@given(pairs)
def test_exact_moments_give_the_parameters_back(pair: Pair) -> None:
    moments = exact_moments(pair)
    found = pearson_moments(moments)
    gaps = torch.stack(
        [
            (part - f64(*row)).abs().amax(1)
            for part, row in zip((found.weights, found.means, found.stds), pair)
        ]
    ).amax(0)
    nearest = int(gaps.argmin())
    assert float(gaps[nearest]) < 1e-8
    assert float(found.sixth[nearest]) == pytest.approx(float(moments[5]), rel=1e-8)


@given(pairs)
def test_every_solution_has_the_moments(pair: Pair) -> None:
    moments = exact_moments(pair)
    for row in zip(*pearson_moments(moments)):
        weights, means, stds, sixth = (part.tolist() for part in row)
        back = exact_moments((weights, means, stds))
        scale = moments[1].sqrt() ** f64(1, 2, 3, 4, 5, 6)
        assert float(((back - moments) / scale)[:5].abs().max()) < 1e-6
        assert sixth == pytest.approx(float(back[5]), rel=1e-9)
        assert means[0] < means[1]


def test_the_symmetric_mixture_has_a_root_that_solves_nothing() -> None:
    # N(-1, 1) and N(1, 1): the nonic also vanishes, doubly, where N = D = 0.
    found = pearson_moments(f64(0, 2, 0, 10, 0))
    assert torch.allclose(found.means, f64(-1, 1)[None])
    assert torch.allclose(found.stds, f64(1, 1)[None])
    assert found.sixth.tolist() == pytest.approx([76.0])


def test_a_single_normal_has_no_admissible_root() -> None:
    found = pearson_moments(f64(0, 1, 0, 3, 0))
    assert [tuple(part.shape) for part in found] == [(0, 2), (0, 2), (0, 2), (0,)]


def sheppard(m: Tensor, width: float) -> Tensor:
    """Central moments corrected for the width of the classes."""
    h = width**2
    return torch.stack(
        [
            m[0],
            m[1] - h / 12,
            m[2],
            m[3] - h * m[1] / 2 + 7 * h**2 / 240,
            m[4] - 5 * h * m[2] / 6,
            m[5] - 5 * h * m[3] / 4 + 7 * h**2 * m[1] / 16 - 31 * h**3 / 1344,
        ]
    )


@pytest.mark.parametrize("corrected", [False, True])
def test_pearsons_two_solutions_for_the_crabs(corrected: bool) -> None:
    data = crabs()
    moments = central_moments(data.midpoints, data.counts)
    if corrected:
        moments = sheppard(moments, 0.004)
    found = pearson_moments(moments)
    assert found.weights.tolist() == [
        pytest.approx([0.424, 0.576], abs=5e-4),
        pytest.approx([0.533, 0.467], abs=5e-4),
    ]
    assert found.means[0].tolist() == pytest.approx([0.6311, 0.6547], abs=5e-5)
    gaps = (found.sixth - moments[5]).abs()
    assert int(gaps.argmin()) == 0  # the sixth moment picks the first


@given(pairs, st.floats(0.01, 100), st.floats(-10, 10))
def test_solutions_move_with_unit_and_origin(pair: Pair, unit: float, origin: float) -> None:
    moments = exact_moments(pair)
    scaled = moments * unit ** torch.arange(1, 7).double()
    scaled[0] = origin + unit * moments[0]
    a, b = pearson_moments(moments), pearson_moments(scaled)
    assert a.weights.shape == b.weights.shape
    assert torch.allclose(a.weights, b.weights, atol=1e-6)
    assert torch.allclose(origin + unit * a.means, b.means, atol=1e-5 * unit)
    assert torch.allclose(unit * a.stds, b.stds, atol=1e-5 * unit)


def test_central_moments_of_counts_are_those_of_repeated_values() -> None:
    values, counts = f64(1, 2, 4, 8), torch.tensor([3, 0, 2, 1])
    x = values.repeat_interleave(counts)
    expected = [float(((x - x.mean()) ** j).mean()) for j in range(2, 7)]
    assert central_moments(values, counts).tolist() == pytest.approx([float(x.mean()), *expected])
    assert torch.allclose(central_moments(x), central_moments(values, counts))


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        (f64(0, 1, 0, 3), "expected .* got"),
        (torch.tensor([0, 1, 0, 3, 0]), "moments: expected"),
        (f64(0, 0, 0, 3, 0), "M2 > 0"),
        (f64(0, -1, 0, 3, 0), "M2 > 0"),
        (f64(0, 1, math.nan, 3, 0), "finite"),
    ],
)
def test_bad_moments(moments: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pearson_moments(moments)


def test_equal_means_are_not_found() -> None:
    # ½N(0, 1) + ½N(0, 4), as the docstring says
    assert len(pearson_moments(f64(0, 2.5, 0, 25.5, 0)).weights) == 0


@pytest.mark.parametrize("unit", [1e-100, 1e100])
def test_moments_whose_powers_leave_the_numbers(unit: float) -> None:
    with pytest.raises(ValueError, match="moments: expected a standard deviation"):
        pearson_moments(f64(0, 5 * unit**2, 0, 0, 0))
    with pytest.raises(ValueError, match="values: expected a spread"):
        central_moments(f64(0, 1, 3) * unit)


@pytest.mark.parametrize("unit", [1e-9, 1e8])
def test_single_precision_values_whose_sixth_power_leaves_the_numbers(unit: float) -> None:
    values = torch.tensor([0.0, 1.0, 3.0]) * unit
    with pytest.raises(ValueError, match="values: expected a spread"):
        central_moments(values)
    assert central_moments(torch.full((3,), unit)).tolist()[1:] == [0.0] * 5


@pytest.mark.parametrize(
    ("values", "counts", "message"),
    [
        (f64(1, math.nan), None, "values: expected finite"),
        (torch.tensor([1, 2]), None, "values: expected finite floating-point"),
        (f64(1, 2)[:, None], None, "values: expected"),
        (f64(1, 2), f64(1), "counts: expected shape"),
        (f64(1, 2), f64(1, -1), "counts: expected shape"),
        (f64(1, 2), f64(0, 0), "counts: expected shape"),
        (f64(1, 2), f64(1, math.nan), "counts: expected shape"),
        (f64(1, 2), f64(1, math.inf), "counts: expected shape"),
    ],
)
def test_bad_values(values: Tensor, counts: Tensor | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        central_moments(values, counts)
