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


_MOST_BLOCKS = 5000  # of 624 numbers that one call may draw
_WORDS, _BLOCK = slice(24, 24 + 624 * 8), 624  # of a state of PyTorch's Mersenne twister
_LARGEST_NORMAL = 10.0


def advance(generator: torch.Generator, claimed: Any) -> None:
    """Draw from ``generator`` until it is in the state ``claimed``, if it ever comes there.

    Otherwise a student could choose what a test draws next. Then it goes on from a place that
    follows from its own state alone.
    """
    if type(claimed) is not torch.Generator:
        raise TypeError("another type")
    wanted, now = (one.get_state().numpy().tobytes() for one in (claimed, generator))
    if wanted[:8] == now[:8] and _is_sound(wanted):
        ahead = torch.Generator()
        ahead.set_state(generator.get_state())
        for _ in range(_MOST_BLOCKS):
            if ahead.get_state().numpy().tobytes()[_WORDS] == wanted[_WORDS]:
                generator.set_state(claimed.get_state())
                return
            torch.empty(_BLOCK, dtype=torch.int32).random_(generator=ahead)
    generator.manual_seed(int.from_bytes(hashlib.sha256(now).digest()[:4]))


def _is_sound(state: bytes) -> bool:
    """Return whether the place in the block, and the normal number kept for later, can be."""
    left, _, following = np.frombuffer(state[8:24], "<i4,<i4,<u8")[0].tolist()
    kept = [*np.frombuffer(state[5016:5032], "<f8"), *np.frombuffer(state[5048:5052], "<f4")]
    place = 1 <= left <= _BLOCK and following in (_BLOCK + 1 - left, 0 if left == 1 else -1)
    return place and all(abs(one) < _LARGEST_NORMAL for one in kept)


def start(seed: int) -> None:
    """Begin all random numbers anew, without its being noticed as a seed of the test."""
    torch.default_generator.manual_seed(seed)
    _numpy().seed(seed % 2**32)
    random.setstate(random.Random(seed).getstate())
