r"""Expectation–maximisation for mixtures of normal densities, and a start for it.

The notation is that of :mod:`gensrc.mixtures`.
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.mixtures.checks import check_data, check_mixture, check_squares
from gensrc.mixtures.expectation import ExpectationPass, Moments
from gensrc.mixtures.floor import (
    CollapseWarning,
    check_floor,
    collapse_message,
    floor_covariances,
    reset_empty,
)
from gensrc.mixtures.gaussian import Mixture

_BLOCK = 2**17  # numbers of the data that a start works on at once


class EmResult(NamedTuple):
    """What :func:`em` returns.

    Args:
        mixture: the mixture after the last M-step.
        log_likelihoods: total log-likelihood of the data in nats, one entry for each E-step:
            entry t belongs to the mixture before M-step t, so entry 0 is that of the start.
        converged: whether ``tol`` ended the run.
    """

    mixture: Mixture
    log_likelihoods: Tensor
    converged: bool


@torch.no_grad()
def em(
    mixture: Mixture, x: Tensor, *, steps: int = 100, tol: float = 1e-6, floor: float | None = None
) -> EmResult:
    r"""Fit a mixture by EM: each step is an E-step and the M-step that follows it.

    .. math:: \ell(\theta_{t+1}) \ge F(\theta_{t+1}, r_t) \ge F(\theta_t, r_t) = \ell(\theta_t)

    Equation: thm-em-monotone

    A step gives what ``m_step(x, responsibilities(mixture, x))`` gives, but reads the data once
    and needs no memory for the responsibilities (see ``gensrc/mixtures/expectation.py``).

    Args:
        mixture: the start, with K components, for instance from :func:`initial_mixture`.
        x: data, shape (n, d), with n at least K; dtype and device as the mixture's.
        steps: how many steps to make at most.
        tol: stop when the log-likelihood per example, in nats, changed by less than this
            between two E-steps; 0 makes all ``steps``.
        floor: as in :func:`m_step`. The first step may lower the likelihood if the start has
            less variance than this; no later step does.

    Returns:
        the fit, the total log-likelihoods in nats, and whether ``tol`` ended the run.

    Raises:
        ValueError: data, a start or a setting of the wrong kind.

    Warns:
        CollapseWarning: the floor changed a covariance; once for each run.

    Source: Dempster, Laird and Rubin (1977).

    >>> x = torch.tensor([[-3.0], [-1.0], [1.0], [3.0]])
    >>> start = Mixture(torch.ones(1), torch.ones(1, 1), torch.ones(1, 1, 1))
    >>> em(start, x, steps=1).mixture.covariances  # of one component: that of the data
    tensor([[[5.]]])
    """
    check_data(x, len(mixture.weights))
    check_squares(x)
    check_mixture(mixture, x)
    if steps < 1 or not tol >= 0:
        raise ValueError(f"steps, tol: expected steps >= 1 and tol >= 0, got {steps} and {tol}")
    floor = check_floor(floor, x)
    expectation, history, warned, converged = ExpectationPass(x), [], False, False
    for step in range(steps):
        log_likelihood, moments = expectation(*mixture)
        history.append(log_likelihood)
        if not bool(log_likelihood.isfinite()):
            raise ValueError(
                "x: expected numbers whose squares do not overflow, "
                f"got log-likelihood {float(log_likelihood)}; rescale the data"
            )
        moments, held = floor_covariances(reset_empty(moments), floor)
        mixture = Mixture(*moments)
        if held and not warned:
            warned = True
            warnings.warn(collapse_message(held, step), CollapseWarning, stacklevel=3)
        if tol > 0 and step > 0 and abs(float(history[-1] - history[-2])) < tol * len(x):
            converged = True
            break
    return EmResult(mixture, torch.stack(history), converged)


def initial_mixture(
    x: Tensor, k: int, *, generator: torch.Generator, floor: float | None = None
) -> Mixture:
    r"""A start for :func:`em`: means at k examples that lie far apart.

    The first mean is an example drawn uniformly, each next one an example drawn with probability
    proportional to its squared distance from the nearest mean so far (the seeding of k-means++).

    .. math:: P(x_i) \propto \min_j |x_i - \mu_j|^2

    All weights are 1/k, and all covariances are that of the data, held open by the floor where
    the data themselves do not vary.

    Equation: alg-initial-mixture

    Args:
        x: data, shape (n, d).
        k: number of components, at most n.
        generator: source of the draws, on the device of ``x``.
        floor: as in :func:`m_step`.

    Returns:
        the start.

    Raises:
        ValueError: data of the wrong kind, k not between 1 and n, or a floor outside (0, 1).

    Source: Arthur and Vassilvitskii (2007).

    >>> x = torch.tensor([[0.0], [2.0]])
    >>> start = initial_mixture(x, 2, generator=torch.Generator().manual_seed(0))
    >>> start.means.flatten().sort().values, start.covariances.flatten()
    (tensor([0., 2.]), tensor([1., 1.]))
    """
    check_data(x, k)
    check_squares(x)
    rows = max(1, _BLOCK // x.shape[1])
    means = x[torch.randint(len(x), (1,), generator=generator, device=x.device)]
    nearest = x.new_full((len(x),), math.inf)
    for _ in range(k - 1):
        for block, part in zip(torch.split(x, rows), torch.split(nearest, rows)):
            torch.minimum(part, (block - means[-1]).square_().sum(1), out=part)
        chances = nearest if bool(nearest.sum() > 0) else torch.ones_like(nearest)
        mean = x[torch.multinomial(chances, 1, generator=generator)]
        means = torch.cat([means, mean])
    centre = x.mean(0, keepdim=True)
    scatter = torch.zeros_like(centre.T @ centre)
    for block in torch.split(x, rows):
        scatter.addmm_((block - centre).T, block - centre)
    moments = Moments(x.new_ones(1), centre, scatter[None] / len(x))
    whole, _ = floor_covariances(moments, check_floor(floor, x))
    return Mixture(x.new_full((k,), 1 / k), means, whole.covariances.repeat(k, 1, 1))
