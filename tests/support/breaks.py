"""Wrong formulas, each of which must turn a claim of the book red.

One module per chapter lists its breaks: ``BREAKS = [Break(...), ...]``. A break
replaces a piece of text in a function of `gensrc` (or in a cell of the chapter),
runs the claim's cell again and expects the claim to fail:

    Break("eq-jensen-shannon", "gensrc.divergences.jensen_shannon", "0.5 * ", "")

``claims`` names the claims that must fail, each as its label, or as ``label (note)``
where a chapter makes several claims with one label. ``target`` is the dotted name of
a function, or ``"cell"`` for the text of the chapter itself. ``old`` must occur in it;
every occurrence is replaced by ``new``. ``since`` is a piece of text from the first
cell to run again, for a result that is computed earlier than it is claimed.
"""

import ast
import contextlib
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple


class Break(NamedTuple):
    """A wrong formula and the claims that notice it."""

    claims: str | tuple[str, ...]
    target: str
    old: str
    new: str
    since: str = ""

    @property
    def expected(self) -> tuple[str, ...]:
        return (self.claims,) if isinstance(self.claims, str) else self.claims

    def __str__(self) -> str:
        return f"{self.expected[0]}: {self.target}: {self.old!r} -> {self.new!r}"


def _resolve(target: str) -> FunctionType:
    """The plain function behind a dotted name, without decorators."""
    found: Any = None
    for part in target.split("."):
        if found is None or (inspect.ismodule(found) and not hasattr(found, part)):
            name = part if found is None else f"{found.__name__}.{part}"
            found = importlib.import_module(name)
        else:
            found = inspect.getattr_static(found, part)
    if isinstance(found, property):
        found = found.fget
    found = getattr(found, "__func__", found)
    function = inspect.unwrap(found)
    assert isinstance(function, FunctionType), f"{target} is not a function written in Python"
    return function


def _code(module: CodeType, name: str) -> CodeType:
    """The code of the function ``name`` inside compiled source."""
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name:
                return constant
            with contextlib.suppress(LookupError):
                return _code(constant, name)
    raise LookupError(name)


@contextlib.contextmanager
def broken(target: str, old: str, new: str) -> Iterator[None]:
    """Replace text in a function of `gensrc`, wherever it was imported to, for a while."""
    function = _resolve(target)
    source = textwrap.dedent(inspect.getsource(function))
    assert old in source, f"{target} does not contain {old!r}"
    # A docstring may quote the formula: only the code below it is broken.
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.FunctionDef)
    documented = ast.get_docstring(body) is not None
    first = body.body[1 if documented and len(body.body) > 1 else 0].lineno - 1
    lines = source.splitlines(keepends=True)
    changed = "".join(lines[:first]) + "".join(lines[first:]).replace(old, new)
    assert changed != source, f"{target} contains {old!r} in its docstring only"
    good = function.__code__
    code = _code(compile(changed, f"<broken {target}>", "exec"), function.__name__)
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = good
