"""A first exercise to change into one's own."""

import re
from pathlib import Path

from autograder.course import Course, GraderError
from autograder.files import write_whole

TEMPLATE = Path(__file__).parent / "exercise.md"


def new_exercise(course: Course, name: str) -> Path:
    """Write a small exercise that can be released and graded as it is; return its file.

    Raises:
        GraderError: there is one of that name, or the name is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise GraderError(f"{name}: expected a name of letters, digits, - and _, as in week-1.")
    folder = course.solutions / name
    if folder.exists():
        raise GraderError(f"{folder}: there is an exercise of that name; choose another name.")
    path = folder / f"{name}.md"
    write_whole(path, TEMPLATE.read_text("utf-8").replace("NAME", name).encode())
    return path
