"""Run the chapters that changed, and rewrite the ledger and the README's table of chapters.

``book/chapters/NN-slug.md`` is the text that people edit; its pair
``book/notebooks/NN-slug.ipynb`` holds the same cells with their outputs. A chapter
is run again when its text, a `gensrc` module it imports (at any depth) or
``requirements.lock`` changed since its notebook was made, and only then.

    python -m book.execute              run what changed
    python -m book.execute --check      say what changed and exit 1; run nothing
"""

import argparse
import ast
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from book import contents, ledger

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "book" / "chapters"
NOTEBOOKS = ROOT / "book" / "notebooks"


def chapters() -> list[Path]:
    """The texts of all chapters, in the order of the course."""
    return sorted(CHAPTERS.glob("*.md"))


def slug(chapter: Path) -> str:
    """The name of a chapter without its number: ``04-mixtures.md`` → ``mixtures``."""
    return chapter.stem.partition("-")[2]


def notebook_of(chapter: Path) -> Path:
    """The executed pair of a chapter."""
    return NOTEBOOKS / f"{chapter.stem}.ipynb"


def read_chapter(chapter: Path) -> nbformat.NotebookNode:
    """The cells of a chapter without outputs, with ids that do not change between runs."""
    notebook: nbformat.NotebookNode = jupytext.read(chapter, fmt="md:myst")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
    return notebook


def _imports(source: str) -> Iterator[str]:
    """Names of the `gensrc` modules that a piece of Python imports, those above them included."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for parts in (name.split(".") for name in names):
            if parts[0] == "gensrc":
                yield from (".".join(parts[:depth]) for depth in range(2, len(parts) + 1))


def gensrc_files(source: str) -> list[Path]:
    """The files of `gensrc` that this source imports, directly or through each other."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        for name in _imports(waiting.pop()):
            place = ROOT.joinpath(*name.split("."))
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file() and file not in found:
                    found.add(file)
                    waiting.append(file.read_text())
    return sorted(found)


def fingerprint(chapter: Path) -> str:
    """SHA-256 of everything that the outputs of a chapter depend on."""
    cells = (c for c in jupytext.read(chapter, fmt="md:myst").cells if c.cell_type == "code")
    source = "\n".join(cell.source for cell in cells)
    digest = hashlib.sha256()
    for file in [chapter, ROOT / "requirements.lock", *gensrc_files(source)]:
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def is_current(chapter: Path) -> bool:
    """Whether the executed notebook belongs to the text, `gensrc` and lock as they are."""
    pair = notebook_of(chapter)
    if not pair.is_file():
        return False
    notebook = nbformat.read(pair, as_version=4)
    return bool(notebook.metadata.get("gensrc", {}).get("inputs") == fingerprint(chapter))


def execute(chapter: Path) -> None:
    """Run one chapter and write its notebook; on an error the old notebook stays."""
    notebook = read_chapter(chapter)
    os.environ.pop("MPLBACKEND", None)  # the kernel would draw no figure into the notebook
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", store_widget_state=False)
    client.execute(cwd=str(NOTEBOOKS))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times differ from run to run
    notebook.metadata["gensrc"] = {"inputs": fingerprint(chapter)}
    notebook.metadata.pop("language_info", None)  # so does the Python version
    pair = notebook_of(chapter)
    draft = pair.with_suffix(".tmp")
    nbformat.write(notebook, draft)
    os.replace(draft, pair)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m book.execute", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what changed")
    arguments = parser.parse_args(argv)
    stale = [chapter for chapter in chapters() if not is_current(chapter)]
    for chapter in stale:
        name = chapter.relative_to(ROOT)
        if arguments.check:
            print(f"{name}: changed since its notebook was run; run `make execute`.")
            continue
        print(f"running {name} …", flush=True)
        try:
            execute(chapter)
        except CellExecutionError as error:
            print(f"{name}: a cell failed, the old notebook was kept.\n{error}", file=sys.stderr)
            return 1
    if arguments.check:
        return 1 if stale else 0
    ledger.write()
    contents.write(chapters())
    return 0


if __name__ == "__main__":
    sys.exit(main())
