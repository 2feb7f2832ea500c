"""What a student may see of a graded notebook: points and messages, never a hidden test."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbgrader import utils

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
REMOVED = "[a line of a hidden test was removed here]"
LONG_ENOUGH = 10  # characters; shorter lines of a test, such as "else:", give nothing away
WAITING = "A person reads this answer; it has no points yet."
MOST = 1000  # characters of a message
MOST_SHOWN = 40_000  # characters of a student's cells, and of their outputs, on one page
MOST_MARKDOWN = 8_000  # of one piece of Markdown: some texts take a time that grows as the square
LEFT_OUT = "\n[the rest is too long, and is left out of this page]"

_OWN_CELL = re.compile(r"<cell[ -]\d+>")
_WORD = re.compile(r"[^\s:'\"]+")
_LIBRARY = re.compile(r"/(?:site-packages|lib/python3\.\d+)/")
_HOMES = sorted(
    {sys.prefix, sys.base_prefix, tempfile.gettempdir(), str(Path.home()), str(Path.cwd())} - {"/"},
    key=len,
    reverse=True,
)


def enter_scores(nb: NotebookNode, entry: Any) -> dict[str, Any]:
    """Put the scores and comments of the gradebook into ``nb``; return those of the whole."""
    grades = {grade.name: grade for grade in entry.grades}
    comments = {comment.name: comment.comment for comment in entry.comments}
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader")
        if not mark:
            continue
        name = mark["grade_id"]
        if name in comments:
            mark["comment"] = comments[name]
        if name in grades:
            grade = grades[name]
            mark["score"], mark["points"] = grade.score, grade.max_score
            if grade.needs_manual_grade and grade.manual_score is None:
                cell.metadata["outcome"] = WAITING
    penalty = entry.late_submission_penalty or 0
    return {
        "score": entry.score - penalty,
        "max_score": entry.max_score,
        "late_penalty": penalty,
    }


def hide_tests(nb: NotebookNode) -> None:
    """Strip hidden tests from sources and outputs; set ``cell.metadata.outcome``."""
    secrets = hidden_lines(nb)
    heading = ""
    room = _Room(MOST_SHOWN), _Room(MOST_SHOWN)
    for cell in nb.cells:
        heading = _heading(cell) or heading
        if not utils.is_locked(cell):
            cell.source = room[0].fit(cell.source, markdown=cell.cell_type == "markdown")
        if _is_test(cell):
            cell.metadata["outcome"] = _outcome(cell, secrets)
            cell.source, cell.outputs = visible_part(cell.source), []
        elif cell.cell_type == "code":
            cell.outputs = [_cleaned(_fitted(one, room[1]), secrets) for one in cell.outputs]
        if utils.is_grade(cell):
            cell.metadata["question"] = heading


class _Room:
    """The room that is left on a page."""

    def __init__(self, most: int) -> None:
        self.left = most

    def fit(self, text: str, *, markdown: bool = False) -> str:
        """Return as much of ``text`` as there is room for."""
        most = min(self.left, MOST_MARKDOWN) if markdown else self.left
        self.left -= min(most, len(text))
        return text if len(text) <= most else text[:most] + LEFT_OUT


def _fitted(output: NotebookNode, room: _Room) -> NotebookNode:
    """Return an output of a student's cell, cut to the room that is left."""
    if output.output_type == "stream":
        output.text = room.fit(output.text)
    elif output.output_type == "error":
        output.traceback = room.fit("\n".join(output.traceback)).split("\n")
    else:
        for kind in output.data:
            if not kind.startswith("image/"):
                output.data[kind] = room.fit(
                    str(output.data[kind]), markdown=kind == "text/markdown"
                )
    return output


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

    def tells(part: str) -> bool:
        squeezed = _squeezed(part)
        return any(secret in squeezed for secret in secrets)

    if not tells(text):
        return text
    lines = text.split("\n")
    kept = [REMOVED if tells(line) else line for line in lines]
    if kept == lines:  # the repeated line was broken into several
        return REMOVED
    return "\n".join(kept)


def _outcome(cell: NotebookNode, secrets: list[str]) -> str:
    """Return in words why the test cell failed, or '' when it did not."""
    found = cell.metadata.get("autograder") or {}
    if "text" not in found:
        whole = cell.metadata.nbgrader.get("score") == cell.metadata.nbgrader.get("points")
        return "" if whole else "Some of the tests in this cell did not pass."
    text = _scrubbed(_message(found))
    # What the test itself says is meant for the student; what student code says is not trusted.
    return _bounded(text if found.get("own") else _without(text, secrets))


def _message(found: dict[str, Any]) -> str:
    kind, text = found.get("type", ""), str(found["text"]).strip()
    if found.get("own") or not kind:
        return text or "A test of this cell did not pass."
    where = (
        " (line {} of the cell with your function {})".format(*found["where"])
        if found.get("where")
        else ""
    )
    if kind == "Withheld" or (kind == "NotImplementedError" and text):
        return text[0].upper() + text[1:] + where
    return f"{kind}: {text}{where}"


def _bounded(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST]} …"


def _scrubbed(text: str) -> str:
    """Return ``text`` without the places of this machine."""
    text = _WORD.sub(_shortened, _OWN_CELL.sub("your cell", text))
    for place in _HOMES:
        text = text.replace(f"{place}/", "…/")
    return text


def _shortened(word: re.Match[str]) -> str:
    """Return a word with what leads to Python's libraries taken out."""
    text = word[0]
    start = min((place for place in map(text.find, "~/") if place >= 0), default=0)
    ends = [found.end() for found in _LIBRARY.finditer(text, start + 1)]
    return f"{text[:start]}…/{text[ends[-1] :]}" if ends else text


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
