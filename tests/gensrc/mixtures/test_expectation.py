"""The fast way of EM against the two functions that say what it must give."""

import math

import pytest
import torch
from torch import Tensor

from gensrc.mixtures import Mixture, expectation, m_step, responsibilities
from gensrc.mixtures.expectation import Accumulator, ExpectationPass, Features, Moments, Whitened

BOTH = [Features, Whitened]
Kind = type[Features] | type[Whitened]


def f64(*values: float | list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def problem(n: int, d: int, k: int, *, narrow: float = 1.0) -> tuple[Mixture, Tensor]:
    """Clusters a few units apart, each ``narrow`` wide, and a start near them."""
    generator = torch.Generator().manual_seed(d)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    centres = 3 * normal(k, d)
    x = 7 + centres[torch.randint(k, (n,), generator=generator)] + narrow * normal(n, d)
    spread = normal(k, d, d) / d**0.5
    covariances = narrow**2 * (spread @ spread.mT + torch.eye(d, dtype=torch.float64))
    return Mixture(normal(k).softmax(0), 7 + centres + 0.3 * narrow * normal(k, d), covariances), x


def run(sweep: ExpectationPass, mixture: Mixture, kind: Kind) -> tuple[Tensor, Moments]:
    factors = torch.linalg.cholesky(mixture.covariances)
    way: Accumulator = kind(mixture.weights, mixture.means - sweep.centre, factors)
    log_likelihood, found = sweep._run(way)
    return log_likelihood, found._replace(means=found.means + sweep.centre)


def error(found: Moments, mixture: Mixture, x: Tensor) -> float:
    """Largest error, in units of the true means' distance from 0 and of the covariances."""
    truth = m_step(x, responsibilities(mixture, x), floor=1e-30)
    scale = truth.covariances.diagonal(dim1=1, dim2=2)
    gaps = (
        found.counts / len(x) - truth.weights,
        (found.means - truth.means) / truth.means.abs().max(),
        (found.covariances - truth.covariances) / scale.amax(1)[:, None, None],
    )
    return max(float(gap.abs().max()) for gap in gaps)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 15, 16, 17, 24, 33, 40])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_pass_is_an_e_step_and_an_m_step(
    kind: Kind, threads: int, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    mixture, x = problem(300, d, 3)
    log_likelihood, found = run(ExpectationPass(x), mixture, kind)
    assert error(found, mixture, x) < 1e-12
    assert float(log_likelihood) == pytest.approx(float(mixture.log_prob(x).sum()), rel=1e-13)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("n", [1, 63, 64, 65, 129, 191, 192, 193, 640])
@pytest.mark.parametrize("threads", [1, 3])
def test_blocks_of_every_length(
    kind: Kind, threads: int, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(expectation._BLOCK, "cpu", 1)  # parts of 64 examples, the least
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    mixture, x = problem(max(n, 2), 3, 2)
    x = x[:n]
    log_likelihood, found = run(ExpectationPass(x), mixture, kind)
    resp = responsibilities(mixture, x)
    assert torch.allclose(found.counts, resp.sum(0), rtol=1e-12)
    assert torch.allclose(found.means, (resp.T @ x) / resp.sum(0)[:, None], rtol=1e-12)
    assert float(log_likelihood) == pytest.approx(float(mixture.log_prob(x).sum()), rel=1e-13)


def test_narrow_components_are_left_to_whitening() -> None:
    mixture, x = problem(300, 3, 3, narrow=1e-6)
    sweep = ExpectationPass(x)
    assert error(run(sweep, mixture, Features)[1], mixture, x) > 1e-6  # what is being avoided
    assert error(run(sweep, mixture, Whitened)[1], mixture, x) < 1e-9
    assert error(sweep(*mixture)[1], mixture, x) < 1e-9


def test_a_wide_start_that_narrows_at_once_is_left_to_whitening() -> None:
    mixture, x = problem(300, 3, 2, narrow=1e-6)
    wide = mixture._replace(covariances=torch.eye(3, dtype=torch.float64).repeat(2, 1, 1) / 4)
    sweep = ExpectationPass(x)
    factors = torch.linalg.cholesky(wide.covariances)
    assert sweep._is_wide(wide.weights, wide.means - sweep.centre, factors)
    assert error(run(sweep, wide, Features)[1], wide, x) > 1e-6
    assert error(sweep(*wide)[1], wide, x) < 1e-9
    assert not sweep.featured


def test_long_thin_components_across_the_axes_are_left_to_whitening() -> None:
    # No coordinate varies little, but the difference of the two does.
    generator = torch.Generator().manual_seed(0)
    along, across = torch.randn(2, 500, 1, generator=generator, dtype=torch.float64)
    side = torch.randint(2, (500, 1), generator=generator) * 2 - 1
    thin = 3e-6
    x = torch.cat([along + thin * (across + side), along - thin * (across + side)], 1)
    covariance = f64([1 + thin**2, 1 - thin**2], [1 - thin**2, 1 + thin**2])
    place = thin * f64([1.0, -1.0], [-1.0, 1.0])
    mixture = Mixture(f64(0.5, 0.5), place, covariance.repeat(2, 1, 1))
    sweep = ExpectationPass(x)
    assert error(run(sweep, mixture, Features)[1], mixture, x) > 1e-8  # what is being avoided
    assert error(sweep(*mixture)[1], mixture, x) < 1e-10


def ways(monkeypatch: pytest.MonkeyPatch) -> list[type]:
    """The ways that sweeps take from now on."""
    used: list[type] = []
    run_way = ExpectationPass._run
    monkeypatch.setattr(
        ExpectationPass, "_run", lambda self, way: (used.append(type(way)), run_way(self, way))[1]
    )
    return used


@pytest.mark.parametrize(("d", "k"), [(2, 3), (22, 3), (23, 3), (40, 12), (41, 12)])
def test_ordinary_data_of_few_dimensions_take_the_fast_way(
    d: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixture, x = problem(1500, d, k)
    used = ways(monkeypatch)
    ExpectationPass(x)(*mixture)
    assert used == [Features if d in (2, 22, 40) else Whitened]


def test_an_empty_component_does_not_slow_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture, x = problem(100, 3, 3)
    weights = torch.tensor([0.4, 0.0, 0.6], dtype=torch.float64)
    used = ways(monkeypatch)
    ExpectationPass(x)(*mixture._replace(weights=weights))
    assert used == [Features]


@pytest.mark.parametrize("kind", BOTH)
def test_an_example_where_every_density_underflows(kind: Kind) -> None:
    mixture, x = problem(100, 3, 2)
    x[7] += 1000
    log_likelihood, found = run(ExpectationPass(x), mixture, kind)
    assert float(log_likelihood) == pytest.approx(float(mixture.log_prob(x).sum()), rel=1e-10)
    assert error(found, mixture, x) < 1e-8


@pytest.mark.parametrize("d", [3, 30])
def test_an_example_so_far_that_rounding_hides_the_nearer_component(d: int) -> None:
    mixture, x = problem(100, d, 2)
    same = mixture._replace(covariances=mixture.covariances[:1].repeat(2, 1, 1))
    x[0] = 1e20 * (mixture.means[0] - mixture.means[1])
    resp = responsibilities(same, x)
    assert resp[0].tolist() == [1.0, 0.0]
    sweep = ExpectationPass(x)
    sweep.centre = x[1:].mean(0)  # that the mean of all is far away loses digits of the others
    assert torch.allclose(sweep(*same)[1].counts, resp.sum(0), rtol=1e-12)
    assert sweep.resolve is None  # the next pass tries without


@pytest.mark.parametrize("kind", BOTH)
def test_a_weight_of_zero(kind: Kind) -> None:
    mixture, x = problem(100, 3, 3)
    weights = torch.tensor([0.4, 0.0, 0.6], dtype=torch.float64)
    log_likelihood, found = run(ExpectationPass(x), mixture._replace(weights=weights), kind)
    assert float(found.counts[1]) == 0
    rest = Mixture(*(part[[0, 2]] for part in mixture._replace(weights=weights)))
    expected, others = run(ExpectationPass(x), rest, kind)
    assert math.isclose(float(log_likelihood), float(expected), rel_tol=1e-14)
    assert torch.allclose(found.covariances[[0, 2]], others.covariances, rtol=1e-12)


@pytest.mark.parametrize("d", [3, 30])
def test_float32_is_as_exact_as_it_can_be(d: int) -> None:
    mixture, x = problem(2000, d, 3)
    single = Mixture(*(part.float() for part in mixture))
    assert error(ExpectationPass(x.float())(*single)[1], mixture, x) < 1e-4
