"""The table of chapters in ``README.md``, made from the beginnings of the chapters.

A row is a chapter's title, the claim that it opens with (the first two sentences below the title)
and its graded exercise, so that nothing is written twice.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "README.md"
BEGIN, END = "<!-- The table is written by `make execute`. -->\n", "<!-- End of the table. -->\n"
OPENING = re.compile(
    r"^\((?P<slug>\S+)\)=\n# (?P<title>.+)\n\n(?P<claim>(?:.+\n)+)\n", re.MULTILINE
)


def row(chapter: Path) -> str:
    """One line of the table.

    Raises:
        ValueError: the chapter does not begin with its label, title and claim.
    """
    found = OPENING.search(chapter.read_text("utf-8"))
    sentences = re.split(r"(?<=[.?!]) (?=[A-Z])", " ".join(found["claim"].split())) if found else []
    if found is None or len(sentences) < 2:
        raise ValueError(f"{chapter.name}: expected label, title and a claim of two sentences.")
    exercise = chapter.parents[2] / "solutions" / found["slug"] / f"{found['slug']}.md"
    cells = [
        f"[{found['title']}](book/notebooks/{chapter.stem}.ipynb)",
        " ".join(sentences[:2]).replace("|", "\\|"),
        f"`{found['slug']}`" if exercise.is_file() else "",
    ]
    return f"| {' | '.join(cells)} |\n"


def page(chapters: list[Path], text: str) -> str:
    """The page ``text`` with the table of these chapters in the place of its own."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name}: expected the lines {BEGIN.strip()} and {END.strip()}")
    head = "| chapter | what it claims | exercise |\n|---|---|---|\n"
    return before + begin + "\n" + head + "".join(map(row, chapters)) + "\n" + end + after


def write(chapters: list[Path]) -> None:
    """Write the page if it changed."""
    old = PAGE.read_text("utf-8")
    if (new := page(chapters, old)) != old:
        PAGE.write_text(new, "utf-8")
