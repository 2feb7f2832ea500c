"""The earth mover's distance: gensrc beside SciPy's ``linprog`` and POT's ``emd2``.

Two distributions over n random points of the plane each, with Euclidean costs. ``linprog`` is
called as its manual shows it: with a dense matrix of constraints and no options. Only the value
is asked for; gensrc also returns plan and potentials, and checks them. The limit is what the
machine needs to read the n² costs and write the n² entries of a plan once, as a copy.

A call that would take more than a minute, or a matrix that would not fit into half of the free
memory, is skipped, and the table says so.
"""

import os
import time
import warnings
from collections.abc import Callable

import numpy as np
import scipy
import torch
from _timing import interleaved, ms, ratio, spread
from scipy.optimize import linprog

from gensrc.transport import earth_mover, lp_matrices

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ot

SIZES = [30, 100, 500, 2000]
ROUNDS = int(os.environ.get("ROUNDS", "9"))
LONGEST = 60.0  # seconds
GROWTH = 25  # a safe guess of linprog's time for the next size: more than (100/30)^2.5
TOLERANCE = 1e-9


def problem(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, n, 2, generator=generator, dtype=torch.float64)
    a, b = torch.rand(2, n, generator=generator, dtype=torch.float64)
    return (x[:, None] - y).norm(dim=-1), a / a.sum(), b / b.sum()


def free_memory() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def why_not(n: int, before: float) -> str:
    """Why ``linprog`` is not called with a dense matrix, or ''."""
    size = 2 * n * n * n * 8
    if size > free_memory() / 2:
        return f"skipped: its dense matrix has {size / 2**30:.1f} GiB"
    if GROWTH * before > LONGEST:
        return f"skipped: it would take more than {LONGEST:.0f} s"
    return ""


def measure(n: int, before: float) -> float:
    """Print one size; return the median seconds of ``linprog``."""
    cost, a, b = problem(n)
    arrays = a.numpy(), b.numpy(), cost.numpy()
    functions: dict[str, Callable[[], object]] = {
        "gensrc": lambda: earth_mover(cost, a, b).value,
        "POT emd2": lambda: ot.emd2(*arrays, numItermax=10_000_000),
        "limit": lambda: cost.clone(),
    }
    values = [float(functions["gensrc"]()), float(functions["POT emd2"]())]
    reason = why_not(n, before)
    if not reason:
        programme = lp_matrices(cost, a, b)
        parts = [part.numpy() for part in (programme.c, programme.A, programme.b)]
        begin = time.perf_counter()
        values.append(linprog(parts[0], A_eq=parts[1], b_eq=parts[2]).fun)
        once = time.perf_counter() - begin
        if once * ROUNDS < LONGEST:
            functions["linprog"] = lambda: linprog(parts[0], A_eq=parts[1], b_eq=parts[2]).fun
        else:
            reason = f"one call took {once:.1f} s"
    gap = (max(values) - min(values)) / max(values)
    if gap > TOLERANCE:
        raise SystemExit(f"the values for n = {n} differ by {gap:.1e}")
    times = interleaved(functions, rounds=ROUNDS)
    print(f"n = {n:,}: {len(values)} values agree within {gap:.0e} relative")
    for name in ("linprog", "POT emd2", "gensrc", "limit"):
        if name not in times:
            print(f"  {name:<9} {reason}")
            continue
        speed = ratio(times[name], times["gensrc"])
        beside = (
            ""
            if name == "gensrc"
            else (f"   {speed.middle:8.3g} ({speed.low:.3g} to {speed.high:.3g}) times gensrc's")
        )
        print(f"  {name:<9} {ms(times[name])}{beside}")
    print()
    return spread(times["linprog"]).middle if "linprog" in times else LONGEST


if __name__ == "__main__":
    print(
        f"Earth mover's distance, torch {torch.__version__.split('+')[0]} on "
        f"{torch.get_num_threads()} threads, SciPy {scipy.__version__}, POT {ot.__version__}, "
        f"NumPy {np.__version__}; median and quartiles of {ROUNDS} rounds\n"
    )
    slow = 0.0
    for n in SIZES:
        slow = measure(n, slow)
