"""Recording: a graded submission's notebook, and its scores in the gradebook."""

from datetime import datetime
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import MissingEntry

from autograder.cells import TEST, Outcome, Step, mark_of
from autograder.course import Course
from autograder.files import write_whole
from autograder.gradebook.transactions import one_transaction
from autograder.grading.rebuild import Rebuilt
from autograder.submissions.files import Submission

MAX_OUTPUT = 2_000_000  # bytes of a student's output in a graded notebook


def write_notebook(
    course: Course, submission: Submission, name: str, rebuilt: Rebuilt, outcomes: list[Outcome]
) -> NotebookNode:
    """Write the graded notebook, with what its cells showed; return it."""
    notebook = rebuilt.notebook
    room = MAX_OUTPUT
    for cell, step, outcome in zip(notebook.cells, rebuilt.steps, outcomes):
        if cell.cell_type == "code":
            outputs = _outputs(outcome, step)
            room -= sum(len(str(one)) for one in outputs)
            note = "[left out: the outputs of this notebook are too large]\n"
            left_out = new_output("stream", name="stdout", text=note)
            cell.outputs = outputs if room > 0 else [left_out]
            cell.execution_count = None
        if step["kind"] == TEST:
            cell.metadata["autograder"] = {
                key: outcome[key] for key in ("score", "type", "text", "where", "own")
                if key in outcome
            }  # fmt: skip
    path = course.autograded / submission.student / submission.assignment / f"{name}.ipynb"
    write_whole(path, nbformat.writes(notebook).encode("utf-8", "replace"))
    return notebook


def _outputs(outcome: Outcome, step: Step) -> list[NotebookNode]:
    """Return what a cell showed, in the form of a notebook's outputs."""
    make: Any = new_output
    found = []
    streams = {"stdout": outcome.get("stdout"), "stderr": outcome.get("stderr")}
    for stream, printed in streams.items():
        if printed and step["kind"] != TEST:
            found.append(make("stream", name=stream, text=printed))
    for one in outcome.get("shown", ()):
        more = {"execution_count": None} if one["kind"] == "execute_result" else {}
        found.append(make(one["kind"], data=one["data"], **more))
    error = outcome.get("error")
    if step["kind"] == TEST and "text" in outcome:
        error = {"type": outcome.get("type", "Failed"), "text": outcome["text"]}
    if error:
        lines = error.get("traceback") or f"{error['type']}: {error['text']}"
        found.append(
            make("error", ename=error["type"], evalue=error["text"], traceback=lines.split("\n"))
        )
    return found


def save_scores(
    gradebook: Any,
    submission: Submission,
    found: dict[str, tuple[Rebuilt, list[Outcome]]],
    time: datetime | None,
) -> None:
    """Put the scores of all notebooks into the gradebook; a person's own stay as they are.

    A notebook that is not among ``found`` was not handed in, or cannot be read: it gets zeros.
    The time of hand-in is what the collector wrote, or nothing. The time of the file would do, but
    nbgrader's grading page takes a submission with another time than in timestamp.txt for not
    graded.
    """
    with one_transaction(gradebook):
        gradebook.update_or_create_student(submission.student)
        entry = gradebook.update_or_create_submission(
            submission.assignment, submission.student, timestamp=str(time) if time else None
        )
        for notebook in entry.notebooks:
            scores = _scores(*found[notebook.name]) if notebook.name in found else {}
            for grade in notebook.grades:
                score, waits = scores.get(grade.name, (0.0, False))
                grade.auto_score = score
                grade.needs_manual_grade = waits or (
                    grade.manual_score is not None and notebook.name in found
                )
            for comment in notebook.comments:
                empty = comment.name in scores and scores[comment.name] == (0.0, False)
                comment.auto_comment = "No response." if empty else None


def _scores(rebuilt: Rebuilt, outcomes: list[Outcome]) -> dict[str, tuple[float | None, bool]]:
    """Return for each graded cell its score, and whether a person must give one."""
    made: dict[str, tuple[float | None, bool]] = {}
    for cell, step, outcome in zip(rebuilt.notebook.cells, rebuilt.steps, outcomes):
        mark = mark_of(cell)
        if step["kind"] == TEST:
            made[mark["grade_id"]] = float(outcome["score"]), False
        elif mark.get("solution") or mark.get("task"):
            silent = step.get("unanswered", False) and not mark.get("task")
            if mark.get("grade") or mark.get("task"):
                made[mark["grade_id"]] = (0.0, False) if silent else (None, True)
            elif silent:
                made[mark["grade_id"]] = (0.0, False)
    return made


def points_of(gradebook: Any, submission: Submission) -> tuple[float, float] | None:
    """Return the points of ``submission`` and their maximum; None when there are none yet."""
    try:
        entry = gradebook.find_submission(submission.assignment, submission.student)
    except MissingEntry:
        return None
    return float(entry.score), float(entry.max_score)
