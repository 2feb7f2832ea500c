"""The courts of one run, or of several in one process: each zygote is warmed once."""

import atexit
import shutil
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from autograder.course import digest, digest_folder
from autograder.grading.rebuild import modules_of
from autograder.grading.runner import Court, withheld_sets
from autograder.sandbox.launch import Zygote, judge_zygote, student_zygote
from autograder.sandbox.withhold import Withholding

_started: dict[str, Zygote] = {}
_folder: list[Path] = []


def court_for(
    sources: list[tuple[NotebookNode, Withholding]], files: Path, *, limit: int, unsafe: bool
) -> Court:
    """Return the court for an exercise; what is not warm yet is started, see :func:`wait`."""
    cells = [one.source for nb, _ in sources for one in nb.cells if one.cell_type == "code"]
    modules = modules_of(cells)
    names = set().union(*(withheld_sets(nb, withholding) for nb, withholding in sources))
    key = digest(repr(modules).encode())
    judges = _get(f"judge {key}", lambda: judge_zygote(modules))
    students = {}
    for withheld in names:
        parts = (key, digest_folder(files), repr(sorted(withheld)), str(limit), str(unsafe))

        def start(withheld: frozenset[str] = withheld) -> Zygote:
            staging = Path(tempfile.mkdtemp(dir=_place()))
            return student_zygote(staging, files, withheld, modules, limit=limit, unsafe=unsafe)

        students[withheld] = _get(digest(*(part.encode() for part in parts)), start)
    return Court(judges, students)


def wait() -> None:
    """Wait until all that was started is warm."""
    for key, zygote in list(_started.items()):
        if not zygote.warm:
            try:
                zygote.wait()
            except BaseException:
                _started.pop(key).close()
                raise


def _get(key: str, start: object) -> Zygote:
    if key in _started and not _started[key].alive:
        _started.pop(key).close()
    if key not in _started:
        _started[key] = start()  # type: ignore[operator]
    return _started[key]


def _place() -> Path:
    """Return the folder for what the zygotes may read; it goes when the program ends."""
    if not _folder:
        _folder.append(Path(tempfile.mkdtemp(prefix="grading-")))
        _folder[0].chmod(0o755)
        atexit.register(close)
    return _folder[0]


def close() -> None:
    """End all zygotes, and with them everything that they have forked."""
    while _started:
        _started.popitem()[1].close()
    while _folder:
        shutil.rmtree(_folder.pop(), ignore_errors=True)
