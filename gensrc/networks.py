r"""Small networks, built from sizes.

A multilayer perceptron with layers :math:`1, \dots, L` maps :math:`h_0 = x` by
:math:`h_l = \phi(W_l h_{l-1} + b_l)`; the last layer has no :math:`\phi`, or another one.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def mlp(
    sizes: Sequence[int],
    *,
    generator: torch.Generator,
    activation: Callable[[], nn.Module] = nn.ReLU,
    output: Callable[[], nn.Module] | None = None,
) -> nn.Sequential:
    r"""Multilayer perceptron from ``sizes[0]`` inputs to ``sizes[-1]`` outputs.

    Weights and biases of a layer with n inputs are drawn from the uniform distribution on
    :math:`[-1/\sqrt n, 1/\sqrt n]`, the default of ``torch.nn.Linear``.

    Args:
        sizes: number of units of each layer, the inputs first; at least two.
        generator: draws the initial weights; a CPU generator. Move the network afterwards.
        activation: makes the module between two linear layers.
        output: makes the module after the last linear layer, for example ``nn.Sigmoid``.

    Returns:
        a network from (n, sizes[0]) to (n, sizes[-1]).

    Raises:
        ValueError: fewer than two sizes, or a size below 1.

    Source: LeCun et al. (1998), for the scale of the weights.

    >>> network = mlp([2, 8, 1], generator=torch.Generator().manual_seed(0))
    >>> sum(p.numel() for p in network.parameters())  # 2 * 8 + 8 + 8 * 1 + 1
    33
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes: expected at least two positive numbers, got {list(sizes)}")
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [_linear(inputs, outputs, generator), activation()]
    layers.pop()
    if output is not None:
        layers.append(output())
    return nn.Sequential(*layers)


def parallel_mlps(
    copies: int,
    sizes: Sequence[int],
    *,
    generator: torch.Generator,
    activation: Callable[[], nn.Module] = nn.ReLU,
) -> nn.Sequential:
    r"""Independent multilayer perceptrons of one shape, trained side by side.

    Copy c sees only ``x[:, c]``, and no weight is shared. The gradient of a mean over all
    outputs is 1/copies times that of each copy alone; the steps of Adam do not depend on such a
    factor. So one run with many copies does what as many runs with other initial weights do,
    in a fraction of the time.

    Args:
        copies: number of networks.
        sizes: number of units of each layer, the inputs first; at least two.
        generator: draws the initial weights, as in :func:`mlp`; a CPU generator.
        activation: makes the module between two layers; it acts elementwise.

    Returns:
        a network from (n, copies, sizes[0]) to (n, copies, sizes[-1]).

    Raises:
        ValueError: no copies, fewer than two sizes, or a size below 1.

    >>> network = parallel_mlps(3, [2, 8, 1], generator=torch.Generator().manual_seed(0))
    >>> network(torch.zeros(5, 3, 2)).shape
    torch.Size([5, 3, 1])
    """
    if copies < 1:
        raise ValueError(f"copies: expected at least 1, got {copies}")
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes: expected at least two positive numbers, got {list(sizes)}")
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [ParallelLinear(copies, inputs, outputs, generator=generator), activation()]
    return nn.Sequential(*layers[:-1])


class ParallelLinear(nn.Module):
    """Independent linear layers: (n, copies, inputs) to (n, copies, outputs)."""

    def __init__(
        self, copies: int, inputs: int, outputs: int, *, generator: torch.Generator
    ) -> None:
        super().__init__()
        if min(copies, inputs, outputs) < 1:
            raise ValueError(
                f"copies, inputs, outputs: expected positive numbers, got {copies}, {inputs} and "
                f"{outputs}"
            )
        self.weight = nn.Parameter(torch.empty(copies, inputs, outputs))
        self.bias = nn.Parameter(torch.empty(copies, 1, outputs))
        bound = 1 / math.sqrt(inputs)
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        nn.init.uniform_(self.bias, -bound, bound, generator=generator)

    def extra_repr(self) -> str:
        copies, inputs, outputs = self.weight.shape
        return f"{copies} copies, {inputs} to {outputs}"

    def forward(self, x: Tensor) -> Tensor:
        """One matrix product for each copy; ValueError unless x is (n, copies, inputs)."""
        if x.ndim != 3 or x.shape[1:] != self.weight.shape[:2]:
            wanted = ", ".join(str(k) for k in self.weight.shape[:2])
            raise ValueError(f"x: expected shape (n, {wanted}), got {tuple(x.shape)}")
        return torch.baddbmm(self.bias, x.transpose(0, 1), self.weight).transpose(0, 1)


def _linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer drawn from ``generator`` alone: the global random state stays untouched."""
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
    bound = 1 / math.sqrt(inputs)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
