"""The layout of the autograder: which folder may import which."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

GROUND = {"course", "files", "cells"}
STAGES = {"exercises", "submissions", "gradebook", "grading", "results"}
PROCESSES = {"sandbox", "judge", "student", "exchange", "process"}
ALLOWED = {  # folders, from the lowest; each may import itself, too
    "exchange": set(),
    "process": set(),
    "student": {"exchange", "process"},
    "judge": {"exchange", "process", *GROUND},
    "sandbox": {"process", *GROUND},
    "submissions": GROUND,
    "gradebook": {"submissions", *GROUND},
    "exercises": {"gradebook", "submissions", *GROUND},
    "results": {"gradebook", "submissions", *GROUND},
    "grading": {"exercises", "results", "gradebook", "submissions", "sandbox", *GROUND},
}
FILES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
    for path in sorted((ROOT / "autograder").rglob("*.py"))
    if path.parent.name in {"autograder", *STAGES, *PROCESSES}
}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of everything of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder"):
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                yield (inner, "") if inner in FILES else (str(node.module), one.name)


@pytest.mark.parametrize("module", FILES)
def test_a_file_imports_only_what_is_below_it(module: str) -> None:
    here = module.split(".")[1]
    for there, name in imports(FILES[module]):
        folder = there.split(".")[1]
        assert here not in ALLOWED or folder == here or folder in ALLOWED[here], there
        assert here not in GROUND or folder in GROUND, there
        same = there.rpartition(".")[0] == module.rpartition(".")[0]
        assert same or not name.startswith("_"), f"{there}.{name}"
    assert len(FILES[module].read_text("utf-8").splitlines()) <= 300


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = {module: {there for there, _ in imports(path)} for module, path in FILES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
    assert set(ALLOWED) == STAGES | PROCESSES
