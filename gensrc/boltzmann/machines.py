r"""Restricted and deep Boltzmann machines: energy, conditionals and block Gibbs sampling.

The notation is that of :mod:`gensrc.boltzmann`.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from gensrc.boltzmann.layers import Layers, draw, log_sum, logits, sweep
from gensrc.checks import check_between, check_binary


class DBM(nn.Module):
    r"""Deep Boltzmann machine: binary layers, each joined to the next.

    .. math:: p(v, h) = \frac{1}{Z} e^{-E(v, h)}, \qquad
        E(v, h) = -\sum_{l=0}^{L} b_l^\top s_l - \sum_{l=1}^{L} s_{l-1}^\top W_l\, s_l,
        \qquad s_0 = v, \; s_l = h^{(l)}

    The parameters are ``weights[l - 1]`` :math:`= W_l` and ``biases[l]`` :math:`= b_l`. The
    biases begin at zero, the weights at normal random numbers.

    Equation: def-dbm-energy

    Args:
        visible: number of visible units.
        hidden_sizes: number of units of each hidden layer, from the bottom; at least one layer.
        std: standard deviation of the initial weights.
        generator: draws them; a CPU generator. Without it they are those of seed 0.

    Raises:
        ValueError: a layer without units, or no hidden layer.

    Source: Salakhutdinov and Hinton (2009).

    >>> dbm = DBM(3, [2, 1], std=0.0)
    >>> dbm.energy(torch.ones(5, 3), [torch.ones(5, 2), torch.ones(5, 1)])
    tensor([-0., -0., -0., -0., -0.], grad_fn=<NegBackward0>)
    """

    def __init__(
        self,
        visible: int,
        hidden_sizes: Sequence[int],
        *,
        std: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.sizes = [visible, *hidden_sizes]
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(
                f"visible, hidden_sizes: expected at least one hidden layer and at least one unit "
                f"in each layer, got {visible} and {list(hidden_sizes)}"
            )
        generator = generator or torch.Generator().manual_seed(0)
        self.weights = nn.ParameterList(
            std * torch.randn(below, above, generator=generator)
            for below, above in pairwise(self.sizes)
        )
        self.biases = nn.ParameterList(torch.zeros(size) for size in self.sizes)

    def energy(self, v: Tensor, h: Tensor | Sequence[Tensor]) -> Tensor:
        """The energy of each example: ``v`` (..., visible), ``h`` its hidden layers; shape (...).

        It is linear in each layer, so that for means of independent units it is the mean energy.
        """
        layers = (v, h) if isinstance(h, Tensor) else (v, *h)
        check_layers(self, layers)
        return -log_sum(list(self.weights), list(self.biases), layers)

    def sample(self, n: int, *, steps: int = 1000, generator: torch.Generator) -> Tensor:
        """Visible states (n, visible) of n chains after ``steps`` sweeps from fair coins."""
        return gibbs(self, uniform_states(self, n, generator), steps=steps, generator=generator)[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.sizes))})"


class RBM(DBM):
    r"""Restricted Boltzmann machine: one visible and one hidden layer.

    .. math:: E(v, h) = -b_0^\top v - b_1^\top h - v^\top W h

    Equation: def-rbm-energy

    Args:
        visible: number of visible units.
        hidden: number of hidden units.
        std: standard deviation of the initial weights.
        generator: draws them; a CPU generator. Without it they are those of seed 0.

    Raises:
        ValueError: a layer without units.

    Source: Smolensky (1986).

    >>> rbm = RBM(2, 1, std=0.0)
    >>> _ = rbm.weight.data.copy_(torch.tensor([[1.0], [2.0]]))
    >>> rbm.energy(torch.tensor([1.0, 1.0]), torch.tensor([1.0])).item()  # -(1 + 2)
    -3.0
    """

    def __init__(
        self,
        visible: int,
        hidden: int,
        *,
        std: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(visible, [hidden], std=std, generator=generator)

    @property
    def weight(self) -> Tensor:
        """W, shape (visible, hidden)."""
        weight: Tensor = self.weights[0]
        return weight

    @property
    def visible_bias(self) -> Tensor:
        """The biases of the visible units, shape (visible,)."""
        bias: Tensor = self.biases[0]
        return bias

    @property
    def hidden_bias(self) -> Tensor:
        """The biases of the hidden units, shape (hidden,)."""
        bias: Tensor = self.biases[1]
        return bias


def conditional(model: DBM, layers: Sequence[Tensor | None], layer: int) -> Tensor:
    r"""Probability that each unit of a layer is on, given the layers next to it.

    .. math:: p(s_{l,j} = 1 \mid \text{all other layers})
        = \sigma\Big(b_{l,j} + \sum_i s_{l-1,i} W_{l,ij} + \sum_k W_{l+1,jk}\, s_{l+1,k}\Big)

    A term with a layer that does not exist is left out.

    Equation: eq-rbm-conditionals
    Equation: eq-dbm-conditional

    Args:
        model: the machine.
        layers: v, h1, ..., each of shape (..., n_l); only the neighbours of ``layer`` are read,
            the others may be None.
        layer: l, from 0 (visible) to the number of hidden layers.

    Returns:
        probabilities, shape (..., n_l).

    Raises:
        ValueError: there is no such layer, or a neighbour is missing or has another size.

    Source: Salakhutdinov and Hinton (2009), equations 10 to 12.

    >>> conditional(RBM(2, 3, std=0.0), [torch.ones(1, 2), None], 1)
    tensor([[0.5000, 0.5000, 0.5000]], grad_fn=<SigmoidBackward0>)
    """
    if not 0 <= layer < len(model.sizes):
        raise ValueError(f"layer: expected 0 to {len(model.sizes) - 1}, got {layer}")
    if len(layers) != len(model.sizes):
        raise ValueError(f"layers: expected {len(model.sizes)} of them, got {len(layers)}")
    for near in (layer - 1, layer + 1):
        if 0 <= near < len(model.sizes):
            check_layer(model, layers[near], near)
    return torch.sigmoid(logits(list(model.weights), list(model.biases), layers, layer))


def gibbs(
    model: DBM, layers: Sequence[Tensor], *, steps: int = 1, generator: torch.Generator
) -> Layers:
    r"""Block Gibbs sampling: in each step all even layers are drawn, then all odd layers.

    .. math:: s_\text{even} \sim p(s_\text{even} \mid s_\text{odd}), \qquad
        s_\text{odd} \sim p(s_\text{odd} \mid s_\text{even})

    Given one side of the bipartite graph, the units of the other are independent, so that each
    half is one draw. The even layers of ``layers`` are not read.

    Equation: prop-gibbs

    Args:
        model: the machine.
        layers: v, h1, ..., the present state of the chains, each of shape (n, n_l).
        steps: number of sweeps, k.
        generator: draws one uniform number per unit and sweep.

    Returns:
        v, h1, ..., the new state; entries 0 and 1.

    Raises:
        ValueError: negative ``steps``, or layers of another number, size or dtype.

    Source: Geman and Geman (1984); Goodfellow, Bengio and Courville (2016), section 20.4.1.

    >>> rbm = RBM(2, 1)
    >>> _ = rbm.biases[0].data.fill_(50.0)  # visible units that are always on
    >>> start = torch.zeros(3, 2), torch.zeros(3, 1)
    >>> gibbs(rbm, start, generator=torch.Generator().manual_seed(0))[0]
    tensor([[1., 1.],
            [1., 1.],
            [1., 1.]])
    """
    check_layers(model, layers)
    if steps < 0:
        raise ValueError(f"steps: expected at least 0, got {steps}")
    with torch.no_grad():
        weights, biases = [*model.weights], [*model.biases]
        for _ in range(steps):
            layers, _ = sweep(weights, biases, layers, generator)
    return tuple(layers)


def uniform_states(model: DBM, n: int, generator: torch.Generator) -> Layers:
    """A state of n chains whose units are independent, 0 or 1 with probability one half."""
    like, total = model.biases[0], sum(model.sizes)
    halves = torch.full((n, total), 0.5, dtype=like.dtype, device=like.device)
    return draw(torch.split(halves, model.sizes, dim=1), generator)


def check_layers(model: DBM, layers: Sequence[Tensor]) -> None:
    """Raise ValueError unless there is a layer of the right size for each of the model's."""
    if len(layers) != len(model.sizes):
        raise ValueError(
            f"layers: expected v and {len(model.sizes) - 1} hidden layer(s), "
            f"got {len(layers)} in all"
        )
    for place, layer in enumerate(layers):
        check_layer(model, layer, place)


def check_layer(model: DBM, layer: Tensor | None, place: int) -> None:
    """Raise ValueError unless ``layer`` may be layer number ``place`` of the model.

    Its entries are states, or means of states: from 0 to 1.
    """
    name = f"h{place}" if place else "v"
    wanted, dtype = model.sizes[place], model.biases[0].dtype
    if layer is None or layer.dim() < 1 or layer.shape[-1] != wanted or layer.dtype != dtype:
        got = "None" if layer is None else f"{layer.dtype} of shape {tuple(layer.shape)}"
        raise ValueError(f"{name}: expected {dtype} of shape (..., {wanted}), got {got}")
    check_between(name, layer, 0, 1)


def check_visible(model: DBM, v: Tensor) -> None:
    """Raise ValueError unless ``v`` holds states of the visible units, which have a probability."""
    check_layer(model, v, 0)
    if v.numel() == 0:
        raise ValueError(f"v: expected at least one example, got shape {tuple(v.shape)}")
    check_binary("v", v)
