"""What a chapter and the book are made from is known, whatever the depth of its folder."""

import subprocess
from pathlib import Path

import pytest

from book import execute, ledger
from tests.support.paths import ROOT


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a topic that is a folder and a tool that is a module."""
    files = {
        "gensrc/__init__.py": "",
        "gensrc/tool.py": "",
        "gensrc/other.py": "",
        "gensrc/topic/__init__.py": "from gensrc.topic.inner import f as f\n",
        "gensrc/topic/inner.py": (
            "from gensrc.tool import g\n\ndef f():\n    '''One.\n\n    Equation: eq-f\n    '''\n"
            "\ndef h():\n    '''Two.\n\n    Equation: eq-h\n    '''\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(ledger, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        "from gensrc.topic import f",
        "import gensrc.topic",
        "from gensrc import topic",
        "from gensrc.topic.inner import h",
    ],
)
def test_a_chapter_depends_on_every_file_behind_a_topic(small: Path, source: str) -> None:
    found = {path.relative_to(small).as_posix() for path in execute.gensrc_files(source)}
    assert found == {
        "gensrc/tool.py",
        "gensrc/topic/__init__.py",
        "gensrc/topic/inner.py",
    }


def test_the_ledger_names_functions_in_folders_as_they_are_imported(small: Path) -> None:
    assert ledger.functions() == {"eq-f": ["topic.f"], "eq-h": ["topic.inner.h"]}


def test_the_book_is_built_again_when_any_file_that_it_shows_changes() -> None:
    command = ["make", "--print-data-base", "--dry-run", "--makefile", "Makefile", "help"]
    rules = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in rules.splitlines() if line.startswith("SOURCES :=")]
    needed = {path.relative_to(ROOT).as_posix() for path in (ROOT / "gensrc").rglob("*.py")}
    assert needed
    assert not needed - set(line.split())
