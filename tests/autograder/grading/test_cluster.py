"""Workers of a cluster: the same marks, and nothing is lost with a worker that dies."""

import json
import os
import signal
import subprocess
import sys
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from distributed import Client

from autograder.__main__ import main
from autograder.course import Course
from autograder.exercises.publish import release
from autograder.files import read_record
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.grading import cluster
from tests.support.paths import ROOT
from tests.support.tiny_course import answered, hand_in, released, solved, tiny_course

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
DASK = [sys.executable, "-m", "dask"]
WRONG = {"q1": "import time\ntime.sleep(1)\ndef twice(x): return 2 * x"}


def until(happened: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


class Machines:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, place: Path) -> None:
        self.place, self.file = place, place / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        until(self.file.exists)
        until(lambda: self.file.read_text().endswith("}"))
        self.address: str = json.loads(self.file.read_text())["address"]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.place / f"{words[0]}.log").open("ab") as log:
            command = [*DASK, *words, "--scheduler-file", str(self.file)]
            return subprocess.Popen(
                command, cwd=self.place, env=ENVIRONMENT, stdout=log, stderr=log
            )

    def worker(self) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(self._start("worker", *options, "--local-directory", str(self.place)))
        return self.workers[-1]

    def wait(self) -> None:
        """Wait until the scheduler knows all workers."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=300)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def test_the_digest_of_the_program_sees_packages_below_it_and_no_folder_of_the_course(
    tmp_path: Path,
) -> None:
    for name in (
        "a.py",
        "room/__init__.py",
        "room/b.py",
        "room/deep/__init__.py",
        "room/deep/c.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "submitted" / "s01").mkdir(parents=True)
    (tmp_path / "submitted" / "s01" / "d.py").write_text("handed in")
    found = [path.relative_to(tmp_path).as_posix() for path in cluster.program_files(tmp_path)]
    assert found == [
        "a.py",
        "room/__init__.py",
        "room/b.py",
        "room/deep/__init__.py",
        "room/deep/c.py",
    ]
    package = Path(main.__code__.co_filename).parent
    below = {path for path in package.rglob("*.py") if (path.parent / "__init__.py").exists()}
    assert set(cluster.program_files(package)) == below


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    (tmp_path / "dask").mkdir()
    made = Machines(tmp_path / "dask")
    try:
        yield made
    finally:
        made.end()


def class_of(course: Course, number: int) -> dict[str, float]:
    """Hand in for so many students; return their points."""
    release(course, [])
    wrong = answered(released(course), WRONG)
    full = answered(solved(course), {"q2": "import time\ntime.sleep(1)\n\ndef half(x): return x/2"})
    for n in range(number):
        hand_in(course, f"s{n:02d}", full if n % 2 else wrong)
    hand_in(course, "word", b"PK\x03\x04")
    return {**{f"s{n:02d}": 6.0 if n % 2 else 3.0 for n in range(number)}, "word": 0.0}


def scores(course: Course) -> dict[str, float]:
    with open_gradebook(course) as gradebook:
        found = gradebook.assignment_submissions("tiny")
        assert len({one.student_id for one in found}) == len(found)
        return {one.student_id: one.score for one in found}


def start(course: Course, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", *words]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def sandboxes(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes under a worker that run students' code."""
    try:
        children = psutil.Process(worker.pid).children(recursive=True)
        return [one for one in children if "autograder.student.process" in " ".join(one.cmdline())]
    except psutil.NoSuchProcess:
        return []


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path: Path, machines: Machines) -> None:
    course = tiny_course(tmp_path / "course")
    wanted = class_of(course, 12)
    first, second = machines.worker(), machines.worker()
    machines.wait()
    run = start(course, "--scheduler", machines.address)
    record = course.autograded / ".graded.json"
    until(lambda: len(read_record(record)) >= 2 or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    until(lambda: sandboxes(first) and sandboxes(second))
    left = sandboxes(first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert len(read_record(record)) < len(wanted), "it was killed too late to show anything"
    out, err = run.communicate(timeout=400)
    assert run.returncode == 0, err
    assert out.count("tiny  ") == len(wanted)
    assert scores(course) == wanted
    assert set(read_record(record)) == {f"{name}/tiny" for name in wanted}
    until(lambda: not any(one.is_running() and one.status() != "zombie" for one in left))
    again = start(course, "--scheduler", "tcp://127.0.0.1:1")  # nothing to do: nobody is asked
    assert again.communicate(timeout=120)[0].count("unchanged") == len(wanted)


@pytest.mark.slow
@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("who", ["worker", "scheduler"])
def test_when_the_cluster_is_gone_the_rest_is_judged_here(
    tmp_path: Path, machines: Machines, who: str
) -> None:
    course = tiny_course(tmp_path / "course")
    wanted = class_of(course, 4)
    worker = machines.worker()
    code = (
        "import sys, autograder.grading.cluster as c, autograder.__main__ as m\n"
        "c.WORKER_TIMEOUT = 3\n"
        "sys.exit(m.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "--course", str(course.root), "grade"]
    run = subprocess.Popen(
        [*command, "--scheduler", machines.address], env=ENVIRONMENT, stdout=subprocess.PIPE
    )
    record = course.autograded / ".graded.json"
    until(lambda: len(read_record(record)) >= 1 or run.poll() is not None)
    assert len(read_record(record)) < len(wanted)
    gone = worker if who == "worker" else machines.scheduler
    gone.kill()
    gone.wait()
    run.communicate(timeout=400)
    assert run.returncode == 0
    assert scores(course) == wanted


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_cluster_of_this_machine(tmp_path: Path) -> None:
    course = tiny_course(tmp_path)
    wanted = class_of(course, 2)
    run = start(course, "--scheduler", "local", "--workers", "1")
    _, err = run.communicate(timeout=400)
    assert run.returncode == 0, err
    assert scores(course) == wanted


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_worker_of_another_version_is_told(tmp_path: Path, machines: Machines) -> None:
    course = tiny_course(tmp_path / "course")
    class_of(course, 1)
    other = tmp_path / "other"
    for path in cluster.program_files(ROOT / "autograder"):
        place = other / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{path.read_text()}\n# changed\n")
    machines_environment = {**ENVIRONMENT, "PYTHONPATH": f"{other}{os.pathsep}{ROOT}"}
    before = dict(ENVIRONMENT)
    ENVIRONMENT.update(machines_environment)
    try:
        machines.worker()
    finally:
        ENVIRONMENT.update(before)
    _, err = start(course, "--scheduler", machines.address).communicate(timeout=400)
    assert "A worker runs another version of the course" in err
    assert "s00/tiny" not in read_record(course.autograded / ".graded.json")


class Lost:
    """The future of a submission that no worker will ever finish."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def result(self, timeout: float) -> None:
        raise self.error

    def done(self) -> bool:
        return True


@pytest.mark.parametrize("error", [CancelledError(), TimeoutError(), RuntimeError("killed")])
def test_what_is_lost_is_judged_here(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "judge_here", lambda execution, name, one: (execution, name, one))
    there: Any = SimpleNamespace(execution="here", has_workers=lambda: True)
    hand_in: Any = "files"
    pending = cluster.PendingVerdict(there, "tiny", hand_in, Lost(error))
    verdict: Any = pending.result()
    assert verdict == ("here", "tiny", "files")


@pytest.mark.parametrize(
    ("workers", "seconds_ago", "waits"),
    [
        (["tcp://10.0.0.7:40000"], 2 * cluster.WORKER_TIMEOUT, True),
        ([], cluster.WORKER_TIMEOUT / 2, True),
        ([], 2 * cluster.WORKER_TIMEOUT, False),
        (None, 2 * cluster.WORKER_TIMEOUT, False),  # the scheduler does not answer
    ],
)
def test_verdicts_are_waited_for_while_there_are_workers(
    workers: list[str] | None, seconds_ago: float, waits: bool
) -> None:
    def scheduler_info() -> dict[str, Any]:
        if workers is None:
            raise OSError("connection refused")
        return {"workers": dict.fromkeys(workers)}

    client = SimpleNamespace(scheduler_info=scheduler_info)
    here: Any = SimpleNamespace(client=client, seen=time.monotonic() - seconds_ago)
    assert cluster.Cluster.has_workers(here) is waits


def test_no_scheduler_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    hand_in(course, "s00", released(course))
    assert main(["--course", str(tmp_path), "grade", "--scheduler", "nonsense://x"]) == 1
    said = capsys.readouterr().err
    assert "no scheduler answers" in said
    assert said.strip().count("\n") == 0
