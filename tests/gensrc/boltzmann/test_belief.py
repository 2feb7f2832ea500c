import math

import pytest
import torch
from scipy import integrate
from torch import Tensor

from gensrc.boltzmann import configurations, log_likelihood
from gensrc.boltzmann.deep_belief import DBN
from gensrc.boltzmann.gaussian import GaussianRBM
from gensrc.boltzmann.stochastic_network import stochastic_network_transition


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(visible: int = 1, hidden: int = 2, sigma: float = 0.7) -> GaussianRBM:
    draw = seeded(1)
    rbm = GaussianRBM(visible, hidden, sigma=sigma, generator=draw).double()
    for p in rbm.parameters():
        p.data.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return rbm


def unnormalised(rbm: GaussianRBM, v: float, h: Tensor) -> float:
    return math.exp(-rbm.energy(torch.tensor([v]).double(), h).item())


def test_gaussian_units_against_quadrature() -> None:
    rbm = gaussian()
    states = configurations(2)
    mass = [
        integrate.quad(lambda v, h=h: unnormalised(rbm, v, h), -12, 12, epsabs=1e-11)[0]
        for h in states
    ]
    for h, total in zip(states, mass):
        mean = rbm.visible_mean(h).item()
        for v in (-1.0, 0.3, 2.0):
            normal = torch.distributions.Normal(mean, 0.7).log_prob(torch.tensor(v).double()).exp()
            assert unnormalised(rbm, v, h) / total == pytest.approx(normal.item(), abs=1e-7)
    for v in (-1.0, 0.3, 2.0):
        weights = [unnormalised(rbm, v, h) for h in states]
        on = [sum(w for w, h in zip(weights, states) if h[j]) / sum(weights) for j in (0, 1)]
        found = rbm.hidden_probability(torch.tensor([v]).double())
        assert found.tolist() == pytest.approx(on, abs=1e-12)
        density = rbm.log_density(torch.tensor([[v]]).double()).exp()
        assert density.item() == pytest.approx(sum(weights) / sum(mass), abs=1e-8)


def test_density_of_several_gaussian_units() -> None:
    rbm = gaussian(3, 2, 1.3)
    v = torch.randn(5, 3, generator=seeded(2)).double()
    log_p = torch.stack([-rbm.energy(v, h.expand(5, 2)) for h in configurations(2)]).logsumexp(0)
    gap = log_p - rbm.log_density(v)
    assert torch.allclose(gap, gap[0].expand(5), atol=1e-12)  # a constant: log Z


def belief(sizes: list[int]) -> DBN:
    draw = seeded(3)
    model = DBN(sizes[0], sizes[1:], generator=draw).double()
    for p in model.parameters():
        p.data.copy_(torch.randn(p.shape, generator=draw, dtype=torch.float64))
    return model


def test_belief_network_normalises_and_is_its_sum() -> None:
    model = belief([3, 2, 2, 3])
    v = configurations(3)
    assert model.log_likelihood(v).exp().sum().item() == pytest.approx(1, abs=1e-12)
    one, two = belief([3, 2]), RBM_of(belief([3, 2]))
    assert torch.equal(one.log_likelihood(v), log_likelihood(two, v))
    model = belief([2, 2, 2])
    bottom, top = model.levels
    h = configurations(2)
    p_h = log_likelihood(top, h).exp()
    p_on = torch.sigmoid(bottom.visible_bias + h @ bottom.weight.T)
    for v in configurations(2):
        given = torch.where(v == 1, p_on, 1 - p_on).prod(1)
        found = model.log_likelihood(v[None]).exp().item()
        assert found == pytest.approx((given * p_h).sum().item(), abs=1e-12)


def RBM_of(model: DBN) -> torch.nn.Module:
    return model.levels[0]


def test_samples_of_a_belief_network() -> None:
    model, n = belief([2, 2, 2]), 20_000
    v = model.sample(n, steps=50, generator=seeded(4))
    p = model.log_likelihood(configurations(2)).exp().detach()
    found = torch.bincount((v @ torch.tensor([1.0, 2.0]).double()).long(), minlength=4) / n
    assert ((found - p).abs() < 4.5 * (p * (1 - p) / n).sqrt() + 1e-3).all()


def test_chain_of_a_stochastic_network_leaves_the_data_invariant() -> None:
    draw = seeded(5)
    p = torch.rand(6, generator=draw, dtype=torch.float64)
    p[2] = 0
    p = p / p.sum()
    corruption = torch.rand(6, 4, generator=draw, dtype=torch.float64).softmax(1)
    chain = stochastic_network_transition(p, corruption)
    assert torch.allclose(chain.sum(1), torch.ones(6).double())
    assert torch.allclose(p @ chain, p)
    by_sum = sum(
        corruption[0, j] * p[3] * corruption[3, j] / (p * corruption[:, j]).sum() for j in range(4)
    )
    assert chain[0, 3].item() == pytest.approx(by_sum.item())


def test_bad_input_is_refused_in_words() -> None:
    half = torch.tensor([0.5, 0.5])
    for message, call in {
        "sigma > 0, got 2, 1 and 0": lambda: GaussianRBM(2, 1, sigma=0, generator=seeded()),
        "hidden_sizes: expected at least one": lambda: DBN(2, [], generator=seeded()),
        r"expected shapes \(K,\) and \(K, J\)": lambda: stochastic_network_transition(
            half, torch.ones(3, 1)
        ),
        "corruption: expected a sum of 1": lambda: stochastic_network_transition(
            half, torch.ones(2, 2)
        ),
        "p_data: expected a sum of 1": lambda: stochastic_network_transition(
            2 * half, torch.ones(2, 1)
        ),
    }.items():
        with pytest.raises(ValueError, match=message):
            call()


def test_cuda_agrees(cuda: torch.device) -> None:
    v = configurations(2)
    for cpu, gpu in (
        (gaussian(2), gaussian(2).to(cuda)),
        (belief([2, 2, 2]), belief([2, 2, 2]).to(cuda)),
    ):
        log_p = (
            m.log_density if isinstance(m, GaussianRBM) else m.log_likelihood for m in (cpu, gpu)
        )
        here, there = next(log_p)(v), next(log_p)(v.to(cuda))
        assert torch.allclose(here, there.cpu(), atol=1e-12)
