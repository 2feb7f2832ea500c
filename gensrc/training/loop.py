"""The loop that runs a step on batch after batch, and what it records."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

Step = Callable[[Tensor], Mapping[str, Tensor]]
"""From a batch to scalars with the key "loss"; it updates the parameters."""


Callback = Callable[[int, dict[str, float]], None]
"""Called with the number of a step, from 1, and its values."""


class History(NamedTuple):
    """What :func:`fit` saw.

    ``curves`` holds for each name that the step returned a float64 tensor with one value per
    step; ``interrupted`` says whether the run was stopped by hand.
    """

    curves: dict[str, Tensor]
    interrupted: bool


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
        ValueError: fewer than 0 steps, batches that end too early, or a step that returns no
            values or others than the first step did.
    """
    if steps < 0:
        raise ValueError(f"steps: expected 0 or more, got {steps}")
    records: list[dict[str, float]] = []
    source, callbacks, interrupted = iter(batches), list(callbacks), False
    hidden = None if progress is None else not progress
    try:
        for number in tqdm(range(1, steps + 1), disable=hidden):
            if (batch := next(source, None)) is None:
                raise ValueError(f"batches: expected {steps} of them, got {number - 1}")
            values = {name: _number(value) for name, value in step(batch).items()}
            _check(number, values, records)
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


def _number(value: Tensor | float) -> float:
    return float(value.detach()) if isinstance(value, Tensor) else float(value)


def _check(number: int, values: dict[str, float], before: list[dict[str, float]]) -> None:
    """Raise an error unless the values have the names of the first step, and are finite."""
    names = before[0].keys() if before else values.keys()
    if not values or values.keys() != names:
        raise ValueError(
            f"step {number}: expected values named {sorted(names) or 'loss'}, got {sorted(values)}"
        )
    for name, value in values.items():
        if not math.isfinite(value):
            raise FloatingPointError(
                f"step {number}: {name} is {value}; check the data, or lower the learning rate"
            )


def _curves(records: list[dict[str, float]]) -> dict[str, Tensor]:
    """One tensor for each name, from one dictionary for each step."""
    names = records[0] if records else {}
    return {n: torch.tensor([r[n] for r in records], dtype=torch.float64) for n in names}
