r"""Wasserstein distances of samples on the line, by their quantiles.

The notation is that of :mod:`gensrc.transport`.
"""

import math

import numpy as np
import torch
from torch import Tensor

from gensrc.checks import check_floats


def wasserstein_1d(x: Tensor, y: Tensor, *, p: float = 1) -> Tensor:
    r"""Wasserstein distance of two samples on the line, each example with equal weight.

    .. math:: W_p = \left( \int_0^1 |F^{-1}(u) - G^{-1}(u)|^p \, du \right)^{1/p}

    The quantile functions are steps, so that the integral is a finite sum; the sizes may
    differ. For p = inf it is the largest difference of quantiles. Differentiable.

    Equation: eq-quantile-formula
    Equation: eq-cdf-formula

    Args:
        x: a sample, shape (n,), in any unit.
        y: a sample, shape (m,), in the same unit.
        p: order, at least 1.

    Returns:
        W_p itself (not its p-th power), in the unit of x, shape ().

    Raises:
        ValueError: a sample is empty, not one-dimensional or not finite, p < 1, or the difference
            of two numbers overflows.

    Source: Vallender (1974); Villani (2003), theorem 2.18.

    >>> wasserstein_1d(torch.tensor([0.0, 2.0]), torch.tensor([1.0]))  # each end moves by 1
    tensor(1.)
    """
    for name, sample in (("x", x), ("y", y)):
        check_floats(name, sample, 1)
        if not sample.isfinite().all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if not p >= 1:
        raise ValueError(f"p: expected an order of at least 1, got {p}")
    n, m = len(x), len(y)
    # In units of 1/(nm) the steps of F are at multiples of m, those of G at multiples of n.
    ends = np.union1d(m * np.arange(1, n + 1), n * np.arange(1, m + 1))
    i, j = (torch.from_numpy((ends - 1) // size).to(x.device) for size in (m, n))
    gap = (x.sort().values[i] - y.sort().values[j]).abs()
    width = torch.from_numpy(np.diff(ends, prepend=0) / (n * m)).to(gap)
    largest = gap.detach().max()
    if largest.isinf():
        raise ValueError(f"x, y: expected differences within {gap.dtype}, got one that overflows")
    if p == math.inf:
        return gap.max()
    if p == 1 or largest == 0:
        return (width * gap).sum()
    mean: Tensor = (width * (gap / largest) ** p).sum()
    return largest * mean.pow(1 / p)
