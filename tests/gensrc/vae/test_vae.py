import io
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, kl_divergence
from torch.distributions import Normal as TorchNormal

from gensrc.likelihoods import (
    BERNOULLI,
    CONTINUOUS_BERNOULLI,
    GAUSSIAN,
    Gaussian,
    Likelihood,
    cross_entropy_mass,
)
from gensrc.networks import mlp
from gensrc.training import batches, fit, minimize
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

LIKELIHOODS: dict[str, Likelihood] = {
    "Bernoulli": BERNOULLI,
    "continuous Bernoulli": CONTINUOUS_BERNOULLI,
    "Gaussian": Gaussian(0.3),
}
each_likelihood = pytest.mark.parametrize("name", LIKELIHOODS)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def positive(k: int, seed: int = 0) -> Tensor:
    a = normal(k, k, seed=seed)
    return a @ a.T + 0.3 * torch.eye(k, dtype=torch.float64)


# Reparameterisation and the bound


def test_reparameterize_entry_by_entry() -> None:
    mean, log_var, noise = normal(4, 3), normal(4, 3, seed=1), normal(5, 4, 3, seed=2)
    z = reparameterize(mean, log_var, noise)
    for s, n, j in itertools.product(range(5), range(4), range(3)):
        naive = mean[n, j].item() + math.exp(log_var[n, j] / 2) * noise[s, n, j].item()
        assert z[s, n, j].item() == pytest.approx(naive, rel=1e-14)


def test_reparameterized_draws_have_their_distribution() -> None:
    mean, log_var = f64(1.5), f64(math.log(0.49))
    z = reparameterize(mean, log_var, normal(20_000, 1))[:, 0]
    assert stats.kstest(z.numpy(), stats.norm(1.5, 0.7).cdf).pvalue > 0.01


def test_reparameterize_passes_gradients() -> None:
    mean, log_var, noise = f64(0.3), f64(math.log(4)), f64(-1.5)
    mean.requires_grad_()
    log_var.requires_grad_()
    reparameterize(mean, log_var, noise).sum().backward()
    assert mean.grad == 1
    assert log_var.grad is not None
    assert log_var.grad.item() == pytest.approx(0.5 * 2 * -1.5)  # dz / d log_var = sigma eps / 2


def test_elbo_is_a_difference() -> None:
    assert torch.equal(elbo(f64(-3, -5), f64(1, 2)), f64(-4, -7))
    assert torch.equal(elbo(f64(-3, -5), f64(1, 2), beta=4), f64(-7, -13))
    assert torch.equal(elbo(f64(-3), f64(1), beta=0), f64(-3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: elbo(f64(1, 2), f64(1)), r"kl: expected the shape \(2,\) of log_lik.*got \(1,\)"),
        (lambda: elbo(f64(1), f64(1), beta=-1), "beta: expected a finite number >= 0, got -1"),
        (lambda: elbo(f64(1), f64(1), beta=math.inf), "beta: expected a finite number"),
        (lambda: elbo(f64(1), f64(1), beta=math.nan), "beta: expected a finite number"),
        (lambda: reparameterize(f64(1, 2), f64(1), f64(1)), r"log_var: expected the shape \(2,\)"),
        (
            lambda: reparameterize(f64(1, 2), f64(1, 2), f64(1)),
            r"noise: exp.*, 2\), got \(1,\)",
        ),
        (lambda: kl_to_standard_normal(f64(1, 2), f64(1)), "log_var: expected the shape"),
        (lambda: kl_to_standard_normal(f64(1)[0], f64(1)[0]), "log_var: expected the shape"),
        (
            lambda: kl_full_to_standard_normal(f64(1, 2), torch.eye(3)),
            r"covariance: expected shape \(..., 2, 2\), got \(3, 3\)",
        ),
        (
            lambda: kl_full_to_standard_normal(f64(1, 2), -torch.eye(2).double()),
            "covariance: expected positive definite",
        ),
        (lambda: importance_weighted_bound(f64()), r"log_weights: expected shape .* got \(0,\)"),
        (lambda: importance_weighted_bound(f64(1)[0]), r"log_weights: expected shape"),
        (lambda: Gaussian(0.0), "std: expected a positive number, got 0"),
        (
            lambda: GAUSSIAN.log_prob(f64(1, 2), f64(1)),
            r"x: expected the last axis .*\(2,\)",
        ),
        (
            lambda: BERNOULLI.log_prob(f64(1), f64(1, 2)),
            r"x: expected the last axis .*\(1,\)",
        ),
        (lambda: BERNOULLI.log_prob(normal(2, 3), normal(4, 3)), r"x: expected a shape that fits"),
        (lambda: couple(f64(1, 2), f64(1, 2), f64(1, 2)), "log_scale, shift: expected one shape"),
        (lambda: couple(f64(1, 2), f64(1), f64(1, 2)), "log_scale, shift: expected one shape"),
        (lambda: CouplingFlow(1, layers=2, hidden=4, generator=seeded()), "entries, layers: exp"),
        (lambda: linear(2, 3).log_prob(f64(1, 2)), r"x: expected shape \(n, 3\), got \(2,\)"),
        (lambda: linear(2, 3, std=0.0).posterior(normal(1, 3)), "std: expected a positive number"),
        (
            lambda: linear(2, 3)._replace(bias=f64(1)).log_prob(normal(1, 3)),
            r"weight, bias: expected shapes .* got \(3, 2\) and \(1,\)",
        ),
        (lambda: small(BERNOULLI, latent=3).encode(torch.zeros(1, 6)), "encoder: expected 6 out"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# Divergences of normal distributions


@given(st.floats(-5, 5), st.floats(-12, 4))
def test_diagonal_kl_is_the_integral(mean: float, log_var: float) -> None:
    ours = kl_to_standard_normal(f64(mean), f64(log_var)).item()
    std = math.exp(log_var / 2)
    exact = kl_divergence(TorchNormal(f64(mean), f64(std)), TorchNormal(f64(0), f64(1))).item()
    assert ours == pytest.approx(exact, rel=1e-9, abs=1e-9)
    q, p = stats.norm(mean, std), stats.norm()
    integral, _ = integrate.quad(
        lambda e: stats.norm.pdf(e) * (q.logpdf(mean + std * e) - p.logpdf(mean + std * e)), -9, 9
    )
    assert ours == pytest.approx(integral, rel=1e-6, abs=1e-7)


def test_diagonal_kl_keeps_digits_near_zero() -> None:
    v = 1e-9  # the divergence is v²/4 + …
    assert kl_to_standard_normal(f64(0), f64(v)).item() == pytest.approx(v**2 / 4, rel=0.1)
    assert kl_to_standard_normal(f64(0), f64(0)) == 0


def test_kl_is_additive_over_entries_and_keeps_leading_axes() -> None:
    mean, log_var = normal(2, 5, 3), normal(2, 5, 3, seed=1)
    single = kl_to_standard_normal(mean[..., None], log_var[..., None])
    assert torch.allclose(kl_to_standard_normal(mean, log_var), single.sum(-1), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_full_kl_against_torch(k: int) -> None:
    mean, covariance = normal(7, k), torch.stack([positive(k, seed) for seed in range(7)])
    standard = MultivariateNormal(torch.zeros(k).double(), torch.eye(k).double())
    exact = kl_divergence(MultivariateNormal(mean, covariance), standard)
    assert torch.allclose(kl_full_to_standard_normal(mean, covariance), exact, rtol=1e-10)


def test_full_kl_of_a_diagonal_covariance_is_the_diagonal_one() -> None:
    mean, log_var = normal(6, 4), normal(6, 4, seed=1)
    full = kl_full_to_standard_normal(mean, torch.diag_embed(log_var.exp()))
    assert torch.allclose(full, kl_to_standard_normal(mean, log_var), rtol=1e-12)


# Gradients of expectations

HERMITE_X, HERMITE_W = (torch.tensor(a) for a in np.polynomial.hermite_e.hermegauss(40))
HERMITE_W = HERMITE_W / math.sqrt(math.tau)


def test_both_estimators_have_the_exact_gradient_as_their_mean() -> None:
    def f(z: Tensor) -> Tensor:
        return z**3 - 2 * z**2 + z

    mean, log_var = f64(0.7).requires_grad_(), f64(-0.5).requires_grad_()
    s2 = log_var.exp()  # E z³ = m³ + 3 m s², E z² = m² + s²
    exact = torch.autograd.grad(
        mean**3 + 3 * mean * s2 - 2 * (mean**2 + s2) + mean, [mean, log_var]
    )
    z = reparameterize(mean, log_var, HERMITE_X[:, None])[:, 0]
    pathwise = torch.autograd.grad(HERMITE_W @ f(z), [mean, log_var], retain_graph=True)
    fixed = z.detach()
    log_q = TorchNormal(mean, (log_var / 2).exp()).log_prob(fixed)
    score = torch.autograd.grad(HERMITE_W @ reinforce_surrogate(f(z), log_q), [mean, log_var])
    for exactly, one, other in zip(exact, pathwise, score):
        assert one.item() == pytest.approx(exactly.item(), rel=1e-10)
        assert other.item() == pytest.approx(exactly.item(), rel=1e-10)


# Likelihoods


@each_likelihood
def test_log_prob_sums_entries_and_broadcasts_over_draws(name: str) -> None:
    likelihood, x, output = LIKELIHOODS[name], (normal(4, 3) > 0).double(), normal(5, 4, 3, seed=1)
    value = likelihood.log_prob(x, output)
    assert value.shape == (5, 4)
    for s, n in itertools.product(range(5), range(4)):
        single = [likelihood.log_prob(x[n, j : j + 1], output[s, n, j : j + 1]) for j in range(3)]
        assert value[s, n].item() == pytest.approx(sum(v.item() for v in single), rel=1e-12)


@pytest.mark.parametrize("logit", [-700.0, -30.0, -2.0, -0.4, -1e-3, 0.0, 1e-9, 0.6, 5.0, 80.0])
def test_continuous_bernoulli_integrates_to_one_and_has_its_mean(logit: float) -> None:
    x, w = np.polynomial.legendre.leggauss(200)
    # the mass lies within a few 1/|l| of one end: a substitution brings the nodes there
    scale = min(1.0, 40 / max(abs(logit), 1e-9))
    nodes = torch.tensor((x + 1) / 2 * scale)
    nodes = 1 - nodes if logit > 0 else nodes
    weights = torch.tensor(w / 2 * scale)
    density = CONTINUOUS_BERNOULLI.log_prob(nodes[:, None], f64(logit).expand(200, 1)).exp()
    assert (weights @ density).item() == pytest.approx(1, abs=1e-9)
    mean = CONTINUOUS_BERNOULLI.mean(f64(logit)).item()
    assert (weights @ (density * nodes)).item() == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_continuous_bernoulli_is_smooth_where_the_series_takes_over(dtype: torch.dtype) -> None:
    around = torch.tensor([-0.5, 0.5, 0.0, 1e-4, -1e4, 1e4], dtype=dtype)
    near = (around[:, None] + torch.tensor([-1e-3, 0, 1e-3], dtype=dtype)).requires_grad_()
    value = CONTINUOUS_BERNOULLI.log_prob(torch.full_like(near[..., None], 0.5), near[..., None])
    (slope,) = torch.autograd.grad(value.sum(), near)
    # at x = 1/2 the slope of the log-density is 1/2 minus the mean
    expected = 0.5 - CONTINUOUS_BERNOULLI.mean(near)
    assert value.isfinite().all()
    eps = torch.finfo(dtype).eps
    assert torch.allclose(slope, expected, rtol=0, atol=10 * eps)
    reference = near.detach().double() / 2  # tanh(h) = sinh/cosh, in float64 and far from zero
    exact = (1 / reference.tanh() - 1 / reference) / 2
    exact = torch.where(reference.abs() < 1e-2, reference / 6, exact)
    assert torch.allclose(-slope.double(), exact, rtol=0, atol=max(20 * eps, 1e-8))


@pytest.mark.parametrize("probability", [0.5, 0.5 + 1e-9, 0.9, 0.01, 0.99])
def test_mass_of_cross_entropy(probability: float) -> None:
    p = probability
    integral, _ = integrate.quad(lambda x: p**x * (1 - p) ** (1 - x), 0, 1)
    assert cross_entropy_mass(f64(p).logit()).item() == pytest.approx(integral, rel=1e-8)


def test_bernoulli_against_scipy_and_far_away() -> None:
    logits, x = 3 * normal(50), (normal(50, seed=1) > 0).double()
    exact = stats.bernoulli.logpmf(x.numpy(), logits.sigmoid().numpy())
    assert BERNOULLI.log_prob(x, logits).item() == pytest.approx(exact.sum(), rel=1e-12)
    assert BERNOULLI.log_prob(f64(1), f64(-1e4)) == -1e4
    assert BERNOULLI.log_prob(f64(1), f64(1e4)) == 0


def test_gaussian_against_scipy() -> None:
    x, mean = normal(6, 4), normal(6, 4, seed=1)
    exact = stats.norm.logpdf(x.numpy(), mean.numpy(), 0.3).sum(1)
    assert torch.allclose(Gaussian(0.3).log_prob(x, mean), torch.tensor(exact), rtol=1e-12)
    assert Gaussian(1.0) == GAUSSIAN


@each_likelihood
@pytest.mark.parametrize("output", [-300.0, -1.0, 0.0, 2.0])
def test_draws_have_the_mean_and_density(name: str, output: float) -> None:
    likelihood = LIKELIHOODS[name]
    outputs = f64(output).expand(20_000)
    x = likelihood.sample(outputs, generator=seeded(3))
    assert x.dtype == torch.float64
    assert x.isfinite().all()
    spread = max(x.std().item(), 1e-6)
    gap = x.mean() - likelihood.mean(f64(output))
    assert abs(gap.item()) <= 4 * spread / math.sqrt(20_000)
    if name == "continuous Bernoulli":

        def cdf(t: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return t if output == 0 else np.expm1(output * t) / np.expm1(output)

        assert stats.kstest(x.numpy(), cdf).pvalue > 0.01
    again = likelihood.sample(outputs, generator=seeded(3))
    assert torch.equal(x, again)


# The linear-Gaussian model


def linear(k: int, d: int, *, std: float = 0.7, seed: int = 0) -> LinearGaussian:
    return LinearGaussian(normal(d, k, seed=seed), normal(d, seed=seed + 1), std)


@pytest.mark.parametrize(("k", "d"), [(1, 1), (2, 5), (5, 2)])
def test_linear_evidence_and_posterior_by_conditioning(k: int, d: int) -> None:
    model, x = linear(k, d), normal(6, d, seed=5)
    w, b = model.weight.numpy(), model.bias.numpy()
    cov_x = w @ w.T + 0.49 * np.eye(d)
    exact = stats.multivariate_normal(b, cov_x).logpdf(x.numpy())
    assert torch.allclose(model.log_prob(x), torch.tensor(exact).reshape(6), rtol=1e-10)
    # z and x are jointly normal with cross-covariance W^T
    gain = w.T @ np.linalg.inv(cov_x)
    mean, covariance = model.posterior(x)
    assert np.allclose(mean.numpy(), (x.numpy() - b) @ gain.T, atol=1e-10)
    assert np.allclose(covariance.numpy(), np.eye(k) - gain @ w, atol=1e-10)


def test_linear_elbo_is_the_evidence_minus_the_gap() -> None:
    model, x = linear(3, 4), normal(6, 4, seed=5)
    posterior = model.posterior(x)
    assert torch.allclose(model.elbo(x, posterior), model.log_prob(x), rtol=0, atol=1e-11)
    q = Normal(normal(6, 3, seed=8), positive(3, seed=9))
    gap = kl_divergence(MultivariateNormal(*q), MultivariateNormal(*posterior))
    assert torch.allclose(model.elbo(x, q) + gap, model.log_prob(x), rtol=0, atol=1e-10)
    each = Normal(q.mean, q.covariance.expand(6, 3, 3))
    assert torch.allclose(model.elbo(x, each), model.elbo(x, q))


# More draws


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=6))
def test_importance_weighted_bound_is_log_of_the_mean(values: list[float]) -> None:
    top = max(values)
    naive = top + math.log(math.fsum(math.exp(v - top) for v in values) / len(values))
    ours = importance_weighted_bound(f64(*values)).item()
    assert ours == pytest.approx(naive, rel=1e-12, abs=1e-10)


def test_importance_weighted_bound_shape_and_one_draw() -> None:
    weights = normal(4, 3, 5)
    assert importance_weighted_bound(weights).shape == (4, 3)
    assert torch.equal(importance_weighted_bound(weights[..., :1]), weights[..., 0])


# Flows


def flow(seed: int = 0, entries: int = 2, layers: int = 4) -> CouplingFlow:
    return CouplingFlow(entries, layers=layers, hidden=8, generator=seeded(seed)).double()


def test_coupling_keeps_moves_and_returns() -> None:
    x, a, t = normal(6, 3), normal(6, 2, seed=1), normal(6, 2, seed=2)
    y, log_det = couple(x, a, t)
    assert torch.equal(y[:, 0], x[:, 0])
    assert torch.allclose(y[:, 1:], x[:, 1:] * a.exp() + t)
    assert torch.allclose(log_det, a.sum(1))
    back, inverse_log_det = uncouple(y, a, t)
    assert torch.allclose(back, x)
    assert torch.equal(inverse_log_det, -log_det)


@pytest.mark.parametrize("entries", [2, 3, 5])
def test_flow_inverts_and_its_log_det_is_that_of_the_jacobian(entries: int) -> None:
    model, noise = flow(entries=entries), normal(7, entries)
    z, log_det = model(noise)
    back, inverse_log_det = model.inverse(z)
    assert torch.allclose(back, noise, atol=1e-10)
    assert torch.allclose(inverse_log_det, -log_det, atol=1e-10)
    for n in range(7):
        jacobian = torch.autograd.functional.jacobian(lambda e: model(e).value, noise[n])
        assert torch.allclose(torch.linalg.slogdet(jacobian).logabsdet, log_det[n], atol=1e-10)
    assert (z != noise).all()  # every entry moves


def test_flow_density_integrates_to_one() -> None:
    side = torch.linspace(-30, 30, 1201, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    with torch.no_grad():
        mass = flow().log_prob(grid).exp().sum() * (side[1] - side[0]) ** 2
    assert mass.item() == pytest.approx(1, abs=1e-6)


def test_flow_draws_are_reproducible() -> None:
    a, b = (flow().sample(50, generator=seeded(1)) for _ in range(2))
    assert torch.equal(a, b)
    assert a.shape == (50, 2)
    assert a.dtype == torch.float64


# The model


def small(likelihood: Likelihood, *, latent: int = 2, seed: int = 0, beta: float = 1.0) -> VAE:
    draw = seeded(seed)
    return VAE(
        mlp([6, 8, 4], generator=draw, activation=nn.Tanh),
        mlp([2, 8, 6], generator=draw, activation=nn.Tanh),
        likelihood,
        latent=latent,
        generator=draw,
        beta=beta,
    )


@each_likelihood
def test_loss_gradient_and_samples(name: str) -> None:
    vae, x = small(LIKELIHOODS[name]), torch.rand(5, 6, generator=seeded(1)).round()
    terms = vae.loss(x)
    assert set(terms) == {"loss", "log_likelihood", "kl"}
    assert all(value.shape == () for value in terms.values())
    terms["loss"].backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in vae.parameters())
    a, b = (vae.sample(9, generator=seeded(4)) for _ in range(2))
    assert a.shape == (9, 6)
    assert torch.equal(a, b)
    assert not a.requires_grad
    mean = LIKELIHOODS[name].mean(vae.decoder(torch.zeros(3, 2)))
    assert torch.equal(vae.decode(torch.zeros(3, 2)), mean)


def test_loss_is_minus_the_mean_bound_of_its_noise() -> None:
    x = torch.rand(5, 6, generator=seeded(1)).round()
    vae = small(BERNOULLI, beta=3.0)
    vae.generator.manual_seed(7)
    terms = vae.loss(x)
    noise = torch.randn(5, 2, generator=seeded(7))
    mean, log_var = vae.encoder(x).split([2, 2], dim=1)
    total_likelihood = total_kl = 0.0
    for n in range(5):
        logits = vae.decoder(mean[n] + (log_var[n] / 2).exp() * noise[n])
        probability = logits.sigmoid()
        chosen = torch.where(x[n] == 1, probability, 1 - probability)
        total_likelihood += chosen.log().sum().item() / 5
        q = TorchNormal(mean[n], (log_var[n] / 2).exp())
        total_kl += kl_divergence(q, TorchNormal(0.0, 1.0)).sum().item() / 5
    assert terms["log_likelihood"].item() == pytest.approx(total_likelihood, rel=1e-5)
    assert terms["kl"].item() == pytest.approx(total_kl, rel=1e-5)
    assert terms["loss"].item() == pytest.approx(3 * total_kl - total_likelihood, rel=1e-5)


def test_bound_and_log_weights_agree_on_average() -> None:
    vae, x = small(BERNOULLI).double(), (normal(4, 6) > 0).double()
    noise = normal(3000, 4, 2, seed=2)
    weights = vae.log_weights(x, noise=noise)
    assert weights.shape == (4, 3000)
    bound = vae.bound(x, noise=noise)
    assert bound.elbo.shape == bound.kl.shape == (3000, 4)
    # the two differ by log p(z) - log q(z|x) + KL, which has mean zero
    difference = weights.T - bound.elbo
    assert (difference.mean(0).abs() <= 4 * difference.std(0) / math.sqrt(3000)).all()
    mean, log_var = vae.encode(x)
    z = reparameterize(mean, log_var, noise)
    q, p = TorchNormal(mean, (log_var / 2).exp()), TorchNormal(f64(0), f64(1))
    exact = bound.log_likelihood + (p.log_prob(z) - q.log_prob(z)).sum(-1)
    assert torch.allclose(weights.T, exact, rtol=1e-10)


def test_evidence_of_a_small_model_bounds_both_bounds() -> None:
    vae, x = small(BERNOULLI).double(), (normal(4, 6) > 0).double()
    side = torch.linspace(-7, 7, 141, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    log_joint = BERNOULLI.log_prob(x[:, None], vae.decoder(grid))
    log_joint = log_joint - grid.square().sum(1) / 2 - math.log(math.tau)
    evidence = log_joint.logsumexp(1) + 2 * math.log(side[1] - side[0])
    noise = normal(4000, 4, 2, seed=2)
    one = vae.bound(x, noise=noise).elbo.mean(0)
    many = importance_weighted_bound(vae.log_weights(x, noise=noise))
    assert (one < evidence).all()
    assert torch.allclose(many, evidence, rtol=0, atol=0.1)


def test_training_raises_the_bound() -> None:
    vae = small(BERNOULLI)
    x = torch.eye(6)[torch.arange(60) % 3]
    step = minimize(vae.loss, torch.optim.Adam(vae.parameters(), 0.05))
    history = fit(step, batches(x, 30, generator=seeded(2)), steps=500)
    loss = history.curves["loss"]
    # Independent pixels with the right frequencies (1/3 for three of them): 3 * 0.6365 = 1.91.
    assert loss[:10].mean() > 3
    assert loss[-50:].mean() < 1.7


def test_save_and_load_and_float64() -> None:
    vae, other = small(BERNOULLI), small(BERNOULLI, seed=1)
    buffer = io.BytesIO()
    torch.save(vae.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    x = torch.rand(5, 6, generator=seeded(2))
    assert torch.equal(vae.encode(x).mean, other.encode(x).mean)
    assert vae.double().loss(x.double())["loss"].dtype == torch.float64
    assert vae.sample(2, generator=seeded()).dtype == torch.float64


def test_cuda_agrees(cuda: torch.device) -> None:
    x, noise = (normal(4, 6) > 0).double(), normal(3, 4, 2, seed=2)
    for likelihood in LIKELIHOODS.values():
        vae = small(likelihood).double()
        here = vae.bound(x, noise=noise)
        weights = vae.log_weights(x, noise=noise)
        vae.to(cuda)
        for a, b in zip(vae.bound(x.to(cuda), noise=noise.to(cuda)), here):
            assert torch.allclose(a.cpu(), b, rtol=1e-10)
        there = vae.log_weights(x.to(cuda), noise=noise.to(cuda))
        assert torch.allclose(there.cpu(), weights, rtol=1e-10)
        assert vae.loss(x.to(cuda))["loss"].device.type == "cuda"
        draw = torch.Generator(cuda).manual_seed(0)
        assert vae.sample(5, generator=draw).device.type == "cuda"
    model = linear(2, 3)
    there_model = LinearGaussian(model.weight.to(cuda), model.bias.to(cuda), model.std)
    points = normal(5, 3, seed=4)
    assert torch.allclose(there_model.log_prob(points.to(cuda)).cpu(), model.log_prob(points))
    q = model.posterior(points)
    assert torch.allclose(there_model.posterior(points.to(cuda)).mean.cpu(), q.mean)
    assert torch.allclose(
        there_model.elbo(points.to(cuda), Normal(*(part.to(cuda) for part in q))).cpu(),
        model.elbo(points, q),
    )
    model_flow = flow()
    value = model_flow.log_prob(noise)
    assert torch.allclose(model_flow.to(cuda).log_prob(noise.to(cuda)).cpu(), value)
