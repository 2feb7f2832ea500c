"""One training loop, and the kinds of steps that it runs.

A *step* is a function from a batch to a dictionary of scalars with the key ``"loss"``. It
updates the parameters as a side effect. :func:`minimize` makes the step of a model with one
loss, :func:`alternate` that of two players in turn, :func:`simultaneous` that of two players at
once. :func:`fit` runs a step on batch after batch and knows nothing else.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from gensrc.games import GanLoss

Step = Callable[[Tensor], Mapping[str, Tensor]]
Callback = Callable[[int, dict[str, float]], None]


class History(NamedTuple):
    """What :func:`fit` saw.

    ``curves`` holds for each name that the step returned a float64 tensor with one value per
    step; ``interrupted`` says whether the run was stopped by hand.
    """

    curves: dict[str, Tensor]
    interrupted: bool


class Optimizers(NamedTuple):
    """One optimizer for each player of a game."""

    generator: Optimizer
    critic: Optimizer


def minimize(loss: Callable[[Tensor], Mapping[str, Tensor]], optimizer: Optimizer) -> Step:
    """The step of a model with one loss.

    Args:
        loss: from a batch to scalars; the one called ``"loss"`` is minimised.
        optimizer: holds the parameters.

    Returns:
        a step for :func:`fit`.

    >>> w = torch.ones(1, requires_grad=True)
    >>> step = minimize(lambda x: {"loss": (w * x).sum()}, torch.optim.SGD([w], lr=0.25))
    >>> _ = step(torch.tensor([2.0]))
    >>> w.item()  # 1 - 0.25 * 2
    0.5
    """

    def step(batch: Tensor) -> Mapping[str, Tensor]:
        terms = loss(batch)
        _descend(terms["loss"], optimizer)
        return terms

    return step


def alternate(
    generator: nn.Module,
    critic: nn.Module,
    gan_loss: GanLoss,
    *,
    noise: Callable[[int], Tensor],
    optimizers: Optimizers,
    critic_steps: int = 1,
) -> Step:
    """The step of a game: ``critic_steps`` updates of the critic, then one of the generator.

    Every update of the critic sees fresh data and fresh noise, so the batch given to the step
    holds ``critic_steps`` minibatches: draw ``critic_steps * m`` examples for minibatches of m.

    Equation: alg-adversarial

    Args:
        generator: from noise to examples.
        critic: from examples to logits.
        gan_loss: what each player minimises.
        noise: from a number n to n draws of the noise z.
        optimizers: one for each player.
        critic_steps: k, the number of updates of the critic.

    Returns:
        a step for :func:`fit`; it reports the generator's ``"loss"`` and the ``"critic"``'s.

    Raises:
        ValueError: ``critic_steps`` < 1, or (from the step) a batch smaller than that.

    Source: Goodfellow et al. (2014), algorithm 1.
    """
    if critic_steps < 1:
        raise ValueError(f"critic_steps: expected at least 1, got {critic_steps}")

    def step(batch: Tensor) -> Mapping[str, Tensor]:
        if len(batch) < critic_steps:
            raise ValueError(f"batch: expected >= {critic_steps} examples, got {len(batch)}")
        for real in batch.tensor_split(critic_steps):
            fake = generator(noise(len(real))).detach()
            critic_loss = gan_loss.discriminator(critic(real), critic(fake))
            _descend(critic_loss, optimizers.critic)
        fake = generator(noise(len(real)))
        generator_loss = gan_loss.generator(critic(fake))
        _descend(generator_loss, optimizers.generator)
        return {"loss": generator_loss, "critic": critic_loss}

    return step


def simultaneous(
    generator: nn.Module,
    critic: nn.Module,
    gan_loss: GanLoss,
    *,
    noise: Callable[[int], Tensor],
    optimizers: Optimizers,
) -> Step:
    r"""The single-step method: both players move at once, from one batch and one set of weights.

    .. math:: \omega' = \omega - \eta\, \nabla_\omega J^{(T)}(\theta, \omega), \qquad
        \theta' = \theta - \eta\, \nabla_\theta J^{(G)}(\theta, \omega)

    Equation: alg-single-step

    Args:
        generator: from noise to examples; its parameters are :math:`\theta`.
        critic: from examples to logits; its parameters are :math:`\omega`.
        gan_loss: what each player minimises.
        noise: from a number n to n draws of the noise z.
        optimizers: one for each player.

    Returns:
        a step for :func:`fit`; it reports the generator's ``"loss"`` and the ``"critic"``'s.

    Source: Nowozin, Cseke and Tomioka (2016), algorithm 1.
    """
    parameters = list(generator.parameters())

    def step(batch: Tensor) -> Mapping[str, Tensor]:
        fake = generator(noise(len(batch)))
        critic_loss = gan_loss.discriminator(critic(batch), critic(fake.detach()))
        generator_loss = gan_loss.generator(critic(fake))
        optimizers.generator.zero_grad()
        generator_loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]
        _descend(critic_loss, optimizers.critic)
        optimizers.generator.step()
        return {"loss": generator_loss, "critic": critic_loss}

    return step


def fit(
    step: Step,
    batches: Iterable[Tensor],
    *,
    steps: int,
    callbacks: Iterable[Callback] = (),
    progress: bool | None = None,
) -> History:
    """Run ``step`` on ``steps`` batches; interrupting (Ctrl-C) returns the history so far.

    Args:
        step: updates the parameters and returns scalars.
        batches: at least ``steps`` of them.
        steps: number of steps.
        callbacks: each is called after every step with its number (from 1) and its values.
        progress: shows a bar on stderr; by default only where that is a terminal.

    Raises:
        FloatingPointError: a value is NaN or infinite; the message names the step.
        ValueError: the batches end too early.
    """
    records: list[dict[str, float]] = []
    source, callbacks, interrupted = iter(batches), list(callbacks), False
    hidden = None if progress is None else not progress
    try:
        for number in tqdm(range(1, steps + 1), disable=hidden):
            if (batch := next(source, None)) is None:
                raise ValueError(f"batches: expected {steps} of them, got {number - 1}")
            values = {name: _number(value) for name, value in step(batch).items()}
            _check_finite(number, values)
            records.append(values)
            for callback in callbacks:
                callback(number, values)
    except KeyboardInterrupt:
        interrupted = True
    return History(_curves(records), interrupted)


def batches(data: Tensor, batch_size: int, *, generator: torch.Generator) -> Iterator[Tensor]:
    """Batches without end: a new random order for each pass over the data.

    Each batch holds ``batch_size`` examples; the remainder of a pass is left out of that pass.

    Args:
        data: examples along the first axis, shape (n, ...).
        batch_size: examples in a batch, at most n.
        generator: draws the order; a CPU generator.

    Returns:
        an iterator over tensors of shape (batch_size, ...).

    Raises:
        ValueError: ``batch_size`` is not between 1 and n.

    >>> pairs = batches(torch.arange(4), 2, generator=torch.Generator().manual_seed(0))
    >>> sorted(torch.cat([next(pairs), next(pairs)]).tolist())
    [0, 1, 2, 3]
    """
    if not 1 <= batch_size <= len(data):
        raise ValueError(f"batch_size: expected 1 to {len(data)} (all examples), got {batch_size}")
    return _shuffled(data, batch_size, generator)


def _shuffled(data: Tensor, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(len(data), generator=generator).to(data.device)
        for start in range(0, len(data) - batch_size + 1, batch_size):
            yield data[order[start : start + batch_size]]


def _descend(loss: Tensor, optimizer: Optimizer) -> None:
    """One step of ``optimizer`` down the gradient of ``loss``."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _number(value: Tensor | float) -> float:
    return float(value.detach()) if isinstance(value, Tensor) else float(value)


def _check_finite(number: int, values: dict[str, float]) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            raise FloatingPointError(
                f"step {number}: {name} is {value}; check the data, or lower the learning rate"
            )


def _curves(records: list[dict[str, float]]) -> dict[str, Tensor]:
    """One tensor for each name, from one dictionary for each step."""
    names = records[0] if records else {}
    return {n: torch.tensor([r[n] for r in records], dtype=torch.float64) for n in names}
