r"""The variational autoencoder as a module: encoder, decoder and the loss of a batch.

The notation is that of :mod:`gensrc.vae`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gensrc.likelihoods import Likelihood
from gensrc.vae.bound import elbo, kl_to_standard_normal, reparameterize


class Posterior(NamedTuple):
    """The encoder's normal distribution: ``mean`` and ``log_var``, each of shape (n, k)."""

    mean: Tensor
    log_var: Tensor


class Bound(NamedTuple):
    """The ``elbo`` of each example and its parts, each of shape (..., n), in nats."""

    elbo: Tensor
    log_likelihood: Tensor
    kl: Tensor


class VAE(nn.Module):
    r"""Variational autoencoder: an encoder q(z|x), a decoder p(x|z), and the loss of a batch.

    Args:
        encoder: from x (n, d) to (n, 2k): the means and then the logarithms of the variances.
        decoder: from z (..., k) to the ``output`` of the likelihood (..., d).
        likelihood: of x given that output: a constant of :mod:`gensrc.likelihoods`.
        latent: k, the number of entries of z.
        generator: draws the noise of :meth:`loss`.
        beta: weight of the divergence in :meth:`loss`.

    Raises:
        ValueError: no latent entry, or beta negative or not finite; later an encoder or noise of
            another shape, or an empty batch.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        *,
        latent: int,
        generator: torch.Generator,
        beta: float = 1.0,
    ) -> None:
        super().__init__()
        if latent < 1 or not 0 <= beta < math.inf:
            raise ValueError(
                f"latent, beta: expected latent >= 1 and a finite beta >= 0, got {latent}, {beta}"
            )
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.latent, self.generator, self.beta = latent, generator, beta

    def encode(self, x: Tensor) -> Posterior:
        """The distribution q(z|x) of each example."""
        output = self.encoder(x)
        if output.ndim != 2 or output.shape[-1] != 2 * self.latent:
            raise ValueError(
                f"encoder: expected {2 * self.latent} outputs for {self.latent} latent entries, "
                f"shape (n, {2 * self.latent}), got {tuple(output.shape)}"
            )
        return Posterior(*output.chunk(2, -1))

    def decode(self, z: Tensor) -> Tensor:
        """The mean of x given z."""
        return self.likelihood.mean(self.decoder(z))

    def bound(self, x: Tensor, *, noise: Tensor) -> Bound:
        """The ELBO of each example, from one draw of z for each (..., n, k) of the noise.

        Noise of shape (..., 1, k) is shared by all examples.
        """
        mean, log_var = self.encode(x)
        self._check_noise(noise, len(mean))
        z = reparameterize(mean, log_var, noise)
        log_likelihood = self.likelihood.log_prob(x, self.decoder(z))
        kl = kl_to_standard_normal(mean, log_var).expand_as(log_likelihood)
        return Bound(elbo(log_likelihood, kl, beta=self.beta), log_likelihood, kl)

    def log_weights(self, x: Tensor, *, noise: Tensor) -> Tensor:
        """log p(x, z) - log q(z|x) of K draws, noise (K, n, k), as (n, K)."""
        mean, log_var = self.encode(x)
        self._check_noise(noise, len(mean), axes=3)
        z = reparameterize(mean, log_var, noise)
        # The constants of the two normal densities cancel.
        log_ratio = (noise.square() + log_var - z.square()).sum(-1) / 2
        return (self.likelihood.log_prob(x, self.decoder(z)) + log_ratio).T

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Minus the mean ELBO of a batch, from one draw for each example, and its two parts.

        Equation: alg-vae
        """
        if not x.numel():
            raise ValueError(f"x: expected a batch of examples, got shape {tuple(x.shape)}")
        shape = (len(x), self.latent)
        noise = torch.randn(shape, generator=self.generator, device=self.generator.device)
        value, log_likelihood, kl = (part.mean() for part in self.bound(x, noise=noise.to(x)))
        return {"loss": -value, "log_likelihood": log_likelihood, "kl": kl}

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator) -> Tensor:
        """n draws of x: first z from the prior, then x given z."""
        like = next(self.decoder.parameters())
        z = torch.randn((n, self.latent), generator=generator, device=generator.device)
        return self.likelihood.sample(self.decoder(z.to(like)), generator=generator)

    def _check_noise(self, noise: Tensor, n: int, axes: int | None = None) -> None:
        wrong = noise.ndim < 2 or noise.shape[-2] not in (1, n) or noise.shape[-1] != self.latent
        if wrong or axes not in (None, noise.ndim):
            wanted = f"(K, {n}, {self.latent})" if axes else f"(..., {n}, {self.latent})"
            raise ValueError(f"noise: expected shape {wanted}, got {tuple(noise.shape)}")
