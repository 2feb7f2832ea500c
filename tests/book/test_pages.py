"""Every page of the book in a real browser: what a reader sees, hears and is asked for."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browsing import PATIENCE, Book, pages
from tests.support.guards import AXE

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

pytestmark = [pytest.mark.needs("browser"), pytest.mark.slow]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(book: Book) -> Iterator[str]:
    """Where the book is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(book.html)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    made.set_default_timeout(PATIENCE)
    made.add_init_script("localStorage.setItem('mode', 'light')")
    made.add_init_script("localStorage.setItem('theme', 'light')")
    yield made
    made.close()


class Visit(NamedTuple):
    """One page, opened, its formulas typeset and its folded boxes open."""

    page: Page
    troubles: list[str]  # errors of scripts, failed requests, requests to other hosts


UNFOLD = """() => document.querySelectorAll('button.toggle-button[aria-expanded=false]')
    .forEach(button => button.click())"""


def visit_to(context: BrowserContext, url: str, home: str) -> Visit:
    page, troubles = context.new_page(), list[str]()

    def asked(request: Any) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            troubles.append(f"asks another host: {request.url}")

    page.on("request", asked)
    page.on("requestfailed", lambda r: troubles.append(f"failed: {r.url}"))
    page.on("response", lambda r: r.status < 400 or troubles.append(f"{r.status}: {r.url}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("console", lambda m: m.type != "error" or troubles.append(f"console: {m.text}"))
    page.goto(url)
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.evaluate(UNFOLD)
    return Visit(page, troubles)


@pytest.fixture(scope="module", params=[*pages(), "search"])
def visit(request: Any, context: BrowserContext, address: str) -> Iterator[Visit]:
    made = visit_to(context, f"{address}{request.param}.html", address)
    yield made
    made.page.close()


def test_scripts_run_and_ask_no_other_host(visit: Visit) -> None:
    assert not visit.troubles


UNTYPESET = """() => [...document.querySelectorAll('.math')].filter(
    e => !e.querySelector('mjx-container mjx-math')).map(e => e.textContent)"""
# MathJax writes a macro that it does not know in red, and calls it no error.
FAULTY = """() => [...document.querySelectorAll(
    'mjx-merror, [data-mjx-error], mjx-assistive-mml mtext[mathcolor=red]')].map(
    e => e.getAttribute('title') || e.getAttribute('data-mjx-error') || e.textContent)"""
RAW = r"""() => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const {data, parentElement} = walker.currentNode;
        if (/\$|\\[()[\]]|\\[a-z]+\{/.test(data)
            && !parentElement.closest('script, style, pre, code, .highlight, mjx-container'))
            found.push(data.trim());
    }
    return found;
}"""
BAD_FONTS = """() => [...document.fonts].filter(
    f => /MJX/.test(f.family) && f.status === 'error').map(f => f.family)"""
GOOD_FONTS = """() => [...document.fonts].filter(
    f => /MJX/.test(f.family) && f.status === 'loaded').map(f => f.family)"""


def assert_typeset(page: Page) -> None:
    assert page.evaluate(UNTYPESET) == [], "formulas that MathJax left alone"
    assert page.evaluate(FAULTY) == [], "formulas that MathJax cannot read"
    assert page.evaluate(RAW) == [], "TeX in the text of the page"
    assert page.evaluate(BAD_FONTS) == [], "fonts of MathJax that did not load"
    if page.locator(".math").count():
        assert page.evaluate(GOOD_FONTS), "no font of MathJax was loaded"


def test_mathematics_is_typeset(visit: Visit) -> None:
    assert_typeset(visit.page)


def test_mathematics_is_typeset_from_a_file(context: BrowserContext, book: Book) -> None:
    page, troubles = visit_to(context, (book.html / "book/notation.html").as_uri(), "file:")
    assert page.locator(".math").count() > 10
    assert_typeset(page)
    assert not troubles
    page.close()


IMAGES = """() => [...document.images].map(
    i => [i.getAttribute('alt') || '', i.getAttribute('src'), i.naturalWidth])"""


def test_every_picture_has_words(visit: Visit) -> None:
    for alt, source, width in visit.page.evaluate(IMAGES):
        assert width > 0, f"{source} is not a picture"
        name = source.rpartition("/")[2]
        assert alt.strip(), f"{source} has no alternative text"
        assert alt not in source, f"{source}: its alternative text is the name of a file"
        assert not re.search(r"\.(png|svg|jpe?g|gif)\b", alt), f"{source}: {alt!r}"
        assert name.partition(".")[0] not in alt, f"{source}: {alt!r}"


@pytest.mark.needs("accessibility")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_to_readers(visit: Visit, theme: str) -> None:
    """axe-core finds nothing serious or critical."""
    page = visit.page
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert len(found["passes"]) > 10, "axe-core ran next to no rule"
    grave = [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert not grave, "\n".join(grave)


def test_every_folded_box_opens(visit: Visit) -> None:
    boxes = visit.page.locator(".admonition.dropdown")
    assert visit.page.locator(".admonition.dropdown button.toggle-button").count() == boxes.count()
    for box in boxes.all():
        expect(box.locator("> :last-child")).to_be_visible()
        box.locator("> .admonition-title").click(position={"x": 5, "y": 5})
        expect(box.locator("> :last-child")).to_be_hidden()
        box.locator("button.toggle-button").click()
        expect(box.locator("> :last-child")).to_be_visible()


CUT_OFF = """() => {
    const found = [];
    for (const e of document.querySelectorAll('.bd-article *')) {
        if (e.closest('mjx-assistive-mml') || !e.checkVisibility()) continue;
        const right = e.getBoundingClientRect().right;
        if (right <= innerWidth + 1) continue;
        let box = e.parentElement;
        for (; box; box = box.parentElement) {
            const flow = getComputedStyle(box).overflowX;
            if (flow === 'auto' || flow === 'scroll') break;
            if (flow !== 'visible' && box.getBoundingClientRect().right < right - 1) box = null;
            if (!box) break;
        }
        if (!box) found.push(e.outerHTML.slice(0, 150));
    }
    return found;
}"""
SMALL = """() => [...document.querySelectorAll(
    '.bd-article :is(p, li, td, th, dt, dd, figcaption, pre)')].filter(
    e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize)
         < (e.tagName === 'PRE' ? 12.5 : 14)).map(e => e.outerHTML.slice(0, 150))"""


def test_page_fits_a_telephone(visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size(PHONE)
    page.wait_for_function("innerWidth === 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.evaluate(CUT_OFF)
    assert page.evaluate(CUT_OFF) == [], "wider than the telephone, and cannot be scrolled to"
    assert page.evaluate(SMALL) == [], "too small to read"
    menu = page.locator("#pst-primary-sidebar-modal, #pst-primary-sidebar")
    page.locator("button.primary-toggle:visible").click()
    link = menu.locator("nav a.reference").last
    expect(link).to_be_visible()
    link.scroll_into_view_if_needed()  # the contents are longer than a telephone
    expect(link).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.set_viewport_size(WIDE)


def test_the_address_of_the_book_leads_to_its_first_page(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.goto(address)
    page.wait_for_url(f"{address}{pages()[0]}.html")
    page.close()


def test_the_theme_can_be_chosen(context: BrowserContext, address: str) -> None:
    page = visit_to(context, f"{address}book/preface.html", address).page
    seen = set()
    for _ in range(3):
        page.get_by_role("button", name="Color mode").click()
        seen.add(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    page.close()


def test_search_finds_a_page(context: BrowserContext, address: str) -> None:
    page, troubles = visit_to(context, f"{address}search.html?q=divergence", address)
    expect(page.locator("#search-results li a").first).to_be_visible()
    assert not troubles
    page.close()
