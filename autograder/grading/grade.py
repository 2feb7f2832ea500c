"""Grade what students handed in: run the tests, record the points, write the pages."""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry

from autograder.course import TIMEOUT, Course, digest_folder, read_record, write_record
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.pool import close, court_for, wait
from autograder.grading.rebuild import Rebuilt, rebuild
from autograder.grading.record import (
    hand_in_time,
    only_grader,
    points_of,
    save_scores,
    write_notebook,
)
from autograder.grading.runner import Court, Judged
from autograder.results.pages import write_message, write_pages
from autograder.sandbox.launch import require_sandbox
from autograder.sandbox.withhold import Withholding, read_withholding
from autograder.submissions.files import (
    Submission,
    find_submissions,
    not_read,
    objection,
    read_submitted,
)

if TYPE_CHECKING:
    from autograder.grading.cluster import Cluster

UNSAFE = "graded without the sandbox"


class Result(NamedTuple):
    """What became of one submission."""

    student: str
    assignment: str
    score: float
    max_score: float
    message: str  # why it could not be graded, or ''
    seconds: float  # 0 when it had been graded before
    flags: tuple[str, ...] = ()  # what the instructor should look at


class _Exercise(NamedTuple):
    """The notebooks of an exercise by name: with solutions, and as released."""

    notebooks: dict[str, tuple[NotebookNode, NotebookNode, Withholding]]
    files: Path


class Verdict(NamedTuple):
    """What the court says of one submission."""

    message: str
    notebooks: dict[str, tuple[Rebuilt, Judged]]
    seconds: float


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
    with only_grader(course):
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
            run = Run(course, gradebook, force, timeout, unsafe)
            return run.grade(submissions, workers or os.cpu_count() or 1, scheduler, tell)


class Run:
    """One run of the grader: the only one that writes to the gradebook."""

    def __init__(
        self, course: Course, gradebook: Any, force: bool, timeout: int, unsafe: bool
    ) -> None:
        self.course, self.gradebook = course, gradebook
        self.force, self.timeout, self.unsafe = force, timeout, unsafe
        self.record_path = course.autograded / ".graded.json"
        self.record = read_record(self.record_path)
        self.tests: dict[str, str] = {}

    def grade(
        self,
        submissions: list[Submission],
        workers: int,
        scheduler: str,
        tell: Callable[[Result], None],
    ) -> list[Result]:
        """Grade what has to be graded, several at a time; return all results in order."""
        before = {one: self._before(one) for one in submissions}
        todo = [one for one in submissions if before[one] is None]
        results = []
        with self._pool(scheduler if todo else "", workers) as pool:
            if isinstance(pool, ThreadPoolExecutor):
                hear = self.hearing([one.assignment for one in todo])
                verdicts: dict[Submission, Any] = {one: pool.submit(hear, one) for one in todo}
            else:
                verdicts = {one: pool.submit(one) for one in todo}
            try:
                for one in submissions:
                    known = before[one]
                    results.append(known or self._write(one, verdicts.pop(one).result()))
                    tell(results[-1])
            except BaseException:
                if isinstance(pool, ThreadPoolExecutor):
                    pool.shutdown(wait=False, cancel_futures=True)
                else:
                    pool.stop()
                close()  # what still runs ends at once
                raise
        return results

    def _pool(self, scheduler: str, workers: int) -> "ThreadPoolExecutor | Cluster":
        if not scheduler:
            return ThreadPoolExecutor(workers)
        from autograder.grading.cluster import Cluster

        return Cluster(scheduler, self, workers)

    def hearing(self, names: Iterable[str]) -> Callable[[Submission], Verdict]:
        """Return what judges a submission to one of ``names``, its zygotes warm."""
        exercises = {name: self._exercise(name) for name in set(names)}
        courts = self._courts(exercises)
        return lambda one: self._hear(courts[one.assignment], one, exercises)

    def _stamp(self, submission: Submission) -> str:
        name = submission.assignment
        if name not in self.tests:
            self.tests[name] = digest_folder(self.course.source / name)
        return submission.stamp(self.tests[name])

    def _before(self, submission: Submission) -> Result | None:
        """Return the result of an earlier run, or None when there is work to do."""
        old = self.record.get(submission.key, {})
        page = self.course.feedback / submission.student / submission.assignment
        if self.force or not page.is_dir() or old.get("stamp") != self._stamp(submission):
            return None
        points = points_of(self.gradebook, submission)
        flags = tuple(old.get("flags", ()))
        return Result(*submission[:2], *points, old["message"], 0.0, flags) if points else None

    def _exercise(self, name: str) -> _Exercise:
        made = {}
        for path in sorted((self.course.source / name).glob("*.ipynb")):
            source = nbformat.read(path, as_version=4)
            blank = nbformat.read(self.course.release / name / path.name, as_version=4)
            made[path.stem] = source, blank, read_withholding(source.metadata, path.name)
        return _Exercise(made, self.course.release / name)

    def _courts(self, exercises: dict[str, _Exercise]) -> dict[str, Court]:
        """Return the courts of the exercises; what they need is warmed up all at once."""
        courts = {}
        for name, one in exercises.items():
            sources = [(source, names) for source, _, names in one.notebooks.values()]
            courts[name] = court_for(sources, one.files, limit=self.timeout, unsafe=self.unsafe)
        wait()
        return courts

    def _hear(
        self, court: Court, submission: Submission, exercises: dict[str, _Exercise]
    ) -> Verdict:
        """Have one submission judged; runs in a thread, and writes nothing."""
        start = time.perf_counter()
        message = objection(self.course, submission)
        found: dict[str, tuple[Rebuilt, Judged]] = {}
        exercise = exercises[submission.assignment]
        for name, (source, blank, withholding) in exercise.notebooks.items():
            path = submission.folder / f"{name}.ipynb"
            if message or not path.exists():
                continue
            try:
                rebuilt = rebuild(source, read_submitted(path), blank)
                judged = court.hear(rebuilt, withholding, folder=exercise.files, limit=self.timeout)
                found[name] = rebuilt, judged
            except Exception as error:  # nothing that is handed in may stop the run
                message = _in_words(self.course, error)
        return Verdict(message, {} if message else found, time.perf_counter() - start)

    def _write(self, submission: Submission, verdict: Verdict) -> Result:
        """Record a verdict; one that cannot be recorded becomes an explained zero."""
        try:
            return self._record(submission, verdict)
        except OSError:  # the disk is full, for example: this is not the student's doing
            raise
        except Exception as error:
            return self._record(submission, Verdict(_in_words(self.course, error), {}, 0.0))

    def _record(self, submission: Submission, verdict: Verdict) -> Result:
        """Write notebook, gradebook, page, and last that it is all there."""
        start = time.perf_counter()
        folder = self.course.autograded / submission.student / submission.assignment
        shutil.rmtree(folder, ignore_errors=True)
        unread = "" if verdict.message else not_read(self.course, submission)
        flags = [UNSAFE] * self.unsafe + [*filter(None, [hand_in_time(submission)[1], unread])]
        written = {}
        for name, (rebuilt, judged) in verdict.notebooks.items():
            flags += [*judged.flags, *judged.faults]
            if rebuilt.dropped:
                flags.append(f"{rebuilt.dropped} added cells were not read")
            written[name] = write_notebook(self.course, submission, name, rebuilt, judged.outcomes)
        outcomes = {
            name: (one, judged.outcomes) for name, (one, judged) in verdict.notebooks.items()
        }
        save_scores(self.gradebook, submission, outcomes)
        if verdict.message:
            write_message(self.course, submission, verdict.message)
        else:
            write_pages(self.course, self.gradebook, submission, written, self.unsafe, unread)
        known = {"message": verdict.message, "flags": flags, "unread": unread}
        self.record[submission.key] = {"stamp": self._stamp(submission), **known}
        write_record(self.record_path, self.record)
        points = points_of(self.gradebook, submission) or (0.0, 0.0)
        seconds = verdict.seconds + time.perf_counter() - start
        return Result(*submission[:2], *points, verdict.message, seconds, tuple(flags))


def _in_words(course: Course, error: Exception) -> str:
    """Return the sentence for a submission that the grader cannot cope with."""
    words = f"{type(error).__name__}: {error}".split("\n")[0][:300].replace(str(course.root), "…")
    return f"This could not be graded ({words}): show this message to your teacher."


def rewrite_feedback(course: Course, assignments: list[str], student: str = "") -> int:
    """Write the pages of all graded submissions again, as after grading by hand."""
    record = read_record(course.autograded / ".graded.json")
    graded = [
        submission
        for submission in find_submissions(course, course.choose(assignments), student)
        if submission.key in record
    ]
    with open_gradebook(course) as gradebook:
        for submission in graded:
            old = record[submission.key]
            if old["message"]:
                write_message(course, submission, old["message"])
                continue
            folder = course.autograded / submission.student / submission.assignment
            notebooks = {
                path.stem: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")
            }
            notes = UNSAFE in old.get("flags", ()), old.get("unread", "")
            write_pages(course, gradebook, submission, notebooks, *notes)
    return len(graded)


def _in_gradebook(gradebook: Any, course: Course, name: str) -> bool:
    try:
        notebooks = gradebook.find_assignment(name).notebooks
    except MissingEntry:
        return False
    expected = {path.stem for path in (course.source / name).glob("*.ipynb")}
    return {notebook.name for notebook in notebooks} == expected
