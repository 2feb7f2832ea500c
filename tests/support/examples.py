"""One example for every public function and every model of `gensrc`, found by looking at it.

``FUNCTIONS`` holds for each function the arguments of a small call, ``MODELS`` for each model how
a small one is made. Tests that concern all functions or all models read both, and a function or
model that is missing here turns a test red: a new one joins by its line.
"""

import ast
import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gensrc import fgan, likelihoods
from gensrc.boltzmann import DBM, DBN, RBM, GaussianRBM, StochasticMaximumLikelihood
from gensrc.games import dynamics
from gensrc.mixtures import Mixture, responsibilities
from gensrc.networks import ParallelLinear
from gensrc.transport import earth_mover
from gensrc.vae import VAE
from gensrc.vae.flows import CouplingFlow
from tests.support.paths import ROOT

PACKAGE = ROOT / "gensrc"
INSIDE = {
    "boltzmann.layers",
    "fgan.rows",
    "games.exact",
    "mixtures.checks",
    "mixtures.expectation",
    "mixtures.floor",
    "mixtures.posteriors",
    "transport.checks",
    "transport.levels",
    "transport.plans.solved",
    "transport.plans.transport_of",
    "transport.solvers",
    "vae.bound.cholesky",
}
"""Modules and functions that are called by their topic only, with what it has checked."""
WITHOUT_TENSORS = {"plotting", "reproduce", "verify", "data", "training", "checks", "answers"}
"""What draws, stores, loads or checks: tried by tests of its own."""


class Call(NamedTuple):
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


def public_functions() -> Iterator[str]:
    """``topic.module.name`` of every function that a user of the package may call."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        if parts[0] in WITHOUT_TENSORS or module in INSIDE:
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            name = f"{module}.{getattr(node, 'name', '')}"
            if not isinstance(node, ast.FunctionDef) or name in INSIDE:
                continue
            if not node.name.startswith(("_", "check")):
                yield name


def public_models() -> Iterator[str]:
    """``topic.module.Name`` of every ``nn.Module`` of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = ".".join(parts)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and parts[0] not in {"plotting", "reproduce"}:
                found = getattr(importlib.import_module(f"gensrc.{module}"), node.name)
                if isinstance(found, type) and issubclass(found, nn.Module):
                    yield f"{module}.{node.name}"


def resolve(name: str) -> Any:
    """What ``topic.module.name`` stands for."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(f"gensrc.{module}"), last)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def f64(*values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=seeded(sum(shape)), dtype=torch.float64)


P, Q = f64(0.5, 0.3, 0.2), f64(0.25, 0.25, 0.5)
POSITIVE = f64(0.5, 1.0, 2.0)
SPD = f64([2.0, 0.5], [0.5, 1.0])
PAYOFF = f64([1.0, -1.0], [-1.0, 2.0])
SOME, OTHER = f64(0.25, 0.75), f64(0.5, 0.5)
COST = f64([0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0])
EDGES, COUNTS = f64(-torch.inf, -1.0, 0.0, 1.0, torch.inf), f64(2.0, 3.0, 4.0, 1.0)
TWO = f64(0.4, 0.6), f64(-1.0, 1.0), f64(0.5, 1.5)


def mixture() -> Mixture:
    return Mixture(f64(0.4, 0.6), normal(2, 2), torch.stack([SPD, 2 * SPD]))


def machine() -> RBM:
    return RBM(3, 2, std=1.0, generator=seeded()).double()


def states(*shape: int) -> Tensor:
    return (normal(*shape) > 0).double()


PLAN = earth_mover(COST, P, Q)
HALVES = torch.full((4, 2), 0.5, dtype=torch.float64)
X = normal(7, 2)

# Each line: the arguments, given the generator of whatever is drawn.
FUNCTIONS: dict[str, Callable[[torch.Generator], Call]] = {
    "boltzmann.annealing.annealed_importance_sampling": lambda g: call(
        machine(), betas=4, runs=3, generator=g
    ),
    "boltzmann.annealing.base_rates": lambda g: call(states(5, 3)),
    "boltzmann.exact.configurations": lambda g: call(3),
    "boltzmann.exact.free_energy": lambda g: call(machine(), states(4, 3)),
    "boltzmann.exact.log_likelihood": lambda g: call(machine(), states(4, 3)),
    "boltzmann.exact.log_partition": lambda g: call(machine()),
    "boltzmann.exact.units_of_side": lambda g: call([P, SOME], 1),
    "boltzmann.learning.pretrained": lambda g: call(
        states(6, 3), [2], lambda rbm, x: None, generator=seeded()
    ),
    "boltzmann.learning.statistics": lambda g: call((states(4, 3), states(4, 2))),
    "boltzmann.machines.conditional": lambda g: call(machine(), [states(4, 3), None], 1),
    "boltzmann.machines.gibbs": lambda g: call(
        machine(), (states(4, 3), states(4, 2)), steps=2, generator=g
    ),
    "boltzmann.machines.uniform_states": lambda g: call(machine(), 4, g),
    "boltzmann.stochastic_network.stochastic_network_transition": lambda g: call(
        SOME, f64([0.5, 0.5], [0.25, 0.75])
    ),
    "boltzmann.variational.mean_field": lambda g: call(machine(), states(4, 3)),
    "boltzmann.variational.variational_bound": lambda g: call(
        machine(), states(4, 3), [HALVES], 1.0
    ),
    "divergences.estimates.estimate_jensen_shannon": lambda g: call(
        normal(5), normal(6)[:5], normal(7)[:5], normal(8)[:5]
    ),
    "divergences.estimates.estimate_kl": lambda g: call(normal(5), normal(6)[:5]),
    "divergences.estimates.estimate_mean": lambda g: call(normal(5)),
    "divergences.estimates.estimate_total_variation": lambda g: call(normal(5), normal(6)[:5]),
    "divergences.estimates.plug_in_bias": lambda g: call(P, 10),
    "divergences.general.f_divergence": lambda g: call(P, Q, fgan.KL.f),
    "divergences.kullback_leibler.jeffreys": lambda g: call(P, Q),
    "divergences.kullback_leibler.jensen_shannon": lambda g: call(P, Q),
    "divergences.kullback_leibler.jensen_shannon_weighted": lambda g: call(P, Q, weight=0.3),
    "divergences.kullback_leibler.kl": lambda g: call(P, Q),
    "divergences.kullback_leibler.kl_from_logs": lambda g: call(P.log(), Q.log()),
    "divergences.kullback_leibler.reverse_kl": lambda g: call(P, Q),
    "divergences.normal.kl_multivariate_normal": lambda g: call(
        f64(0.0, 1.0), SPD, f64(1.0, 0.0), 2 * SPD
    ),
    "divergences.normal.kl_normal": lambda g: call(f64(0.0), f64(1.0), f64(1.0), f64(2.0)),
    "divergences.power.alpha_divergence": lambda g: call(P, Q, 0.5),
    "divergences.power.neyman": lambda g: call(P, Q),
    "divergences.power.pearson": lambda g: call(P, Q),
    "divergences.power.squared_hellinger": lambda g: call(P, Q),
    "divergences.variation.maximal_coupling": lambda g: call(P, Q),
    "divergences.variation.total_variation": lambda g: call(P, Q),
    "fgan.bound.fgan_loss": lambda g: call(fgan.KL),
    "fgan.bound.variational_bound": lambda g: call(normal(5), normal(6), fgan.KL),
    "fgan.table.alpha": lambda g: call(0.5),
    "fgan.table.jensen_shannon_weighted": lambda g: call(0.3),
    "games.bimatrix.deviation_gains": lambda g: call(PAYOFF, -PAYOFF, SOME, OTHER),
    "games.bimatrix.mixed_equilibria": lambda g: call(PAYOFF, -PAYOFF),
    "games.bimatrix.pure_equilibria": lambda g: call(PAYOFF, PAYOFF),
    "games.discriminator.density_ratio": lambda g: call(normal(5)),
    "games.discriminator.game_value": lambda g: call(f64(0.6, 0.7), f64(0.2, 0.4)),
    "games.discriminator.generator_logit_gradients": lambda g: call(normal(5)),
    "games.discriminator.optimal_discriminator": lambda g: call(P, Q),
    "games.discriminator.virtual_criterion": lambda g: call(P, Q),
    "games.dynamics.alternating": lambda g: call(f64(1.0, 0.5), 0.1, dynamics.xy_field),
    "games.dynamics.extragradient": lambda g: call(f64(1.0, 0.5), 0.1, dynamics.xy_field),
    "games.dynamics.path": lambda g: call(dynamics.xy_proximal, f64(1.0, 0.5), size=0.1, steps=3),
    "games.dynamics.simultaneous": lambda g: call(f64(1.0, 0.5), 0.1, dynamics.xy_field),
    "games.dynamics.xy_field": lambda g: call(f64(1.0, 0.5)),
    "games.dynamics.xy_orbit": lambda g: call(f64(1.0, 0.5), f64(0.0, 1.0)),
    "games.dynamics.xy_proximal": lambda g: call(f64(1.0, 0.5), 0.1),
    "games.losses.cross_entropy_discriminator": lambda g: call(normal(5), normal(6)),
    "games.losses.hinge_discriminator": lambda g: call(normal(5), normal(6)),
    "games.losses.least_squares_discriminator": lambda g: call(normal(5), normal(6)),
    "games.losses.least_squares_generator": lambda g: call(normal(5)),
    "games.losses.maximum_likelihood_generator": lambda g: call(normal(5)),
    "games.losses.minimax_generator": lambda g: call(normal(5)),
    "games.losses.non_saturating_generator": lambda g: call(normal(5)),
    "games.losses.wasserstein_critic": lambda g: call(normal(5), normal(6)),
    "games.losses.wasserstein_generator": lambda g: call(normal(5)),
    "games.repeated.multiplicative_weights": lambda g: call(PAYOFF, steps=3, rate=0.1),
    "games.repeated.regret": lambda g: call(normal(3, 2), torch.stack([SOME, OTHER, SOME])),
    "games.repeated.running_average": lambda g: call(torch.stack([SOME, OTHER])),
    "games.zero_sum.expected_payoff": lambda g: call(PAYOFF, SOME, OTHER),
    "games.zero_sum.exploitability": lambda g: call(PAYOFF, SOME, OTHER),
    "games.zero_sum.solve_matrix_game": lambda g: call(PAYOFF),
    "likelihoods.cross_entropy_mass": lambda g: call(normal(5)),
    "metrics.classifier_two_sample_test": lambda g: call(
        normal(20, 2), normal(20, 3)[:, :2], generator=seeded()
    ),
    "metrics.modes_covered": lambda g: call(X, normal(3, 2), radius=1.0),
    "mixtures.binned.binned_log_likelihood": lambda g: call(*TWO, EDGES, COUNTS),
    "mixtures.truncated.bin_moments": lambda g: call(TWO[1], TWO[2], EDGES),
    "mixtures.truncated.bin_variances": lambda g: call(TWO[1], TWO[2], EDGES),
    "mixtures.binned.em_binned": lambda g: call(*TWO, EDGES, COUNTS, steps=2),
    "mixtures.fit.em": lambda g: call(mixture(), X, steps=2),
    "mixtures.fit.initial_mixture": lambda g: call(X, 2, generator=g),
    "mixtures.gaussian.lower_bound": lambda g: call(mixture(), X, responsibilities(mixture(), X)),
    "mixtures.gaussian.m_step": lambda g: call(X, responsibilities(mixture(), X)),
    "mixtures.gaussian.responsibilities": lambda g: call(mixture(), X),
    "mixtures.pearson.central_moments": lambda g: call(normal(6)),
    "mixtures.pearson.pearson_moments": lambda g: call(f64(0.0, 2.0, 1.0, 9.0, 10.0)),
    "mixtures.population.population_em": lambda g: call(f64(0.5), 1.0, 1.0),
    "networks.mlp": lambda g: call([2, 3, 1], generator=seeded()),
    "networks.parallel_mlps": lambda g: call(2, [2, 3, 1], generator=seeded()),
    "numerics.alpha_terms": lambda g: call(P, Q, 0.5),
    "numerics.exp_excess": lambda g: call(normal(5)),
    "numerics.kl_terms": lambda g: call(P, Q),
    "numerics.log_excess": lambda g: call(POSITIVE),
    "numerics.log_ratio": lambda g: call(P, Q),
    "numerics.quadrature": lambda g: call(-1.0, 1.0, 5),
    "numerics.xlogy": lambda g: call(P, Q),
    "transport.line.wasserstein_1d": lambda g: call(normal(5), normal(6)),
    "transport.lipschitz.c_transform": lambda g: call(COST, P),
    "transport.lipschitz.lipschitz_form": lambda g: call(COST, P, Q),
    "transport.plans.earth_mover": lambda g: call(COST, P, Q),
    "transport.plans.earth_mover_dual": lambda g: call(COST, P, Q),
    "transport.plans.lp_matrices": lambda g: call(COST, P, Q),
    "transport.plans.optimality": lambda g: call(COST, P, Q, PLAN),
    "vae.bound.elbo": lambda g: call(normal(5), POSITIVE.repeat(2)[:5]),
    "vae.bound.importance_weighted_bound": lambda g: call(normal(4, 3)),
    "vae.bound.kl_full_to_standard_normal": lambda g: call(f64(0.0, 1.0), SPD),
    "vae.bound.kl_to_standard_normal": lambda g: call(normal(4, 2), normal(4, 3)[:, :2]),
    "vae.bound.reinforce_surrogate": lambda g: call(normal(5), normal(6)[:5]),
    "vae.bound.reparameterize": lambda g: call(normal(4, 2), normal(4, 3)[:, :2], normal(5, 4, 2)),
    "vae.flows.couple": lambda g: call(normal(4, 3), normal(4, 2), normal(4, 5)[:, :2]),
    "vae.flows.uncouple": lambda g: call(normal(4, 3), normal(4, 2), normal(4, 5)[:, :2]),
}


class Model(NamedTuple):
    """How a small model is made, and a number that is to be lowered, from data of its own.

    ``objective`` takes the model and the generator of whatever is drawn; ``sample``, where there
    is one, too.
    """

    make: Callable[[], nn.Module]
    objective: Callable[[Any, torch.Generator], Tensor]
    sample: Callable[[Any, torch.Generator], Tensor] | None = None


def learner() -> StochasticMaximumLikelihood:
    rbm = machine()
    sgd = torch.optim.SGD(rbm.parameters(), lr=0.0)
    return StochasticMaximumLikelihood(rbm, sgd, chains=4, generator=seeded())


def autoencoder() -> VAE:
    encoder, decoder = nn.Linear(3, 4), nn.Linear(2, 3)
    return VAE(encoder, decoder, likelihoods.BERNOULLI, latent=2, generator=seeded()).double()


def like(model: nn.Module, x: Tensor) -> Tensor:
    """``x`` in the kind and on the device of a model's parameters."""
    return x.to(next(model.parameters()))


MODELS: dict[str, Model] = {
    "boltzmann.deep_belief.DBN": Model(
        lambda: DBN(3, [2, 2], generator=seeded()).double(),
        lambda m, g: -m.log_likelihood(like(m, states(4, 3))).mean(),
        lambda m, g: m.sample(5, steps=2, generator=g),
    ),
    "boltzmann.gaussian.GaussianRBM": Model(
        lambda: GaussianRBM(3, 2, std=1.0, generator=seeded()).double(),
        lambda m, g: -m.log_density(like(m, normal(4, 3))).mean(),
    ),
    "boltzmann.learning.StochasticMaximumLikelihood": Model(
        learner, lambda m, g: m(like(m, states(4, 3)))["loss"]
    ),
    "boltzmann.machines.DBM": Model(
        lambda: DBM(3, [2, 2], std=1.0, generator=seeded()).double(),
        lambda m, g: m.energy(like(m, states(4, 3)), [like(m, HALVES)] * 2).mean(),
        lambda m, g: m.sample(5, steps=2, generator=g),
    ),
    "boltzmann.machines.RBM": Model(
        machine,
        lambda m, g: m.energy(like(m, states(4, 3)), like(m, HALVES)).mean(),
        lambda m, g: m.sample(5, steps=2, generator=g),
    ),
    "networks.ParallelLinear": Model(
        lambda: ParallelLinear(2, 3, 1, generator=seeded()).double(),
        lambda m, g: m(like(m, normal(4, 2, 3))).square().mean(),
    ),
    "vae.flows.CouplingFlow": Model(
        lambda: CouplingFlow(3, layers=2, hidden=4, generator=seeded()).double(),
        lambda m, g: -m.log_prob(like(m, normal(4, 3))).mean(),
        lambda m, g: m.sample(5, generator=g),
    ),
    "vae.model.VAE": Model(
        autoencoder,
        lambda m, g: -m.bound(like(m, states(4, 3)), noise=like(m, normal(4, 2))).elbo.mean(),
        lambda m, g: m.sample(5, generator=g),
    ),
}
