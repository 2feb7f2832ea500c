"""The global random numbers of both processes, kept in step without trusting the student.

What the judge seeds or draws, the student's process continues from. When that has drawn, the
judge's own numbers jump to a place that follows from the judge's state alone.
"""

import hashlib
import random
from typing import Any

import numpy as np
import torch

_NumPy = np.random.RandomState


def _numpy() -> _NumPy:
    return np.random.mtrand._rand


def _state() -> tuple[bytes, bytes, int, list[int]]:
    """Return the state of the random numbers of torch, NumPy and Python."""
    keys: Any = _numpy().get_state()
    row = np.asarray(keys[1]).tobytes()
    own = torch.get_rng_state().numpy().tobytes()
    return own, row, int(keys[2]), list(random.getstate()[1])


def _set_state(state: tuple[bytes, bytes, int, list[int]]) -> None:
    torch.set_rng_state(torch.frombuffer(bytearray(state[0]), dtype=torch.uint8))
    _numpy().set_state(("MT19937", np.frombuffer(state[1], dtype=np.uint32), state[2], 0, 0.0))
    random.setstate((3, tuple(state[3]), None))


class Dice:
    """The random numbers of one end."""

    def __init__(self, trusted: bool) -> None:
        self.given: Any = None
        self.seeded = False
        if trusted:
            for owner, name in ((torch, "manual_seed"), (np.random, "seed"), (random, "seed")):
                setattr(owner, name, self._noticed(getattr(owner, name)))
            torch.random.manual_seed = torch.manual_seed

    def _noticed(self, function: Any) -> Any:
        def seed(*args: Any, **kwargs: Any) -> Any:
            self.seeded = True
            return function(*args, **kwargs)

        return seed

    def give(self, head: dict[str, Any], blobs: list[bytes]) -> None:
        """Send the state along when it is another than after the last call."""
        state = _state()
        if self.seeded or state != self.given:
            self.given, self.seeded = state, False
            head["dice"] = [len(blobs), *state[2:]]
            blobs += state[:2]

    def take(self, head: dict[str, Any], blobs: list[bytes]) -> None:
        """Go on from the state that came, if one came."""
        if "dice" in head:
            first, *rest = head["dice"]
            _set_state((blobs[first], blobs[first + 1], *rest))
        self.given = _state()

    def report(self, answer: dict[str, Any]) -> None:
        """Say whether random numbers were drawn since :meth:`take`."""
        if _state() != self.given:
            answer["drew"] = True

    def hear(self, head: dict[str, Any]) -> None:
        """Move on when the other end drew."""
        if head.get("drew") is True:
            old = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).digest()
            start(int.from_bytes(old[:4]))
            self.given = _state()


def start(seed: int) -> None:
    """Begin all random numbers anew, without its being noticed as a seed of the test."""
    torch.default_generator.manual_seed(seed)
    _numpy().seed(seed % 2**32)
    random.setstate(random.Random(seed).getstate())
