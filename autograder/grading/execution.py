"""Execution: one submission is judged, and nothing is written."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from autograder.course import Course
from autograder.grading.pool import runner_for, wait_until_ready
from autograder.grading.rebuild import Rebuilt, rebuild
from autograder.grading.runner import NotebookResult, NotebookRunner
from autograder.sandbox.withhold import Withholding, read_withholding
from autograder.submissions.files import HandIn


class Book(NamedTuple):
    """One notebook of an exercise."""

    source: NotebookNode  # with solutions and tests
    blank: NotebookNode  # as released
    withholding: Withholding


class Exercise(NamedTuple):
    """The notebooks of an exercise by name, and the folder of released files."""

    books: dict[str, Book]
    files: Path


class Verdict(NamedTuple):
    """What became of one submission."""

    hand_in: HandIn
    message: str  # why it cannot be graded, or ''
    notebooks: dict[str, tuple[Rebuilt, NotebookResult]]
    seconds: float


class Execution:
    """Judges submissions to exercises.

    Args:
        course: the course that the exercises belong to.
        timeout: limit for each cell, in seconds.
        unsafe: run students' code without a sandbox.
    """

    def __init__(self, course: Course, timeout: int, unsafe: bool) -> None:
        self.course, self.timeout, self.unsafe = course, timeout, unsafe
        self.exercises: dict[str, Exercise] = {}
        self.runners: dict[str, NotebookRunner] = {}

    def prepare(self, names: Iterable[str]) -> None:
        """Start what submissions to these exercises need, all at once, and wait for it."""
        for name in set(names):
            exercise = self.exercises[name] = read_exercise(self.course, name)
            books = [(book.source, book.withholding) for book in exercise.books.values()]
            self.runners[name] = runner_for(
                books, exercise.files, limit=self.timeout, unsafe=self.unsafe
            )
        wait_until_ready()

    def judge(self, name: str, hand_in: HandIn) -> Verdict:
        """Judge one answer to the exercise ``name``, which was prepared."""
        start = time.perf_counter()
        message = hand_in.problem
        found: dict[str, tuple[Rebuilt, NotebookResult]] = {}
        try:
            for book, notebook in hand_in.notebooks.items():
                found[book] = self._run(name, book, notebook)
        except Exception as error:  # nothing that is handed in may stop the run
            message = in_words(self.course, error)
        return Verdict(hand_in, message, {} if message else found, time.perf_counter() - start)

    def _run(self, name: str, book: str, notebook: NotebookNode) -> tuple[Rebuilt, NotebookResult]:
        source, blank, withholding = self.exercises[name].books[book]
        rebuilt = rebuild(source, notebook, blank)
        result = self.runners[name].run(
            rebuilt, withholding, folder=self.exercises[name].files, limit=self.timeout
        )
        return rebuilt, result


def read_exercise(course: Course, name: str) -> Exercise:
    """Return the exercise ``name`` as its release left it."""
    books = {}
    for path in sorted((course.source / name).glob("*.ipynb")):
        source = nbformat.read(path, as_version=4)
        blank = nbformat.read(course.release / name / path.name, as_version=4)
        books[path.stem] = Book(source, blank, read_withholding(source.metadata, path.name))
    return Exercise(books, course.release / name)


def in_words(course: Course, error: Exception) -> str:
    """Return the sentence for a submission that the grader cannot cope with."""
    words = f"{type(error).__name__}: {error}".split("\n")[0][:300].replace(str(course.root), "…")
    return f"This could not be graded ({words}): show this message to your teacher."
