"""The table of marks."""

import csv
import io
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry

from autograder.course import Course
from autograder.files import write_whole
from autograder.gradebook.nbgrader_api import open_gradebook

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def export(course: Course, assignments: list[str], target: Path) -> int:
    """Write the marks of ``assignments`` to ``target`` as CSV; return the number of rows.

    The columns are those of ``nbgrader export``; each student of the gradebook has one row
    per assignment, with 0 points where nothing was handed in.
    """
    with open_gradebook(course) as gradebook:
        rows = [
            _row(gradebook, assignment, student)
            for assignment in gradebook.assignments
            if assignment.name in assignments
            for student in sorted(gradebook.students, key=lambda one: str(one.id))
        ]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(target, text.getvalue().encode())
    return len(rows)


def _row(gradebook: Any, assignment: Any, student: Any) -> dict[str, Any]:
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "max_score": assignment.max_score,
        "raw_score": 0.0,
        "late_submission_penalty": 0.0,
        "score": 0.0,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return row
    penalty = submission.late_submission_penalty
    row |= {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }
    return row
