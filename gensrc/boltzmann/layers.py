"""Sums and draws over the two sides of a layered Boltzmann machine, on plain tensors.

``weights[l - 1]``, shape (n_{l-1}, n_l), joins layer l to the layer below; ``biases[l]`` belong
to layer l. A layer that is None is unknown.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import softplus

Layers = tuple[Tensor, ...]


def draw(probabilities: Sequence[Tensor], generator: torch.Generator) -> Layers:
    """Units 0 or 1 with the given probabilities, from one block of uniform numbers.

    Raises:
        ValueError: a probability is NaN, as those of a machine whose learning has diverged.
    """
    if any(bool(p.sum().isnan()) for p in probabilities):
        raise ValueError(
            "probabilities: expected numbers from 0 to 1, got NaN: weights, biases or states "
            "of the machine are not finite"
        )
    sizes = [p.numel() for p in probabilities]
    like, device = probabilities[0], generator.device
    block = torch.rand(sum(sizes), generator=generator, dtype=like.dtype, device=device)
    uniforms = torch.split(block.to(like.device), sizes)
    return tuple((u.view_as(p) < p).to(p.dtype) for u, p in zip(uniforms, probabilities))


def sweep(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    layers: Sequence[Tensor | None],
    generator: torch.Generator,
    first: int = 0,
) -> tuple[Layers, list[Tensor]]:
    """Draw the layers of parity ``first`` and then the others; also return the others' means."""
    state, means = list(layers), []
    for side in (first, 1 - first):
        places = range(side, len(biases), 2)
        means = [torch.sigmoid(logits(weights, biases, state, place)) for place in places]
        for place, drawn in zip(places, draw(means, generator)):
            state[place] = drawn
    return tuple(s for s in state if s is not None), means


def logits(
    weights: Sequence[Tensor], biases: Sequence[Tensor], layers: Sequence[Tensor | None], layer: int
) -> Tensor:
    """What a layer receives: its bias, and the neighbouring layers through the weights."""
    total = biases[layer]
    if layer > 0 and (below := layers[layer - 1]) is not None:
        total = total + below @ weights[layer - 1]
    if layer + 1 < len(biases) and (above := layers[layer + 1]) is not None:
        total = total + above @ weights[layer].T
    return total


def log_sum(
    weights: Sequence[Tensor], biases: Sequence[Tensor], layers: Sequence[Tensor | None]
) -> Tensor:
    """log of the sum of exp(-E) over the layers that are None; no two neighbours may be."""
    if any(a is None and b is None for a, b in pairwise(layers)):
        raise ValueError("layers: expected no two unknown layers side by side, got two")
    total = biases[0].new_zeros(())
    for place, s in enumerate(layers):
        if s is None:
            total = total + softplus(logits(weights, biases, layers, place)).sum(-1)
            continue
        total = total + s @ biases[place]
        if place > 0 and (below := layers[place - 1]) is not None:
            total = total + ((below @ weights[place - 1]) * s).sum(-1)
    return total
