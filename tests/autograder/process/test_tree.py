"""Trees of processes: who belongs to one, and how much memory they use together."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.exercises.publish import release
from autograder.grading import pool
from autograder.grading.grade import grade
from autograder.process.tree import ProcessTree
from autograder.sandbox import launch
from tests.support.tiny_course import answered, hand_in, solved, tiny_course

COUNTED = """
import os, signal, time
from autograder.process.tree import ProcessTree

tree = ProcessTree()
ready, full = os.pipe()
pid = os.fork()
if pid == 0:
    blocks = [b"x" * 50_000_000 for _ in range(2)]
    if os.fork() == 0:
        blocks.append(b"x" * 100_000_000)
        os.write(full, b".")
    time.sleep(600)
os.read(ready, 1)
print(tree.taken_by(pid) - tree.own)  # the grandchild's copy of it
with open(f"/proc/{pid}/task/{pid}/children") as children:
    for one in (*map(int, children.read().split()), pid):
        os.kill(one, signal.SIGKILL)
"""


@pytest.mark.needs("linux")
def test_memory_of_a_tree_is_counted_together() -> None:
    counted = subprocess.run([sys.executable, "-c", COUNTED], capture_output=True, text=True)
    assert counted.stderr == ""
    assert int(counted.stdout) == pytest.approx(3e8, rel=0.05)


def test_a_child_with_a_lower_number_than_its_parent_is_of_the_tree(tmp_path: Path) -> None:
    for pid, parent in ((100, 1), (32_700, 100), (5, 32_700), (6, 5), (7, 1)):
        (tmp_path / f"{pid}").mkdir()
        (tmp_path / f"{pid}" / "stat").write_text(f"{pid} (a name) S {parent} 0 0")
        (tmp_path / f"{pid}" / "status").write_text(f"RssAnon:\t{pid} kB\nRssShmem:\t1 kB\n")
    tree = ProcessTree()
    os.close(tree.proc)
    tree.proc, tree.own = os.open(tmp_path, os.O_RDONLY), 0
    try:
        assert tree.taken_by(100) == (100 + 32_700 + 5 + 6 + 4) << 10
        tree.own = 32 << 10
        assert tree.taken_by(100) == (100 + 32_700 + 5 + 6 + 4 - 32) << 10
    finally:
        os.close(tree.proc)


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_submission_that_takes_too_much_memory_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(launch.LIMITS, "together", 300 << 20)
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
        (result,) = grade(course, [], timeout=31)  # a fork server of its own
    finally:
        pool.close()
    assert result.score == 3
    assert "its process died" in result.flags
    assert time.monotonic() - start < 60
