"""Call by copy-restore: what a call changes in its arguments is written into the caller's."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.exchange.framing import tensor_bytes
from autograder.exchange.random_state import numpy_state, set_numpy_state
from autograder.exchange.serialize import Serialized, append


class Snapshot:
    """The content of objects at one time, to find out later what has been changed in them."""

    def __init__(self, objects: list[Any]) -> None:
        self.objects = objects
        self.before = [_content(one) for one in objects]

    def changes(self, made: Serialized, export: Any, known: dict[int, int]) -> list[Any]:
        """Add to ``made`` what has changed since; return pairs of number and new content."""
        found = []
        for place, (one, before) in enumerate(zip(self.objects, self.before)):
            if not _same(before, _content(one)):
                others = {key: number for key, number in known.items() if key != id(one)}
                found.append([place, append(made, one, export, others)])
        return found


def _content(one: Any) -> Any:
    if isinstance(one, Tensor):
        return one.shape, tensor_bytes(one)
    if isinstance(one, np.ndarray):
        return one.shape, one.tobytes()
    if isinstance(one, torch.Generator):
        return one.get_state().numpy().tobytes()
    if isinstance(one, np.random.Generator):
        return numpy_state(one)
    return [*one.items()] if isinstance(one, dict) else [*one]


def _same(before: Any, after: Any) -> bool:
    if not isinstance(before, list):
        return bool(before == after)
    flat = [[*x] if isinstance(x, tuple) and len(x) == 2 else [x] for x in before]
    other = [[*x] if isinstance(x, tuple) and len(x) == 2 else [x] for x in after]
    return len(flat) == len(other) and all(
        len(x) == len(y) and all(a is b for a, b in zip(x, y)) for x, y in zip(flat, other)
    )


def restore_into(target: Any, new: Any) -> None:
    """Give ``target`` the content of ``new``, which must be of its kind."""
    if type(new) is not type(target) and not (
        isinstance(new, Tensor) and isinstance(target, Tensor)
    ):
        raise TypeError("another type")
    if isinstance(target, Tensor):
        if new.shape != target.shape or new.dtype != target.dtype:
            raise TypeError("another shape")
        with torch.no_grad():
            target.copy_(new.detach())
    elif isinstance(target, np.ndarray):
        if new.shape != target.shape or new.dtype != target.dtype:
            raise TypeError("another shape")
        target[...] = new
    elif isinstance(target, list):
        target[:] = new
    elif isinstance(target, (dict, set)):
        target.clear()
        target.update(new)
    elif isinstance(target, torch.Generator):
        target.set_state(new.get_state())
    elif isinstance(target, np.random.Generator):
        before, after = numpy_state(target), numpy_state(new)
        if before[1] != after[1]:
            raise TypeError("another stream of random numbers")
        set_numpy_state(target, after)
