"""A new chapter: `python -m book.new` writes all of its places, or none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from book import new
from tests.support.paths import ROOT

MADE = [
    "book/chapters/07-noisy-channels.md",
    "solutions/noisy-channels/noisy-channels.md",
    "tests/chapters/noisy-channels/breaks.py",
    "gensrc/channels/__init__.py",
    "tests/gensrc/channels/test_channels.py",
    "_toc.yml",
]
ASKED = ["noisy-channels", "--title", "Noisy channels", "--number", "7", "--topic", "channels"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the tests of a chapter read."""
    ignored = shutil.ignore_patterns("__pycache__", "*.db", "submitted", "release", "source")
    for name in ("book", "gensrc", "solutions", "autograder", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("_toc.yml", "README.md", "Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def snapshot(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def small_tree(root: Path) -> Path:
    """A course of two chapters, as far as the skeleton looks at it."""
    (root / "book" / "chapters").mkdir(parents=True)
    for name in ("02-divergences", "12-optimal-transport"):
        (root / "book" / "chapters" / f"{name}.md").write_text("text")
    (root / "gensrc" / "games").mkdir(parents=True)
    (root / "gensrc" / "checks.py").write_text("")
    (root / "solutions" / "f-gans").mkdir(parents=True)
    (root / "_toc.yml").write_text(
        "parts:\n"
        "  - chapters:\n"
        "      - file: book/notebooks/02-divergences\n"
        "  - chapters:\n"
        "      - file: book/notebooks/12-optimal-transport\n"
        "      - file: book/ledger\n"
    )
    return root


def test_each_place_of_a_chapter_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = small_tree(tmp_path)
    before = snapshot(root)
    assert new.main(ASKED, root) == 0
    after = snapshot(root)
    assert {name for name in after if after[name] != before.get(name)} == set(MADE)
    said = capsys.readouterr().out
    assert [name for name in MADE if f"wrote {name}\n" not in said] == []
    assert "make execute" in said
    chapter = after[MADE[0]].decode()
    assert "\n(noisy-channels)=\n# Noisy channels\n" in chapter
    assert not [word for word in ("SLUG", "TITLE", "NAME") if word in chapter]
    lines = after["_toc.yml"].decode().splitlines()
    assert lines[2:4] == [
        "      - file: book/notebooks/02-divergences",
        "      - file: book/notebooks/07-noisy-channels",
    ]


def test_defaults_are_the_next_number_and_the_slug_in_words(tmp_path: Path) -> None:
    root = small_tree(tmp_path)
    made = new.new_chapter(root, "random-walks")
    assert made[0].name == "13-random-walks.md"
    assert "# Random walks\n" in made[0].read_text("utf-8")
    assert "12-optimal-transport\n      - file: book/notebooks/13-random-walks\n" in (
        root / "_toc.yml"
    ).read_text("utf-8")
    new.new_chapter(root, "first", number=1)
    assert "- chapters:\n      - file: book/notebooks/01-first\n" in (root / "_toc.yml").read_text()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["Noisy"], "Noisy: expected a name of small letters"),
        (["../x"], "../x: expected a name of small letters"),
        (["x", "--topic", "a-b"], "a-b: expected a name that Python can import"),
        (["x", "--topic", "class"], "class: expected a name that Python can import"),
        (["x", "--number", "12"], "12-optimal-transport.md has the number 12: choose another"),
        (["x", "--number", "100"], "100: expected a number from 1 to 99"),
        (["x", "--number", "-1"], "-1: expected a number from 1 to 99"),
        (["divergences"], "book/chapters/02-divergences.md is there"),
        (["f-gans"], "solutions/f-gans is there"),
        (["x", "--topic", "games"], "gensrc/games is there"),
        (["x", "--topic", "checks"], "gensrc/checks.py is there"),
    ],
)
def test_a_clash_is_one_sentence_and_writes_nothing(
    asked: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = small_tree(tmp_path)
    before = snapshot(root)
    assert new.main(asked, root) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(sentence)
    assert said.err.count("\n") == 1
    assert snapshot(root) == before


def test_a_failure_half_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = small_tree(tmp_path)
    before, folders = snapshot(root), sorted(root.rglob("*"))
    whole = Path.write_text

    def full(path: Path, text: str, *args: str) -> int:
        if path.name == "_toc.yml":
            whole(path, text[:10], *args)
            raise OSError("no space left on device")
        return whole(path, text, *args)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        new.new_chapter(root, "random-walks", topic="walks")
    assert snapshot(root) == before
    assert sorted(root.rglob("*")) == folders


ACCEPTED = {
    "test_labels_are_unique",
    "test_every_chapter_is_in_the_contents",
    "test_every_displayed_equation_with_a_number_is_named_by_its_kind[07-noisy-channels]",
    "test_lines_of_code_fit_the_page[07-noisy-channels]",
    "test_chapter_follows_the_template[07-noisy-channels]",
    "test_symbols_of_the_recap_are_on_the_page_of_notation[07-noisy-channels]",
    "test_source_survives_jupytext[noisy-channels]",
    "test_prose_needs_no_book_and_no_macro[noisy-channels]",
}
MISSING = {
    "test_notebook_belongs_to_its_chapter[07-noisy-channels]": "run `make execute`",
    "test_every_result_has_a_claim[07-noisy-channels]": "run `make execute`",
    "test_table_of_chapters_is_current": "run `make execute`",
    "test_number_of_questions_and_kinds[noisy-channels]": "6 <= ",
    "test_every_answer_file_belongs_to_a_question[noisy-channels]": "q1-entropy",
}


@pytest.mark.slow
def test_the_suite_accepts_the_skeleton_or_names_what_is_missing(tree: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    made = [sys.executable, "-m", "book.new", *ASKED]
    subprocess.run(made, cwd=tree, env=env, check=True, capture_output=True)
    names = sorted(ACCEPTED | MISSING.keys())
    alone = [name for name in names if "[" not in name]
    about = [name.partition("[")[0] for name in names if "[" in name]
    chosen = f"{' or '.join(alone)} or (noisy and ({' or '.join(about)}))"
    files = [f"tests/book/test_{name}.py" for name in ("chapters", "contents", "exercises")]
    options = ["-q", "-rA", "--tb=short", "-p", "no:cacheprovider", "-k", chosen]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=tree,
        env=env,
        capture_output=True,
        text=True,
    )
    lines = ran.stdout.splitlines()
    for name in sorted(ACCEPTED):
        assert any(f"::{name}" in line for line in lines if line.startswith("PASSED")), name
    failed = {line.partition("::")[2]: line for line in lines if line.startswith("FAILED")}
    assert {line.partition(" - ")[0] for line in failed} == MISSING.keys()
    for name, words in MISSING.items():
        assert words in ran.stdout.partition(f" {name} _")[2].partition("\n____")[0], name


def test_the_skeleton_is_the_template_of_every_chapter() -> None:
    """Its front matter is that of the chapters, so that jupytext pairs it as them."""
    skeleton = new.CHAPTER.read_text("utf-8").partition("\n---\n")[0]
    for chapter in (ROOT / "book" / "chapters").glob("*.md"):
        assert chapter.read_text("utf-8").partition("\n---\n")[0] == skeleton, chapter.name
