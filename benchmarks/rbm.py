"""Boltzmann machines: gensrc beside scikit-learn's BernoulliRBM, and annealing beside a plain loop.

One epoch of persistent contrastive divergence: 10,000 binary images of 784 pixels, 256 hidden
units, batches of 100 and as many chains, against ``partial_fit`` on the same batches, in float32.
The limit is the time of the five matrix products that both need for a batch, in torch: what would
be left if random numbers and all else were free. Annealed importance sampling moves all runs at
once; the loop moves one after the other, in NumPy.
"""

import math
import os

import numpy as np
import sklearn
import torch
from _timing import interleaved, ms, ratio
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM

from gensrc.boltzmann import (
    RBM,
    StochasticMaximumLikelihood,
    annealed_importance_sampling,
    log_partition,
)

N, VISIBLE, HIDDEN, BATCH, RATE = 10_000, 784, 256, 100, 0.01
ROUNDS = int(os.environ.get("ROUNDS", "9"))
RUNS, STEPS = 100, 200


def epochs() -> None:
    draw = torch.Generator().manual_seed(0)
    x = (torch.rand(N, VISIBLE, generator=draw) < 0.15).float()
    batches, arrays = x.split(BATCH), np.split(x.numpy(), N // BATCH)
    rbm = RBM(VISIBLE, HIDDEN, generator=draw)
    sgd = torch.optim.SGD(rbm.parameters(), lr=RATE)
    step = StochasticMaximumLikelihood(rbm, sgd, chains=BATCH, generator=draw)
    other = BernoulliRBM(HIDDEN, learning_rate=RATE, batch_size=BATCH, random_state=0)
    w, h = rbm.weight.detach(), torch.rand(BATCH, HIDDEN, generator=draw)

    def ours() -> None:
        for batch in batches:
            step(batch)

    def theirs() -> None:
        for batch in arrays:
            other.partial_fit(batch)

    def products() -> None:
        for batch in batches:
            for _ in range(2):
                batch @ w
                batch.T @ h
            h @ w.T

    times = interleaved({"gensrc": ours, "theirs": theirs, "limit": products}, rounds=ROUNDS)
    speed, most = (ratio(times["theirs"], times[name]) for name in ("gensrc", "limit"))
    print(f"PCD, N={N:,}, {VISIBLE} - {HIDDEN}, batches of {BATCH}")
    print(f"  scikit-learn  {ms(times['theirs'])} an epoch")
    print(f"  gensrc        {ms(times['gensrc'])} an epoch")
    print(f"  limit         {ms(times['limit'])} for the matrix products alone")
    print(f"  ratio         {speed.middle:7.1f} ({speed.low:.1f} to {speed.high:.1f})")
    print(f"  at the limit  {most.middle:7.1f} ({most.low:.1f} to {most.high:.1f})\n")


def loop(w: np.ndarray, a: np.ndarray, b: np.ndarray, random: np.random.Generator) -> float:
    """log Z of an RBM by annealing, one run after the other."""
    log_w = np.zeros(RUNS)
    for run in range(RUNS):
        h = (random.random(len(b)) < expit(b)).astype(float)
        total = np.log1p(np.exp(a)).sum() + np.log1p(np.exp(b)).sum()
        for step in range(1, STEPS + 1):
            new, old = (
                np.logaddexp(0, a + beta * (w @ h)).sum()
                for beta in (step / STEPS, (step - 1) / STEPS)
            )
            total += new - old
            v = (random.random(len(a)) < expit(a + step / STEPS * (w @ h))).astype(float)
            h = (random.random(len(b)) < expit(b + step / STEPS * (v @ w))).astype(float)
        log_w[run] = total
    top = log_w.max()
    return float(top + np.log(np.exp(log_w - top).mean()))


def annealing() -> None:
    draw, random = torch.Generator().manual_seed(0), np.random.default_rng(0)
    rbm = RBM(64, 16, std=0.3, generator=draw).double()
    arrays = [p.detach().numpy() for p in (rbm.weight, rbm.visible_bias, rbm.hidden_bias)]
    exact = float(log_partition(rbm).detach())
    found: dict[str, float] = {}

    def ours() -> None:
        estimate = annealed_importance_sampling(rbm, betas=STEPS, runs=RUNS, generator=draw)
        found["gensrc"] = float(estimate.log_z)

    def theirs() -> None:
        found["loop"] = loop(*arrays, random)

    times = interleaved({"gensrc": ours, "loop": theirs}, rounds=max(2, ROUNDS // 3))
    if any(not math.isclose(value, exact, abs_tol=0.5) for value in found.values()):
        raise SystemExit(f"log Z is {exact:.3f}, the estimates are {found}")
    speed = ratio(times["loop"], times["gensrc"])
    print(f"AIS, 64 - 16, {RUNS} runs of {STEPS} steps: both within 0.5 of log Z = {exact:.2f}")
    print(f"  plain loop    {ms(times['loop'])}")
    print(f"  gensrc        {ms(times['gensrc'])}")
    print(f"  ratio         {speed.middle:7.1f} ({speed.low:.1f} to {speed.high:.1f})")


if __name__ == "__main__":
    print(
        f"torch {torch.__version__.split('+')[0]} on {torch.get_num_threads()} threads, "
        f"scikit-learn {sklearn.__version__}; median and quartiles of {ROUNDS} rounds\n"
    )
    epochs()
    annealing()
