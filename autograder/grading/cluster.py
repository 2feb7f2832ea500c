"""Submissions judged on many machines, through ``dask.distributed``.

What travels is plain: the exercise's notebooks and files, and what one student handed in; back
comes the verdict, which the one writer of the gradebook records. A worker unpacks the exercise
once, holds its own zygotes, and does what a run on one machine does, by the same code. When a
worker dies, the scheduler gives its submissions to another; what no worker can finish is judged
here. Workers need the same course: start each in its folder, with ``PYTHONPATH=.``.
"""

import atexit
import contextlib
import importlib
import logging
import shutil
import tempfile
import threading
import time
import zlib
from asyncio import CancelledError
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograder.course import Course, GraderError, digest, digest_folder, files_in
from autograder.grading.pool import close
from autograder.sandbox.launch import gensrc_folder, require_sandbox
from autograder.submissions.files import LARGEST, Submission, objection, read_regular

if TYPE_CHECKING:
    from autograder.grading.grade import Run, Verdict

LOCAL = "local"
PATIENCE = 60  # seconds without any worker, until the rest is judged here
MOMENT = 2  # seconds between two looks at the workers


class Task(NamedTuple):
    """All that a worker needs to judge one submission."""

    code: str  # digest of the program
    student: str
    assignment: str
    exercise: dict[str, bytes]  # compressed
    handed_in: dict[str, bytes]
    limit: int
    unsafe: bool


@cache
def code_digest() -> str:
    """Return a digest of the program, which must be the same on all machines."""
    package = gensrc_folder()
    return digest(
        *(path.read_bytes() for path in program_files(Path(__file__).parent)),
        digest_folder(package).encode() if package else b"",
    )


def program_files(package: Path) -> list[Path]:
    """Return the modules of ``package`` and of all packages below it, in order.

    What lies in other folders below it is the course's, such as what was handed in.
    """
    below = (path.parent for path in sorted(package.glob("*/__init__.py")))
    return [*sorted(package.glob("*.py")), *(file for one in below for file in program_files(one))]


# --- at the one who writes


class Cluster:
    """A connection to a scheduler; hands out submissions, and gives back verdicts."""

    def __init__(self, address: str, run: "Run", workers: int) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ModuleNotFoundError as error:
            raise GraderError(
                f"--scheduler needs the package {error.name}: pip install distributed."
            ) from error
        self.run = run
        self.own: Any = None
        self.exercises: dict[str, dict[str, bytes]] = {}
        try:
            if address == LOCAL:
                self.own = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.ERROR,
                )
                address = self.own.scheduler_address
            self.client: Any = distributed.Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise GraderError(
                f"{address}: no scheduler answers ({error}); start one with `dask scheduler`, and "
                "give the address that it prints, or the word local."
            ) from error
        self.seen = time.monotonic()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.own is not None:
            self.own.close()

    def submit(self, submission: Submission) -> "Hearing":
        """Hand out one submission; what cannot be judged at all stays here."""
        if objection(self.run.course, submission):
            return Hearing(self, submission, None)
        course, name = self.run.course, submission.assignment
        if name not in self.exercises:
            self.exercises[name] = {
                f"{folder.name}/{name}/{path.relative_to(folder / name).as_posix()}": zlib.compress(
                    path.read_bytes()
                )
                for folder in (course.source, course.release)
                for path in files_in(folder / name)
            }
        books = (path.name for path in (course.source / name).glob("*.ipynb"))
        handed_in = {
            book: zlib.compress(read_regular(submission.folder / book, LARGEST + 1))
            for book in books
            if (submission.folder / book).exists()
        }
        task = Task(
            code_digest(),
            *submission[:2],
            self.exercises[name],
            handed_in,
            self.run.timeout,
            self.run.unsafe,
        )
        return Hearing(self, submission, self.client.submit(hear_there, task, pure=False))

    def has_workers(self) -> bool:
        """Return whether there is a worker, or was one until a moment ago."""
        with contextlib.suppress(OSError):
            if self.client.scheduler_info().get("workers"):
                self.seen = time.monotonic()
        return time.monotonic() < self.seen + PATIENCE

    def stop(self) -> None:
        """Let go of all that is not finished."""
        self.client.close(timeout=2)


class Hearing:
    """A verdict that will come."""

    def __init__(self, cluster: Cluster, submission: Submission, future: Any) -> None:
        self.cluster, self.submission, self.future = cluster, submission, future

    def result(self) -> "Verdict":
        """Wait for the verdict; where no worker can give it, it is given here.

        Raises:
            GraderError: the workers cannot judge anything; the sentence says why.
        """
        while self.future is not None:
            try:
                verdict: Verdict = self.future.result(timeout=MOMENT)
                return verdict
            except TimeoutError:
                if not self.future.done() and self.cluster.has_workers():
                    continue
            except GraderError:
                raise
            except (Exception, CancelledError) as error:  # workers died of it, or the scheduler
                logging.getLogger("autograder").warning("%s", error)
            break
        return _hear_here(self.cluster.run, self.submission)


def _hear_here(run: "Run", submission: Submission) -> "Verdict":
    """Judge on this machine what no worker has finished, or what needs no judging."""
    from autograder.grading.grade import Verdict

    if message := objection(run.course, submission):
        return Verdict(message, {}, 0.0)
    if not run.unsafe:
        require_sandbox()
    return run.hearing([submission.assignment])(submission)


# --- at a worker

_starter = ThreadPoolExecutor(1)  # zygotes end with the thread that started them: this one stays
_places: dict[str, Course] = {}
_lock = threading.Lock()


def hear_there(task: Task) -> "Verdict":
    """Judge one submission on the machine of a worker."""
    from autograder.grading.grade import Run

    if task.code != code_digest():
        raise GraderError(
            "A worker runs another version of the course than this machine: bring both to the "
            "same state, and start the workers again."
        )
    if not task.unsafe:
        require_sandbox()
    course = _course_of(task)
    folder = Path(tempfile.mkdtemp(dir=course.submitted))
    try:
        for name, content in task.handed_in.items():
            (folder / name).write_bytes(zlib.decompress(content))
        submission = Submission(task.student, task.assignment, folder)
        run = Run(course, None, False, task.limit, task.unsafe)
        return _starter.submit(run.hearing, [task.assignment]).result()(submission)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _course_of(task: Task) -> Course:
    """Return a course on this machine that has the exercise; it is unpacked once."""
    parts = (part for item in sorted(task.exercise.items()) for part in item)
    key = digest(*(part.encode() if isinstance(part, str) else part for part in parts))
    with _lock:
        if key not in _places:
            course = Course(Path(tempfile.mkdtemp(prefix="grading-", dir=_scratch())))
            for name, content in task.exercise.items():
                path = course.grader / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(zlib.decompress(content))
            course.submitted.mkdir()
            if not _places:
                atexit.register(_leave)
            _places[key] = course
        return _places[key]


def _scratch() -> str | None:
    """Return the worker's own folder, which goes when it ends, or at the next start."""
    from distributed import get_worker

    try:
        return str(get_worker().local_directory)
    except ValueError:
        return None


def _leave() -> None:
    close()
    while _places:
        shutil.rmtree(_places.popitem()[1].root, ignore_errors=True)
