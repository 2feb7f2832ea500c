"""Withholding: nothing of what an exercise asks for can be read in the copy of the package."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import GraderError
from autograder.exercises.convert import read_source
from autograder.grading.runner import withheld_sets
from autograder.sandbox.withhold import copy_package, read_withholding
from tests.support.paths import ROOT

EXERCISES = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())

FACE = '''"""Mixtures."""

from gensrc.mixtures.fit import em as em
from gensrc.mixtures.gaussian import Mixture as Mixture, m_step as step
from gensrc.numerics import xlogy as xlogy
'''
FIT = "from gensrc.mixtures.gaussian import m_step\n\ndef em(x):\n    return m_step(x)\n"
GAUSSIAN = "class Mixture:\n    def draw(self): return 4\n\ndef m_step(x):\n    return x + 1\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a topic that is a folder, and a topic that offers a name of another."""
    files = {
        "__init__.py": '"""A package."""\n',
        "numerics.py": "def xlogy(x):\n    return x\n",
        "shelf.py": "from gensrc.mixtures import em as fit\n\ndef own():\n    return 3\n",
        "mixtures/__init__.py": FACE,
        "mixtures/fit.py": FIT,
        "mixtures/gaussian.py": GAUSSIAN,
        "mixtures/deep/__init__.py": "",
        "mixtures/deep/inner.py": "def inner(x):\n    return 2 * x\n",
    }
    for name, text in files.items():
        path = tmp_path / "source" / "gensrc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "source" / "gensrc"


def readable(copy: Path) -> set[str]:
    """Return the functions in ``copy`` that have kept their bodies, as FILE:NAME."""
    return {
        f"{path.relative_to(copy).as_posix()}:{node.name}"
        for path in copy.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and "_withheld('" not in ast.unparse(node.body[-1])
        and not (path.parent == copy and node.name.startswith("_"))
    }


def left(package: Path, tmp_path: Path, *names: str) -> set[str]:
    copy_package(package, tmp_path, frozenset(names))
    return {one for one in readable(tmp_path / "gensrc") if not one.startswith("__init__")}


def test_a_topic_that_is_a_folder_is_withheld_with_every_file_below_it(
    package: Path, tmp_path: Path
) -> None:
    expected = {"numerics.py:xlogy", "shelf.py:own"}
    assert left(package, tmp_path, "gensrc.mixtures") == expected


@pytest.mark.parametrize("name", ["mixtures.em", "mixtures.fit.em", "shelf.fit"])
def test_a_name_is_followed_to_where_it_is_defined(
    package: Path, tmp_path: Path, name: str
) -> None:
    found = left(package, tmp_path, f"gensrc.{name}")
    assert "mixtures/fit.py:em" not in found
    assert {"mixtures/gaussian.py:m_step", "mixtures/deep/inner.py:inner"} < found


def test_a_name_under_another_name_and_a_class_are_followed(package: Path, tmp_path: Path) -> None:
    found = left(package, tmp_path, "gensrc.mixtures.step", "gensrc.mixtures.Mixture")
    assert not {one for one in found if one.startswith("mixtures/gaussian.py")}


def test_a_name_that_no_face_offers_is_refused(package: Path, tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"gensrc\.mixtures\.nothing: to be withheld, but there"):
        copy_package(package, tmp_path, frozenset({"gensrc.mixtures.nothing"}))


def test_front_matter_of_another_form_is_refused() -> None:
    for wrong in (["a"], {"withhold": 3}, {"allow": ["q1"]}):
        with pytest.raises(GraderError, match="must have the form"):
            read_withholding({"autograder": wrong}, "x.md")
    assert not read_withholding({}, "x.md").names


# --- the package of the course


def names_of(exercise: str) -> set[frozenset[str]]:
    """Return every combination of names of gensrc that some cell of the exercise may not use."""
    source = read_source(ROOT / "solutions" / exercise / f"{exercise}.md")
    assert source is not None
    withholding = read_withholding(source.metadata, exercise)
    return {
        frozenset(name for name in names if name.startswith("gensrc."))
        for names in withheld_sets(source, withholding)
    }


def withheld_in(names: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Yield file and name of each function that Python finds behind ``names``; '' is all of it."""
    for name in names:
        module, _, short = name.rpartition(".")
        try:
            found = importlib.import_module(name)
        except ModuleNotFoundError:
            value = getattr(importlib.import_module(module), short)
            yield file_of(value.__module__), value.__name__
            continue
        file = file_of(found.__name__)
        for path in file.parent.rglob("*.py") if file.name == "__init__.py" else [file]:
            yield path, ""


def file_of(module: str) -> Path:
    return Path(str(importlib.import_module(module).__file__)).relative_to(ROOT / "gensrc")


def survivors(copy: Path, names: frozenset[str]) -> list[str]:
    """Return the functions behind ``names`` that can be read in ``copy``."""
    open_ones = readable(copy)
    return sorted(
        one
        for path, short in withheld_in(names)
        for one in open_ones
        if one == f"{path.as_posix()}:{short}" or (not short and one.startswith(f"{path}:"))
    )


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_exercise_leaves_what_it_withholds_readable(exercise: str, tmp_path: Path) -> None:
    for number, names in enumerate(names_of(exercise)):
        copy_package(ROOT / "gensrc", tmp_path / str(number), names)
        assert not survivors(tmp_path / str(number) / "gensrc", names)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_file_that_is_left_readable_would_be_noticed(exercise: str, tmp_path: Path) -> None:
    names = max(names_of(exercise), key=len)
    copy_package(ROOT / "gensrc", tmp_path, names)
    for path in sorted({path for path, _ in withheld_in(names)}):
        emptied = (tmp_path / "gensrc" / path).read_text(encoding="utf-8")
        shutil.copyfile(ROOT / "gensrc" / path, tmp_path / "gensrc" / path)
        if "_withheld(" in emptied:
            assert survivors(tmp_path / "gensrc", names), path
        (tmp_path / "gensrc" / path).write_text(emptied, encoding="utf-8")


def test_withheld_functions_have_no_body(tmp_path: Path) -> None:
    names = frozenset({"gensrc.divergences", "gensrc.fgan", "gensrc.games.game_value"})
    copy_package(ROOT / "gensrc", tmp_path, names)
    topics = {"divergences", "_divergence_table", "fgan", "_fgan_rows"}  # files, or folders of them
    copy = tmp_path / "gensrc"
    files = [
        path
        for path in copy.rglob("*.py")
        if path.relative_to(copy).parts[0].removesuffix(".py") in topics
    ]
    assert len(files) >= len(topics)
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert ast.unparse(node.body[1]).startswith("_withheld('gensrc.")
            elif isinstance(node, ast.Lambda):
                assert "_withheld('gensrc." in ast.unparse(node.body)
            elif isinstance(node, ast.Assign):
                assert not re.search(r"\b(FDivergence|_row)\(", ast.unparse(node))
    code = (
        "import torch, gensrc.games as g, gensrc.divergences as d, gensrc.fgan as f\n"
        "half = torch.tensor([0.5, 0.5])\n"
        "for use in (lambda: d.kl(half, half), lambda: g.game_value(half, half), lambda: f.KL.f):\n"
        "    try: use()\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
        "print(g.density_ratio(torch.zeros(1)).item())"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    *said, number = ran.stdout.split("\n")[:4]
    end = " is what this exercise asks you to write: write your own here."
    for name, words in zip(("kl", "game_value", "KL"), said):
        assert words == f"Withheld The {name} of gensrc{end}"
    assert number == "1.0"
    with pytest.raises(GraderError, match=r"gensrc\.nothing"):
        copy_package(ROOT / "gensrc", tmp_path / "again", frozenset({"gensrc.nothing"}))
