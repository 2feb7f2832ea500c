"""Parts of the suite: what belongs together is recognised by the name of a test."""

import pytest

from tests.support.parts import part

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
