"""The layout of `gensrc`: one topic, one folder; tools below the topics, running beside them.

Tools import no topic. A topic imports tools and itself, and of the others only what ``BORROWS``
lists. What runs a model (training, data, plots, claims) knows no topic; ``reproduce`` alone sees
everything.
"""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "gensrc"
TOOLS = {"answers", "checks", "numerics", "networks", "likelihoods"}
RUNNING = {"training", "data", "metrics", "plotting", "verify", "reproduce"}
BORROWS = {("fgan", "games"), ("gans", "games")}
"""The topics that may import another: for f-GANs and GANs the type of a pair of losses."""
RULE = "imports go to tools and to the own topic (see the top of this test)"
MAX_LINES = 300
FOREIGN = {"torch", "scipy", "numpy", "ot"}
"""What tools and topics may import: PyTorch, and solvers of SciPy and POT."""

FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
each_file = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)


def room(path: Path) -> str:
    """The first word below the package: a topic, a tool or a part of running."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


ROOMS = sorted({room(path) for path in FILES})
MODULES = {module(path) for path in FILES}


def imported(path: Path) -> set[str]:
    """Full names of everything that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write `from gensrc.x import y`, not `from .x`"
            assert node.module is not None
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own(path: Path) -> set[str]:
    """Modules of the package that a file imports."""
    found = {name if name in MODULES else name.rpartition(".")[0] for name in imported(path)}
    return found & MODULES


@each_file
def test_imports_go_to_tools_and_to_the_own_topic(path: Path) -> None:
    here = room(path)
    for name in own(path):
        there = name.split(".")[1]
        allowed = (
            there in TOOLS | {here}
            or (here, there) in BORROWS
            or (here in RUNNING and there in RUNNING)
            or here == "reproduce"
        )
        assert allowed, f"{path.relative_to(ROOT)} imports {name}: {RULE}"


@each_file
def test_tools_and_topics_import_little(path: Path) -> None:
    if room(path) not in RUNNING:
        tops = {name.split(".")[0] for name in imported(path)}
        extra = tops - FOREIGN - {"gensrc"} - set(sys.stdlib_module_names)
        assert not extra, f"{path.relative_to(ROOT)} imports {sorted(extra)}"


@each_file
def test_files_are_short_and_private_names_stay_in_their_file(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= MAX_LINES, f"{path.relative_to(ROOT)} has {lines} lines: split it"
    private = {name for name in imported(path) if any(p[0] == "_" for p in name.split(".")[1:])}
    private = {name for name in private if name.startswith("gensrc.")}
    assert not private, f"{path.relative_to(ROOT)} imports {sorted(private)}"


@pytest.mark.parametrize("face", sorted(PACKAGE.glob("*/__init__.py")), ids=room)
def test_a_face_offers_what_its_folder_defines_and_hides_no_file(face: Path) -> None:
    offered = {
        alias.name: node.module
        for node in ast.parse(face.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    files = {path.stem for path in face.parent.glob("*.py")}
    assert not files & offered.keys(), "`import a.b.c` would find the function, not the file"
    assert all((name or "").startswith("gensrc.") for name in offered.values())


def test_no_import_runs_in_a_circle() -> None:
    paths = {module(path): path for path in FILES}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"circle: {' -> '.join([*way, name])}"
        if name not in done:
            for other in own(paths[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(paths):
        visit(name, ())


@each_file
def test_every_file_has_a_topic_of_its_tests(path: Path) -> None:
    if path.name != "__init__.py" and room(path) not in TOOLS | {"verify"}:
        folder, single = ROOT / "tests" / "gensrc" / room(path), f"test_{room(path)}.py"
        assert list(folder.glob("test_*.py")) or (folder.parent / single).is_file()


BLOCK = """
import importlib.abc, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocker())
import {module}
"""
OPTIONAL = {"ot", "nbgrader", "jupyter_book", "jupytext", "IPython", "hypothesis", "pytest"}
HEAVY = {"sklearn", "matplotlib", "pandas", "tqdm", "pooch", "requests"}


def import_without(module: str, blocked: set[str]) -> subprocess.CompletedProcess[str]:
    code = BLOCK.format(blocked=sorted(blocked), module=module)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_tools_and_topics_load_without_the_heavy_packages() -> None:
    modules = sorted(f"gensrc.{name}" for name in set(ROOMS) - RUNNING)
    result = import_without(", ".join(modules), OPTIONAL | HEAVY)
    assert result.returncode == 0, result.stderr


def test_everything_loads_without_the_optional_packages() -> None:
    modules = sorted(name for name in MODULES if not name.endswith("__main__"))
    result = import_without(", ".join(modules), OPTIONAL | {"sklearn"})
    assert result.returncode == 0, result.stderr


def test_the_blocker_blocks() -> None:
    result = import_without("gensrc.plotting", HEAVY)
    assert result.returncode != 0
    assert "matplotlib is blocked" in result.stderr


def test_the_root_is_a_docstring_and_a_version() -> None:
    root = importlib.import_module("gensrc")
    assert root.__doc__
    assert root.__version__.count(".") == 2
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    assert len(tree.body) == 2
