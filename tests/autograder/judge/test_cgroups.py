"""Hard limits on memory: where control groups can be made, and that submissions go into them."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograder.exercises.publish import release
from autograder.grading import pool
from autograder.grading.grade import grade
from autograder.judge import cgroups
from autograder.judge.cgroups import Group, Place, find, group
from autograder.sandbox.launch import LIMITS
from tests.support.tiny_course import answered, hand_in, solved, tiny_course

FOUND = find()
needs_groups = pytest.mark.needs("cgroups")

MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
35 31 0:32 {root} {mount} rw,relatime shared:10 - {kind}
"""
TAKES = """\
import os, sys
os.write(int(sys.argv[1]), b"0")
block = b"x" * (int(sys.argv[2]) << 20)
"""


@pytest.fixture
def place() -> Place:
    assert FOUND
    return FOUND


@pytest.mark.parametrize(("root", "end"), [("/", "made/by/us"), ("/made", "by/us")])
def test_version_1_is_found_where_memory_is_mounted(root: str, end: str) -> None:
    mounts = MOUNTS.format(root=root, mount="/sys/fs/cgroup/memory", kind="cgroup cgroup rw,memory")
    place = cgroups._place("5:cpu:/\n4:memory:/made/by/us\n0::/other\n", mounts)
    assert place
    assert place.folder == f"/sys/fs/cgroup/memory/{end}"
    assert place.memory == "memory.limit_in_bytes"


def version_2(folder: Path, controllers: str, enabled: str, path: str = "/scope") -> Place | None:
    for own in (folder / "scope", folder / "scope" / cgroups.OWN):
        own.mkdir()
        (own / "cgroup.controllers").write_text(controllers)
        (own / "cgroup.subtree_control").write_text(enabled)
    mounts = MOUNTS.format(root="/", mount=folder, kind="cgroup2 cgroup2 rw,nsdelegate")
    return cgroups._place(f"0::{path}\n", mounts)


@pytest.mark.parametrize("path", ["/scope", "/scope/grader"])
def test_version_2_limits_below_our_group(tmp_path: Path, path: str) -> None:
    place = version_2(tmp_path, "cpu memory pids", "cpu", path)
    assert place == Place(f"{tmp_path}/scope", "memory.max", "memory.swap.max", False)
    assert (tmp_path / "scope" / "cgroup.subtree_control").read_text() == "+memory"


def test_version_2_without_its_memory_controller_is_no_place(tmp_path: Path) -> None:
    assert version_2(tmp_path, "cpu pids", "cpu") is None


def test_without_a_place_there_is_no_group(tmp_path: Path) -> None:
    assert cgroups._place("0::/\n", "") is None
    assert group(None, 1 << 30) is None
    assert group(Place("/nowhere", "memory.max", "memory.swap.max", False), 1 << 30) is None


@pytest.mark.parametrize(
    ("groups", "mounts"),
    [
        ("0::/\n", MOUNTS.format(root="/", mount="/x", kind="cgroup cgroup rw,memory")),
        ("0::/\n", MOUNTS.format(root="/", mount="/x", kind="tmpfs rw")),  # no source
        ("nonsense\n", ""),
        ("4:memory:/ours\n", MOUNTS.format(root="/", mount="/x", kind="cgroup cgroup rw,memory")),
    ],
)
def test_a_system_that_tells_something_else_is_no_place(
    monkeypatch: pytest.MonkeyPatch, groups: str, mounts: str
) -> None:
    monkeypatch.setattr(cgroups, "_read", {"cgroup": groups, "mountinfo": mounts}.get)
    assert find() is None


def test_a_group_that_cannot_be_limited_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"no/such"):
        Group(Place(str(tmp_path), "no/such", "file", False), 1 << 30)
    assert not [*tmp_path.iterdir()]


@needs_groups
@pytest.mark.parametrize(("megabytes", "status"), [(5, 0), (200, -9)])
def test_a_process_ends_that_takes_more_than_its_group_may(
    place: Place, megabytes: int, status: int
) -> None:
    own = Group(place, 100 << 20)
    command = [sys.executable, "-c", TAKES, str(own.entrance), str(megabytes)]
    assert subprocess.run(command, pass_fds=[own.entrance]).returncode == status
    own.remove()
    assert not own.folder.exists()


@needs_groups
def test_groups_of_killed_graders_are_removed(place: Place) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = Path(place.folder, f"{cgroups.PREFIX}{gone.pid}-0")
    left.mkdir()
    find()
    assert not left.exists()


@pytest.mark.slow
@needs_groups
def test_a_submission_runs_in_a_group_of_its_own(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "together", 3333 << 20)
    most = LIMITS["together"] + LIMITS["scratch"]
    course = tiny_course(tmp_path)
    release(course, [])
    slow = "import time\ntime.sleep(3)\ndef twice(x): return 2 * x"
    hand_in(course, "slow", answered(solved(course), {"q1": slow}))
    seen: dict[Path, int] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for procs in Path(place.folder).glob(f"{cgroups.PREFIX}*/cgroup.procs"):
                with contextlib.suppress(OSError):  # of another grader, and gone
                    if int((procs.parent / place.memory).read_text()) == most:
                        count = len(procs.read_text().split())
                        seen[procs.parent] = max(count, seen.get(procs.parent, 0))

    looker = threading.Thread(target=look)
    looker.start()
    pool.close()  # what was started with another limit
    try:
        (result,) = grade(course, [])
    finally:
        pool.close()
        over.set()
        looker.join()
    assert result.score == result.max_score
    assert 1 in seen.values()
    assert not any(folder.exists() for folder in seen)
