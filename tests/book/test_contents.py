"""The README's table of chapters says what the chapters say."""

from pathlib import Path

import pytest

from book import contents
from book.execute import chapters

TEXT = "(coins)=\n# Coins\n\nA coin falls | so\nor so. Two fall\ntogether. Three fly.\n\n## Setup\n"
FRAME = f"before\n{contents.BEGIN}old\n{contents.END}after\n"


def chapter_in(root: Path, text: str = TEXT) -> Path:
    path = root / "book" / "chapters" / "03-coins.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_table_of_chapters_is_current() -> None:
    now = contents.PAGE.read_text("utf-8")
    fresh = now == contents.page(chapters(), now)
    assert fresh, "README.md: its table of chapters is stale: run `make execute`"


def test_a_row_is_title_claim_and_exercise(tmp_path: Path) -> None:
    chapter = chapter_in(tmp_path)
    link = "[Coins](book/notebooks/03-coins.ipynb)"
    claim = r"A coin falls \| so or so. Two fall together."
    assert contents.row(chapter) == f"| {link} | {claim} |  |\n"
    exercise = tmp_path / "solutions" / "coins" / "coins.md"
    exercise.parent.mkdir(parents=True)
    exercise.write_text("")
    assert contents.row(chapter) == f"| {link} | {claim} | `coins` |\n"


def test_a_changed_title_makes_the_page_stale_until_it_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "README.md"
    page.write_text(FRAME, "utf-8")
    monkeypatch.setattr(contents, "PAGE", page)
    contents.write([chapter_in(tmp_path)])
    first = page.read_text("utf-8")
    assert first.startswith(f"before\n{contents.BEGIN}\n| chapter |")
    assert first.endswith(f"\n{contents.END}after\n")
    assert contents.page([chapter_in(tmp_path)], first) == first
    renamed = chapter_in(tmp_path, TEXT.replace("# Coins", "# Dice"))
    assert contents.page([renamed], first) != first
    contents.write([renamed])
    assert page.read_text("utf-8") == first.replace("[Coins]", "[Dice]")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"03-coins.md: expected label, title and a claim"):
        contents.row(chapter_in(tmp_path, TEXT.replace(" Two fall\ntogether. Three fly.", "")))
    with pytest.raises(ValueError, match=r"README.md: expected the lines"):
        contents.page([], "no table")
