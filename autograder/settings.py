"""How nbgrader is set up, in one place for our commands, its own commands and formgrader."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import Course

STUB = '# Write your answer here; delete the next line.\nraise NotImplementedError("not answered yet")'
TIMEOUT = 60
TEMPLATES = Path(__file__).parent / "templates"

LOG = logging.getLogger("autograder")
LOG.propagate = False
LOG.addHandler(logging.NullHandler())


def settings(course: Course, *, timeout: int = TIMEOUT) -> Config:
    """Return nbgrader's configuration for ``course``.

    Args:
        course: the course to work on.
        timeout: limit for each cell of a submission, in seconds.
    """
    c = Config()
    c.CourseDirectory.root = str(course.grader)
    c.CourseDirectory.db_url = course.database
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = "Write your answer here."
    _execution(c, timeout)
    c.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "autograder.hiding.HideTests",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.FeedbackExporter.template_name = "course_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    c.FeedbackExporter.sanitize_html = True
    return c


def _execution(c: Config, timeout: int) -> None:
    """Set how the cells of a submission run.

    A cell that fails does not stop the notebook (nbgrader's ``Execute`` fixes
    ``allow_errors = True``): every test cell gets its chance. A cell that takes too
    long is interrupted and counts as failed. The kernel is the one that runs this
    program, whatever the student's notebook asks for.
    """
    c.Execute.timeout = timeout
    c.Execute.startup_timeout = 120
    c.Execute.interrupt_on_timeout = True
    c.Execute.kernel_name = "python3"
    c.LimitOutput.max_lines = 200
    c.LimitOutput.max_traceback = 40
    c.Autograde.autograde_preprocessors = [
        "nbgrader.preprocessors.Execute",
        "autograder.hiding.ForgiveWarnings",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]


class Explained:
    """A part of a converter of nbgrader that remembers why a notebook failed."""

    reason: BaseException | None = None

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
    """
    course.grader.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        return Gradebook(course.database)
    finally:
        os.environ["PATH"] = before


def converter(kind: type, config: Config, **where: str) -> Any:
    """Return nbgrader's converter ``kind`` for the assignment and student of ``where``."""
    directory = CourseDirectory(config=config, log=LOG)
    for name, value in where.items():
        setattr(directory, name, value)
    made = kind(coursedir=directory, config=config, log=LOG)
    made.force = True
    return made
