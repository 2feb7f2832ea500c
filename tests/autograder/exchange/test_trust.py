"""What the student's side says is checked: states of generators, methods, numbers."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from autograder.exchange.channel import Channel
from autograder.exchange.client import Client
from autograder.exchange.deserialize import Deserializer
from autograder.exchange.framing import ProtocolError
from autograder.exchange.random_state import advance
from autograder.student.cells import operations_on


class Agreeable:
    """An object that says yes to whatever it is asked."""

    amount = 3.0

    def allclose(self, other: Any) -> bool:
        return True

    def mean(self) -> float:
        return 2.0

    def compare(self, other: Any) -> str:
        return f"compared with {other}"


NAMES: dict[str, Any] = {
    "agreeable": Agreeable,
    "draw": lambda rng: rng.random(3),
    "swap": lambda rng: setattr(rng.bit_generator, "state", np.random.PCG64(1).state),
}


@pytest.fixture
def client() -> Iterator[Client]:
    """The judge's end of a connection to a process that has NAMES."""
    here, there = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        here.close()
        other = Client(Channel(there), trusted=False, operations=operations_on(NAMES))
        try:
            other.connection.serve()
        finally:
            os._exit(0)
    there.close()
    kept = torch.manual_seed, np.random.seed
    yield Client(Channel(here), trusted=True)
    torch.manual_seed, np.random.seed = kept
    here.close()
    os.waitpid(pid, 0)


def test_objects_cannot_say_that_they_are_right(client: Client) -> None:
    found = client.request("get", "agreeable")()
    with pytest.raises(TypeError, match=r"an object of class Agreeable came where \.allclose"):
        found.allclose(torch.ones(1))
    assert found.mean() == 2.0  # told nothing, it can only hand over a number
    assert found.amount == 3.0
    assert found.compare(1) == "compared with 1"
    client.methods = frozenset({"allclose"})  # where the exercise asks for such a class
    assert client.request("get", "agreeable")().allclose(1)


DRAWS: dict[str, Callable[[torch.Generator], object]] = {
    "uniform": lambda g: torch.rand(3, generator=g),
    "odd normals": lambda g: torch.randn(3, generator=g),
    "one double normal": lambda g: torch.randn(1, generator=g, dtype=torch.float64),
    "many": lambda g: torch.randn(20_000, generator=g),
    "permutation": lambda g: torch.randperm(99, generator=g),
}


@pytest.mark.parametrize("before", [0, 5, 623, 624, 625])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_generators_follow_what_was_drawn(
    draw: Callable[[torch.Generator], object], before: int
) -> None:
    mine, theirs = (torch.Generator().manual_seed(3) for _ in range(2))
    for one in (mine, theirs):
        torch.rand(before, generator=one)
    for _ in range(3):
        draw(theirs)
        advance(mine, theirs)
        assert torch.equal(mine.get_state(), theirs.get_state())


def _forged(change: Callable[[bytearray], object]) -> torch.Generator:
    state = bytearray(torch.Generator().manual_seed(3).get_state().numpy().tobytes())
    change(state)
    made = torch.Generator()
    made.set_state(torch.frombuffer(state, dtype=torch.uint8))
    return made


def _kept_normal(state: bytearray) -> None:
    state[5024:5032] = np.float64(1e9).tobytes()
    state[5040:5044] = np.int32(1).tobytes()


FORGED = {
    "another seed": lambda: torch.Generator().manual_seed(4),
    "all zero": lambda: _forged(lambda s: s.__setitem__(slice(24, 5016), bytes(4992))),
    "a huge normal": lambda: _forged(_kept_normal),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_generators_never_take_a_state_of_the_students_choice(
    forged: Callable[[], torch.Generator],
) -> None:
    mine, again = (torch.Generator().manual_seed(3) for _ in range(2))
    for one in (mine, again):
        advance(one, forged())
    found, *others = (
        torch.cat([torch.randn(n, generator=g, dtype=torch.float64) for n in (1, 99)])
        for g in (mine, again, forged())
    )
    assert torch.equal(found, others[0])  # the same in each run
    assert not torch.equal(found, others[1])
    assert found.std() > 0.7
    assert found.abs().max() < 6


def test_generators_of_numpy(client: Client) -> None:
    theirs, mine = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(2):
        assert np.array_equal(client.request("get", "draw")(theirs), mine.random(3))
    with pytest.raises(ProtocolError, match="another stream"):
        client.request("get", "swap")(theirs)


@pytest.mark.parametrize(
    "tree",
    [
        {"q": ["1e999999999", 1]},
        {"q": [1, 0]},
        {"D": "1e999999"},
        {"D": "9" * 5000},
        {"ng": [-1, 1, 0, 0]},
        {"ng": [1]},
    ],
)
def test_numbers_that_would_take_for_ever_are_refused(tree: Any) -> None:
    with pytest.raises(ProtocolError):
        Deserializer([], []).read(tree)
