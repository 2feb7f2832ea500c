"""Steps of learning: of a model with one loss, and of two players in turn or at once."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from gensrc.training.loop import Step


class Losses(Protocol):
    """What each player of a game minimises, such as a :class:`gensrc.games.GanLoss`."""

    @property
    def discriminator(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The critic's loss, from its outputs for real and for generated examples."""

    @property
    def generator(self) -> Callable[[Tensor], Tensor]:
        """The generator's loss, from the critic's outputs for generated examples."""


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

    >>> import torch
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
    gan_loss: Losses,
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
    gan_loss: Losses,
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

    def step(batch: Tensor) -> Mapping[str, Tensor]:
        fake = generator(noise(len(batch)))
        critic_loss = gan_loss.discriminator(critic(batch), critic(fake.detach()))
        generator_loss = gan_loss.generator(critic(fake))
        optimizers.generator.zero_grad()
        parameters = [p for p in generator.parameters() if p.requires_grad]
        generator_loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]
        _descend(critic_loss, optimizers.critic)
        optimizers.generator.step()
        return {"loss": generator_loss, "critic": critic_loss}

    return step


def _descend(loss: Tensor, optimizer: Optimizer) -> None:
    """One step of ``optimizer`` down the gradient of ``loss``."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
