r"""Normal mixtures fitted to counts in classes, and Pearson's method of moments.

Class c holds the ``counts[c]`` examples between ``edges[c]`` and ``edges[c + 1]``; the first
edge may be minus infinity and the last one plus infinity (open classes). Leading axes of
``counts`` (..., C), and of the parameters (..., K), are a batch: many tables at once.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

_LOG_ROOT_TAU = math.log(2 * math.pi) / 2


class ClassMoments(NamedTuple):
    """Of each class under each component: log-mass (..., C, K), E[z], E[z²] with z = (x − μ)/σ."""

    log_mass: Tensor
    first: Tensor
    second: Tensor


class BinnedResult(NamedTuple):
    """What :func:`em_binned` returns; see :class:`gensrc.mixtures.EmResult`."""

    weights: Tensor
    means: Tensor
    stds: Tensor
    log_likelihoods: Tensor
    converged: bool


def class_moments(means: Tensor, stds: Tensor, edges: Tensor) -> ClassMoments:
    r"""Mass and moments of a normal density inside each class.

    With :math:`\alpha, \beta` the class's edges in units of σ from μ,

    .. math::
        Z = \Phi(\beta) - \Phi(\alpha), \quad
        E[z] = \frac{\varphi(\alpha) - \varphi(\beta)}{Z}, \quad
        E[z^2] = 1 + \frac{\alpha\varphi(\alpha) - \beta\varphi(\beta)}{Z}.

    Equation: eq-truncated-moments
    """
    z = (edges[:, None] - means[..., None, :]) / stds[..., None, :]
    low, high = z[..., :-1, :], z[..., 1:, :]
    flip = high <= 0
    low, high = torch.where(flip, -high, low), torch.where(flip, -low, high)
    tail = low.clamp(min=0)  # the density is scaled by its value here, so nothing underflows
    at_low = torch.exp((tail - low) * (tail + low) / 2).nan_to_num(nan=0.0)
    at_high = torch.exp((tail - high) * (tail + high) / 2).nan_to_num(nan=0.0)
    root = math.sqrt(0.5)
    mills = math.sqrt(math.pi / 2)
    one_sided = mills * (
        torch.special.erfcx(low.clamp(min=0) * root) - at_high * torch.special.erfcx(high * root)
    )
    two_sided = mills * (torch.erf(high * root) - torch.erf(low * root))
    mass = torch.where(low < 0, two_sided, one_sided)
    first = (at_low - at_high) / mass
    edge_low = torch.where(low.isinf(), 0.0, low) * at_low
    edge_high = torch.where(high.isinf(), 0.0, high) * at_high
    log_mass = mass.log() - tail.square() / 2 - _LOG_ROOT_TAU
    return ClassMoments(
        log_mass, torch.where(flip, -first, first), 1 + (edge_low - edge_high) / mass
    )


def binned_log_likelihood(
    weights: Tensor, means: Tensor, stds: Tensor, edges: Tensor, counts: Tensor
) -> Tensor:
    r"""Log-likelihood of counts in classes, without the multinomial coefficient.

    .. math:: \ell = \sum_c n_c \log \sum_k \pi_k [\Phi(\beta_{ck}) - \Phi(\alpha_{ck})]

    Equation: def-binned-likelihood
    """
    log_mass = class_moments(means, stds, edges).log_mass
    return (counts * (weights.log()[..., None, :] + log_mass).logsumexp(-1)).sum(-1)


def em_binned(
    weights: Tensor, means: Tensor, stds: Tensor, edges: Tensor, counts: Tensor,
    *, steps: int = 10_000, tol: float = 1e-12,
) -> BinnedResult:  # fmt: skip
    r"""EM for a univariate normal mixture when only counts in classes are known.

    Equation: eq-binned-m-step
    """
    history: list[Tensor] = []
    converged = False
    n = counts.sum(-1, keepdim=True)
    for _ in range(steps):
        moments = class_moments(means, stds, edges)
        joint = weights.log()[..., None, :] + moments.log_mass
        log_prob = joint.logsumexp(-1)
        history.append((counts * log_prob).sum(-1))
        mass = counts[..., None] * (joint - log_prob[..., None]).exp()
        total = mass.sum(-2)
        shift = (mass * moments.first).sum(-2) / total
        second = (mass * moments.second).sum(-2) / total
        weights, means, stds = total / n, means + stds * shift, stds * (second - shift**2).sqrt()
        if len(history) > 1 and bool(((history[-1] - history[-2]).abs() < tol * n[..., 0]).all()):
            converged = True
            break
    return BinnedResult(weights, means, stds, torch.stack(history), converged)
