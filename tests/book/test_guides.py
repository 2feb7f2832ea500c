"""The pages for instructors and students: every command and every message in them is real."""

import argparse
import ast
import re
import shlex
from pathlib import Path

import pytest

from autograder.__main__ import _parser, main
from autograder.course import Course, GraderError
from autograder.exercises.publish import release
from autograder.exercises.template import new_exercise
from autograder.files import read_record
from autograder.grading.grade import grade
from tests.support.paths import ROOT
from tests.support.tiny_course import answered, hand_in, released, solved

PAGES = [ROOT / "book" / "instructors.md", ROOT / "book" / "students.md"]
GUIDES = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
GRADER = re.compile(r"(?:\.venv/bin/)?python -m autograder(?= |$)")
FOREIGN = {"sudo", "cd", "createdb"}  # of the system
IN_A_GROUP = "systemd-run --user --scope -p Delegate=yes "
PIP = [".venv/bin/python", "-m", "pip", "install"]


def commands(text: str) -> list[str]:
    """The lines of all blocks of commands, and those between backquotes that are commands."""
    blocks = re.findall(r"^```console\n(.+?)^```", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`((?:make|\.venv/bin/\S+|nbgrader) [^`]+)`", re.sub(r"\s+", " ", text))
    return [line for block in blocks for line in block.splitlines()] + inline


def fault(command: str) -> str:
    """What is wrong with a command, or ''."""
    command = command.removeprefix(IN_A_GROUP)
    words = [word for word in shlex.split(command.split("#")[0]) if word != "…"]
    while words and re.fullmatch(r"[A-Z]+=\S*", words[0]):
        words.pop(0)
    if GRADER.match(command):
        try:
            _parser().parse_args(words[3:])
        except SystemExit:
            return "is not understood"
    elif words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return "" if words[1] in [*targets, ".venv/.ready"] else "is no target of the Makefile"
    elif words[0] not in FOREIGN and words[: len(PIP)] != PIP:
        program = words[0].replace("../", "")
        if not (ROOT / program).exists() and not (ROOT / ".venv" / "bin" / program).exists():
            return "is no program"
    return ""


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_command_exists(guide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = commands(guide.read_text("utf-8"))
    assert len(found) >= 1
    faults = [f"{command}: {wrong}" for command in found if (wrong := fault(command))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "command",
    [
        "python -m autograder unheard-of",
        ".venv/bin/python -m autograder grade --unheard-of",
        "make unheard-of",
        f"{IN_A_GROUP}make unheard-of",
        ".venv/bin/unheard-of",
        "unheard-of",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fault(command)


def options(parser: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                found |= options(one)
    return found


@pytest.mark.parametrize("guide", PAGES, ids=lambda path: path.stem)
def test_every_option_exists(guide: Path) -> None:
    text = re.sub(r"```.*?```", "", guide.read_text("utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named <= options(_parser()), named - options(_parser())


def test_every_command_of_the_grader_is_explained() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    action = next(a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name in action.choices:
        assert re.search(rf"autograder {name}\b|make {name}\b", text), name


def said() -> str:
    """All that the autograder says, its f-strings with … for what they fill in."""
    words = []
    for path in (ROOT / "autograder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (getattr(one, "value", "…") for one in node.values)
                words.append("".join(one if isinstance(one, str) else "…" for one in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.append(node.value)
    return "\n".join(words).lower()


OTHERS = {"nameerror: name … is not defined"}  # said by Python


def test_every_message_is_said() -> None:
    text = PAGES[1].read_text("utf-8")
    messages = re.findall(r"^\| \*(.+?)\* \|", text, flags=re.MULTILINE)
    assert len(messages) >= 14
    everything = said()
    for message in messages:
        if message.lower() not in OTHERS:
            for part in filter(None, (part.strip() for part in message.lower().split("…"))):
                assert part in everything, f"{message!r}: nothing says {part!r}"


@pytest.mark.slow
def test_a_new_exercise_can_be_graded_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = Course(tmp_path)
    (tmp_path / "solutions").mkdir()
    assert main(["--course", str(tmp_path), "new", "coin"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "solutions" / "coin" / "coin.md")
    for wrong, words in (("coin", "there is an exercise"), ("../x", "expected a name")):
        with pytest.raises(GraderError, match=words):
            new_exercise(course, wrong)
    release(course, [])
    blank = released(course, "coin")
    assert "SOLUTION" not in str(blank)
    assert "HIDDEN" not in str(blank)
    bits = "def entropy(p):\n    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)"
    hand_in(course, "s01", answered(solved(course, "coin"), {"q2-words": "My words."}), "coin")
    hand_in(course, "s02", answered(blank, {"q1-entropy": bits}), "coin")
    hand_in(course, "s03", blank, "coin")
    found = {one.student: (one.score, one.max_score) for one in grade(course, [], workers=2)}
    assert found == {"s01": (3, 5), "s02": (0, 5), "s03": (0, 5)}
    assert len(read_record(course.autograded / ".graded.json")) == 3
