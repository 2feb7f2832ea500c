"""What students handed in: finding it, and saying what is wrong with it."""

import filecmp
import json
import os
import stat
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.utils import parse_utc

from autograder.course import Course, GraderError, digest, digest_folder

LARGEST = 20_000_000  # bytes of one notebook, and of all that is handed in
LONGEST = 1_000_000  # characters of all cells of a notebook, without their outputs
MOST_FILES = 100
MOST_NAMED, LONGEST_NAME = 5, 60  # of the files that were not read
HARMLESS = {".ds_store", "thumbs.db", "desktop.ini", "__macosx", ".ipynb_checkpoints"}

_KINDS = {
    b"PK": "a Word document, a spreadsheet or a zip archive",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<": "a web page",
}


class Submission(NamedTuple):
    """One student's answer to one assignment."""

    student: str
    assignment: str
    folder: Path

    @property
    def key(self) -> str:
        """The name of this submission in records."""
        return f"{self.student}/{self.assignment}"

    def stamp(self, tests: str) -> str:
        """Return what changes when the submission or its ``tests`` change."""
        if _too_much(self.folder):
            return digest(
                b"too much", str(self.folder.lstat().st_mtime_ns).encode(), tests.encode()
            )
        try:
            return digest(digest_folder(self.folder).encode(), tests.encode())
        except OSError as error:
            return digest(b"cannot be read", str(error).encode(), tests.encode())


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


def strangers(course: Course, known: list[str]) -> list[str]:
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


def objection(course: Course, submission: Submission) -> str:
    """Return why ``submission`` cannot be graded, in one sentence for the student, or ''."""
    if any(mark in submission.student for mark in "*?["):  # nbgrader takes these for patterns
        return "The name of the submission's folder has one of * ? [ in it: ask for another name."
    if _too_much(submission.folder):
        return (
            f"More than {MOST_FILES} files or {LARGEST / 1e6:.0f} MB were handed in: hand in the "
            "notebook alone."
        )
    try:
        return _objection(course, submission)
    except OSError as error:
        return f"What was handed in cannot be read ({error.strerror}): hand it in again."


def _objection(course: Course, submission: Submission) -> str:
    for path in submission.folder.rglob("*"):
        if not stat.S_ISREG(path.lstat().st_mode) and not stat.S_ISDIR(path.lstat().st_mode):
            name = _printable(path.relative_to(submission.folder))
            return f"{name} is a link or a device and not a file: hand in the files themselves."
    expected = sorted((course.source / submission.assignment).glob("*.ipynb"))
    present = [path for path in expected if _exists(submission.folder / path.name)]
    if not present:
        others = ", ".join(sorted(map(_printable, submission.folder.iterdir()))) or "nothing"
        wanted = " and ".join(path.name for path in expected)
        return f"Expected the notebook {wanted}, got {others}: hand in the notebook by this name."
    for path in present:
        fault = _fault(submission.folder / path.name, path)
        if fault:
            return f"{path.name} {fault}"
    return ""


def not_read(course: Course, submission: Submission) -> str:
    """Return a sentence on the files that the assignment does not name, or ''.

    Those that systems leave behind, and released files as they were, are nothing to speak of.
    """
    if _too_much(submission.folder):
        return ""
    source = course.source / submission.assignment
    named = {path.name for path in source.glob("*.ipynb")} | {"timestamp.txt"}
    found = []
    for path in sorted(submission.folder.rglob("*")):
        inside = path.relative_to(submission.folder)
        if path.is_dir() or str(inside) in named or any(map(_harmless, inside.parts)):
            continue
        if not _same(path, course.release / submission.assignment / inside):
            found.append(_short(inside))
    if not found:
        return ""
    more = len(found) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"Not read, as the exercise does not ask for it: {', '.join(found[:MOST_NAMED])}{rest}."


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
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _printable(path: Path) -> str:
    """Return the name of a file, which need not be text."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _too_much(folder: Path) -> bool:
    """Return whether there are more files, or larger ones, than anybody hands in."""
    number = size = 0
    for place, folders, files in os.walk(folder):
        number += len(folders) + len(files)
        if number > MOST_FILES:
            return True
        size += sum(os.lstat(os.path.join(place, name)).st_size for name in files)
    return size > 2 * LARGEST


def read_submitted(path: Path) -> nbformat.NotebookNode:
    """Return the notebook in ``path``, which must be a file and no link."""
    notebook: nbformat.NotebookNode = _parsed(read_regular(path, LARGEST + 1))
    return notebook


def time_in(folder: Path) -> datetime | None:
    """Return the time, in UTC, that the file timestamp.txt of ``folder`` gives, or None."""
    try:
        text = read_regular(folder / "timestamp.txt", 100).decode().strip()
        return datetime.fromisoformat(str(parse_utc(text)))
    except (OSError, ValueError, OverflowError, TypeError, AttributeError):
        return None


def read_regular(path: Path, most: int) -> bytes:
    """Return the first ``most`` bytes of a file that is neither a link nor a device.

    Raises:
        OSError: it is one, or cannot be read.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path.name}: not a file")
        return file.read(most)


def _parsed(content: bytes) -> Any:
    """Return the notebook in ``content``, brought to the present form."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook = nbformat.reads(content.decode(), as_version=4)
        for cell in notebook.cells:  # outputs and ids are made anew; what they say is nothing
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            cell.pop("attachments", None)
            cell.pop("id", None)
        notebook.nbformat_minor = 4
        nbformat.validate(notebook)
    return notebook


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _fault(path: Path, source: Path) -> str:
    """Return what is wrong with the notebook ``path`` to the exercise ``source``, or ''."""
    again = "open your work in JupyterLab, save it, and hand in that file."
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return "is a link or a folder and not a file: hand in the notebook itself."
    if status.st_size > LARGEST:
        return (
            f"has {status.st_size / 1e6:.0f} MB and at most {LARGEST / 1e6:.0f} MB are read: "
            "clear the outputs of its cells, save it, and hand it in again."
        )
    content = path.read_bytes()
    if not content.strip():
        return f"is empty: {again}"
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        kind = next((name for mark, name in _KINDS.items() if content.startswith(mark)), "")
        return f"is not a notebook{f' but {kind}' if kind else ''}: {again}"
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        return f"is not a notebook: {again}"
    try:
        notebook = _parsed(content)
    except Exception as error:
        first = str(error).strip().split("\n")[0][:200]
        return f"is a damaged notebook ({first}): {again}"
    return _strange_cells(notebook, source)


def _strange_cells(notebook: nbformat.NotebookNode, source: Path) -> str:
    """Return what speaks against ``notebook`` being an answer to ``source``, or ''."""
    length = sum(len(cell.source) for cell in notebook.cells)
    if length > LONGEST:
        return (
            f"has cells of {length:,} characters and at most {LONGEST:,} are read: take out what "
            "is not part of your answers, and hand it in again."
        )
    wanted = _grade_ids(nbformat.read(source, as_version=4))
    if wanted and not wanted & _grade_ids(notebook):
        return "has no cell of this exercise: begin with the released notebook, and hand in that."
    return ""


def _grade_ids(notebook: nbformat.NotebookNode) -> set[str]:
    found = (cell.metadata.get("nbgrader") for cell in notebook.cells)
    return {str(mark.get("grade_id")) for mark in found if isinstance(mark, dict)} - {"None"}
