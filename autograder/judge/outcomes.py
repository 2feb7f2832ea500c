"""Outcomes of cells: what a test is worth, and what a student's process reports of a cell.

Nothing that comes from the student's process is believed, and all of it is bounded.
"""

import math
import traceback
from typing import Any

from autograder.cells import Outcome
from autograder.exchange.displays import KINDS, MAX_SHOWN, max_length
from autograder.exchange.framing import ProtocolError
from autograder.exchange.proxies import StudentError

MAX_TEXT, MAX_ERROR = 4000, 20_000  # characters
HELPERS = "gensrc.answers"  # the module whose asserts speak for the test that calls it


def partial_credit(value: Any, most: float) -> float:
    """Return the score for a test that ended with ``value``: a number is the points it gives."""
    if type(value) not in (int, float):
        return most
    return 0.0 if math.isnan(value) else float(min(max(value, 0.0), most))


def text_of(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:
        return ""


def is_own(error: BaseException) -> bool:
    """Return whether a cell of the instructor's raised ``error``, itself or by a helper."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    while frames and frames[-1].f_globals.get("__name__") == HELPERS:
        frames.pop()
    return bool(frames) and frames[-1].f_code.co_filename in ("<test>", "<given cell>")


def student_error(error: StudentError) -> Outcome:
    """Return what is said of an exception of the student's, of which nothing is believed."""
    said = error.said
    found: Outcome = {"type": str(said.get("type", ""))[:100], "text": text_of(error)}
    found["withheld"] = said.get("withheld") is True
    where = said.get("where")
    if isinstance(where, list) and len(where) == 2:
        line, name = where
        if type(line) is int and isinstance(name, str) and name.isidentifier():
            found["where"] = [line, name[:100]]
    return found


def validate_report(report: Any) -> Outcome:
    """Return what a student's process reports of a cell, in the form that it should have."""
    if not isinstance(report, dict):
        raise ProtocolError("a report that cannot be read")
    outcome: Outcome = {"shown": []}
    shown = report.get("shown")
    for one in shown[:MAX_SHOWN] if isinstance(shown, list) else ():
        if isinstance(one, dict) and isinstance(one.get("data"), dict):
            kind = "execute_result" if one.get("kind") == "execute_result" else "display_data"
            found = {name: one["data"].get(name) for name in KINDS}
            data = {k: v for k, v in found.items() if isinstance(v, str) and len(v) < max_length(k)}
            outcome["shown"] += [{"kind": kind, "data": data}] * bool(data)
    error = report.get("error")
    if isinstance(error, dict):
        kind, text, lines = (
            str(error.get(key, ""))[:MAX_ERROR] for key in ("type", "text", "traceback")
        )
        withheld = error.get("withheld") is True
        outcome["error"] = {"type": kind, "text": text, "traceback": lines, "withheld": withheld}
    return outcome
