r"""Learning: sufficient statistics, stochastic maximum likelihood and pre-training.

The notation is that of :mod:`gensrc.boltzmann`.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gensrc.boltzmann.layers import Layers, draw, logits, sweep
from gensrc.boltzmann.machines import (
    DBM,
    RBM,
    uniform_states,
)
from gensrc.boltzmann.variational import mean_field
from gensrc.checks import check_between, check_distributions, check_floats


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
        for place, layer in enumerate(uniform_states(model, chains, generator)):
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
        x: data, shape (n, visible), from 0 to 1.
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
    check_floats("x", x, 2)
    check_between("x", x, 0, 1)
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


class Statistics(NamedTuple):
    """Means of products of neighbouring layers, one per weight, and of layers, one per bias."""

    weights: list[Tensor]
    biases: list[Tensor]


def statistics(layers: Sequence[Tensor], *, probabilities: Tensor | None = None) -> Statistics:
    r"""Means over examples of what the parameters multiply in minus the energy.

    .. math:: \frac{\partial(-E)}{\partial W_l} = s_{l-1} s_l^\top, \qquad
        \frac{\partial(-E)}{\partial b_l} = s_l

    Equation: eq-two-phases

    Args:
        layers: v, h1, ..., states or means of independent units, each of shape (n, n_l).
        probabilities: of the examples, shape (n,); equal ones by default.

    Returns:
        the mean of each product and each layer.

    Raises:
        ValueError: no examples, another number of them in a layer, or probabilities that are
            negative or do not sum to one.

    Source: Ackley, Hinton and Sejnowski (1985).

    >>> statistics((torch.ones(4, 2), torch.tensor([[1.0], [0], [0], [0]]))).weights
    [tensor([[0.2500],
            [0.2500]])]
    """
    n = len(layers[0])
    if n == 0 or any(s.dim() != 2 or len(s) != n for s in layers):
        shapes = ", ".join(str(tuple(s.shape)) for s in layers)
        raise ValueError(f"layers: expected shapes (n, n_l) with one n >= 1, got {shapes}")
    if probabilities is None:
        below = [s / len(s) for s in layers]
    else:
        check_distributions(probabilities=probabilities)
        if probabilities.shape != (n,):
            raise ValueError(
                f"probabilities: expected shape ({n},), got {tuple(probabilities.shape)}"
            )
        below = [s * probabilities[:, None] for s in layers]
    pairs = zip(below, layers[1:])
    return Statistics([a.T @ b for a, b in pairs], [s.sum(0) for s in below])
