"""How well samples stand for a distribution."""

import math
from typing import NamedTuple

import torch
from scipy.stats import hypergeom
from torch import Tensor

EXACT = "donot_use_mm_for_euclid_dist"
"""Distances without the cancellation of |a|² - 2ab + |b|²."""


class ModeCoverage(NamedTuple):
    """``covered`` modes, the ``high_quality`` share of the samples, and ``counts`` per mode."""

    covered: int
    high_quality: float
    counts: Tensor


class TwoSampleTest(NamedTuple):
    """Held-out ``accuracy`` of a classifier, and the ``p_value`` of "no difference"."""

    accuracy: float
    p_value: float


def modes_covered(
    samples: Tensor, modes: Tensor, *, radius: float, at_least: int = 1
) -> ModeCoverage:
    """Count the modes that have samples nearby.

    A sample has *high quality* if it lies within ``radius`` of its nearest mode: for modes of
    standard deviation s the usual radius is 3 s. A mode is *covered* if it is the nearest mode
    of at least ``at_least`` samples of high quality.

    Args:
        samples: shape (n, d).
        modes: centres, shape (m, d).
        radius: in the unit of the samples.
        at_least: number of samples that cover a mode.

    Returns:
        the number of modes covered, the share of samples of high quality, and for each mode
        the number of such samples, shape (m,).

    Raises:
        ValueError: shapes or dtypes that do not match, no samples, a radius that is not a positive
            number, or ``at_least`` < 1.

    Source: Srivastava et al. (2017), section 5.1.

    >>> modes = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    >>> samples = torch.tensor([[0.1, 0.0], [0.0, 0.2], [2.0, 0.0], [9.0, 9.0]])
    >>> modes_covered(samples, modes, radius=0.5)
    ModeCoverage(covered=1, high_quality=0.5, counts=tensor([2, 0]))
    """
    _check_pair(samples=samples, modes=modes)
    if not 0 < radius < math.inf:
        raise ValueError(f"radius: expected a positive number, got {radius}")
    if at_least < 1:
        raise ValueError(f"at_least: expected at least 1, got {at_least}")
    unit = 2.0 ** (math.frexp(radius)[1] - 1)  # so that squares of distances do not vanish
    distance, nearest = torch.cdist(samples / unit, modes / unit, compute_mode=EXACT).min(dim=1)
    distance = unit * distance
    good = distance <= radius
    counts = torch.bincount(nearest[good], minlength=len(modes))
    return ModeCoverage(int((counts >= at_least).sum()), float(good.double().mean()), counts)


def classifier_two_sample_test(
    x: Tensor, y: Tensor, *, generator: torch.Generator, neighbours: int | None = None
) -> TwoSampleTest:
    r"""Test whether two samples come from one distribution: can a classifier tell them apart?

    A random half of each sample trains a k-nearest-neighbour classifier; the other half tests it.
    If the distributions are equal, the labels of the held-out examples are exchangeable: given
    that r of them are called "x", the number t of these that are from x has a hypergeometric
    distribution, and the p-value is the probability of t or more. It is exact for any sizes.

    Distances are Euclidean: put features on a common scale first. Few neighbours see differences
    of fine shape; more see small differences of mass, such as a missing mode among many.

    Args:
        x: shape (n, ...), n >= 4; the trailing axes are flattened.
        y: shape (m, ...), the same trailing axes; m near n gives the most power.
        generator: draws the halves; a CPU generator.
        neighbours: k; by default the odd number at or just above the root of the training size.

    Returns:
        the share of held-out examples classified correctly, and the p-value.

    Raises:
        ValueError: shapes or dtypes that do not match, too few examples, NaN, or k out of range.

    Source: Lopez-Paz and Oquab (2017), with the exact distribution in place of the normal.

    >>> x = torch.zeros(20, 1)
    >>> test = classifier_two_sample_test(x, x + 1, generator=torch.Generator().manual_seed(0))
    >>> test.accuracy, round(test.p_value * math.comb(20, 10), 6)  # one way out of (20 over 10)
    (1.0, 1.0)
    """
    if x.shape[1:] != y.shape[1:]:
        raise ValueError(
            f"y: expected examples of shape {tuple(x.shape[1:])}, as in x, got {tuple(y.shape[1:])}"
        )
    x, y = (value.flatten(1) if value.ndim > 1 else value for value in (x, y))
    _check_pair(x=x, y=y)
    if min(len(x), len(y)) < 4:
        raise ValueError(f"x, y: expected at least 4 examples each, got {len(x)} and {len(y)}")
    x_train, x_test = _halves(x, generator)
    y_train, y_test = _halves(y, generator)
    train, test = torch.cat([x_train, y_train]), torch.cat([x_test, y_test])
    n, largest = len(train), float(torch.cat([train, test]).abs().max())
    unit = 2.0 ** (math.frexp(largest)[1] - 1)  # so that squares of distances do not overflow
    train, test = train / unit, test / unit
    k = math.isqrt(n) | 1 if neighbours is None else neighbours
    if not 1 <= k <= n:
        raise ValueError(f"neighbours: expected 1 to {n}, got {k}")
    from_x = torch.arange(n, device=x.device) < len(x_train)
    near = [
        torch.cdist(part, train, compute_mode=EXACT).topk(k, largest=False).indices
        for part in torch.split(test, 1024)
    ]
    # "x" if its share among the neighbours is above that among all, in whole numbers
    calls = torch.cat([from_x[index].sum(dim=1) * n > k * len(x_train) for index in near])
    hits, r = int(calls[: len(x_test)].sum()), int(calls.sum())
    right = hits + len(y_test) - (r - hits)
    p_value = hypergeom.sf(hits - 1, len(calls), len(x_test), r)
    return TwoSampleTest(right / len(calls), float(p_value))


def _halves(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A random half of the examples, and the others."""
    order = torch.randperm(len(x), generator=generator).to(x.device)
    first, second = x[order].tensor_split(2)
    return first, second


def _check_pair(**arguments: Tensor) -> None:
    """Raise ValueError unless both arguments are (n, d), n >= 1, of one d and dtype, and finite."""
    (first, a), (second, b) = arguments.items()
    for name, value in arguments.items():
        if not value.is_floating_point() or value.dtype != a.dtype:
            kind = a.dtype if a.is_floating_point() else "a floating-point tensor"
            raise ValueError(f"{name}: expected {kind}, got {value.dtype}")
        if value.ndim != 2 or len(value) == 0:
            raise ValueError(f"{name}: expected shape (n, d), n >= 1, got {tuple(value.shape)}")
        if not value.isfinite().all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{second}: expected {a.shape[1]} coordinates, as in {first}, got {b.shape[1]}"
        )
