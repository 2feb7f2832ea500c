"""Starting the sandbox: what is said where it cannot be had, and where Python may lie."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.course import GraderError
from autograder.exercises.publish import release
from autograder.grading import pool
from autograder.results.pages import UNSAFE
from autograder.sandbox import launch
from autograder.sandbox.launch import HOME, bubblewrap, require_sandbox, stage
from autograder.sandbox.server import REMEDY, ForkServer
from tests.support.tiny_course import hand_in, solved, tiny_course

HIDDEN = f"""
import os, sys
from autograder.process.namespaces import drop_capabilities, mount_scratch, unshare_namespaces
from autograder.student.isolation import leave_root

leave_root()
unshare_namespaces()
mount_scratch({HOME!r}, 1 << 20, sys.argv[1:])
drop_capabilities()
import colorsys  # found although /tmp is another folder now
with open("/tmp/note", "w") as file:
    file.write("mine")
print(sys.prefix, sorted(os.listdir("/tmp")), os.access(sys.prefix, os.W_OK))
"""


@pytest.mark.slow
def test_without_bubblewrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    hand_in(course, "full", solved(course))
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bwrap" else which(name))
    monkeypatch.setattr("autograder.grading.grade.require_sandbox", require_sandbox)
    start = ["--course", str(tmp_path), "grade"]
    assert main(start) == 1
    assert "bubblewrap is not installed: install it" in capsys.readouterr().err
    assert main([*start, "--unsafe-no-sandbox", "--workers", "1"]) == 0
    assert f"flagged: {UNSAFE}" in capsys.readouterr().out
    page = (course.feedback / "full" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    assert "given without the sandbox" in page
    assert "6 of 6 points" in page


@pytest.mark.needs("linux")
def test_forbidden_namespaces_are_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = tiny_course(tmp_path / "course")
    release(course, [])
    hand_in(course, "full", solved(course))
    program = tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("autograder.grading.grade.require_sandbox", require_sandbox)
    monkeypatch.setattr("autograder.grading.execution.runner_for", pool.runner_for)
    assert main(["--course", str(course.root), "grade", "--timeout", "29"]) == 1
    said = capsys.readouterr().err
    assert "The sandbox could not be set up (bwrap: No permissions" in said
    assert "--security-opt seccomp=unconfined" in said
    assert not list(course.feedback.glob("*/*/*.html"))


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("bwrap: execvp /opt/python: No such file or directory", False),
        ("bwrap: Creating new namespace failed: Operation not permitted", True),
        ("bwrap: setting up uid map: Permission denied", True),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", True),
    ],
)
def test_the_remedy_for_namespaces_is_said_only_where_they_were_refused(
    words: str, refused: bool
) -> None:
    server = ForkServer(["sh", "-c", f"echo '{words}' >&2; exit 1"], dict(os.environ), "/")
    with pytest.raises(GraderError) as error:
        server.wait()
    server.close()
    assert words in str(error.value)
    assert (REMEDY in str(error.value)) == refused


def test_a_child_without_namespaces_is_told_with_the_remedy() -> None:
    code = "import socket, sys; socket.socket(fileno=int(sys.argv[1])).sendall(b'n')"
    server = ForkServer([sys.executable, "-c", code, "CONTROL"], dict(os.environ), "/")
    with pytest.raises(GraderError, match="forbids it to make namespaces"):
        server.wait()
    server.close()


@pytest.mark.needs("sandbox")
def test_python_may_lie_below_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path("/tmp") / tmp_path.relative_to(tmp_path.anchor).name
    place.mkdir()
    try:
        venv, staging = place / "checkout" / ".venv", tmp_path / "staging"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        for folder in (staging, tmp_path / "files"):
            folder.mkdir()
        stage(staging, tmp_path / "files", None, frozenset())
        monkeypatch.setattr(sys, "prefix", str(venv))
        command = [*bubblewrap(staging, None), str(venv / "bin" / "python"), "-c", HIDDEN]
        kept = launch.folders_below_tmp()
        assert kept == [str(venv)]
        ran = subprocess.run([*command, *kept], capture_output=True, text=True)
        assert ran.stderr == ""
        assert ran.stdout.split(" ", 1) == [str(venv), f"['note', '{place.name}'] False\n"]
    finally:
        shutil.rmtree(place)
