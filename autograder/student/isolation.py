"""Isolation of one submission's process: its user, places and limits, and its end."""

import contextlib
import os
import select
import shutil
import signal
import sys
import tempfile

from autograder.process.limits import set_limits
from autograder.process.namespaces import (
    DIE_WITH_PARENT,
    NOBODY,
    drop_capabilities,
    forbid_namespaces,
    is_root,
    mount_scratch,
    system,
)
from autograder.process.options import Options
from autograder.process.tree import ProcessTree


def leave_root() -> None:
    """Go on as nobody, where this process is root's."""
    if is_root():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        system(DIE_WITH_PARENT, signal.SIGKILL)  # the change of user has cleared it


def watch(pid: int, life: int, tree: ProcessTree | None, options: Options) -> None:
    """Wait until the process ends or ``life`` is closed; leave nothing of it running.

    It ends, too, when all that it has started takes too much memory together.
    """
    poll = select.poll()
    poll.register(life, select.POLLIN)
    while not poll.poll(500 if options["isolate"] else 100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        if tree and tree.taken_by(pid) > options["together"]:
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def enter(data: int, out: int, err: int, options: Options) -> None:
    """Make the present process the one of a submission: its files, places, rights and limits."""
    os.setsid()
    system(DIE_WITH_PARENT, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, place in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(file, place)
    os.closerange(3, data)
    os.closerange(data + 1, 1 << 16)
    home = options["home"]
    if options["isolate"]:
        forbid_namespaces()
        mount_scratch(home, options["scratch"], options["kept"])
        drop_capabilities()
    else:
        home = tempfile.mkdtemp(prefix="submission-", dir=home)
    os.environ.update(HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython")
    os.environ.pop("JPY_PARENT_PID", None)
    tempfile.tempdir = None
    shutil.copytree(options["files"], home, dirs_exist_ok=True)
    os.chdir(home)
    sys.path.insert(0, "")
    set_limits(options)
