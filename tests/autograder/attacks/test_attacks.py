"""Attacks on the grader, each beside honest students who must get full marks."""

import importlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter

from autograder.course import Course
from autograder.exercises.publish import release
from autograder.files import digest_folder
from autograder.gradebook.settings import settings
from autograder.grading import pool
from autograder.grading.grade import Result, grade
from tests.autograder.attacks.catalogue import ATTACKS, RIGHT_Q1, RIGHT_Q2, TAMPER, Attack
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

HIDDEN = """\
### BEGIN HIDDEN TESTS
draw = torch.Generator().manual_seed(4711)
x = torch.randn(8, generator=draw, dtype=torch.float64)
expected = sum(v * v for v in x.tolist()) / 8
found = mean_square(x.clone().requires_grad_())
assert isinstance(found, torch.Tensor), "mean_square must return a tensor."
assert abs(found.item() - expected) < 1e-9, "mean_square is wrong at random numbers."
assert torch.allclose(torch.autograd.functional.jacobian(mean_square, x), x / 4), "no gradient"
### END HIDDEN TESTS"""

VAULT = (
    HEADER.replace(
        "---\njupytext", "---\nautograder: {withhold: [gensrc.divergences]}\njupytext", 1
    )
    + cell("setup", "import torch", "given")
    + answer("q1", "def mean_square(x):", "return (x ** 2).mean()")
    + cell("q1-test", "assert mean_square(torch.tensor([3.0])) == 9", "test", 1)
    + cell("q1-hidden", HIDDEN, "test", 2)
    + answer("q2", "def halves(n):", "return [n >> k for k in range(n.bit_length())]")
    + cell("q2-test", "assert halves(1234)[:3] == [1234, 617, 308] and halves(0) == []", "test", 2)
    + answer("q3", "def ranks(x):", "return x.argsort().argsort()")
    + cell(
        "q3-test",
        "assert ranks(torch.tensor([5, 3])).sub(torch.tensor([1, 0])).abs().max() < 1",
        "test",
        2,
    )
)
FULL = 7
pytestmark = [pytest.mark.slow, pytest.mark.needs("sandbox")]
EVERY = 6  # attacks between two honest students


def _broken(course: Course, blank: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Hand in files that are not what they should be; give names and points earned."""
    full = solved(course)
    by_id = {one["metadata"].get("nbgrader", {}).get("grade_id"): one for one in full["cells"]}
    twice = {**full, "cells": [*full["cells"], by_id["q1-hidden"], by_id["q2-test"]]}
    hand_in(course, "file-copied-tests", twice)
    yield "file-copied-tests", FULL
    easy = json.loads(json.dumps(blank))
    for one in easy["cells"]:
        mark = one["metadata"].get("nbgrader", {})
        if mark.get("grade"):
            one["source"], mark["points"] = "pass", 1000
    hand_in(course, "file-easy-tests", easy)
    yield "file-easy-tests", 0
    fewer = {**blank, "cells": [one for one in blank["cells"] if "q" not in one["source"][:200]]}
    hand_in(course, "file-lost-tests", {**fewer, "cells": [*fewer["cells"], blank["cells"][0]]})
    yield "file-lost-tests", 0
    for name, change in {
        "version": {"schema_version": 99},
        "points": {"points": "many"},
        "list": {"grade": [1], "solution": {"a": 1}},
    }.items():
        odd = json.loads(json.dumps(full))
        for one in odd["cells"]:
            if one["metadata"].get("nbgrader"):
                one["metadata"]["nbgrader"].update(change)
        hand_in(course, f"file-{name}", odd)
        yield f"file-{name}", FULL
    kernel = {**full, "metadata": {"kernelspec": {"name": "evil", "display_name": "e"}}}
    hand_in(course, "file-kernel", kernel)
    yield "file-kernel", FULL
    same = json.loads(json.dumps(full))
    for one in same["cells"]:
        one["id"] = "same"
    hand_in(course, "file-same-ids", same)
    yield "file-same-ids", FULL
    extra = {"cell_type": "code", "id": "x", "metadata": {}, "source": "torch.allclose = 1"}
    hand_in(course, "file-extra-cells", {**full, "cells": [*full["cells"], extra]})
    yield "file-extra-cells", FULL
    words = {"cell_type": "markdown", "metadata": {}, "source": "![" * 40_000}
    hand_in(course, "file-markdown", {**full, "cells": [*full["cells"], *[words] * 9]})
    yield "file-markdown", FULL
    long = {**extra, "source": "1;" * 600_000}
    hand_in(course, "file-long", {**full, "cells": [*full["cells"], long]})
    yield "file-long", 0
    (hand_in(course, "file-name", full).parent / os.fsdecode(b"L\xf6sung.txt")).touch()
    yield "file-name", FULL
    for name in ("link", "fifo", "folder", "many", "timestamp", "clock-fifo", "clock-link"):
        folder = hand_in(course, f"file-{name}", full).parent
        path = folder / "tiny.ipynb"
        if name == "timestamp":
            (folder / "timestamp.txt").write_bytes(b"\xff yesterday")
            yield f"file-{name}", FULL
            continue
        if name == "clock-fifo":
            os.mkfifo(folder / "timestamp.txt")
        elif name == "clock-link":
            (folder / "timestamp.txt").symlink_to("/dev/zero")
        elif name == "many":
            for number in range(500):
                (folder / f"{number}.txt").touch()
        else:
            path.unlink()
        if name == "link":
            path.symlink_to(course.source / "tiny" / "tiny.ipynb")
        elif name == "fifo":
            os.mkfifo(path)
        elif name == "folder":
            path.mkdir()
        yield f"file-{name}", 0


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = tiny_course(tmp_path_factory.mktemp("attacks"), VAULT)
    release(made, [])
    return made


@pytest.fixture(scope="module")
def expected(course: Course) -> dict[str, float | None]:
    """Hand everything in; return the points that each has earned."""
    blank = released(course)
    earned: dict[str, float | None] = {}
    for number, attack in enumerate(ATTACKS):
        name = student(attack)
        answers = {"q1": attack.q1, "q2": attack.q2, "q3": attack.q3}
        hand_in(course, name, answered(blank, answers))
        earned[name] = attack.points
        if number % EVERY == 0:
            hand_in(course, f"{name}-beside", solved(course))
            earned[f"{name}-beside"] = FULL
    earned.update(_broken(course, blank))
    hand_in(course, "right", answered(blank, {"q1": RIGHT_Q1, "q2": RIGHT_Q2}))
    earned["right"] = 5
    return earned


@pytest.fixture(scope="module")
def results(course: Course, expected: dict[str, float | None]) -> dict[str, Result]:
    before = digest_folder(course.root / "solutions"), digest_folder(course.submitted)
    found = {one.student: one for one in grade(course, [], timeout=4)}
    assert before == (digest_folder(course.root / "solutions"), digest_folder(course.submitted))
    return found


def student(attack: Attack) -> str:
    """The name under which an attack is handed in."""
    return "attack-" + re.sub(r"\W+", "-", attack.name)


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 50
    assert len({student(attack) for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=student)
def test_what_an_attack_replaces_is_there(attack: Attack) -> None:
    """An attack on a name that is gone would be harmless."""
    for code in (attack.q1, attack.q2, attack.q3):
        known = dict(re.findall(r"(autograder\.[\w.]+) as (\w+)", code))
        for module, short in known.items():
            for target in re.findall(rf"^{short}\.([\w.]+) =", code, flags=re.MULTILINE):
                found: Any = importlib.import_module(module)
                for name in target.split("."):
                    found = getattr(found, name)


def test_everybody_has_one_result(
    results: dict[str, Result], expected: dict[str, float | None]
) -> None:
    assert set(results) == set(expected)


def test_nobody_gets_or_loses_points_that_were_not_earned(
    results: dict[str, Result], expected: dict[str, float | None]
) -> None:
    wrong = {
        name: (results[name].score, points, results[name].flags, results[name].message)
        for name, points in expected.items()
        if points is not None and results[name].score != points
    }
    assert not wrong


def test_honest_students_are_not_flagged(results: dict[str, Result]) -> None:
    honest = [one for name, one in results.items() if name.endswith("-beside") or name == "right"]
    assert honest
    assert not [one for one in honest if one.flags or one.message]


def test_tampering_is_seen_where_it_can_be(results: dict[str, Result]) -> None:
    assert "used what the exercise withholds" in results["attack-withheld"].flags
    assert "took too long" in results["attack-endless-loop"].flags
    assert "its process died" in results["attack-ends-its-process"].flags
    timed = results["file-timestamp"]
    assert any("timestamp.txt gives no time" in flag for flag in timed.flags)
    assert len(TAMPER) > 40


def test_pages_show_no_hidden_test_and_run_nothing(
    course: Course, results: dict[str, Result]
) -> None:
    for name in results:
        page = (course.feedback / name / "tiny" / "tiny.html").read_text(encoding="utf-8")
        assert "manual_seed(4711)" not in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_formgrader_runs_nothing(course: Course, results: dict[str, Result]) -> None:
    exporter: Any = HTMLExporter(config=settings(course))
    for name in ("attack-forged-output", "attack-active-page"):
        assert name in results
        page, _ = exporter.from_filename(str(course.autograded / name / "tiny" / "tiny.ipynb"))
        body = page[page.index("<body") :]
        assert "mean_square" in body
        assert "<script>alert" not in body
        assert "<script>fetch" not in body
        assert "<img src=x" not in body


def test_nothing_is_left_running(results: dict[str, Result]) -> None:
    assert results
    pool.close()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        assert b"while true; do sleep 1; done" not in words
