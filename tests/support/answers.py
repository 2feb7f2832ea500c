"""The questions of the exercises, and answers to them run through their test cells.

``tests/chapters/<slug>/<question>.py`` holds answers to one question, each under a line

    # %% right: how it was written
    # %% wrong: the slip | words of the message that must name it

A question is a solution cell of ``solutions/<slug>/<slug>.md``; its test cells are the graded
cells whose names begin with its own. Every answer runs in a fork of its own, after the locked
cells that need no answer. To try one's answers by hand:

    python -m tests.support.answers mixtures [question …]
"""

import ast
import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
from nbformat import NotebookNode

from tests.support.paths import ROOT

SLUGS = sorted(path.stem for path in ROOT.glob("solutions/*/*.md") if path.stem == path.parent.name)
HEADING = re.compile(r"^# %% (right|wrong): ([^|\n]+?)(?: \| (.+))?$", re.MULTILINE)
LIMIT = 120  # seconds for one answer


class Answer(NamedTuple):
    """One answer to one question; ``message`` is what a wrong one must be told."""

    kind: str
    title: str
    message: str
    source: str


class Question(NamedTuple):
    """A solution cell and the test cells that belong to it."""

    name: str
    cell: NotebookNode
    tests: list[NotebookNode]


class Failure(NamedTuple):
    """What a test cell raised, and the cell and line that raised it."""

    cell: str
    kind: str
    message: str
    place: str
    line: int


class Outcome(NamedTuple):
    """What became of an answer: failures by test cell, and what the tests wrote to stderr."""

    failures: list[Failure]
    stderr: str


def source_of(slug: str) -> Path:
    """The MyST text of an exercise."""
    return ROOT / "solutions" / slug / f"{slug}.md"


@cache
def read_exercise(slug: str) -> NotebookNode:
    """The notebook of an exercise, with solutions and hidden tests."""
    return jupytext.read(source_of(slug), fmt="md:myst")


def mark(cell: NotebookNode, key: str) -> Any:
    """A field of nbgrader's metadata of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get(key)


def questions(slug: str) -> list[Question]:
    """The questions of an exercise, in order."""
    cells = read_exercise(slug).cells
    graded = [c for c in cells if mark(c, "grade") and not mark(c, "solution")]
    return [
        Question(name, cell, [c for c in graded if mark(c, "grade_id").startswith(f"{name}-")])
        for cell in cells
        if cell.cell_type == "code" and mark(cell, "solution")
        for name in [mark(cell, "grade_id")]
    ]


def given(slug: str) -> list[NotebookNode]:
    """The locked code cells that students neither write nor are graded by."""
    return [
        cell
        for cell in read_exercise(slug).cells
        if cell.cell_type == "code" and mark(cell, "locked") and not mark(cell, "grade")
    ]


def answers(slug: str, question: str) -> list[Answer]:
    """The answers written for a question, in order."""
    path = ROOT / "tests" / "chapters" / slug / f"{question}.py"
    text = path.read_text() if path.is_file() else ""
    found = list(HEADING.finditer(text))
    assert len(found) == text.count("# %%"), f"{path}: a line '# %%' of another form"
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [
        Answer(match[1], match[2], match[3] or "", text[match.end() : end].strip() + "\n")
        for match, end in zip(found, ends)
    ]


def every_answer(slug: str, question: Question) -> list[Answer]:
    """The solution that stands in the notebook, and then the answers of the file."""
    own = Answer("right", "the solution in the notebook", "", question.cell.source)
    return [own, *answers(slug, question.name)]


def asserts(cell: NotebookNode) -> list[tuple[ast.Assert, bool]]:
    """The asserts of a cell, each with whether it is a hidden one."""
    lines = cell.source.split("\n")
    begins = [n for n, line in enumerate(lines, 1) if "BEGIN HIDDEN TESTS" in line]
    ends = [n for n, line in enumerate(lines, 1) if "END HIDDEN TESTS" in line]
    return [
        (node, any(b < node.lineno < e for b, e in zip(begins, ends)))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Assert)
    ]


@cache
def outcomes(slug: str) -> dict[tuple[str, int], Outcome]:
    """What became of :func:`every_answer`, by name of the question and number of the answer."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.answers", "--json", slug],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"the answers to {slug} could not be run:\n{ran.stderr[-4000:]}"
    rows = json.loads(ran.stdout)
    return {
        (name, number): Outcome([Failure(*failure) for failure in failures], stderr)
        for name, number, failures, stderr in rows
    }


def run_cell(source: str, name: str, namespace: dict[str, Any]) -> Failure | None:
    """Run one cell; return what it raised."""
    try:
        exec(compile(source, f"<{name}>", "exec"), namespace)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        message = str(error)
        return Failure(
            name, type(error).__name__, message, frame.filename.strip("<>"), frame.lineno or 0
        )
    return None


def try_answer(question: Question, source: str, namespace: dict[str, Any]) -> Outcome:
    """Run an answer and then the tests of its question, in this process."""
    stderr = io.StringIO()
    failures = [run_cell(source, "answer", namespace)]
    with contextlib.redirect_stderr(stderr), contextlib.redirect_stdout(io.StringIO()):
        for cell in question.tests:
            failures.append(run_cell(cell.source, mark(cell, "grade_id"), namespace))
    return Outcome([failure for failure in failures if failure], stderr.getvalue())


def start(question: Question, source: str, namespace: dict[str, Any]) -> tuple[int, int]:
    """Begin :func:`try_answer` in a child process, so that answers cannot disturb each other."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(reader)
        signal.alarm(LIMIT)
        outcome = try_answer(question, source, namespace)
        with os.fdopen(writer, "w") as pipe:
            json.dump(outcome, pipe)
        os._exit(0)
    os.close(writer)
    return pid, reader


def finish(pid: int, reader: int) -> Outcome:
    """Wait for a child that was started, and return what it found."""
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    died = [["answer", "Died", f"no outcome after at most {LIMIT} s", "answer", 0]]
    failures, stderr = json.loads(text) if text else (died, "")
    return Outcome([Failure(*failure) for failure in failures], stderr)


def run_all(
    jobs: list[tuple[Question, int, Answer]], namespace: dict[str, Any]
) -> Iterator[Outcome]:
    """The outcomes of ``jobs`` in order, two children at a time."""
    running: deque[tuple[int, int]] = deque()
    for question, _, answer in jobs:
        if len(running) == 2:
            yield finish(*running.popleft())
        running.append(start(question, answer.source, namespace))
    while running:
        yield finish(*running.popleft())


def main(arguments: list[str]) -> None:
    """Run the answers of one exercise and report."""
    as_json = "--json" in arguments
    slug, *wanted = [argument for argument in arguments if argument != "--json"]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in given(slug):
        failure = run_cell(cell.source, mark(cell, "grade_id"), namespace)
        assert failure is None, failure
    jobs = [
        (question, number, answer)
        for question in questions(slug)
        if not wanted or question.name in wanted
        for number, answer in enumerate(every_answer(slug, question))
    ]
    results = list(run_all(jobs, namespace))
    if as_json:
        rows = [(job[0].name, job[1], *outcome) for job, outcome in zip(jobs, results)]
        print(json.dumps(rows))
        return
    for (question, _, answer), outcome in zip(jobs, results):
        print(f"{question.name}: {answer.kind}: {answer.title}")
        for failure in outcome.failures:
            print(f"    {failure.cell}: {failure.kind}: {failure.message}")
        for line in problems(answer, outcome):
            print(f"  * {line}")


def problems(answer: Answer, outcome: Outcome) -> list[str]:
    """What speaks against the tests, given what became of an answer."""
    said = [failure.message for failure in outcome.failures if failure.kind == "AssertionError"]
    found = []
    if answer.kind == "right":
        found += [f"a right answer fails: {failure}" for failure in outcome.failures]
        if outcome.stderr:
            found.append(f"the tests write to stderr, which nbgrader counts: {outcome.stderr}")
    elif not any(answer.message in text for text in said):
        found.append(f"no test says {answer.message!r}: {outcome.failures}")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
