"""A warm process that forks: one child for each submission, a moment after it is asked for.

It has imported what notebooks import. Over its control socket come single bytes, each with open
files; a child takes them and goes on as a student's process (in namespaces of its own) or as the
judge of one submission. Run as ``python -m autograder.process.forkserver ROLE CONTROL OPTIONS``.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from autograder.process.namespaces import (
    DIE_WITH_PARENT,
    NOBODY,
    drop_rights,
    forbid_more,
    is_root,
    own_namespaces,
    own_places,
    system,
)

THREADS = 4 << 30  # bytes of addresses that threads reserve without using them

Handler = Callable[[list[int], dict[str, Any]], None]


def serve(control: socket.socket, handle: Handler, options: dict[str, Any]) -> None:
    """Fork for each request until the control socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(b"r" if _can_isolate(options) else b"n")
    while True:
        data, files, _, _ = socket.recv_fds(control, 1, 8)
        if not data:
            return
        if os.fork() == 0:
            try:
                control.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                handle(files, options)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(0)
        for one in files:
            os.close(one)


def _can_isolate(options: dict[str, Any]) -> bool:
    """Return whether a child can have namespaces of its own, where it is to have them."""
    if not options.get("isolate"):
        return True
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        try:
            own_namespaces()
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return status == 0


def warm(modules: tuple[str, ...]) -> None:
    """Import what notebooks need; a module that is not there is left out."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def withhold(names: list[str]) -> None:
    """Put a function that only raises in the place of each of these, wherever it is known."""

    class Withheld(Exception):
        pass

    for name in names:
        module, _, short = name.rpartition(".")
        original = getattr(importlib.import_module(module), short)
        what = f"The {short} of {name.partition('.')[0]}"
        words = f"{what} is what this exercise asks you to write: write your own here."

        def refuse(*args: Any, words: str = words, **kwargs: Any) -> None:
            raise Withheld(words)

        for known in [*sys.modules.values()]:
            for key, value in [*getattr(known, "__dict__", {}).items()]:
                if value is original:
                    setattr(known, key, refuse)


# --- a student's process


def leave_root() -> None:
    """Go on as nobody, where this process is root's."""
    if is_root():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        system(DIE_WITH_PARENT, signal.SIGKILL)  # it is forgotten with the user


class Family:
    """A process and all below it, as the folder /proc of now shows them."""

    def __init__(self) -> None:
        self.proc = os.open("/proc", os.O_RDONLY)
        self.own = self.in_use("self")

    def in_use(self, pid: int | str) -> int:
        """Return the bytes of memory that a process has written to, files left out."""
        lines = [line.split() for line in self._read(f"{pid}/status").split(b"\n")]
        return sum(int(one[1]) << 10 for one in lines if one[:1] in ([b"RssAnon:"], [b"RssShmem:"]))

    def taken_by(self, root: int) -> int:
        """Return the bytes in use by ``root`` and all below it, at most.

        What ``root`` shares with this process is left out. What one below it shares with others
        is counted for each, since any of them may write to it and get a copy.
        """
        return sum(map(self.in_use, self.members(root))) - min(self.own, self.in_use(root))

    def members(self, root: int) -> list[int]:
        """Return the numbers of ``root`` and of all processes below it."""
        below: dict[int, list[int]] = {}
        for name in filter(str.isdigit, os.listdir(self.proc)):
            words = self._read(f"{name}/stat").rpartition(b")")[2].split()
            if words:
                below.setdefault(int(words[1]), []).append(int(name))  # its parent's
        found = [root]
        for pid in found:
            found += below.get(pid, [])
        return found

    def _read(self, name: str) -> bytes:
        """Return what is in a file of /proc; nothing when the process is gone."""

        def inside(path: str, flags: int) -> int:
            return os.open(path, flags, dir_fd=self.proc)

        with contextlib.suppress(OSError), open(name, "rb", opener=inside) as file:
            return file.read()
        return b""


def student(files: list[int], options: dict[str, Any]) -> None:
    """Fork the student's process, and end it when the judge lets go of the last of ``files``."""
    data, out, err, life, *group = files
    system(DIE_WITH_PARENT, signal.SIGKILL)
    family = None
    if options["isolate"]:
        own_namespaces()
        family = Family()  # the child hides /proc from this process too
    pid = os.fork()
    if pid == 0:
        os.close(life)
        for entrance in group:
            with contextlib.suppress(OSError):  # old systems let only root in: the watcher is left
                os.write(entrance, b"0")
        enter(data, out, err, options)
        from autograder.student.cells import live

        live(socket.socket(fileno=data))
        os._exit(0)
    for one in (data, out, err, *group):
        os.close(one)
    watch(pid, life, family, options)


def watch(pid: int, life: int, family: Family | None, options: dict[str, Any]) -> None:
    """Wait until the process ends or ``life`` is closed; leave nothing of it running.

    It ends, too, when all that it has started takes too much memory together.
    """
    poll = select.poll()
    poll.register(life, select.POLLIN)
    while not poll.poll(500 if options["isolate"] else 100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        if family and family.taken_by(pid) > options["together"]:
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def enter(data: int, out: int, err: int, options: dict[str, Any]) -> None:
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
        forbid_more()
        own_places(home, options["scratch"])
        drop_rights()
    else:
        home = tempfile.mkdtemp(prefix="submission-", dir=home)
    os.environ.update(HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython")
    os.environ.pop("JPY_PARENT_PID", None)
    tempfile.tempdir = None
    shutil.copytree(options["files"], home, dirs_exist_ok=True)
    os.chdir(home)
    sys.path.insert(0, "")
    _limit(options)


def _limit(options: dict[str, Any]) -> None:
    addresses, data = held()
    limits = {
        "RLIMIT_DATA": data + options["memory"],
        "RLIMIT_AS": addresses + 2 * options["memory"] + THREADS,  # shared memory counts here
        "RLIMIT_NPROC": options["processes"],
        "RLIMIT_FSIZE": options["file"],
        "RLIMIT_CPU": options["cpu"],
        "RLIMIT_NOFILE": 256,
        "RLIMIT_CORE": 0,
    }
    if not options["isolate"]:
        del limits["RLIMIT_NPROC"]  # it counts all processes of the user
    for name, most in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))


def held() -> tuple[int, int]:
    """Return the bytes of this process's addresses and data, or what they were at the start."""
    try:
        with open("/proc/self/statm") as file:
            numbers = [int(word) * resource.getpagesize() for word in file.read().split()]
    except OSError:  # hidden, or another system
        return _held
    return numbers[0], numbers[5]


_held = (16 << 30, 1 << 30)


# --- the judge of one submission


def judge(files: list[int], options: dict[str, Any]) -> None:
    """Judge the submission that is described on the first of ``files``."""
    system(DIE_WITH_PARENT, signal.SIGKILL)
    from autograder.judge.process import hear_case

    hear_case(socket.socket(fileno=files[0]), socket.socket(fileno=files[1]), options)


def main(role: str, control: str, text: str) -> None:
    """Warm up, and fork until the control socket is closed."""
    global _held
    options = json.loads(text)
    system(DIE_WITH_PARENT, signal.SIGKILL)
    if role == "student" and options["isolate"]:
        leave_root()
    warm(tuple(options["modules"]))
    if role == "student":
        from autograder.student.cells import make_shell

        withhold(options["withheld"])
        make_shell().run_cell("None")  # what it does at its first cell is done here
        _held = held()
    else:
        importlib.import_module("autograder.judge.process")
        gc.freeze()
    serve(socket.socket(fileno=int(control)), {"student": student, "judge": judge}[role], options)


if __name__ == "__main__":
    main(*sys.argv[1:])
