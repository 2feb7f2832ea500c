"""Helpers of the course's package in test cells: out of students' reach, and said as one's own."""

from pathlib import Path

import pytest

from autograder.exercises.publish import release
from autograder.grading.grade import grade
from tests.support.tiny_course import HEADER, answer, answered, cell, hand_in, released, tiny_course

GIVEN = "import torch\n\nfrom gensrc.answers import dict_answer, tensor_answer"
HIDDEN = """\
### BEGIN HIDDEN TESTS
import gensrc.answers

x = torch.tensor([1.0, 4.0])
found = gensrc.answers.tensor_answer("twice", twice(x.clone()), (2,))
assert found.tolist() == [2, 8], "twice is wrong for two numbers."
### END HIDDEN TESTS"""
EXERCISE = (
    HEADER
    + "\n# Exercise: tiny\n"
    + cell("setup", GIVEN, "given")
    + answer("q1", "def twice(x):", "return 2 * x")
    + cell("q1-visible", 'tensor_answer("twice", twice(torch.ones(3)), (3,))\nx = 1', "test", 1)
    + cell("q1-hidden", HIDDEN, "test", 2)
)
ANSWERS = {
    "right": "def twice(x):\n    return x + x",
    "list": "def twice(x):\n    return (2 * x).tolist()",
    "patched": (
        "import gensrc.answers\n"
        "tensor_answer = gensrc.answers.tensor_answer = lambda *given: torch.tensor([2.0, 8.0])\n"
        "def twice(x):\n    return 'whatever is asked for'"
    ),
}


@pytest.mark.slow
def test_helpers_judge_where_students_cannot_change_them(tmp_path: Path) -> None:
    course = tiny_course(tmp_path, EXERCISE)
    release(course, [])
    for student, source in ANSWERS.items():
        hand_in(course, student, answered(released(course), {"q1": source}))
    points = {result.student: result.score for result in grade(course, [])}
    assert points == {"right": 3, "list": 0, "patched": 0}
    for student, kind in (("list", "list"), ("patched", "str")):
        page = (course.feedback / student / "tiny" / "tiny.html").read_text("utf-8")
        sentence = f"twice must return a tensor, got {kind}: use torch.as_tensor."
        assert page.count(f">{sentence}<") >= 2
        assert "AssertionError" not in page
