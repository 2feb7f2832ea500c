"""Submissions judged on many machines, through ``dask.distributed``.

What travels is plain: the exercise's notebooks and files, and the notebooks that one student handed
in; back comes the verdict, which the one writer of the gradebook records. A worker unpacks the
exercise once, holds its own fork servers, and does what a run on one machine does, by the same
code. When a worker dies, the scheduler gives its submissions to another; what no worker can finish
is judged here. Workers need the same course: start each in its folder, with ``PYTHONPATH=.``.
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
from typing import Any, NamedTuple, Self

from autograder.course import Course, GraderError
from autograder.files import digest, digest_folder, files_in
from autograder.grading.execution import Execution, Verdict
from autograder.grading.pool import close
from autograder.sandbox.launch import PACKAGE, gensrc_folder, require_sandbox
from autograder.submissions.files import HandIn, Submission, read_submission

LOCAL = "local"
WORKER_TIMEOUT = 60  # seconds without any worker, until the rest is judged here
LOOK_INTERVAL = 2  # seconds between two looks at the workers


class Task(NamedTuple):
    """All that a worker needs to judge one submission."""

    code: str  # digest of the program
    assignment: str
    exercise: dict[str, bytes]  # compressed
    hand_in: HandIn
    timeout: int
    unsafe: bool


@cache
def code_digest() -> str:
    """Return a digest of the program, which must be the same on all machines."""
    package = gensrc_folder()
    return digest(
        *(path.read_bytes() for path in program_files(PACKAGE)),
        digest_folder(package).encode() if package else b"",
    )


def program_files(package: Path) -> list[Path]:
    """Return the modules of ``package`` and of all packages below it, in order.

    What lies in other folders below it is the course's, such as what was handed in.
    """
    below = (path.parent for path in sorted(package.glob("*/__init__.py")))
    return [*sorted(package.glob("*.py")), *(file for one in below for file in program_files(one))]


# --- on the machine that writes


class Cluster:
    """A connection to a scheduler; hands out submissions, and gives back verdicts."""

    def __init__(self, address: str, execution: Execution, workers: int) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ModuleNotFoundError as error:
            raise GraderError(
                f"--scheduler needs the package {error.name}: pip install distributed."
            ) from error
        self.execution = execution
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.own is not None:
            self.own.close()

    def prepare(self, names: set[str]) -> None:
        """Read the exercises of these names, to hand them out."""
        course = self.execution.course
        for name in names:
            self.exercises[name] = {
                f"{folder.name}/{name}/{path.relative_to(folder / name).as_posix()}": zlib.compress(
                    path.read_bytes()
                )
                for folder in (course.source, course.release)
                for path in files_in(folder / name)
            }

    def submit(self, submission: Submission) -> "PendingVerdict":
        """Hand out one submission; what cannot be judged at all stays here."""
        execution, name = self.execution, submission.assignment
        hand_in = read_submission(execution.course, submission)
        if hand_in.problem:
            return PendingVerdict(self, name, hand_in, None)
        exercise, limits = self.exercises[name], (execution.timeout, execution.unsafe)
        task = Task(code_digest(), name, exercise, hand_in, *limits)
        future = self.client.submit(judge_on_worker, task, pure=False)
        return PendingVerdict(self, name, hand_in, future)

    def has_workers(self) -> bool:
        """Return whether there is a worker, or was one until a moment ago."""
        with contextlib.suppress(OSError):
            if self.client.scheduler_info().get("workers"):
                self.seen = time.monotonic()
        return time.monotonic() < self.seen + WORKER_TIMEOUT

    def stop(self) -> None:
        """Let go of all that is not finished."""
        self.client.close(timeout=2)


class PendingVerdict:
    """A verdict that will come."""

    def __init__(self, cluster: Cluster, name: str, hand_in: HandIn, future: Any) -> None:
        self.cluster, self.name, self.hand_in, self.future = cluster, name, hand_in, future

    def result(self) -> Verdict:
        """Wait for the verdict; where no worker can give it, it is given here.

        Raises:
            GraderError: the workers cannot judge anything; the sentence says why.
        """
        while self.future is not None:
            try:
                verdict: Verdict = self.future.result(timeout=LOOK_INTERVAL)
                return verdict._replace(hand_in=self.hand_in)
            except TimeoutError:
                if not self.future.done() and self.cluster.has_workers():
                    continue
            except GraderError:
                raise
            except (Exception, CancelledError) as error:  # workers died of it, or the scheduler
                logging.getLogger("autograder").warning("%s", error)
            break
        return judge_here(self.cluster.execution, self.name, self.hand_in)


def judge_here(execution: Execution, name: str, hand_in: HandIn) -> Verdict:
    """Judge on this machine what no worker has finished, or what needs no judging."""
    if not hand_in.problem:
        if not execution.unsafe:
            require_sandbox()
        execution.prepare([name])
    return execution.judge(name, hand_in)


# --- on a worker

_starter = ThreadPoolExecutor(1)  # servers end with the thread that started them: this one stays
_places: dict[str, Course] = {}
_lock = threading.Lock()


def judge_on_worker(task: Task) -> Verdict:
    """Judge one submission on the machine of a worker."""
    if task.code != code_digest():
        raise GraderError(
            "A worker runs another version of the course than this machine: bring both to the "
            "same state, and start the workers again."
        )
    if not task.unsafe:
        require_sandbox()
    execution = Execution(_course_of(task), task.timeout, task.unsafe)
    _starter.submit(execution.prepare, [task.assignment]).result()
    return execution.judge(task.assignment, task.hand_in)


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
