"""From a submission to points, a page and a row of the table; bad files hurt nobody else."""

import csv
import html
import json
import re
import shutil
from pathlib import Path

import pytest
from nbgrader.plugins import CsvExportPlugin

from autograder.__main__ import main
from autograder.course import Course, GraderError
from autograder.exercises.publish import release
from autograder.files import digest_folder, read_record
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.grade import Result, grade
from autograder.results.export import COLUMNS, export
from autograder.results.pages import mathjax, rewrite_feedback
from autograder.results.report import report
from tests.support.tiny_course import (
    EXERCISE,
    SECRETS,
    WRITTEN,
    answered,
    hand_in,
    hand_in_all,
    released,
    solved,
    tiny_course,
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A released course with what all kinds of students hand in."""
    course = tiny_course(tmp_path_factory.mktemp("course"))
    release(course, [])
    hand_in_all(course)
    return course


@pytest.fixture(scope="module")
def originals(course: Course) -> str:
    return digest_folder(course.submitted)


@pytest.fixture(scope="module")
def results(course: Course, originals: str) -> dict[str, Result]:
    """The results by student, graded one after the other."""
    grade(course, [], student="slow", timeout=3)
    told: list[Result] = []
    made = grade(course, [], tell=told.append)
    assert made == told
    return {result.student: result for result in made}


def page(course: Course, student: str) -> str:
    """The feedback page without the code of MathJax."""
    text = (course.feedback / student / "tiny" / "tiny.html").read_text(encoding="utf-8")
    return text.replace(mathjax(), "MathJax")


# --- points


@pytest.mark.parametrize(
    ("student", "points"),
    [
        ("full", 6),
        ("blank", 0),
        ("half", 1),
        ("spy", 3),
        ("shape", 0),
        ("slow", 3),
        ("loud", 6),
        ("lost", 6),
        ("dead", 0),
        ("word", 0),
        ("other", 0),
        ("comma, x", 6),
    ],
)
def test_points(results: dict[str, Result], student: str, points: int) -> None:
    assert results[student].score == points
    assert results[student].max_score == 6


def test_originals_are_untouched(
    course: Course, originals: str, results: dict[str, Result]
) -> None:
    assert results
    assert digest_folder(course.submitted) == originals


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("word", "tiny.ipynb is not a notebook but a Word document"),
        ("other", "tiny.ipynb has no cell of this exercise"),
    ],
)
def test_what_cannot_be_graded_is_explained(
    course: Course, results: dict[str, Result], student: str, words: str
) -> None:
    assert words in results[student].message
    assert words in page(course, student)
    assert not (course.autograded / student / "tiny").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7", "but a PDF file"),
        (b"<html></html>", "but a web page"),
        (b"\xff\xfe\x00", "is not a notebook"),
        (b"[1, 2]", "is not a notebook"),
        (b"[" * 100_000, "is not a notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "damaged notebook"),
        (b'{"nbformat": 4, "cells": [{"cell_type"', "is not a notebook"),
    ],
)
def test_every_bad_file_gets_one_sentence(
    course: Course, results: dict[str, Result], content: bytes, words: str
) -> None:
    assert results
    path = hand_in(course, "bad", content)
    try:
        (result,) = grade(course, ["tiny"], student="bad")
    finally:
        shutil.rmtree(course.submitted / "bad")
    assert result.score == 0
    assert words in result.message
    assert "\n" not in result.message
    assert str(path.parent) not in result.message


def test_name_that_is_a_pattern_is_refused(course: Course, results: dict[str, Result]) -> None:
    assert results
    hand_in(course, "a[b]*", solved(course))
    try:
        (result,) = grade(course, [], student="a[b]*")
    finally:
        shutil.rmtree(course.submitted / "a[b]*")
    assert "has one of * ? [ in it" in result.message


def test_link_folder_and_other_name_are_refused(
    course: Course, results: dict[str, Result], tmp_path: Path
) -> None:
    assert results
    full = course.submitted / "full" / "tiny" / "tiny.ipynb"
    folder = course.submitted / "odd" / "tiny"
    folder.mkdir(parents=True)
    said = []
    try:
        (folder / "tiny.ipynb").symlink_to(full)
        said.append(grade(course, [], student="odd")[0])
        (folder / "tiny.ipynb").unlink()
        (folder / "tiny.ipynb").mkdir()
        said.append(grade(course, [], student="odd", force=True)[0])
        (folder / "tiny.ipynb").rmdir()
        shutil.copy(full, folder / "tiny (1).ipynb")
        said.append(grade(course, [], student="odd")[0])
    finally:
        shutil.rmtree(course.submitted / "odd")
    assert [result.score for result in said] == [0, 0, 0]
    assert ["link" in result.message for result in said] == [True, True, False]
    assert "got tiny (1).ipynb: hand in the notebook by this name" in said[2].message


# --- feedback


@pytest.mark.parametrize("student", ["full", "blank", "half", "spy", "shape", "slow", "lost"])
def test_page_shows_no_hidden_test(
    course: Course, results: dict[str, Result], student: str
) -> None:
    assert results
    text = re.sub(r"<[^>]+>", "", page(course, student))  # highlighting splits words
    for secret in SECRETS:
        assert secret not in text
    graded = (course.autograded / student / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")
    assert "secret_argument" in graded  # there was something to hide


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("half", "twice is wrong for negative numbers."),
        ("half", "half(3) is 1.5: do not round."),
        ("blank", "Not answered yet (line 3 of the cell with your function twice)"),
        ("shape", "IndexError: list index out of range (line 3 of the cell with your function"),
        ("shape", "NameError: name"),
        ("slow", "Your code took too long and was stopped."),
        ("dead", "Python died while your code ran"),
        ("lost", "full points"),
        ("full", "full points"),
        ("full", "Question 1: twice"),
    ],
)
def test_page_says_what_to_do(
    course: Course, results: dict[str, Result], student: str, words: str
) -> None:
    assert results
    assert words in page(course, student)


def test_page_loads_and_runs_nothing_foreign(course: Course, results: dict[str, Result]) -> None:
    assert results
    text = page(course, "full")
    assert text.count("<script>") == 2  # the settings of MathJax, and MathJax
    assert "<script>MathJax</script>" in text
    assert not re.search(r"<(script|link|iframe|object|embed)\s", text)
    assert not re.search(r"""(src|srcset|data|action)\s*=\s*["']?\s*(https?:|//)""", text.lower())
    assert "default-src 'none'" in text
    assert "$a&lt;b$" in text


def test_page_names_no_place_of_this_machine(course: Course, results: dict[str, Result]) -> None:
    assert results
    for student in results:
        assert str(course.root) not in page(course, student)
        assert "ipykernel_" not in page(course, student)
    text = page(course, "shape")
    assert "your cell:2: UserWarning: mind the gap" in text
    assert "…/json/decoder.py" in text
    assert not re.search(r"[~/]\S*lib/python", text)


def test_pages_are_written_again_after_grading_by_hand(
    course: Course, results: dict[str, Result]
) -> None:
    assert results
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("q2-test", "tiny", "tiny", "half").manual_score = 2.5
        gradebook.db.commit()
    assert rewrite_feedback(course, ["tiny"], "half") == 1
    assert "3.5 of 6 points" in page(course, "half")
    assert grade(course, [], student="half", force=True)[0].score == 3.5  # it stays
    assert "has no points yet" not in page(course, "half")
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("q2-test", "tiny", "tiny", "half").manual_score = None
        gradebook.db.commit()
    rewrite_feedback(course, ["tiny"], "half")


def test_answer_in_words_waits_for_a_person(tmp_path: Path) -> None:
    course = tiny_course(tmp_path, EXERCISE + WRITTEN)
    release(course, [])
    assert "own words" not in str(released(course))
    hand_in(course, "writer", answered(released(course), {"q3": "My words: $x^2$."}))
    hand_in(course, "silent", released(course))
    silent, writer = grade(course, [])
    assert (silent.score, writer.score, writer.max_score) == (0, 0, 8)
    assert "A person reads this answer; it has no points yet." in page(course, "writer")
    assert "has no points yet" not in page(course, "silent")
    assert "No response." in page(course, "silent")


# --- not done twice


def test_unchanged_submissions_are_not_graded_again(
    course: Course, results: dict[str, Result]
) -> None:
    before = digest_folder(course.feedback)
    again = {result.student: result for result in grade(course, [])}
    assert digest_folder(course.feedback) == before
    for student, result in results.items():
        assert again[student].seconds == 0
        assert again[student].message == result.message


def test_changed_submission_and_force_are_graded_again(
    course: Course, results: dict[str, Result]
) -> None:
    assert results
    hand_in(course, "again", b"{}")
    assert grade(course, [], student="again")[0].score == 0
    hand_in(course, "again", solved(course))
    assert grade(course, [], student="again")[0].score == 6
    assert grade(course, [], student="again")[0].seconds == 0
    assert grade(course, [], student="again", force=True)[0].seconds > 0
    hand_in(course, "again", b"{}")
    assert grade(course, [], student="again")[0].score == 0  # no points left over
    shutil.rmtree(course.submitted / "again")


def test_changed_tests_grade_again_and_keep_the_gradebook(
    course: Course, results: dict[str, Result], tmp_path: Path
) -> None:
    assert results
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    source = copy.solutions / "tiny" / "tiny.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("assert half(3) == 1.5", "assert half(3) == 1"))
    (result,) = grade(copy, [], student="half")
    assert result.seconds > 0
    assert result.score == 4
    source.write_text(text.replace("q2-test", "q2-renamed"))
    with pytest.raises(GraderError, match=r"submissions associated .* nbgrader db assignment"):
        grade(copy, [], student="half")


# --- the table and the commands


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_has_one_row_for_each_student(
    course: Course, results: dict[str, Result], tmp_path: Path
) -> None:
    export(course, ["tiny"], tmp_path / "marks.csv")
    table = {row["student_id"]: row for row in rows(tmp_path / "marks.csv")}
    assert set(results) <= set(table)
    for student, result in results.items():
        assert tuple(table[student]) == COLUMNS
        assert float(table[student]["score"]) == result.score
        assert table[student]["max_score"] == "6.0"


def test_table_has_the_columns_of_nbgrader(
    course: Course, results: dict[str, Result], tmp_path: Path
) -> None:
    assert results
    with open_gradebook(course) as gradebook:
        CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(gradebook)
    assert (tmp_path / "theirs.csv").read_text().split("\n")[0] == ",".join(COLUMNS)


def test_commands(
    course: Course, results: dict[str, Result], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert results
    start = ["--course", str(course.root)]
    assert main([*start, "release"]) == 0
    assert capsys.readouterr().out == ""
    assert main([*start, "grade", "tiny"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"tiny +full +6 / 6 +unchanged", out)
    assert "word/unheard-of: not graded, because there is no exercise of that name" in out
    assert main([*start, "export", "--to", str(tmp_path / "table.csv")]) == 0
    assert rows(tmp_path / "table.csv") == rows(course.marks)
    assert main([*start, "feedback", "tiny", "--student", "word"]) == 0
    assert "1 pages" in capsys.readouterr().out
    assert main([*start, "lab", str(tmp_path / "lab")]) == 0
    assert (tmp_path / "lab" / "tiny" / "tiny.ipynb").exists()
    assert main([*start, "grade", "unknown"]) == 1
    assert "unknown: there is no exercise of that name" in capsys.readouterr().err
    assert main([*start, "grade", "--student", "nobody"]) == 1
    assert "nobody: there is no submission of this student" in capsys.readouterr().err
    assert main([*start, "export", "--to", str(course.marks / "inside-a-file")]) == 1
    assert "Stopped by the system" in capsys.readouterr().err
    for wrong in ("0", "soon", "-3"):
        with pytest.raises(SystemExit):
            main([*start, "grade", "--timeout", wrong])
        assert "expected seconds" in capsys.readouterr().err


def test_record_is_damaged_means_graded_again(course: Course, results: dict[str, Result]) -> None:
    assert results
    record = course.autograded / ".graded.json"
    kept = record.read_text()
    assert set(read_record(record)) >= {f"{student}/tiny" for student in results}
    record.write_text(json.dumps([1]))
    assert grade(course, [], student="full")[0].seconds > 0
    record.write_text(kept)


def test_files_that_are_not_read_are_told(tmp_path: Path) -> None:
    course = tiny_course(tmp_path)
    (course.solutions / "tiny" / "data.csv").write_text("1,2")
    release(course, [])
    assert (course.release / "tiny" / "data.csv").exists()
    for student in ("quiet", "few", "many", "broken"):
        folder = hand_in(course, student, solved(course)).parent
        for name in (".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/a", "__MACOSX/._b.ipynb"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("x")
        (folder / ".ipynb_checkpoints").mkdir()
        (folder / ".ipynb_checkpoints" / "tiny-checkpoint.ipynb").write_text("{}")
        (folder / "timestamp.txt").write_text("2026-05-04 10:30:00 UTC")
        (folder / "data.csv").write_text("1,2")
    few, many = (course.submitted / name / "tiny" for name in ("few", "many"))
    (few / "data.csv").write_text("1,3")
    (few / "sub").mkdir()
    (few / "sub" / "help.py").write_text("x = 1")
    for number in range(40):
        (many / f"{number:02d}{'<b>&' * 20}").write_text("x")
    (many / "00\x1b[31m\u202e").write_text("x")
    hand_in(course, "broken", b"no notebook")
    (course.submitted / "broken" / "tiny" / "more.txt").write_text("x")
    found = {one.student: one for one in grade(course, [])}
    start = "Not read, as the exercise does not ask for it: "
    assert found["quiet"].flags == ()
    assert found["few"].flags == (f"{start}data.csv, sub/help.py.",)
    (words,) = found["many"].flags
    assert words.startswith(f"{start}00\ufffd[31m\ufffd, 00<b>&<b>&")
    assert "…, " in words
    assert words.endswith(" and 36 more.")
    assert len(words) < 400
    assert words.isprintable()
    assert [one.score for one in found.values()] == [0, 6, 6, 6]
    assert found["broken"].message
    assert found["broken"].flags == ()
    for _ in range(2):
        assert "Not read" not in page(course, "quiet")
        assert f'<p class="unread">{found["few"].flags[0]}</p>' in page(course, "few")
        assert "<b>&<b>" not in page(course, "many")
        assert html.escape(words, quote=False) in page(course, "many")
        assert rewrite_feedback(course, []) == 4
    (shown,) = report(course, [])
    assert shown.flagged == {name: list(found[name].flags) for name in ("few", "many")}
