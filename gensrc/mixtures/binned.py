r"""Normal mixtures in one dimension when only counts in classes are known.

Notation. Class c holds the :math:`n_c` examples between ``edges[c]`` and ``edges[c + 1]``, and
:math:`n = \sum_c n_c`. The first edge may be minus infinity and the last one plus infinity (open
classes). In units of component k the edges are
:math:`\alpha_{ck} = (\text{edges}_c - \mu_k)/\sigma_k` and
:math:`\beta_{ck} = (\text{edges}_{c+1} - \mu_k)/\sigma_k`; :math:`\varphi` and :math:`\Phi` are
the standard normal density and its integral. Leading axes of ``counts`` (..., C) and of the
parameters (..., K) are a batch: many tables at once.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.mixtures.truncated import BinMoments, bin_moments


class BinnedResult(NamedTuple):
    """What :func:`em_binned` returns.

    Args:
        weights: shape (..., K).
        means: shape (..., K).
        stds: shape (..., K).
        log_likelihoods: in nats, one row (...) for each E-step: row t belongs to the mixture
            before M-step t, so row 0 is that of the start.
        converged: whether ``tol`` ended the run.
    """

    weights: Tensor
    means: Tensor
    stds: Tensor
    log_likelihoods: Tensor
    converged: bool


def binned_log_likelihood(
    weights: Tensor, means: Tensor, stds: Tensor, edges: Tensor, counts: Tensor
) -> Tensor:
    r"""Log-likelihood of counts in classes, without the multinomial coefficient.

    .. math:: \ell = \sum_c n_c \log \sum_k \pi_k [\Phi(\beta_{ck}) - \Phi(\alpha_{ck})]

    Equation: def-binned-likelihood

    The coefficient :math:`n!/\prod_c n_c!` does not depend on the parameters. With it left out, and
    the first and last class open, Weldon's crabs have −2952.70 under two components and −2979.06
    under one.

    Args:
        weights: π, shape (..., K), not negative, sum one.
        means: μ, shape (..., K), in the unit of the edges.
        stds: σ, shape (..., K), positive.
        edges: boundaries of the C classes, shape (C + 1,), increasing.
        counts: n_c, shape (..., C), not negative.

    Returns:
        ℓ in nats, shape (...).

    Raises:
        ValueError: classes, counts or parameters of the wrong kind.

    Source: Dempster, Laird and Rubin (1977).

    >>> import math
    >>> one, zero = torch.ones(1), torch.zeros(1)
    >>> edges, counts = torch.tensor([-math.inf, 0.0, math.inf]), torch.tensor([1.0, 1.0])
    >>> binned_log_likelihood(one, zero, one, edges, counts)  # two halves: 2 log(1/2)
    tensor(-1.3863)
    """
    counts = check_bins(edges, counts)
    check_components(weights, means, stds, edges)
    joint = weights.log()[..., None, :] + bin_moments(means, stds, edges).log_mass
    return _total(counts, joint.logsumexp(-1))


@torch.no_grad()
def em_binned(
    weights: Tensor, means: Tensor, stds: Tensor, edges: Tensor, counts: Tensor,
    *, steps: int = 10_000, tol: float = 1e-12,
) -> BinnedResult:  # fmt: skip
    r"""Fit a normal mixture to counts in classes by EM: label and position are both hidden.

    .. math::
        w_{ck} = n_c \frac{\pi_k Z_{ck}}{\sum_j \pi_j Z_{cj}}, \quad
        \pi_k' = \frac{1}{n} \sum_c w_{ck}, \quad
        \mu_k' = \frac{\sum_c w_{ck} E_{ck}[x]}{\sum_c w_{ck}}, \quad
        \sigma_k'^2 = \frac{\sum_c w_{ck} E_{ck}[(x - \mu_k')^2]}{\sum_c w_{ck}}

    Equation: eq-binned-m-step

    :math:`E_{ck}` is the mean under component k inside class c (:func:`bin_moments`). A component
    that no class supports keeps its mean and standard deviation, with weight 0. A step makes no
    standard deviation smaller than √ε times what it was: below that the variance is all rounding.

    Args:
        weights: π of the start, shape (..., K), not negative, sum one.
        means: μ of the start, shape (..., K), in the unit of the edges.
        stds: σ of the start, shape (..., K), positive.
        edges: boundaries of the C classes, shape (C + 1,), increasing.
        counts: n_c, shape (..., C), not negative.
        steps: how many steps to make at most.
        tol: stop when the log-likelihood per example, in nats, changed by less than this
            between two E-steps, in every table of the batch; 0 makes all ``steps``.

    Returns:
        the fit, the log-likelihoods in nats, and whether ``tol`` ended the run.

    Raises:
        ValueError: classes, counts, parameters or a setting of the wrong kind.

    Source: Dempster, Laird and Rubin (1977).

    >>> import math
    >>> one, edges = torch.ones(1), torch.tensor([-math.inf, 0.0, math.inf])
    >>> fit = em_binned(one, one, one, edges, torch.tensor([3.0, 3.0]), steps=1000)
    >>> round(abs(float(fit.means)), 3)  # as many below 0 as above: the mean goes to 0
    0.0
    """
    counts = check_bins(edges, counts)
    check_components(weights, means, stds, edges)
    if steps < 1 or not tol >= 0:
        raise ValueError(f"steps, tol: expected steps >= 1 and tol >= 0, got {steps} and {tol}")
    history: list[Tensor] = []
    n = counts.sum(-1, keepdim=True)
    converged = False
    while len(history) < steps and not converged:
        moments = bin_moments(means, stds, edges)
        joint = weights.log()[..., None, :] + moments.log_mass
        log_prob = joint.logsumexp(-1)
        history.append(_total(counts, log_prob))
        mass = counts[..., None] * (joint - log_prob[..., None]).exp()
        weights, means, stds = _binned_m_step(mass, moments, means, stds)
        if tol > 0 and len(history) > 1:
            converged = bool(((history[-1] - history[-2]).abs() < tol * n[..., 0]).all())
    return BinnedResult(weights, means, stds, torch.stack(history), converged)


def _binned_m_step(
    mass: Tensor, moments: BinMoments, means: Tensor, stds: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """New π, μ and σ from the expected counts w of shape (..., C, K)."""
    total = mass.sum(-2)
    share = mass / torch.where(total > 0, total, 1.0)[..., None, :]
    shift = (share * moments.first).sum(-2)
    variance = (share * moments.second).sum(-2) - shift.square()
    # In exact arithmetic the variance is positive: rounding is not to make it vanish.
    least = torch.finfo(mass.dtype).eps
    shrink = torch.where(total > 0, variance.clamp(min=least).sqrt(), 1.0)
    return total / total.sum(-1, keepdim=True), means + stds * shift, stds * shrink


def _total(counts: Tensor, log_prob: Tensor) -> Tensor:
    """Sum of n_c log P(class c); 0 log 0 = 0."""
    total = torch.where(counts > 0, counts * log_prob, 0.0).sum(-1)
    if not bool(total.isfinite().all()):
        raise ValueError(
            "edges: expected classes that some component can reach and that are not narrower "
            "than rounding, got an occupied class of probability zero"
        )
    return total


def check_bins(edges: Tensor, counts: Tensor) -> Tensor:
    """The counts as floats; ValueError unless they and the edges are as stated."""
    if edges.dim() != 1 or len(edges) < 2 or edges.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"edges: expected a float32 or float64 tensor of shape (C + 1,), "
            f"got {edges.dtype} of shape {tuple(edges.shape)}"
        )
    if not bool((edges.diff() > 0).all()):
        raise ValueError("edges: expected increasing numbers, infinite at most at the two ends")
    counts = counts.to(edges)
    if counts.shape[-1:] != (len(edges) - 1,):
        raise ValueError(
            f"counts: expected one for each of the {len(edges) - 1} classes, "
            f"got shape {tuple(counts.shape)}"
        )
    if not bool(((counts >= 0) & counts.isfinite()).all() & (counts.sum(-1) > 0).all()):
        raise ValueError("counts: expected finite numbers, none negative, not all zero")
    return counts


def check_components(weights: Tensor, means: Tensor, stds: Tensor, edges: Tensor) -> None:
    """Raise ValueError unless these are the components of a mixture in one dimension."""
    shapes = [tuple(part.shape) for part in (weights, means, stds)]
    if weights.dim() < 1 or shapes != [shapes[0]] * 3 or shapes[0][-1] < 1:
        raise ValueError(f"weights, means, stds: expected one shape (..., K), got {shapes}")
    if any(
        (part.dtype, part.device) != (edges.dtype, edges.device) for part in (weights, means, stds)
    ):
        raise ValueError("weights, means, stds: expected the dtype and device of the edges")
    if not bool((stds > 0).all() & stds.isfinite().all() & means.isfinite().all()):
        raise ValueError("means, stds: expected finite numbers, every standard deviation positive")
    gap = (weights.sum(-1) - 1).abs().max()
    if not bool((weights >= 0).all()) or not gap <= torch.finfo(weights.dtype).eps ** 0.5:
        raise ValueError("weights: expected none negative and sum 1 over the components")
