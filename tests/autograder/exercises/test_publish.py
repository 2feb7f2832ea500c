"""Releases hold no answers, are equal for equal sources, and never cost a student's work."""

import shutil
import socket
from pathlib import Path

import pytest

from autograder.course import Course, GraderError
from autograder.exercises.publish import release
from autograder.exercises.workspace import fill_lab
from autograder.files import digest_folder, files_in
from tests.support.tiny_course import read, released, tiny_course


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = tiny_course(tmp_path_factory.mktemp("course"))
    assert release(course, []) == ["tiny"]
    return course


@pytest.fixture
def course(made: Course, tmp_path: Path) -> Course:
    """A copy of the released course, free to be changed."""
    shutil.copytree(made.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture
def fresh(made: Course, tmp_path: Path) -> Course:
    """A course with nothing released; its gradebook is a copy, because making one is slow."""
    course = tiny_course(tmp_path / "fresh")
    course.grader.mkdir()
    shutil.copy(made.grader / "gradebook.db", course.grader)
    return course


def change(course: Course, old: str, new: str) -> None:
    path = course.solutions / "tiny" / "tiny.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


# --- what is released


def test_release_has_neither_solutions_nor_hidden_tests(made: Course) -> None:
    text = (made.release / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")
    for secret in ("SOLUTION", "HIDDEN", "2 * x", "x / 2", "secret_argument", "-83"):
        assert secret not in text
    assert "Hidden tests: negative numbers." in text  # the comment outside the marks stays
    assert "not answered yet" in text
    assert [one["id"] for one in released(made)["cells"]] == [f"cell-{i:03d}" for i in range(9)]


def test_source_keeps_solutions_and_hidden_tests(made: Course) -> None:
    text = (made.source / "tiny" / "tiny.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" in text
    assert "secret_argument" in text
    assert "jupytext" not in text  # nothing pairs it again


def test_files_beside_an_exercise_are_released_with_it(fresh: Course) -> None:
    folder = fresh.solutions / "tiny"
    (folder / "data").mkdir()
    (folder / "data" / "table.csv").write_text("1,2\n")
    (folder / "README.md").write_text("For teachers.\n")
    release(fresh, ["tiny"])
    names = [path.name for path in files_in(fresh.release / "tiny")]
    assert names == ["table.csv", "tiny.ipynb"]


# --- deterministic, and not done twice


def test_equal_sources_give_equal_bytes(made: Course, fresh: Course) -> None:
    release(fresh, [])
    assert digest_folder(fresh.release) == digest_folder(made.release)
    assert digest_folder(fresh.source) == digest_folder(made.source)


def test_second_run_writes_nothing(course: Course) -> None:
    before = times(course.root)
    assert release(course, []) == []
    assert times(course.root) == before


@pytest.mark.parametrize("lost", ["release/tiny/tiny.ipynb", "source/tiny", "gradebook.db"])
def test_what_is_lost_is_made_again(course: Course, lost: str) -> None:
    before = digest_folder(course.release)
    path = course.grader / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert release(course, []) == ["tiny"]
    assert digest_folder(course.release) == before


def test_changed_exercise_is_released_again(course: Course) -> None:
    change(course, "Twice of", "The double of")
    assert release(course, []) == ["tiny"]
    assert "The double of" in str(released(course))


def test_release_needs_no_network(fresh: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert release(fresh, []) == ["tiny"]


# --- bad input


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    ### END SOLUTION\n", "", "no end solution"),
        ("### END HIDDEN TESTS", "", "hidden tests"),
        ("grade_id: q2-test", "grade_id: q1-visible", "Duplicate grade id"),
        ("nbgrader:\n  cell_type", "nbgrader: [\n  cell_type", "expected a notebook"),
        ("format_name: myst", "format_name: [", "expected a notebook"),
    ],
)
def test_faulty_exercise_keeps_the_former_release(
    course: Course, old: str, new: str, sentence: str
) -> None:
    before = digest_folder(course.release)
    change(course, old, new)
    with pytest.raises(GraderError, match=r"tiny") as caught:
        release(course, [])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert digest_folder(course.release) == before
    assert not list(course.source.glob(".staging*"))


def test_one_faulty_exercise_does_not_stop_the_others(fresh: Course) -> None:
    (fresh.solutions / "also").mkdir()
    (fresh.solutions / "also" / "README.md").write_text("Nothing yet.\n")
    with pytest.raises(GraderError, match=r"also: there is no exercise in this folder; expected"):
        release(fresh, [])
    assert released(fresh)


def test_unknown_exercise_is_named(course: Course) -> None:
    with pytest.raises(GraderError, match=r"tinny: there is no exercise of that name; .* tiny"):
        release(course, ["tinny"])


def test_wrong_course_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="solutions: there is no such folder; give"):
        release(Course(tmp_path), [])


# --- the student's working folder


def test_lab_gets_the_release(course: Course, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    (sentence,) = fill_lab(course, lab)
    assert "copied" in sentence
    assert read(lab / "tiny" / "tiny.ipynb") == released(course)
    assert "Execute.timeout" in (lab / "nbgrader_config.py").read_text()
    before = times(lab)
    assert fill_lab(course, lab) == []
    assert times(lab) == before


def work(lab: Path) -> Path:
    path = lab / "tiny" / "tiny.ipynb"
    path.write_text(path.read_text().replace("not answered yet", "thinking"))
    return path


def renew(course: Course, number: int) -> None:
    change(course, "# Exercise: tiny", f"# Exercise: tiny {number}")
    release(course, [])


def test_lab_follows_the_release_where_nothing_was_changed(course: Course, tmp_path: Path) -> None:
    fill_lab(course, tmp_path / "lab")
    renew(course, 1)
    (sentence,) = fill_lab(course, tmp_path / "lab")
    assert "brought up to date" in sentence
    assert read(tmp_path / "lab" / "tiny" / "tiny.ipynb") == released(course)


def test_lab_keeps_what_a_student_changed(course: Course, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    fill_lab(course, lab)
    mine = work(lab)
    kept = mine.read_bytes()
    assert fill_lab(course, lab) == []
    renew(course, 1)
    (sentence,) = fill_lab(course, lab)
    assert "your work was kept" in sentence
    assert "tiny.new.ipynb" in sentence
    assert mine.read_bytes() == kept
    assert read(lab / "tiny" / "tiny.new.ipynb") == released(course)
    assert fill_lab(course, lab) == []  # it is said once


def test_lab_keeps_work_in_the_new_version_too(course: Course, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    fill_lab(course, lab)
    mine = work(lab)
    renew(course, 1)
    fill_lab(course, lab)
    new = lab / "tiny" / "tiny.new.ipynb"
    new.write_text("my second try")
    renew(course, 2)
    (sentence,) = fill_lab(course, lab)
    assert "tiny.new-2.ipynb" in sentence
    assert new.read_text() == "my second try"
    assert "thinking" in mine.read_text()
    renew(course, 3)
    fill_lab(course, lab)
    assert read(lab / "tiny" / "tiny.new-2.ipynb") == released(course)
    assert not (lab / "tiny" / "tiny.new-3.ipynb").exists()


def test_lab_without_its_record_loses_nothing(course: Course, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    fill_lab(course, lab)
    kept = work(lab).read_bytes()
    (lab / ".released.json").write_text("{ damaged")
    (sentence,) = fill_lab(course, lab)
    assert "tiny.new.ipynb" in sentence
    assert (lab / "tiny" / "tiny.ipynb").read_bytes() == kept


def test_lab_in_place_of_a_file_is_refused(course: Course, tmp_path: Path) -> None:
    (tmp_path / "lab").write_text("mine")
    with pytest.raises(GraderError, match="expected a folder to work in, got a file"):
        fill_lab(course, tmp_path / "lab")


def test_exercise_may_be_a_notebook(made: Course, fresh: Course) -> None:
    (fresh.solutions / "tiny" / "tiny.md").unlink()
    shutil.copy(made.source / "tiny" / "tiny.ipynb", fresh.solutions / "tiny")
    release(fresh, [])
    assert digest_folder(fresh.release) == digest_folder(made.release)
