"""Likelihoods at and beyond the edge of their domain: refused, or right."""

import math

import mpmath
import pytest
import torch
from torch import Tensor

from gensrc.likelihoods import (
    BERNOULLI,
    CONTINUOUS_BERNOULLI,
    GAUSSIAN,
    Gaussian,
    Likelihood,
    cross_entropy_mass,
)

NAMED: dict[str, Likelihood] = {
    "Bernoulli": BERNOULLI,
    "continuous Bernoulli": CONTINUOUS_BERNOULLI,
    "Gaussian": GAUSSIAN,
}
each_likelihood = pytest.mark.parametrize("name", NAMED)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("name", ["Bernoulli", "continuous Bernoulli"])
@pytest.mark.parametrize("x", [255.0, -1.0, 1.0000001, -1e-30, math.nan, math.inf])
def test_grey_values_outside_the_unit_interval_are_refused(name: str, x: float) -> None:
    for others in ((), (0.5,), (0.0, 1.0)):
        values = f64(*others, x)
        with pytest.raises(ValueError, match=r"x: expected numbers in \[0, 1\], got "):
            NAMED[name].log_prob(values, torch.zeros_like(values))


def test_the_ends_of_the_unit_interval_are_allowed() -> None:
    half = -math.log(2)
    assert BERNOULLI.log_prob(f64(0, 1, 0.5), f64(0, 0, 0)).item() == pytest.approx(3 * half)
    assert CONTINUOUS_BERNOULLI.log_prob(f64(0, 1, 0.5), f64(0, 0, 0)) == 0


@each_likelihood
@pytest.mark.parametrize("output", [math.nan, math.inf, -math.inf])
def test_outputs_that_are_no_numbers_are_refused(name: str, output: float) -> None:
    for x in (0.0, 0.5, 1.0):
        with pytest.raises(ValueError, match=r"x, output: expected finite numbers.*got"):
            NAMED[name].log_prob(f64(x), f64(output))


@each_likelihood
def test_integer_images_count_as_numbers(name: str) -> None:
    output = f64(0.3, -2.0)
    expected = NAMED[name].log_prob(f64(0, 1), output)
    for dtype in (torch.uint8, torch.int64, torch.bool):
        found = NAMED[name].log_prob(torch.tensor([0, 1]).to(dtype), output)
        assert found.dtype == torch.float64
        assert torch.equal(found, expected)
    if name != "Gaussian":
        with pytest.raises(ValueError, match=r"x: expected numbers in \[0, 1\], got 255"):
            NAMED[name].log_prob(torch.tensor([0, 255], dtype=torch.uint8), output)
    with pytest.raises(ValueError, match="output: expected a floating-point tensor, got"):
        NAMED[name].log_prob(f64(0, 1), torch.tensor([0, 1]))


@each_likelihood
def test_no_examples_give_no_numbers(name: str) -> None:
    assert NAMED[name].log_prob(torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)


def test_squares_that_overflow_are_refused_and_a_huge_scale_is_not() -> None:
    with pytest.raises(ValueError, match="log-density does not overflow, got -inf"):
        GAUSSIAN.log_prob(torch.tensor([1e20]), torch.tensor([0.0]))
    wide = Gaussian(1e308).log_prob(f64(0), f64(0)).item()
    assert wide == pytest.approx(-308 * math.log(10) - math.log(math.tau) / 2)
    for std in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="std: expected a positive number, got"):
            Gaussian(std)


@pytest.mark.parametrize("logit", [0.5, -0.5, 3.0, -40.0, 1e4, -1e4, 1e6])
@pytest.mark.parametrize("x", [0.0, 0.25, 1.0])
def test_continuous_bernoulli_keeps_its_digits_in_float32(logit: float, x: float) -> None:
    with mpmath.workdps(40):
        half = mpmath.mpf(logit) / 2
        exact = float(mpmath.mpf(logit) * (x - 0.5) - mpmath.log(mpmath.sinh(half) / half))
    found = CONTINUOUS_BERNOULLI.log_prob(torch.tensor([x]), torch.tensor([logit])).item()
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-7)


def test_slope_of_the_continuous_bernoulli_is_right_at_and_near_zero() -> None:
    for logit in (0.0, 1e-9, 0.4, 0.6, -0.6):
        output = f64(logit).requires_grad_()
        (slope,) = torch.autograd.grad(CONTINUOUS_BERNOULLI.log_prob(f64(0.9), output), output)
        expected = 0.9 - CONTINUOUS_BERNOULLI.mean(output.detach())
        assert slope.item() == pytest.approx(expected.item(), abs=1e-12)


@pytest.mark.parametrize("logit", [0.0, 1e-9, 1e-5, 9e-5, 2e-4, 0.12, 0.13, -0.2, 3.0, 800.0])
def test_mass_and_its_slope_keep_their_digits(logit: float) -> None:
    value = f64(logit).requires_grad_()
    mass = cross_entropy_mass(value)
    (slope,) = torch.autograd.grad(mass.sum(), value)

    def exact(x: mpmath.mpf) -> mpmath.mpf:
        return mpmath.tanh(x / 2) / x if x else mpmath.mpf(1) / 2

    with mpmath.workdps(60):
        at, h = mpmath.mpf(logit), mpmath.mpf(10) ** -20
        rise = float((exact(at + h) - exact(at - h)) / (2 * h))
        assert mass.item() == pytest.approx(float(exact(at)), rel=4e-16)
    assert slope.item() == pytest.approx(rise, rel=1e-12, abs=1e-15)
    with pytest.raises(ValueError, match="logits: expected finite numbers, got nan"):
        cross_entropy_mass(f64(math.nan))


def test_draws_at_small_logits_follow_the_distribution_function() -> None:
    logit, n = 5e-5, 2_000
    u, x = (
        CONTINUOUS_BERNOULLI.sample(
            f64(value).expand(n), generator=torch.Generator().manual_seed(0)
        )
        for value in (0.0, logit)
    )
    found = torch.expm1(logit * x) / math.expm1(logit)  # the distribution function at x
    mirrored = 1 - u  # for positive logits 1 - x is drawn
    assert torch.allclose(found, mirrored, rtol=0, atol=1e-10)
