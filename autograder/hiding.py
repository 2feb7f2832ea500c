"""What a student may see of a graded notebook: points and messages, never a hidden test."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
REMOVED = "[a line of a hidden test was removed here]"
LONG_ENOUGH = 10  # characters; shorter lines of a test, such as "else:", give nothing away
WAITING = "A person reads this answer; it has no points yet."
MOST = 1000  # characters of a message

_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)(?:, in (\w+))?")
_OWN_CELL = re.compile(r"/\S*ipykernel_\d+/\d+\.py")
_LIBRARY = re.compile(r"[~/][^\s:'\"]*/(?:site-packages|lib/python3\.\d+)/")
_HOMES = sorted(
    {sys.prefix, sys.base_prefix, tempfile.gettempdir(), str(Path.home()), str(Path.cwd())} - {"/"},
    key=len,
    reverse=True,
)

Resources = dict[str, Any]


class ForgiveWarnings(NbGraderPreprocessor):  # type: ignore[misc]
    """Takes stderr out of test cells, where nbgrader would count it as a failure."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, index: int
    ) -> tuple[NotebookNode, Resources]:
        """Keep the outputs of a test cell that are not on stderr."""
        if _is_test(cell):
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        return cell, resources


class HideTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Replaces what a test cell printed and raised by its outcome in words."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Strip hidden tests from sources and outputs; set ``cell.metadata.outcome``."""
        secrets = hidden_lines(nb)
        answers = {cell.get("execution_count"): cell for cell in nb.cells if not _is_test(cell)}
        heading = ""
        for cell in nb.cells:
            heading = _heading(cell) or heading
            if _is_test(cell):
                cell.metadata["outcome"] = _outcome(cell, answers, secrets)
                cell.source, cell.outputs = visible_part(cell.source), []
            elif cell.cell_type == "code":
                cell.outputs = [_cleaned(output, secrets) for output in cell.outputs]
            if utils.is_grade(cell):
                cell.metadata["question"] = heading
        resources["lost_cells"] = _compare(nb, resources["nbgrader"])
        return nb, resources


def _compare(nb: NotebookNode, where: dict[str, str]) -> list[dict[str, Any]]:
    """Mark the cells that wait for a person; return the graded cells that ``nb`` has lost."""
    present = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if utils.is_grade(cell)}
    with Gradebook(where["db_url"]) as gradebook:
        notebook = gradebook.find_submission_notebook(
            where["notebook"], where["assignment"], where["student"]
        )
        for grade in notebook.grades:
            unread = grade.needs_manual_grade and grade.manual_score is None
            if unread and grade.name in present:
                present[grade.name].metadata["outcome"] = WAITING
        return [
            {"name": grade.name, "score": grade.score, "points": grade.max_score}
            for grade in notebook.grades
            if grade.name not in present
        ]


def _is_test(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def _heading(cell: NotebookNode) -> str:
    """Return the last heading in a cell of text, or ''."""
    if cell.cell_type != "markdown":
        return ""
    found = re.findall(r"^#{1,6} +(.+?)\s*#*$", cell.source, flags=re.MULTILINE)
    return found[-1] if found else ""


def visible_part(source: str) -> str:
    """Return ``source`` without its hidden tests; a region left open hides all that follows."""
    kept, hidden = [], False
    for line in source.split("\n"):
        if BEGIN in line:
            hidden = True
        elif END in line:
            hidden = False
        elif not hidden:
            kept.append(line)
    return "\n".join(kept).strip("\n")


def hidden_lines(nb: NotebookNode) -> list[str]:
    """Return the lines of hidden tests, without white space, that appear nowhere else."""
    everything, shown = set(), set()
    for cell in nb.cells:
        visible = visible_part(cell.source) if _is_test(cell) else cell.source
        everything |= {_squeezed(line) for line in cell.source.split("\n")}
        shown |= {_squeezed(line) for line in visible.split("\n")}
    return sorted(line for line in everything - shown if len(line) >= LONG_ENOUGH)


def _squeezed(text: str) -> str:
    return re.sub(r"\s|\\[ntr]", "", strip_ansi(text)).replace("\\", "")


def _without(text: str, secrets: list[str]) -> str:
    """Return ``text`` with every line that repeats one of ``secrets`` taken out."""
    if not any(secret in _squeezed(text) for secret in secrets):
        return text
    lines = text.split("\n")
    kept = [REMOVED if any(s in _squeezed(line) for s in secrets) else line for line in lines]
    if kept == lines:  # the repeated line was broken into several
        return REMOVED
    return "\n".join(kept)


def _outcome(
    cell: NotebookNode, answers: dict[int | None, NotebookNode], secrets: list[str]
) -> str:
    """Return in words why the test cell failed, or '' when it did not."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        whole = cell.metadata.nbgrader.get("score") == cell.metadata.nbgrader.get("points")
        return "" if whole else "Some of the tests in this cell did not pass."
    error = next((e for e in errors if e.ename == "CellTimeoutError"), errors[0])
    text = _scrubbed(_message(error) + _where(error, answers))
    # What the test itself says is meant for the student; what student code says is not trusted.
    return _bounded(text if _raised_by(cell, error) else _without(text, secrets))


def _frames(error: NotebookNode) -> list[tuple[int, int, str]]:
    """Return the cell, line and function of each frame of a traceback, innermost last."""
    found = _FRAME.findall(strip_ansi("\n".join(error.traceback)))
    return [(int(cell), int(line), name) for cell, line, name in found]


def _raised_by(cell: NotebookNode, error: NotebookNode) -> bool:
    return [frame[0] for frame in _frames(error)][-1:] == [cell.execution_count]


def _message(error: NotebookNode) -> str:
    text = str(error.evalue).strip()
    if error.ename == "CellTimeoutError":
        return "Your code took too long and was stopped."
    if error.ename == "AssertionError":
        return text or "A test of this cell did not pass."
    if error.ename == "NotImplementedError" and text:
        return text[0].upper() + text[1:]
    return f"{error.ename}: {text}"


def _where(error: NotebookNode, answers: dict[int | None, NotebookNode]) -> str:
    """Return which line of the student's own code raised ``error``, or ''."""
    if error.ename in ("AssertionError", "CellTimeoutError"):
        return ""
    own = [(line, name) for number, line, name in _frames(error) if number in answers and name]
    return " (line {} of the cell with your function {})".format(*own[-1]) if own else ""


def _bounded(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST]} …"


def _scrubbed(text: str) -> str:
    """Return ``text`` without the places of this machine."""
    text = _LIBRARY.sub("…/", _OWN_CELL.sub("your cell", text))
    for place in _HOMES:
        text = text.replace(f"{place}/", "…/")
    return text


def _cleaned(output: NotebookNode, secrets: list[str]) -> NotebookNode:
    """Return one output of a student's cell without hidden tests and places."""

    def clean(text: Any) -> Any:
        return _without(_scrubbed(text), secrets) if isinstance(text, str) else text

    if output.output_type == "stream":
        output.text = clean(output.text)
    elif output.output_type == "error":
        output.evalue = clean(output.evalue)
        output.traceback = clean("\n".join(output.traceback)).split("\n")
    else:
        for kind in output.data:
            if not kind.startswith("image/") or kind.endswith("svg+xml"):
                output.data[kind] = clean(output.data[kind])
    return output
