"""Whether submissions can run in a sandbox on this machine; where they cannot, tests do without."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from autograder.process.tree import ProcessTree

NONE = "no sandbox on this machine: bubblewrap is missing, or namespaces are forbidden"


@cache
def have_sandbox() -> bool:
    """Return whether namespaces can be made, and others within them."""
    if not shutil.which("bwrap") or not shutil.which("unshare"):
        return False
    words = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid"]
    inner = ["--unshare-net", "unshare", "--user", "--net", "true"]
    return subprocess.run([*words, *inner], capture_output=True, check=False).returncode == 0


def family(root: int) -> set[int]:
    """All processes below this one."""
    look = ProcessTree()
    try:
        return {*look.members(root)} - {root}
    finally:
        os.close(look.proc)


@pytest.fixture(scope="session", autouse=True)
def _graders_without_sandbox() -> Iterator[None]:
    """Let the grader's tests use its other way of starting processes where there is no sandbox."""
    if have_sandbox():
        yield
        return
    from autograder.grading import execution, grade

    runner_for = execution.runner_for

    def unsafe_runner(*args: Any, **options: Any) -> Any:
        return runner_for(*args, **{**options, "unsafe": True})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "require_sandbox", lambda: None)
        patch.setattr(execution, "runner_for", unsafe_runner)
        yield
