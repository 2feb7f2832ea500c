"""One submission from its notebooks to the outcome of each cell."""

import hashlib
import json
import socket
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode

from autograder.grading.rebuild import GIVEN, STUDENT, TEST, Rebuilt, used
from autograder.sandbox.launch import Zygote
from autograder.sandbox.withhold import Withholding

NOT_RUN = "This cell uses what the exercise withholds, and is not run while grading."
LOST = "The grader could not finish this test: show this message to your teacher."
LONGEST = 10  # times the limit of one cell, for a whole notebook


class Judged(NamedTuple):
    """What became of a notebook's cells, and what is to be said to the instructor."""

    outcomes: list[dict[str, Any]]
    flags: list[str]
    faults: list[str]


class Court:
    """Where cases are heard: the judges' zygote, and one of the students' for each withholding."""

    def __init__(self, judges: Zygote, students: dict[frozenset[str], Zygote]) -> None:
        self.judges, self.students = judges, students

    def hear(
        self,
        rebuilt: Rebuilt,
        withholding: Withholding,
        *,
        folder: Path,
        limit: int,
    ) -> Judged:
        """Have all cells of a notebook run and judged."""
        outcomes: list[dict[str, Any]] = [{} for _ in rebuilt.steps]
        flags: list[str] = []
        faults: list[str] = []
        for names, steps in parts(rebuilt, withholding):
            found = self._hear_part(self.students[names], steps, folder, limit)
            for number, outcome in found:
                if number < 0:
                    flags += [flag for flag in outcome["flags"] if flag not in flags]
                    continue
                outcomes[number] = outcome
                step = steps[number]
                if step["kind"] == GIVEN and outcome.pop("withheld", False):
                    faults.append(
                        f"the given cell {step['name'] or number} uses a name that the exercise "
                        "withholds"
                    )
                if "fault" in outcome:
                    faults.append(f"the given cell {step['name'] or number}: {outcome['fault']}")
                if step["kind"] == STUDENT and outcome.pop("withheld", False):
                    if step.get("own"):
                        outcomes[number] = {"stdout": NOT_RUN}
                    elif "used what the exercise withholds" not in flags:
                        flags.append("used what the exercise withholds")
            if not _is_whole(found):
                faults.append("the judge of this submission died")
        for step, outcome in zip(rebuilt.steps, outcomes):
            if step["kind"] == TEST and "score" not in outcome:
                outcome |= {"score": 0.0, "text": LOST, "own": True}
        return Judged(outcomes, flags, faults)

    def _hear_part(
        self, students: Zygote, steps: list[dict[str, Any]], folder: Path, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """Have one part judged; once more when a zygote died, which is no fault of the part."""
        found: list[tuple[int, dict[str, Any]]] = []
        for _ in range(3):
            judges, student = self.judges.process, students.process
            found = self._ask(students, steps, folder, limit)
            if _is_whole(found) and not found[-1][1]["flags"]:
                break  # else what looks like a death of the student's may be one of the zygote
            dead = self.judges.revive() | students.revive()
            if not dead and (judges, student) == (self.judges.process, students.process):
                break
        return found

    def _ask(
        self, students: Zygote, steps: list[dict[str, Any]], folder: Path, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        case = {
            "steps": steps,
            "limit": limit,
            "total": LONGEST * limit,
            "folder": str(folder),
            "seed": _seed(steps),
        }
        here, there = socket.socketpair()
        here.settimeout(LONGEST * limit + 60)
        found = []
        with here, here.makefile("rw", encoding="utf-8") as stream:
            try:
                with there:
                    files = [there.fileno(), students.control.fileno()]
                    socket.send_fds(self.judges.control, [b"f"], files)
                stream.write(json.dumps(case) + "\n")
                stream.flush()
                for line in stream:
                    number, outcome = json.loads(line)
                    found.append((number, outcome))
            except (OSError, ValueError):
                pass
        return found


def _is_whole(found: list[tuple[int, dict[str, Any]]]) -> bool:
    """Return whether a judge came to the end."""
    return any(number < 0 for number, _ in found)


def _seed(steps: list[dict[str, Any]]) -> int:
    """Return a number that is the same whenever the same notebook is graded."""
    return int.from_bytes(hashlib.sha256(json.dumps(steps).encode()).digest()[:4], "big")


def withheld_sets(source: NotebookNode, withholding: Withholding) -> set[frozenset[str]]:
    """Return every combination of names that some cell of ``source`` may not use."""
    names = (cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in source.cells)
    return {withholding.names} | {withholding.for_question(name) for name in names}


def parts(
    rebuilt: Rebuilt, withholding: Withholding
) -> list[tuple[frozenset[str], list[dict[str, Any]]]]:
    """Return for each combination of withheld names the steps, some of them to be skipped.

    A question that may use more than the others is run in a process of its own, which has
    seen all of the student's cells; the other questions never see what that one may use.
    """
    base = withholding.names
    special: dict[frozenset[str], set[str]] = {}
    for step in rebuilt.steps:
        names = withholding.for_question(step["name"])
        if names != base:
            special.setdefault(names, set()).update(step.get("binds", ()))
    made = []
    for names in (base, *special):
        steps = []
        for step in rebuilt.steps:
            mine = withholding.for_question(step["name"])
            skip = mine != names
            if step["kind"] == GIVEN or (step["kind"] == STUDENT and names != base):
                skip = step["kind"] != GIVEN and bool(step.get("own"))
            if step.get("own") and step["kind"] == STUDENT:
                home = base
                for other, binds in special.items():
                    if used(step["source"]) & binds:
                        home = other
                skip = home != names
            steps.append({**step, "skip": skip})
        made.append((names, steps))
    return made
