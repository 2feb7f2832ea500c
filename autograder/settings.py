"""How nbgrader is set up, in one place for our commands, its own commands and formgrader."""

from pathlib import Path

from traitlets.config import Config

from autograder.course import STUB, TIMEOUT, Course

TEMPLATES = Path(__file__).parent / "templates"


def settings(course: Course, *, timeout: int = TIMEOUT) -> Config:
    """Return nbgrader's configuration for ``course``.

    Args:
        course: the course to work on.
        timeout: limit for each cell of a submission, in seconds.
    """
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
