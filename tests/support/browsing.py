"""The built book and a browser to look at it: fixtures of the tests of pages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from filelock import FileLock
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.guards import GUARDS, OFFLINE, chromium
from tests.support.paths import ROOT
from tests.support.sharing import shared_folder

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name is ever looked up: a page that asks another host gets an error, not an answer.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

PATIENCE = 120_000  # milliseconds; a busy machine is slow, and that is no fault of a page
expect.set_options(timeout=PATIENCE)


class Book(NamedTuple):
    """The book, built once for all tests."""

    html: Path  # folder of the pages
    status: int  # exit status of the build
    log: str  # what the build said; warnings only
    offline: bool  # whether it was built without network


def offline() -> bool:
    """Return whether the book can be built where there is no network."""
    return not GUARDS["offline"].missing()


def pages() -> list[str]:
    """Every page that the table of contents names."""

    def files(entry: Any) -> Iterator[str]:
        if isinstance(entry, list):
            for item in entry:
                yield from files(item)
        elif isinstance(entry, dict):
            for key, value in entry.items():
                yield from [value] if key in ("root", "file") else files(value)

    return list(files(yaml.safe_load((ROOT / "_toc.yml").read_text())))


def _build(target: Path) -> None:
    """Build the book as `make book` does, into an empty folder."""
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["-q", "-W", "-n", "--keep-going", "--path-output", str(target)]
    commands = [
        [sys.executable, "-m", "autograder", "release"],
        [*(OFFLINE if offline() else []), str(program), "build", str(ROOT), *options],
    ]
    log, status = "", 0
    for command in commands:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        log, status = log + done.stdout, status or done.returncode
    (target / "log").write_text(log)
    (target / "status").write_text(str(status))


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The book, built once even when several processes run the tests."""
    folder = shared_folder(tmp_path_factory)
    target = folder / "book"
    target.mkdir(exist_ok=True)
    with FileLock(folder / "book.lock"):
        if not (target / "status").exists():
            _build(target)
    status = int((target / "status").read_text())
    log = (target / "log").read_text()
    return Book(target / "_build" / "html", status, log, offline())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. It closes with the module: its event loop would disturb other tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()
