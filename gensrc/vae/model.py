r"""The variational autoencoder as a module: encoder, decoder and the loss of a batch.

The notation is that of :mod:`gensrc.vae`.
"""

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
    """A latent vector, a decoder that turns it into x, an encoder from x to a distribution of it.

    Args:
        encoder: from x (n, d) to (n, 2k): the means and then the logarithms of the variances.
        decoder: from z (..., k) to the ``output`` of the likelihood (..., d).
        likelihood: of x given that output: a constant of :mod:`gensrc.likelihoods`.
        latent: k, the number of entries of z.
        generator: draws the noise of :meth:`loss`.
        beta: weight of the divergence in :meth:`loss`.
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
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.latent, self.generator, self.beta = latent, generator, beta

    def encode(self, x: Tensor) -> Posterior:
        """The distribution q(z|x) of each example."""
        output = self.encoder(x)
        if output.shape[-1] != 2 * self.latent:
            raise ValueError(
                f"encoder: expected {2 * self.latent} outputs for {self.latent} latent entries, "
                f"got {output.shape[-1]}"
            )
        return Posterior(*output.chunk(2, -1))

    def decode(self, z: Tensor) -> Tensor:
        """The mean of x given z."""
        return self.likelihood.mean(self.decoder(z))

    def bound(self, x: Tensor, *, noise: Tensor) -> Bound:
        """The ELBO of each example, from one draw of z for each (..., n, k) of the noise."""
        mean, log_var = self.encode(x)
        if noise.shape[-2:] != mean.shape[-2:]:
            raise ValueError(
                f"noise: expected shape (..., {len(x)}, {self.latent}), a draw for each example, "
                f"got {tuple(noise.shape)}"
            )
        z = reparameterize(mean, log_var, noise)
        log_likelihood = self.likelihood.log_prob(x, self.decoder(z))
        kl = kl_to_standard_normal(mean, log_var).expand_as(log_likelihood)
        return Bound(elbo(log_likelihood, kl, beta=self.beta), log_likelihood, kl)

    def log_weights(self, x: Tensor, *, noise: Tensor) -> Tensor:
        """log p(x, z) - log q(z|x) of K draws, noise (K, n, k), as (n, K)."""
        mean, log_var = self.encode(x)
        if noise.dim() != 3 or noise.shape[1:] != mean.shape:
            raise ValueError(
                f"noise: expected shape (K, {len(x)}, {self.latent}), got {tuple(noise.shape)}"
            )
        z = reparameterize(mean, log_var, noise)
        # The constants of the two normal densities cancel.
        log_ratio = (noise.square() + log_var - z.square()).sum(-1) / 2
        return (self.likelihood.log_prob(x, self.decoder(z)) + log_ratio).T

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Minus the mean ELBO of a batch, from one draw for each example, and its two parts.

        Equation: alg-vae
        """
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
