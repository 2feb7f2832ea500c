"""nbgrader's own commands and its grading page work on the same gradebook."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.apps import NbGraderAPI

from autograder.course import Course
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook, quiet
from autograder.gradebook.settings import settings
from autograder.grading.grade import grade
from autograder.results.export import export
from tests.support.paths import ROOT
from tests.support.tiny_course import answered, hand_in, released, solved, tiny_course

CONFIG = """\
from pathlib import Path
from autograder.course import Course
from autograder.gradebook.settings import settings
get_config().merge(settings(Course(Path({root!r}))))
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = tiny_course(tmp_path_factory.mktemp("nbgrader"))
    release(made, [])
    (made.grader / "nbgrader_config.py").write_text(CONFIG.format(root=str(made.root)))
    folder = hand_in(made, "full", solved(made)).parent
    (folder / "timestamp.txt").write_text("2026-05-04 10:30:00 UTC")
    hand_in(made, "half", answered(released(made), {"q1": "def twice(x): return 2 * x"}))
    assert [one.score for one in grade(made, [])] == [6, 3]
    return made


def nbgrader(course: Course, *arguments: str) -> str:
    """Run a command of nbgrader's in the folder of the course; return what it said."""
    root = str(ROOT)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.grader,
        env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", root), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: row["student_id"])


def test_export(course: Course, tmp_path: Path) -> None:
    nbgrader(course, "export", "--to", str(tmp_path / "theirs.csv"))
    export(course, ["tiny"], tmp_path / "ours.csv")
    theirs, ours = rows(tmp_path / "theirs.csv"), rows(tmp_path / "ours.csv")
    assert [row["score"] for row in theirs] == ["6.0", "3.0"]
    assert [row["timestamp"] for row in theirs] == ["2026-05-04 10:30:00", ""]
    for key in ("student_id", "score", "max_score", "timestamp"):
        assert [row[key] for row in theirs] == [row[key] for row in ours]


@pytest.mark.parametrize("damage", ["text", "bytes", "pipe", "folder"])
def test_grading_page_shows_all_beside_a_damaged_time(tmp_path: Path, damage: str) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    for student in ("damaged", "sound"):
        hand_in(course, student, solved(course))
    path = course.submitted / "damaged" / "tiny" / "timestamp.txt"
    {
        "text": lambda: path.write_text("yesterday, about noon"),
        "bytes": lambda: path.write_bytes(b"\xff\xfe\x00"),
        "pipe": lambda: os.mkfifo(path),
        "folder": lambda: path.mkdir(),
    }[damage]()
    marks = {one.student: one.score for one in grade(course, [])}
    assert marks == {"damaged": 0 if damage == "pipe" else 6, "sound": 6}  # a pipe is refused
    with quiet():
        api = NbGraderAPI(config=settings(course))
        found = {one["student"]: one for one in api.get_submissions("tiny")}
    assert {name: one["score"] for name, one in found.items()} == marks
    assert found["sound"]["autograded"]
    assert found["damaged"]["autograded"] or damage == "pipe"


def test_grading_page_finds_everything(course: Course) -> None:
    with quiet():
        api = NbGraderAPI(config=settings(course))
        (assignment,) = api.get_assignments()
        assert assignment["num_submissions"] == 2
        found = {one["student"]: one for one in api.get_submissions("tiny")}
        notebooks = api.get_notebook_submissions("tiny", "tiny")
    assert found["full"]["score"] == 6
    assert found["half"]["autograded"]
    assert not found["half"]["needs_manual_grade"]
    assert len(notebooks) == 2
    exporter: Any = HTMLExporter(config=settings(course))
    page, _ = exporter.from_filename(str(course.autograded / "half" / "tiny" / "tiny.ipynb"))
    assert "def twice" in page.replace("</span>", "").replace('<span class="k">', "").replace(
        '<span class="w">', ""
    ).replace('<span class="nf">', "")


def test_autograde_and_back(course: Course) -> None:
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("q2-test", "tiny", "tiny", "half").manual_score = 1
        gradebook.db.commit()
    nbgrader(course, "autograde", "tiny", "--student", "half", "--force")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("tiny", "half").score == 4
    assert [one.score for one in grade(course, [], force=True)] == [6, 4]
