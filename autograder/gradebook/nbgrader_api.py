"""nbgrader's converters and gradebook, called from Python."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from jsonschema import ValidationError
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder.course import Course, GraderError

LOG = logging.getLogger("autograder")
LOG.propagate = False
LOG.addHandler(logging.NullHandler())


class Explained:
    """A part of a converter of nbgrader that remembers why a notebook failed."""

    reason: Exception | None = None

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Prepare the folder and the gradebook."""
        with self._remembering():
            super().init_assignment(assignment_id, student_id)  # type: ignore[misc]

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Convert one notebook."""
        with self._remembering():
            super().convert_single_notebook(notebook_filename)  # type: ignore[misc]

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.reason = error
            raise


def open_gradebook(course: Course) -> Any:
    """Return the gradebook of ``course``, made when there is none; use it in a ``with``.

    nbgrader calls the program ``alembic`` to make one, and finds it only when the
    environment of this Python has been activated: so its folder goes first here.

    Raises:
        GraderError: the database cannot be reached, or its URL cannot be understood.
    """
    course.grader.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        return Gradebook(course.database)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise GraderError(_unreachable(course.database, error)) from error
    finally:
        os.environ["PATH"] = before


def _unreachable(url: str, error: Exception) -> str:
    """Return in one sentence why the gradebook cannot be opened; no password is shown."""
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The gradebook needs the package {error.name}: install it (for PostgreSQL: pip "
            "install 'psycopg[binary]')."
        )
    if isinstance(error, ArgumentError):
        return (
            "The URL of the gradebook cannot be understood: expected sqlite:///FILE or "
            "postgresql://USER@HOST/DATABASE."
        )
    words = " ".join(str(getattr(error, "orig", error)).split())[:300]
    if password := make_url(url).password:
        words = words.replace(str(password), "…")
    return (
        f"The gradebook {make_url(url).render_as_string(hide_password=True)} cannot be opened "
        f"({words}): check its address (--db, or course.toml) and that the server runs."
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what nbgrader 0.9 does that SQLAlchemy 2 warns of; it does no harm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def run_converter(
    kind: type, config: Config, *, assignment: str, student: str = "*"
) -> Exception | None:
    """Run nbgrader's converter ``kind``; return why it failed, or None."""
    directory = CourseDirectory(config=config, log=LOG)
    directory.assignment_id = assignment
    directory.student_id = escape(student) if student != "*" else student
    run: Any = kind(coursedir=directory, config=config, log=LOG)
    run.force = True
    try:
        with quiet():
            run.start()
    except NbGraderException as error:
        return _cause(run.reason or error)
    return None


def _cause(error: Exception) -> Exception:
    """Return what ``error`` is about: nbgrader hides what is wrong with a cell's metadata."""
    if isinstance(error, ValidationError):
        first = error.__context__ if isinstance(error.__context__, ValidationError) else error
        return ValueError(f"the nbgrader metadata of a cell is wrong: {first.message}")
    return error
