"""The pool of fork servers of this process: each is started once, and serves several runs."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from autograder.files import digest, digest_folder
from autograder.grading.rebuild import modules_of
from autograder.grading.runner import NotebookRunner, withheld_sets
from autograder.sandbox.launch import judge_server, student_server
from autograder.sandbox.server import ForkServer
from autograder.sandbox.withhold import Withholding


class Pool:
    """Fork servers by what they have imported and may read, and the folder for that."""

    def __init__(self) -> None:
        self.servers: dict[str, ForkServer] = {}
        self.folder: Path | None = None

    def get(self, key: str, start: Callable[[], ForkServer]) -> ForkServer:
        """Return the server of this key; ``start`` makes it where there is none that lives."""
        if key in self.servers and not self.servers[key].alive:
            self.servers.pop(key).close()
        if key not in self.servers:
            self.servers[key] = start()
        return self.servers[key]

    def place(self) -> Path:
        """Return a new folder for what a server may read; it goes when the program ends."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="grading-"))
            self.folder.chmod(0o755)
            atexit.register(self.close)
        return Path(tempfile.mkdtemp(dir=self.folder))

    def wait(self) -> None:
        """Wait until all servers can fork."""
        for key, server in list(self.servers.items()):
            try:
                server.wait()
            except BaseException:
                self.servers.pop(key).close()
                raise

    def close(self) -> None:
        """End all servers, and with them everything that they have forked."""
        while self.servers:
            self.servers.popitem()[1].close()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


POOL = Pool()
close = POOL.close
wait_until_ready = POOL.wait


def runner_for(
    sources: list[tuple[NotebookNode, Withholding]], files: Path, *, limit: int, unsafe: bool
) -> NotebookRunner:
    """Return the runner for an exercise; what it needs is started, see `wait_until_ready`."""
    cells = [one.source for nb, _ in sources for one in nb.cells if one.cell_type == "code"]
    modules = modules_of(cells)
    sets = set().union(*(withheld_sets(nb, withholding) for nb, withholding in sources))
    key = digest(repr(modules).encode())
    judges = POOL.get(f"judge {key}", partial(judge_server, modules))

    def start(withheld: frozenset[str]) -> ForkServer:
        place = POOL.place()
        return student_server(place, files, withheld, modules, limit=limit, unsafe=unsafe)

    students = {}
    for names in sets:
        parts = (key, digest_folder(files), repr(sorted(names)), str(limit), str(unsafe))
        students[names] = POOL.get(
            digest(*(part.encode() for part in parts)), partial(start, names)
        )
    return NotebookRunner(judges, students)
