"""Times of functions run in turn, so that what else the machine does falls on all of them."""

import time
from collections.abc import Callable
from statistics import quantiles
from typing import NamedTuple

PAUSE = 0.2  # seconds


class Spread(NamedTuple):
    """Lower quartile, median and upper quartile."""

    low: float
    middle: float
    high: float


def spread(values: list[float]) -> Spread:
    return Spread(*quantiles(values, n=4, method="inclusive"))


def interleaved(
    functions: dict[str, Callable[[], object]], *, rounds: int
) -> dict[str, list[float]]:
    """Seconds of each function in each round; a first round warms up and is not counted.

    The pause before each lets the threads of the library before it go to sleep: they wait for more
    work on a processor of their own, and would take it from the next one.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    for counted in [False] + [True] * rounds:
        for name, function in functions.items():
            time.sleep(PAUSE)
            begin = time.perf_counter()
            function()
            if counted:
                times[name].append(time.perf_counter() - begin)
    return times


def ratio(slow: list[float], fast: list[float]) -> Spread:
    """Spread of slow/fast over the rounds: within a round both met the same machine."""
    return spread([s / f for s, f in zip(slow, fast)])


def ms(times: list[float]) -> str:
    return "{1:7.1f} ms ({0:.1f} to {2:.1f})".format(*(1e3 * t for t in spread(times)))
