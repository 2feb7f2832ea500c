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
    c.FeedbackExporter.exclude_anchor_links = True
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
    c.Execute.extra_arguments = ["--log-level=40"]  # the kernel's own notices go nowhere
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
