"""Every claim of the book can fail: each is shown to turn red when its formula is broken.

A chapter runs once, in this process, cell by cell. Before a claim's cell a child process is
forked for each break listed for it in ``tests/chapters/<slug>/breaks.py``: the child breaks the
formula, runs the cell and reports which claims failed. Forks share nothing, so breaks cannot
disturb each other or the chapter.
"""

import importlib
import json
import os
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import torch

import gensrc.verify
from book import ledger
from book.execute import chapters, notebook_of, read_chapter, slug
from tests.support.breaks import Break, broken


def breaks(chapter: Path) -> list[Break]:
    module = importlib.import_module(f"tests.chapters.{slug(chapter)}.breaks")
    return list(module.BREAKS)


def cells(chapter: Path) -> list[str]:
    return [c.source for c in read_chapter(chapter).cells if c.cell_type == "code"]


class Recorder:
    """Stands in for `verify`: notes which claims hold and which fail, and goes on."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.failed: list[str] = []
        self._verify = gensrc.verify.verify

    def __call__(self, label: str, *args: Any, note: str = "", **kwargs: Any) -> None:
        name = f"{label} ({note})" if note else label
        self.made.append(name)
        try:
            self._verify(label, *args, note=note, **kwargs)
        except gensrc.verify.ClaimError:
            self.failed.append(name)


def run(source: str, namespace: dict[str, Any]) -> None:
    exec(compile(source, "<cell>", "exec"), namespace)
    sys.modules["matplotlib.pyplot"].close("all")


def forked(item: Break, sources: list[str], namespace: dict[str, Any]) -> dict[str, Any]:
    """Break the formula in a child, run the cells there, and say which claims failed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        seen, error = Recorder(), ""
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            namespace["verify"] = seen
            if item.target == "cell":
                assert any(item.old in s for s in sources), f"no cell contains {item.old!r}"
                sources = [s.replace(item.old, item.new) for s in sources]
                for source in sources:
                    run(source, namespace)
            else:
                with broken(item.target, item.old, item.new):
                    for source in sources:
                        run(source, namespace)
        except BaseException:
            error = traceback.format_exc(limit=-3)
        os.write(writer, json.dumps({"failed": seen.failed, "error": error}).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return dict(json.loads(answer)) if answer else {"failed": [], "error": "the child died"}


pytestmark = pytest.mark.slow

Outcome = tuple[list[str], dict[Break, dict[str, Any]]]


def outcome(chapter: Path) -> Outcome:
    """Claims that the chapter makes, and for each break what became of it."""
    result = attempt(chapter)
    if isinstance(result, Exception):
        raise result
    return result


@cache
def attempt(chapter: Path) -> Outcome | Exception:
    """Run the chapter, once, whatever becomes of it."""
    try:
        return run_with_breaks(chapter)
    except Exception as error:
        return error


def run_with_breaks(chapter: Path) -> Outcome:
    """Run the chapter cell by cell, and before a claim's cell the children that break it."""
    mpl.use("Agg")
    threads, dtype, working = torch.get_num_threads(), torch.get_default_dtype(), Path.cwd()
    torch.set_num_threads(1)  # a process with running threads cannot be forked safely
    os.chdir(notebook_of(chapter).parent)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    seen, results = Recorder(), {}
    sources = cells(chapter)
    where = {}  # claim -> the number of its cell
    starts: dict[int, list[tuple[Break, int]]] = {}
    try:
        for item in breaks(chapter):
            last = _cell_of(item, sources)
            first = next((n for n, s in enumerate(sources) if item.since in s), None)
            if last is None or first is None:
                results[item] = {"failed": [], "error": "no cell makes this claim any more"}
                continue
            starts.setdefault(first if item.since else last, []).append((item, last))
        for number, source in enumerate(sources):
            for item, last in starts.get(number, []):
                results[item] = forked(item, sources[number : last + 1], namespace)
            if number:
                namespace["verify"] = seen
            before = len(seen.made)
            run(source, namespace)
            where.update(dict.fromkeys(seen.made[before:], number))
    finally:  # what a chapter sets for itself
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        os.chdir(working)
    assert not seen.failed, f"claims that do not hold: {seen.failed}"
    return seen.made, results


def _cell_of(item: Break, sources: list[str]) -> int | None:
    """The last cell that makes one of the claims of a break."""
    found = None
    for number, source in enumerate(sources):
        for claim in item.expected:
            label, _, note = claim.partition(" (")
            if f'"{label}"' in source and note.removesuffix(")") in source:
                found = number
    return found


CASES = [pytest.param(c, b, id=f"{slug(c)}: {b}") for c in chapters() for b in breaks(c)]


@pytest.mark.parametrize(("chapter", "item"), CASES)
def test_broken_formula_turns_its_claim_red(chapter: Path, item: Break) -> None:
    result = outcome(chapter)[1][item]
    missed = [claim for claim in item.expected if claim not in result["failed"]]
    assert not missed, (
        f"{missed} did not fail when {item.target} was broken "
        f"({item.old!r} -> {item.new!r}); failed: {result['failed']}\n{result['error']}"
    )


@pytest.mark.parametrize("chapter", chapters(), ids=slug)
def test_every_claim_has_a_break(chapter: Path) -> None:
    made = outcome(chapter)[0]
    listed = {claim for item in breaks(chapter) for claim in item.expected}
    assert not set(made) - listed, f"claims without a break: {sorted(set(made) - listed)}"
    assert not listed - set(made), (
        f"claims deleted from {chapter.name}, still listed in its breaks.py: "
        f"{sorted(listed - set(made))}"
    )
    twice = {claim for claim in made if made.count(claim) > 1}
    assert not twice, f"two claims with one name, give them notes: {sorted(twice)}"


@pytest.mark.parametrize("chapter", chapters(), ids=slug)
def test_notebook_holds_the_same_claims(chapter: Path) -> None:
    recorded = [claim.name for claim in ledger.claims(notebook_of(chapter))]
    assert recorded == outcome(chapter)[0], "the notebook is stale: run `make execute`"
