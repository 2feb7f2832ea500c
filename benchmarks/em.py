"""Full-covariance EM: gensrc beside scikit-learn's GaussianMixture, one iteration at a time.

Both begin at the same mixture. scikit-learn's time of an iteration is that of its own E-step and
M-step on a fitted object, so that its set-up is not counted; ours is one pass of ``em``. The limit
is what the machine needs for the same number of floating-point operations in one square matrix
product of torch: 4 N d² K of them, N d² K multiplications and as many additions in each of the
two quadratic terms. (Symmetry lets us do with fewer, so that the limit can be beaten.)

On a virtual machine with two processors there are two states, which come and go within minutes, in
one process too. They follow where the host has put the two processors: a cache line that two pinned
threads hand to and fro makes the round in about 50 ns where the processors share a cache, and in
about 290 ns where they do not. With one matrix for all threads each read what the other had just
written; now each has its own part of the block (``gensrc/mixtures/expectation.py``). Medians of
a pass of the first case in float64, both versions in turn in one process, samples of four seconds
with the round measured before and after each, on two virtual processors of an AMD EPYC (Zen 4) that
did little else (2026-11-27):

                           14 samples, round 50 ns    25 samples, round 290 ns
    one matrix                 23 to 24 ms                  58 to 61 ms
    a part for each thread     24 to 28 ms                  30 to 33 ms

One thread alone has one state: 43 ms, and 40 ms when a transposed copy of the data was kept. In
fresh processes with one thread, 1,200 page faults a step or 12, and huge pages or small ones, made
no difference that could be seen. Earlier runs had 18 to 20 or 29 to 30 ms: that these are the same
two states was not shown.
"""

import math
import os
import warnings

import sklearn
import torch
from _timing import interleaved, ms, ratio, spread
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor

from gensrc.mixtures import EmResult, Mixture, em
from gensrc.mixtures.expectation import ExpectationPass
from gensrc.mixtures.floor import floor_covariances, reset_empty

CASES = [(100_000, 16, 16), (10_000, 64, 10)]  # N, d, K
ROUNDS = int(os.environ.get("ROUNDS", "15"))
STEPS = 10  # steps after which the two must agree
TOLERANCE = 1e-9


def problem(n: int, d: int, k: int, dtype: torch.dtype) -> tuple[Mixture, Tensor]:
    """Overlapping clusters of different shapes, and a start beside them."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    shapes = torch.eye(d, dtype=torch.float64) + 0.3 * normal(k, d, d) / d**0.5
    centres = 1.5 * normal(k, d)
    labels = torch.randint(k, (n,), generator=generator)
    noise = normal(n, d)
    x = torch.empty_like(noise)
    for j in range(k):
        x[labels == j] = centres[j] + noise[labels == j] @ shapes[j].T
    start = Mixture(
        torch.full((k,), 1 / k, dtype=torch.float64),
        centres + 0.3 * normal(k, d),
        torch.eye(d, dtype=torch.float64).repeat(k, 1, 1),
    )
    return Mixture(*(part.to(dtype) for part in start)), x.to(dtype)


def scikit(start: Mixture, x: Tensor, steps: int) -> GaussianMixture:
    other = GaussianMixture(
        len(start.weights),
        weights_init=start.weights.numpy(),
        means_init=start.means.numpy(),
        precisions_init=torch.linalg.inv(start.covariances).numpy(),
        reg_covar=0,
        tol=0,
        max_iter=steps,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # with tol = 0 it never converges
        return other.fit(x.numpy())


def difference(ours: EmResult, theirs: GaussianMixture) -> float:
    """Largest difference of weights, means and covariances, relative to the largest of each."""
    gaps = []
    for a, b in zip(ours.mixture, (theirs.weights_, theirs.means_, theirs.covariances_)):
        other = torch.as_tensor(b).double()
        gaps.append(float((a.double() - other).abs().max() / other.abs().max()))
    return max(gaps)


def measure(n: int, d: int, k: int, dtype: torch.dtype) -> None:
    start, x = problem(n, d, k, dtype)
    gap = difference(em(start, x, steps=STEPS, tol=0), scikit(start, x, STEPS))
    if dtype == torch.float64 and gap > TOLERANCE:
        raise SystemExit(f"the two fits differ by {gap:.1e} after {STEPS} steps")
    sweep, data, other = ExpectationPass(x), x.numpy(), scikit(start, x, 1)
    begin = other.weights_, other.means_, other.covariances_, other.precisions_cholesky_
    mixture = Mixture(*(torch.as_tensor(part) for part in begin[:3]))

    def ours() -> None:
        _, moments = sweep(*mixture)
        floor_covariances(reset_empty(moments), torch.finfo(dtype).eps ** (2 / 3))

    def theirs() -> None:
        other.weights_, other.means_, other.covariances_, other.precisions_cholesky_ = begin
        _, log_resp = other._e_step(data)
        other._m_step(data, log_resp)

    flops = 4 * n * d * d * k
    side = math.ceil((flops / 2) ** (1 / 3))
    a, b = torch.randn(2, side, side, dtype=dtype)
    times = interleaved(
        {"gensrc": ours, "scikit-learn": theirs, "limit": lambda: a @ b}, rounds=ROUNDS
    )
    speed = ratio(times["scikit-learn"], times["gensrc"])
    name = str(dtype).removeprefix("torch.")
    print(f"N={n:,} d={d} K={k} {name}: fits differ by {gap:.0e} relative after {STEPS} steps")
    print(f"  scikit-learn  {ms(times['scikit-learn'])} an iteration")
    print(f"  gensrc        {ms(times['gensrc'])} an iteration")
    rate = flops / spread(times["limit"]).middle / 1e9
    print(f"  limit         {ms(times['limit'])} for {flops / 1e9:.2f} GFlop, {rate:.0f} GFlop/s")
    print(f"  ratio         {speed.middle:7.1f} ({speed.low:.1f} to {speed.high:.1f})\n")


if __name__ == "__main__":
    print(
        f"EM, torch {torch.__version__.split('+')[0]} on {torch.get_num_threads()} threads, "
        f"scikit-learn {sklearn.__version__}; median and quartiles of {ROUNDS} rounds\n"
    )
    for dtype in (torch.float64, torch.float32):
        for case in CASES:
            measure(*case, dtype)
