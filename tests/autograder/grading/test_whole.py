"""The grader as a whole: killed and started again, two at once, without a sandbox, withholding."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from autograder.__main__ import main
from autograder.course import Course, GraderError, read_record
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading import pool as warm
from autograder.grading.grade import UNSAFE, Result, grade
from autograder.sandbox.launch import require_sandbox
from autograder.sandbox.withhold import copy_package, read_withholding
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
@pytest.mark.needs("linux")  # looks for processes in /proc
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


@pytest.mark.slow
def test_without_bubblewrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    hand_in(course, "full", solved(course))
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bwrap" else which(name))
    monkeypatch.setattr("autograder.grading.grade.require_sandbox", require_sandbox)
    start = ["--course", str(tmp_path), "grade"]
    assert main(start) == 1
    assert "bubblewrap is not installed: install it" in capsys.readouterr().err
    assert main([*start, "--unsafe-no-sandbox", "--workers", "1"]) == 0
    assert f"flagged: {UNSAFE}" in capsys.readouterr().out
    page = (course.feedback / "full" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    assert "given without the sandbox" in page
    assert "6 of 6 points" in page


@pytest.mark.needs("linux")  # elsewhere another sentence comes first
def test_forbidden_namespaces_are_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course(tmp_path / "course")
    release(course, [])
    hand_in(course, "full", solved(course))
    program = tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("autograder.grading.grade.require_sandbox", require_sandbox)
    monkeypatch.setattr("autograder.grading.grade.court_for", warm.court_for)
    assert main(["--course", str(course.root), "grade", "--timeout", "29"]) == 1
    said = capsys.readouterr().err
    assert "The sandbox could not be set up (bwrap: No permissions" in said
    assert "--security-opt seccomp=unconfined" in said
    assert not list(course.feedback.glob("*/*/*.html"))


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


def test_front_matter_of_another_form_is_refused() -> None:
    for wrong in (["a"], {"withhold": 3}, {"allow": ["q1"]}):
        with pytest.raises(GraderError, match="must have the form"):
            read_withholding({"autograder": wrong}, "x.md")
    assert not read_withholding({}, "x.md").names


def test_withheld_functions_have_no_body(tmp_path: Path) -> None:
    names = frozenset({"gensrc.divergences", "gensrc.fgan", "gensrc.games.game_value"})
    copy_package(ROOT / "gensrc", tmp_path, names)
    topics = {"divergences", "_divergence_table", "fgan", "_fgan_rows"}  # files, or folders of them
    copy = tmp_path / "gensrc"
    files = [
        path
        for path in copy.rglob("*.py")
        if path.relative_to(copy).parts[0].removesuffix(".py") in topics
    ]
    assert len(files) >= len(topics)
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert ast.unparse(node.body[1]).startswith("_withheld('gensrc.")
            elif isinstance(node, ast.Lambda):
                assert "_withheld('gensrc." in ast.unparse(node.body)
            elif isinstance(node, ast.Assign):
                assert not re.search(r"\b(FDivergence|_row)\(", ast.unparse(node))
    code = (
        "import torch, gensrc.games as g, gensrc.divergences as d, gensrc.fgan as f\n"
        "half = torch.tensor([0.5, 0.5])\n"
        "for use in (lambda: d.kl(half, half), lambda: g.game_value(half, half), lambda: f.KL.f):\n"
        "    try: use()\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
        "print(g.density_ratio(torch.zeros(1)).item())"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    *said, number = ran.stdout.split("\n")[:4]
    end = " is what this exercise asks you to write: write your own here."
    for name, words in zip(("kl", "game_value", "KL"), said):
        assert words == f"Withheld The {name} of gensrc{end}"
    assert number == "1.0"
    with pytest.raises(GraderError, match=r"gensrc\.nothing"):
        copy_package(ROOT / "gensrc", tmp_path / "again", frozenset({"gensrc.nothing"}))
