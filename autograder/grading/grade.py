"""Grade what students handed in: run the tests, record the points, write the pages."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, Self

from nbgrader.api import MissingEntry

from autograder.course import TIMEOUT, Course
from autograder.exercises.publish import release
from autograder.files import course_lock, digest, digest_folder, read_record, write_record
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.cluster import Cluster
from autograder.grading.execution import Execution, Verdict, in_words
from autograder.grading.pool import close
from autograder.grading.record import points_of, save_scores, write_notebook
from autograder.results.pages import UNSAFE, write_message, write_pages
from autograder.sandbox.launch import require_sandbox
from autograder.submissions.files import (
    Submission,
    find_submissions,
    read_submission,
    stamp_of,
)

UNDATED = "timestamp.txt gives no time, and none is recorded"


class Result(NamedTuple):
    """What became of one submission."""

    student: str
    assignment: str
    score: float
    max_score: float
    message: str  # why it could not be graded, or ''
    seconds: float  # 0 when it had been graded before
    flags: tuple[str, ...] = ()  # what the instructor should look at


def grade(
    course: Course,
    assignments: list[str],
    *,
    student: str = "",
    force: bool = False,
    timeout: int = TIMEOUT,
    workers: int = 0,
    unsafe: bool = False,
    scheduler: str = "",
    tell: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade the submissions to ``assignments`` (all when empty), and write their pages.

    A submission that was graded before is graded again only when its files or the tests
    changed, or with ``force``. One that cannot be graded gets 0 points and a page that says
    why; the others are graded all the same. Nothing in ``submitted/`` is ever written.

    Args:
        course: the course to work on.
        assignments: names of exercises.
        student: the only student to grade; '' for all.
        force: grade again what has not changed.
        timeout: limit for each cell, in seconds.
        workers: submissions that run at the same time; 0 for one per processor.
        unsafe: run students' code without a sandbox, and say so in every result.
        scheduler: address of a dask scheduler whose workers judge; '' for this machine.
        tell: called with each result as soon as it is there.
    """
    names = course.choose(assignments)
    if not unsafe and not scheduler:  # workers look for their own
        require_sandbox()
    with course_lock(course):
        release(course, names)
        submissions = find_submissions(course, names, student)
        with open_gradebook(course) as gradebook:
            lost = [
                name
                for name in sorted({one.assignment for one in submissions})
                if not _in_gradebook(gradebook, course, name)
            ]
        if lost:
            release(course, lost, force=True)
        with open_gradebook(course) as gradebook:
            run = Run(Execution(course, timeout, unsafe), gradebook, force)
            start = _workers(run.execution, workers or os.cpu_count() or 1, scheduler)
            return run.grade(submissions, start, tell)


class Pending(Protocol):
    """A verdict that will come."""

    def result(self) -> Verdict:
        """Wait for it."""


class Workers(Protocol):
    """Where submissions are judged, several at a time."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def prepare(self, names: set[str]) -> None:
        """Make ready for submissions to these exercises."""

    def submit(self, submission: Submission) -> Pending:
        """Have one submission judged."""

    def stop(self) -> None:
        """Let go of all that is not finished."""


class Threads:
    """Judges submissions on this machine."""

    def __init__(self, execution: Execution, number: int) -> None:
        self.execution, self.pool = execution, ThreadPoolExecutor(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def prepare(self, names: set[str]) -> None:
        """Make ready for submissions to these exercises."""
        self.execution.prepare(names)

    def submit(self, submission: Submission) -> Future[Verdict]:
        """Have one submission read and judged in a thread."""
        return self.pool.submit(self._judge, submission)

    def _judge(self, submission: Submission) -> Verdict:
        hand_in = read_submission(self.execution.course, submission)
        return self.execution.judge(submission.assignment, hand_in)

    def stop(self) -> None:
        """Let go of all that is not finished."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def _workers(execution: Execution, number: int, scheduler: str) -> Callable[[set[str]], Workers]:
    """Return what gives the workers for some exercises: threads here, or ``scheduler``'s."""

    def start(names: set[str]) -> Workers:
        if scheduler and names:
            return Cluster(scheduler, execution, number)
        return Threads(execution, number)

    return start


class Run:
    """One run of the grader: the only one that writes to the gradebook."""

    def __init__(self, execution: Execution, gradebook: Any, force: bool) -> None:
        self.execution, self.course = execution, execution.course
        self.gradebook, self.force = gradebook, force
        self.record_path = self.course.autograded / ".graded.json"
        self.record = read_record(self.record_path)
        self.tests: dict[str, str] = {}

    def grade(
        self,
        submissions: list[Submission],
        start: Callable[[set[str]], Workers],
        tell: Callable[[Result], None],
    ) -> list[Result]:
        """Grade what has to be graded, several at a time; return all results in order."""
        before = {one: self._before(one) for one in submissions}
        todo = [one for one in submissions if before[one] is None]
        names = {one.assignment for one in todo}
        results = []
        with start(names) as pool:
            pool.prepare(names)
            verdicts = {one: pool.submit(one) for one in todo}
            try:
                for one in submissions:
                    known = before[one]
                    results.append(known or self._write(one, verdicts.pop(one).result()))
                    tell(results[-1])
            except BaseException:
                pool.stop()
                close()  # what still runs ends at once
                raise
        return results

    def _stamp(self, submission: Submission, files: str) -> str:
        """Return what changes when the tests or the submission's ``files`` change."""
        name = submission.assignment
        if name not in self.tests:
            self.tests[name] = digest_folder(self.course.source / name)
        return digest(files.encode(), self.tests[name].encode())

    def _before(self, submission: Submission) -> Result | None:
        """Return the result of an earlier run, or None when there is work to do."""
        old = self.record.get(submission.key, {})
        page = self.course.feedback / submission.student / submission.assignment
        if self.force or not page.is_dir():
            return None
        if old.get("stamp") != self._stamp(submission, stamp_of(submission.folder)):
            return None
        points = points_of(self.gradebook, submission)
        flags = tuple(old.get("flags", ()))
        return Result(*submission[:2], *points, old["message"], 0.0, flags) if points else None

    def _write(self, submission: Submission, verdict: Verdict) -> Result:
        """Record a verdict; one that cannot be recorded becomes an explained zero."""
        try:
            return self._record(submission, verdict)
        except OSError:  # the disk is full, for example: this is not the student's doing
            raise
        except Exception as error:
            message = in_words(self.course, error)
            return self._record(
                submission, verdict._replace(message=message, notebooks={}, seconds=0.0)
            )

    def _record(self, submission: Submission, verdict: Verdict) -> Result:
        """Write notebook, gradebook, page, and last that it is all there."""
        start = time.perf_counter()
        hand_in, found = verdict.hand_in, verdict.notebooks
        folder = self.course.autograded / submission.student / submission.assignment
        shutil.rmtree(folder, ignore_errors=True)
        written = {
            name: write_notebook(self.course, submission, name, rebuilt, result.outcomes)
            for name, (rebuilt, result) in found.items()
        }
        outcomes = {name: (rebuilt, result.outcomes) for name, (rebuilt, result) in found.items()}
        save_scores(self.gradebook, submission, outcomes, hand_in.time)
        ignored = "" if verdict.message else hand_in.ignored
        if verdict.message:
            write_message(self.course, submission, verdict.message)
        else:
            unsafe = self.execution.unsafe
            write_pages(self.course, self.gradebook, submission, written, unsafe, ignored)
        flags = self._flags(verdict, ignored)
        self.record[submission.key] = {
            "stamp": self._stamp(submission, hand_in.stamp),
            "message": verdict.message,
            "flags": flags,
            "unread": ignored,
        }
        write_record(self.record_path, self.record)
        points = points_of(self.gradebook, submission) or (0.0, 0.0)
        seconds = verdict.seconds + time.perf_counter() - start
        return Result(*submission[:2], *points, verdict.message, seconds, tuple(flags))

    def _flags(self, verdict: Verdict, ignored: str) -> list[str]:
        """Return what the instructor should look at."""
        flags = [UNSAFE] * self.execution.unsafe
        flags += [UNDATED] * verdict.hand_in.undated + [ignored] * bool(ignored)
        for rebuilt, result in verdict.notebooks.values():
            flags += [*result.flags, *result.faults]
            if rebuilt.dropped:
                flags.append(f"{rebuilt.dropped} added cells were not read")
        return flags


def _in_gradebook(gradebook: Any, course: Course, name: str) -> bool:
    try:
        notebooks = gradebook.find_assignment(name).notebooks
    except MissingEntry:
        return False
    expected = {path.stem for path in (course.source / name).glob("*.ipynb")}
    return {notebook.name for notebook in notebooks} == expected
