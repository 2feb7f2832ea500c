"""Inputs outside the domain of the functions of gensrc.vae are refused, not answered."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor, nn

from gensrc.likelihoods import BERNOULLI
from gensrc.networks import mlp
from gensrc.vae import (
    VAE,
    elbo,
    importance_weighted_bound,
    kl_full_to_standard_normal,
    kl_to_standard_normal,
    reinforce_surrogate,
    reparameterize,
)
from gensrc.vae.flows import CouplingFlow, couple, uncouple
from gensrc.vae.linear_gaussian import LinearGaussian, Normal

NAN, INF = math.nan, math.inf


def f32(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vae(**others: Any) -> VAE:
    draw = seeded()
    encoder = mlp([6, 4], generator=draw, activation=nn.Tanh)
    decoder = mlp([2, 6], generator=draw, activation=nn.Tanh)
    settings = {"latent": 2, "generator": draw, **others}
    return VAE(encoder, decoder, BERNOULLI, **settings)


def flow() -> CouplingFlow:
    return CouplingFlow(2, layers=2, hidden=4, generator=seeded())


def linear(std: float = 0.7) -> LinearGaussian:
    return LinearGaussian(torch.ones(3, 2), torch.zeros(3), std)


ZERO, NOISE = torch.zeros(4, 2), torch.zeros(4, 2)
X = torch.zeros(4, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        # an overflow, or no number at all
        (lambda: reparameterize(f32(0), f32(200), f32(0)), "log_var: expected at most 88.72"),
        (lambda: kl_to_standard_normal(f32(0), f32(89)), "log_var: .* got 89"),
        (lambda: kl_to_standard_normal(f64(0), f64(800)), "log_var: expected at most 709.8"),
        (lambda: kl_to_standard_normal(f32(NAN), f32(0)), "mean: expected finite numbers, got nan"),
        (lambda: kl_to_standard_normal(f32(0), f32(-INF)), "log_var: .* finite numbers, got -inf"),
        (lambda: reparameterize(f32(0), f32(0), f32(NAN)), "noise: expected finite numbers"),
        (lambda: elbo(f32(NAN), f32(0)), "log_likelihood: expected finite numbers, got nan"),
        (lambda: elbo(f32(0), f32(INF), beta=0), "kl: expected finite numbers, got inf"),
        (lambda: importance_weighted_bound(f32(0, NAN)), "log_weights: expected numbers below inf"),
        (lambda: importance_weighted_bound(f32(0, INF)), "log_weights: expected numbers below inf"),
        (lambda: reinforce_surrogate(f32(INF), f32(0)), "value: expected finite numbers, got inf"),
        (lambda: reinforce_surrogate(f32(1), f32(NAN)), "log_q: expected finite numbers, got nan"),
        # whole numbers, whose squares would wrap around
        (
            lambda: kl_to_standard_normal(torch.tensor([100], dtype=torch.int8), f32(0)),
            "mean: expected a floating-point tensor, got torch.int8",
        ),
        # shapes that would broadcast
        (
            lambda: reinforce_surrogate(torch.zeros(4), torch.zeros(4, 1)),
            r"log_q: expected the shape \(4,\) of value, got \(4, 1\)",
        ),
        (
            lambda: reparameterize(ZERO, ZERO, torch.zeros(3, 2)),
            r"noise: expected axes that fit \(4, 2\) of mean, got \(3, 2\)",
        ),
        (
            lambda: couple(torch.zeros(5, 3), torch.zeros(2), torch.zeros(2)),
            r"expected the leading axes \(5,\) of x, got \(2,\)",
        ),
        (
            lambda: uncouple(torch.zeros(5, 3), torch.zeros(1, 2), torch.zeros(1, 2)),
            r"expected the leading axes \(5,\) of y, got \(1, 2\)",
        ),
        (
            lambda: uncouple(f32(1, 2), f32(1, 2), f32(1, 2)),
            r"log_scale, shift: expected one shape \(..., m\) with 0 < m < 2",
        ),
        (lambda: uncouple(f32(1, 2), f32(1), f32(1, 2)), "log_scale, shift: expected one shape"),
        (lambda: couple(f32(1), f32(1), f32(1)), r"x: expected at least two entries.*got \(1,\)"),
        (lambda: flow()(torch.zeros(4, 3)), r"noise: expected \(..., 2\), got \(4, 3\)"),
        (lambda: flow().log_prob(torch.zeros(4, 3)), r"z: expected \(..., 2\), got \(4, 3\)"),
        (lambda: flow().log_prob(torch.zeros(4, 5)), r"z: expected \(..., 2\), got \(4, 5\)"),
        # a covariance that is none
        (
            lambda: kl_full_to_standard_normal(
                f64(0, 0), torch.tensor([[1, 0.9], [0, 1]]).double()
            ),
            "covariance: expected symmetric matrices, got a gap of 0.9",
        ),
        (
            lambda: kl_full_to_standard_normal(
                f64(0, 0), torch.tensor([[1, 0], [0.9, 1]]).double()
            ),
            "covariance: expected symmetric matrices, got a gap of 0.9",
        ),
        (
            lambda: kl_full_to_standard_normal(f64(0, 0), torch.ones(2, 2).double()),
            "covariance: expected positive definite matrices, got one that is singular",
        ),
        (
            lambda: kl_full_to_standard_normal(f64(0, NAN), torch.eye(2).double()),
            "mean: expected finite numbers, got nan",
        ),
        (
            lambda: kl_full_to_standard_normal(ZERO[:3], torch.eye(2).expand(4, 2, 2)),
            r"covariance: expected axes that fit \(3,\) of mean, got \(4,\)",
        ),
        # the model
        (lambda: vae(latent=0), "latent, beta: expected latent >= 1"),
        (lambda: vae(beta=-1.0), "latent, beta: expected .* got 2, -1.0"),
        (lambda: vae().loss(X[:0]), r"x: expected a batch of examples, got shape \(0, 6\)"),
        (lambda: vae().loss(X[0]), r"encoder: expected 4 outputs .* got \(4,\)"),
        (lambda: vae().loss(255 + X), r"x: expected numbers in \[0, 1\], got 255"),
        (lambda: vae().bound(X, noise=NOISE[0]), r"noise: expected .* got \(2,\)"),
        (
            lambda: vae().bound(X, noise=NOISE[:3]),
            r"noise: expected shape \(..., 4, 2\), got \(3, 2\)",
        ),
        (
            lambda: vae().log_weights(X, noise=NOISE),
            r"noise: expected shape \(K, 4, 2\), got \(4, 2\)",
        ),
        (lambda: linear(INF).log_prob(torch.zeros(1, 3)), "std: expected a positive number"),
        (lambda: linear().log_prob(f32(0, 0, NAN)[None]), "x: expected finite numbers, got nan"),
        # in float32 the two columns of W are one, and 1e-10 is lost beside them
        (lambda: linear(1e-5).log_prob(torch.zeros(1, 3)), "W W.*: expected positive definite"),
        (lambda: linear(1e-5).posterior(torch.zeros(1, 3)), r"I \+ W.*: expected positive def"),
        (
            lambda: linear().elbo(torch.zeros(4, 3), Normal(torch.zeros(1, 2), torch.eye(2))),
            r"q: expected means \(4, 2\) and .* got \(1, 2\)",
        ),
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_weights_of_zero_are_allowed() -> None:
    assert importance_weighted_bound(f64(0, -INF)).item() == pytest.approx(-math.log(2))
    assert importance_weighted_bound(f64(-INF, -INF)) == -INF


def test_a_tiny_variance_is_right() -> None:
    mean, log_var = f32(1).requires_grad_(), f32(-1000).requires_grad_()
    divergence = kl_to_standard_normal(mean, log_var)
    assert divergence == 500  # (0 + 1 - 1 + 1000) / 2
    divergence.backward()  # type: ignore[no-untyped-call]
    assert mean.grad == 1
    assert log_var.grad == -0.5
    assert reparameterize(mean, log_var, f32(3)) == 1


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-8])
def test_full_kl_keeps_digits_near_the_standard_normal(size: float) -> None:
    rest = torch.tensor([[2.0, 1.0], [1.0, -3.0]], dtype=torch.float64)
    covariance = torch.eye(2, dtype=torch.float64) + size * rest
    with mpmath.workdps(50):
        a, b, c = (mpmath.mpf(covariance[i, j].item()) for i, j in ((0, 0), (0, 1), (1, 1)))
        exact = float((a + c - 2 - mpmath.log(a * c - b * b)) / 2)
    found = kl_full_to_standard_normal(f64(0, 0), covariance)
    assert found.item() == pytest.approx(exact, rel=1e-15 / size + 1e-14)
