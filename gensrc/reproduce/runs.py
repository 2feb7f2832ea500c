"""Full-scale training of a DBM and a VAE, with checkpoints, and their figures on test data."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer
from tqdm import tqdm

from gensrc.boltzmann.annealing import annealed_importance_sampling, base_rates
from gensrc.boltzmann.learning import StochasticMaximumLikelihood, pretrained
from gensrc.boltzmann.machines import DBM, RBM
from gensrc.boltzmann.variational import mean_field, variational_bound
from gensrc.data.downloads import mnist
from gensrc.data.embedded import digits
from gensrc.likelihoods import BERNOULLI
from gensrc.networks import mlp
from gensrc.reproduce.checkpoints import load, save
from gensrc.training.loop import Step, fit
from gensrc.training.steps import minimize
from gensrc.vae.bound import importance_weighted_bound
from gensrc.vae.model import VAE

BATCH = 100


class Data(NamedTuple):
    """Grey images as probabilities of a one, (n, d), and test images drawn from them once."""

    train: Tensor
    test: Tensor


class RunState(NamedTuple):
    """What all stages of a run share."""

    folder: Path
    settings: dict[str, str | int | float]
    data: Data
    generator: torch.Generator


def dbm(run: RunState, *, epochs: int, pretraining: int) -> dict[str, float]:
    """A DBM with two hidden layers, 500 and 1000 units: bound of the test log-likelihood.

    Trained as by Salakhutdinov and Hinton (2009): layer by layer, then as a whole with
    persistent chains; log Z by annealed importance sampling.
    """
    sizes = [500, 1000] if run.data.train.shape[1] == 784 else [32, 32]
    levels = iter(range(1, len(sizes) + 1))

    def learn(rbm: RBM, x: Tensor) -> None:
        level = next(levels)
        copies = 2 if level == 1 else 1  # the lowest machine sees its data twice
        sgd = SGD(rbm.parameters(), lr=0.05, momentum=0.5)
        step = StochasticMaximumLikelihood(
            rbm, sgd, chains=BATCH, persistent=False, generator=run.generator
        )
        once = x[:, : x.shape[1] // copies]
        train(run, f"layer-{level}", step, step, sgd, once, pretraining, copies=copies)

    seed = torch.Generator().manual_seed(int(run.settings["seed"]))
    model = pretrained(run.data.train, sizes, learn, generator=seed)
    sgd = SGD(model.parameters(), lr=0.005, momentum=0.5)
    step = StochasticMaximumLikelihood(
        model, sgd, chains=BATCH, gibbs_steps=5, mean_field_steps=10, generator=run.generator
    )
    train(run, "machine", step, step, sgd, run.data.train, epochs, falling=True)
    return dbm_figures(run, model)


@torch.no_grad()
def dbm_figures(run: RunState, model: DBM) -> dict[str, float]:
    """log Z by annealed importance sampling, and the mean bound of the test images."""
    base = [torch.zeros_like(b) for b in model.biases]
    base[0] = base_rates(run.data.train)
    betas = 20_000 if len(base[0]) == 784 else 1000
    found = annealed_importance_sampling(
        model, betas=betas, runs=100, base=base, generator=run.generator
    )
    bounds = [
        variational_bound(model, x, mean_field(model, x), found.log_z)
        for x in torch.split(run.data.test, 1000)
    ]
    bound = torch.cat(bounds)
    return {
        "log Z": float(found.log_z),
        "standard error of log Z": float(found.standard_error),
        "test bound": float(bound.mean()),
        "standard error over test images": float(bound.std() / math.sqrt(len(bound))),
    }


def vae(run: RunState, *, epochs: int) -> dict[str, float]:
    """The variational autoencoder of Burda et al. (2016): 50 latent entries, two layers of 200.

    Its test figure is the importance-weighted bound with 5,000 draws (500 on the digits).
    """
    d = run.data.train.shape[1]
    latent, hidden, draws = (50, 200, 5000) if d == 784 else (8, 64, 500)
    seed = torch.Generator().manual_seed(int(run.settings["seed"]))
    encoder = mlp([d, hidden, hidden, 2 * latent], generator=seed, activation=nn.Tanh)
    decoder = mlp([latent, hidden, hidden, d], generator=seed, activation=nn.Tanh)
    model = VAE(encoder, decoder, BERNOULLI, latent=latent, generator=run.generator)
    model.to(run.data.train.device)
    adam = Adam(model.parameters(), lr=1e-3, eps=1e-4)
    train(run, "vae", minimize(model.loss, adam), model, adam, run.data.train, epochs, falling=True)
    bounds = []
    with torch.no_grad():
        for x in tqdm(torch.split(run.data.test, 20), desc="bound", disable=None):
            shape = (draws, len(x), latent)
            noise = torch.randn(shape, generator=run.generator, device=x.device)
            bounds.append(importance_weighted_bound(model.log_weights(x, noise=noise)))
    bound = torch.cat(bounds)
    return {
        f"test bound, {draws} draws": float(bound.mean()),
        "standard error over test images": float(bound.std() / math.sqrt(len(bound))),
    }


def train(
    run: RunState,
    name: str,
    step: Step,
    module: nn.Module,
    optimizer: Optimizer,
    x: Tensor,
    epochs: int,
    *,
    copies: int = 1,
    falling: bool = False,
) -> None:
    """Train one stage, from its last checkpoint on; with ``falling`` the rate ends near 0."""
    path, device = run.folder / f"{name}.pt", x.device
    rates = [group["lr"] for group in optimizer.param_groups]
    done = 0
    if (state := load(path, settings=run.settings, device=device)) is not None:
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        run.generator.set_state(state["generator"].cpu())
        done = state["epochs"]
    for epoch in range(done, epochs):
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * (1 - epoch / epochs) if falling else rate
        print(f"{name}: epoch {epoch + 1} of {epochs}", file=sys.stderr)
        if fit(step, drawn(x, copies, run.generator), steps=len(x) // BATCH).interrupted:
            raise KeyboardInterrupt
        state = {
            "module": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "generator": run.generator.get_state(),
            "epochs": epoch + 1,
        }
        save(path, state, settings=run.settings)


def drawn(x: Tensor, copies: int, generator: torch.Generator) -> Iterator[Tensor]:
    """One pass over x in batches: every entry 1 with its value as the probability, copied."""
    order = torch.randperm(len(x), generator=generator, device=x.device)
    for rows in torch.split(order, BATCH):
        grey = x[rows]
        ones = torch.rand(grey.shape, generator=generator, device=x.device) < grey
        yield ones.to(x).repeat(1, copies)


def read(name: str, device: torch.device) -> Data:
    """Training images in grey, and test images in black and white, drawn once with seed 0."""
    if name == "mnist":
        parts = [mnist(split).images.flatten(1) for split in ("train", "test")]
    elif name != "digits":
        raise ValueError(f'name: expected "mnist" or "digits", got {name!r}')
    else:
        x = digits().images.flatten(1)
        parts = [x[:1500], x[1500:]]
    train_x, test_x = (part.to(torch.float32) for part in parts)
    draw = torch.rand(test_x.shape, generator=torch.Generator().manual_seed(0))
    return Data(train_x.to(device), (draw < test_x).float().to(device))
