"""Full-covariance EM: gensrc beside scikit-learn's GaussianMixture, one iteration at a time.

Both begin at the same mixture. scikit-learn's time of an iteration is that of its own E-step and
M-step on a fitted object, so that its set-up is not counted; ours is one pass of ``em``. The limit
is what the machine needs for the same number of floating-point operations in one square matrix
product of torch: 4 N d² K of them, N d² K multiplications and as many additions in each of the
two quadratic terms. (Symmetry lets us do with fewer, so that the limit can be beaten.)

On a virtual machine with two processors the first case has two states, which come and go within
minutes, in one process too. They follow where the host has put the two processors, as far as a
ping-pong between them tells: a cache line that is handed to and fro made the round in 50 to 75 ns
or in 280 to 330 ns. Of 20 samples (2026-11-27, beside other work; a time is that of the fastest
blocks, for 100,000 examples), the round was short before and after the sample in four: 21, 21, 23
and, with the processors overloaded, 48 ms; it was long before and after in twelve: 38 to 52 ms in
ten, seconds in two that were overloaded. On a quiet machine a pass took 18 to 20 or 29 to 30 ms.
Nothing that the process does was found to choose the state, so compare ratios of one run.
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
