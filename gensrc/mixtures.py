r"""Gaussian mixtures and expectation–maximisation (EM).

Notation. Data :math:`x_1, \dots, x_n \in \mathbb{R}^d`; components :math:`k = 1, \dots, K`
with weight :math:`\pi_k`, mean :math:`\mu_k` and covariance :math:`\Sigma_k`; the hidden label
:math:`z_i` says which component :math:`x_i` came from, and
:math:`r_{ik} = P(z_i = k \mid x_i)` is a responsibility. Logarithms are natural, so that
likelihoods are in nats. Sums of densities are taken in log-space throughout.
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc._quadratic import squared_distances, weighted_moments


class CollapseWarning(UserWarning):
    """A component shrank until the floor held its covariance open."""


class Mixture(NamedTuple):
    r"""A mixture of K normal densities in d dimensions.

    .. math:: p(x) = \sum_k \pi_k \, N(x; \mu_k, \Sigma_k)

    Equation: def-mixture-density

    Args:
        weights: :math:`\pi`, shape (K,), non-negative, sum one.
        means: :math:`\mu`, shape (K, d), in the unit of the data.
        covariances: :math:`\Sigma`, shape (K, d, d), symmetric positive definite.

    Source: Pearson (1894).

    >>> unit = Mixture(torch.ones(1), torch.zeros(1, 1), torch.ones(1, 1, 1))
    >>> round(float(unit.log_prob(torch.zeros(1, 1))), 4)  # -log(2 pi)/2
    -0.9189
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    def joint_log_prob(self, x: Tensor) -> Tensor:
        r"""log π_k + log N(x_i; μ_k, Σ_k) in nats, shape (n, K)."""
        check_mixture(self, x)
        return _joint(self, x)

    def log_prob(self, x: Tensor) -> Tensor:
        r"""log p(x_i) in nats, shape (n,)."""
        return self.joint_log_prob(x).logsumexp(1)

    def sample(self, n: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` draws, shape (n, d), and the component each came from, shape (n,)."""
        check_mixture(self)
        labels = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(
            n, self.means.shape[1], 1,
            generator=generator, dtype=self.means.dtype, device=self.means.device,
        )  # fmt: skip
        factors = torch.linalg.cholesky(self.covariances)
        return self.means[labels] + (factors[labels] @ noise).squeeze(2), labels


class EmResult(NamedTuple):
    """What :func:`em` returns.

    Args:
        mixture: the mixture after the last M-step.
        log_likelihoods: total log-likelihood in nats, one entry per E-step: entry t is that
            of the mixture *before* the t-th M-step, so entry 0 belongs to the start.
        converged: whether ``tol`` stopped the run.
    """

    mixture: Mixture
    log_likelihoods: Tensor
    converged: bool


def _joint(mixture: Mixture, x: Tensor) -> Tensor:
    factors = torch.linalg.cholesky(mixture.covariances)
    log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
    log_norm = mixture.weights.log() - log_det - x.shape[1] * math.log(2 * math.pi) / 2
    return log_norm - squared_distances(x, mixture.means, factors) / 2


def responsibilities(mixture: Mixture, x: Tensor) -> Tensor:
    r"""The E-step: the posterior probability of each component for each example.

    .. math:: r_{ik} = \pi_k N(x_i; \mu_k, \Sigma_k) / \sum_j \pi_j N(x_i; \mu_j, \Sigma_j)

    Equation: eq-responsibilities

    Args:
        mixture: the current mixture.
        x: data, shape (n, d).

    Returns: r, shape (n, K); each row sums to one.
    Raises: ValueError for data or a mixture of the wrong kind.
    Source: Dempster, Laird & Rubin (1977).

    >>> pair = Mixture(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.ones(2, 1, 1))
    >>> responsibilities(pair, torch.zeros(1, 1))
    tensor([[0.5000, 0.5000]])
    """
    return mixture.joint_log_prob(x).softmax(1)


def m_step(x: Tensor, resp: Tensor, *, floor: float | None = None) -> Mixture:
    r"""The M-step: the mixture that maximises the expected complete log-likelihood.

    .. math::
        n_k = \sum_i r_{ik}, \quad \pi_k = n_k / n, \quad \mu_k = \sum_i r_{ik} x_i / n_k, \quad
        \Sigma_k = \sum_i r_{ik} (x_i - \mu_k)(x_i - \mu_k)^\top / n_k

    Equation: eq-m-step

    A component with no responsibility gets weight 0 and the mean and covariance of all data.

    Args:
        x: data, shape (n, d).
        resp: responsibilities, shape (n, K); each row sums to one.
        floor: least variance of a component, as a fraction of the data's (see :func:`em`).

    Returns: the new mixture.
    Raises: ValueError for data or responsibilities of the wrong kind.
    Warns: CollapseWarning where the floor acted.
    Source: Dempster, Laird & Rubin (1977).

    >>> x = torch.tensor([[0.0], [2.0], [10.0], [14.0]])
    >>> resp = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> m_step(x, resp).means.flatten()
    tensor([ 1., 12.])
    """
    check_data(x)
    mixture = _maximise(x, resp)
    return mixture


def _maximise(x: Tensor, resp: Tensor) -> Mixture:
    counts, means, covariances = weighted_moments(x, resp)
    return Mixture(counts / len(x), means, covariances)


def lower_bound(mixture: Mixture, x: Tensor, resp: Tensor) -> Tensor:
    r"""Jensen's lower bound on the log-likelihood, for any responsibilities.

    .. math:: F = \sum_i \sum_k r_{ik} \log \frac{\pi_k N(x_i; \mu_k, \Sigma_k)}{r_{ik}}
              \le \sum_i \log p(x_i)

    Equation: eq-jensen-bound

    Args:
        mixture: the mixture whose likelihood is bounded.
        x: data, shape (n, d).
        resp: any r, shape (n, K), rows on the simplex; 0 log 0 = 0.

    Returns: F in nats, a scalar.
    Raises: ValueError for data, a mixture or responsibilities of the wrong kind.
    Source: Neal & Hinton (1998).

    >>> pair = Mixture(torch.tensor([0.5, 0.5]), torch.tensor([[-1.0], [1.0]]), torch.ones(2, 1, 1))
    >>> x = torch.zeros(1, 1)
    >>> gap = pair.log_prob(x).sum() - lower_bound(pair, x, torch.tensor([[1.0, 0.0]]))
    >>> round(float(gap), 4)  # KL((1, 0) || (1/2, 1/2)) = log 2
    0.6931
    """
    joint = mixture.joint_log_prob(x)
    energy = torch.where(resp > 0, resp * joint, 0.0)
    return (energy - torch.xlogy(resp, resp)).sum()


def em(
    mixture: Mixture, x: Tensor, *, steps: int = 100, tol: float = 1e-6, floor: float | None = None
) -> EmResult:
    r"""Maximum likelihood by EM: alternate :func:`responsibilities` and :func:`m_step`.

    .. math:: \ell(\theta_{t+1}) \ge F(\theta_{t+1}, r_t) \ge F(\theta_t, r_t) = \ell(\theta_t)

    Equation: thm-em-monotone

    Args:
        mixture: the start.
        x: data, shape (n, d).
        steps: most E- and M-steps to make.
        tol: stop when the mean log-likelihood per example changes by less than this (nats);
            0 makes all ``steps``.
        floor: least variance of a component.

    Returns: :class:`EmResult`; the log-likelihoods are totals in nats, one for each E-step.
    Source: Dempster, Laird & Rubin (1977).
    """
    check_mixture(mixture, x)
    history: list[Tensor] = []
    converged = False
    for _ in range(steps):
        joint = _joint(mixture, x)
        log_prob = joint.logsumexp(1)
        history.append(log_prob.sum())
        mixture = _maximise(x, (joint - log_prob[:, None]).exp())
        if len(history) > 1 and abs(float(history[-1] - history[-2])) < tol * len(x):
            converged = True
            break
    return EmResult(mixture, torch.stack(history), converged)


def initial_mixture(x: Tensor, k: int, *, generator: torch.Generator) -> Mixture:
    r"""A start for :func:`em`: means at k data points that lie far apart.

    The first mean is a data point drawn uniformly; each next one is a data point drawn with
    probability proportional to its squared distance from the nearest mean so far (k-means++).
    All weights are 1/k; all covariances are that of the data.
    """
    check_data(x)
    picks = torch.randint(len(x), (1,), generator=generator, device=x.device)
    near = (x - x[picks]).square().sum(1)
    for _ in range(k - 1):
        if near.sum() > 0:
            pick = torch.multinomial(near, 1, generator=generator)
        else:
            pick = torch.randint(len(x), (1,), generator=generator, device=x.device)
        near = torch.minimum(near, (x - x[pick]).square().sum(1))
        picks = torch.cat([picks, pick])
    covariance = torch.cov(x.T, correction=0).reshape(x.shape[1], x.shape[1])
    return Mixture(x.new_full((k,), 1 / k), x[picks], covariance.repeat(k, 1, 1))


def check_data(x: Tensor) -> None:
    if x.dim() != 2 or not x.is_floating_point():
        raise ValueError(
            f"x: expected a floating-point tensor of shape (n, d), got {x.dtype} of shape {tuple(x.shape)}"
        )
    if not bool(x.isfinite().all()):
        raise ValueError("x: expected finite numbers, got NaN or infinity")


def check_mixture(mixture: Mixture, x: Tensor | None = None) -> None:
    if x is not None:
        check_data(x)
