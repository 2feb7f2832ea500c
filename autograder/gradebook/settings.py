"""How nbgrader is set up, in one place for our commands, its own commands and formgrader."""

from datetime import datetime
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import STUB, TIMEOUT, Course
from autograder.submissions.files import time_in

TEMPLATES = Path(__file__).parent.parent / "results" / "templates"


def settings(course: Course, *, timeout: int = TIMEOUT) -> Config:
    """Return nbgrader's configuration for ``course``.

    Args:
        course: the course to work on.
        timeout: limit for each cell of a submission, in seconds.
    """
    _forgive_times()
    c = Config()
    c.CourseDirectory.root = str(course.grader)
    c.CourseDirectory.db_url = course.database
    c.CourseDirectory.course_id = "default_course"  # PostgreSQL insists that it exists
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = "Write your answer here."
    c.Execute.timeout = timeout  # of nbgrader's own commands
    c.Execute.kernel_name = "python3"
    c.HTMLExporter.sanitize_html = True  # what students write must not run in formgrader
    c.FeedbackExporter.template_name = "course_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    return c


def _forgive_times() -> None:
    """Let a timestamp.txt that gives no time be to nbgrader as if it were not there.

    Else it ends, or its grading page shows no submission at all, because of a single one.
    """

    def existing(directory: CourseDirectory, folder: str) -> datetime | None:
        return time_in(Path(folder))

    def submitted(api: NbGraderAPI, assignment: str, student: str) -> datetime | None:
        place = api.coursedir.submitted_directory
        return time_in(Path(api.coursedir.format_path(place, student, assignment)))

    CourseDirectory.get_existing_timestamp = existing
    NbGraderAPI.get_submitted_timestamp = submitted
