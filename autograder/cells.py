"""What a cell of a notebook is to the grader: who runs it, and what became of it."""

from typing import Any, Literal, TypedDict

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

GIVEN, STUDENT, TEST, TEXT = "given", "student", "test", "text"  # kinds of cells


class Step(TypedDict, total=False):
    """What is done with one cell."""

    kind: str  # GIVEN: run by student and judge; STUDENT; TEST: by the judge; TEXT: not run
    name: str  # the cell's grade_id, or ''
    source: str  # of code
    own: bool  # a cell of the exercise, whoever runs it
    binds: list[str]  # names that an answer defines
    imports: str  # import statements of the reference answer
    methods: list[str]  # methods that classes of an answer are asked to have
    points: float  # of a test
    skip: bool  # not run in this part
    unanswered: bool  # as it was released


class Shown(TypedDict):
    """One value or picture that a cell showed."""

    kind: str  # display_data or execute_result
    data: dict[str, str]  # by mime type


class Failure(TypedDict, total=False):
    """An exception of a student's cell."""

    type: str
    text: str
    traceback: str
    withheld: bool  # it used a name that the exercise withholds


class Outcome(TypedDict, total=False):
    """What became of one cell."""

    score: float  # of a test
    type: str  # of the exception that ended a test
    text: str  # why a test failed
    where: list[int | str]  # line and function of the student's that raised
    own: bool  # the test itself said so, and not the student's code
    withheld: bool  # it used a name that the exercise withholds
    fault: str  # why a given cell cannot be run by the judge
    stdout: str
    stderr: str
    shown: list[Shown]
    error: Failure  # of a cell that is no test


class Summary(TypedDict):
    """What a judge says when it has finished."""

    flags: list[str]
    starts: int  # of processes for the student's code


class Case(TypedDict):
    """What a judge is told of a notebook."""

    steps: list[Step]
    limit: float  # seconds for each cell
    total: float  # seconds for all of them
    folder: str  # of released files
    seed: int


class Mark(TypedDict, total=False):
    """nbgrader's metadata of a cell."""

    grade_id: str
    points: float
    grade: bool
    solution: bool
    locked: bool
    task: bool


def mark_of(cell: NotebookNode) -> Mark:
    """Return nbgrader's metadata of ``cell``; empty where there is none."""
    mark: Mark | Literal[""] | None = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) else {}


def python(source: str) -> str:
    """Return ``source`` as Python, with IPython's magic commands as calls."""
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    return str(manager.transform_cell(source))
