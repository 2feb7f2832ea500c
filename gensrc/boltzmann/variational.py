r"""Mean field, and the variational lower bound of log p(v).

The notation is that of :mod:`gensrc.boltzmann`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from gensrc.boltzmann.layers import Layers, logits
from gensrc.boltzmann.machines import (
    DBM,
    check_layer,
    check_layers,
    check_visible,
)


def mean_field(
    model: DBM,
    v: Tensor,
    *,
    start: Sequence[Tensor] | None = None,
    steps: int = 200,
    tol: float = 1e-6,
) -> Layers:
    r"""The independent hidden units whose distribution comes closest to the posterior.

    .. math:: \hat h^{(l)}_j \leftarrow \sigma\Big(b_{l,j} + \sum_i \hat h^{(l-1)}_i W_{l,ij}
        + \sum_k W_{l+1,jk}\, \hat h^{(l+1)}_k\Big), \qquad \hat h^{(0)} = v

    A step updates all odd layers and then all even hidden layers. No update lowers the
    variational bound. For one hidden layer the first step gives the exact posterior.

    Equation: eq-mean-field

    Args:
        model: the machine.
        v: visible states, shape (n, visible), or means of them, from 0 to 1.
        start: means of the hidden layers to begin with; 1/2 by default.
        steps: most steps.
        tol: stops when no mean changes by more than this; 0 makes all steps.

    Returns:
        means of the hidden layers h1, h2, ..., each of shape (n, n_l).

    Raises:
        ValueError: ``v`` or ``start`` of another shape or dtype or outside [0, 1], or no step.

    Source: Salakhutdinov and Hinton (2009), equations 7 and 8; Peterson and Anderson (1987).

    >>> from gensrc.boltzmann import RBM
    >>> mean_field(RBM(2, 1, std=0.0), torch.ones(1, 2))
    (tensor([[0.5000]]),)
    """
    check_layer(model, v, 0)
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    if start is None:
        start = [v.new_full((*v.shape[:-1], size), 0.5) for size in model.sizes[1:]]
    check_layers(model, (v, *start))
    means = [v, *start]
    with torch.no_grad():
        weights, biases = [*model.weights], [*model.biases]
        for _ in range(steps if len(means) > 2 else 1):
            before = list(means)
            for place in [*range(1, len(means), 2), *range(2, len(means), 2)]:
                means[place] = torch.sigmoid(logits(weights, biases, means, place))
            if tol > 0 and all(bool(((a - b).abs() <= tol).all()) for a, b in zip(means, before)):
                break
    return tuple(means[1:])


def variational_bound(
    model: DBM, v: Tensor, means: Sequence[Tensor], log_z: Tensor | float
) -> Tensor:
    r"""A lower bound of log p(v), from independent hidden units with the given means.

    .. math:: \mathcal{L}(v, \hat h) = -E(v, \hat h) + H(\hat h) - \log Z, \qquad
        H(\hat h) = -\sum_j \hat h_j \log \hat h_j + (1 - \hat h_j) \log (1 - \hat h_j)

    Equation: eq-dbm-bound

    Args:
        model: the machine.
        v: visible states, shape (n, visible).
        means: of the hidden layers, in [0, 1], each of shape (n, n_l).
        log_z: log Z, exact or an estimate; with an estimate the bound is one too.

    Returns:
        the bound in nats, shape (n,).

    Raises:
        ValueError: layers of another number, size or dtype, entries of ``v`` that are not 0 or 1,
            or means outside [0, 1].

    Source: Salakhutdinov and Hinton (2009), equation 6.

    >>> from gensrc.boltzmann import log_partition
    >>> from gensrc.boltzmann import RBM
    >>> rbm = RBM(2, 3, std=0.0)  # log Z = 5 log 2, log p(v) = -2 log 2
    >>> half = torch.full((1, 3), 0.5)
    >>> variational_bound(rbm, torch.ones(1, 2), [half], log_partition(rbm)).item()
    -1.3862...
    """
    check_layers(model, (v, *means))
    check_visible(model, v)
    terms = [torch.special.entr(h) + torch.special.entr(1 - h) for h in means]
    entropy = torch.stack([term.sum(-1) for term in terms]).sum(0)
    return -model.energy(v, means) + entropy - log_z
