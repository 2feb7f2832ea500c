"""The tree of a process: itself and all processes below it, and the memory that they use."""

import contextlib
import os


class ProcessTree:
    """Processes as the folder /proc shows them that this process saw when this was made."""

    def __init__(self) -> None:
        self.proc = os.open("/proc", os.O_RDONLY)
        self.own = self.in_use("self")

    def in_use(self, pid: int | str) -> int:
        """Return the bytes of memory that a process has written to, files left out."""
        lines = [line.split() for line in self._read(f"{pid}/status").split(b"\n")]
        return sum(int(one[1]) << 10 for one in lines if one[:1] in ([b"RssAnon:"], [b"RssShmem:"]))

    def taken_by(self, root: int) -> int:
        """Return the bytes in use by ``root`` and all below it, at most.

        What ``root`` shares with this process is left out. What one below it shares with others
        is counted for each, since any of them may write to it and get a copy.
        """
        return sum(map(self.in_use, self.members(root))) - min(self.own, self.in_use(root))

    def members(self, root: int) -> list[int]:
        """Return the numbers of ``root`` and of all processes below it."""
        below: dict[int, list[int]] = {}
        for name in filter(str.isdigit, os.listdir(self.proc)):
            words = self._read(f"{name}/stat").rpartition(b")")[2].split()
            if words:
                below.setdefault(int(words[1]), []).append(int(name))  # its parent's
        found = [root]
        for pid in found:
            found += below.get(pid, [])
        return found

    def _read(self, name: str) -> bytes:
        """Return what is in a file of /proc; nothing when the process is gone."""

        def inside(path: str, flags: int) -> int:
            return os.open(path, flags, dir_fd=self.proc)

        with contextlib.suppress(OSError), open(name, "rb", opener=inside) as file:
            return file.read()
        return b""
