"""The grader as a whole: killed and started again, two at once, partial credit, withholding."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from autograder.course import Course, GraderError
from autograder.exercises.publish import release
from autograder.files import read_record
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.grade import Result, grade
from tests.support.paths import ROOT
from tests.support.sandboxing import family, have_sandbox
from tests.support.tiny_course import (
    HEADER,
    answer,
    answered,
    cell,
    hand_in,
    released,
    solved,
    tiny_course,
)

PARTIAL = (
    HEADER
    + cell("setup", "%matplotlib inline\nimport math\nLIMIT = 3", "given")
    + answer("q1", "def twice(x):", "return 2 * x\nvalue = 7\nfrom fractions import Fraction")
    + cell("half", "2 * (twice(1) == 2) + 1 * (twice(0) == 1)", "test", 4)
    + cell("large", "100.0", "test", 1)
    + cell("other", "value = value + 1; assert value == 8\nvalue", "test", 9)
    + cell("text", "assert Fraction(1, 2) == 0.5 and LIMIT == 3\n'fine'", "test", 1)
)
NEEDS = (
    HEADER.replace("---\njupytext", "---\nautograder: {withhold: [gensrc.games]}\njupytext", 1)
    + cell("setup", "import torch\nimport gensrc.games", "given")
    + cell("data", "D = gensrc.games.density_ratio(torch.zeros(1))", "given")
    + answer("q1", "def twice(x):", "return 2 * x")
    + cell("q1-test", "assert twice(2) == 4", "test", 1)
)


def scores(course: Course) -> dict[str, float]:
    with open_gradebook(course) as gradebook:
        found = gradebook.assignment_submissions("tiny")
        assert len({one.student_id for one in found}) == len(found)
        return {one.student_id: one.score for one in found}


@pytest.mark.slow
@pytest.mark.needs("linux")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_and_started_again(tmp_path: Path, how: signal.Signals) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    wrong = answered(released(course), {"q1": "def twice(x): return 2 * x"})
    for number in range(16):
        hand_in(course, f"s{number:02d}", solved(course) if number % 2 else wrong)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "autograder", "--course", str(tmp_path), "grade"]
    command += [] if have_sandbox() else ["--unsafe-no-sandbox"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    record = course.autograded / ".graded.json"
    while len(read_record(record)) < 4 and process.poll() is None:
        time.sleep(0.02)
    below = family(process.pid)
    assert below
    process.send_signal(how)
    out, _ = process.communicate()
    assert process.returncode == (-how if how == signal.SIGKILL else 130)
    assert ("Stopped; what was finished is kept" in out) == (how == signal.SIGINT)
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/stat").exists() for pid in below) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [pid for pid in below if Path(f"/proc/{pid}/stat").exists()]
    done = read_record(record)
    assert 4 <= len(done) < 16
    results = grade(course, [])
    assert [one.seconds == 0 for one in results] == [
        one.student + "/tiny" in done for one in results
    ]
    assert scores(course) == {f"s{n:02d}": 6.0 if n % 2 else 3.0 for n in range(16)}
    assert all((course.feedback / one.student / "tiny" / "tiny.html").exists() for one in results)


def test_second_grader_says_that_another_is_at_work(tmp_path: Path) -> None:
    course = tiny_course(tmp_path)
    course.grader.mkdir()
    with (
        FileLock(course.grader / ".grading.lock"),
        pytest.raises(GraderError, match="another grader is at work"),
    ):
        grade(course, [])


def one_result(course: Course, answers: dict[str, str]) -> Result:
    hand_in(course, "one", answered(solved(course), answers))
    (result,) = grade(course, [], student="one", force=True)
    return result


@pytest.mark.slow
def test_partial_credit_and_plain_values(tmp_path: Path) -> None:
    course = tiny_course(tmp_path, PARTIAL)
    release(course, [])
    assert one_result(course, {}).score == 2 + 1 + 8 + 1
    assert one_result(course, {"q1": "def twice(x): return 2 * x + 1"}).score == 1 + 1 + 1
    assert one_result(course, {"q1": "value = 7"}).score == 1 + 8 + 1


@pytest.mark.slow
def test_a_given_cell_that_needs_what_is_withheld_is_told(tmp_path: Path) -> None:
    course = tiny_course(tmp_path, NEEDS)
    release(course, [])
    result = one_result(course, {})
    assert any("given cell data uses a name that the exercise withholds" in f for f in result.flags)
