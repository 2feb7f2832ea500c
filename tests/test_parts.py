"""Parts of the suite, and what is about one chapter: recognised by the names of tests."""

from pathlib import Path

import pytest

from book.execute import ROOT, chapters, slug
from tests.support import check
from tests.support.parts import chapter_of, part, wanted

CLAIMS, EXERCISES = "tests/book/test_claims.py", "tests/book/test_exercises.py"
CHAPTERS, PAGES = "tests/book/test_chapters.py", "tests/book/test_pages.py"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{CLAIMS}::test_it[gans: eq-x: gensrc.games.f: 'a::b[1]' -> 'c']", f"{CLAIMS}::gans"),
        (f"{CLAIMS}::test_it[f-gans: eq-x]", f"{CLAIMS}::f-gans"),
        (f"{CLAIMS}::test_it[mixtures]", f"{CLAIMS}::mixtures"),
        (f"{EXERCISES}::test_it[right-1-f-gans]", f"{EXERCISES}::f-gans"),
        (f"{EXERCISES}::test_it[games-q1-two-by-two]", f"{EXERCISES}::games"),
        (
            "tests/book/test_chapters.py::test_it[04-mixtures]",
            "tests/book/test_chapters.py::mixtures",
        ),
        (
            "tests/book/test_pages.py::test_it[book/notebooks/04-mixtures]",
            "tests/book/test_pages.py",
        ),
        ("book/notebooks/04-mixtures.ipynb::Cell 3", "book/notebooks/04-mixtures.ipynb"),
        ("gensrc/games.py::gensrc.games.game_value", "gensrc/games.py"),
        ("tests/gensrc/test_networks.py::test_it[gamesome]", "tests/gensrc/test_networks.py"),
    ],
)
def test_a_part_is_a_file_or_what_it_says_of_a_chapter(name: str, expected: str) -> None:
    assert part(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{PAGES}::test_it[light-book/notebooks/10-f-gans]", "f-gans"),
        (f"{PAGES}::test_it[book/notation]", ""),
        (f"{CLAIMS}::test_it[gans: eq-x]", "gans"),
    ],
)
def test_a_page_is_about_its_chapter(name: str, expected: str) -> None:
    assert chapter_of(name) == expected


def test_what_is_wanted_for_one_chapter() -> None:
    assert wanted(f"{CLAIMS}::test_it[gans: eq-x]", "gans")
    assert not wanted(f"{CLAIMS}::test_it[f-gans: eq-x]", "gans")
    assert wanted(f"{CHAPTERS}::test_labels_are_unique", "gans")
    assert not wanted(f"{PAGES}::test_it[book/notation]", "gans")
    assert wanted("gensrc/games.py::gensrc.games.game_value", "gans")


@pytest.mark.parametrize("form", ["module", "folder"])
def test_topics_are_found_as_modules_and_as_folders(tmp_path: Path, form: str) -> None:
    text = "```{literalinclude} ../../gensrc/%s\n```\n" % (
        "balls.py" if form == "module" else "balls/urn.py"
    )
    for path, content in {
        "book/chapters/03-urns.md": text,
        "tests/chapters/urns/breaks.py": 'Break("eq-x", "gensrc.dice.roll", "a", "b")',
        "gensrc/balls.py" if form == "module" else "gensrc/balls/urn.py": "",
        "gensrc/dice.py" if form == "module" else "gensrc/dice/__init__.py": "",
        "tests/gensrc/balls/test_urn.py": "",
        "tests/gensrc/test_dice.py": "",
        "tests/gensrc/balls/test_balls.py": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    chapter = tmp_path / "book/chapters/03-urns.md"
    assert check.topics(chapter, tmp_path) == ["balls", "dice"]
    ending = ".py" if form == "module" else ""
    found = {
        p.relative_to(tmp_path).as_posix()
        for p in check.paths(chapter, tmp_path)
        if p.is_relative_to(tmp_path)
    }
    assert found == {
        f"gensrc/balls{ending}",
        f"gensrc/dice{ending}",
        "tests/gensrc/balls",
        "tests/gensrc/test_dice.py",
    }


@pytest.mark.parametrize("chapter", chapters(), ids=slug)
def test_every_chapter_has_topics_with_tests(chapter: Path) -> None:
    found = check.paths(chapter)
    assert any(path.is_relative_to(ROOT / "gensrc") for path in found)
    assert any(path.is_relative_to(ROOT / "tests" / "gensrc") for path in found)


@pytest.mark.parametrize("arguments", [["gan"], [""], []])
def test_an_unknown_chapter_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(slug(chapter) in said for chapter in chapters())
