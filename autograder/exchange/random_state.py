"""Synchronisation of the global random numbers of both processes, without trusting the student.

What the judge seeds or draws, the student's process continues from. When that has drawn, the
judge's own numbers jump to a place that follows from the judge's state alone.
"""

import hashlib
import random
from typing import Any

import numpy as np
import torch

from autograder.exchange.framing import Head

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


class RandomStateSync:
    """Keeps the random numbers of one end in step with those of the other.

    Args:
        trusted: whether this end judges: its state is sent, and that of the other end never taken.
    """

    def __init__(self, trusted: bool) -> None:
        self.trusted = trusted
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

    def attach(self, head: Head, blobs: list[bytes]) -> None:
        """Send the judge's state along when it is another than after the last call."""
        if not self.trusted:
            return
        state = _state()
        if self.seeded or state != self.given:
            self.given, self.seeded = state, False
            head["random"] = [len(blobs), *state[2:]]
            blobs += state[:2]

    def restore(self, head: Head, blobs: list[bytes]) -> None:
        """Go on at the student's end from the judge's state, if one came."""
        if self.trusted:
            return
        if "random" in head:
            first, *rest = head["random"]
            _set_state((blobs[first], blobs[first + 1], *rest))
        self.given = _state()

    def report_drawn(self, reply: Head) -> None:
        """Say whether random numbers were drawn at the student's end since :meth:`restore`."""
        if not self.trusted and _state() != self.given:
            reply["drew"] = True

    def advance(self, head: Head) -> None:
        """Move the judge's state on when the other end drew."""
        if self.trusted and head.get("drew") is True:
            old = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).digest()
            seed_all(int.from_bytes(old[:4]))
            self.given = _state()


def numpy_state(generator: np.random.Generator) -> tuple[int, ...]:
    """Return the state of NumPy's own generator: where it is, its stream, and a half number."""
    found: Any = generator.bit_generator.state
    inner = found["state"]
    return inner["state"], inner["inc"], found["has_uint32"], found["uinteger"]


def set_numpy_state(generator: np.random.Generator, state: Any) -> None:
    """Bring a generator to a state that :func:`numpy_state` gave."""
    place, stream, half, number = state
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": place, "inc": stream},
        "has_uint32": half,
        "uinteger": number,
    }


_MAX_BLOCKS = 5000  # of 624 numbers that one call may draw
_WORDS, _BLOCK = slice(24, 24 + 624 * 8), 624  # of a state of PyTorch's Mersenne twister
_MAX_NORMAL = 10.0


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
        for _ in range(_MAX_BLOCKS):
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
    return place and all(abs(one) < _MAX_NORMAL for one in kept)


def seed_all(seed: int) -> None:
    """Begin all random numbers anew, without its being noticed as a seed of the test."""
    torch.default_generator.manual_seed(seed)
    _numpy().seed(seed % 2**32)
    random.setstate(random.Random(seed).getstate())
