"""What an exercise asks for cannot be imported while it is graded.

The student's process gets a copy of ``gensrc`` in which the bodies of what is withheld are
replaced: the originals are not in the sandbox at all. An exercise lists the names in the front
matter of its source; a module stands for all that is in it. What one question may use all the
same is listed under ``allow``::

    autograder:
      withhold: [gensrc.mixtures, gensrc.divergences.kl]
      allow: {q8-restarts: [gensrc.mixtures]}
"""

import ast
from pathlib import Path
from typing import Any, NamedTuple

from autograder.course import GraderError

_ERROR = '''

class Withheld(Exception):
    """A name that the exercise asks its reader to write."""


def _withheld(name):
    raise Withheld(f"{name} is what this exercise asks you to write: write your own here.")
'''


class Withholding(NamedTuple):
    """What an exercise withholds, and what single questions may use all the same."""

    names: frozenset[str] = frozenset()
    allowed: dict[str, frozenset[str]] = {}  # noqa: RUF012

    def for_question(self, grade_id: str) -> frozenset[str]:
        """Return what is withheld from the cell of this name."""
        names = self.names
        for question, free in self.allowed.items():
            if grade_id == question or grade_id.startswith(f"{question}-"):
                names -= free
        return names


def read_withholding(metadata: dict[str, Any], where: str) -> Withholding:
    """Return what the metadata of an exercise's notebook say.

    Raises:
        GraderError: they have another form.
    """
    found = metadata.get("autograder") or {}
    try:
        names = frozenset(map(str, found.get("withhold") or ()))
        allowed = {
            str(question): frozenset(map(str, free))
            for question, free in (found.get("allow") or {}).items()
        }
    except (AttributeError, TypeError):
        raise GraderError(
            f"{where}: the front matter's key autograder must have the form "
            "{withhold: [module.name, …], allow: {question: [module.name, …]}}."
        ) from None
    return Withholding(names, allowed)


def copy_package(package: Path, target: Path, names: frozenset[str]) -> None:
    """Write the package ``package`` into ``target`` without the bodies of ``names``.

    Raises:
        GraderError: a name is not in the package.
    """
    left = set(names)
    for path in sorted(package.rglob("*")):
        place = target / package.name / path.relative_to(package)
        if path.suffix == ".py":
            place.parent.mkdir(parents=True, exist_ok=True)
            parts = path.relative_to(package).with_suffix("").parts
            module = ".".join((package.name, *(part for part in parts if part != "__init__")))
            inside = {name for name in names if name == module or name.startswith(f"{module}.")}
            text, found = _without(path.read_text(encoding="utf-8"), module, inside)
            left -= found
            place.write_text(text, encoding="utf-8")
        elif path.is_file() and "__pycache__" not in path.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    root = target / package.name / "__init__.py"
    root.write_text(root.read_text(encoding="utf-8") + _ERROR, encoding="utf-8")
    if left:
        raise GraderError(
            f"{', '.join(sorted(left))}: to be withheld, but there is no such name in "
            f"{package.name}."
        )


def _without(text: str, module: str, names: set[str]) -> tuple[str, set[str]]:
    """Return the module's ``text`` without the bodies of ``names``, and those that it has."""
    if not names:
        return text, set()
    tree = ast.parse(text)
    found = {module} & names
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{module}.{node.name}"
            if name in names or module in names:
                found |= {name} & names
                _empty(node, name)
    return ast.unparse(tree), found


def _empty(node: ast.AST, name: str) -> None:
    """Replace the bodies of all functions in ``node``; classes keep their fields."""
    for one in ast.walk(node):
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            words = f"from gensrc import _withheld\n_withheld({name!r})"
            one.body = ast.parse(words).body
            one.decorator_list = [
                mark
                for mark in one.decorator_list
                if isinstance(mark, ast.Name)
                and mark.id in ("property", "staticmethod", "classmethod")
            ]
