"""Make the ledger page: equation → check → function → chapter.

The claims are read from the outputs of the executed notebooks (where
:func:`gensrc.verify.verify` left them), the functions from the docstrings of `gensrc`.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import nbformat

from gensrc.verify import MIME

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "ledger.md"

HEAD = """\
(ledger)=
# Ledger of claims

Every line is a check that ran when its chapter was run, and that runs again in every test
of the project. The *equation* is what the book states. The *check* says how it was compared
with a second, independent computation. *Measured* is the largest deviation for an equality,
and the extreme value for a bound. The *function* is the one in `gensrc` that implements the
equation. A claim that does not hold stops the book from being built.

This page is generated from the outputs of the chapters.
"""


class Claim(NamedTuple):
    """One successful call of `verify`, as a notebook's output recorded it."""

    label: str
    relation: str
    measured: str
    note: str

    @property
    def name(self) -> str:
        """What identifies the claim in a message."""
        return f"{self.label} ({self.note})" if self.note else self.label


def claims(notebook: Path) -> list[Claim]:
    """The claims of an executed notebook, in order."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = (o for c in cells if c.cell_type == "code" for o in c.outputs)
    records = (o.get("metadata", {}).get(MIME) for o in outputs)
    return [Claim(**record) for record in records if record]


def functions() -> dict[str, list[str]]:
    """Label → the functions, classes and constants of `gensrc` whose docstring names it."""
    named = defaultdict(list)
    for file in sorted((ROOT / "gensrc").rglob("*.py")):
        parts = file.relative_to(ROOT / "gensrc").with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        offered = _offered(file.with_name("__init__.py")) if len(parts) > 1 else {}
        for name, docstring in _docstrings(ast.parse(file.read_text()), ""):
            topic = parts[0] if offered.get(name.split(".")[0]) == f"gensrc.{module}" else module
            for line in re.findall(r"^\s*Equations?: (.+)$", docstring, re.MULTILINE):
                for label in re.findall(r"[a-z][\w-]+", line):
                    named[label].append(f"{topic}.{name}")
    return dict(named)


def _offered(face: Path) -> dict[str, str | None]:
    """The names that a topic offers under its own name → the module that defines each."""
    imports = (n for n in ast.parse(face.read_text()).body if isinstance(n, ast.ImportFrom))
    return {alias.name: node.module for node in imports for alias in node.names}


def _docstrings(tree: ast.Module | ast.ClassDef, prefix: str) -> list[tuple[str, str]]:
    """(name, docstring) of what a module or class defines; a string after a constant counts."""
    found = []
    for node, following in zip(tree.body, [*tree.body[1:], None]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((prefix + node.name, ast.get_docstring(node) or ""))
            if isinstance(node, ast.ClassDef):
                found += _docstrings(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            text = getattr(getattr(following, "value", None), "value", None)
            if isinstance(target, ast.Name) and isinstance(text, str):
                found.append((prefix + target.id, text))
    return found


def _title(notebook: Path) -> str:
    cells = nbformat.read(notebook, as_version=4).cells
    match = re.search(r"^# (.+)$", "\n".join(c.source for c in cells[:2]), re.MULTILINE)
    return match.group(1) if match else notebook.stem


def page() -> str:
    """The text of ``book/ledger.md``."""
    named = functions()
    lines = [HEAD]
    for notebook in sorted((ROOT / "book" / "notebooks").glob("*.ipynb")):
        made = claims(notebook)
        lines += [f"## {_title(notebook)}", ""]
        lines += [f"{len(made)} claims, in [this chapter](notebooks/{notebook.name}).", ""]
        lines += ["| equation | check | measured | function |", "|---|---|---|---|"]
        for claim in made:
            role = "eq" if claim.label.startswith(("eq-", "def-")) else "prf:ref"
            where = ", ".join(f"`{name}`" for name in named.get(claim.label, []))
            check = f"{claim.note}: {claim.relation}" if claim.note else claim.relation
            cells = [f"{{{role}}}`{claim.label}` `{claim.label}`", check, claim.measured, where]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def write() -> None:
    """Write the page if it changed."""
    text = page()
    if not PAGE.is_file() or PAGE.read_text() != text:
        PAGE.write_text(text)
