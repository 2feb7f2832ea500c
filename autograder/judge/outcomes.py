"""What is written down of a cell: of a test's outcome, and of what a student's process says.

Nothing that comes from the student's process is believed, and all of it is bounded.
"""

import math
import traceback
from typing import Any

from autograder.exchange.framing import WireError
from autograder.exchange.proxies import StudentError
from autograder.student.cells import KINDS, MOST_SHOWN, largest

MOST_TEXT = 4000
HELPERS = "gensrc.answers"  # the module whose asserts speak for the test that calls it


def partial_credit(value: Any, most: float) -> float:
    """Return the score for a test that ended with ``value``: a number is the points it gives."""
    if type(value) not in (int, float):
        return most
    return 0.0 if math.isnan(value) else float(min(max(value, 0.0), most))


def text_of(error: BaseException) -> str:
    try:
        return str(error)[:MOST_TEXT]
    except Exception:
        return ""


def is_own(error: BaseException) -> bool:
    """Return whether a cell of the instructor's raised ``error``, itself or by a helper."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    while frames and frames[-1].f_globals.get("__name__") == HELPERS:
        frames.pop()
    return bool(frames) and frames[-1].f_code.co_filename in ("<test>", "<given cell>")


def student_error(error: StudentError) -> dict[str, Any]:
    """Return what is said of an exception of the student's, of which nothing is believed."""
    said = error.said
    found: dict[str, Any] = {"type": str(said.get("type", ""))[:100], "text": text_of(error)}
    found["withheld"] = said.get("withheld") is True
    where = said.get("where")
    if isinstance(where, list) and len(where) == 2:
        line, name = where
        if type(line) is int and isinstance(name, str) and name.isidentifier():
            found["where"] = [line, name[:100]]
    return found


def checked(reply: Any) -> dict[str, Any]:
    """Return a student's account of a cell in the form that it should have."""
    if not isinstance(reply, dict):
        raise WireError("an account that is none")
    outcome: dict[str, Any] = {"shown": []}
    shown = reply.get("shown")
    for one in shown[:MOST_SHOWN] if isinstance(shown, list) else ():
        if isinstance(one, dict) and isinstance(one.get("data"), dict):
            kind = "execute_result" if one.get("kind") == "execute_result" else "display_data"
            found = {name: one["data"].get(name) for name in KINDS}
            data = {k: v for k, v in found.items() if isinstance(v, str) and len(v) < largest(k)}
            outcome["shown"] += [{"kind": kind, "data": data}] * bool(data)
    error = reply.get("error")
    if isinstance(error, dict):
        texts = {key: str(error.get(key, ""))[:20_000] for key in ("type", "text", "traceback")}
        outcome["error"] = {**texts, "withheld": error.get("withheld") is True}
    return outcome
