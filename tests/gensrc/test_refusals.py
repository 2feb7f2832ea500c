"""What models and likelihoods refuse: inputs for which a formula would give a wrong number."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from gensrc.boltzmann import (
    DBM,
    DBN,
    RBM,
    EqualWeightsWarning,
    GaussianRBM,
    annealed_importance_sampling,
    base_rates,
    free_energy,
    gibbs,
    log_likelihood,
    log_partition,
    mean_field,
    statistics,
    stochastic_network_transition,
    variational_bound,
)
from gensrc.boltzmann.layers import log_sum
from gensrc.likelihoods import BERNOULLI, CONTINUOUS_BERNOULLI
from gensrc.vae import (
    VAE,
    kl_full_to_standard_normal,
    reinforce_surrogate,
)
from gensrc.vae.flows import CouplingFlow, couple, uncouple


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def flow() -> CouplingFlow:
    return CouplingFlow(4, layers=2, hidden=5, generator=seeded())


def autoencoder() -> VAE:
    return VAE(nn.Linear(3, 4), nn.Linear(2, 3), BERNOULLI, latent=2, generator=seeded())


def deep() -> DBM:
    return DBM(3, [2, 2], std=1.0, generator=seeded())


def broken() -> DBM:
    machine = deep()
    machine.weights[0].data[0, 0] = math.nan
    return machine


ONE = torch.ones(1, 3)
HALF = torch.full((1, 2), 0.5)
CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "a byte as a pixel": (
        lambda: BERNOULLI.log_prob(torch.tensor([255.0]), torch.tensor([5.0])),
        "x: .*, got 255",
    ),
    "a pixel below zero": (
        lambda: BERNOULLI.log_prob(torch.tensor([-1.0]), torch.tensor([-5.0])),
        "got -1",
    ),
    "a pixel that is NaN": (
        lambda: BERNOULLI.log_prob(torch.tensor([math.nan]), torch.zeros(1)),
        "got nan",
    ),
    "a grey value above one": (
        lambda: CONTINUOUS_BERNOULLI.log_prob(torch.tensor([2.0]), torch.zeros(1)),
        "got 2",
    ),
    "values in a row, densities in a column": (
        lambda: reinforce_surrogate(torch.ones(4), torch.ones(4, 1)),
        r"log_q: .*\(4,\).*\(4, 1\)",
    ),
    "a covariance that is not symmetric": (
        lambda: kl_full_to_standard_normal(torch.zeros(2), torch.tensor([[1.0, 0.9], [0.0, 1.0]])),
        "symmetric.*0.9",
    ),
    "its transpose": (
        lambda: kl_full_to_standard_normal(torch.zeros(2), torch.tensor([[1.0, 0.0], [0.9, 1.0]])),
        "symmetric",
    ),
    "a covariance that is NaN": (
        lambda: kl_full_to_standard_normal(torch.zeros(1), torch.full((1, 1), math.nan)),
        "covariance",
    ),
    "a covariance without volume": (
        lambda: kl_full_to_standard_normal(torch.zeros(2), torch.ones(2, 2)),
        "positive definite",
    ),
    "draws without an axis of their own": (
        lambda: autoencoder().log_weights(torch.ones(5, 3), noise=torch.zeros(5, 2)),
        r"noise: .*\(K, 5, 2\)",
    ),
    "too few entries for a flow": (
        lambda: flow().log_prob(torch.zeros(2, 3)),
        r"z: expected \(\.\.\., 4\)",
    ),
    "too many entries for a flow": (lambda: flow()(torch.zeros(2, 5)), "noise"),
    "a scale of another batch": (
        lambda: couple(torch.zeros(3, 2), torch.zeros(2, 1), torch.zeros(2, 1)),
        "of x",
    ),
    "a scale of every entry": (
        lambda: uncouple(torch.zeros(3, 2), torch.zeros(2), torch.zeros(2)),
        "0 < m < 2",
    ),
    "sampling with weights that are NaN": (
        lambda: broken().sample(2, generator=seeded()),
        "not finite",
    ),
    "moving chains with weights that are NaN": (
        lambda: gibbs(broken(), (ONE, HALF, HALF), generator=seeded()),
        "not finite",
    ),
    "grey pixels, free energy": (
        lambda: free_energy(deep(), ONE / 2),
        "v: expected states 0 and 1, got 0.5",
    ),
    "grey pixels, likelihood": (lambda: log_likelihood(deep(), ONE / 2), "states 0 and 1"),
    "a pixel of 5": (lambda: log_likelihood(deep(), 5 * ONE), "got 5"),
    "grey pixels, bound": (
        lambda: variational_bound(deep(), ONE / 2, [HALF, HALF], 0.0),
        "states 0 and 1",
    ),
    "means above one": (
        lambda: variational_bound(deep(), ONE, [3 * HALF, HALF], 0.0),
        "h1: .*got 1.5",
    ),
    "mean field of a pixel of 5": (lambda: mean_field(deep(), 5 * ONE), "v: .*, got 5"),
    "energy of a state of 2": (lambda: deep().energy(2 * ONE, [HALF, HALF]), "v: .*got 2"),
    "grey pixels, deep belief network": (
        lambda: DBN(3, [2, 2], generator=seeded()).log_likelihood(ONE / 2),
        "states 0 and 1",
    ),
    "another width, Gaussian units": (
        lambda: GaussianRBM(2, 1, generator=seeded()).log_density(torch.zeros(3, 1)),
        "v: expected",
    ),
    "hidden states of another batch": (
        lambda: GaussianRBM(2, 1, generator=seeded()).energy(torch.zeros(3, 2), torch.zeros(1, 1)),
        r"h: .*\(3, 1\)",
    ),
    "neighbours that are both unknown": (
        lambda: log_sum([torch.zeros(1, 1)], [torch.zeros(1)] * 2, [None, None]),
        "side by side",
    ),
    "a state that nothing leads to": (
        lambda: stochastic_network_transition(torch.tensor([1.0, 0.0]), torch.eye(2)),
        "positive probability",
    ),
    "probabilities that sum to four": (
        lambda: statistics((torch.ones(4, 2), torch.ones(4, 1)), probabilities=torch.ones(4)),
        "sum of 1",
    ),
    "statistics of nothing": (lambda: statistics((torch.ones(0, 2), torch.ones(0, 1))), "n >= 1"),
    "rates of counts": (lambda: base_rates(torch.full((2, 1), 3.0)), "x: .*got 3"),
    "rates of nothing": (lambda: base_rates(torch.zeros(0, 2)), "not empty"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_would_give_a_wrong_number_is_refused(case: str) -> None:
    call, words = CASES[case]
    with pytest.raises(ValueError, match=words):
        call()


def test_the_divergence_of_nearly_equal_normals_keeps_its_digits() -> None:
    generator = seeded()
    symmetric = torch.randn(3, 3, dtype=torch.float64, generator=generator)
    symmetric = symmetric + symmetric.T
    for size in (1e-9, 1e-6, 1e-2):
        covariance = torch.eye(3, dtype=torch.float64) + size * symmetric
        found = kl_full_to_standard_normal(covariance.new_zeros(3), covariance)
        expected = size**2 * symmetric.square().sum() / 4  # to second order
        assert found.item() == pytest.approx(expected.item(), rel=max(10 * size, 1e-5))


def test_the_divergence_of_any_normal_is_that_of_torch() -> None:
    generator = seeded()
    factor = torch.randn(5, 3, 3, dtype=torch.float64, generator=generator)
    covariance = factor @ factor.mT * torch.logspace(-12, 6, 5, dtype=torch.float64)[:, None, None]
    mean = torch.randn(5, 3, dtype=torch.float64, generator=generator)
    unit = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    expected = kl_divergence(MultivariateNormal(mean, covariance), unit)
    assert torch.allclose(kl_full_to_standard_normal(mean, covariance), expected, rtol=1e-9)
    assert torch.autograd.gradcheck(
        lambda m, f: kl_full_to_standard_normal(m, f @ f.mT),
        (mean[2:3].requires_grad_(), (factor[2:3] + 1e-3).requires_grad_()),
    )


def twelve_lamps(weight: float) -> RBM:
    """Twelve lamps that one switch turns on or off together, both equally probable."""
    rbm = RBM(12, 1, std=0.0)
    rbm.weight.data.fill_(weight)
    rbm.visible_bias.data.fill_(-weight / 2)
    rbm.hidden_bias.data.fill_(-6 * weight)
    return rbm


def test_runs_that_all_miss_the_same_states_are_warned_of() -> None:
    rbm = twelve_lamps(6.0)
    with pytest.warns(EqualWeightsWarning, match="the same weight"):
        found = annealed_importance_sampling(rbm, betas=10, runs=4, generator=seeded())
    assert found.standard_error == 0
    assert (log_partition(rbm) - found.log_z).item() == pytest.approx(math.log(2), abs=1e-4)


def test_a_machine_without_weights_is_estimated_without_a_warning() -> None:
    found = annealed_importance_sampling(RBM(3, 2, std=0.0), betas=5, generator=seeded())
    assert found.log_z.item() == pytest.approx(5 * math.log(2))
