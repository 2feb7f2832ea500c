"""Imports go to the left only: formulas ← models ← running."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "gensrc"
LAYERS = {
    "formulas": {
        "bimatrix",
        "divergences",
        "game_dynamics",
        "fgan",
        "estimates",
        "normals",
        "games",
        "matrix_games",
        "mixtures",
        "binned",
        "moments",
        "population",
        "transport",
        "_blocks",
        "_fgan_rows",
        "_distributions",
        "_divergence_table",
        "_guards",
        "_linear",
        "_quadratic",
        "_transport",
    },
    "models": {
        "networks",
        "flows",
        "likelihoods",
        "linear_gaussian",
        "vae",
        "energy",
        "partition",
        "boltzmann",
        "belief",
    },
    "running": {
        "training",
        "data",
        "metrics",
        "verify",
        "plotting",
        "checkpoints",
        "reproduce",
    },
}
ORDER = list(LAYERS)
LAYER_OF = {module: layer for layer, modules in LAYERS.items() for module in modules}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
# What formulas may import besides torch: solvers of SciPy and POT, and small tools.
FOREIGN = {"formulas": {"torch", "scipy", "numpy", "ot"}, "models": {"torch", "numpy"}}


def imported(module: str) -> set[str]:
    """Full names of everything that a module imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write `from gensrc.x import y`, not `from .x`"
            assert node.module is not None
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own(module: str) -> set[str]:
    """Modules of the package that a module imports."""
    return {n.split(".")[1] for n in imported(module) if n.startswith("gensrc.")} & set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_layer(module: str) -> None:
    assert module in LAYER_OF, f"gensrc/{module}.py: add it to a layer in {Path(__file__).name}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_to_the_left(module: str) -> None:
    here = ORDER.index(LAYER_OF[module])
    for other in own(module):
        there = LAYER_OF[other]
        assert ORDER.index(there) <= here, (
            f"gensrc/{module}.py ({LAYER_OF[module]}) imports {other} ({there}); "
            "imports go formulas <- models <- running"
        )


@pytest.mark.parametrize("module", MODULES)
def test_formulas_and_models_import_little(module: str) -> None:
    allowed = FOREIGN.get(LAYER_OF[module])
    if allowed is None:
        return
    tops = {name.split(".")[0] for name in imported(module)}
    extra = tops - allowed - {"gensrc"} - set(sys.stdlib_module_names)
    assert not extra, f"gensrc/{module}.py imports {sorted(extra)}"


def test_no_import_runs_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"circle: {' -> '.join([*path, module])}"
        if module not in done:
            for other in own(module):
                visit(other, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


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
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
    )


def test_formulas_and_models_load_without_the_heavy_packages() -> None:
    modules = sorted(LAYERS["formulas"] | LAYERS["models"])
    result = import_without(", ".join(f"gensrc.{m}" for m in modules), OPTIONAL | HEAVY)
    assert result.returncode == 0, result.stderr


def test_everything_loads_without_the_optional_packages() -> None:
    result = import_without(", ".join(f"gensrc.{m}" for m in MODULES), OPTIONAL | {"sklearn"})
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
