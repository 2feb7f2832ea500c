"""The runner of notebooks: from the steps of one to the outcome of each cell."""

import contextlib
import hashlib
import json
import socket
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode

from autograder.cells import GIVEN, STUDENT, TEST, Case, Outcome, Step
from autograder.grading.rebuild import Rebuilt, used
from autograder.sandbox.server import ForkServer
from autograder.sandbox.withhold import Withholding

NOT_RUN = "This cell uses what the exercise withholds, and is not run while grading."
LOST = "The grader could not finish this test: show this message to your teacher."
MAX_CELL_TIMES = 10  # times the limit of one cell, for a whole notebook
MAX_TRIES = 3  # of one part, when a fork server dies
USED_WITHHELD = "used what the exercise withholds"

Report = list[tuple[int, Any]]  # number and outcome of each cell; the last is -1 and a summary


class NotebookResult(NamedTuple):
    """What became of a notebook's cells, and what is to be said to the instructor."""

    outcomes: list[Outcome]
    flags: list[str]
    faults: list[str]


class NotebookRunner:
    """Runs notebooks: by the judges' fork server, and one of the students' for each withholding."""

    def __init__(self, judges: ForkServer, students: dict[frozenset[str], ForkServer]) -> None:
        self.judges, self.students = judges, students

    def run(
        self,
        rebuilt: Rebuilt,
        withholding: Withholding,
        *,
        folder: Path,
        limit: int,
    ) -> NotebookResult:
        """Have all cells of a notebook run and judged."""
        result = NotebookResult([{} for _ in rebuilt.steps], [], [])
        for names, steps in parts(rebuilt, withholding):
            found = self._run_part(self.students[names], steps, folder, limit)
            for number, outcome in found:
                if number < 0:
                    new = [flag for flag in outcome["flags"] if flag not in result.flags]
                    result.flags.extend(new)
                else:
                    _enter(result, number, steps[number], outcome)
            if not _is_whole(found):
                result.faults.append("the judge of this submission died")
        for step, outcome in zip(rebuilt.steps, result.outcomes):
            if step["kind"] == TEST and "score" not in outcome:
                outcome |= {"score": 0.0, "text": LOST, "own": True}
        return result

    def _run_part(
        self, students: ForkServer, steps: list[Step], folder: Path, limit: int
    ) -> Report:
        """Have one part judged; once more when a server died, which is no fault of the part."""
        found: Report = []
        for _ in range(MAX_TRIES):
            judges, student = self.judges.process, students.process
            found = self._request(students, steps, folder, limit)
            if _is_whole(found) and not found[-1][1]["flags"]:
                break  # else what looks like a death of the student's may be one of the server
            dead = self.judges.revive() | students.revive()
            if not dead and (judges, student) == (self.judges.process, students.process):
                break
        return found

    def _request(self, students: ForkServer, steps: list[Step], folder: Path, limit: int) -> Report:
        total = MAX_CELL_TIMES * limit
        case: Case = {
            "steps": steps,
            "limit": limit,
            "total": total,
            "folder": str(folder),
            "seed": _seed(steps),
        }
        here, there = socket.socketpair()
        here.settimeout(total + 60)
        found: Report = []
        with (
            here,
            here.makefile("rw", encoding="utf-8") as stream,
            contextlib.suppress(OSError, ValueError),
        ):
            with there:
                files = [there.fileno(), students.control.fileno()]
                socket.send_fds(self.judges.control, [b"f"], files)
            stream.write(json.dumps(case) + "\n")
            stream.flush()
            for line in stream:
                number, outcome = json.loads(line)
                found.append((number, outcome))
        return found


def _enter(result: NotebookResult, number: int, step: Step, outcome: Outcome) -> None:
    """Take over the outcome of one cell, and say what the instructor should know of it."""
    result.outcomes[number] = outcome
    cell = f"the given cell {step['name'] or number}"
    withheld = step["kind"] in (GIVEN, STUDENT) and outcome.pop("withheld", False)
    if withheld and step["kind"] == GIVEN:
        result.faults.append(f"{cell} uses a name that the exercise withholds")
    elif withheld and step.get("own"):
        result.outcomes[number] = {"stdout": NOT_RUN}
    elif withheld and USED_WITHHELD not in result.flags:
        result.flags.append(USED_WITHHELD)
    if "fault" in outcome:
        result.faults.append(f"{cell}: {outcome['fault']}")


def _is_whole(found: Report) -> bool:
    """Return whether a judge came to the end."""
    return any(number < 0 for number, _ in found)


def _seed(steps: list[Step]) -> int:
    """Return a number that is the same whenever the same notebook is graded."""
    return int.from_bytes(hashlib.sha256(json.dumps(steps).encode()).digest()[:4], "big")


def withheld_sets(source: NotebookNode, withholding: Withholding) -> set[frozenset[str]]:
    """Return every combination of names that some cell of ``source`` may not use."""
    names = (cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in source.cells)
    return {withholding.names} | {withholding.for_question(name) for name in names}


def parts(rebuilt: Rebuilt, withholding: Withholding) -> list[tuple[frozenset[str], list[Step]]]:
    """Return for each combination of withheld names the steps, some of them to be skipped.

    A question that may use more than the others is run in a process of its own, which has
    seen all of the student's cells; the other questions never see what that one may use.
    """
    base = withholding.names
    special: dict[frozenset[str], set[str]] = {}  # the names that answers of each part define
    for step in rebuilt.steps:
        names = withholding.for_question(step["name"])
        if names != base:
            special.setdefault(names, set()).update(step.get("binds", ()))

    def is_skipped(step: Step, part: frozenset[str]) -> bool:
        mine = withholding.for_question(step["name"])
        if step["kind"] == GIVEN:
            return False
        if step["kind"] == STUDENT and step.get("own"):
            users = [names for names, binds in special.items() if used(step["source"]) & binds]
            return part != (users[-1] if users else base)
        if step["kind"] == STUDENT:
            return part not in (mine, *special)
        return mine != part

    return [
        (part, [{**step, "skip": is_skipped(step, part)} for step in rebuilt.steps])
        for part in (base, *special)
    ]
