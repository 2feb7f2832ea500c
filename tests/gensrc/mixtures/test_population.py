import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from gensrc.mixtures.population import population_em


def adaptive(lam: float, mu: float, sigma: float) -> float:
    """The map by adaptive quadrature of its definition, over pieces where it is smooth."""

    def integrand(x: float) -> float:
        density = (norm.pdf(x, mu, sigma) + norm.pdf(x, -mu, sigma)) / 2
        slope = 1.0 if math.isinf(lam) else math.tanh(lam * x / sigma**2)
        return 2 * x * slope * density

    knee = 0.0 if math.isinf(lam) else sigma**2 / lam
    cuts = [0.0, mu, *(mu + s * sigma for s in (-10, -4, -1, 1, 4, 10)), knee, 5 * knee, 20 * knee]
    inside = sorted({cut for cut in cuts if 0 <= cut <= mu + 10 * sigma})
    return sum(
        quad(integrand, a, b, epsabs=0, epsrel=1e-12, limit=200)[0] for a, b in pairwise(inside)
    )


def ten_steps(separation: float, start: float = math.inf) -> float:
    """Relative error of the mean after ten steps, for means ``separation`` σ apart."""
    mu, lam = separation / 2, torch.tensor(start)
    for _ in range(10):
        lam = population_em(lam, mu, 1.0)
    return float((lam - mu).abs() / mu)


@pytest.mark.parametrize("mu", [0.0, 0.2, 1.0, 3.0, 9.9, 10.1, 15.0, 200.0])
@pytest.mark.parametrize("lam", [1e-6, 0.01, 0.5, 1.0, 4.0, 30.0, 1e4, math.inf])
def test_the_rule_is_the_integral(lam: float, mu: float) -> None:
    assert float(population_em(lam, mu, 1.0)) == pytest.approx(adaptive(lam, mu, 1.0), rel=1e-11)


@pytest.mark.parametrize("lam", [1e-300, 1e-25, 1e-18, 1e-15, 1e-10])
@pytest.mark.parametrize("mu", [0.0, 1.0, 5.0])
def test_near_zero_the_map_is_linear(lam: float, mu: float) -> None:
    # tanh(t) is t less t³/3: the slope at 0 is E[x²]/σ⁴ times σ² = 1 + μ².
    assert float(population_em(lam, mu, 1.0)) == pytest.approx(lam * (1 + mu**2), rel=1e-12, abs=0)


@given(st.floats(0.01, 5), st.floats(0.1, 10), st.floats(0.01, 50))
def test_the_map_moves_with_the_unit(mu: float, sigma: float, lam: float) -> None:
    unit = float(population_em(lam / sigma, mu / sigma, 1.0))
    assert float(population_em(lam, mu, sigma)) == pytest.approx(sigma * unit, rel=1e-12)


@given(st.floats(0.01, 20), st.floats(0.1, 3))
def test_the_true_mean_and_zero_are_fixed_points(mu: float, sigma: float) -> None:
    assert float(population_em(mu, mu, sigma)) == pytest.approx(mu, rel=1e-12)
    assert float(population_em(0.0, mu, sigma)) == 0.0
    assert float(population_em(-mu, mu, sigma)) == pytest.approx(-mu, rel=1e-12)


@given(st.floats(0.05, 3), st.floats(0.01, 20))
def test_every_step_comes_nearer(mu: float, lam: float) -> None:
    after = float(population_em(lam, mu, 1.0))
    assert abs(after - mu) <= abs(lam - mu) + 1e-12 * mu
    assert (after - mu) * (lam - mu) >= -1e-12  # and from the same side


def test_a_tensor_of_starts_is_a_loop_over_them() -> None:
    lam = torch.tensor([[-2.0, 0.0, 1e-3], [0.7, 50.0, math.inf]])
    found = population_em(lam, 1.3, 0.7)
    assert found.dtype == torch.float64
    slow = [[float(population_em(float(v), 1.3, 0.7)) for v in row] for row in lam]
    assert torch.allclose(found, torch.tensor(slow, dtype=torch.float64), rtol=1e-14)


def test_what_ten_steps_from_infinity_do() -> None:
    assert ten_steps(0.5) == pytest.approx(0.217, abs=5e-4)
    assert ten_steps(1.0) == pytest.approx(0.0083, abs=5e-5)
    threshold = brentq(lambda s: ten_steps(s) - 0.01, 0.5, 2.0)
    assert threshold == pytest.approx(0.97436, abs=5e-6)
    assert ten_steps(2.0) < 1e-4
    assert ten_steps(2.0, start=0.0) == 1.0


def test_cuda_agrees(cuda: torch.device) -> None:
    lam = torch.tensor([0.1, 1.0, math.inf])
    there = population_em(lam.to(cuda), 1.0, 1.0)
    assert there.device.type == "cuda"
    assert torch.allclose(there.cpu(), population_em(lam, 1.0, 1.0), rtol=1e-13)


@pytest.mark.parametrize(
    ("lam", "mu", "sigma", "message"),
    [
        (1.0, -1.0, 1.0, "mu, sigma: expected"),
        (1.0, math.inf, 1.0, "mu, sigma: expected"),
        (1.0, 1.0, 0.0, "mu, sigma: expected"),
        (1.0, 1.0, math.nan, "mu, sigma: expected"),
        (math.nan, 1.0, 1.0, "lam: expected"),
    ],
)
def test_bad_input(lam: float, mu: float, sigma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        population_em(lam, mu, sigma)
