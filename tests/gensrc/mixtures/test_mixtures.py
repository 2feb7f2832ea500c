import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, reject
from hypothesis import strategies as st
from scipy.stats import chisquare, multivariate_normal
from sklearn.mixture import GaussianMixture
from torch import Tensor

from gensrc.data import crabs
from gensrc.divergences import kl
from gensrc.mixtures import (
    CollapseWarning,
    EmResult,
    Mixture,
    em,
    initial_mixture,
    lower_bound,
    m_step,
    responsibilities,
)

Problem = tuple[Mixture, Tensor]


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def problem(seed: int, n: int, d: int, k: int) -> Problem:
    """Data from k random clusters, and a start as wide as the data, so that little collapses."""
    generator = seeded(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    labels = torch.randint(k, (n,), generator=generator)
    x = 2 * normal(k, d)[labels] + normal(n, d) @ normal(d, d) / d**0.5 + 0.3 * normal(n, d)
    covariances = torch.cov(x.T, correction=0).reshape(d, d) * (1 + normal(k, 1, 1).abs())
    return Mixture(normal(k).softmax(0), x[:k] + 0.1 * normal(k, d), covariances), x


problems = st.builds(
    problem,
    seed=st.integers(0, 10_000),
    n=st.integers(30, 80),
    d=st.integers(1, 4),
    k=st.integers(1, 4),
)


def open_fit(mixture: Mixture, x: Tensor) -> EmResult:
    """Five steps of EM; what the floor changed is another property, and tried for itself."""
    try:
        return em(mixture, x, steps=5, tol=0)
    except CollapseWarning:
        reject()


def total(mixture: Mixture, x: Tensor) -> float:
    return float(mixture.log_prob(x).sum())


def close(a: Mixture, b: Mixture, rtol: float) -> bool:
    return all(torch.allclose(u, v, rtol=rtol, atol=rtol) for u, v in zip(a, b))


def scikit(mixture: Mixture, x: Tensor, steps: int) -> Mixture:
    """The same number of steps from the same start by scikit-learn."""
    other = GaussianMixture(
        len(mixture.weights),
        weights_init=mixture.weights.numpy(),
        means_init=mixture.means.numpy(),
        precisions_init=torch.linalg.inv(mixture.covariances).numpy(),
        reg_covar=0,
        tol=0,
        max_iter=steps,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tol = 0 does not converge
        other.fit(x.numpy())
    parts = (other.weights_, other.means_, other.covariances_)
    return Mixture(*(torch.from_numpy(part) for part in parts))


# The density, the E-step and the M-step against slow loops and SciPy


@given(problems)
def test_log_prob_is_scipys(case: Problem) -> None:
    mixture, x = case
    density = sum(
        float(w) * multivariate_normal(m.numpy(), c.numpy()).pdf(x.numpy()).reshape(-1)
        for w, m, c in zip(*mixture)
    )
    assert np.allclose(mixture.log_prob(x).numpy(), np.log(density), rtol=1e-9, atol=1e-9)


@given(problems)
def test_responsibilities_are_posterior_probabilities(case: Problem) -> None:
    mixture, x = case
    resp = responsibilities(mixture, x)
    assert torch.allclose(resp.sum(1), f64(1.0), atol=1e-14)
    for i in range(0, len(x), 7):
        joint = [
            float(w) * multivariate_normal(m.numpy(), c.numpy()).pdf(x[i].numpy())
            for w, m, c in zip(*mixture)
        ]
        slow = [part / sum(joint) for part in joint]
        assert resp[i].tolist() == pytest.approx(slow, abs=1e-12)


@given(problems)
def test_m_step_is_the_slow_loop(case: Problem) -> None:
    mixture, x = case
    resp = responsibilities(mixture, x)
    found = m_step(x, resp)
    for k in range(resp.shape[1]):
        count = sum(float(r) for r in resp[:, k])
        mean = sum(float(r) * row for r, row in zip(resp[:, k], x)) / count
        scatter = sum(
            float(r) * torch.outer(row - mean, row - mean) for r, row in zip(resp[:, k], x)
        )
        assert float(found.weights[k]) == pytest.approx(count / len(x), rel=1e-12)
        assert torch.allclose(found.means[k], torch.as_tensor(mean), rtol=1e-10, atol=1e-12)
        assert torch.allclose(found.covariances[k], scatter / count, rtol=1e-10, atol=1e-12)


@given(problems)
def test_m_step_maximises_the_lower_bound(case: Problem) -> None:
    mixture, x = case
    resp = responsibilities(mixture, x)
    best = m_step(x, resp)
    top = float(lower_bound(best, x, resp))
    nudged = [
        Mixture(
            (best.weights.log() + 0.01 * torch.arange(len(best.weights))).softmax(0), *best[1:]
        ),
        best._replace(means=best.means + 0.01),
        best._replace(covariances=best.covariances * 1.01),
        best._replace(covariances=best.covariances * 0.99),
    ]
    for other in nudged[len(best.weights) == 1 :]:
        assert float(lower_bound(other, x, resp)) < top


def test_far_from_every_component_nothing_underflows() -> None:
    pair = Mixture(f64(0.5, 0.5), f64(-1, 1)[:, None], torch.ones(2, 1, 1, dtype=torch.float64))
    x = f64(-1e6, 0.0, 1e6)[:, None]
    assert torch.equal(responsibilities(pair, x), f64(1, 0, 0.5, 0.5, 0, 1).reshape(3, 2))
    far = math.log(0.5) - (1e6 - 1) ** 2 / 2 - math.log(math.tau) / 2
    assert float(pair.log_prob(x)[2]) == pytest.approx(far, rel=1e-15)
    # log-odds 2 x are exact long after both densities are 0 in floating point
    assert float(responsibilities(pair, f64(-50.0)[:, None])[0, 1].log()) == pytest.approx(-100)


@pytest.mark.parametrize(("dtype", "away"), [(torch.float32, 1e10), (torch.float64, 1e16)])
def test_far_away_rounding_does_not_hide_which_component_is_nearer(
    dtype: torch.dtype, away: float
) -> None:
    # The log-odds are 2 x exactly; (x - 1)² and (x + 1)² are one number in this precision.
    pair = Mixture(*(torch.tensor(v, dtype=dtype) for v in ([0.5, 0.5], [[-1.0], [1.0]])),
                   torch.ones(2, 1, 1, dtype=dtype))  # fmt: skip
    x = torch.tensor([[-away], [away]], dtype=dtype)
    assert responsibilities(pair, x).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    same = pair._replace(means=torch.ones(2, 1, dtype=dtype))
    assert responsibilities(same, x).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_far_away_in_many_dimensions_against_exact_arithmetic() -> None:
    # One example far along each axis and one near, five components with one covariance; small
    # integers, so that the log-odds of Python's integers are exact.
    generator = seeded()
    means = torch.randint(-4, 5, (5, 3), generator=generator).double()
    weights = f64(0.125, 0.25, 0.125, 0.25, 0.25)
    same = Mixture(weights, means, torch.eye(3, dtype=torch.float64).repeat(5, 1, 1))
    x = torch.cat([torch.eye(3).double() * 2.0**60, torch.zeros(1, 3).double()])
    x[:, 1] += torch.tensor([0, 0, 0, 1])
    resp = responsibilities(same, x)
    for row, found in zip(x.long().tolist(), resp):
        forms = [sum((a - int(b)) ** 2 for a, b in zip(row, mean)) for mean in means.tolist()]
        odds = [float(w) * math.exp(-(f - min(forms)) / 2) for w, f in zip(weights, forms)]
        assert found.tolist() == pytest.approx([o / sum(odds) for o in odds], abs=1e-12)


def test_m_step_is_exact_far_from_the_origin() -> None:
    # Multiples of 2^-20 below 16, so that the offset adds no rounding of its own.
    generator = seeded()
    x = torch.randint(-(2**24), 2**24, (500, 3), generator=generator).double() / 2**20
    resp = torch.rand(500, 2, generator=generator, dtype=torch.float64)
    resp = resp / resp.sum(1, keepdim=True)
    near, far = m_step(x, resp), m_step(x + 2.0**20, resp)
    assert torch.allclose(far.covariances, near.covariances, rtol=1e-12)
    assert torch.allclose(far.means - 2.0**20, near.means, atol=1e-9)
    start = Mixture(*near)
    moved = start._replace(means=start.means + 2.0**20)
    a, b = em(start, x, steps=5, tol=0), em(moved, x + 2.0**20, steps=5, tol=0)
    assert torch.allclose(a.mixture.covariances, b.mixture.covariances, rtol=1e-8)


# EM


@given(problems)
def test_a_step_of_em_is_an_e_step_and_an_m_step(case: Problem) -> None:
    mixture, x = case
    fit = em(mixture, x, steps=1)
    assert close(fit.mixture, m_step(x, responsibilities(mixture, x)), 1e-10)
    assert float(fit.log_likelihoods[0]) == pytest.approx(total(mixture, x), rel=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 4))
def test_likelihood_never_falls_one_step_at_a_time(seed: int, d: int, k: int) -> None:
    mixture, x = problem(seed, 200, d, k)
    before = total(mixture, x)
    for step in range(8):
        mixture = em(mixture, x, steps=1).mixture
        after = total(mixture, x)
        assert after >= before - 1e-11 * abs(before), f"fell at step {step}"
        before = after


def test_log_likelihoods_are_totals_one_for_each_e_step() -> None:
    mixture, x = problem(3, 60, 2, 3)
    fit = em(mixture, x, steps=4, tol=0)
    for t in range(4):
        assert float(fit.log_likelihoods[t]) == pytest.approx(total(mixture, x), rel=1e-12)
        mixture = m_step(x, responsibilities(mixture, x))
    assert len(fit.log_likelihoods) == 4
    assert close(fit.mixture, mixture, 1e-10)


def test_tol_is_the_change_of_the_log_likelihood_per_example() -> None:
    mixture, x = problem(5, 80, 2, 3)
    everything = em(mixture, x, steps=200, tol=0)
    assert len(everything.log_likelihoods) == 200
    assert not everything.converged
    changes = everything.log_likelihoods.diff().abs() / len(x)
    for tol in (1e-2, 1e-4, 1e-6):
        fit = em(mixture, x, steps=200, tol=tol)
        assert fit.converged
        assert len(fit.log_likelihoods) == 2 + int((changes < tol).nonzero()[0])
    assert not em(mixture, x, steps=2, tol=1e-12).converged


@pytest.mark.parametrize(("n", "d", "k"), [(2000, 3, 4), (1500, 16, 5), (900, 30, 3), (500, 1, 2)])
def test_em_is_scikit_learns(n: int, d: int, k: int) -> None:
    mixture, x = problem(1, n, d, k)
    assert close(em(mixture, x, steps=20, tol=0).mixture, scikit(mixture, x, 20), 1e-9)


def test_em_is_scikit_learns_where_clusters_are_narrow_and_far_apart() -> None:
    generator = seeded()
    x = torch.randn(3000, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (3000, 1), generator=generator)
    x = x * 1e-4 + 10 * labels
    mixture = Mixture(
        f64(0.2, 0.3, 0.5),
        (f64(0, 10, 20)[:, None] + f64(1e-4, -1e-4, 0, 0)),
        torch.eye(4, dtype=torch.float64).repeat(3, 1, 1) * 1e-7,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours, theirs = em(mixture, x, steps=10, tol=0).mixture, scikit(mixture, x, 10)
    assert torch.allclose(ours.means, theirs.means, rtol=1e-12)
    assert torch.allclose(ours.covariances, theirs.covariances, rtol=1e-9, atol=1e-17)


@given(problems, st.integers(0, 1000))
def test_renaming_components_changes_nothing_else(case: Problem, seed: int) -> None:
    mixture, x = case
    order = torch.randperm(len(mixture.weights), generator=seeded(seed))
    renamed = Mixture(*(part[order] for part in mixture))
    assert torch.allclose(responsibilities(renamed, x), responsibilities(mixture, x)[:, order])
    a, b = open_fit(mixture, x), open_fit(renamed, x)
    assert close(Mixture(*(part[order] for part in a.mixture)), b.mixture, 1e-9)
    assert torch.allclose(a.log_likelihoods, b.log_likelihoods)


@given(problems, st.integers(0, 1000))
def test_em_moves_with_an_affine_map_of_the_data(case: Problem, seed: int) -> None:
    mixture, x = case
    d = x.shape[1]
    generator = seeded(seed)
    turn = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64)).Q
    linear = turn * torch.linspace(0.5, 3, d, dtype=torch.float64)
    shift = torch.randn(d, generator=generator, dtype=torch.float64)

    def moved(m: Mixture) -> Mixture:
        return Mixture(m.weights, m.means @ linear.T + shift, linear @ m.covariances @ linear.T)

    a = open_fit(mixture, x)
    b = open_fit(moved(mixture), x @ linear.T + shift)
    assert close(moved(a.mixture), b.mixture, 1e-8)
    volume = len(x) * float(torch.linalg.slogdet(linear).logabsdet)
    assert torch.allclose(a.log_likelihoods - volume, b.log_likelihoods)


def test_the_gradient_vanishes_where_em_stops() -> None:
    mixture, x = problem(7, 80, 2, 2)
    fit = em(mixture, x, steps=1000, tol=0).mixture
    means = fit.means.clone().requires_grad_()
    factors = torch.linalg.cholesky(fit.covariances).requires_grad_()
    logits = fit.weights.log().requires_grad_()
    Mixture(logits.softmax(0), means, factors @ factors.mT).log_prob(x).sum().backward()
    for part in (means, factors, logits):
        assert part.grad is not None
        assert float(part.grad.abs().max()) < 1e-6


def test_em_on_the_crabs_mid_points() -> None:
    data = crabs()
    x = data.midpoints.repeat_interleave(data.counts.long())[:, None]
    start = Mixture(f64(0.5, 0.5), f64(0.63, 0.66)[:, None], f64(2e-4, 2e-4).reshape(2, 1, 1))
    fit = em(start, x, steps=3000, tol=1e-14)
    assert fit.converged
    assert fit.mixture.weights.tolist() == pytest.approx([0.4327, 0.5673], abs=5e-5)


# The bound


@given(problems, st.integers(0, 1000))
def test_lower_bound_is_the_likelihood_less_the_divergence(case: Problem, seed: int) -> None:
    mixture, x = case
    any_resp = torch.rand(
        len(x), len(mixture.weights), generator=seeded(seed), dtype=torch.float64
    ).softmax(1)
    posterior = responsibilities(mixture, x)
    gap = float(kl(any_resp, posterior).sum())
    bound = float(lower_bound(mixture, x, any_resp))
    assert bound == pytest.approx(total(mixture, x) - gap, rel=1e-10)
    tight = float(lower_bound(mixture, x, posterior))
    assert tight == pytest.approx(total(mixture, x), rel=1e-12)


def test_the_gradient_of_the_bound_where_a_responsibility_is_zero() -> None:
    # As everywhere in gensrc, 0 log 0 has gradient 0.
    mixture, x = problem(0, 3, 2, 2)
    resp = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], dtype=torch.float64)
    resp.requires_grad_()
    lower_bound(mixture, x, resp).backward()
    assert resp.grad is not None
    expected = mixture.joint_log_prob(x) - resp.detach().log() - 1
    assert torch.allclose(resp.grad, torch.where(resp > 0, expected, 0.0))


def test_lower_bound_of_an_impossible_label() -> None:
    mixture, x = problem(0, 30, 2, 2)
    gone = mixture._replace(weights=f64(1, 0))
    certain = torch.tensor([1.0, 0.0], dtype=torch.float64).expand(len(x), 2)
    assert float(lower_bound(gone, x, certain)) == pytest.approx(total(gone, x))
    assert float(lower_bound(gone, x, certain.flip(1))) == -math.inf


# The floor


def test_the_floor_leaves_a_fit_that_does_not_collapse_bit_for_bit() -> None:
    mixture, x = problem(2, 300, 3, 3)
    fits = [em(mixture, x, steps=30, tol=0, floor=f).mixture for f in (None, 1e-14, 1e-3)]
    for fit in fits[1:]:
        assert all(torch.equal(u, v) for u, v in zip(fits[0], fit))


def test_the_floor_does_not_depend_on_units() -> None:
    mixture, x = problem(2, 300, 3, 3)
    units = f64(1e-9, 1, 1e9)
    start = Mixture(
        mixture.weights, mixture.means * units, mixture.covariances * units[:, None] * units
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = em(start, x * units, steps=30, tol=0).mixture
    plain = em(mixture, x, steps=30, tol=0).mixture
    assert torch.allclose(fit.means, plain.means * units, rtol=1e-9)
    assert torch.allclose(fit.covariances, plain.covariances * units[:, None] * units, rtol=1e-8)


def test_a_variance_just_above_the_floor_is_left_alone() -> None:
    x = f64(-1, 1, -0.3, 0.3).repeat(5)[:, None]  # variance 0.545, of the inner pair 0.09
    resp = (x.abs() < 0.5).double()
    resp = torch.cat([resp, 1 - resp], 1)
    share = float(0.09 / x.var(correction=0))
    found = m_step(x, resp, floor=0.99 * share)
    assert torch.equal(found.covariances, m_step(x, resp).covariances)
    with pytest.warns(CollapseWarning):
        m_step(x, resp, floor=1.01 * share)


def lonely(n: int = 200) -> Problem:
    """A start whose second component sits on one far example and will collapse onto it."""
    x = torch.randn(n, 2, generator=seeded(), dtype=torch.float64)
    x[-1] = 30.0
    unit = torch.eye(2, dtype=torch.float64).repeat(2, 1, 1)
    return Mixture(f64(0.5, 0.5), f64(0, 0, 30, 30).reshape(2, 2), unit), x


@pytest.mark.parametrize("floor", [None, 1e-6])
def test_a_collapsing_component_is_held_open_with_a_warning(floor: float | None) -> None:
    start, x = lonely()
    with pytest.warns(CollapseWarning, match=r"\[1\] collapsed at step 0") as seen:
        fit = em(start, x, steps=20, tol=0, floor=floor)
    assert len(seen) == 1
    assert seen[0].filename == __file__
    assert all(bool(part.isfinite().all()) for part in (*fit.mixture, fit.log_likelihoods))
    scale = x.std(0, correction=0)
    relative = fit.mixture.covariances[1] / (scale[:, None] * scale)
    expected = 2.0 ** (-52 * 2 / 3) if floor is None else floor
    assert torch.allclose(relative, expected * torch.eye(2, dtype=torch.float64), rtol=1e-6)
    assert torch.allclose(fit.mixture.means[1], f64(30, 30))
    with pytest.warns(CollapseWarning, match=r"component\(s\) \[1\] collapsed and"):
        m_step(x, responsibilities(start, x), floor=floor)


def test_only_the_flat_directions_are_opened() -> None:
    generator = seeded()
    x = torch.randn(300, 2, generator=generator, dtype=torch.float64)
    x[:150, 1] = 0.5 * x[:150, 0] + 1  # half of the examples on a line
    resp = torch.zeros(300, 2, dtype=torch.float64)
    resp[:150, 0] = resp[150:, 1] = 1
    with pytest.warns(CollapseWarning, match=r"\[0\]"):
        found = m_step(x, resp, floor=1e-4)
    scale = x.std(0, correction=0)
    values = torch.linalg.eigvalsh(found.covariances[0] / (scale[:, None] * scale))
    true = torch.linalg.eigvalsh(torch.cov(x[:150].T / scale[:, None], correction=0))
    assert values.tolist() == pytest.approx([1e-4, float(true[1])], rel=1e-9)
    assert torch.allclose(found.covariances[1], torch.cov(x[150:].T, correction=0), rtol=1e-12)


@pytest.mark.parametrize("d", [2, 4])
def test_with_a_floor_the_m_step_is_the_best_that_keeps_to_it(d: int) -> None:
    mixture, x = problem(11, 60, d, 2)
    resp = responsibilities(mixture, x)
    with pytest.warns(CollapseWarning):
        best = m_step(x, resp, floor=0.5)
    top = float(lower_bound(best, x, resp))
    scale = x.std(0, correction=0)
    scale = scale[:, None] * scale
    generator = seeded()
    for _ in range(50):
        nudge = torch.randn(2, d, d, generator=generator, dtype=torch.float64) / 20
        values, vectors = torch.linalg.eigh(best.covariances / scale + nudge + nudge.mT)
        other = (vectors * values.clamp(min=0.5)[:, None]) @ vectors.mT * scale
        assert float(lower_bound(best._replace(covariances=other), x, resp)) <= top + 1e-9


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 4))
@pytest.mark.filterwarnings("ignore::gensrc.mixtures.CollapseWarning")
def test_with_a_floor_only_the_first_step_can_lower_the_likelihood(
    seed: int, d: int, k: int
) -> None:
    mixture, x = problem(seed, 50, d, k)
    thin = mixture._replace(covariances=mixture.covariances / 100)
    history = em(thin, x, steps=12, tol=0, floor=0.2).log_likelihoods
    assert bool((history.diff()[1:] >= -1e-10 * history.abs().max()).all())


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
def test_a_coordinate_that_does_not_vary(value: float) -> None:
    mixture, x = problem(4, 100, 3, 2)
    x[:, 1] = value
    mixture.means[:, 1] = value
    with pytest.warns(CollapseWarning):
        fit = em(mixture, x, steps=10, tol=0, floor=1e-3)
    usual = float((x.var(0, correction=0)[[0, 2]]).mean())
    assert fit.mixture.covariances[:, 1, 1].tolist() == pytest.approx([1e-3 * usual] * 2, rel=1e-6)
    assert bool((fit.log_likelihoods.diff() >= -1e-9)[1:].all())


def test_examples_that_are_all_the_same() -> None:
    x = torch.full((5, 2), 0.3, dtype=torch.float64)
    start = Mixture(
        f64(0.5, 0.5), torch.zeros(2, 2).double(), torch.eye(2).double().repeat(2, 1, 1)
    )
    with pytest.warns(CollapseWarning):
        fit = em(start, x, steps=3, tol=0, floor=0.01).mixture
    assert torch.allclose(fit.means, x[:2])
    assert torch.allclose(fit.covariances, 0.01 * start.covariances)
    start = initial_mixture(x, 3, generator=seeded(), floor=0.01)
    assert torch.equal(start.means, x[:3])
    assert torch.allclose(start.covariances, fit.covariances[:1])


# Components without responsibility


def test_a_component_without_responsibility() -> None:
    x = problem(0, 50, 2, 1)[1]
    resp = torch.cat([torch.ones(50, 1), torch.zeros(50, 1)], 1).double()
    found = m_step(x, resp)
    assert found.weights.tolist() == [1.0, 0.0]
    assert torch.allclose(found.means[1], x.mean(0))
    assert torch.allclose(found.covariances[1], torch.cov(x.T, correction=0))


@pytest.mark.parametrize("d", [2, 30])
@pytest.mark.parametrize("away", ["weight", "distance"])
def test_em_goes_on_without_an_empty_component(d: int, away: str) -> None:
    mixture, x = problem(6, 300, d, 2)
    unit = torch.eye(d, dtype=torch.float64)[None]
    place = torch.full((1, d), 0.0 if away == "weight" else 1e6, dtype=torch.float64)
    weight = 0.0 if away == "weight" else 0.5
    crowd = Mixture(
        torch.cat([mixture.weights * (1 - weight), f64(weight)]),
        torch.cat([mixture.means, place]),
        torch.cat([mixture.covariances, unit]),
    )
    fit, plain = em(crowd, x, steps=6, tol=0), em(mixture, x, steps=6, tol=0)
    assert float(fit.mixture.weights[2]) == 0
    assert torch.allclose(fit.mixture.means[2], x.mean(0))
    assert close(Mixture(*(part[:2] for part in fit.mixture)), plain.mixture, 1e-9)
    assert torch.allclose(fit.log_likelihoods[1:], plain.log_likelihoods[1:])


# Starts and samples


def test_a_start_has_the_datas_covariance_and_examples_for_means() -> None:
    x = problem(0, 40, 3, 2)[1]
    start = initial_mixture(x, 5, generator=seeded())
    assert torch.allclose(start.weights, f64(0.2))
    assert all(bool((x == mean).all(1).any()) for mean in start.means)
    assert len(start.means.unique(dim=0)) == 5
    assert torch.allclose(start.covariances, torch.cov(x.T, correction=0))
    assert len(initial_mixture(x, 40, generator=seeded()).means.unique(dim=0)) == 40


def test_means_are_drawn_by_squared_distance() -> None:
    x, generator = f64(0, 1, 3)[:, None], seeded()
    seen = {(a, b): 0 for a in (0.0, 1.0, 3.0) for b in (0.0, 1.0, 3.0) if a != b}
    for _ in range(1200):
        first, second = initial_mixture(x, 2, generator=generator).means.flatten().tolist()
        seen[first, second] += 1
    weight = {(a, b): (a - b) ** 2 for a, b in seen}
    row = {a: sum(w for (first, _), w in weight.items() if first == a) for a in (0.0, 1.0, 3.0)}
    expected = [1200 * weight[pair] / row[pair[0]] / 3 for pair in seen]
    assert chisquare(list(seen.values()), expected).pvalue > 1e-3


def test_samples_follow_the_mixture() -> None:
    mixture = problem(1, 30, 2, 3)[0]
    x, labels = mixture.sample(200_000, generator=seeded())
    again, _ = mixture.sample(200_000, generator=seeded())
    assert torch.equal(x, again)
    found = m_step(x, torch.nn.functional.one_hot(labels, 3).double())
    assert torch.allclose(found.weights, mixture.weights, atol=0.006)
    assert torch.allclose(found.means, mixture.means, atol=0.06)
    assert torch.allclose(found.covariances, mixture.covariances, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("d", [3, 30])
def test_float32_stays_float32(d: int) -> None:
    mixture, x = problem(8, 500, d, 3)
    single = Mixture(*(part.float() for part in mixture))
    fit = em(single, x.float(), steps=5, tol=0)
    exact = em(mixture, x, steps=5, tol=0)
    assert all(part.dtype == torch.float32 for part in (*fit.mixture, fit.log_likelihoods))
    assert close(Mixture(*(part.double() for part in fit.mixture)), exact.mixture, 1e-3)


@pytest.mark.parametrize("d", [3, 30])
def test_cuda_agrees(cuda: torch.device, d: int) -> None:
    mixture, x = problem(8, 500, d, 3)
    here = em(mixture, x, steps=20, tol=0).mixture
    moved = Mixture(*(part.to(cuda) for part in mixture))
    there = em(moved, x.to(cuda), steps=20, tol=0).mixture
    assert all(part.device.type == "cuda" for part in there)
    assert close(Mixture(*(part.cpu() for part in there)), here, 1e-9)
    samples, _ = there.sample(10, generator=torch.Generator(cuda).manual_seed(0))
    assert bool(there.log_prob(samples).isfinite().all())
    start = initial_mixture(samples, 2, generator=torch.Generator(cuda).manual_seed(0))
    assert start.means.device.type == "cuda"


# Bad input


def bad(change: dict[str, Tensor]) -> Mixture:
    return problem(0, 30, 2, 3)[0]._replace(**change)


X = problem(0, 30, 2, 3)[1]
BAD_X = [
    (X[:, 0], r"x: expected .* shape \(n, d\)"),
    (X.long(), "x: expected a float32 or float64"),
    (X.half(), "x: expected a float32 or float64"),
    (torch.where(X[0] == X, math.nan, X), "x: expected finite numbers"),
    (torch.where(X[0] == X, math.inf, X), "x: expected finite numbers"),
    (X[:2], "k: expected at least one component"),
    (X[:0], "k: expected at least one component"),
    (X[:, :1], r"mixture: expected shapes \(K,\), \(K, 1\)"),
    (X.float(), "mixture: expected the same dtype"),
    (X * 1e200, "x: expected numbers whose squares do not overflow"),
]
BAD_MIXTURES = [
    ({"weights": f64(0.5, 0.4, 0.3)}, "weights: expected none negative and sum 1, got sum 1.2"),
    ({"weights": f64(0.6, 0.6, -0.2)}, "weights: expected none negative and sum 1"),
    ({"weights": f64(math.nan, 0.6, 0.4)}, "weights: expected none negative and sum 1"),
    ({"weights": f64(0.5, 0.5)}, "mixture: expected shapes"),
    ({"weights": f64(0.5, 0.25, 0.25).float()}, "mixture: expected the same dtype"),
    ({"means": torch.zeros(3, 3, dtype=torch.float64)}, "mixture: expected shapes"),
    ({"means": torch.full((3, 2), math.nan, dtype=torch.float64)}, "means: expected finite"),
    ({"covariances": torch.ones(3, 2, dtype=torch.float64)}, "mixture: expected shapes"),
    (
        {"covariances": torch.ones(3, 2, 2, dtype=torch.float64)},
        r"definite matrices, .* \[0, 1, 2\]",
    ),
    (
        {"covariances": f64(1, 0.5, 0, 1).reshape(1, 2, 2).repeat(3, 1, 1)},
        "covariances: expected symmetric",
    ),
    (
        {"covariances": torch.full((3, 2, 2), math.nan, dtype=torch.float64)},
        "covariances: expected symmetric",
    ),
]


@pytest.mark.parametrize(("x", "message"), BAD_X)
def test_bad_data(x: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        em(problem(0, 30, 2, 3)[0], x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.tensor([[1e20], [0.0]]), "x: expected numbers whose squares do not overflow"),
        (torch.tensor([[1e200], [0.0]]).double() * 1e200, "x: expected finite numbers"),
        (f64(1e200, 0)[:, None], "x: expected numbers whose squares do not overflow"),
        (f64(1e308, -1e308)[:, None], "x: expected numbers whose squares do not overflow"),
    ],
)
def test_squares_that_overflow(x: Tensor, message: str) -> None:
    pair = Mixture(
        torch.full((2,), 0.5, dtype=x.dtype),
        torch.tensor([[-1.0], [1.0]], dtype=x.dtype),
        torch.ones(2, 1, 1, dtype=x.dtype),
    )
    resp = torch.full((2, 2), 0.5, dtype=x.dtype)
    for use in (
        lambda: em(pair, x),
        lambda: responsibilities(pair, x),
        lambda: pair.log_prob(x),
        lambda: lower_bound(pair, x, resp),
        lambda: m_step(x, resp),
        lambda: initial_mixture(x, 2, generator=seeded()),
    ):
        with pytest.raises(ValueError, match=message):
            use()


@pytest.mark.parametrize("x", [torch.tensor([[1e-25], [0.0]]), f64(1e-170, 0)[:, None]])
def test_squares_that_underflow(x: Tensor) -> None:
    resp = torch.full((2, 2), 0.5, dtype=x.dtype)
    for use in (lambda: m_step(x, resp), lambda: initial_mixture(x, 2, generator=seeded())):
        with pytest.raises(ValueError, match="x: expected numbers whose squares do not underflow"):
            use()


@pytest.mark.parametrize(("change", "message"), BAD_MIXTURES)
def test_bad_mixture(change: dict[str, Tensor], message: str) -> None:
    for use in (
        lambda m: em(m, X),
        lambda m: responsibilities(m, X),
        lambda m: m.log_prob(X),
        lambda m: m.sample(3, generator=seeded()),
    ):
        with pytest.raises(ValueError, match=message):
            use(bad(change))


@pytest.mark.parametrize(
    ("resp", "message"),
    [
        (torch.full((29, 3), 1 / 3).double(), r"resp: expected shape \(30, "),
        (torch.full((30,), 1.0).double(), r"resp: expected shape"),
        (torch.full((30, 3), 1 / 3), "resp: expected .* dtype"),
        (torch.full((30, 3), 0.5).double(), "resp: expected rows that sum to one"),
        (f64(1.5, -0.5, 0).expand(30, 3), "resp: expected rows that sum to one"),
        (f64(math.nan, 1, 0).expand(30, 3), "resp: expected rows that sum to one"),
    ],
)
def test_bad_responsibilities(resp: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        m_step(X, resp)
    with pytest.raises(ValueError, match=message):
        lower_bound(problem(0, 30, 2, 3)[0], X, resp)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"steps": 0}, "steps, tol: expected"),
        ({"tol": -1.0}, "steps, tol: expected"),
        ({"tol": math.nan}, "steps, tol: expected"),
        ({"floor": 0.0}, "floor: expected"),
        ({"floor": 1.0}, "floor: expected"),
    ],
)
def test_bad_settings(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        em(problem(0, 30, 2, 3)[0], X, **setting)  # type: ignore[arg-type]


@pytest.mark.parametrize("k", [0, 31])
def test_bad_number_of_components(k: int) -> None:
    with pytest.raises(ValueError, match="k: expected at least one component and at most one"):
        initial_mixture(X, k, generator=seeded())
