"""Bring what students handed in from an LMS's archive to ``submitted/STUDENT/ASSIGNMENT/``.

One student's trouble stays theirs: it is said in a sentence, and the others are collected. What
had been collected before is never lost: when a newer submission takes its place, it is kept in
``submitted/.history/STUDENT/ASSIGNMENT/``. The time of hand-in is the archive's or the folder's,
never one that a student wrote.
"""

import csv
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from autograder.course import Course, GraderError
from autograder.files import course_lock, digest, files_in, write_whole
from autograder.submissions.archives import (
    MAX_CLASS_BYTES,
    MAX_ENTRIES,
    Budget,
    Entry,
    Refused,
    entries_of,
    folded,
)
from autograder.submissions.files import TIMESTAMP
from autograder.submissions.lms import Owner, has_wrapper, owner_of
from autograder.submissions.unpacking import choose, unpack

_TIME = "%Y-%m-%d %H:%M:%S.%f UTC"

NEW, REPLACED, UNCHANGED, OLDER, REFUSED = "new", "replaced", "unchanged", "older", "refused"


class Collected(NamedTuple):
    """What became of one student's files."""

    student: str
    outcome: str  # NEW, REPLACED, UNCHANGED, OLDER or REFUSED
    notes: tuple[str, ...] = ()  # sentences for the instructor


def collect(
    course: Course,
    assignment: str,
    paths: list[Path],
    *,
    names: Path | None = None,
    force: bool = False,
    tell: Callable[[Collected], None] = lambda one: None,
    expect: Callable[[int], None] = lambda number: None,
) -> list[Collected]:
    """Collect the submissions to ``assignment`` from folders and archives.

    Args:
        course: the course to work on.
        assignment: the exercise that all files are for.
        paths: folders, or zip archives of an LMS.
        names: a table (CSV) of two columns: the LMS's name or number, and the student here.
        force: let an older submission take the place of a newer one.
        tell: called with each student's outcome as soon as it is there.
        expect: called with the number of students that were found.

    Raises:
        GraderError: no such exercise, or a table of names that cannot be read.
    """
    (assignment,) = course.choose([assignment])
    table = _read_names(names) if names else {}
    expected = expected_notebooks(course, assignment)
    results: list[Collected] = []

    def say(one: Collected) -> None:
        results.append(one)
        tell(one)

    with course_lock(course):
        for path in paths:
            try:
                found = _sort(path, assignment, expected, table, say)
            except Refused as error:
                say(Collected(str(path), REFUSED, (f"nothing was collected: {error}.",)))
                continue
            expect(len(found))
            whole = Budget(MAX_ENTRIES, MAX_CLASS_BYTES)
            for student, files in sorted(found.items()):
                say(_collect_one(course, assignment, student, files, expected, whole, force))
    return results


def expected_notebooks(course: Course, assignment: str) -> set[str]:
    """Return the file names of the notebooks of an exercise, released or not."""
    released = {path.name for path in (course.source / assignment).glob("*.ipynb")}
    folder = course.solutions / assignment
    written = {path.stem for path in folder.glob("*.ipynb")} | {
        path.stem for path in folder.glob("*.md") if path.read_text("utf-8").startswith("---\n")
    }
    return released or {f"{name}.ipynb" for name in written}


def _read_names(path: Path) -> dict[str, str]:
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        raise GraderError(f"{path}: the table of names cannot be read ({error}).") from error
    table = {}
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if any(cells):
            if len(cells) != 2 or not all(cells) or _bad_student(cells[1]):
                raise GraderError(
                    f"{path}, line {number}: expected two columns, the name or number in the LMS "
                    f"and the student here, got {', '.join(row)!r}."
                )
            table[cells[0]] = cells[1]
    return table


# --- the students' files


def _sort(
    path: Path,
    assignment: str,
    expected: set[str],
    table: dict[str, str],
    say: Callable[[Collected], None],
) -> dict[str, list[Entry]]:
    """Return the entries of ``path`` by student, their paths without the student's part."""
    if not path.exists():
        raise Refused("there is no such file or folder")
    entries = list(entries_of(path))
    if has_wrapper((one.parts for one in entries), assignment, expected):
        entries = [one._replace(parts=one.parts[1:]) for one in entries]
    owners: list[tuple[Owner, Entry]] = []
    for entry in entries:
        owner = owner_of(entry.parts, assignment)
        if owner is None:
            fault = entry.fault or (
                "no student can be read from its name; expected STUDENT/NAME.ipynb, STUDENT.zip, "
                "or the names that Moodle or Canvas give"
            )
            note = f"not collected: {fault}."
            say(Collected("/".join(entry.parts)[:100], REFUSED, (note,)))
        else:
            owners.append((owner, entry._replace(parts=owner.rest)))
    numbers: dict[str, set[str]] = {}
    for owner, _ in owners:
        numbers.setdefault(owner.student, set()).add(owner.number)
    found: dict[str, list[Entry]] = {}
    for owner, entry in owners:
        student = next((table[key] for key in owner.keys if key in table), owner.student)
        if student == owner.student and len(numbers[student]) > 1:  # of one name, or anonymous
            student = f"{student}_{owner.number}"
        found.setdefault(student, []).append(entry)
    return found


def _bad_student(student: str) -> str:
    """Return why ``student`` cannot be the name of a folder, or ''."""
    if student in ("", ".", "..") or student[0] == "." or student != student.strip():
        return "is no name for a folder"
    if any(letter in '*?[]/\\:<>"|' or ord(letter) < 32 for letter in student):
        return "has a letter that no folder's name may have"
    return "is too long" if len(student.encode("utf-8", "replace")) > 150 else ""


# --- one student


def _collect_one(
    course: Course,
    assignment: str,
    student: str,
    entries: list[Entry],
    expected: set[str],
    whole: Budget,
    force: bool,
) -> Collected:
    """Put one student's files in their place, or say why not."""
    course.submitted.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".collecting-", dir=course.submitted))
    staging.chmod(0o755)
    try:
        if fault := _bad_student(student):
            raise Refused(f"the student's name {fault}; give another one in a table (--names FILE)")
        _refuse_twins(course, student)
        budget = Budget()
        files, notes = choose(unpack(entries, staging, budget, whole), expected)
        for name, (place, _) in files.items():
            target = staging / "made" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            place.replace(target)
        times = [when for _, when in files.values() if when]
        when = max(times, default=datetime.now(UTC))
        outcome, more = _place(course, student, assignment, staging / "made", when, force)
        return Collected(student, outcome, (*notes, *more))
    except Refused as error:
        return Collected(student, REFUSED, (f"not collected: {error}.",))
    except OSError as error:
        return Collected(student, REFUSED, (f"not collected: the system says {error}.",))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _refuse_twins(course: Course, student: str) -> None:
    for path in course.submitted.iterdir():
        if path.name != student and folded((path.name,)) == folded((student,)):
            raise Refused(
                f"there is a student {path.name} already, and some systems take the two names "
                "for one; give another one in a table (--names FILE)"
            )


def _place(
    course: Course, student: str, assignment: str, new: Path, when: datetime, force: bool
) -> tuple[str, list[str]]:
    """Put the folder ``new`` in its place; what was there goes to the history."""
    target = course.submitted / student / assignment
    outcome, notes = NEW, []
    if target.exists():
        if _content(target) == _content(new):
            return UNCHANGED, []
        before = collected_at(target)
        if before and when < before and not force:
            return OLDER, [
                f"not collected: the submission that is there is newer ({before:%Y-%m-%d %H:%M} "
                f"and not {when:%Y-%m-%d %H:%M} UTC); to replace it all the same, add --force."
            ]
        kept = course.submitted / ".history" / student / assignment
        kept.mkdir(parents=True, exist_ok=True)
        number = 1 + sum(1 for _ in kept.iterdir())
        while (kept / f"{number:03d}").exists():
            number += 1
        target.replace(kept / f"{number:03d}")
        outcome = REPLACED
        notes.append(f"the earlier submission is kept in {kept / f'{number:03d}'}.")
    write_whole(new / TIMESTAMP, f"{when:{_TIME}}\n".encode())
    target.parent.mkdir(parents=True, exist_ok=True)
    new.replace(target)
    return outcome, notes


def _content(folder: Path) -> str:
    """Return the digest of all that was handed in."""
    parts = []
    for path in files_in(folder):
        if path.name != TIMESTAMP:
            parts += [path.relative_to(folder).as_posix().encode(), path.read_bytes()]
    return digest(*parts)


def collected_at(folder: Path) -> datetime | None:
    """Return the time of hand-in that a collector wrote into ``folder``, or None."""
    try:
        text = (folder / TIMESTAMP).read_text("utf-8")[:100].strip()
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except (OSError, ValueError):
        return None
