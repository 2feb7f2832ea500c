"""A student at work: JupyterLab in a browser, an exercise, the button Validate."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

import gensrc
from tests.support.browsing import PATIENCE
from tests.support.paths import ROOT

EXERCISE = "mixtures"
QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]

pytestmark = [pytest.mark.needs("browser"), pytest.mark.slow]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one exercise, and the folder ``lab`` that a student works in."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions" / EXERCISE, root / "solutions" / EXERCISE)
    command = [sys.executable, "-m", "autograder", "--course", str(root), "lab", str(root / "lab")]
    subprocess.run(command, cwd=ROOT, check=True)
    return root


@pytest.fixture(scope="module")
def address(course: Path, browser: Browser) -> Iterator[str]:
    """JupyterLab, running in the student's folder with settings of its own; where it answers."""
    home = course / "home"
    names = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    env = {**os.environ, "IPYTHONDIR": str(home / "ipython")}
    env |= {f"JUPYTER_{name}_DIR": str(home / folder) for name, folder in names.items()}
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", *QUIET]
    with (course / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=course / "lab",
            env=env,
            stdout=log,
            stderr=log,
        )
    try:
        about = wait_for_server(server, home / "runtime", course / "log")
        yield f"{about['url']}lab/tree/{EXERCISE}/{EXERCISE}.ipynb?token={about['token']}"
    finally:
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels; a server that does not listen is killed."""
    server.terminate()
    try:
        server.wait(timeout=60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def wait_for_server(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> dict[str, str]:
    """What the server writes about itself once it listens."""
    for _ in range(1200):
        for path in runtime.glob(f"jpserver-{server.pid}.json"):
            return dict(json.loads(path.read_text()))
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start in two minutes:\n{log.read_text()}")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The exercise, open in JupyterLab with its kernel at rest; no other host is asked."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made, foreign = context.new_page(), list[str]()
    made.set_default_timeout(PATIENCE)
    hosts = tuple(f"{scheme}://127.0.0.1" for scheme in ("http", "ws"))
    made.on(
        "request",
        lambda r: r.url.startswith((*hosts, "data:", "blob:")) or foreign.append(r.url),
    )
    made.goto(address)
    expect(made.locator(".jp-NotebookPanel .jp-CodeCell").first).to_be_visible()
    expect(made.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    yield made
    context.close()
    assert not foreign, f"JupyterLab asked other hosts: {foreign}"


def validate(page: Page) -> str:
    """Press Validate, wait for the answer, read it and close it."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    expect(dialog).to_be_visible()
    text = dialog.inner_text()
    dialog.get_by_role("button", name="Ok").click()
    expect(dialog).to_be_hidden()
    return text


def test_a_student_opens_runs_validates_and_saves(page: Page, course: Path) -> None:
    first = page.locator(".jp-Notebook .jp-CodeCell").first
    first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(first.locator(".jp-InputPrompt")).to_have_text("[1]:")
    expect(first.locator(".jp-OutputArea-output")).to_have_count(0)

    first.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("import gensrc\nprint('version', gensrc.__version__)")
    page.keyboard.press("Control+Enter")
    output = page.locator(".jp-OutputArea-output", has_text=f"version {gensrc.__version__}")
    expect(output).to_be_visible()

    answer = validate(page)
    assert "failed" in answer
    assert "NotImplementedError: not answered yet" in answer

    saved = (course / "lab" / EXERCISE / f"{EXERCISE}.ipynb").read_text()
    assert "print('version', gensrc.__version__)" in saved


def test_validate_accepts_right_answers(page: Page, course: Path) -> None:
    work = course / "lab" / EXERCISE / f"{EXERCISE}.ipynb"
    right = nbformat.read(
        course / "autograder" / "source" / EXERCISE / f"{EXERCISE}.ipynb", as_version=4
    )
    nbformat.write(right, work)
    page.reload()
    expect(page.locator(".jp-Notebook", has_text="BEGIN SOLUTION").first).to_be_visible()
    assert "Success! Your notebook passes all the tests." in validate(page)
