"""Pages of feedback: one for each submission, which needs neither network nor other files."""

import base64
import copy
import hashlib
import html
import shutil
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import bleach
import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode

from autograder.course import Course, GraderError
from autograder.files import read_record, write_whole
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.gradebook.settings import TEMPLATES, settings
from autograder.results.redact import enter_scores, hide_tests
from autograder.submissions.files import Submission, find_submissions

MATHJAX_SET_UP = """window.MathJax = {
  tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], processEscapes: true},
  options: {enableMenu: false},
};"""

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt"),
    *("em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre"),
    *("s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "u", "ul"),
}
NOTES = {
    *("class", "id", "title", "alt", "width", "height", "align", "colspan", "rowspan", "scope"),
    "start",
}
Resources = dict[str, Any]  # of nbconvert
UNSAFE = "graded without the sandbox"
PROTOCOLS = {"http", "https", "mailto", "data"}


class FeedbackExporter(HTMLExporter):
    """Writes a graded notebook as a page of its own: formulas by MathJax inside the page."""

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Resources | None = None, **kw: Any
    ) -> tuple[str, Resources]:
        """Return the page, and the resources of nbconvert."""
        page, resources = super().from_notebook_node(nb, resources, **kw)
        head, _, body = page.partition("<!-- scripts -->")
        scripts = [MATHJAX_SET_UP, mathjax()] if "$" in body or "\\(" in body else []
        return head + _allowing(scripts) + body, resources

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Return nbconvert's filters with a ``clean_html`` that knows what Markdown makes."""
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "clean_html", harmless
        yield "number", lambda value: f"{float(value):.6g}"


def harmless(text: object) -> str:
    """Return ``text`` as HTML that cannot run or load anything; other tags become text."""
    return _harmless(str(text))


@lru_cache(maxsize=500)  # the instructor's cells are the same on every page
def _harmless(text: str) -> str:
    def allowed(tag: str, name: str, value: str) -> bool:
        if tag == "img" and name == "src":
            return value.startswith("data:image/")
        return name in NOTES or (tag == "a" and name == "href")

    return str(bleach.clean(text, tags=TAGS, attributes=allowed, protocols=PROTOCOLS))


@cache
def mathjax() -> str:
    """Return MathJax as one script that loads nothing."""
    found = find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        raise GraderError(
            "MathJax is missing, and without it no formula shows in the feedback: install "
            "the package sphinx-mathjax-offline."
        )
    script = Path(found.origin).parent / "static" / "mathjax" / "tex-svg-full.js"
    return script.read_text(encoding="utf-8").replace("<!--", "\\x3c!--").strip()


def _allowing(scripts: list[str]) -> str:
    """Return ``scripts`` as HTML, after a rule that lets the page load and run nothing else."""
    sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in sums) or "'none'"
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "form-action 'none'; base-uri 'none'"
    )
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    return rule + "".join(f"<script>{text}</script>\n" for text in scripts)


def rewrite_feedback(course: Course, assignments: list[str], student: str = "") -> int:
    """Write the pages of all graded submissions again, as after grading by hand."""
    record = read_record(course.autograded / ".graded.json")
    graded = [
        submission
        for submission in find_submissions(course, course.choose(assignments), student)
        if submission.key in record
    ]
    with open_gradebook(course) as gradebook:
        for submission in graded:
            old = record[submission.key]
            if old["message"]:
                write_message(course, submission, old["message"])
                continue
            folder = course.autograded / submission.student / submission.assignment
            notebooks = {
                path.stem: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")
            }
            notes = UNSAFE in old.get("flags", ()), old.get("unread", "")
            write_pages(course, gradebook, submission, notebooks, *notes)
    return len(graded)


def write_message(course: Course, submission: Submission, message: str) -> None:
    """Write the page of a submission that could not be graded; ``message`` says why."""
    target = course.feedback / submission.student / submission.assignment
    shutil.rmtree(target, ignore_errors=True)
    page = _message_page(submission.assignment, message)
    write_whole(target / f"{submission.assignment}.html", page.encode())


def write_pages(
    course: Course,
    gradebook: Any,
    submission: Submission,
    notebooks: dict[str, NotebookNode],
    unsafe: bool,
    unread: str,
) -> None:
    """Write a page for each graded notebook of a submission, with the scores of now.

    It says whether it was graded without the sandbox, and which files were not read.
    """
    target = course.feedback / submission.student / submission.assignment
    for name, notebook in notebooks.items():
        shown = copy.deepcopy(notebook)
        entry = gradebook.find_submission_notebook(name, *submission[1::-1])
        about = enter_scores(shown, entry)
        about |= {"notebook": name, "student": submission.student}
        about |= {"unsafe": unsafe, "unread": unread}
        hide_tests(shown)
        page, _ = _exporter().from_notebook_node(shown, {"nbgrader": about})
        write_whole(target / f"{name}.html", page.encode("utf-8", "replace"))


@cache
def _exporter() -> FeedbackExporter:
    make: Any = FeedbackExporter
    exporter: FeedbackExporter = make(config=settings(Course(Path())))
    for name in ("sanitize_html", "exclude_anchor_links"):
        setattr(exporter, name, True)
    return exporter


def _message_page(title: str, message: str) -> str:
    template = (TEMPLATES / "message.html").read_text(encoding="utf-8")
    return template.replace("{{ title }}", html.escape(title)).replace(
        "{{ message }}", html.escape(message)
    )
