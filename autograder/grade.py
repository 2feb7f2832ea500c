"""Grade what students handed in: run the tests, record the points, write the pages."""

import shutil
import time
from collections.abc import Callable
from typing import NamedTuple

from nbclient.exceptions import DeadKernelError
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.preprocessors.execute import UnresponsiveKernelError

from autograder.course import TIMEOUT, Course, digest_folder, read_record, write_record
from autograder.engine import Explained, open_gradebook, quiet, run_converter
from autograder.feedback import write_feedback
from autograder.release import release
from autograder.settings import settings
from autograder.submission import Submission, find_submissions, objection


class Result(NamedTuple):
    """What became of one submission."""

    student: str
    assignment: str
    score: float
    max_score: float
    message: str  # why it could not be graded, or ''
    seconds: float  # 0 when it had been graded before


class _Autograde(Explained, Autograde):  # type: ignore[misc]
    pass


def grade(
    course: Course,
    assignments: list[str],
    *,
    student: str = "",
    force: bool = False,
    timeout: int = TIMEOUT,
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
        tell: called with each result as soon as it is there.
    """
    names = course.choose(assignments)
    release(course, names)
    submissions = find_submissions(course, names, student)
    for name in {one.assignment for one in submissions}:
        if not _in_gradebook(course, name):
            release(course, [name], force=True)
    results = []
    for submission in submissions:
        results.append(_grade_once(course, submission, force, timeout))
        tell(results[-1])
    return results


def rewrite_feedback(course: Course, assignments: list[str], student: str = "") -> int:
    """Write the pages of all graded submissions again, as after grading by hand."""
    record = read_record(course.autograded / ".graded.json")
    graded = [
        submission
        for submission in find_submissions(course, course.choose(assignments), student)
        if submission.key in record
    ]
    for submission in graded:
        write_feedback(course, submission, record[submission.key]["message"])
    return len(graded)


def _in_gradebook(course: Course, name: str) -> bool:
    with open_gradebook(course) as gradebook:
        try:
            notebooks = gradebook.find_assignment(name).notebooks
        except MissingEntry:
            return False
        expected = {path.stem for path in (course.source / name).glob("*.ipynb")}
        return {notebook.name for notebook in notebooks} == expected


def _grade_once(course: Course, submission: Submission, force: bool, timeout: int) -> Result:
    """Grade ``submission`` unless that has been done; record it when all is written."""
    record_path = course.autograded / ".graded.json"
    record = read_record(record_path)
    stamp = submission.stamp(digest_folder(course.source / submission.assignment))
    before = record.get(submission.key, {})
    page = course.feedback / submission.student / submission.assignment
    if not force and before.get("stamp") == stamp and page.is_dir():
        points = _points(course, submission)
        if points:
            return Result(*submission[:2], *points, before["message"], 0.0)
    start = time.perf_counter()
    message = objection(course, submission) or _autograde(course, submission, timeout)
    if message:
        _record_zero(course, submission)
    write_feedback(course, submission, message)
    record[submission.key] = {"stamp": stamp, "message": message}
    write_record(record_path, record)
    points = _points(course, submission) or (0.0, 0.0)
    return Result(*submission[:2], *points, message, time.perf_counter() - start)


def _autograde(course: Course, submission: Submission, timeout: int) -> str:
    """Run nbgrader's autograder; return why that failed, in one sentence, or ''."""
    failure = run_converter(
        _Autograde,
        settings(course, timeout=timeout),
        assignment=submission.assignment,
        student=submission.student,
    )
    return _explanation(failure).replace(str(course.root), "…") if failure else ""


def _explanation(reason: Exception) -> str:
    if isinstance(reason, DeadKernelError):
        return (
            "Python died while your notebook ran: a cell used too much memory or ended the "
            "process; restart the kernel, run all cells, and hand it in when that works."
        )
    if isinstance(reason, UnresponsiveKernelError):
        return (
            "A cell of your notebook could not be stopped after its time was over: look for a "
            "loop that never ends."
        )
    first = (str(reason).strip() or type(reason).__name__).split("\n")[0]
    return f"Your notebook could not be run ({first[:300]}): show this message to your teacher."


def _record_zero(course: Course, submission: Submission) -> None:
    """Give 0 points for every test of ``submission``, and drop what an earlier run left."""
    folder = course.autograded / submission.student / submission.assignment
    shutil.rmtree(folder, ignore_errors=True)
    with quiet(), open_gradebook(course) as gradebook:
        gradebook.update_or_create_student(submission.student)
        entry = gradebook.update_or_create_submission(submission.assignment, submission.student)
        for notebook in entry.notebooks:
            for one in notebook.grades:
                one.auto_score = 0
                one.needs_manual_grade = False
        gradebook.db.commit()


def _points(course: Course, submission: Submission) -> tuple[float, float] | None:
    """Return the points of ``submission`` and their maximum; None when not in the gradebook."""
    with open_gradebook(course) as gradebook:
        try:
            entry = gradebook.find_submission(submission.assignment, submission.student)
        except MissingEntry:
            return None
        return float(entry.score), float(entry.max_score)
