r"""The restricted Boltzmann machine with Gaussian visible units.

The notation is that of :mod:`gensrc.boltzmann`.
"""

import math

import torch
from torch import Tensor, nn

from gensrc.boltzmann.exact import configurations
from gensrc.checks import check_between


class GaussianRBM(nn.Module):
    r"""RBM with real visible units of standard deviation sigma and binary hidden units.

    .. math:: E(v, h) = \frac{\|v - b_0\|^2}{2\sigma^2} - \frac{v^\top W h}{\sigma^2} - b_1^\top h

    Equation: def-gaussian-rbm

    Args:
        visible: number of visible units.
        hidden: number of hidden units.
        sigma: standard deviation of a visible unit given the hidden ones.
        std: standard deviation of the initial weights.
        generator: draws them; a CPU generator.

    Raises:
        ValueError: a layer without units, or ``sigma`` not above 0.

    Source: Welling, Rosen-Zvi and Hinton (2005).

    >>> rbm = GaussianRBM(2, 1, std=0.0, generator=torch.Generator().manual_seed(0))
    >>> rbm.energy(torch.tensor([[3.0, 1.0]]), torch.ones(1, 1)).item()  # (9 + 1) / 2
    5.0
    """

    def __init__(
        self,
        visible: int,
        hidden: int,
        *,
        sigma: float = 1.0,
        std: float = 0.01,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if visible < 1 or hidden < 1 or not sigma > 0:
            raise ValueError(
                "visible, hidden, sigma: expected at least one unit in each layer and sigma > 0, "
                f"got {visible}, {hidden} and {sigma}"
            )
        self.sigma = sigma
        self.weight = nn.Parameter(std * torch.randn(visible, hidden, generator=generator))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """The energy of each example: ``v`` (..., visible), ``h`` (..., hidden); shape (...)."""
        self._check(v, h)
        square = (v - self.visible_bias).square().sum(-1) / 2
        return (square - ((v @ self.weight) * h).sum(-1)) / self.sigma**2 - h @ self.hidden_bias

    def visible_mean(self, h: Tensor) -> Tensor:
        r"""Mean of the normal distribution of v given h; its covariance is sigma squared times I.

        .. math:: v \mid h \sim \mathcal N(b_0 + W h, \sigma^2 I)

        Equation: eq-gaussian-conditional
        """
        return self.visible_bias + h @ self.weight.T

    def hidden_probability(self, v: Tensor) -> Tensor:
        r"""Probability that each hidden unit is on, given v.

        .. math:: p(h_j = 1 \mid v) = \sigma\big(b_{1,j} + (v^\top W)_j / \sigma^2\big)

        Equation: eq-gaussian-conditional
        """
        return torch.sigmoid(self.hidden_bias + v @ self.weight / self.sigma**2)

    def log_density(self, v: Tensor) -> Tensor:
        r"""log p(v), exactly, by enumeration of the hidden states; shape (...).

        .. math:: p(v) = \sum_h p(h)\, \mathcal N(v;\, b_0 + W h, \sigma^2 I)

        The machine is a mixture of one normal distribution for each hidden state.
        """
        self._check(v)
        h = configurations(len(self.hidden_bias)).to(self.weight)
        shift = h @ self.weight.T
        gain = (self.visible_bias * shift + shift.square() / 2).sum(-1) / self.sigma**2
        log_weights = torch.log_softmax(gain + h @ self.hidden_bias, dim=0)
        distance = (v[..., None, :] - self.visible_bias - shift).square().sum(-1)
        scale = len(self.visible_bias) / 2 * math.log(2 * math.pi * self.sigma**2)
        return torch.logsumexp(log_weights - distance / (2 * self.sigma**2), dim=-1) - scale

    def extra_repr(self) -> str:
        visible, hidden = self.weight.shape
        return f"{visible}, {hidden}, sigma={self.sigma:g}"

    def _check(self, v: Tensor, h: Tensor | None = None) -> None:
        if v.dim() < 1 or v.shape[-1] != len(self.visible_bias):
            raise ValueError(f"v: expected (..., {len(self.visible_bias)}), got {tuple(v.shape)}")
        if h is not None:
            check_between("h", h, 0, 1)
            wanted = (*v.shape[:-1], len(self.hidden_bias))
            if h.shape[-1:] != wanted[-1:] or (h.dim() == v.dim() and h.shape != wanted):
                raise ValueError(f"h: expected shape {wanted}, got {tuple(h.shape)}")
