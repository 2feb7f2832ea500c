"""Notebooks damaged in any way: each gets a sentence or a score, and none stops the run."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.cells import mark_of
from autograder.course import Course
from autograder.exercises.publish import release
from autograder.grading.grade import grade
from autograder.grading.rebuild import rebuild
from autograder.submissions.files import Submission, read_submission
from tests.support.tiny_course import hand_in, solved, tiny_course

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
WORDS = ["nbgrader", "grade_id", "q1", "cell_type", "source", "outputs", "attachments", "points"]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a tree of JSON."""
    inner: Any = tree.items() if isinstance(tree, dict) else ()
    inner = enumerate(tree) if isinstance(tree, list) else inner
    return [path] * bool(path) + [
        one for key, value in inner for one in places(value, (*path, key))
    ]


@st.composite
def damaged_trees(draw: Callable[..., Any], notebook: dict[str, Any]) -> bytes:
    """The notebook with some of its parts replaced, removed, doubled or exchanged."""
    made = copy.deepcopy(notebook)
    for _ in range(draw(st.integers(1, 4))):
        found = places(made)
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        parent: Any = made
        for key in way:
            parent = parent[key]
        action = draw(st.sampled_from(["replace", "remove", "double", "word"]))
        if action == "remove":
            del parent[last]
        elif action == "double" and isinstance(parent, list):
            parent.insert(draw(st.integers(0, len(parent))), copy.deepcopy(parent[last]))
        elif action == "word":
            parent[last] = draw(st.sampled_from(WORDS))
        else:
            parent[last] = draw(junk)
    return json.dumps(made).encode("utf-8", "surrogatepass")


@st.composite
def damaged_bytes(draw: Callable[..., Any], content: bytes) -> bytes:
    """The content with some of its bytes changed, cut out or doubled."""
    made = bytearray(content)
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(made)))
        end = min(len(made), start + draw(st.integers(0, 40)))
        made[start:end] = draw(st.sampled_from([b"", made[start:end] * 2, draw(st.binary())]))
    return bytes(made)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = tiny_course(tmp_path_factory.mktemp("fuzz"))
    release(made, [])
    return made


def damaged(course: Course) -> st.SearchStrategy[bytes]:
    """Damaged forms of a right submission."""
    full = solved(course)
    return damaged_trees(full) | damaged_bytes(json.dumps(full).encode())


@pytest.mark.slow
def test_a_thousand_damaged_notebooks_are_refused_or_rebuilt(course: Course) -> None:
    source = nbformat.read(course.source / "tiny" / "tiny.ipynb", as_version=4)
    blank = nbformat.read(course.release / "tiny" / "tiny.ipynb", as_version=4)
    ids = [mark_of(cell).get("grade_id") for cell in source.cells]
    tests = [cell.source for cell in source.cells if mark_of(cell).get("grade")]
    seen = {"refused": 0, "rebuilt": 0}

    @settings(max_examples=1000, suppress_health_check=list(HealthCheck))
    @given(damaged(course))
    def check(content: bytes) -> None:
        path = hand_in(course, "fuzz", content)
        found = read_submission(course, Submission("fuzz", "tiny", path.parent))
        if found.problem:
            assert "\n" not in found.problem
            assert str(course.root) not in found.problem
            seen["refused"] += 1
            return
        made = rebuild(source, found.notebooks["tiny"], blank)
        kept = [mark_of(cell).get("grade_id") for cell in made.notebook.cells]
        assert [one for one in kept if one] == [one for one in ids if one]
        graded = [c.source for c in made.notebook.cells if mark_of(c).get("grade")]
        assert graded == tests
        json.dumps(made.steps)
        seen["rebuilt"] += 1

    check()
    assert min(seen.values()) > 50


@pytest.mark.slow
def test_damaged_notebooks_do_not_stop_the_run(course: Course) -> None:
    number = 0

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(damaged(course))
    def make(content: bytes) -> None:
        nonlocal number
        hand_in(course, f"damaged-{number}", content)
        number += 1

    make()
    hand_in(course, "honest", solved(course))
    results = {one.student: one for one in grade(course, [], timeout=5)}
    assert len(results) >= number
    assert results["honest"].score == 6
    assert all(0 <= one.score <= 6 for one in results.values())
    assert all(Path(course.feedback / name / "tiny").is_dir() for name in results)
