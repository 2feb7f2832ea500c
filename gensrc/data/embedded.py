"""Data that come with the packages: digits of scikit-learn, and Weldon's crabs."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

# fmt: off
CRAB_COUNTS = (1, 3, 5, 2, 7, 10, 13, 19, 20, 25, 40, 31, 60, 62, 54,
               74, 84, 86, 96, 85, 75, 47, 43, 24, 19, 9, 5, 0, 1)
# fmt: on


class Images(NamedTuple):
    """``images`` (n, height, width), float32 in [0, 1]; ``labels`` (n,), int64."""

    images: Tensor
    labels: Tensor


class Crabs(NamedTuple):
    """A histogram: class i holds ``counts[i]`` crabs between ``edges[i]`` and ``edges[i + 1]``.

    ``edges`` (30,) float64 begin with -inf and end with inf: the first and the last class
    are open. ``counts`` (29,) and ``midpoints`` (29,) are float64.
    """

    edges: Tensor
    counts: Tensor
    midpoints: Tensor


def digits() -> Images:
    """1,797 handwritten digits of 8 by 8 pixels, from scikit-learn; nothing is downloaded.

    Source: Alpaydin and Kaynak (1998), UCI Machine Learning Repository.

    >>> digits().images.shape
    torch.Size([1797, 8, 8])
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return Images(torch.tensor(images / 16).float().reshape(-1, 8, 8), torch.tensor(labels))


def crabs() -> Crabs:
    """Ratio of forehead breadth to body length of 1,000 shore crabs, in 29 classes.

    The classes are 0.004 wide; the first is centred at 0.5815. The first and the last are
    taken as open: they hold every crab below 0.5835 and every crab above 0.6915.

    Source: Weldon (1893), as tabulated by Pearson (1894).

    >>> crabs().counts.sum()
    tensor(1000., dtype=torch.float64)
    """
    counts = torch.tensor(CRAB_COUNTS, dtype=torch.float64)
    number = torch.arange(len(counts), dtype=torch.float64)
    inner = 0.5835 + 0.004 * number[:-1]
    ends = torch.tensor([math.inf], dtype=torch.float64)
    return Crabs(torch.cat([-ends, inner, ends]), counts, 0.5815 + 0.004 * number)
