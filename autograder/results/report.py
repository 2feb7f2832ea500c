"""What an instructor wants to know of an assignment, from the gradebook and the grader's record.

How many were graded, how the points are spread, which tests cost most of them, whom to look at
and why, and who is missing. Nothing is run, and nothing is changed.
"""

from collections.abc import Iterator
from statistics import mean, median
from typing import Any, NamedTuple

from nbgrader.api import MissingEntry

from autograder.course import Course
from autograder.files import read_record
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.submissions.files import find_submissions

BARS, WIDTH = 10, 40  # of the histogram
MOST_TESTS = 12


class Missed(NamedTuple):
    """A test, and how many did not get all of its points."""

    notebook: str
    test: str
    missed: int
    graded: int
    mean: float
    points: float


class Report(NamedTuple):
    """All that is known of one assignment."""

    assignment: str
    max_score: float
    scores: dict[str, float]  # of the students that were graded
    missed: list[Missed]  # the worst first
    flagged: dict[str, list[str]]
    refused: dict[str, str]  # what could not be graded, and why
    waiting: dict[str, int]  # answers that a person has to read
    ungraded: list[str]  # handed in, and not graded yet
    absent: list[str]  # in the gradebook, and nothing handed in


def report(course: Course, assignments: list[str]) -> list[Report]:
    """Return what is known of ``assignments`` (all when empty)."""
    names = course.choose(assignments)
    record = read_record(course.autograded / ".graded.json")
    with open_gradebook(course) as gradebook:
        return [_report(course, gradebook, record, name) for name in names]


def _report(course: Course, gradebook: Any, record: dict[str, Any], name: str) -> Report:
    try:
        assignment = gradebook.find_assignment(name)
        entries = {str(one.student_id): one for one in assignment.submissions}
        max_score = float(assignment.max_score)
    except MissingEntry:
        entries, max_score = {}, 0.0
    about = {
        key.removesuffix(f"/{name}"): one
        for key, one in record.items()
        if key.endswith(f"/{name}") and isinstance(one, dict)
    }
    lying = {one.student for one in find_submissions(course, [name], "")}
    refused = {
        student: one["message"] for student, one in sorted(about.items()) if one.get("message")
    }
    waiting = {
        student: number
        for student, entry in sorted(entries.items())
        if (number := sum(_waits(grade) for book in entry.notebooks for grade in book.grades))
    }
    return Report(
        name,
        max_score,
        {student: float(entry.score) for student, entry in sorted(entries.items())},
        _missed([one for student, one in entries.items() if student not in refused]),
        {student: one["flags"] for student, one in sorted(about.items()) if one.get("flags")},
        refused,
        waiting,
        sorted(lying - entries.keys()),
        sorted({str(one.id) for one in gradebook.students} - entries.keys() - lying),
    )


def _waits(grade: Any) -> bool:
    return bool(grade.needs_manual_grade) and grade.manual_score is None


def _missed(entries: list[Any]) -> list[Missed]:
    """Return the tests that somebody missed; answers that wait for a person do not count."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for entry in entries:
        for book in entry.notebooks:
            for grade in book.grades:
                if grade.max_score and not _waits(grade):
                    point = float(grade.score), float(grade.max_score)
                    found.setdefault((book.name, grade.name), []).append(point)
    made = [
        Missed(
            *key,
            sum(score < most for score, most in points),
            len(points),
            mean(score for score, _ in points),
            points[0][1],
        )
        for key, points in found.items()
    ]
    return sorted((one for one in made if one.missed), key=lambda one: (-one.missed, one[:2]))


# --- as text


def as_text(one: Report) -> str:
    """Return a report as lines for a terminal."""
    return "\n".join(_lines(one)) + "\n"


def _lines(one: Report) -> Iterator[str]:
    title = f"{one.assignment}: {_number(len(one.scores), 'submission')} graded"
    if not one.scores:
        yield title
    else:
        points = list(one.scores.values())
        yield (
            f"{title}, mean {mean(points):.3g}, median {median(points):.3g}, "
            f"best {max(points):g} of {one.max_score:g}"
        )
        yield ""
        yield from histogram(points, one.max_score)
    if one.missed:
        yield from ("", "Most often missed")
        books = {test.notebook for test in one.missed}
        for test in one.missed[:MOST_TESTS]:
            name = test.test if len(books) == 1 else f"{test.notebook}: {test.test}"
            yield (
                f"  {name:<32} {test.missed:>4} of {test.graded}, on average "
                f"{test.mean:.3g} of {test.points:g} points"
            )
        if len(one.missed) > MOST_TESTS:
            yield f"  and {_number(len(one.missed) - MOST_TESTS, 'other test')}"
    yield from _people("Flagged", {name: "; ".join(why) for name, why in one.flagged.items()})
    yield from _people("Could not be graded", one.refused)
    waiting = {name: _number(number, "answer") for name, number in one.waiting.items()}
    yield from _people("To be read by a person", waiting)
    yield from _people("Handed in, and not graded yet", dict.fromkeys(one.ungraded, ""))
    yield from _people("Nothing handed in", dict.fromkeys(one.absent, ""))


def _people(title: str, found: dict[str, str]) -> Iterator[str]:
    if found:
        yield from ("", f"{title} ({len(found)})")
        yield from (f"  {name:<20} {text}".rstrip() for name, text in found.items())


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def histogram(points: list[float], most: float) -> Iterator[str]:
    """Yield a line for each tenth of the points; the last one holds full marks too."""
    counts = [0] * BARS
    for value in points:
        place = int(value / most * BARS) if most else 0
        counts[min(max(place, 0), BARS - 1)] += 1
    longest = max(counts)
    for number, count in enumerate(counts):
        low, high = (most * edge / BARS for edge in (number, number + 1))
        bar = "█" * -(-count * WIDTH // longest)  # rounded up: one student is seen
        yield f"  {low:>6.4g} – {high:<6.4g} {count:>4} {bar}".rstrip()
