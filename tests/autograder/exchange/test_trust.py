"""What the student's side says is checked: states of generators, methods, numbers, memory."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autograder.exchange.channel import Channel
from autograder.exchange.endpoint import Peer
from autograder.exchange.framing import WireError
from autograder.exchange.random_state import advance
from autograder.exchange.serialize import Reader
from autograder.exercises.publish import release
from autograder.grading import pool as warm
from autograder.grading.grade import grade
from autograder.process.forkserver import Family
from autograder.sandbox import launch as sandbox
from autograder.student.cells import operations_on
from tests.support.tiny_course import answered, hand_in, solved, tiny_course


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
def peer() -> Iterator[Peer]:
    """The judge's end of a connection to a process that has NAMES."""
    here, there = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        here.close()
        other = Peer(Channel(there), trusted=False)
        other.operations = operations_on(other, NAMES)
        try:
            other.serve()
        finally:
            os._exit(0)
    there.close()
    kept = torch.manual_seed, np.random.seed
    yield Peer(Channel(here), trusted=True)
    torch.manual_seed, np.random.seed = kept
    here.close()
    os.waitpid(pid, 0)


def test_objects_cannot_say_that_they_are_right(peer: Peer) -> None:
    found = peer.ask("get", "agreeable")()
    with pytest.raises(TypeError, match=r"an object of class Agreeable came where \.allclose"):
        found.allclose(torch.ones(1))
    assert found.mean() == 2.0  # told nothing, it can only hand over a number
    assert found.amount == 3.0
    assert found.compare(1) == "compared with 1"
    peer.methods = frozenset({"allclose"})  # where the exercise asks for such a class
    assert peer.ask("get", "agreeable")().allclose(1)


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


def test_generators_of_numpy(peer: Peer) -> None:
    theirs, mine = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(2):
        assert np.array_equal(peer.ask("get", "draw")(theirs), mine.random(3))
    with pytest.raises(WireError, match="another stream"):
        peer.ask("get", "swap")(theirs)


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
    with pytest.raises(WireError):
        Reader([], []).read(tree)


FAMILY = """
import os, signal, time
from autograder.process.forkserver import Family

family = Family()
ready, full = os.pipe()
pid = os.fork()
if pid == 0:
    blocks = [b"x" * 50_000_000 for _ in range(2)]
    if os.fork() == 0:
        blocks.append(b"x" * 100_000_000)
        os.write(full, b".")
    time.sleep(600)
os.read(ready, 1)
print(family.taken_by(pid) - family.own)  # the grandchild's copy of it
with open(f"/proc/{pid}/task/{pid}/children") as children:
    for one in (*map(int, children.read().split()), pid):
        os.kill(one, signal.SIGKILL)
"""


@pytest.mark.needs("linux")  # counts in /proc
def test_memory_of_a_family_is_counted_together() -> None:
    counted = subprocess.run([sys.executable, "-c", FAMILY], capture_output=True, text=True)
    assert counted.stderr == ""
    assert int(counted.stdout) == pytest.approx(3e8, rel=0.05)


def test_a_child_with_a_lower_number_than_its_parent_is_of_the_family(tmp_path: Path) -> None:
    for pid, parent in ((100, 1), (32_700, 100), (5, 32_700), (6, 5), (7, 1)):
        (tmp_path / f"{pid}").mkdir()
        (tmp_path / f"{pid}" / "stat").write_text(f"{pid} (a name) S {parent} 0 0")
        (tmp_path / f"{pid}" / "status").write_text(f"RssAnon:\t{pid} kB\nRssShmem:\t1 kB\n")
    family = Family()
    os.close(family.proc)
    family.proc, family.own = os.open(tmp_path, os.O_RDONLY), 0
    try:
        assert family.taken_by(100) == (100 + 32_700 + 5 + 6 + 4) << 10
        family.own = 32 << 10
        assert family.taken_by(100) == (100 + 32_700 + 5 + 6 + 4 - 32) << 10
    finally:
        os.close(family.proc)


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_submission_that_takes_too_much_memory_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sandbox.LIMITS, "together", 300 << 20)
    course = tiny_course(tmp_path)
    release(course, [])
    greedy = (
        "import os, time\n"
        "for _ in range(5):\n"
        "    if os.fork() == 0:\n"
        "        block = b'x' * (100 << 20)\n"
        "        time.sleep(60)\n"
        "time.sleep(20)\n"
        "def twice(x): return 2 * x"
    )
    hand_in(course, "greedy", answered(solved(course), {"q1": greedy}))
    start = time.monotonic()
    try:
        (result,) = grade(course, [], timeout=31)  # a zygote of its own
    finally:
        warm.close()
    assert result.score == 3
    assert "its process died" in result.flags
    assert time.monotonic() - start < 60


@pytest.mark.slow
@pytest.mark.parametrize("roles", [["judge"], ["student"], ["judge", "student"]])
def test_a_zygote_that_dies_is_started_again(tmp_path: Path, roles: list[str]) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    for number in range(6):
        hand_in(course, f"s{number}", solved(course))
    warm.close()  # what other tests have started
    left = list(roles)

    def kill(result: object) -> None:
        if left:
            role = left.pop(0)
            (zygote,) = (one for one in warm._started.values() if role in one.command)
            zygote.process.kill()

    results = grade(course, [], tell=kill, workers=1)
    assert not left
    assert [one.score for one in results] == [6] * 6
    assert not [one.message for one in results if one.message]
    assert not [one.flags for one in results if one.flags]
