"""The chapters, their executed pairs and `gensrc` agree, label by label."""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import pytest
import torch

import gensrc
from book import ledger
from book.execute import ROOT, chapters, is_current, notebook_of, read_chapter

CONTENTS = ROOT / "_toc.yml"
NOTATION = ROOT / "book" / "notation.md"
RESULT = ("eq-", "thm-", "prop-", "lem-", "cor-")
SECTIONS = ["Setup", "A question", "When it fails", "Recap", "Exercises", "Further reading"]

each_chapter = pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)


def labels(text: str) -> list[str]:
    """Labels of displayed equations and of theorem-like directives."""
    equations = re.findall(r"^\$\$ \((\S+)\)$", text, re.MULTILINE)
    theorems = re.findall(r"\{prf:(?!ref)\w+\}[^\n]*\n:label: (\S+)", text)
    return equations + theorems


def book_texts() -> dict[Path, str]:
    pages = [*chapters(), *sorted((ROOT / "book").glob("*.md"))]
    return {page: page.read_text() for page in pages}


def symbols(table: str) -> set[str]:
    """The symbols in the first column of tables, without arguments and running indices."""
    found = set()
    for line in table.splitlines():
        if line.startswith("| "):
            for formula in re.findall(r"\$(.+?)\$", re.split(r"(?<!\\)\|", line)[1]):
                plain = re.sub(r"\\(?:[,;!]|log|nabla|tilde|hat)(?![a-z])|\s", "", formula)
                plain = re.sub(r"_\{?[ijkl]+\}?(?![a-z])", "", plain)
                alone = re.sub(r"\(.*\)|(?:=|\\in(?![a-z])).*", "", plain)
                found |= {part for part in alone.split(",") if part}
    return found


def all_labels() -> list[str]:
    return [label for text in book_texts().values() for label in labels(text)]


def test_every_chapter_is_in_the_contents() -> None:
    named = re.findall(r"^ *- file: book/notebooks/(\S+)$", CONTENTS.read_text(), re.MULTILINE)
    for chapter in chapters():
        assert chapter.stem in named, f"{chapter.stem} is not in _toc.yml"
    assert named == [chapter.stem for chapter in chapters()], "_toc.yml: chapters out of order"


def test_labels_are_unique() -> None:
    found = all_labels()
    assert len(found) > 20, "the pattern for labels finds almost nothing: is it still right?"
    assert not {label for label in found if found.count(label) > 1}


@each_chapter
def test_every_result_has_a_claim(chapter: Path) -> None:
    assert notebook_of(chapter).is_file(), f"{chapter.name} was never run: run `make execute`"
    made = {claim.label for claim in ledger.claims(notebook_of(chapter))}
    results = {label for label in labels(chapter.read_text()) if label.startswith(RESULT)}
    assert len(results) > 5
    assert not results - made, f"no `verify` in {chapter.name} for {sorted(results - made)}"
    unknown = made - set(labels(chapter.read_text()))
    assert not unknown, f"{chapter.name} claims what it does not state: {sorted(unknown)}"


@each_chapter
def test_every_displayed_equation_with_a_number_is_named_by_its_kind(chapter: Path) -> None:
    odd = [n for n in labels(chapter.read_text()) if not n.startswith((*RESULT, "def-", "alg-"))]
    assert not odd, f"labels that say neither result nor definition: {odd}"


def test_every_function_names_a_label_that_exists() -> None:
    unknown = set(ledger.functions()) - set(all_labels())
    named = {label: ledger.functions()[label] for label in sorted(unknown)}
    assert not named, f"labels that the book does not have: {named}"


def test_every_derived_equation_is_named_by_a_function() -> None:
    results = {label for label in all_labels() if label.startswith("eq-")}
    missing = results - set(ledger.functions())
    assert not missing, f"equations that no docstring of gensrc names: {sorted(missing)}"


@each_chapter
def test_notebook_belongs_to_its_chapter(chapter: Path) -> None:
    name = chapter.relative_to(ROOT)
    assert is_current(chapter), f"{name} changed since its notebook was run: run `make execute`."
    expected = read_chapter(chapter)
    executed = nbformat.read(notebook_of(chapter), as_version=4)
    assert [(c.cell_type, c.source, c.metadata) for c in executed.cells] == [
        (c.cell_type, c.source, c.metadata) for c in expected.cells
    ], f"{notebook_of(chapter).name} does not hold the cells of {name}: run `make execute`."


@each_chapter
def test_pair_survives_a_round_trip(chapter: Path) -> None:
    text = chapter.read_text()
    assert jupytext.writes(jupytext.reads(text, fmt="md:myst"), fmt="md:myst") == text
    executed = nbformat.read(notebook_of(chapter), as_version=4)
    assert jupytext.writes(executed, fmt="md:myst") == text


@each_chapter
def test_outputs_have_no_error_and_pictures_have_words(chapter: Path) -> None:
    for cell in nbformat.read(notebook_of(chapter), as_version=4).cells:
        if cell.cell_type != "code":
            continue
        kinds = [output.output_type for output in cell.outputs]
        assert "error" not in kinds or "raises-exception" in cell.metadata.get("tags", [])
        pictures = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        mystnb = cell.metadata.get("mystnb", {})
        assert bool(pictures) == ("figure" in mystnb), f"figure or caption: {cell.source[:60]!r}"
        if pictures:
            assert len(pictures) == 1, f"one figure in a cell: {cell.source[:60]!r}"
            assert len(mystnb.get("image", {}).get("alt", "")) > 30, f"no alt: {cell.source[:60]!r}"
            assert mystnb["figure"].get("caption"), f"no caption: {cell.source[:60]!r}"


@each_chapter
def test_lines_of_code_fit_the_page(chapter: Path) -> None:
    cells = [c for c in jupytext.read(chapter).cells if c.cell_type == "code"]
    lines = [line for cell in cells for line in cell.source.splitlines()]
    assert not [line for line in lines if len(line) > 100]


@each_chapter
def test_chapter_follows_the_template(chapter: Path) -> None:
    text = chapter.read_text()
    assert all(words in text for words in ("You will learn", "You need", "Time"))
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    places = [n for s in SECTIONS for n, h in enumerate(headings) if h.startswith(s)]
    assert len(places) == len(SECTIONS), f"the sections {SECTIONS}, once each; found {headings}"
    assert places == sorted(places), f"sections out of order: {headings}"


@each_chapter
def test_symbols_of_the_recap_are_on_the_page_of_notation(chapter: Path) -> None:
    recap = chapter.read_text().partition("\n## Recap\n")[2].partition("\n## ")[0]
    unknown = symbols(recap) - symbols(NOTATION.read_text())
    assert not unknown, f"not in book/notation.md: {sorted(unknown)}"


@cache
def known_names() -> dict[str, object]:
    """What the last column of those tables may begin with: modules, and what modules hold."""
    names: dict[str, object] = {}
    for found in pkgutil.walk_packages(gensrc.__path__, "gensrc."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            names = {**vars(module), **names, found.name.rpartition(".")[2]: module}
    return names


@pytest.mark.parametrize("page", [*chapters(), NOTATION], ids=lambda path: path.stem)
def test_tables_of_symbols_name_what_gensrc_has(page: Path) -> None:
    text = page.read_text()
    table = text.partition("\n## Recap\n")[2].partition("\n## ")[0] if page != NOTATION else text
    lines = "\n".join(line for line in table.splitlines() if line.startswith("| "))
    for name in re.findall(r"`(\w+\.[\w.]+)`", lines):
        first, *rest = name.split(".")
        place = torch if first == "torch" else known_names().get(first)
        for part in rest:
            assert hasattr(place, part), f"{page.name}: gensrc has no {name}"
            place = getattr(place, part)


def test_ledger_is_current() -> None:
    assert ledger.PAGE.read_text() == ledger.page(), "book/ledger.md is stale: run `make execute`"
