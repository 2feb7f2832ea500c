r"""A latent-variable model in which everything is exact: linear decoder, normal noise.

.. math:: z \sim \mathcal N(0, I), \qquad x|z \sim \mathcal N(W z + b,\, s^2 I)

x has d entries, z has k. This is probabilistic PCA, and the VAE whose decoder is one linear layer.
Every method raises ValueError if the shapes do not match, a number is not finite, std is not
above 0, or std is so small beside the weights that a matrix is singular in its precision.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.checks import check_finite
from gensrc.vae.bound import cholesky, kl_full_to_standard_normal


class Normal(NamedTuple):
    """Normal distributions with one covariance: ``mean`` (n, k), ``covariance`` (k, k)."""

    mean: Tensor
    covariance: Tensor


class LinearGaussian(NamedTuple):
    """Decoder ``weight`` W (d, k) and ``bias`` b (d,); x given z has standard deviation ``std``."""

    weight: Tensor
    bias: Tensor
    std: float | Tensor

    def log_prob(self, x: Tensor) -> Tensor:
        r"""The evidence, exactly.

        .. math:: \log p(x) = \log \mathcal N(x \,|\, b,\, W W^\top + s^2 I)

        Equation: eq-linear-evidence

        Args:
            x: examples, shape (n, d).

        Returns:
            log-densities in nats, shape (n,).

        Source: Tipping and Bishop (1999).

        >>> LinearGaussian(torch.zeros(1, 1), torch.zeros(1), 1.0).log_prob(torch.zeros(1, 1))
        tensor([-0.9189])
        """
        self._check(x)
        d = len(self.bias)
        eye = torch.eye(d, dtype=x.dtype, device=x.device)
        factor = cholesky("W W^T + std^2 I", self.weight @ self.weight.T + self.std**2 * eye)
        white: Tensor = torch.linalg.solve_triangular(factor, (x - self.bias).T, upper=False)
        log_det: Tensor = 2 * factor.diagonal().log().sum()
        return -(white.square().sum(0) + log_det + d * math.log(math.tau)) / 2

    def posterior(self, x: Tensor) -> Normal:
        r"""The distribution of z given x, exactly; its covariance is the same for every x.

        .. math:: \Sigma = \left( I + \tfrac{1}{s^2} W^\top W \right)^{-1}, \qquad
            \mu(x) = \tfrac{1}{s^2} \Sigma\, W^\top (x - b)

        Equation: eq-linear-posterior

        Args:
            x: examples, shape (n, d).

        Returns:
            means (n, k) and the covariance (k, k).

        Source: Tipping and Bishop (1999).

        >>> model = LinearGaussian(torch.ones(1, 1), torch.zeros(1), 1.0)
        >>> model.posterior(torch.tensor([[2.0]])).mean
        tensor([[1.0000]])
        """
        self._check(x)
        eye = torch.eye(self.weight.shape[1], dtype=x.dtype, device=x.device)
        precision = eye + self.weight.T @ self.weight / self.std**2
        covariance = torch.cholesky_inverse(cholesky("I + W^T W / std^2", precision))
        return Normal((x - self.bias) @ self.weight @ covariance / self.std**2, covariance)

    def elbo(self, x: Tensor, q: Normal) -> Tensor:
        r"""The bound for normal q(z|x), exactly.

        .. math:: \mathcal L = \log \mathcal N(x \,|\, W \mu + b,\, s^2 I)
            - \tfrac{1}{2 s^2} \mathrm{tr}(W \Sigma W^\top)
            - \mathrm{KL}(\mathcal N(\mu, \Sigma) \,\|\, \mathcal N(0, I))

        Equation: eq-linear-elbo

        Args:
            x: examples, shape (n, d).
            q: their means (n, k) and the covariance, (k, k) or (n, k, k).

        Returns:
            bounds in nats, shape (n,).

        >>> model = LinearGaussian(torch.zeros(1, 1), torch.zeros(1), 1.0)
        >>> model.elbo(torch.zeros(1, 1), Normal(torch.zeros(1, 1), torch.eye(1)))
        tensor([-0.9189])
        """
        self._check(x)
        n, k = len(x), self.weight.shape[1]
        if q.mean.shape != (n, k) or q.covariance.shape not in ((k, k), (n, k, k)):
            raise ValueError(
                f"q: expected means ({n}, {k}) and a covariance ({k}, {k}) or ({n}, {k}, {k}), "
                f"got {tuple(q.mean.shape)} and {tuple(q.covariance.shape)}"
            )
        d, variance = len(self.bias), self.std**2
        error = (x - self.bias - q.mean @ self.weight.T).square().sum(-1)
        spread = ((self.weight @ q.covariance) * self.weight).sum((-2, -1))
        scale = d * (
            math.log(math.tau) + torch.as_tensor(variance, dtype=x.dtype, device=x.device).log()
        )
        expected = -((error + spread) / variance + scale) / 2
        return expected - kl_full_to_standard_normal(q.mean, q.covariance)

    def _check(self, x: Tensor) -> None:
        weight, bias = self.weight, self.bias
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:
            raise ValueError(
                f"weight, bias: expected shapes (d, k) and (d,), "
                f"got {tuple(weight.shape)} and {tuple(bias.shape)}"
            )
        if not 0 < float(self.std) < math.inf:
            raise ValueError(f"std: expected a positive number, got {float(self.std)}")
        for name, value in (("weight", weight), ("bias", bias), ("x", x)):
            check_finite(name, value)
        if x.ndim != 2 or x.shape[1] != len(bias):
            raise ValueError(f"x: expected shape (n, {len(bias)}), got {tuple(x.shape)}")
