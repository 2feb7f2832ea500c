"""The built book as files: no warning, no dead link, nothing that students must not see."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from book.execute import chapters, slug
from tests.support.browsing import Book, pages
from tests.support.paths import ROOT

SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")


class Document(HTMLParser):
    """The anchors, links and parts of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []  # the reader follows them
        self.parts: list[str] = []  # the page loads them
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors += [values["id"]] if "id" in values else []
        if tag in ("a", "area"):
            self.links += [values["href"]] if "href" in values else []
        else:
            self.parts += [values[name] for name in ("href", "src") if name in values]


document = cache(Document)


def html_pages(book: Book) -> list[Path]:
    found = book.html.rglob("*.html")
    return sorted(path for path in found if "_static" not in path.parts)


def test_book_builds_without_a_warning(book: Book) -> None:
    assert book.status == 0, book.log[-5000:]
    assert "WARNING" not in book.log, book.log[-5000:]


def test_every_page_of_the_contents_is_built_and_no_other(book: Book) -> None:
    built = {path.relative_to(book.html).with_suffix("").as_posix() for path in html_pages(book)}
    assert built == {*pages(), "index", "search"}


def fault(book: Book, page: Path, link: str) -> str:
    """What is wrong with a link of a page, or ''."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(book.html.resolve()):
        return "leads out of the book"
    if not target.is_file():
        return "leads nowhere"
    if target.stat().st_size == 0:
        return "leads to an empty file"
    anchor = unquote(parts.fragment)
    if anchor and target.suffix == ".html" and anchor not in document(target).anchors:
        return "names an anchor that the page does not have"
    return ""


def test_every_link_leads_somewhere(book: Book) -> None:
    faults, links = [], 0
    for page in html_pages(book):
        for link in document(page).links + document(page).parts:
            links += 1
            if wrong := fault(book, page, link):
                faults.append(f"{page.relative_to(book.html)}: {link} {wrong}")
    assert links > 100
    assert not faults, "\n".join(faults)


def test_no_page_loads_a_part_from_elsewhere(book: Book) -> None:
    foreign = [
        f"{page.relative_to(book.html)}: {part}"
        for page in html_pages(book)
        for part in document(page).parts
        if urlsplit(part).netloc
    ]
    assert not foreign, "\n".join(foreign)


def test_no_anchor_twice_on_a_page(book: Book) -> None:
    for page in html_pages(book):
        anchors = document(page).anchors
        twice = {name for name in anchors if anchors.count(name) > 1}
        assert not twice, f"{page.relative_to(book.html)}: {sorted(twice)}"


WITH_EXERCISE = [c for c in chapters() if (ROOT / "solutions" / slug(c)).is_dir()]


@pytest.mark.parametrize("chapter", WITH_EXERCISE, ids=lambda path: path.stem)
def test_a_chapter_offers_its_exercise(book: Book, chapter: Path) -> None:
    page = book.html / "book" / "notebooks" / f"{chapter.stem}.html"
    offered = [page.parent / unquote(link) for link in document(page).links if "_downloads" in link]
    exercise = [path for path in offered if path.name == f"{slug(chapter)}.ipynb"]
    assert exercise, f"{chapter.name} does not link to {slug(chapter)}.ipynb"
    notebook = nbformat.read(exercise[0], as_version=4)
    nbformat.validate(notebook)
    assert any("nbgrader" in cell.metadata for cell in notebook.cells)


def test_no_page_tells_of_the_machine_that_made_it(book: Book) -> None:
    """No warning among the outputs, no path of somebody's files."""
    for page in html_pages(book):
        text = page.read_text()
        name = page.relative_to(book.html)
        assert 'class="output stderr' not in text, f"{name}: a cell wrote to stderr"
        paths = re.findall(r"(?:/[\w.-]+)+/(?:gensrc|site-packages)/[\w./-]+\.py", text)
        assert not paths, f"{name}: {sorted(set(paths))}"


def test_no_solution_in_the_book(book: Book) -> None:
    for path in book.html.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".md", ".txt", ".js", ".py"):
            text = path.read_text(errors="replace")
            assert not [secret for secret in SECRETS if secret in text], path
