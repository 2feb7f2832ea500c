"""The gradebook in PostgreSQL: a real server, started here from Debian's package."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.course import Course, GraderError
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.grade import grade
from tests.support.guards import postgres
from tests.support.tiny_course import HALF, answered, hand_in, released, solved, tiny_course

NOBODY = 65534  # PostgreSQL refuses to run as root


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of an empty database, whose server ends with the tests."""
    programs = postgres()
    place = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: the socket's path is bounded
    user: dict[str, object] = {"cwd": place}
    if os.getuid() == 0:
        os.chown(place, NOBODY, NOBODY)
        user |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def run(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, **user)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr

    data = str(place / "data")
    try:
        run(f"{programs}/initdb", "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-k {place} -c listen_addresses='' -c fsync=off"
        start = (f"{programs}/pg_ctl", "-D", data, "-w", "-l", str(place / "log"), "-o", options)
        run(*start, "start")
        try:
            run(f"{programs}/createdb", "-h", str(place), "-U", "grader", "gradebook")
            yield f"postgresql://grader@/gradebook?host={place}"
        finally:
            run(f"{programs}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_the_whole_way_in_postgresql(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course(tmp_path)
    (tmp_path / "course.toml").write_text(f'database = "{url}"\n')
    release(course, [])
    hand_in(course, "full", solved(course))
    hand_in(course, "half", answered(released(course), HALF))
    hand_in(course, "word", b"PK\x03\x04")
    found = {one.student: one.score for one in grade(course, [], workers=2)}
    assert found == {"full": 6, "half": 1, "word": 0}
    assert not (course.grader / "gradebook.db").exists()
    with open_gradebook(course) as gradebook:
        assert gradebook.engine.dialect.name == "postgresql"
        assert gradebook.find_submission("tiny", "full").score == 6
        gradebook.find_grade("q2-test", "tiny", "tiny", "half").manual_score = 2.5
        gradebook.db.commit()
    again = {one.student: one for one in grade(course, [], workers=2)}
    assert {one.seconds for one in again.values()} == {0}
    assert again["half"].score == 3.5
    assert {one.student: one.score for one in grade(course, [], student="half", force=True)} == {
        "half": 3.5
    }
    start = ["--course", str(tmp_path)]
    assert main([*start, "--db", url, "report"]) == 0
    assert "3 submissions graded, mean 3.17" in capsys.readouterr().out
    assert main([*start, "export"]) == 0
    assert len(course.marks.read_text().splitlines()) == 4
    assert main([*start, "feedback"]) == 0


def test_nbgrader_opens_the_same_gradebook(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text('database = "postgresql://grader@db/course"\n')
    from autograder.gradebook.settings import settings

    assert settings(Course(tmp_path)).CourseDirectory.db_url == "postgresql://grader@db/course"
    other = Course(tmp_path, "sqlite:///other.db")
    assert settings(other).CourseDirectory.db_url == "sqlite:///other.db"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://x:secret-word@127.0.0.1:1/y", "check its address"),
        ("nonsense", "expected sqlite:///FILE or postgresql://"),
        ("postgresql+psycopg2://x@h/y", "install it"),
    ],
)
def test_a_gradebook_that_is_not_there_is_one_sentence(
    tmp_path: Path, url: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_course(tmp_path)
    assert main(["--course", str(tmp_path), "--db", url, "report"]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert "secret-word" not in said


@pytest.mark.parametrize("text", ["database = ", "database = 3\n"])
def test_settings_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(GraderError, match=r"course\.toml"):
        _ = Course(tmp_path).database
