"""The grader beside ``nbgrader autograde``: the same submissions, the same marks, the time.

Five small exercises in torch, submissions right and wrong in turn. nbgrader grades fewer of them
(the number is printed), and its time, with its start, is given for one submission. On two cores,
100 beside 6 of them took 0.108 s and 6.58 s each (61 times) on 2026-11-21, 18 MB of memory for each
that ran; the process that writes the pages took 12.3 s of a processor's time. Run:

    python benchmarks/grading.py [SUBMISSIONS [OF_THEM_BY_NBGRADER]]
"""

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.course import Course
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading import pool
from autograder.grading.grade import Result, grade
from autograder.process.tree import ProcessTree
from tests.support.tiny_course import (
    HEADER,
    answer,
    answered,
    cell,
    hand_in,
    released,
    solved,
    tiny_course,
)

QUESTIONS = [
    ("softplus(x)", "return torch.nn.functional.softplus(x)", "x.exp().log1p()"),
    ("mean_square(x)", "return (x ** 2).mean()", "(x * x).sum() / x.numel()"),
    ("entropy(x)", "p = x.softmax(-1)\n    return -(p * p.log()).sum()", None),
    ("standardise(x)", "return (x - x.mean()) / x.std()", None),
    ("descend(x)", "a = torch.nn.Parameter(x.clone())\n    o = torch.optim.Adam([a], lr=0.1)\n"
     "    for _ in range(20):\n        o.zero_grad()\n        (a ** 2).sum().backward()\n"
     "        o.step()\n    return a.detach()", None),
]  # fmt: skip


def exercise() -> str:
    """Return the source of the assignment."""
    text = HEADER + cell("setup", "import torch\ntorch.set_num_threads(1)", "given")
    for number, (head, body, other) in enumerate(QUESTIONS, 1):
        name = head.split("(")[0]
        text += answer(f"q{number}", f"def {head}:", body)
        code = (
            "draw = torch.Generator().manual_seed(5)\n"
            "x = torch.randn(6, generator=draw, dtype=torch.float64)\n"
            f"found = {name}(x)\n"
            'assert isinstance(found, torch.Tensor) and found.isfinite().all(), "no tensor"\n'
        )
        if other:
            code += f'assert torch.allclose(found, {other}), "another value"'
        elif name == "descend":
            code += 'assert found.abs().sum() < x.abs().sum(), "it does not descend"'
        else:
            code += 'assert found.abs().max() < 3, "too large"'
        text += cell(f"q{number}-test", code, "test", number)
    return text


def make_course(folder: Path, number: int) -> Course:
    """Return a course with ``number`` submissions: every third one has a mistake."""
    course = tiny_course(folder, exercise())
    release(course, [])
    wrong = answered(solved(course), {"q2": "def mean_square(x):\n    return x.mean() ** 2"})
    blank = answered(wrong, {"q5": released(course)["cells"][-2]["source"]})
    for one in range(number):
        hand_in(course, f"s{one:04d}", [solved(course), wrong, blank][one % 3])
    return course


def marks(course: Course) -> dict[str, float]:
    """Return the scores in the gradebook."""
    with open_gradebook(course) as gradebook:
        return {s.student_id: s.score for s in gradebook.assignment_submissions("tiny")}


def ours(course: Course) -> tuple[float, float, list[float]]:
    """Grade; return seconds until ready, seconds for the rest, and those of each submission."""
    told: list[float] = []
    results: list[Result] = []

    def tell(result: Result) -> None:
        told.append(time.perf_counter())
        results.append(result)

    start = time.perf_counter()
    grade(course, [], student="s0000")
    ready = time.perf_counter()
    grade(course, [], tell=tell)
    end = time.perf_counter()
    return ready - start, end - ready, [one.seconds for one in results if one.seconds]


class Memory(threading.Thread):
    """Watches what running submissions take beyond the fork servers, judges included."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.done, self.tree = 0, threading.Event(), ProcessTree()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        """Return the bytes that only forks of the servers have, taken together."""
        total = 0
        for pid in self.tree.members(os.getpid())[1:]:
            with contextlib.suppress(OSError):
                place = Path("/proc", str(pid))
                parent = Path("/proc", (place / "stat").read_text().rpartition(")")[2].split()[1])
                if (place / "cmdline").read_bytes() == (parent / "cmdline").read_bytes():  # a fork
                    lines = (place / "smaps_rollup").read_text().splitlines()
                    total += sum(int(one.split()[1]) for one in lines if one[:8] == "Private_")
        return total << 10


def theirs(course: Course) -> float:
    """Grade with nbgrader; return the seconds."""
    (course.grader / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"c.CourseDirectory.root = {str(course.grader)!r}\n"
        f"c.CourseDirectory.db_url = {course.database!r}\n"
    )
    bin_folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([bin_folder, os.environ["PATH"]])}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "tiny"],
        cwd=course.grader,
        env=environment,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def main(number: int = 100, by_nbgrader: int = 10) -> None:
    """Measure both, and print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "ours", number)
        watch = Memory()
        watch.start()
        warming, rest, each = ours(course)
        watch.done.set()
        watch.join()
        other = make_course(Path(folder) / "theirs", by_nbgrader)
        reference = theirs(other) / by_nbgrader
        mine, yours = marks(course), marks(other)
        assert yours == {name: mine[name] for name in yours}, "the marks differ"
        pool.close()
    spread = statistics.quantiles(each, n=10)
    single = rest / (number - 1)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"submissions: {number}, with nbgrader: {by_nbgrader}, the same marks")
    print(f"nbgrader autograde      {reference:8.2f} s for one submission")
    print(f"this grader             {single:8.3f} s for one, {os.cpu_count()} at a time")
    print(f"  ratio                 {reference / single:8.1f}")
    print(f"  one from 10% to 90%   {spread[0]:8.3f} to {spread[-1]:.3f} s")
    print(f"  until ready, once     {warming:8.2f} s")
    print(f"  memory of each        {watch.most / 1e6 / (os.cpu_count() or 1):8.0f} MB at most")
    print(f"  the writer's CPU time {used.ru_utime + used.ru_stime:8.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
