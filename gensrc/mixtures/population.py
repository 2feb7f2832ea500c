r"""EM with infinitely many examples: the balanced symmetric mixture of two normal densities.

The data come from :math:`\tfrac12 N(\mu, \sigma^2) + \tfrac12 N(-\mu, \sigma^2)` with known
:math:`\sigma`; the model is the same with :math:`\lambda` for :math:`\mu`. One step of EM maps
:math:`\lambda` to a mean over the data's density, here an integral in place of a sum.
"""

import math
from functools import cache

import torch
from torch import Tensor

_NODES = 200  # Gauss-Legendre nodes


_REACH = 10.0  # standard deviations kept on either side of a mean


_LEVEL = 20.0  # tanh(20) is 1 to rounding


_STEEPEST = 1e300


def population_em(lam: Tensor | float, mu: float, sigma: float) -> Tensor:
    r"""One step of EM on the whole population.

    .. math:: M(\lambda) = E_x\!\left[x \tanh\frac{\lambda x}{\sigma^2}\right], \qquad
              x \sim \tfrac12 N(\mu, \sigma^2) + \tfrac12 N(-\mu, \sigma^2)

    Equation: eq-population-em
    Equation: thm-ten-steps

    Fixed points are :math:`\pm\mu` and 0. From :math:`\lambda_0 = \infty` ("initialised at
    infinity") the first step gives :math:`E|x|`. The statement that ten steps leave an error
    :math:`|\lambda_{10} - \mu|/\mu` below 1% is about that start, and it holds only where the two
    means are at least :math:`2\mu = 0.9744\,\sigma` apart (the threshold is 0.97436): the error is
    0.83% at :math:`2\mu = \sigma` and 21.7% at :math:`2\mu = \sigma/2`. From
    :math:`\lambda_0 = 0` no number of steps helps.

    The integral is taken over :math:`x > 0`, the integrand being even. Up to
    :math:`x = 20\sigma^2/\lambda`, but no further than :math:`\mu + 10\sigma`, it is done by
    Gauss-Legendre quadrature; beyond, tanh is 1 to rounding or the density is, beside the rest, 0,
    and the integral of the density is known in closed form. All terms are positive.

    Args:
        lam: λ, the model's mean; any shape, may be infinite; unit of x.
        mu: μ ≥ 0, the true mean (the two means lie 2μ apart); unit of x.
        sigma: σ > 0, the known standard deviation; unit of x.

    Returns:
        M(λ), float64, the shape of ``lam``; unit of x.

    Raises:
        ValueError: a NaN λ, a negative μ or a σ that is not positive.

    Source: Daskalakis, Tzamos and Zampetakis (2017).

    >>> population_em(math.inf, 0.0, 1.0)  # E|x| of N(0, 1): the root of 2/pi
    tensor(0.7979, dtype=torch.float64)
    >>> population_em(0.0, 1.0, 1.0)  # the start 0 stays at 0
    tensor(0., dtype=torch.float64)
    """
    lam = torch.as_tensor(lam, dtype=torch.float64)
    if not (math.isfinite(mu) and mu >= 0 and math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"mu, sigma: expected finite mu >= 0 and sigma > 0, got {mu} and {sigma}")
    if bool(lam.isnan().any()):
        raise ValueError("lam: expected numbers, got NaN")
    m = mu / sigma
    steep = (lam.abs() / sigma).clamp(max=_STEEPEST)[..., None]
    start = max(0.0, m - _REACH)
    end = (_LEVEL / steep).clamp(min=start, max=m + _REACH)
    nodes, weights = _legendre(lam.device)
    x = start + (end - start) * nodes
    inner = (weights * x * torch.tanh(steep * x) * (_density(x - m) + _density(x + m))).sum(-1)
    edge = end.squeeze(-1)
    outer = _density(edge - m) + _density(edge + m)
    outer = outer + m * (torch.special.ndtr(m - edge) - torch.special.ndtr(-m - edge))
    outer = outer * torch.tanh(steep.squeeze(-1) * edge)  # below 1 where the density ends first
    step: Tensor = lam.sign() * sigma * ((edge - start) * inner + outer)
    return step


def _density(x: Tensor) -> Tensor:
    """Density of N(0, 1)."""
    return torch.exp(-x.square() / 2) / math.sqrt(math.tau)


@cache
def _legendre(device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes and weights of the Gauss-Legendre rule on [0, 1]."""
    k = torch.arange(1, _NODES, dtype=torch.float64)
    off = k / (4 * k**2 - 1).sqrt()
    values, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return ((values + 1) / 2).to(device), vectors[0].square().to(device)
