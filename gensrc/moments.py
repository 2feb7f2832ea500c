r"""Pearson's method: a mixture of two normal densities from its first five moments."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.polynomial import Polynomial
from torch import Tensor


class PearsonRoots(NamedTuple):
    """The admissible solutions, R of them, the lower mean first in each.

    Args:
        weights, means, stds: shape (R, 2).
        sixth: sixth central moment of each solution, shape (R,).
    """

    weights: Tensor
    means: Tensor
    stds: Tensor
    sixth: Tensor


def central_moments(values: Tensor, counts: Tensor | None = None) -> Tensor:
    """Mean and central moments 2 to 6 of values that occur ``counts`` times, shape (6,)."""
    weights = torch.ones_like(values) if counts is None else counts.to(values)
    weights = weights / weights.sum()
    mean = (weights * values).sum()
    powers = torch.arange(2, 7, device=values.device)
    higher = (weights * (values - mean) ** powers[:, None]).sum(1)
    return torch.cat([mean[None], higher])


def pearson_moments(moments: Tensor) -> PearsonRoots:
    r"""Every pair of normal components with the given mean and central moments 2 to 5.

    Equation: eq-pearson-nonic
    """
    mean, m2, m3, m4, m5 = (float(v) for v in moments[:5])
    unit = math.sqrt(m2)
    k3, k4, k5 = m3 / unit**3, m4 / m2**2 - 3, m5 / unit**5 - 10 * m3 / unit**3
    p = Polynomial([0, 1])
    top = 3 * k5 * p**2 - 8 * k3 * p**3 + 6 * k3 * k4 * p + 2 * k3**3
    bottom = 2 * p**3 + 3 * k4 * p + 4 * k3**2
    nonic = 2 * top**2 + 4 * k3 * top * bottom - (k3**2 + 3 * k4 * p + 6 * p**3) * bottom**2
    found = []
    for root in nonic.roots():
        if abs(root.imag) > 1e-8 * abs(root) or root.real >= 0:
            continue
        product = root.real
        total = top(product) / bottom(product) / product
        half = math.sqrt(total**2 / 4 - product)
        g = np.array([total / 2 - half, total / 2 + half])
        var = 1 + product - (k3 + product * total) / (3 * product) * g
        w = np.array([g[1], -g[0]]) / (2 * half)
        if (var > 0).all():
            sixth = (w * (g**6 + 15 * g**4 * var + 45 * g**2 * var**2 + 15 * var**3)).sum()
            found.append([w, mean + unit * g, unit * np.sqrt(var), [sixth * m2**3] * 2])
    table = moments.new_tensor(np.array(found).reshape(len(found), 4, 2))
    return PearsonRoots(table[:, 0], table[:, 1], table[:, 2], table[:, 3, 0])
