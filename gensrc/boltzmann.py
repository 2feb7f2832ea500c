r"""Boltzmann machines: mean field, the variational bound, and learning.

The machines themselves, their conditionals and block Gibbs sampling come from
:mod:`gensrc.energy`, exact sums and annealed importance sampling from :mod:`gensrc.partition`;
both are offered here too.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gensrc._blocks import Layers, draw, logits, sweep
from gensrc.energy import (
    DBM,
    RBM,
    Statistics,
    check_layer,
    check_layers,
    conditional,
    fair_coins,
    gibbs,
    statistics,
)
from gensrc.partition import (
    AisEstimate,
    annealed_importance_sampling,
    base_rates,
    configurations,
    free_energy,
    log_likelihood,
    log_partition,
)

__all__ = [
    "DBM",
    "RBM",
    "AisEstimate",
    "Statistics",
    "StochasticMaximumLikelihood",
    "annealed_importance_sampling",
    "base_rates",
    "conditional",
    "configurations",
    "fair_coins",
    "free_energy",
    "gibbs",
    "log_likelihood",
    "log_partition",
    "mean_field",
    "pretrained",
    "statistics",
    "variational_bound",
]


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
        v: visible states, shape (n, visible).
        start: means of the hidden layers to begin with; 1/2 by default.
        steps: most steps.
        tol: stops when no mean changes by more than this; 0 makes all steps.

    Returns:
        means of the hidden layers h1, h2, ..., each of shape (n, n_l).

    Raises:
        ValueError: ``v`` or ``start`` of another shape or dtype, or no step.

    Source: Salakhutdinov and Hinton (2009), equations 7 and 8; Peterson and Anderson (1987).

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
        ValueError: layers of another number, size or dtype, or means outside [0, 1].

    Source: Salakhutdinov and Hinton (2009), equation 6.

    >>> rbm = RBM(2, 3, std=0.0)  # log Z = 5 log 2, log p(v) = -2 log 2
    >>> half = torch.full((1, 3), 0.5)
    >>> variational_bound(rbm, torch.ones(1, 2), [half], log_partition(rbm)).item()
    -1.3862...
    """
    if any(bool(((h < 0) | (h > 1)).any()) for h in means):
        raise ValueError("means: expected probabilities between 0 and 1, got others")
    terms = [torch.special.entr(h) + torch.special.entr(1 - h) for h in means]
    entropy = torch.stack([term.sum(-1) for term in terms]).sum(0)
    return -model.energy(v, means) + entropy - log_z


class StochasticMaximumLikelihood(nn.Module):
    r"""A step of learning: positive phase by mean field, negative phase by Gibbs chains.

    .. math:: \Delta_{W_l} = \frac1m \sum_{i=1}^{m} \hat h^{(l-1)}_i \hat h^{(l)\top}_i
        - \frac1c \sum_{i=1}^{c} \tilde s^{(l-1)}_i \tilde s^{(l)\top}_i, \qquad
        W_l \leftarrow W_l + \varepsilon \Delta_{W_l}

    and the same for the biases. The chains :math:`\tilde s`, the *fantasy particles*, go on from
    step to step. In the negative phase the odd layers enter with their means given the even
    ones, which has the same expectation as the states themselves and a smaller variance. For an
    RBM the positive phase is exact, and the step is that of persistent contrastive divergence.

    Call it with a batch: it is a step for :func:`gensrc.training.fit`. It returns the ``"loss"``
    :math:`-\theta^\top \Delta`, the mean energy of the positive phase minus that of the negative
    phase: near 0 at an equilibrium, and no likelihood. Its ``state_dict`` holds the model and
    the chains; to go on later, keep that of the optimizer and the state of the generator too.

    Equation: alg-sml

    Args:
        model: the machine.
        optimizer: of the model's parameters; it is given minus the gradient estimate.
        chains: c, number of chains; they begin at fair coins.
        gibbs_steps: k, sweeps of each chain for one step of learning.
        mean_field_steps: most steps of mean field.
        tol: the tolerance of mean field.
        persistent: if False, the chains begin at the batch in each step: contrastive divergence.
        generator: draws uniform numbers.

    Raises:
        ValueError: a number below 1.

    Source: Goodfellow, Bengio and Courville (2016), algorithm 20.1; Tieleman (2008).

    >>> rbm = RBM(2, 1, std=0.0)
    >>> sgd, draw = torch.optim.SGD(rbm.parameters(), lr=1.0), torch.Generator().manual_seed(0)
    >>> step = StochasticMaximumLikelihood(rbm, sgd, chains=4, generator=draw)
    >>> _ = step(torch.ones(8, 2))  # data: always on; chains: fair coins
    >>> bool((rbm.visible_bias > 0).all())
    True
    """

    def __init__(
        self,
        model: DBM,
        optimizer: Optimizer,
        *,
        chains: int = 100,
        gibbs_steps: int = 1,
        mean_field_steps: int = 25,
        tol: float = 1e-3,
        persistent: bool = True,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        if min(chains, gibbs_steps, mean_field_steps) < 1:
            raise ValueError(
                "chains, gibbs_steps, mean_field_steps: expected at least 1 each, got "
                f"{chains}, {gibbs_steps} and {mean_field_steps}"
            )
        self.model, self.optimizer, self.generator = model, optimizer, generator
        self.gibbs_steps, self.persistent = gibbs_steps, persistent
        self.mean_field_steps, self.tol = mean_field_steps, tol
        for place, layer in enumerate(fair_coins(model, chains, generator)):
            self.register_buffer(f"chains{place}", layer)

    @property
    def chains(self) -> Layers:
        """The state of the chains: v, h1, ..., each of shape (c, n_l)."""
        return tuple(self.get_buffer(f"chains{place}") for place in range(len(self.model.sizes)))

    @torch.no_grad()
    def forward(self, batch: Tensor) -> dict[str, Tensor]:
        """One step on a batch of visible states, shape (m, visible)."""
        means = mean_field(self.model, batch, steps=self.mean_field_steps, tol=self.tol)
        positive = statistics((batch, *means))
        start = self.chains if self.persistent else (batch, *draw(means, self.generator))
        negative = statistics(self._fantasies(start))
        loss = batch.new_zeros(())
        for kind in ("weights", "biases"):
            parts = zip(getattr(self.model, kind), getattr(positive, kind), getattr(negative, kind))
            for parameter, data, fantasy in parts:
                parameter.grad = fantasy - data
                loss = loss + (parameter * parameter.grad).sum()
        self.optimizer.step()
        return {"loss": loss}

    def _fantasies(self, layers: Layers) -> list[Tensor]:
        """Move the chains; return the even layers and the means of the odd ones given them."""
        weights, biases = [*self.model.weights], [*self.model.biases]
        for _ in range(self.gibbs_steps):
            layers, odd_means = sweep(weights, biases, layers, self.generator)
        if self.persistent:
            for place, layer in enumerate(layers):
                self.get_buffer(f"chains{place}").copy_(layer)
        mixed = list(layers)
        mixed[1::2] = odd_means
        return mixed


def pretrained(
    x: Tensor,
    hidden_sizes: Sequence[int],
    learn: Callable[[RBM, Tensor], object],
    *,
    generator: torch.Generator,
) -> DBM:
    r"""A deep Boltzmann machine composed of RBMs that are learned one after the other.

    Each inner layer of the deep machine hears two neighbours, but in its RBM only one. So the
    lowest RBM sees its data twice (inputs :math:`2 v^\top W_1`), the uppermost has its hidden
    units twice (inputs :math:`2 W_L h`), and the weights of an RBM between are halved. What
    two RBMs then say about the layer they share is averaged:

    .. math:: \tfrac12 \left(2\, h^{(l-1)\top} W_l + c_l\right)
        + \tfrac12 \left(2\, W_{l+1} h^{(l+1)} + a_l\right)
        = h^{(l-1)\top} W_l + W_{l+1} h^{(l+1)} + \tfrac12 (c_l + a_l)

    Equation: eq-pretraining

    Args:
        x: data, shape (n, visible).
        hidden_sizes: units of each hidden layer, from the bottom.
        learn: trains an RBM on data, in place.
        generator: draws initial weights; a CPU generator.

    Returns:
        the machine, to be trained further as a whole.

    Source: Salakhutdinov and Hinton (2009), section 3.1.

    >>> seed = torch.Generator().manual_seed(0)
    >>> pretrained(torch.ones(4, 3), [2, 5], lambda rbm, x: print(rbm), generator=seed)
    RBM(6, 2)
    RBM(2, 10)
    DBM(3, 2, 5)
    """
    deep = DBM(x.shape[1], hidden_sizes, std=0.0, generator=generator).to(x)
    last, layers = len(hidden_sizes), list(pairwise(deep.sizes))
    shares = [torch.zeros_like(b) for b in deep.biases]  # how many RBMs speak of a layer
    for level, (below, above) in enumerate(layers, start=1):
        alone, middle = last == 1, 1 < level < last
        under = 2 if level == 1 and not alone else 1
        over = 2 if level == last and not alone else 1
        rbm = RBM(under * below, over * above, generator=generator).to(x)
        with torch.no_grad():  # copies begin equal
            first = rbm.weight[:below, :above].clone()
            rbm.weight.copy_(first.repeat(under, over))
        learn(rbm, x.repeat(1, under))
        with torch.no_grad():
            mean = rbm.weight.view(under, below, over, above).mean((0, 2))
            deep.weights[level - 1].copy_(mean / 2 if middle else mean)
            x = torch.sigmoid(logits([rbm.weight], [*rbm.biases], [x.repeat(1, under), None], 1))
            x = x[:, :above]
            said = zip((level - 1, level), (under, over), rbm.biases)
            for place, copies, bias in said:
                deep.biases[place] += bias.view(copies, -1).mean(0)
                shares[place] += 1
    with torch.no_grad():
        for bias, share in zip(deep.biases, shares):
            bias /= share
    return deep
