r"""Partition functions of Boltzmann machines: exactly for small ones, by annealing for others.

A sum over all states is done for one side of the bipartite graph by a formula, because the
units of that side are independent given the other, and for the other side by enumeration.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gensrc._blocks import draw, log_sum, sweep
from gensrc.energy import DBM, check_layer

LARGEST = 20
"""Most units that are enumerated: 2**20 states are about a million."""

BLOCK = 2**21
"""Most numbers that a block of an enumeration holds."""


class AisEstimate(NamedTuple):
    """Estimate of log Z, its standard error, and the log-weight of each run, shape (runs,)."""

    log_z: Tensor
    standard_error: Tensor
    log_weights: Tensor


def configurations(n: int, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """All states of n units, shape (2**n, n); the first unit changes fastest.

    >>> configurations(2, dtype=torch.float32)
    tensor([[0., 0.],
            [1., 0.],
            [0., 1.],
            [1., 1.]])
    """
    if not 0 <= n <= LARGEST:
        raise ValueError(f"n: expected 0 to {LARGEST} units, got {n}")
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

    >>> from gensrc.energy import RBM
    >>> log_partition(RBM(3, 2, std=0.0)).item()  # 5 log 2: 2**5 states of energy 0
    3.4657...
    """
    side, units = _smaller_side(model)
    if units > LARGEST:
        raise ValueError(
            f"model: expected at most {LARGEST} units in the odd or in the even layers, got "
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
        ValueError: ``v`` has another shape or dtype, or the machine is too large.

    Source: Hinton (2002); Goodfellow, Bengio and Courville (2016), section 20.2.

    >>> from gensrc.energy import RBM
    >>> F = free_energy(RBM(2, 3, std=0.0), torch.ones(1, 2))  # -log 2**3
    >>> F.item()
    -2.0794...
    """
    check_layer(model, v, 0)
    if v.dim() != 2:
        raise ValueError(f"v: expected shape (n, {model.sizes[0]}), got {tuple(v.shape)}")
    odd, even = range(1, len(model.sizes), 2), range(2, len(model.sizes), 2)
    units = {side: sum(model.sizes[place] for place in side) for side in (odd, even)}
    side = min(units, key=lambda s: units[s])
    if units[side] > LARGEST:
        raise ValueError(
            f"model: expected at most {LARGEST} units in its odd or in its even hidden layers, "
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

    >>> from gensrc.energy import RBM
    >>> log_likelihood(RBM(1, 3, std=0.0), torch.tensor([[0.0], [1.0]])).exp()
    tensor([0.5000, 0.5000], grad_fn=<ExpBackward0>)
    """
    return -free_energy(model, v) - log_partition(model)


def base_rates(x: Tensor) -> Tensor:
    r"""Biases of the machine without weights that fits binary data best, kept finite.

    .. math:: b_i = \log \frac{n_i + \frac12}{n - n_i + \frac12}, \qquad n_i = \sum_m x_{mi}

    Args:
        x: binary data, shape (n, visible).

    Returns:
        biases, shape (visible,).

    Source: Salakhutdinov and Murray (2008), section 3; Anscombe (1956) for the halves.

    >>> base_rates(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))[0]
    tensor(0.)
    """
    ones = x.sum(0)
    return torch.log((ones + 0.5) / (len(x) - ones + 0.5))


def annealed_importance_sampling(
    model: DBM,
    *,
    betas: int | Tensor = 1000,
    runs: int = 100,
    base: Sequence[Tensor] | None = None,
    generator: torch.Generator,
) -> AisEstimate:
    r"""Estimate log Z by moving samples from a machine without weights to the model.

    .. math:: \log w = \log Z_0 + \sum_{k=1}^{K}
        \left(\log p^*_{\beta_k}(x_{k-1}) - \log p^*_{\beta_{k-1}}(x_{k-1})\right), \qquad
        \hat Z = \frac1M \sum_{m=1}^{M} w^{(m)}

    Here :math:`p^*_\beta` has the weights :math:`\beta W` and the biases
    :math:`(1 - \beta) b^{\text{base}} + \beta b`: a geometric path. x is the smaller side of the
    graph, the other is summed out. After each term x is moved by one sweep of Gibbs sampling
    at :math:`\beta_k`. The standard error is that of :math:`\log \hat Z` to first order,
    :math:`\operatorname{sd}(w) / (\bar w \sqrt M)`; it says nothing about states that no run met.

    Equation: eq-ais

    Args:
        model: the machine, of any size.
        betas: number K of equal steps from 0 to 1, or the inverse temperatures themselves, shape
            (K + 1,), rising from 0 to 1.
        runs: M, at least 2.
        base: biases of the machine without weights, one tensor per layer; the model's own by
            default. :func:`base_rates` of the data for the visible layer are a good choice.
        generator: draws uniform numbers.

    Returns:
        the estimate, its standard error and the log-weights.

    Raises:
        ValueError: fewer than 2 runs, ``betas`` that do not rise from 0 to 1, or ``base`` of
            other sizes.

    Source: Neal (2001); Salakhutdinov and Murray (2008).

    >>> from gensrc.energy import RBM
    >>> draw = torch.Generator().manual_seed(0)
    >>> estimate = annealed_importance_sampling(RBM(3, 2, std=0.0), betas=5, generator=draw)
    >>> estimate.log_z.item(), estimate.standard_error.item()  # 5 log 2, as the base
    (3.4657..., 0.0)
    """
    end = [b.detach() for b in model.biases]
    start = end if base is None else [*base]
    if [b.shape for b in start] != [b.shape for b in end]:
        raise ValueError(f"base: expected biases of sizes {model.sizes}, got {_sizes(start)}")
    if runs < 2:
        raise ValueError(f"runs: expected at least 2, got {runs}")
    path = _inverse_temperatures(betas, end[0])
    with torch.no_grad():
        log_w = _anneal([w.detach() for w in model.weights], start, end, path, runs, generator)
    scaled = (log_w - log_w.max()).exp()
    log_z = log_w.max() + scaled.mean().log()
    return AisEstimate(log_z, scaled.std() / scaled.mean() / math.sqrt(runs), log_w)


def _anneal(
    weights: list[Tensor],
    start: list[Tensor],
    end: list[Tensor],
    betas: list[float],
    runs: int,
    generator: torch.Generator,
) -> Tensor:
    """log w of each run."""
    side = 0 if _units(end, 0) <= _units(end, 1) else 1

    def machine(beta: float) -> tuple[list[Tensor], list[Tensor]]:
        biases = [torch.lerp(a, b, beta) for a, b in zip(start, end)]
        return [beta * w for w in weights], biases

    means = [b.sigmoid().expand(runs, -1) for b in start[side::2]]
    drawn = iter(draw(means, generator))
    state = [next(drawn) if place % 2 == side else None for place in range(len(end))]
    log_w = torch.cat([softplus(b) for b in start]).sum().expand(runs)
    for before, beta in pairwise(betas):
        log_w = log_w + log_sum(*machine(beta), state) - log_sum(*machine(before), state)
        layers, _ = sweep(*machine(beta), state, generator, first=1 - side)
        state = [s if place % 2 == side else None for place, s in enumerate(layers)]
    return log_w


def _inverse_temperatures(betas: int | Tensor, like: Tensor) -> list[float]:
    if isinstance(betas, int):
        if betas < 1:
            raise ValueError(f"betas: expected at least 1 step, got {betas}")
        return [k / betas for k in range(betas + 1)]
    values: list[float] = betas.double().tolist()
    rising = all(a < b for a, b in pairwise(values))
    if len(values) < 2 or values[0] != 0 or values[-1] != 1 or not rising:
        raise ValueError("betas: expected numbers that rise from 0 to 1, got others")
    return values


def _log_sum_by_enumeration(model: DBM, known: dict[int, Tensor], side: range) -> Tensor:
    """log of the sum of exp(-E) over all layers but the known ones; ``side`` is enumerated."""
    weights, biases = list(model.weights), list(model.biases)
    sizes = [model.sizes[place] for place in side]
    rows = max((len(s) for s in known.values()), default=1)
    sums = []
    for states in _blocks(sum(sizes), max(1, BLOCK // (rows * sum(model.sizes)))):
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
    counts = [_units(list(model.biases), side) for side in (0, 1)]
    return counts.index(min(counts)), min(counts)


def _units(biases: Sequence[Tensor], side: int) -> int:
    return sum(len(b) for b in biases[side::2])


def _sizes(tensors: Sequence[Tensor]) -> list[tuple[int, ...]]:
    return [tuple(t.shape) for t in tensors]
