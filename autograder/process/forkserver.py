"""A process that has imported what notebooks import, and forks a child for each request.

Over its control socket come single bytes, each with open files; a child takes them and goes on as
what the fork server is for: a student's process, or the judge of one submission.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable

from autograder.process.namespaces import DIE_WITH_PARENT, system, unshare_namespaces
from autograder.process.options import Options

READY, REFUSED = b"r", b"n"  # what it says once: that it can fork, or get no namespaces
Handler = Callable[[list[int], Options], None]


def start(control: str, text: str) -> tuple[socket.socket, Options]:
    """Return the control socket and the options of a command line; end with the parent."""
    system(DIE_WITH_PARENT, signal.SIGKILL)
    return socket.socket(fileno=int(control)), json.loads(text)


def serve(control: socket.socket, handle: Handler, options: Options) -> None:
    """Fork for each request until the control socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(READY if _can_isolate(options) else REFUSED)
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


def _can_isolate(options: Options) -> bool:
    """Return whether a child can have namespaces of its own, where it is to have them."""
    if not options.get("isolate"):
        return True
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        try:
            unshare_namespaces()
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return status == 0


def preload(modules: Iterable[str]) -> None:
    """Import what notebooks need; a module that is not there is left out."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
