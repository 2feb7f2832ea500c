r"""Mixtures of normal densities, the two steps of EM, and the bound that they raise.

The notation is that of :mod:`gensrc.mixtures`.
"""

import math
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.mixtures.checks import (
    check_data,
    check_mixture,
    check_responsibilities,
    check_squares,
)
from gensrc.mixtures.expectation import Moments
from gensrc.mixtures.floor import (
    CollapseWarning,
    check_floor,
    collapse_message,
    floor_covariances,
    reset_empty,
)
from gensrc.mixtures.posteriors import resolve_far
from gensrc.numerics import xlogy


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
        white = (
            torch.linalg.solve_triangular(factor, (x - mean).T, upper=False)
            for factor, mean in zip(factors, self.means)
        )
        joint = log_norm - torch.stack([z.square().sum(0) for z in white], 1) / 2
        if not bool(joint.amax(1).isfinite().all()):
            raise ValueError(
                "x: expected numbers whose squares do not overflow, in units of the standard "
                "deviations, got an example without a finite log-density; rescale the data"
            )
        return joint

    def log_prob(self, x: Tensor) -> Tensor:
        r"""log p(x_i) in nats, shape (n,)."""
        return self.joint_log_prob(x).logsumexp(1)

    def sample(self, n: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` draws, shape (n, d), and the component that each came from, shape (n,)."""
        factors = check_mixture(self)
        labels = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.empty_like(self.means[labels]).normal_(generator=generator)
        return self.means[labels] + (factors[labels] @ noise[:, :, None]).squeeze(2), labels


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
    joint = mixture.joint_log_prob(x)
    return resolve_far(*mixture[:2], check_mixture(mixture), x, joint).softmax(1)


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
    check_squares(x)
    check_responsibilities(resp, x)
    counts = resp.sum(0)
    means = torch.stack([torch.mv(x.T, r) / r.sum() for r in resp.T])
    covariances = torch.stack(
        [((x - mean).T * r) @ (x - mean) / r.sum() for mean, r in zip(means, resp.T)]
    )
    moments, held = floor_covariances(
        reset_empty(Moments(counts, means, covariances)), check_floor(floor, x)
    )
    if held:
        warnings.warn(collapse_message(held), CollapseWarning, stacklevel=2)
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
    joint = torch.where(resp > 0, joint, 0.0)  # log 0 has no share in the gradient either
    energy = resp * joint
    return (energy - xlogy(resp, resp)).sum()
