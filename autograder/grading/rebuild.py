"""The notebook that is graded: the instructor's, with only the answers taken from the student."""

import ast
import symtable
from collections.abc import Iterable
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.cells import GIVEN, STUDENT, TEST, TEXT, Step, mark_of, python

MAX_EXTRA = 200  # cells that a student added


class Rebuilt(NamedTuple):
    """A notebook, and what is done with each of its cells."""

    notebook: NotebookNode
    steps: list[Step]
    dropped: int  # cells of the student's beyond those that are read


def rebuild(source: NotebookNode, submitted: NotebookNode, blank: NotebookNode) -> Rebuilt:
    """Put the answers of ``submitted`` into ``source``.

    Args:
        source: the notebook with solutions and tests.
        submitted: what a student handed in.
        blank: what was released, whose text stands where an answer is missing.
    """
    known = {mark_of(cell).get("grade_id") for cell in source.cells} - {None}
    released = {str(mark_of(cell).get("grade_id")): cell.source for cell in blank.cells}
    given_text = {cell.source.strip() for cell in (*source.cells, *blank.cells)}
    answers: dict[str, str] = {}
    extra: dict[str | None, list[NotebookNode]] = {}
    place: str | None = None
    number = 0
    for cell in submitted.cells:
        name = mark_of(cell).get("grade_id")
        if isinstance(name, str) and name in known:
            place = name
            answers.setdefault(name, cell.source)
        elif cell.source.strip() and cell.source.strip() not in given_text:
            number += 1
            if number <= MAX_EXTRA and cell.cell_type in ("code", "markdown"):
                make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
                one = make(cell.source, id=f"extra-{number:03d}")  # type: ignore[no-untyped-call]
                extra.setdefault(place, []).append(one)
    made = NotebookNode(source)
    made.cells = list(extra.get(None, []))
    for cell in source.cells:
        mine = NotebookNode({**cell, "metadata": NotebookNode(cell.metadata)})
        mark = mark_of(cell)
        if mark.get("solution"):
            mine.source = answers.get(mark["grade_id"], released.get(mark["grade_id"], ""))
        made.cells.append(mine)
        made.cells += extra.get(mark.get("grade_id"), []) if mark else []
    plan = steps(source, made)
    for cell, step in zip(made.cells, plan):
        text = released.get(step["name"])
        step["unanswered"] = text is not None and cell.source.strip() == text.strip()
    return Rebuilt(made, plan, max(0, number - MAX_EXTRA))


def steps(source: NotebookNode, made: NotebookNode) -> list[Step]:
    """Return for each cell of ``made`` who runs it: student and judge, student, or judge."""
    reference = {mark_of(cell).get("grade_id"): cell for cell in source.cells}
    theirs: set[str] = set()  # names that come from the student
    for cell in source.cells:
        if mark_of(cell).get("solution") and cell.cell_type == "code":
            theirs |= bound(cell.source)
    own = {cell.id for cell in source.cells}
    plan = []
    for cell in made.cells:
        mark = mark_of(cell)
        step: Step = {"kind": TEXT, "name": mark.get("grade_id", "")}
        if cell.cell_type == "code":
            step |= {"source": cell.source, "kind": STUDENT}
            if mark.get("solution"):
                answer = reference[mark["grade_id"]].source
                step |= {"binds": sorted(bound(answer)), "imports": imports(answer)}
                step["methods"] = sorted(methods(answer))
            elif mark.get("grade"):
                step |= {"kind": TEST, "points": float(mark["points"])}
            elif cell.id in own:
                step["own"] = True
                if mark.get("locked") or not used(cell.source) & theirs:
                    step["kind"] = GIVEN
                else:
                    theirs |= bound(cell.source)
        plan.append(step)
    return plan


def _table(source: str) -> symtable.SymbolTable | None:
    try:
        return symtable.symtable(python(source), "cell", "exec")
    except (SyntaxError, ValueError):
        return None


def bound(source: str) -> set[str]:
    """Return the names that a cell binds at its top level, without those that it imports."""
    table = _table(source)
    found: Iterable[symtable.Symbol] = table.get_symbols() if table else ()
    return {one.get_name() for one in found if one.is_assigned() and not one.is_imported()}


def methods(source: str) -> set[str]:
    """Return the names of the methods of all classes in a cell."""
    try:
        tree = ast.parse(python(source))
    except (SyntaxError, ValueError):
        return set()
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    inside = [one for node in classes for one in node.body]
    return {one.name for one in inside if isinstance(one, ast.FunctionDef)}


def used(source: str) -> set[str]:
    """Return all names that appear in a cell."""
    try:
        tree = ast.parse(python(source))
    except (SyntaxError, ValueError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def modules_of(sources: Iterable[str]) -> list[str]:
    """Return the modules that these cells import, or will need as soon as they train."""
    found = {"torch", "numpy", "matplotlib.pyplot", "matplotlib_inline.backend_inline"}
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(python(source))))
        except (SyntaxError, ValueError):
            continue
        for node in nodes:
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if name == "optim":
                found |= {"torch.optim", "torch._dynamo"}  # the second at the first optimizer
            elif name in ("autograd", "backward", "requires_grad", "requires_grad_"):
                found.add("torch.fx.experimental.symbolic_shapes")  # at the first gradient
    return sorted(found)


def imports(source: str) -> str:
    """Return the imports at the top level of a cell, as Python."""
    try:
        body = ast.parse(python(source)).body
    except (SyntaxError, ValueError):
        return ""
    found = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return "\n".join(map(ast.unparse, found))
