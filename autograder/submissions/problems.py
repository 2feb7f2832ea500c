"""Problems: why what was handed in cannot be graded, in one sentence for the student."""

import json
import os
import stat
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.cells import mark_of

MAX_NOTEBOOK_BYTES = 20_000_000  # of one notebook, and half of what all that is handed in may have
MAX_CHARACTERS = 1_000_000  # of all cells of a notebook, without their outputs
MAX_FILES = 100
AGAIN = "open your work in JupyterLab, save it, and hand in that file."

_KINDS = {
    b"PK": "a Word document, a spreadsheet or a zip archive",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"<": "a web page",
}


class Problem(Exception):
    """Why a submission cannot be graded; the message is the sentence."""


def read_notebooks(folder: Path, sources: list[Path]) -> dict[str, NotebookNode]:
    """Return by name the notebooks in ``folder`` that answer the exercise's ``sources``.

    Raises:
        Problem: something in the folder cannot be graded.
        OSError: something in it cannot be read.
    """
    for path in folder.rglob("*"):
        if not stat.S_ISREG(path.lstat().st_mode) and not stat.S_ISDIR(path.lstat().st_mode):
            name = _printable(path.relative_to(folder))
            raise Problem(
                f"{name} is a link or a device and not a file: hand in the files themselves."
            )
    present = [path for path in sources if os.path.lexists(folder / path.name)]
    if not present:
        others = ", ".join(sorted(map(_printable, folder.iterdir()))) or "nothing"
        wanted = " and ".join(path.name for path in sources)
        raise Problem(
            f"Expected the notebook {wanted}, got {others}: hand in the notebook by this name."
        )
    return {path.stem: _read_notebook(folder / path.name, path) for path in present}


def _read_notebook(path: Path, source: Path) -> NotebookNode:
    """Return the notebook in ``path``, an answer to the exercise ``source``."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise Problem(
            f"{path.name} is a link or a folder and not a file: hand in the notebook itself."
        )
    if status.st_size > MAX_NOTEBOOK_BYTES:
        raise Problem(
            f"{path.name} has {status.st_size / 1e6:.0f} MB and at most "
            f"{MAX_NOTEBOOK_BYTES / 1e6:.0f} MB are read: clear the outputs of its cells, save it, "
            "and hand it in again."
        )
    content = read_regular(path, MAX_NOTEBOOK_BYTES + 1)
    if fault := _problem_of_content(content):
        raise Problem(f"{path.name} {fault}: {AGAIN}")
    try:
        notebook = _parsed(content)
    except Exception as error:
        first = str(error).strip().split("\n")[0][:200]
        raise Problem(f"{path.name} is a damaged notebook ({first}): {AGAIN}") from error
    if fault := _problem_of_cells(notebook, source):
        raise Problem(f"{path.name} {fault}")
    return notebook


def _problem_of_content(content: bytes) -> str:
    """Return why ``content`` is not a notebook at all, or ''."""
    if not content.strip():
        return "is empty"
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        kind = next((name for mark, name in _KINDS.items() if content.startswith(mark)), "")
        return f"is not a notebook{f' but {kind}' if kind else ''}"
    known = isinstance(raw, dict) and isinstance(raw.get("nbformat"), int)
    return "" if known else "is not a notebook"


def _parsed(content: bytes) -> NotebookNode:
    """Return the notebook in ``content``, brought to the present form."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook: NotebookNode = nbformat.reads(content.decode(), as_version=4)
        for cell in notebook.cells:  # outputs and ids are made anew; what they say is nothing
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            cell.pop("attachments", None)
            cell.pop("id", None)
        notebook.nbformat_minor = 4
        nbformat.validate(notebook)
    return notebook


def _problem_of_cells(notebook: NotebookNode, source: Path) -> str:
    """Return what speaks against ``notebook`` being an answer to ``source``, or ''."""
    length = sum(len(cell.source) for cell in notebook.cells)
    if length > MAX_CHARACTERS:
        return (
            f"has cells of {length:,} characters and at most {MAX_CHARACTERS:,} are read: take out "
            "what is not part of your answers, and hand it in again."
        )
    wanted = _grade_ids(nbformat.read(source, as_version=4))
    if wanted and not wanted & _grade_ids(notebook):
        return "has no cell of this exercise: begin with the released notebook, and hand in that."
    return ""


def _grade_ids(notebook: NotebookNode) -> set[str]:
    return {str(mark_of(cell).get("grade_id")) for cell in notebook.cells} - {"None"}


def is_too_much(folder: Path) -> bool:
    """Return whether there are more files, or larger ones, than anybody hands in."""
    number = size = 0
    for place, folders, files in os.walk(folder):
        number += len(folders) + len(files)
        if number > MAX_FILES:
            return True
        size += sum(os.lstat(os.path.join(place, name)).st_size for name in files)
    return size > 2 * MAX_NOTEBOOK_BYTES


def read_regular(path: Path, most: int) -> bytes:
    """Return the first ``most`` bytes of a file that is neither a link nor a device.

    Raises:
        OSError: it is one, or cannot be read.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path.name}: not a file")
        return file.read(most)


def _printable(path: Path) -> str:
    """Return the name of a file, which need not be text."""
    return os.fsencode(path.name).decode("utf-8", "replace")
