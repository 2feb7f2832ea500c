"""The instructor's report: right numbers, the right people, and nothing changed by asking."""

from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.course import Course
from autograder.exercises.publish import release
from autograder.files import digest_folder
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.grade import grade
from autograder.results.report import Report, as_text, histogram, report
from tests.support.tiny_course import (
    DEAD,
    EXERCISE,
    HALF,
    WRITTEN,
    answered,
    hand_in,
    released,
    solved,
    tiny_course,
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = tiny_course(tmp_path_factory.mktemp("course"), EXERCISE + WRITTEN)
    release(course, [])
    blank = released(course)
    hand_in(course, "full", answered(solved(course), {"q3": "My words."}))
    hand_in(course, "half", answered(blank, HALF))
    hand_in(course, "dead", answered(blank, DEAD))
    hand_in(course, "word", b"PK\x03\x04 not a notebook")
    grade(course, [], workers=2)
    hand_in(course, "late", blank)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("away")
    return course


@pytest.fixture(scope="module")
def found(course: Course) -> Report:
    (one,) = report(course, ["tiny"])
    return one


def test_scores_and_people(found: Report) -> None:
    assert found.scores == {"dead": 0, "full": 6, "half": 1, "word": 0}
    assert found.max_score == 8
    assert found.flagged == {"dead": ["its process died"]}
    assert list(found.refused) == ["word"]
    assert "not a notebook but a Word document" in found.refused["word"]
    assert found.waiting == {"full": 1}
    assert found.ungraded == ["late"]
    assert found.absent == ["away"]


def test_which_tests_were_missed(found: Report) -> None:
    """Of those that were graded, and not of those whose file is no notebook."""
    assert [(one.test, one.missed, one.graded, one.points) for one in found.missed] == [
        ("q1-hidden", 2, 3, 2),
        ("q2-test", 2, 3, 3),
        ("q3", 2, 2, 2),
        ("q1-visible", 1, 3, 1),
    ]
    assert found.missed[3].mean == pytest.approx(2 / 3)


def test_points_of_a_person_count(course: Course, found: Report) -> None:
    assert "full" in found.waiting
    with open_gradebook(course) as gradebook:
        mark = gradebook.find_grade("q3", "tiny", "tiny", "full")
        mark.manual_score = 2.0
        gradebook.db.commit()
        (after,) = report(course, ["tiny"])
        mark.manual_score = None
        gradebook.db.commit()
    assert after.scores["full"] == 8
    assert after.waiting == {}
    assert ("q3", 2, 3) in {one[1:4] for one in after.missed}


def test_text(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    before = digest_folder(course.grader)
    assert main(["--course", str(course.root), "report"]) == 0
    out = capsys.readouterr().out
    assert digest_folder(course.grader) == before
    lines = out.split("\n")
    assert lines[0] == "tiny: 4 submissions graded, mean 1.75, median 0.5, best 6 of 8"
    assert lines[2].split()[:4] == ["0", "–", "0.8", "2"]
    assert "  q1-hidden                           2 of 3, on average 0.667 of 2 points" in lines
    assert "  dead                 its process died" in lines
    for title in ("Flagged (1)", "Could not be graded (1)", "Nothing handed in (1)"):
        assert title in lines
    assert main(["--course", str(course.root), "report", "unknown"]) == 1


def test_nothing_graded_yet(tmp_path: Path) -> None:
    course = tiny_course(tmp_path)
    (one,) = report(course, [])
    assert as_text(one) == "tiny: 0 submissions graded\n"


def test_every_score_is_in_the_histogram() -> None:
    lines = list(histogram([0, 0.99, 1, 5, 10, 10, 10], 10))
    assert [int(line.split()[3]) for line in lines] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 3]
    assert lines[9].count("█") == 40
    assert lines[1].count("█") == 14
    assert len(list(histogram([0.0], 0))) == 10
