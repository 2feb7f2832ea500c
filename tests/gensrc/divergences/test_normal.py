import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from gensrc.divergences import kl_multivariate_normal, kl_normal

means = st.floats(-5, 5)
stds = st.floats(0.05, 20)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def covariances(generator: torch.Generator, *shape: int) -> Tensor:
    root = torch.randn(*shape, shape[-1], generator=generator, dtype=torch.float64)
    return root @ root.mT + 0.1 * torch.eye(shape[-1])


# One variable


@given(means, stds, means, stds)
def test_kl_normal_is_torchs(mean_p: float, std_p: float, mean_q: float, std_q: float) -> None:
    arguments = f64(mean_p, std_p, mean_q, std_q)
    expected = kl_divergence(Normal(*arguments[:2]), Normal(*arguments[2:]))
    assert torch.allclose(kl_normal(*arguments), expected, rtol=1e-10, atol=1e-12)


def test_kl_normal_is_the_integral() -> None:
    def integrand(x: float) -> float:
        log_ratio = norm.logpdf(x, 1, 0.7) - norm.logpdf(x, -0.5, 1.6)
        return float(norm.pdf(x, 1, 0.7) * log_ratio)

    expected = quad(integrand, -9, 11, epsabs=1e-13)[0]
    assert kl_normal(*f64(1, 0.7, -0.5, 1.6)).item() == pytest.approx(expected, abs=1e-11)


def test_kl_normal_hand_values() -> None:
    assert kl_normal(f64(0), f64(1), f64(0), f64(2)).item() == pytest.approx(
        math.log(2) + 1 / 8 - 1 / 2
    )
    assert kl_normal(f64(3), f64(2), f64(3), f64(2)).item() == 0


def test_kl_normal_keeps_its_digits_where_the_two_are_close() -> None:
    # For std_p = (1 + e) std_q the value is e^2 - e^3/3 + ...
    for e in (1e-2, 1e-3, 1e-4):
        std_q = torch.tensor(1.0)
        std_p = std_q * (1 + e)
        exact = float(std_p.double() - 1)
        expected = exact - math.log1p(exact) + exact**2 / 2
        found = kl_normal(torch.tensor(0.0), std_p, torch.tensor(0.0), std_q)
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(expected, rel=0.01, abs=1e-11)
        assert found >= 0


def test_kl_normal_at_extreme_widths() -> None:
    tiny = kl_normal(torch.tensor(0.0), torch.tensor(1e-30), torch.tensor(0.0), torch.tensor(1.0))
    assert tiny.item() == pytest.approx(30 * math.log(10) - 0.5, rel=1e-6)


def test_kl_normal_takes_numbers_beside_tensors_and_broadcasts() -> None:
    mean, std = torch.randn(3, 1), torch.rand(4) + 0.5
    found = kl_normal(mean, std, 0.0, 1.0)
    assert found.shape == (3, 4)
    assert found.dtype == torch.float32
    assert torch.allclose(found, (std**2 + mean**2 - 1) / 2 - std.log(), atol=1e-5)
    assert kl_normal(0, 1, 1, 1).item() == 0.5


def test_kl_normal_gradients() -> None:
    arguments = [x.requires_grad_() for x in f64(0.3, 0.7, -0.2, 1.1).unbind()]
    wide = [x.requires_grad_() for x in f64(0.3, 0.2, -0.2, 1.1).unbind()]
    assert torch.autograd.gradcheck(kl_normal, arguments)
    assert torch.autograd.gradcheck(kl_normal, wide)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (f64(0, 0, 0, 1), "std_p: expected numbers > 0, got 0"),
        (f64(0, 1, 0, -2), "std_q: expected numbers > 0, got -2"),
        (f64(math.nan, 1, 0, 1), "mean_p: expected finite numbers"),
        (f64(0, 1, 0, math.inf), "std_q: expected finite numbers"),
        (torch.tensor([0, 1, 0, 1]), "mean_p: expected a floating-point tensor, got torch.int64"),
    ],
)
def test_kl_normal_rejects(arguments: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kl_normal(*arguments)


# Several variables


@pytest.mark.parametrize("d", [1, 2, 5])
def test_kl_multivariate_normal_is_torchs(d: int, generator: torch.Generator) -> None:
    mean_p, mean_q = torch.randn(2, 3, d, generator=generator, dtype=torch.float64)
    cov_p, cov_q = covariances(generator, 2, 3, d)
    expected = kl_divergence(MultivariateNormal(mean_p, cov_p), MultivariateNormal(mean_q, cov_q))
    found = kl_multivariate_normal(mean_p, cov_p, mean_q, cov_q)
    assert found.shape == (3,)
    assert torch.allclose(found, expected, rtol=1e-9)


def test_kl_multivariate_normal_is_the_formula_in_numpy(generator: torch.Generator) -> None:
    mean_p, mean_q = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    cov_p, cov_q = covariances(generator, 2, 3)
    a, b, shift = cov_p.numpy(), cov_q.numpy(), (mean_q - mean_p).numpy()
    inverse, log_det = np.linalg.inv(b), math.log(np.linalg.det(b) / np.linalg.det(a))
    expected = (np.trace(inverse @ a) - 3 + shift @ inverse @ shift + log_det) / 2
    found = kl_multivariate_normal(mean_p, cov_p, mean_q, cov_q)
    assert found.item() == pytest.approx(expected, rel=1e-10)


def test_a_diagonal_covariance_adds_the_coordinates(generator: torch.Generator) -> None:
    mean_p, mean_q = torch.randn(2, 6, generator=generator)
    std_p, std_q = torch.rand(2, 6, generator=generator) + 0.5
    found = kl_multivariate_normal(mean_p, torch.diag(std_p**2), mean_q, torch.diag(std_q**2))
    assert found.dtype == torch.float32
    assert torch.allclose(found, kl_normal(mean_p, std_p, mean_q, std_q).sum(), rtol=1e-4)


def test_the_value_does_not_depend_on_the_coordinates(generator: torch.Generator) -> None:
    mean_p, mean_q = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    cov_p, cov_q = covariances(generator, 2, 3)
    a = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    turned = kl_multivariate_normal(a @ mean_p, a @ cov_p @ a.T, a @ mean_q, a @ cov_q @ a.T)
    assert torch.allclose(turned, kl_multivariate_normal(mean_p, cov_p, mean_q, cov_q), rtol=1e-7)


def test_batches_broadcast_and_gradients(generator: torch.Generator) -> None:
    mean = torch.randn(4, 2, generator=generator, dtype=torch.float64)
    cov = covariances(generator, 5, 1, 2)
    zero, unit = torch.zeros(2, dtype=torch.float64), torch.eye(2, dtype=torch.float64)
    assert kl_multivariate_normal(mean, cov, zero, unit).shape == (5, 4)
    root = torch.randn(2, 2, generator=generator, dtype=torch.float64).requires_grad_()

    def of_root(root: Tensor, shift: Tensor) -> Tensor:
        return kl_multivariate_normal(zero, root @ root.T + unit, shift, 2 * unit)

    assert torch.autograd.gradcheck(of_root, (root, mean[0].requires_grad_()))


UNIT = torch.eye(2, dtype=torch.float64)


@pytest.mark.parametrize(
    ("cov", "message"),
    [
        (f64(1, 1, 1, 1), "expected positive definite matrices, got one that is singular"),
        (f64(0.1, 0.3, 0.3, 0.9), "got one that is singular or indefinite in torch.float64"),
        (f64(0, 0, 0, 1), "got one that is singular"),
        (f64(1, 2, 2, 1), "got one that is singular or indefinite"),
        (f64(1, 0.5, 0, 1), "expected symmetric matrices, got a gap of 0.5"),
        (f64(1, 0, 0, math.inf), "expected finite numbers"),
    ],
)
def test_covariances_are_checked(cov: Tensor, message: str) -> None:
    zero = f64(0, 0)
    with pytest.raises(ValueError, match=f"cov_p: .*{message}"):
        kl_multivariate_normal(zero, cov.view(2, 2), zero, UNIT)
    with pytest.raises(ValueError, match=f"cov_q: .*{message}"):
        kl_multivariate_normal(zero, UNIT, zero, torch.stack([UNIT, cov.view(2, 2)]))


def test_a_nearly_singular_covariance_is_accepted() -> None:
    cov = f64(1, 1 - 1e-9, 1 - 1e-9, 1).view(2, 2)
    found = kl_multivariate_normal(f64(0, 0), cov, f64(0, 0), UNIT)
    assert found.item() == pytest.approx(-0.5 * math.log(2e-9 - 1e-18), rel=1e-6)


def test_shapes_are_checked() -> None:
    zero = f64(0, 0)
    with pytest.raises(ValueError, match=r"mean_q: expected shape \(..., 2\), got \(3,\)"):
        kl_multivariate_normal(zero, UNIT, f64(0, 0, 0), UNIT)
    with pytest.raises(ValueError, match=r"mean_p: expected shape \(..., d\), got \(\)"):
        kl_multivariate_normal(f64(0)[0], UNIT, zero, UNIT)
    with pytest.raises(ValueError, match=r"cov_q: expected shape \(..., 2, 2\), got \(2,\)"):
        kl_multivariate_normal(zero, UNIT, zero, f64(1, 1))


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    mean_p, mean_q = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    cov = covariances(generator, 2, 4, 3)
    arguments = (mean_p, cov[0], mean_q, cov[1])
    there = kl_multivariate_normal(*(x.to(cuda) for x in arguments))
    assert there.is_cuda
    assert torch.allclose(there.cpu(), kl_multivariate_normal(*arguments))
    std = mean_q.abs() + 0.5
    there = kl_normal(mean_p.to(cuda), std.to(cuda), 0.0, 1.0)
    assert there.is_cuda
    assert torch.allclose(there.cpu(), kl_normal(mean_p, std, 0.0, 1.0))
