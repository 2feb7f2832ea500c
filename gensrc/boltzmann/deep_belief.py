r"""The deep belief network: an RBM on top, directed connections below.

The notation is that of :mod:`gensrc.boltzmann`.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gensrc.boltzmann.exact import configurations, log_likelihood
from gensrc.boltzmann.layers import draw
from gensrc.boltzmann.machines import RBM, check_visible


class DBN(nn.Module):
    r"""Deep belief network: an RBM over the two top layers, directed connections below.

    .. math:: p(v, h^{(1)}, \dots, h^{(L)}) = p(v \mid h^{(1)}) \cdots
        p(h^{(L-2)} \mid h^{(L-1)})\; p_{\text{RBM}}(h^{(L-1)}, h^{(L)})

    Level l is an :class:`~gensrc.boltzmann.RBM` of which, except at the top, only the conditional
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
        check_visible(self.rbms[0], v)
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
