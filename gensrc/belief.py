r"""Relatives of the Boltzmann machine: real-valued data, directed lower layers, and no energy.

Three small models beside :mod:`gensrc.boltzmann`: an RBM with Gaussian visible units, the deep
belief network, whose top layers are an RBM and whose other layers are directed downwards, and
the Markov chain of a generative stochastic network.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gensrc._blocks import draw
from gensrc.energy import RBM
from gensrc.partition import configurations, log_likelihood


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
        """The energy of each example, shape (...)."""
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
        h = configurations(len(self.hidden_bias)).to(self.weight)
        shift = h @ self.weight.T
        gain = (self.visible_bias * shift + shift.square() / 2).sum(-1) / self.sigma**2
        log_weights = torch.log_softmax(gain + h @ self.hidden_bias, dim=0)
        distance = (v[..., None, :] - self.visible_bias - shift).square().sum(-1)
        scale = len(self.visible_bias) / 2 * math.log(2 * math.pi * self.sigma**2)
        return torch.logsumexp(log_weights - distance / (2 * self.sigma**2), dim=-1) - scale


class DBN(nn.Module):
    r"""Deep belief network: an RBM over the two top layers, directed connections below.

    .. math:: p(v, h^{(1)}, \dots, h^{(L)}) = p(v \mid h^{(1)}) \cdots
        p(h^{(L-2)} \mid h^{(L-1)})\; p_{\text{RBM}}(h^{(L-1)}, h^{(L)})

    Level l is an :class:`~gensrc.energy.RBM` of which, except at the top, only the conditional
    of its visible units is used.

    Equation: def-dbn

    Args:
        visible: number of visible units.
        hidden_sizes: units of each hidden layer, from the bottom.
        generator: draws the initial weights; a CPU generator.

    Raises:
        ValueError: a layer without units, or no hidden layer.

    Source: Hinton, Osindero and Teh (2006).

    >>> DBN(3, [2, 2], generator=torch.Generator().manual_seed(0)).levels
    ModuleList(
      (0): RBM(3, 2)
      (1): RBM(2, 2)
    )
    """

    def __init__(
        self, visible: int, hidden_sizes: Sequence[int], *, generator: torch.Generator
    ) -> None:
        super().__init__()
        if not hidden_sizes:
            raise ValueError("hidden_sizes: expected at least one hidden layer, got none")
        pairs = pairwise([visible, *hidden_sizes])
        self.levels = nn.ModuleList(RBM(a, b, generator=generator) for a, b in pairs)

    @property
    def rbms(self) -> list[RBM]:
        """The levels from the bottom; the last is the undirected one."""
        return [level for level in self.levels if isinstance(level, RBM)]

    def log_likelihood(self, v: Tensor) -> Tensor:
        """log p(v) of each row, exactly, by enumeration of every hidden layer; shape (n,)."""
        return self._log_probability(v, 0)

    @torch.no_grad()
    def sample(self, n: int, *, steps: int = 1000, generator: torch.Generator) -> Tensor:
        """Visible states: Gibbs sampling in the top RBM, then one draw for each layer below."""
        *directed, top = self.rbms
        x = top.sample(n, steps=steps, generator=generator)
        for level in reversed(directed):
            (x,) = draw([torch.sigmoid(level.visible_bias + x @ level.weight.T)], generator)
        return x

    def _log_probability(self, x: Tensor, place: int) -> Tensor:
        level = self.rbms[place]
        if place == len(self.levels) - 1:
            return log_likelihood(level, x)
        h = configurations(len(level.hidden_bias)).to(x)
        logits = level.visible_bias + h @ level.weight.T
        log_given = x @ logits.T - softplus(logits).sum(-1)
        return torch.logsumexp(log_given + self._log_probability(h, place + 1), dim=-1)


def stochastic_network_transition(p_data: Tensor, corruption: Tensor) -> Tensor:
    r"""The Markov chain of a generative stochastic network that denoises perfectly.

    .. math:: T(x' \mid x) = \sum_{\tilde x} C(\tilde x \mid x)\, p(x' \mid \tilde x), \qquad
        p(x' \mid \tilde x) = \frac{p_{data}(x')\, C(\tilde x \mid x')}
        {\sum_{x''} p_{data}(x'')\, C(\tilde x \mid x'')}

    Equation: eq-stochastic-network

    Args:
        p_data: probabilities of K states, shape (K,).
        corruption: C, row x holds the distribution of the corrupted state, shape (K, J).

    Returns:
        T, row x holds the distribution of the next state, shape (K, K).

    Raises:
        ValueError: shapes that do not match, or rows that are no distributions.

    Source: Bengio et al. (2014).

    >>> stochastic_network_transition(torch.tensor([0.25, 0.75]), torch.ones(2, 1))
    tensor([[0.2500, 0.7500],
            [0.2500, 0.7500]])
    """
    if p_data.dim() != 1 or corruption.dim() != 2 or len(p_data) != len(corruption):
        raise ValueError(
            "p_data, corruption: expected shapes (K,) and (K, J), "
            f"got {tuple(p_data.shape)} and {tuple(corruption.shape)}"
        )
    for name, rows in (("p_data", p_data), ("corruption", corruption)):
        if bool((rows < 0).any()) or not bool(((rows.sum(-1) - 1).abs() < 1e-5).all()):
            raise ValueError(f"{name}: expected probabilities that sum to one, got others")
    joint = p_data[:, None] * corruption
    seen = joint.sum(0)
    denoise = joint / torch.where(seen > 0, seen, 1)
    return corruption @ denoise.T
