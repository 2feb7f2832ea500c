import itertools
import math

import pytest
import torch
from hypothesis import given
from scipy.stats import multinomial, sem
from torch import Tensor
from torch.distributions import Normal

from gensrc.divergences import (
    Estimate,
    estimate_jensen_shannon,
    estimate_kl,
    estimate_mean,
    estimate_total_variation,
    jensen_shannon,
    kl,
    kl_normal,
    plug_in_bias,
    quadrature,
    total_variation,
)
from tests.support.strategies import distributions

P, Q = Normal(0.0, 1.0), Normal(0.7, 1.4)
INF = math.inf


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def draws(which: Normal, generator: torch.Generator, *shape: int) -> Tensor:
    return which.mean + which.stddev * torch.randn(*shape, generator=generator).double()


def test_mean_and_error_are_scipys(generator: torch.Generator) -> None:
    values = torch.randn(3, 8, generator=generator, dtype=torch.float64)
    found = estimate_mean(values)
    assert torch.allclose(found.value, values.mean(1))
    assert torch.allclose(found.standard_error, torch.from_numpy(sem(values.numpy(), axis=1)))


def errors(found: Estimate, truth: Tensor) -> Tensor:
    """Deviations in units of the standard error."""
    return (found.value - truth) / found.standard_error


def test_estimates_agree_with_quadrature(generator: torch.Generator) -> None:
    nodes, w = quadrature(-15.0, 15.0, 2001)
    p, q = (n.log_prob(nodes).exp() * w for n in (P, Q))
    x, y = draws(P, generator, 200, 500), draws(Q, generator, 200, 400)
    own = P.log_prob(x), Q.log_prob(x)
    cases = [
        (estimate_kl(*own), kl(p, q)),
        (estimate_kl(*own), kl_normal(0.0, 1.0, 0.7, 1.4)),
        (estimate_total_variation(*own), total_variation(p, q)),
        (estimate_jensen_shannon(*own, P.log_prob(y), Q.log_prob(y)), jensen_shannon(p, q)),
    ]
    for found, truth in cases:
        assert found.value.shape == (200,)
        score = errors(found, truth)
        # 200 scores of mean 0 and standard deviation 1: bounds at about four standard errors
        assert score.mean().abs() < 0.3
        assert 0.8 < score.std() < 1.2


def test_dtype_is_kept() -> None:
    x = torch.linspace(-1, 1, 5)
    found = estimate_jensen_shannon(P.log_prob(x), Q.log_prob(x), P.log_prob(x), Q.log_prob(x))
    assert found.value.dtype == found.standard_error.dtype == torch.float32


def test_a_draw_that_q_cannot_make_proves_infinity() -> None:
    found = estimate_kl(f64(-1, -1), f64(-1, -INF))
    assert found.value == found.standard_error == INF
    assert estimate_total_variation(f64(-1, -1), f64(-1, -INF)).value == 0.5


def test_jensen_shannon_of_far_distributions_is_log_two() -> None:
    near, far = f64(0, 0), f64(-1e5, -INF)
    found = estimate_jensen_shannon(near, far, far, near)
    assert found.value.item() == pytest.approx(math.log(2))
    assert found.standard_error == 0


# Plug-in estimates


@given(distributions(1, zeros=True))
def test_bias_is_the_expectation_over_all_samples(pair: tuple[Tensor]) -> None:
    p = pair[0][:3] / pair[0][:3].sum() if pair[0][:3].sum() > 0 else f64(0.2, 0.3, 0.5)
    n, expected = 4, 0.0
    for counts in itertools.product(range(n + 1), repeat=len(p)):
        if sum(counts) == n:
            chance = float(multinomial.pmf(counts, n, p.numpy()))
            if chance > 0:
                expected += chance * float(kl(f64(*counts) / n, p))
    assert plug_in_bias(p, n).item() == pytest.approx(expected, abs=1e-10)


def test_bias_for_large_samples_and_batches() -> None:
    p = f64(0.1, 0.2, 0.3, 0.4)
    assert plug_in_bias(p, 2000).item() == pytest.approx(3 / 4000, rel=0.01)
    both = plug_in_bias(torch.stack([p, p.flip(0)])[None], 7)
    assert both.shape == (1, 2)
    assert torch.allclose(both, plug_in_bias(p, 7).expand(1, 2))
    single = plug_in_bias(p.float(), 2000)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(plug_in_bias(p, 2000).item(), rel=1e-3)
    assert plug_in_bias(f64(1, 0), 5) == 0


# Bad input


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (f64(1), r"values: expected at least two draws, got shape \(1,\)"),
        (f64(1)[0], r"values: expected at least two draws, got shape \(\)"),
        (f64(1, math.nan), "values: expected numbers, got NaN"),
        (torch.tensor([1, 2]), "values: expected a floating-point tensor, got torch.int64"),
        ([1.0, 2.0], "values: expected a floating-point tensor, got list"),
    ],
)
def test_values_are_checked(values: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_mean(values)


GOOD = f64(0, 0)
BAD = {
    "shape": (f64(0, 0, 0), r"expected the shape \(2,\) of .*, got \(3,\)"),
    "nan": (f64(0, math.nan), "expected log-densities, got NaN or .infinity"),
    "infinite": (f64(0, INF), "expected log-densities, got NaN or .infinity"),
    "integers": (torch.tensor([0, 0]), "expected a floating-point tensor, got torch.int64"),
}


@pytest.mark.parametrize("case", BAD)
def test_log_densities_are_checked(case: str) -> None:
    bad, message = BAD[case]
    for estimate in (estimate_kl, estimate_total_variation):
        with pytest.raises(ValueError, match=f"log_q: {message}"):
            estimate(GOOD, bad)
    with pytest.raises(ValueError, match=f"log_q_x: {message}"):
        estimate_jensen_shannon(GOOD, bad, GOOD, GOOD)
    with pytest.raises(ValueError, match=f"log_p_y: {message}"):
        estimate_jensen_shannon(GOOD, GOOD, bad, GOOD)


def test_a_draw_has_positive_density_where_it_was_drawn() -> None:
    with pytest.raises(ValueError, match="log_p: expected finite log-densities of its own draws"):
        estimate_kl(f64(0, -INF), GOOD)
    with pytest.raises(ValueError, match="log_q_y: expected finite log-densities of its own"):
        estimate_jensen_shannon(GOOD, GOOD, GOOD, f64(0, -INF))


def test_plug_in_bias_rejects() -> None:
    with pytest.raises(ValueError, match="n: expected at least 1 draw, got 0"):
        plug_in_bias(f64(0.5, 0.5), 0)
    with pytest.raises(ValueError, match="p: expected a sum of 1"):
        plug_in_bias(f64(0.5, 0.6), 3)


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    x = draws(P, generator, 100)
    here = estimate_kl(P.log_prob(x), Q.log_prob(x))
    there = estimate_kl(P.log_prob(x).to(cuda), Q.log_prob(x).to(cuda))
    assert there.value.is_cuda
    assert torch.allclose(there.value.cpu(), here.value)
    p = f64(0.1, 0.2, 0.7)
    assert torch.allclose(plug_in_bias(p.to(cuda), 5).cpu(), plug_in_bias(p, 5))
