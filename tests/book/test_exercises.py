"""The graded exercises judge fairly: right answers pass however written, wrong ones are told why.

The answers are in ``tests/chapters``, run by :mod:`tests.support.answers`: each in a fork, and
some of them once more through the release and the grader itself.
"""

import ast
import copy
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from autograder.course import Course
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading.grade import Result, grade
from autograder.sandbox.withhold import copy_package, read_withholding
from tests.support.answers import (
    ROOT,
    SLUGS,
    Question,
    answers,
    asserts,
    every_answer,
    given,
    mark,
    outcomes,
    problems,
    questions,
    read_exercise,
    source_of,
)
from tests.support.tiny_course import answered, hand_in, released, solved

CASES = [
    pytest.param(slug, question, id=f"{slug}-{question.name}")
    for slug in SLUGS
    for question in questions(slug)
]
each_exercise = pytest.mark.parametrize("slug", SLUGS)
each_question = pytest.mark.parametrize(("slug", "question"), CASES)
MYST_ONLY = re.compile(r"^ *(```|:::) *\{|\{[a-z:]+\}`|\\(newcommand|def)\b", re.MULTILINE)


# --- how an exercise is written


def test_there_are_exercises() -> None:
    assert SLUGS


@each_exercise
def test_source_survives_jupytext(slug: str) -> None:
    text = source_of(slug).read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst") == text


@each_exercise
def test_number_of_questions_and_kinds(slug: str) -> None:
    assert 6 <= len(questions(slug)) <= 10
    headings = re.findall(r"^## .*", _prose(slug), flags=re.MULTILINE)
    for kind in ("derive", "implement", "experiment"):
        assert any(kind in heading.lower() for heading in headings), f"no question to {kind}"


@each_exercise
def test_headings_state_the_points(slug: str) -> None:
    stated = [int(n) for n in re.findall(r"^## .*\b(\d+) points?\b", _prose(slug), re.MULTILINE)]
    held = [sum(mark(cell, "points") for cell in q.tests) for q in questions(slug)]
    assert stated == held


@each_exercise
def test_names_of_cells_are_unique_and_all_graded_cells_belong_to_a_question(slug: str) -> None:
    names = [mark(cell, "grade_id") for cell in read_exercise(slug).cells]
    names = [name for name in names if name]
    assert len(names) == len(set(names))
    graded = [c for c in read_exercise(slug).cells if mark(c, "grade")]
    owned = [id(cell) for question in questions(slug) for cell in question.tests]
    assert sorted(owned) == sorted(id(cell) for cell in graded)


@each_exercise
def test_prose_needs_no_book_and_no_macro(slug: str) -> None:
    found = MYST_ONLY.search(_prose(slug))
    assert not found, f"JupyterLab shows {found and found[0]!r} as it stands"


@each_exercise
def test_helpers_of_tests_come_from_the_package_and_are_not_withheld(
    slug: str, tmp_path: Path
) -> None:
    setup = next(cell for cell in given(slug) if mark(cell, "grade_id") == "setup")
    assert "from gensrc.answers import " in setup.source
    assert not asserts(setup), "a helper that many tests need belongs in gensrc/answers.py"
    withheld = read_withholding(read_exercise(slug).metadata, slug).names
    assert withheld, f"{slug} withholds nothing"
    package = {name for name in withheld if name.startswith("gensrc.")}
    copy_package(ROOT / "gensrc", tmp_path, frozenset(package))
    helpers = Path("gensrc") / "answers.py"
    assert (tmp_path / helpers).read_text("utf-8") == (ROOT / helpers).read_text("utf-8")


@each_exercise
def test_every_answer_file_belongs_to_a_question(slug: str) -> None:
    files = {path.stem for path in (ROOT / "tests" / "chapters" / slug).glob("q*.py")}
    assert files == {question.name for question in questions(slug)}


@each_question
def test_question_is_well_formed(slug: str, question: Question) -> None:
    source = question.cell.source
    assert source.count("### BEGIN SOLUTION") == source.count("### END SOLUTION") == 1
    outside = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "pass", source, flags=re.DOTALL)
    assert '"""' in outside, "the docstring of the function belongs outside the solution"
    found = [hidden for cell in question.tests for _, hidden in asserts(cell)]
    assert True in found, "no hidden assert"
    assert False in found, "no visible assert"
    for cell in question.tests:
        assert mark(cell, "locked")
        assert mark(cell, "points") > 0
        for node, _ in asserts(cell):
            assert node.msg is not None, f"an assert without a message: {ast.unparse(node)}"
            words = "".join(_literals(node.msg))
            assert "\\" not in words, f"a backslash in a message: {words}"
            assert words.rstrip().endswith((".", "?", ")")), f"no sentence: {words}"
        last = ast.parse(cell.source).body[-1]
        assert not isinstance(last, ast.Expr), "nbgrader reads the value of a last line as points"


@each_question
def test_there_are_enough_answers(slug: str, question: Question) -> None:
    found = answers(slug, question.name)
    right = [answer.title for answer in found if answer.kind == "right"]
    wrong = [answer for answer in found if answer.kind == "wrong"]
    assert len(right) >= 3
    assert right[0] == "reference"
    assert len(wrong) >= 5
    assert all(answer.message for answer in wrong), "a wrong answer without the words to expect"
    assert len({answer.title for answer in found}) == len(found)


# --- what the tests of a question say to answers


@each_question
def test_answers_are_judged_fairly(slug: str, question: Question) -> None:
    found = {}
    for number, answer in enumerate(every_answer(slug, question)):
        against = problems(answer, outcomes(slug)[question.name, number])
        if against:
            found[f"{answer.kind}: {answer.title}"] = against
    assert not found


@each_question
def test_every_assert_can_fail(slug: str, question: Question) -> None:
    fired = _fired(slug, question.name)
    idle = [
        f"{mark(cell, 'grade_id')}: {ast.unparse(node.msg)}"
        for cell in question.tests
        for node, _ in asserts(cell)
        if not _hit(node, fired.get(mark(cell, "grade_id"), set()))
    ]
    assert not idle, "no wrong answer makes these fail:\n" + "\n".join(idle)


@each_exercise
def test_every_assert_of_the_given_cells_can_fail(slug: str) -> None:
    fired: dict[str, set[int]] = {}
    for question in questions(slug):
        for place, lines in _fired(slug, question.name).items():
            fired.setdefault(place, set()).update(lines)
    idle = [
        f"{mark(cell, 'grade_id')}: {ast.unparse(node.msg)}"
        for cell in given(slug)
        for node, _ in asserts(cell)
        if not _hit(node, fired.get(mark(cell, "grade_id"), set()))
    ]
    assert not idle, "no wrong answer makes these fail:\n" + "\n".join(idle)


# --- in a kernel, and through the release and the grader


@pytest.mark.slow
@each_exercise
def test_notebook_with_its_solutions_runs_and_shows_its_figures(slug: str, tmp_path: Path) -> None:
    notebook = copy.deepcopy(read_exercise(slug))
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(tmp_path))
    assert not list(tmp_path.iterdir()), "running the exercise leaves files behind"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kinds = [kind for one in cell.outputs for kind in one.get("data", {})]
            drawn = "image/png" in kinds
            assert drawn == bool(re.search(r"\bshow_\w+\(|plt\.show\(", cell.source)), cell.source
            streams = [one.text for one in cell.outputs if one.get("name") == "stderr"]
            assert not streams, f"{mark(cell, 'grade_id')} writes to stderr: {streams}"


FOREIGN_KERNEL = """\
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name in ("gensrc", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
"""
SUBMISSIONS = [("author", 0), ("right", 1), ("right", 2), ("wrong", 0), ("blank", 0)]


@pytest.fixture(scope="module")
def course_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Course]:
    """A function that releases an exercise, once, in a course of its own."""

    @cache
    def made(slug: str) -> Course:
        root = tmp_path_factory.mktemp(slug)
        shutil.copytree(ROOT / "solutions" / slug, root / "solutions" / slug)
        release(Course(root), [slug])
        return Course(root)

    return made


@pytest.fixture(scope="module")
def graded(course_of: Callable[[str], Course]) -> Callable[[str], dict[str, Result]]:
    """A function that grades all the submissions to an exercise, once; the results by student."""

    @cache
    def made(slug: str) -> dict[str, Result]:
        course = course_of(slug)
        for kind, number in SUBMISSIONS:
            hand_in(course, f"{kind}-{number}", _filled(course, slug, kind, number), slug)
        return {one.student: one for one in grade(course, [slug])}

    return made


@each_exercise
def test_release_has_neither_solutions_nor_hidden_tests(
    course_of: Callable[[str], Course], slug: str
) -> None:
    source = source_of(slug).read_text(encoding="utf-8")
    regions = list(_hidden_regions(source))
    assert regions
    given = source
    for region in regions:
        given = given.replace(region, "")
    public = {line.strip() for line in given.splitlines()}
    secret = {line.strip() for region in regions for line in region.splitlines()} - public
    path = course_of(slug).release / slug / f"{slug}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    shown = {line.strip() for cell in cells for line in cell.source.splitlines()}
    assert not secret & shown
    assert "BEGIN " not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_exercises_in_a_foreign_kernel_say_one_sentence() -> None:
    """Each begins with a cell that needs the package; one kernel tries all of these cells."""
    first = [next(c for c in read_exercise(slug).cells if c.cell_type == "code") for slug in SLUGS]
    notebook = nbformat.v4.new_notebook()
    sources = [FOREIGN_KERNEL, *(cell.source for cell in first)]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    NotebookClient(notebook, allow_errors=True, kernel_name="python3", timeout=60).execute()
    for slug, cell in zip(SLUGS, notebook.cells[1:]):
        (output,) = cell.outputs
        (sentence,) = output.traceback
        assert "is not installed" in sentence, slug
        assert "make lab" in sentence, slug


@pytest.mark.slow
@each_exercise
@pytest.mark.parametrize(("kind", "number"), SUBMISSIONS, ids=lambda value: str(value))
def test_grader_agrees(
    course_of: Callable[[str], Course],
    graded: Callable[[str], dict[str, Result]],
    slug: str,
    kind: str,
    number: int,
) -> None:
    student = f"{kind}-{number}"
    result = graded(slug)[student]
    assert not result.message
    assert result.max_score > 0
    points = _points_by_question(course_of(slug), slug, student)
    for question in questions(slug):
        score, most = points[question.name]
        if kind in ("author", "right"):
            assert score == most, f"{question.name}: a right answer loses points"
        elif kind == "wrong":
            assert score < most, f"{question.name}: a wrong answer loses nothing"
        else:
            assert score == 0, f"{question.name}: a blank answer gets points"
    if kind == "author":
        assert result.score == result.max_score
    elif kind == "blank":
        assert result.score == 0


def _filled(course: Course, slug: str, kind: str, number: int) -> dict[str, Any]:
    """The released notebook with one answer of this kind to each question."""
    if kind == "author":
        return solved(course, slug)
    chosen: dict[str, Any] = {}
    for question in questions(slug) if kind != "blank" else []:
        found = [one for one in answers(slug, question.name) if one.kind == kind]
        chosen[question.name] = found[min(number, len(found) - 1)].source
    return answered(released(course, slug), chosen)


def _hidden_regions(text: str) -> Iterator[str]:
    for name in ("SOLUTION", "HIDDEN TESTS"):
        yield from re.findall(rf"BEGIN {name}\n(.*?)\n[^\n]*END {name}", text, flags=re.DOTALL)


def _points_by_question(course: Course, slug: str, student: str) -> dict[str, tuple[float, float]]:
    with open_gradebook(course) as gradebook:
        (notebook,) = gradebook.find_submission(slug, student).notebooks
        scores = {one.name: (one.score, one.max_score) for one in notebook.grades}
    return {
        question.name: (
            sum(scores[mark(cell, "grade_id")][0] for cell in question.tests),
            sum(scores[mark(cell, "grade_id")][1] for cell in question.tests),
        )
        for question in questions(slug)
    }


def _prose(slug: str) -> str:
    cells = read_exercise(slug).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def _literals(node: ast.AST) -> list[str]:
    """The literal words of a message, without the formats of the numbers in it."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.FormattedValue):
        return []
    return [word for part in ast.iter_child_nodes(node) for word in _literals(part)]


def _fired(slug: str, name: str) -> dict[str, set[int]]:
    """The lines at which asserts failed for the answers to a question, by cell."""
    fired: dict[str, set[int]] = {}
    for (question, _), outcome in outcomes(slug).items():
        if question == name:
            for failure in outcome.failures:
                if failure.kind == "AssertionError":
                    fired.setdefault(failure.place, set()).add(failure.line)
    return fired


def _hit(node: ast.Assert, lines: set[int]) -> bool:
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for line in lines)
