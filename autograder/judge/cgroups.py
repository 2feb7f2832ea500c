"""Control groups: hard limits on the memory of a submission, where this process may make them.

The watcher of a submission looks twice a second; the system stops a group at once. Both kinds of
control groups serve: version 2, below a group that is ours (root's, or one delegated to the user),
and the memory controller of version 1.
"""

import contextlib
import itertools
import os
import time
from pathlib import Path
from typing import NamedTuple

OWN = "grader"  # version 2 lets no group that has processes limit groups below it: ours go here
PREFIX = "submission-"
END_TIMEOUT = 2  # seconds for the processes of a group to end
_numbers = itertools.count()


class Place(NamedTuple):
    """Where groups can be made, and their files for bytes of memory and of memory and swap."""

    folder: str
    memory: str
    swap: str
    swap_counts_memory: bool


def find() -> Place | None:
    """Return where this process may make groups that limit memory, or None."""
    try:
        place = _place(_read("cgroup"), _read("mountinfo"))
        if place is None:
            return None
        for old in Path(place.folder).glob(f"{PREFIX}*"):
            if not Path("/proc", old.name.split("-")[1]).exists():  # its grader was killed
                with contextlib.suppress(OSError):
                    old.rmdir()
        Group(place, 1 << 30).remove()
    except (OSError, LookupError, ValueError):  # not allowed, or not told as expected
        return None
    return place


def _read(name: str) -> str:
    return Path("/proc/self", name).read_text()


def _place(groups: str, mounts: str) -> Place | None:
    """Return the place that /proc's files ``cgroup`` and ``mountinfo`` of this process tell."""
    paths: dict[str, str] = {}
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        paths |= dict.fromkeys(controllers.split(","), path)
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        root, mount = head.split()[3:5]
        kind, _, options = tail.split()[:3]
        if kind == "cgroup" and "memory" in options.split(","):
            folder = Path(mount, os.path.relpath(paths["memory"], root))
            return Place(str(folder), "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", True)
        if kind == "cgroup2" and "memory" not in paths:
            own = Path(mount, os.path.relpath(paths[""], root))
            if "memory" in (own / "cgroup.controllers").read_text().split():
                return Place(str(_open(own)), "memory.max", "memory.swap.max", False)
    return None


def _open(own: Path) -> Path:
    """Return the group of version 2 below which others can be limited: that of our group."""
    if own.name == OWN:
        own = own.parent
    below = own / "cgroup.subtree_control"
    if "memory" not in below.read_text().split():
        try:
            below.write_text("+memory")
        except OSError:
            (own / OWN).mkdir(exist_ok=True)
            for pid in (own / "cgroup.procs").read_text().split():
                (own / OWN / "cgroup.procs").write_text(pid)
            below.write_text("+memory")
    return own


def group(place: Place | None, most: int) -> "Group | None":
    """Return a new group, or None where there can be none."""
    with contextlib.suppress(OSError):
        return Group(place, most) if place else None
    return None


class Group:
    """A control group; a process that writes 0 to the file ``entrance`` goes into it.

    Args:
        place: where groups can be made.
        most: bytes of memory that its processes may take together.
    """

    def __init__(self, place: Place, most: int) -> None:
        self.folder = Path(place.folder, f"{PREFIX}{os.getpid()}-{next(_numbers)}")
        self.folder.mkdir()
        try:
            (self.folder / place.memory).write_text(str(most))
            with contextlib.suppress(OSError):  # not there where swap is not counted
                (self.folder / place.swap).write_text(str(most if place.swap_counts_memory else 0))
            self.entrance = os.open(self.folder / "cgroup.procs", os.O_WRONLY)
        except OSError:
            self.folder.rmdir()
            raise

    def remove(self) -> None:
        """Remove it when its processes have ended; what still runs then keeps it."""
        os.close(self.entrance)
        end = time.monotonic() + END_TIMEOUT
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.002)
