import io
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from torch import Tensor

from gensrc.boltzmann import (
    DBM,
    RBM,
    StochasticMaximumLikelihood,
    annealed_importance_sampling,
    base_rates,
    conditional,
    configurations,
    free_energy,
    gibbs,
    log_likelihood,
    log_partition,
    mean_field,
    pretrained,
    statistics,
    uniform_states,
    variational_bound,
)
from gensrc.training import batches, fit

SIZES = [[3, 2], [3, 4, 2], [2, 3, 2, 3], [1, 1]]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def machine(sizes: list[int], seed: int = 0, scale: float = 1.0) -> DBM:
    """A machine with random weights and biases in float64."""
    draw = seeded(seed)
    model = DBM(sizes[0], sizes[1:], generator=draw).double()
    for p in model.parameters():
        p.data.copy_(scale * torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


def everything(model: DBM) -> tuple[Tensor, ...]:
    """All states of all layers."""
    return configurations(sum(model.sizes)).split(model.sizes, dim=1)


def probabilities(model: DBM) -> Tensor:
    v, *h = everything(model)
    return torch.softmax(-model.energy(v, h), 0).detach()


# The machines


@pytest.mark.parametrize("sizes", SIZES)
def test_energy_is_its_double_sum(sizes: list[int]) -> None:
    model, s = machine(sizes), [layer[-9:].numpy() for layer in everything(machine(sizes))]
    w = [p.detach().numpy() for p in model.weights]
    b = [p.detach().numpy() for p in model.biases]
    expected = []
    for m in range(len(s[0])):
        total = 0.0
        for k, size in enumerate(sizes):
            for j in range(size):
                total -= b[k][j] * s[k][m, j]
                for i in range(sizes[k - 1] if k else 0):
                    total -= s[k - 1][m, i] * w[k - 1][i, j] * s[k][m, j]
        expected.append(total)
    v, *h = (torch.tensor(layer) for layer in s)
    assert model.energy(v, h).tolist() == pytest.approx(expected, abs=1e-12)


def test_an_rbm_is_a_machine_with_one_hidden_layer() -> None:
    rbm = RBM(3, 2, generator=seeded(4))
    v, h = torch.rand(5, 3), torch.rand(5, 2)
    product = torch.einsum("ni,ij,nj->n", v, rbm.weight, h)
    by_hand = -v @ rbm.visible_bias - h @ rbm.hidden_bias - product
    assert torch.allclose(rbm.energy(v, h), by_hand)
    assert torch.equal(rbm.energy(v, h), rbm.energy(v, [h]))
    assert rbm.weight.shape == (3, 2)
    assert repr(rbm) == "RBM(3, 2)"
    assert repr(DBM(3, [2, 1])) == "DBM(3, 2, 1)"
    assert torch.equal(RBM(3, 2).weight, RBM(3, 2).weight)
    assert 0.005 < RBM(50, 40).weight.std() < 0.015


@pytest.mark.parametrize("sizes", SIZES)
def test_conditionals_by_enumeration(sizes: list[int]) -> None:
    model, states, p = machine(sizes), everything(machine(sizes)), probabilities(machine(sizes))
    place = 0
    for layer, size in enumerate(sizes):
        found = conditional(model, states, layer)
        for j in range(size):
            unit = 2**place  # configurations: the first unit changes fastest
            number = torch.arange(len(p))
            on, off = number | unit, number & ~unit
            assert torch.allclose(found[:, j], p[on] / (p[on] + p[off]), atol=1e-12)
            place += 1


def test_sampling_leaves_the_model_invariant_and_uses_the_generator_alone() -> None:
    model = machine([2, 2, 1], seed=3)
    states, p = everything(model), probabilities(model)
    n = 40_000
    rows = torch.multinomial(p, n, replacement=True, generator=seeded(1))
    start = [layer[rows] for layer in states]
    moved = gibbs(model, start, steps=2, generator=seeded(2))
    again = gibbs(model, start, steps=2, generator=seeded(2))
    assert all(torch.equal(a, b) for a, b in zip(moved, again))
    powers = 2.0 ** torch.arange(5, dtype=torch.float64)
    found = torch.bincount((torch.cat(moved, 1) @ powers).long(), minlength=32) / n
    error = (p * (1 - p) / n).sqrt()
    assert ((found - p).abs() <= 4.5 * error + 1e-4).all()


def test_one_sweep_draws_even_layers_and_then_odd_ones() -> None:
    model = machine([3, 2, 2])
    start = [torch.zeros(4, k).double() for k in model.sizes]
    start[1] += torch.tensor([1.0, 0.0])
    draw = seeded(7)
    w = [p.detach().numpy() for p in model.weights]
    b = [p.detach().numpy() for p in model.biases]
    u = torch.rand(4 * 5, generator=draw, dtype=torch.float64).numpy()
    h1 = start[1].numpy()
    v = (u[:12].reshape(4, 3) < expit(b[0] + h1 @ w[0].T)).astype(float)
    h2 = (u[12:].reshape(4, 2) < expit(b[2] + h1 @ w[1])).astype(float)
    u = torch.rand(4 * 2, generator=draw, dtype=torch.float64).numpy()
    h1 = (u.reshape(4, 2) < expit(b[1] + v @ w[0] + h2 @ w[1].T)).astype(float)
    moved = gibbs(model, start, generator=seeded(7))
    for layer, expected in zip(moved, (v, h1, h2)):
        assert np.array_equal(layer.numpy(), expected)
    assert all(
        torch.equal(a, b) for a, b in zip(gibbs(model, start, steps=0, generator=draw), start)
    )


def test_samples_of_a_machine_without_weights_are_coins() -> None:
    model = DBM(2, [3, 2], std=0.0)
    model.biases[0].data.copy_(torch.tensor([0.0, math.log(3)]))
    v = model.sample(20_000, steps=1, generator=seeded())
    assert v.mean(0).tolist() == pytest.approx([0.5, 0.75], abs=0.015)


# Sums


@pytest.mark.parametrize("sizes", SIZES)
def test_partition_and_likelihood_by_enumeration(sizes: list[int]) -> None:
    model = machine(sizes, seed=5, scale=2.0)
    v, *h = everything(model)
    log_p = -model.energy(v, h)
    assert log_partition(model).item() == pytest.approx(log_p.logsumexp(0).item(), abs=1e-10)
    by_visible = log_p.view(-1, 2 ** sizes[0]).logsumexp(0)
    seen = configurations(sizes[0])
    assert torch.allclose(-free_energy(model, seen), by_visible, atol=1e-10)
    assert log_likelihood(model, seen).exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_partition_of_independent_units() -> None:
    model = DBM(30, [18, 25], std=0.0).double()
    model.biases[2].data.fill_(math.log(3))
    assert log_partition(model).item() == pytest.approx(48 * math.log(2) + 25 * math.log(4))


def test_enumeration_in_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = machine([4, 5, 3])
    v = configurations(4)
    whole = log_partition(model), free_energy(model, v)
    monkeypatch.setattr("gensrc.boltzmann.exact.MAX_BLOCK", 24)
    assert log_partition(model).item() == pytest.approx(whole[0].item(), abs=1e-12)
    assert torch.allclose(free_energy(model, v), whole[1], atol=1e-12)


def test_too_large_a_machine_names_the_estimate() -> None:
    with pytest.raises(ValueError, match=r"at most 20 units.*got 21.*annealed_importance_sampling"):
        log_partition(RBM(21, 30))
    with pytest.raises(ValueError, match=r"at most 20 units.*got 21.*variational_bound"):
        free_energy(DBM(2, [21, 22]), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="n: expected 0 to 20 units, got 21"):
        configurations(21)


def test_base_rates_are_finite_and_near_the_logits() -> None:
    x = torch.zeros(1000, 3).double()
    x[:250, 0] = 1
    x[:, 1] = 1
    found = base_rates(x)
    assert found[0].item() == pytest.approx(-math.log(3), abs=2e-3)
    assert found[1].item() == -found[2].item() == pytest.approx(math.log(2001))


# Annealed importance sampling


def test_importance_weights_are_those_of_a_plain_loop() -> None:
    model = machine([3, 2], seed=8)
    w, b0, b1 = (p.detach().numpy() for p in model.parameters())
    base = [torch.tensor([0.3, -0.2, 0.1]).double(), torch.tensor([0.5, 0.0]).double()]
    betas, runs = [0.0, 0.2, 0.7, 1.0], 4
    found = annealed_importance_sampling(
        model,
        betas=torch.tensor(betas, dtype=torch.float64),
        runs=runs,
        base=base,
        generator=seeded(3),
    )
    draw = seeded(3)

    def uniforms(n: int) -> np.ndarray:
        return torch.rand(runs * n, generator=draw, dtype=torch.float64).numpy().reshape(runs, n)

    def biases(beta: float) -> tuple[np.ndarray, np.ndarray]:
        return tuple((1 - beta) * a.numpy() + beta * b for a, b in zip(base, (b0, b1)))

    def log_p(h: np.ndarray, beta: float) -> np.ndarray:
        a, c = biases(beta)
        return h @ c + np.log1p(np.exp(a + beta * h @ w.T)).sum(1)

    h = (uniforms(2) < expit(base[1].numpy())).astype(float)  # the smaller side is hidden
    log_w = np.full(runs, sum(np.log1p(np.exp(a.numpy())).sum() for a in base))
    for before, beta in pairwise(betas):
        log_w += log_p(h, beta) - log_p(h, before)
        a, c = biases(beta)
        v = (uniforms(3) < expit(a + beta * h @ w.T)).astype(float)
        h = (uniforms(2) < expit(c + beta * v @ w)).astype(float)
    assert found.log_weights.tolist() == pytest.approx(log_w.tolist(), abs=1e-12)
    ratio = np.exp(log_w)
    assert found.log_z.item() == pytest.approx(np.log(ratio.mean()), abs=1e-12)
    error = ratio.std(ddof=1) / ratio.mean() / 2
    assert found.standard_error.item() == pytest.approx(error, abs=1e-12)


@pytest.mark.parametrize("sizes", [[8, 8], [5, 6, 5], [4, 3, 5, 4]])
def test_annealing_meets_the_exact_sum_within_its_error(sizes: list[int]) -> None:
    model = machine(sizes, seed=9)
    exact = log_partition(model).item()
    scores = []
    for seed in range(8):
        found = annealed_importance_sampling(model, betas=200, runs=200, generator=seeded(seed))
        scores.append((found.log_z.item() - exact) / found.standard_error.item())
        assert 0.001 < found.standard_error.item() < 0.1
    assert max(map(abs, scores)) < 4
    assert 0.3 < np.std(scores) < 2.2


def test_annealing_from_the_model_itself_is_exact_and_free_of_overflow() -> None:
    model = RBM(4, 3, std=0.0).double()
    for bias in model.biases:
        bias.data.fill_(800.0)
    found = annealed_importance_sampling(model, betas=3, runs=2, generator=seeded())
    assert found.log_z.item() == pytest.approx(7 * 800)
    assert found.standard_error == 0


# Mean field


@pytest.mark.parametrize("sizes", SIZES)
def test_mean_field_is_a_fixed_point_below_the_likelihood(sizes: list[int]) -> None:
    model, v = machine(sizes, seed=2), configurations(sizes[0])
    means = mean_field(model, v, steps=5000, tol=1e-13)
    layers = (v, *means)
    for place in range(1, len(sizes)):
        assert torch.allclose(conditional(model, layers, place), layers[place], atol=1e-9)
    gap = log_likelihood(model, v) - variational_bound(model, v, means, log_partition(model))
    assert (gap >= -1e-10).all()
    if len(sizes) == 2:
        assert gap.abs().max() < 1e-10  # the posterior of an RBM factorises
    else:
        assert gap.max() > 1e-3


@given(st.integers(0, 10_000))
def test_no_step_of_mean_field_lowers_the_bound(seed: int) -> None:
    model = machine([3, 3, 2, 2], seed=seed, scale=2.0)
    v, start = (
        configurations(3),
        [torch.rand(8, k, generator=seeded(seed)).double() for k in (3, 2, 2)],
    )
    bounds = [variational_bound(model, v, start, 0.0)]
    for _ in range(5):
        start = [*mean_field(model, v, start=start, steps=1)]
        bounds.append(variational_bound(model, v, start, 0.0))
    assert (torch.stack(bounds).diff(dim=0) >= -1e-10).all()


def test_bound_is_the_sum_over_independent_hidden_states() -> None:
    model, v = machine([3, 2, 2], seed=6), configurations(3)
    q = [torch.rand(8, k, generator=seeded(6), dtype=torch.float64) for k in (2, 2)]
    q[0][0] = torch.tensor([0.0, 1.0])  # 0 log 0 = 0
    total = torch.zeros(8).double()
    for h in configurations(4):
        h1, h2 = h.split(2)
        weight = torch.where(h == 1, torch.cat(q, 1), 1 - torch.cat(q, 1)).prod(1)
        energy = model.energy(v, [h1.expand(8, 2), h2.expand(8, 2)])
        total += weight * -energy - torch.special.xlogy(weight, weight)
    assert torch.allclose(variational_bound(model, v, q, 0.5), total - 0.5, atol=1e-12)


# Learning


def test_gradient_of_the_likelihood_is_a_difference_of_statistics() -> None:
    model = machine([3, 2, 2], seed=11)
    x = configurations(3)[[1, 4, 4, 6]]
    log_likelihood(model, x).mean().backward()
    states, p = everything(model), probabilities(model)
    v = states[0]
    posterior = torch.zeros_like(p)
    for row in x:
        mine = (v == row).all(1) * p
        posterior += mine / mine.sum() / len(x)
    data, fantasy = (statistics(states, probabilities=q) for q in (posterior, p))
    for parameters, a, b in zip((model.weights, model.biases), data, fantasy):
        for parameter, plus, minus in zip(parameters, a, b):
            assert torch.allclose(parameter.grad, plus - minus, atol=1e-12)


def test_statistics_of_equal_examples() -> None:
    layers = [torch.rand(5, k, generator=seeded(k)) for k in (3, 2)]
    found = statistics(layers)
    assert torch.allclose(found.weights[0], torch.einsum("ni,nj->ij", *layers) / 5)
    assert torch.allclose(found.biases[1], layers[1].mean(0))


@pytest.mark.parametrize("persistent", [True, False])
def test_step_is_algorithm_20_1(persistent: bool) -> None:
    model = machine([3, 2, 2], seed=12)
    before = [p.detach().clone() for p in model.parameters()]
    sgd = torch.optim.SGD(model.parameters(), lr=0.5)
    step = StochasticMaximumLikelihood(
        model, sgd, chains=6, gibbs_steps=2, tol=0, persistent=persistent, generator=seeded(5)
    )
    twin, draw = machine([3, 2, 2], seed=12), seeded(5)
    chains = uniform_states(twin, 6, draw)
    x = configurations(3)
    means = mean_field(twin, x, steps=25, tol=0)
    if not persistent:
        u = torch.rand(8 * 4, generator=draw, dtype=torch.float64).split((16, 16))
        chains = (x, *((a.view(8, 2) < m).double() for a, m in zip(u, means)))
    chains = gibbs(twin, chains, steps=2, generator=draw)
    mixed = [chains[0], conditional(twin, chains, 1).detach(), chains[2]]
    loss = twin.energy(x, means).mean() - twin.energy(mixed[0], mixed[1:]).mean()
    loss.backward()
    reported = step(x)["loss"]
    assert reported.item() == pytest.approx(loss.item(), abs=1e-12)
    for old, new, other in zip(before, model.parameters(), twin.parameters()):
        assert torch.allclose(new, old - 0.5 * other.grad, atol=1e-12)
    if persistent:
        assert all(torch.equal(a, b) for a, b in zip(step.chains, chains))


def test_learning_raises_the_likelihood() -> None:
    x = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=torch.float64).repeat(50, 1)
    for model in (RBM(4, 3).double(), DBM(4, [3, 2], std=0.3).double()):
        before = log_likelihood(model, x).mean().item()
        sgd = torch.optim.SGD(model.parameters(), lr=0.2)
        step = StochasticMaximumLikelihood(model, sgd, generator=seeded(1))
        history = fit(step, batches(x, 50, generator=seeded()), steps=400, progress=False)
        assert before == pytest.approx(-4 * math.log(2), abs=0.1)
        assert log_likelihood(model, x).mean() > -1.2  # log 2 = 0.69 is the best
        assert history.curves["loss"].isfinite().all()


def test_learning_goes_on_from_a_checkpoint() -> None:
    x = configurations(4, dtype=torch.float32)

    def start() -> StochasticMaximumLikelihood:
        model = DBM(4, [3, 2])
        adam = torch.optim.Adam(model.parameters(), lr=0.1)
        return StochasticMaximumLikelihood(model, adam, chains=7, generator=seeded(3))

    one = start()
    for _ in range(3):
        one(x)
    file = io.BytesIO()
    torch.save([one.state_dict(), one.optimizer.state_dict(), one.generator.get_state()], file)
    one(x)
    file.seek(0)
    learner, optimizer, state = torch.load(file)
    two = start()
    two.load_state_dict(learner)
    two.optimizer.load_state_dict(optimizer)
    two.generator.set_state(state)
    two(x)
    for a, b in zip(one.state_dict().values(), two.state_dict().values()):
        assert torch.equal(a, b)


@pytest.mark.parametrize("hidden", [[3], [3, 2], [3, 4, 2]])
def test_pretraining_composes_what_the_layers_say(hidden: list[int]) -> None:
    learned: list[tuple[RBM, Tensor]] = []

    def learn(rbm: RBM, data: Tensor) -> None:
        with torch.no_grad():
            for number, p in enumerate(rbm.parameters()):  # what training would leave, copies equal
                p += (number + 1) * (len(learned) + 1) / 10
        learned.append((rbm, data.clone()))

    x = configurations(4)[:9]
    deep = pretrained(x, hidden, learn, generator=seeded())
    assert deep.sizes == [4, *hidden]
    assert deep.biases[0].dtype == torch.float64
    top = len(hidden)
    for level, (rbm, data) in enumerate(learned, start=1):
        under, over = (2 if level == 1 < top else 1), (2 if level == top > 1 else 1)
        assert rbm.sizes == [under * deep.sizes[level - 1], over * deep.sizes[level]]
        assert data.shape == (9, rbm.sizes[0])
        # the input of each layer in the deep machine, doubled where it has one neighbour less
        inputs = data[:, : deep.sizes[level - 1]] @ deep.weights[level - 1]
        heard = data @ rbm.weight[:, : deep.sizes[level]]
        assert torch.allclose(heard, (1 if level == top else 2) * inputs, atol=1e-12)
        back = torch.ones(1, rbm.sizes[1]).double() @ rbm.weight.T
        ones = torch.ones(1, deep.sizes[level]).double() @ deep.weights[level - 1].T
        factor = 1 if level == 1 else 2
        assert torch.allclose(back[:, : deep.sizes[level - 1]], factor * ones, atol=1e-12)
    for (a, _), (b, _), bias in zip(learned, learned[1:], [*deep.biases][1:]):
        mine, theirs = a.hidden_bias[: len(bias)], b.visible_bias[: len(bias)]
        assert torch.allclose(bias, (mine + theirs) / 2)


# What is refused, dtypes, devices


def test_bad_input_is_refused_in_words() -> None:
    dbm, draw = DBM(3, [2, 2]), seeded()
    v, h = torch.zeros(1, 3), [torch.zeros(1, 2), torch.zeros(1, 2)]
    sgd = torch.optim.SGD(dbm.parameters(), lr=1)
    for message, call in {
        "visible, hidden_sizes: expected at least one hidden layer": lambda: DBM(3, []),
        "at least one unit in each layer, got 0": lambda: RBM(0, 2),
        "layers: expected v and 2 hidden": lambda: dbm.energy(v, h[:1]),
        r"h1: expected torch.float32 of shape \(\.\.\., 2\), got .*\(1, 3\)": lambda: dbm.energy(
            v, [v, h[1]]
        ),
        "v: expected torch.float32 .* got torch.float64": lambda: mean_field(dbm, v.double()),
        "steps: expected at least 0, got -1": lambda: gibbs(dbm, [v, *h], steps=-1, generator=draw),
        "steps: expected at least 1, got 0": lambda: mean_field(dbm, v, steps=0),
        "layer: expected 0 to 2, got 3": lambda: conditional(dbm, [v, *h], 3),
        "layers: expected 3 of them, got 1": lambda: conditional(dbm, [v], 0),
        "h1: expected .* got None": lambda: conditional(dbm, [v, None, None], 0),
        r"v: expected shape \(n, 3\)": lambda: free_energy(dbm, v[0]),
        r"h1: expected numbers in \[0, 1\], got 2": lambda: variational_bound(
            dbm, v, [h[0] + 2, h[1]], 0.0
        ),
        "gibbs_steps, mean_field_steps: expected at least 1": lambda: StochasticMaximumLikelihood(
            dbm, sgd, chains=0, generator=draw
        ),
        "runs: expected at least 2": lambda: annealed_importance_sampling(
            dbm, runs=1, generator=draw
        ),
        "betas: expected at least 1": lambda: annealed_importance_sampling(
            dbm, betas=0, generator=draw
        ),
        "betas: expected numbers that rise from 0 to 1": lambda: annealed_importance_sampling(
            dbm, betas=torch.tensor([0.0, 0.5]), generator=draw
        ),
        "base: expected biases of sizes": lambda: annealed_importance_sampling(
            dbm, base=h, generator=draw
        ),
    }.items():
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_follows_the_model(dtype: torch.dtype) -> None:
    model = DBM(3, [2, 2]).to(dtype)
    v = configurations(3, dtype=dtype)
    means = mean_field(model, v)
    results = [
        *means,
        *gibbs(model, (v, *means), generator=seeded()),
        variational_bound(model, v, means, 0.0),
        log_likelihood(model, v),
        annealed_importance_sampling(model, betas=3, runs=4, generator=seeded()).log_weights,
        model.sample(2, steps=1, generator=seeded()),
    ]
    assert {r.dtype for r in results} == {dtype}


def test_cuda_agrees(cuda: torch.device) -> None:
    cpu, gpu = machine([4, 3, 2], seed=1), machine([4, 3, 2], seed=1).to(cuda)
    v = configurations(4)
    there = v.to(cuda)
    means, others = mean_field(cpu, v), mean_field(gpu, there)
    assert torch.allclose(means[1], others[1].cpu(), atol=1e-12)
    assert torch.allclose(log_likelihood(cpu, v), log_likelihood(gpu, there).cpu(), atol=1e-10)
    moved = gibbs(cpu, (v, *means), steps=3, generator=seeded())
    for a, b in zip(moved, gibbs(gpu, (there, *others), steps=3, generator=seeded())):
        assert torch.equal(a, b.cpu())
    estimates = [annealed_importance_sampling(m, betas=20, generator=seeded()) for m in (cpu, gpu)]
    assert estimates[0].log_z.item() == pytest.approx(estimates[1].log_z.item(), abs=1e-9)
    for model, x in ((cpu, v), (gpu, there)):
        sgd = torch.optim.SGD(model.parameters(), lr=0.1)
        step = StochasticMaximumLikelihood(model, sgd, generator=seeded()).to(x.device)
        step(x)
    assert torch.allclose(cpu.weights[0], gpu.weights[0].cpu(), atol=1e-10)
