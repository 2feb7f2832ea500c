"""The command line: ``python -m autograder COMMAND``."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from autograder.course import TIMEOUT, Course, GraderError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    course = Course(Path(options.course).resolve(), options.db)
    try:
        options.command(course, options)
    except GraderError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Stopped by the system ({error}); what was finished is kept.", file=sys.stderr)
        return 1
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy."):
            raise
        words = " ".join(str(getattr(error, "orig", error)).split())[:300]
        print(f"Stopped by the gradebook ({words}); what was finished is kept.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept, and the next run does the rest.")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--course", default=here, metavar="FOLDER", help="root of the course")
    parser.add_argument(
        "--db", default="", metavar="URL", help="the gradebook; default: SQLite in autograder/"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        command: Callable[[Course, argparse.Namespace], None],
        text: str,
        *,
        names: bool = True,
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        if names:
            made.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
        return made

    new = add("new", _new, "begin an exercise: a small one to change", names=False)
    new.add_argument("name", metavar="NAME")
    add("release", _release, "make the students' versions of the exercises")
    lab = add("lab", _lab, "copy them to a folder to work in; changed files stay", names=False)
    lab.add_argument("folder", nargs="?", default="lab", metavar="FOLDER")
    collect = add("collect", _collect, "take submissions from an LMS's zip", names=False)
    collect.add_argument("assignment", metavar="ASSIGNMENT")
    collect.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="zip or folder")
    collect.add_argument(
        "--names", type=Path, metavar="FILE", help="CSV: name or number in the LMS, student here"
    )
    collect.add_argument("--force", action="store_true", help="replace newer submissions too")
    grade = add("grade", _grade, "grade submitted/STUDENT/ASSIGNMENT; write feedback and marks")
    grade.add_argument("--student", default="", help="grade this student only")
    grade.add_argument("--force", action="store_true", help="grade again what has not changed")
    grade.add_argument(
        "--timeout", type=_seconds, default=TIMEOUT, help="seconds for each cell (%(default)s)"
    )
    grade.add_argument("--workers", type=_seconds, default=0, help="default: one per processor")
    grade.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="let the workers of this dask scheduler judge; local: a cluster on this machine",
    )
    grade.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run students' code without protection; every result says so",
    )
    feedback = add("feedback", _feedback, "write the pages again, as after grading by hand")
    feedback.add_argument("--student", default="", help="this student only")
    export = add("export", _export, "write the table of marks")
    export.add_argument("--to", type=Path, metavar="FILE", help="default: autograder/marks.csv")
    add("report", _report, "how an assignment went: points, hard tests, whom to look at")
    kernel = add("kernelspec", _kernelspec, "let Jupyter start kernels in the sandbox", names=False)
    kernel.add_argument("--to", type=Path, metavar="FOLDER", help="default: of this Python")
    kernel.add_argument(
        "--files", type=Path, metavar="FOLDER", help="its files are copied to where kernels work"
    )
    return parser


def _seconds(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(
            f"expected seconds or a number, a whole number above 0, got {text!r}"
        )
    return int(text)


def _new(course: Course, options: argparse.Namespace) -> None:
    from autograder.exercises.template import new_exercise

    print(new_exercise(course, options.name))


def _release(course: Course, options: argparse.Namespace) -> None:
    from autograder.exercises.publish import release

    for name in release(course, options.assignments):
        print(f"released {course.release / name}")


def _lab(course: Course, options: argparse.Namespace) -> None:
    from autograder.exercises.publish import release
    from autograder.exercises.workspace import fill_lab

    release(course, [])
    for sentence in fill_lab(course, Path(options.folder)):
        print(sentence)


def _collect(course: Course, options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from autograder.submissions.collect import OLDER, REFUSED, Collected, collect

    bar = tqdm(total=0, disable=None, unit=" students")  # on stderr, where that is a terminal

    def expect(number: int) -> None:
        bar.total += number
        bar.refresh()

    def tell(one: Collected) -> None:
        bar.update()
        for note in one.notes:
            bar.write(f"{one.student}: {note}")

    results = collect(
        course,
        options.assignment,
        options.paths,
        names=options.names,
        force=options.force,
        tell=tell,
        expect=expect,
    )
    bar.close()
    counts = Counter(one.outcome for one in results)
    print(", ".join(f"{number} {name}" for name, number in counts.items()) or "nothing found")
    missing = counts[REFUSED] + counts[OLDER]
    if missing or not results:
        raise GraderError(f"{options.assignment}: {missing} not collected, as said above.")


def _grade(course: Course, options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from autograder.grading.grade import Result, grade
    from autograder.results.export import export
    from autograder.submissions.files import unknown_assignments

    bar = tqdm(disable=None, unit=" submissions")  # on stderr, where that is a terminal

    def tell(result: Result) -> None:
        bar.update()
        took = f"{result.seconds:.1f} s" if result.seconds else "unchanged"
        points = f"{result.score:g} / {result.max_score:g}"
        bar.write(f"{result.assignment:<16} {result.student:<20} {points:>9}  {took}")
        if result.message:
            bar.write(f"    {result.message}")
        for flag in result.flags:
            bar.write(f"    flagged: {flag}")

    results = grade(
        course,
        options.assignments,
        student=options.student,
        force=options.force,
        timeout=options.timeout,
        workers=options.workers,
        unsafe=options.unsafe_no_sandbox,
        scheduler=options.scheduler,
        tell=tell,
    )
    bar.close()
    for name in unknown_assignments(course, course.assignments()):
        print(f"{course.submitted / name}: not graded, because there is no exercise of that name.")
    if not results:
        print(f"There is nothing to grade in {course.submitted}/STUDENT/ASSIGNMENT/.")
        return
    export(course, course.assignments(), course.marks)
    for flag, number in Counter(flag for one in results for flag in one.flags).items():
        print(f"{number} flagged: {flag}")
    print(f"marks: {course.marks}\nfeedback: {course.feedback}")


def _feedback(course: Course, options: argparse.Namespace) -> None:
    from autograder.results.pages import rewrite_feedback

    number = rewrite_feedback(course, options.assignments, options.student)
    print(f"{number} pages in {course.feedback}")


def _export(course: Course, options: argparse.Namespace) -> None:
    from autograder.results.export import export

    target = options.to or course.marks
    rows = export(course, course.choose(options.assignments), target)
    print(f"{rows} rows in {target}")


def _report(course: Course, options: argparse.Namespace) -> None:
    from autograder.results.report import as_text, report

    print("\n".join(as_text(one) for one in report(course, options.assignments)), end="")


def _kernelspec(course: Course, options: argparse.Namespace) -> None:
    from autograder.sandbox.kernelspec import write_kernelspec

    print(write_kernelspec(options.to, options.files))


if __name__ == "__main__":
    sys.exit(main())
