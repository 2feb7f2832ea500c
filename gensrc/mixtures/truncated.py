r"""Moments of a normal density inside classes, that is, of truncated normal distributions.

The notation is that of :mod:`gensrc.mixtures.binned`.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gensrc.checks import check_floats

_ROOT_HALF = math.sqrt(0.5)


_MILLS = math.sqrt(math.pi / 2)
_FALL = 40.0  # logarithm of how far the density falls over the part of a class that counts


class BinMoments(NamedTuple):
    """Of each class under each component, shape (..., C, K), with z = (x − μ)/σ.

    Args:
        log_mass: log-probability of the class, in nats.
        first: E[z] inside the class.
        second: E[z²] inside the class. Where the class is narrow or in a tail, ``second`` less the
            square of ``first`` is all rounding; :func:`bin_variances` is not.
    """

    log_mass: Tensor
    first: Tensor
    second: Tensor


def bin_moments(means: Tensor, stds: Tensor, edges: Tensor) -> BinMoments:
    r"""Probability and first two moments of a normal density inside each class.

    .. math::
        Z = \Phi(\beta) - \Phi(\alpha), \quad
        E[z] = \frac{\varphi(\alpha) - \varphi(\beta)}{Z}, \quad
        E[z^2] = 1 + \frac{\alpha\varphi(\alpha) - \beta\varphi(\beta)}{Z}

    Equation: eq-truncated-moments

    A class in a tail is reflected to the right of 0, and everything is divided by
    :math:`\varphi(\alpha)`, so that nothing underflows: with
    :math:`m(t) = (1 - \Phi(t))/\varphi(t)`,
    :math:`Z/\varphi(\alpha) = m(\alpha) - e^{-(\beta^2-\alpha^2)/2}\, m(\beta)`. The relative error
    of Z is about the rounding error divided by the width of the class in units of σ.

    Args:
        means: μ, shape (..., K).
        stds: σ, shape (..., K), positive.
        edges: boundaries of the C classes, shape (C + 1,), increasing.

    Returns:
        log Z in nats, E[z] and E[z²], each of shape (..., C, K).

    Raises:
        ValueError: edges that do not increase, a standard deviation that is not positive, or
            means and standard deviations of different shapes or not finite.

    Source: Johnson, Kotz and Balakrishnan (1994).

    >>> half_line = torch.tensor([0.0, math.inf])  # E|z| is the root of 2/pi
    >>> bin_moments(torch.zeros(1), torch.ones(1), half_line).first
    tensor([[0.7979]])
    """
    check_floats("edges", edges, 1)
    if not bool((edges.diff() > 0).all() & (stds > 0).all()):
        raise ValueError("edges, stds: expected increasing edges and positive standard deviations")
    if (
        means.ndim == 0
        or means.shape != stds.shape
        or not bool((means.isfinite() & stds.isfinite()).all())
    ):
        raise ValueError(
            "means, stds: expected finite numbers of one shape (..., K), "
            f"got {tuple(means.shape)} and {tuple(stds.shape)}"
        )
    if {means.dtype, stds.dtype} != {edges.dtype}:
        raise ValueError(
            f"means, stds: expected {edges.dtype} as the edges, got {means.dtype} and {stds.dtype}"
        )
    opened = edges.isinf()[:, None]  # far away, and a constant, so that gradients are finite
    far = edges.sign()[:, None] * torch.finfo(edges.dtype).max ** 0.25
    inner = torch.where(opened[:, 0], 0.0, edges)[:, None]
    z = torch.where(opened, far, (inner - means[..., None, :]) / stds[..., None, :])
    low, high = z[..., :-1, :], z[..., 1:, :]
    flip = high <= 0
    low, high = torch.where(flip, -high, low), torch.where(flip, -low, high)
    tail = low.clamp(min=0)  # densities are divided by their value here
    at_low, at_high = (((tail - edge) * (tail + edge) / 2).exp() for edge in (low, high))
    m_tail, m_high = (torch.special.erfcx(edge * _ROOT_HALF) for edge in (tail, high))
    one_sided = m_tail - at_high * m_high
    astride = torch.erf(high * _ROOT_HALF) - torch.erf(low * _ROOT_HALF)
    mass = _MILLS * torch.where(low < 0, astride, one_sided)
    some = mass > 0  # else both edges are one number, to rounding, and so is z
    part = torch.where(some, mass, 1.0)
    first = torch.where(some, (at_low - at_high) / part, low)
    return BinMoments(
        mass.log() - tail.square() / 2 - math.log(math.tau) / 2,
        torch.where(flip, -first, first),
        torch.where(some, 1 + (low * at_low - high * at_high) / part, low.square()),
    )


def bin_variances(means: Tensor, stds: Tensor, edges: Tensor) -> Tensor:
    r"""Variance of z = (x − μ)/σ inside each class under each component.

    .. math:: \mathrm{Var}[z] = \frac{1}{Z} \int_\alpha^\beta (z - E[z])^2 \varphi(z)\, dz

    Where it is at most 1/4, the integral is taken by Gauss-Legendre quadrature, as a sum of
    positive terms, from the end nearer to 0 to where the density has fallen by the factor e⁻⁴⁰;
    no difference of large squares is formed.

    Args:
        means: μ, shape (..., K).
        stds: σ, shape (..., K), positive.
        edges: boundaries of the C classes, shape (C + 1,), increasing.

    Returns:
        Var[z], shape (..., C, K); the variance of x is σ² times this.

    Raises:
        ValueError: as :func:`bin_moments`.

    Source: Johnson, Kotz and Balakrishnan (1994).

    >>> narrow = torch.tensor([5.0, 5.25])  # nearly uniform: about 0.25²/12 = 0.0052
    >>> bin_variances(torch.zeros(1), torch.ones(1), narrow)
    tensor([[0.0048]])
    """
    _, first, second = bin_moments(means, stds, edges)
    z = (edges[:, None] - means[..., None, :]) / stds[..., None, :]
    low, high = z[..., :-1, :], z[..., 1:, :]
    low, high = torch.where(high <= 0, -high, low), torch.where(high <= 0, -low, high)
    direct = second - first.square()
    # y from the lower edge on: the density falls as exp(-low y - y²/2)
    reach = torch.minimum(high - low, 2 * _FALL / (low + (low.square() + 2 * _FALL).sqrt()))
    nodes, shares = (
        torch.as_tensor(part).to(edges) for part in np.polynomial.legendre.leggauss(32)
    )
    y = reach[..., None] * (nodes + 1) / 2
    density = shares * torch.exp(-y * (low[..., None] + y / 2))
    density = density / density.sum(-1, keepdim=True)
    spread = y - (density * y).sum(-1, keepdim=True)
    return torch.where(direct > 0.25, direct, (density * spread.square()).sum(-1))
