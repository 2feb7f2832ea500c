"""What an exercise asks for cannot be imported while it is graded.

The student's process gets a copy of ``gensrc`` in which the bodies of what is withheld are
replaced: the originals are not in the sandbox at all. An exercise lists the names in the front
matter of its source. A module stands for all that is in it, and for the private modules of the
package (``_name``) from which it imports; a folder stands for all files below it; and a name that
a module only imports stands for the definition, wherever that is. What one question may use all
the same is listed under ``allow``::

    autograder:
      withhold: [gensrc.mixtures, gensrc.divergences.kl]
      allow: {q8-restarts: [gensrc.mixtures]}

A function of another package can be named too, such as ``torch.distributions.kl_divergence``.
It raises the same error, but its source stays readable, because the package is needed whole.
"""

import ast
from pathlib import Path
from typing import Any, NamedTuple

from autograder.course import GraderError

_ERROR = '''

class Withheld(Exception):
    """A name that the exercise asks its reader to write."""


def _withheld(name):
    what = f"The {name.rpartition('.')[2]} of {name.partition('.')[0]}"
    raise Withheld(f"{what} is what this exercise asks you to write: write your own here.")


class _WithheldValue:
    """Stands for a constant that is withheld."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        _withheld(self._name)

    def __call__(self, *args, **kwargs):
        _withheld(self._name)

    __getitem__ = __iter__ = __call__
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
    names = frozenset().union(*({name, _home(package, name)} for name in names))
    left = {_home(package, name) for name in names}
    for path in sorted(package.rglob("*")):
        place = target / package.name / path.relative_to(package)
        if path.suffix == ".py":
            place.parent.mkdir(parents=True, exist_ok=True)
            parts = path.relative_to(package).with_suffix("").parts
            module = ".".join((package.name, *(part for part in parts if part != "__init__")))
            text, found = _without(path.read_text(encoding="utf-8"), module, names)
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


def _home(package: Path, name: str) -> str:
    """Return the name of what ``name`` stands for where it is defined, and not imported."""
    module, _, short = name.rpartition(".")
    place = package.joinpath(*module.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package.name):
                for one in node.names:
                    origin = f"{node.module}.{one.name}"
                    if short == (one.asname or one.name) and origin != name:
                        return _home(package, origin)
    return name


def _without(text: str, module: str, names: frozenset[str]) -> tuple[str, set[str]]:
    """Return the module's ``text`` without what ``names`` stand for, and those that it has."""
    whole = {name for name in names if f"{module}.".startswith(f"{name}.")}
    if not whole and not any(name.startswith(f"{module}.") for name in names):
        return text, set()
    tree = ast.parse(text)
    found = set(whole)
    body: list[ast.stmt] = []
    for node in tree.body:
        defined = {f"{module}.{name}" for name in _defined(node)}
        if not whole and not defined & names:
            body.append(node)
            continue
        found |= defined & names
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            _empty(node, f"{module}.{node.name}")
            body.append(node)
        elif not defined or _is_harmless(node):
            body += [node] if defined or _is_kept(node) else []
        else:
            body += [stand_in for name in sorted(defined) for stand_in in _stand_in(name)]
    tree.body = body
    return ast.unparse(ast.fix_missing_locations(tree)), found


def _is_kept(node: ast.stmt) -> bool:
    """Return whether a statement that defines nothing is an import or a text."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, (ast.Import, ast.ImportFrom))


def _defined(node: ast.stmt) -> set[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    stored = (one for target in targets for one in ast.walk(target))
    return {
        one.id for one in stored if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }


def _is_harmless(node: ast.stmt) -> bool:
    """Return whether an assignment makes a type, a number or a text, and no formula."""
    inside = list(ast.walk(node))
    calls = [ast.unparse(one.func) for one in inside if isinstance(one, ast.Call)]
    plain = all(name == "TypeVar" or name.startswith("math.") for name in calls)
    return plain and not any(isinstance(one, ast.Lambda) for one in inside)


def _stand_in(name: str) -> list[ast.stmt]:
    """Return the statements that put something which cannot be used in the place of ``name``."""
    short = name.rsplit(".", 1)[1]
    return ast.parse(f"from gensrc import _WithheldValue\n{short} = _WithheldValue({name!r})").body


def _empty(node: ast.AST, name: str) -> None:
    """Replace the bodies of all functions in ``node``; classes keep their fields."""
    for one in ast.walk(node):
        if isinstance(one, ast.Lambda):
            one.body = ast.parse(f"__import__('gensrc')._withheld({name!r})", mode="eval").body
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
            words = f"from gensrc import _withheld\n_withheld({name!r})"
            one.body = ast.parse(words).body
            one.decorator_list = [
                mark
                for mark in one.decorator_list
                if isinstance(mark, ast.Name)
                and mark.id in ("property", "staticmethod", "classmethod")
            ]
