"""How tests are shared out to the workers: in parts that stay together, the slow ones first.

A part is the tests of one file, or of one chapter where a file is about several: they share what is
made once, such as the run of a chapter. The order matters because a slow part that begins last
leaves the other workers idle; the many fast parts at the end fill the gaps.
"""

import re
from functools import cache
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.paths import ROOT


@cache
def _slug(before: str) -> re.Pattern[str]:
    """What finds the slug of a chapter in a test's name, after words made of ``before``."""
    chapters = (ROOT / "book" / "chapters").glob("*.md")
    slugs = sorted((path.stem.partition("-")[2] for path in chapters), key=len, reverse=True)
    return re.compile(rf"\[(?:{before}+-)*?({'|'.join(slugs)})(?=[-:\]])")


def part(name: str) -> str:
    """The part to which the test of this name (its node id) belongs."""
    file, _, test = name.partition("::")
    found = _slug(r"\w").search(test)  # as in [gans-q1], [right-1-gans]
    return f"{file}::{found[1]}" if found else file


def chapter_of(name: str) -> str:
    """The slug of the chapter that a test is about, or ''; a page is no part, but is about one."""
    found = _slug(r"[\w/]").search(name.partition("::")[2])
    return found[1] if found else ""


def wanted(name: str, slug: str) -> bool:
    """Whether a test is run when only what is about one chapter is asked for."""
    found, general = chapter_of(name), "tests/book/test_chapters.py"
    return found == slug or (not found and (not name.startswith("tests/book/") or general in name))


class Parts(LoadScopeScheduling):
    """Gives whole parts to the workers, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return part(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Share out parts, where ``--dist loadscope`` asks for what belongs together."""
    if config.getoption("dist") != "loadscope":
        return None
    config.option.loadscopereorder = False
    return Parts(config, log)


def rank(item: pytest.Item) -> int:
    """How early a test should begin: 0 before 1 before 2."""
    if {"book", "browser"} <= set(getattr(item, "fixturenames", ())):
        return 0  # it builds the book, which others wait for
    return 1 if item.get_closest_marker("slow") or item.path.suffix == ".ipynb" else 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop what is about other chapters when one is asked for; put parts with slow tests first."""
    if slug := config.getoption("chapter", ""):
        dropped = [item for item in items if not wanted(item.nodeid, slug)]
        items[:] = [item for item in items if wanted(item.nodeid, slug)]
        config.hook.pytest_deselected(items=dropped)
    if not hasattr(config, "workerinput"):
        return  # somebody looks at few tests, in their order
    ranks: dict[str, int] = {}
    for item in items:
        name = part(item.nodeid)
        ranks[name] = min(ranks.get(name, 2), rank(item))
    items.sort(key=lambda item: ranks[part(item.nodeid)])
