r"""Annealed importance sampling: an estimate of log Z for machines of any size.

The notation is that of :mod:`gensrc.boltzmann`.
"""

import math
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gensrc.boltzmann.exact import units_of_side
from gensrc.boltzmann.layers import draw, log_sum, sweep
from gensrc.boltzmann.machines import DBM
from gensrc.checks import check_between, check_floats


class EqualWeightsWarning(UserWarning):
    """All runs of annealed importance sampling have one weight, so that the spread says nothing."""


class AisEstimate(NamedTuple):
    """Estimate of log Z, its standard error, and the log-weight of each run, shape (runs,)."""

    log_z: Tensor
    standard_error: Tensor
    log_weights: Tensor


def base_rates(x: Tensor) -> Tensor:
    r"""Biases of the machine without weights that fits binary data best, kept finite.

    .. math:: b_i = \log \frac{n_i + \frac12}{n - n_i + \frac12}, \qquad n_i = \sum_m x_{mi}

    Args:
        x: binary data, shape (n, visible), or means of them, from 0 to 1.

    Returns:
        biases, shape (visible,).

    Raises:
        ValueError: no examples, or entries outside [0, 1].

    Source: Salakhutdinov and Murray (2008), section 3; Anscombe (1956) for the halves.

    >>> base_rates(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))[0]
    tensor(0.)
    """
    check_floats("x", x, 2)
    check_between("x", x, 0, 1)
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

    Warns:
        EqualWeightsWarning: all weights are equal although the machine has weights.

    Source: Neal (2001); Salakhutdinov and Murray (2008).

    >>> from gensrc.boltzmann import RBM
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
    if bool((log_w == log_w[0]).all()) and any(bool((w != 0).any()) for w in model.weights):
        warnings.warn(
            "all runs have the same weight, so that the standard error is 0 whatever the error is: "
            "the runs may all have missed the same states; take more or smaller steps",
            EqualWeightsWarning,
            stacklevel=2,
        )
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
    side = 0 if units_of_side(end, 0) <= units_of_side(end, 1) else 1

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


def _sizes(tensors: Sequence[Tensor]) -> list[tuple[int, ...]]:
    return [tuple(t.shape) for t in tensors]
