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
_DECAY = 40.0  # exp(-40) is below the rounding error of 1


def population_em(lam: Tensor | float, mu: float, sigma: float) -> Tensor:
    r"""One step of EM on the whole population.

    .. math:: M(\lambda) = E_x\!\left[x \tanh\frac{\lambda x}{\sigma^2}\right], \qquad
              x \sim \tfrac12 N(\mu, \sigma^2) + \tfrac12 N(-\mu, \sigma^2)

    Equation: eq-population-em

    Since :math:`\tanh t = 1 - 2/(1 + e^{2t})`, the map is
    :math:`E|x| - 2\int_0^\infty \frac{x\,(\varphi_\mu(x) + \varphi_{-\mu}(x))}
    {1 + e^{2\lambda x/\sigma^2}}\,dx` for :math:`\lambda > 0`: a closed form less a smooth
    integral, done by Gauss-Legendre quadrature over the part of the half-line that matters.
    Fixed points are :math:`\pm\mu` and 0; from :math:`\lambda_0 = \infty` the first step
    gives :math:`E|x|`.

    Args:
        lam: λ, the model's mean; any shape, may be infinite; unit of x.
        mu: μ ≥ 0, the true mean (the two means lie 2μ apart); unit of x.
        sigma: σ > 0, the known standard deviation; unit of x.

    Returns: M(λ), float64, the shape of ``lam``; unit of x.
    Raises: ValueError for a NaN λ, a negative μ or a σ that is not positive.
    Source: Daskalakis, Tzamos & Zampetakis (2017).

    >>> round(float(population_em(math.inf, 0.0, 1.0)), 4)  # E|x| of N(0, 1): sqrt(2/pi)
    0.7979
    >>> float(population_em(0.0, 1.0, 1.0))  # the start 0 stays at 0
    0.0
    """
    lam = torch.as_tensor(lam, dtype=torch.float64)
    if not (math.isfinite(mu) and mu >= 0 and math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"mu, sigma: expected finite mu >= 0 and sigma > 0, got {mu} and {sigma}")
    if bool(lam.isnan().any()):
        raise ValueError("lam: expected numbers, got NaN")
    m, steep = mu / sigma, (lam.abs() / sigma)[..., None]
    root = math.sqrt(0.5)
    mean_abs = math.exp(-m * m / 2) * math.sqrt(2 / math.pi) + m * math.erf(m * root)
    low = max(0.0, m - _REACH)
    length = (_DECAY / (2 * steep)).clamp(max=m + _REACH).sub(low).clamp(min=0)
    nodes, weights = _legendre(lam.device)
    x = low + length * nodes
    density = torch.exp(-((x - m) ** 2) / 2) + torch.exp(-((x + m) ** 2) / 2)
    tail = torch.where(x > 0, torch.sigmoid(-2 * steep * x), 0.5)
    integral = (length * weights * x * density * tail).sum(-1) / math.sqrt(2 * math.pi)
    step = lam.sign() * sigma * (mean_abs - 2 * integral)
    return torch.where(lam == 0, 0.0, step)


@cache
def _legendre(device: torch.device) -> tuple[Tensor, Tensor]:
    """Nodes and weights of the Gauss-Legendre rule on [0, 1]."""
    k = torch.arange(1, _NODES, dtype=torch.float64)
    off = k / (4 * k**2 - 1).sqrt()
    values, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return ((values + 1) / 2).to(device), vectors[0].square().to(device)
