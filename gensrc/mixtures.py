r"""Mixtures of normal densities, and expectation–maximisation (EM).

Notation. Data :math:`x_1, \dots, x_n \in \mathbb{R}^d`; components :math:`k = 1, \dots, K`
with weight :math:`\pi_k`, mean :math:`\mu_k` and covariance :math:`\Sigma_k`; the hidden label
:math:`z_i` says which component :math:`x_i` came from, and
:math:`r_{ik} = P(z_i = k \mid x_i)` is a responsibility. Logarithms are natural, so that
likelihoods are in nats. Sums of densities are taken in log-space throughout.

The floor. The likelihood has no maximum: a component that shrinks onto one example, or onto any
set of examples without volume, raises it without bound. Therefore a covariance is held open.
Measure each coordinate in standard deviations of the data; where a component's covariance then
has an eigenvalue below ``floor``, that eigenvalue is set to ``floor``, and a
:class:`CollapseWarning` says so. Every other covariance is left exactly as it is. The result is
the best among the covariances without variance below the floor, so that EM still never lowers the
likelihood once it is among these. The default floor is :math:`\epsilon^{2/3}`, with
:math:`\epsilon` the precision of the numbers: about 4e-11 in float64, 2e-5 in float32. For a
coordinate that is the same in all examples, the root mean square of the others' standard
deviations is taken (1 if nothing varies).
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc._guards import (
    check_data,
    check_floor,
    check_mixture,
    check_responsibilities,
    fill_empty,
    hold_open,
)
from gensrc._quadratic import Moments, Sweep


class CollapseWarning(UserWarning):
    """A component shrank until the floor held its covariance open."""


class Mixture(NamedTuple):
    r"""A mixture of K normal densities in d dimensions.

    .. math:: p(x) = \sum_k \pi_k \, N(x; \mu_k, \Sigma_k)

    Equation: def-mixture-density

    Args:
        weights: :math:`\pi`, shape (K,), not negative, sum one.
        means: :math:`\mu`, shape (K, d), in the unit of the data.
        covariances: :math:`\Sigma`, shape (K, d, d), symmetric and positive definite.

    Source: Pearson (1894).

    >>> unit = Mixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))
    >>> unit.log_prob(torch.zeros(1, 1))  # -log(2 pi)/2
    tensor([-0.9189])
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    def joint_log_prob(self, x: Tensor) -> Tensor:
        r"""log π_k + log N(x_i; μ_k, Σ_k) in nats, shape (n, K)."""
        check_data(x)
        factors = check_mixture(self, x)
        log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        log_norm = self.weights.log() - log_det - x.shape[1] * math.log(math.tau) / 2
        white = [
            torch.linalg.solve_triangular(factor, (x - mean).T, upper=False)
            for factor, mean in zip(factors, self.means)
        ]
        return log_norm - torch.stack([z.square().sum(0) for z in white], 1) / 2

    def log_prob(self, x: Tensor) -> Tensor:
        r"""log p(x_i) in nats, shape (n,)."""
        return self.joint_log_prob(x).logsumexp(1)

    def sample(self, n: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` draws, shape (n, d), and the component that each came from, shape (n,)."""
        factors = check_mixture(self)
        labels = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.empty_like(self.means[labels]).normal_(generator=generator)
        return self.means[labels] + (factors[labels] @ noise[:, :, None]).squeeze(2), labels


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


def responsibilities(mixture: Mixture, x: Tensor) -> Tensor:
    r"""The E-step: the posterior probability of each component for each example.

    .. math:: r_{ik} = \frac{\pi_k N(x_i; \mu_k, \Sigma_k)}{\sum_j \pi_j N(x_i; \mu_j, \Sigma_j)}

    Equation: eq-responsibilities

    Args:
        mixture: the current mixture of K components.
        x: data, shape (n, d).

    Returns:
        r, shape (n, K); each row sums to one.

    Raises:
        ValueError: data or a mixture of the wrong kind.

    Source: Dempster, Laird and Rubin (1977).

    >>> pair = Mixture(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.ones(2, 1, 1))
    >>> responsibilities(pair, torch.zeros(1, 1))
    tensor([[0.5000, 0.5000]])
    """
    return mixture.joint_log_prob(x).softmax(1)


def m_step(x: Tensor, resp: Tensor, *, floor: float | None = None) -> Mixture:
    r"""The M-step: the mixture that maximises the expected log-likelihood of data and labels.

    .. math::
        n_k = \sum_i r_{ik}, \quad \pi_k = \frac{n_k}{n}, \quad
        \mu_k = \frac{1}{n_k} \sum_i r_{ik} x_i, \quad
        \Sigma_k = \frac{1}{n_k} \sum_i r_{ik} (x_i - \mu_k)(x_i - \mu_k)^\top

    Equation: eq-m-step

    A component without any responsibility gets weight 0, and the mean and covariance of all data.

    Args:
        x: data, shape (n, d).
        resp: responsibilities r, shape (n, K); each row sums to one.
        floor: least variance of a component in any direction, with each coordinate measured in
            standard deviations of the data; see the top of this module.

    Returns:
        the new mixture.

    Raises:
        ValueError: data or responsibilities of the wrong kind, or a floor outside (0, 1).

    Warns:
        CollapseWarning: the floor changed a covariance.

    Source: Dempster, Laird and Rubin (1977).

    >>> x = torch.tensor([[0.0], [2.0], [10.0], [14.0]])
    >>> found = m_step(x, torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    >>> found.means.flatten(), found.covariances.flatten()
    (tensor([ 1., 12.]), tensor([1., 4.]))
    """
    check_data(x)
    check_responsibilities(resp, x)
    counts = resp.sum(0)
    means = torch.stack([torch.mv(x.T, r) / r.sum() for r in resp.T])
    covariances = torch.stack(
        [((x - mean).T * r) @ (x - mean) / r.sum() for mean, r in zip(means, resp.T)]
    )
    moments, held = hold_open(
        fill_empty(Moments(counts, means, covariances)), check_floor(floor, x)
    )
    if held:
        warnings.warn(_collapse(held), CollapseWarning, stacklevel=2)
    return Mixture(*moments)


def lower_bound(mixture: Mixture, x: Tensor, resp: Tensor) -> Tensor:
    r"""Jensen's lower bound on the log-likelihood, for any responsibilities.

    .. math:: F(\theta, r)
        = \sum_i \sum_k r_{ik} \log \frac{\pi_k N(x_i; \mu_k, \Sigma_k)}{r_{ik}}
        = \sum_i \Big( \log p(x_i) - \mathrm{KL}\big(r_i \,\|\, p(z \mid x_i)\big) \Big)

    Equation: eq-jensen-bound
    Equation: eq-bound-gap

    Args:
        mixture: the mixture whose likelihood is bounded.
        x: data, shape (n, d).
        resp: any r, shape (n, K); each row sums to one; 0 log 0 = 0.

    Returns:
        F in nats, a scalar; at most ``mixture.log_prob(x).sum()``, and equal to it where r is
        ``responsibilities(mixture, x)``.

    Raises:
        ValueError: data, a mixture or responsibilities of the wrong kind.

    Source: Neal and Hinton (1998).

    >>> pair = Mixture(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.ones(2, 1, 1))
    >>> x = torch.zeros(1, 1)
    >>> pair.log_prob(x).sum() - lower_bound(pair, x, torch.tensor([[1.0, 0.0]]))  # log 2
    tensor(0.6931)
    """
    joint = mixture.joint_log_prob(x)
    check_responsibilities(resp, x, len(mixture.weights))
    energy = torch.where(resp > 0, resp * joint, 0.0)
    return (energy - torch.xlogy(resp, resp)).sum()


@torch.no_grad()
def em(
    mixture: Mixture, x: Tensor, *, steps: int = 100, tol: float = 1e-6, floor: float | None = None
) -> EmResult:
    r"""Fit a mixture by EM: each step is an E-step and the M-step that follows it.

    .. math:: \ell(\theta_{t+1}) \ge F(\theta_{t+1}, r_t) \ge F(\theta_t, r_t) = \ell(\theta_t)

    Equation: thm-em-monotone

    A step gives what ``m_step(x, responsibilities(mixture, x))`` gives, but reads the data once
    and needs no memory for the responsibilities (see ``gensrc/_quadratic.py``).

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
    check_mixture(mixture, x)
    if steps < 1 or not tol >= 0:
        raise ValueError(f"steps, tol: expected steps >= 1 and tol >= 0, got {steps} and {tol}")
    floor = check_floor(floor, x)
    sweep, history, warned, converged = Sweep(x), [], False, False
    for step in range(steps):
        log_likelihood, moments = sweep(*mixture)
        history.append(log_likelihood)
        if not bool(log_likelihood.isfinite()):
            raise ValueError("x: expected numbers whose squares do not overflow; rescale the data")
        moments, held = hold_open(fill_empty(moments), floor)
        mixture = Mixture(*moments)
        if held and not warned:
            warned = True
            warnings.warn(_collapse(held, step), CollapseWarning, stacklevel=3)
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
    means = x[torch.randint(len(x), (1,), generator=generator, device=x.device)]
    nearest = (x - means).square().sum(1)
    for _ in range(k - 1):
        chances = nearest if bool(nearest.sum() > 0) else torch.ones_like(nearest)
        mean = x[torch.multinomial(chances, 1, generator=generator)]
        nearest = torch.minimum(nearest, (x - mean).square().sum(1))
        means = torch.cat([means, mean])
    centre = x.mean(0, keepdim=True)
    covariance = (x - centre).T @ (x - centre) / len(x)
    whole, _ = hold_open(Moments(x.new_ones(1), centre, covariance[None]), check_floor(floor, x))
    return Mixture(x.new_full((k,), 1 / k), means, whole.covariances.repeat(k, 1, 1))


def _collapse(held: list[int], step: int | None = None) -> str:
    when = "" if step is None else f" at step {step}"
    return (
        f"component(s) {held} collapsed{when} and were held open by the floor: "
        "use fewer components, another start or a larger floor"
    )
