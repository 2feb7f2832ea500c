"""The skeleton of a chapter: everything that a new one needs, at its place.

    python -m book.new SLUG [--title "…"] [--number NN] [--topic NAME]

Writes the text of the chapter with its sections in order, its line in ``_toc.yml``, its graded
exercise and the folder of its guards; with ``--topic`` a folder of `gensrc` and one for its tests.
"""

import argparse
import keyword
import re
import sys
from pathlib import Path

from autograder.exercises.template import TEMPLATE as EXERCISE

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = Path(__file__).parent / "_skeleton" / "chapter.md"
LINE = re.compile(r"^ *- file: book/notebooks/(\d\d)-\S+\n", re.MULTILINE)

BREAKS = '''\
"""Wrong formulas that the claims of the chapter *TITLE* must notice."""

from tests.support.breaks import Break

BREAKS: list[Break] = []
'''

NEXT = """\
Next:
  1. write {chapter} and run `make execute`
  2. {topic}
  3. list in tests/chapters/{slug}/breaks.py how each claim's formula can be wrong
  4. write {exercise}, and its right and wrong answers in tests/chapters/{slug}/q*.py
  5. put new papers into book/references.bib, new symbols and words into book/notation.md and
     book/glossary.md, and a line into CHANGELOG.md
The tests name what is missing: .venv/bin/pytest tests/book -k {slug}"""


class Clash(Exception):
    """The skeleton cannot be written; the sentence says why."""


def new_chapter(
    root: Path, slug: str, *, title: str = "", number: int = 0, topic: str = ""
) -> list[Path]:
    """Write the skeleton of a chapter below ``root``; return its files, or write nothing.

    Args:
        root: the root of the repository.
        slug: the name of the chapter, of letters, digits and hyphens.
        title: its title; the slug in words where it is empty.
        number: its place in the course; 0 stands for the place after the last chapter.
        topic: a new folder of `gensrc`; none where it is empty.

    Raises:
        Clash: a name has another form or is taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        raise Clash(f"{slug}: expected a name of small letters, digits and hyphens, as in f-gans.")
    if topic and (not re.fullmatch(r"[a-z][a-z0-9_]*", topic) or keyword.iskeyword(topic)):
        raise Clash(f"{topic}: expected a name that Python can import, as in autoencoders.")
    taken = {int(path.name[:2]): path for path in (root / "book" / "chapters").glob("[0-9][0-9]-*")}
    number = number or max(taken, default=0) + 1
    if not 1 <= number <= 99:
        raise Clash(f"{number}: expected a number from 1 to 99.")
    if number in taken:
        raise Clash(f"{taken[number].name} has the number {number}: choose another one.")
    title = title or slug.replace("-", " ").capitalize()
    files = _files(root, slug, title, number, topic)
    _refuse_clashes(root, slug, topic, files)
    contents = root / "_toc.yml"
    before = contents.read_text("utf-8")
    files[contents] = _with_line(before, f"{number:02}-{slug}")
    _write_all(files)
    return list(files)


def _files(root: Path, slug: str, title: str, number: int, topic: str) -> dict[Path, str]:
    """The new files and what stands in them."""
    chapter = CHAPTER.read_text("utf-8").replace("SLUG", slug).replace("TITLE", title)
    exercise = EXERCISE.read_text("utf-8").replace("NAME", slug)
    files = {
        root / "book" / "chapters" / f"{number:02}-{slug}.md": chapter,
        root / "solutions" / slug / f"{slug}.md": exercise,
        root / "tests" / "chapters" / slug / "breaks.py": BREAKS.replace("TITLE", title),
    }
    if topic:
        words = topic.replace("_", " ")
        face, tests = f'"""{words.capitalize()}: …"""\n', f'"""Tests of the {words}."""\n'
        files[root / "gensrc" / topic / "__init__.py"] = face
        files[root / "tests" / "gensrc" / topic / f"test_{topic}.py"] = tests
    return files


def _refuse_clashes(root: Path, slug: str, topic: str, files: dict[Path, str]) -> None:
    """Raise Clash where something of that name is there."""
    places = [path.parent for path in files if path.parent.name in (slug, topic)]
    places += [root / "gensrc" / f"{topic}.py"] if topic else []
    places += sorted((root / "book" / "chapters").glob(f"[0-9][0-9]-{slug}.md"))
    for place in places:
        if place.exists():
            raise Clash(f"{place.relative_to(root)} is there: choose another name.")


def _with_line(contents: str, name: str) -> str:
    """The table of contents with a line for the chapter, after those of smaller number."""
    lines = list(LINE.finditer(contents))
    if not lines:
        raise Clash("_toc.yml lists no chapter, so that the place of a new one is not known.")
    smaller = [line for line in lines if line[1] < name[:2]]
    place = smaller[-1].end() if smaller else lines[0].start()
    indent = lines[0][0].partition("-")[0]
    return f"{contents[:place]}{indent}- file: book/notebooks/{name}\n{contents[place:]}"


def _write_all(files: dict[Path, str]) -> None:
    """Write all files, or leave everything as it was."""
    old = {path: path.read_bytes() for path in files if path.exists()}
    made: list[Path] = []
    try:
        for path, text in files.items():
            folders = [folder for folder in path.parents if not folder.exists()]
            made += folders[::-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            made += [path] if path not in old else []
            path.write_text(text, "utf-8")
    except BaseException:
        for path, content in old.items():
            path.write_bytes(content)
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the skeleton that the command line asks for; say what is next."""
    parser = argparse.ArgumentParser(prog="python -m book.new", description=__doc__)
    parser.add_argument("slug", help="name of the chapter, as in f-gans")
    parser.add_argument("--title", default="", help="default: the slug in words")
    parser.add_argument("--number", type=int, default=0, help="default: after the last chapter")
    parser.add_argument("--topic", default="", help="make a folder of gensrc and one for its tests")
    given = parser.parse_args(argv)
    try:
        files = new_chapter(
            root, given.slug, title=given.title, number=given.number, topic=given.topic
        )
    except Clash as clash:
        print(clash, file=sys.stderr)
        return 1
    names = [path.relative_to(root).as_posix() for path in files]
    print("\n".join(f"wrote {name}" for name in names))
    topic = f"write gensrc/{given.topic} and its tests" if given.topic else "implement it in gensrc"
    print(NEXT.format(chapter=names[0], exercise=names[1], slug=given.slug, topic=topic))
    return 0


if __name__ == "__main__":
    sys.exit(main())
