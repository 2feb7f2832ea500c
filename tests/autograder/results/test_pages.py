"""A feedback page in a real browser, opened as the file that a student gets."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from autograder.exercises.publish import release
from autograder.grading.grade import grade
from tests.support.guards import AXE
from tests.support.tiny_course import answered, hand_in, released, tiny_course

PHONE = {"width": 390, "height": 844}
ANSWERS = {
    "q1": "def twice(x):\n    return abs(2 * x)\nprint('a' * 500, '<script>alert(1)</script>')",
    "q2": """\
from IPython.display import HTML, Javascript, display
display(HTML("<b onclick='alert(2)'>bold</b><script>alert(3)</script><svg onload='alert(4)'>"))
display(HTML("<img src='https://example.org/a.png' onerror='alert(5)' alt='a'>"))
display(HTML("<style>@import 'https://example.org/b.css'; main { display: none }</style>"))
display(HTML("<form action='https://example.org'><input></form><iframe src='//example.org'>"))
display(Javascript("alert(6)"))""",
}
TEXT = """\
# Mine

<style>body { background: url(https://example.org/c.png) }</style>
<a href="javascript:alert(7)">click</a> ![x](https://example.org/d.png) $\\alpha^2$

$$\\begin{aligned} a &< b \\\\ c &= \\mathbb{E}[x] \\end{aligned}$$
"""

pytestmark = pytest.mark.needs("browser")


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a student who tries everything, moved to a folder of its own."""
    root = tmp_path_factory.mktemp("course")
    course = tiny_course(root)
    release(course, [])
    work = answered(released(course), ANSWERS)
    work["cells"].append({"cell_type": "markdown", "id": "mine", "metadata": {}, "source": TEXT})
    hand_in(course, "one", work)
    (result,) = grade(course, [])
    assert result.score == 1
    page = root / "moved" / "page.html"
    page.parent.mkdir()
    shutil.move(course.feedback / "one" / "tiny" / "tiny.html", page)
    shutil.rmtree(course.grader)
    return page


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Addresses that the page asked for, and what its scripts complained of."""
    return []


@pytest.fixture(scope="module")
def page(feedback: Path, browser: Browser, asked: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport=PHONE)
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (asked.append("dialog"), dialog.dismiss()))
    page.goto(feedback.as_uri())
    page.evaluate("window.MathJax.startup.promise")
    yield page
    page.close()


def test_formulas_are_typeset(page: Page) -> None:
    assert page.locator("mjx-container svg").count() >= 4  # two in the exercise, two of mine
    assert page.locator("[data-mml-node=merror], mjx-merror").count() == 0
    assert "$" not in page.locator("main").inner_text()


def test_nothing_is_asked_for_and_nothing_foreign_runs(
    page: Page, feedback: Path, asked: list[str]
) -> None:
    for element in page.locator("main b:visible, main a:visible, main summary:visible").all():
        element.click(timeout=5000)
    page.wait_for_timeout(500)
    assert [one.partition("#")[0] for one in set(asked)] == [feedback.as_uri()]
    assert page.locator("main h1").first.is_visible()


def test_page_fits_a_phone(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.needs("accessibility")
def test_page_is_accessible(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]
