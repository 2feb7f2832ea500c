r"""Exact sums over the states of a small machine: log Z, free energy and log p(v).

A sum over all states is done for one side of the bipartite graph by a formula, because the
units of that side are independent given the other, and for the other side by enumeration.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gensrc.boltzmann.layers import log_sum
from gensrc.boltzmann.machines import DBM, check_visible

MAX_UNITS = 20
"""Most units that are enumerated: 2**20 states are about a million."""


MAX_BLOCK = 2**21
"""Most numbers that a block of an enumeration holds."""


def configurations(n: int, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """All states of n units, shape (2**n, n); the first unit changes fastest.

    >>> configurations(2, dtype=torch.float32)
    tensor([[0., 0.],
            [1., 0.],
            [0., 1.],
            [1., 1.]])
    """
    if not 0 <= n <= MAX_UNITS:
        raise ValueError(f"n: expected 0 to {MAX_UNITS} units, got {n}")
    return _states(0, 2**n, n).to(dtype)


def log_partition(model: DBM) -> Tensor:
    r"""log Z, exactly.

    .. math:: \log Z = \log \sum_{s_\text{odd}} e^{b_\text{odd}^\top s_\text{odd}}
        \prod_{i \in \text{even}} \left(1 + e^{x_i(s_\text{odd})}\right)

    where :math:`x_i` is the input of unit i. The side with fewer units is enumerated; PyTorch
    can differentiate through the result.

    Equation: eq-log-partition

    Args:
        model: the machine; its smaller side may have up to 20 units.

    Returns:
        log Z in nats, shape ().

    Raises:
        ValueError: both sides are larger than that.

    Source: Salakhutdinov and Murray (2008).

    >>> from gensrc.boltzmann import RBM
    >>> log_partition(RBM(3, 2, std=0.0)).item()  # 5 log 2: 2**5 states of energy 0
    3.4657...
    """
    side, units = _smaller_side(model)
    if units > MAX_UNITS:
        raise ValueError(
            f"model: expected at most {MAX_UNITS} units in the odd or in the even layers, got "
            f"{units} in the smaller of the two; use annealed_importance_sampling"
        )
    return _log_sum_by_enumeration(model, {}, range(side, len(model.sizes), 2))


def free_energy(model: DBM, v: Tensor) -> Tensor:
    r"""The free energy of visible states: minus the log of the sum over hidden states.

    .. math:: F(v) = -\log \sum_h e^{-E(v, h)}, \qquad
        \text{for an RBM} \quad F(v) = -b_0^\top v
        - \sum_j \operatorname{softplus}\Big(b_{1,j} + \sum_i v_i W_{ij}\Big)

    With more than one hidden layer, the odd or the even hidden layers are enumerated.

    Equation: eq-free-energy

    Args:
        model: the machine; the smaller side of its hidden layers may have up to 20 units.
        v: visible states, shape (n, visible).

    Returns:
        F(v) in nats, shape (n,).

    Raises:
        ValueError: ``v`` has another shape or dtype or entries that are not 0 or 1, or the machine
            is too large.

    Source: Hinton (2002); Goodfellow, Bengio and Courville (2016), section 20.2.

    >>> from gensrc.boltzmann import RBM
    >>> F = free_energy(RBM(2, 3, std=0.0), torch.ones(1, 2))  # -log 2**3
    >>> F.item()
    -2.0794...
    """
    check_visible(model, v)
    if v.dim() != 2:
        raise ValueError(f"v: expected shape (n, {model.sizes[0]}), got {tuple(v.shape)}")
    odd, even = range(1, len(model.sizes), 2), range(2, len(model.sizes), 2)
    units = {side: sum(model.sizes[place] for place in side) for side in (odd, even)}
    side = min(units, key=lambda s: units[s])
    if units[side] > MAX_UNITS:
        raise ValueError(
            f"model: expected at most {MAX_UNITS} units in its odd or in its even hidden layers, "
            f"got {units[side]} in the smaller of the two; use variational_bound"
        )
    return -_log_sum_by_enumeration(model, {0: v[:, None]}, side)


def log_likelihood(model: DBM, v: Tensor) -> Tensor:
    r"""log p(v), exactly; PyTorch can differentiate through it.

    .. math:: \log p(v) = -F(v) - \log Z

    Equation: eq-boltzmann-likelihood

    Args:
        model: the machine, small enough for :func:`log_partition`.
        v: visible states, shape (n, visible).

    Returns:
        log p(v) in nats, shape (n,).

    Raises:
        ValueError: as :func:`log_partition` and :func:`free_energy`.

    >>> from gensrc.boltzmann import RBM
    >>> log_likelihood(RBM(1, 3, std=0.0), torch.tensor([[0.0], [1.0]])).exp()
    tensor([0.5000, 0.5000], grad_fn=<ExpBackward0>)
    """
    return -free_energy(model, v) - log_partition(model)


def _log_sum_by_enumeration(model: DBM, known: dict[int, Tensor], side: range) -> Tensor:
    """log of the sum of exp(-E) over all layers but the known ones; ``side`` is enumerated."""
    weights, biases = list(model.weights), list(model.biases)
    sizes = [model.sizes[place] for place in side]
    rows = max((len(s) for s in known.values()), default=1)
    sums = []
    for states in _blocks(sum(sizes), max(1, MAX_BLOCK // (rows * sum(model.sizes)))):
        chosen = dict(zip(side, torch.split(states.to(biases[0]), sizes, dim=1)))
        layers = [known.get(place, chosen.get(place)) for place in range(len(biases))]
        sums.append(torch.logsumexp(log_sum(weights, biases, layers), dim=-1))
    return torch.stack(sums).logsumexp(0)


def _blocks(units: int, size: int) -> Iterator[Tensor]:
    """All states of some units, a block after the other."""
    for start in range(0, 2**units, size):
        yield _states(start, min(start + size, 2**units), units)


def _states(start: int, stop: int, units: int) -> Tensor:
    """The binary digits of start, ..., stop - 1, the lowest first."""
    return (torch.arange(start, stop)[:, None] >> torch.arange(units)) & 1


def _smaller_side(model: DBM) -> tuple[int, int]:
    """Parity of the side with fewer units, and their number."""
    counts = [units_of_side(list(model.biases), side) for side in (0, 1)]
    return counts.index(min(counts)), min(counts)


def units_of_side(biases: Sequence[Tensor], side: int) -> int:
    return sum(len(b) for b in biases[side::2])
