"""A course of one small exercise, for the tests of the autograder."""

import copy
import json
from pathlib import Path
from typing import Any

from autograder.course import Course

Notebook = dict[str, Any]

HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""

CELL = """
```{{code-cell}} ipython3
---
nbgrader:
  cell_type: code
  grade: {grade}
  grade_id: {name}
  locked: {locked}{points}
  schema_version: 3
  solution: {solution}
  task: false
---
{text}
```
"""

HIDDEN = """\
# Hidden tests: negative numbers.
### BEGIN HIDDEN TESTS
secret_argument = -41.5
assert twice(secret_argument) == -83.0, "twice is wrong for negative numbers."
### END HIDDEN TESTS"""


def cell(name: str, text: str, kind: str, points: int = 0) -> str:
    """Return one cell of an exercise; ``kind`` is given, answer or test."""
    return CELL.format(
        name=name,
        text=text,
        grade="true" if kind == "test" else "false",
        locked="false" if kind == "answer" else "true",
        solution="true" if kind == "answer" else "false",
        points=f"\n  points: {points}" if kind == "test" else "",
    )


def answer(name: str, before: str, solution: str) -> str:
    """Return the cell of an answer, with its solution between the two marks."""
    text = f"{before}\n    ### BEGIN SOLUTION\n    {solution}\n    ### END SOLUTION"
    return cell(name, text, "answer")


EXERCISE = (
    HEADER
    + "\n# Exercise: tiny\n\nTwice of $x$ is $2x$, and $a < b$.\n"
    + cell("setup", "import math", "given")
    + "\n## Question 1: twice\n"
    + answer("q1", "def twice(x):", "return 2 * x")
    + cell("q1-visible", 'assert twice(2) == 4, "twice(2) is 4."', "test", 1)
    + cell("q1-hidden", HIDDEN, "test", 2)
    + "\n## Question 2: half\n"
    + answer("q2", "def half(x):", "return x / 2")
    + cell("q2-test", 'assert half(3) == 1.5, "half(3) is 1.5: do not round."', "test", 3)
)

WRITTEN = """
+++ {"nbgrader": {"cell_type": "markdown", "grade": true, "grade_id": "q3", "locked": false, \
"points": 2, "schema_version": 3, "solution": true, "task": false}}

The author's own words.
"""


def tiny_course(root: Path, text: str = EXERCISE) -> Course:
    """Return a course with the exercise ``tiny`` in ``root``."""
    folder = root / "solutions" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.md").write_text(text, encoding="utf-8")
    return Course(root)


def read(path: Path) -> Notebook:
    """Return the notebook in ``path`` as plain data."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def released(course: Course, name: str = "tiny") -> Notebook:
    """Return the released notebook."""
    return read(course.release / name / f"{name}.ipynb")


def solved(course: Course, name: str = "tiny") -> Notebook:
    """Return the released notebook with the author's answers in it, as a student would."""
    source = read(course.source / name / f"{name}.ipynb")
    answers = {
        mark["grade_id"]: one["source"]
        for one in source["cells"]
        if (mark := one["metadata"].get("nbgrader")) and mark["solution"]
    }
    return answered(released(course, name), answers)


def answered(notebook: Notebook, answers: dict[str, Any]) -> Notebook:
    """Return ``notebook`` with the given sources in the cells of these ids."""
    made = copy.deepcopy(notebook)
    for one in made["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            one["source"] = answers[name]
    return made


def hand_in(
    course: Course, student: str, content: Notebook | bytes, assignment: str = "tiny"
) -> Path:
    """Put a submission in its place; return the file."""
    path = course.submitted / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def with_text(notebook: Notebook, text: str) -> Notebook:
    cell: dict[str, Any] = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": text}
    return {**notebook, "cells": [*notebook["cells"], cell]}


def without(notebook: Notebook, name: str) -> Notebook:
    kept = [
        one
        for one in notebook["cells"]
        if one["metadata"].get("nbgrader", {}).get("grade_id") != name
    ]
    return {**notebook, "cells": kept}


# What all kinds of students do.
SECRETS = ("secret_argument", "41.5", "83.0", "HIDDEN TESTS")
HALF = {"q1": "def twice(x):\n    return abs(2 * x)", "q2": "def half(x):\n    return x // 2"}
# A student who prints whatever the kernel knows, and raises with it too.
SPY = {
    "q1": "def twice(x):\n    print(In[-1], x)\n    raise AssertionError(In[-1])",
    "q2": "print('\\n'.join(In)); print(In)\ndef half(x):\n    return x / 2",
}
# A warning of the cell, and an error deep in a library: both name files.
AWAY = "import json, warnings\nwarnings.warn('mind the gap')\njson.loads('{')"
SHAPE = {"q1": "def twice(x):\n    y = [2]\n    return y[x]", "q2": AWAY}
SLOW = {
    "q1": "def twice(x):\n    while True:\n        pass",
    "q2": "def half(x):\n    return x / 2",
}
DEAD = {"q1": "import os\nos._exit(1)"}
LOUD = {
    "q1": "import warnings\ndef twice(x):\n    warnings.warn('careful')\n    return 2 * x",
    "q2": "def half(x):\n    return x / 2",
}
ACTIVE = (
    "<script>alert(1)</script><img src='https://example.org/x.png' onerror='alert(2)'>\n\n$a<b$"
)


def hand_in_all(course: Course) -> None:
    """Put the submissions of all kinds of students in their places."""
    blank = released(course)
    for name, answers in {
        "half": HALF,
        "spy": SPY,
        "shape": SHAPE,
        "slow": SLOW,
        "dead": DEAD,
        "loud": LOUD,
    }.items():
        hand_in(course, name, answered(blank, answers))
    hand_in(course, "blank", blank)
    hand_in(course, "full", with_text(solved(course), ACTIVE))
    hand_in(course, "lost", without(solved(course), "q1-hidden"))
    hand_in(course, "word", b"PK\x03\x04 not a notebook")
    hand_in(course, "other", {**blank, "cells": []})
    hand_in(course, "comma, x", solved(course))
    (course.submitted / "full" / "tiny" / "timestamp.txt").write_text("yesterday, about noon")
    (course.submitted / "word" / "unheard-of").mkdir()
