"""After installation nothing needs the network: a namespace without one has all of the course."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from book.execute import chapters
from tests.support.browsing import Book
from tests.support.guards import OFFLINE
from tests.support.paths import ROOT

EXERCISE = "mixtures"

pytestmark = pytest.mark.needs("offline")

# In a new namespace even the loopback device is down, and Jupyter talks to its kernels over it.
LOOPBACK_ONLY = """
import errno, fcntl, os, socket, struct, sys
UP, SET_FLAGS = 0x1, 0x8914
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
    fcntl.ioctl(device, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))
with socket.socket() as outside:
    assert outside.connect_ex(("192.0.2.1", 80)) == errno.ENETUNREACH, "there is a network"
os.execv(sys.argv[1], sys.argv[1:])
"""

CHAPTER = """
import sys
from pathlib import Path
from nbclient import NotebookClient
from book.execute import NOTEBOOKS, read_chapter
notebook = read_chapter(Path(sys.argv[1]))
NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(NOTEBOOKS))
print(sum(cell.get("execution_count") is not None for cell in notebook.cells), "cells")
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start Python with these arguments where there is no network."""
    return subprocess.Popen(
        [*OFFLINE, sys.executable, "-c", LOOPBACK_ONLY, sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": os.devnull},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def grader(course: Path, command: str) -> list[str]:
    return ["-m", "autograder", "--course", str(course), command]


def assert_graded(course: Path) -> None:
    """Release the exercise, hand in its solution and grade it: full marks."""
    with start(*grader(course, "release")) as release:
        assert release.communicate()[0].startswith("released")
    handed_in = course / "autograder" / "submitted" / "student-1" / EXERCISE
    shutil.copytree(course / "autograder" / "source" / EXERCISE, handed_in)
    with start(*grader(course, "grade")) as grading:
        said = grading.communicate()[0]
    assert grading.returncode == 0, said
    with (course / "autograder" / "marks.csv").open() as table:
        (mark,) = csv.DictReader(table)
    assert float(mark["score"]) == float(mark["max_score"]) > 0, said


def test_the_book_builds_without_network(book: Book) -> None:
    assert book.offline
    assert book.status == 0, book.log[-5000:]


@pytest.mark.slow
def test_a_chapter_runs_and_work_is_graded_without_network(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "solutions" / EXERCISE, tmp_path / "solutions" / EXERCISE)
    shortest = min(chapters(), key=lambda path: path.stat().st_size)
    with start("-c", CHAPTER, str(shortest)) as chapter:
        assert_graded(tmp_path)
        ran = chapter.communicate()[0]
    assert chapter.returncode == 0, ran
    assert int(ran.splitlines()[-1].removesuffix(" cells")) > 10, ran
