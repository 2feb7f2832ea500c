"""Submissions: where they are, and what is in them, read once."""

import filecmp
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from autograder.course import Course, GraderError
from autograder.files import digest_folder
from autograder.submissions.problems import (
    MAX_FILES,
    MAX_NOTEBOOK_BYTES,
    Problem,
    is_too_much,
    read_notebooks,
    read_regular,
)

MAX_NAMED, MAX_NAME = 5, 60  # of the files that were not read, and of their names
HARMLESS = {".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".ipynb_checkpoints"}
TIMESTAMP = "timestamp.txt"  # the time of hand-in, written by who collects


class Submission(NamedTuple):
    """One student's answer to one assignment."""

    student: str
    assignment: str
    folder: Path

    @property
    def key(self) -> str:
        """The name of this submission in records."""
        return f"{self.student}/{self.assignment}"


class HandIn(NamedTuple):
    """What is in a submission's folder."""

    notebooks: dict[str, NotebookNode]  # by name
    problem: str  # why it cannot be graded, in a sentence for the student, or ''
    ignored: str  # a sentence on the files that the exercise does not name, or ''
    time: datetime | None  # of hand-in, in UTC, as the collector wrote it
    undated: bool  # whether there is a timestamp.txt that gives no time
    stamp: str  # changes when the files change


def read_submission(course: Course, submission: Submission) -> HandIn:
    """Return what is in the folder of ``submission``; the stamp is that of what was there first."""
    folder, notebooks, ignored = submission.folder, {}, ""
    stamp, time = stamp_of(folder), time_in(folder)
    try:
        _check(submission)
        sources = sorted((course.source / submission.assignment).glob("*.ipynb"))
        ignored = ignored_files(course, submission)
        notebooks, problem = read_notebooks(folder, sources), ""
    except Problem as error:
        problem = str(error)
    except OSError as error:
        problem = f"What was handed in cannot be read ({error.strerror}): hand it in again."
    undated = time is None and os.path.lexists(folder / TIMESTAMP)
    return HandIn(notebooks, problem, ignored, time, undated, stamp)


def _check(submission: Submission) -> None:
    """Refuse what is too much, or cannot be told apart, before anything is read."""
    if any(mark in submission.student for mark in "*?["):  # nbgrader takes these for patterns
        raise Problem(
            "The name of the submission's folder has one of * ? [ in it: ask for another name."
        )
    if is_too_much(submission.folder):
        raise Problem(
            f"More than {MAX_FILES} files or {MAX_NOTEBOOK_BYTES / 1e6:.0f} MB were handed in: "
            "hand in the notebook alone."
        )


def stamp_of(folder: Path) -> str:
    """Return what changes when the files in ``folder`` change."""
    try:
        if is_too_much(folder):
            return f"too much, {folder.lstat().st_mtime_ns}"
        return digest_folder(folder)
    except OSError as error:
        return f"cannot be read, {error}"


def find_submissions(course: Course, assignments: list[str], student: str) -> list[Submission]:
    """Return what lies in ``submitted/STUDENT/ASSIGNMENT``, in order; '' is every student."""
    students = [path for path in _folders(course.submitted) if student in ("", path.name)]
    if student and not students:
        raise GraderError(
            f"{student}: there is no submission of this student; expected a folder "
            f"{course.submitted / student}."
        )
    found = (
        Submission(os.fsencode(path.name).decode("utf-8", "replace"), folder.name, folder)
        for path in students
        for folder in _folders(path)
        if folder.name in assignments
    )
    return sorted(found, key=lambda one: (one.assignment, one.student))


def unknown_assignments(course: Course, known: list[str]) -> list[str]:
    """Return the submissions (STUDENT/NAME) to assignments that do not exist."""
    return [
        f"{path.name}/{folder.name}"
        for path in _folders(course.submitted)
        for folder in _folders(path)
        if folder.name not in known
    ]


def _folders(parent: Path) -> Iterator[Path]:
    if parent.is_dir():
        for path in sorted(parent.iterdir()):
            if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                yield path


def ignored_files(course: Course, submission: Submission) -> str:
    """Return a sentence on the files that the assignment does not name, or ''.

    Those that systems leave behind, and released files as they were, are nothing to speak of.
    """
    source = course.source / submission.assignment
    named = {path.name for path in source.glob("*.ipynb")} | {TIMESTAMP}
    found = []
    for path in sorted(submission.folder.rglob("*")):
        inside = path.relative_to(submission.folder)
        if path.is_dir() or str(inside) in named or any(map(_harmless, inside.parts)):
            continue
        if not _same(path, course.release / submission.assignment / inside):
            found.append(_short(inside))
    if not found:
        return ""
    more = len(found) - MAX_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"Not read, as the exercise does not ask for it: {', '.join(found[:MAX_NAMED])}{rest}."


def _same(path: Path, given: Path) -> bool:
    try:
        return filecmp.cmp(path, given, shallow=False)
    except OSError:  # there is no such file, or it cannot be read
        return False


def _harmless(part: str) -> bool:
    return part.lower() in HARMLESS or part.startswith("._")


def _short(inside: Path) -> str:
    """Return a path that anybody may have chosen as short text that only shows."""
    text = os.fsencode(inside.as_posix()).decode("utf-8", "replace")
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def time_in(folder: Path) -> datetime | None:
    """Return the time, in UTC, that the file timestamp.txt of ``folder`` gives, or None."""
    try:
        text = read_regular(folder / TIMESTAMP, 100).decode().strip()
        return datetime.fromisoformat(str(parse_utc(text)))
    except (OSError, ValueError, OverflowError, TypeError, AttributeError):
        return None
