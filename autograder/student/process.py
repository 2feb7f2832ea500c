"""The fork server of the students' processes.

Run as ``python -m autograder.student.process CONTROL OPTIONS``. Each child isolates itself, starts
the process of one submission, and watches it.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
from typing import Any

from autograder.process.forkserver import preload, serve, start
from autograder.process.limits import memory_in_use
from autograder.process.namespaces import DIE_WITH_PARENT, system, unshare_namespaces
from autograder.process.options import Options
from autograder.process.tree import ProcessTree
from autograder.student import cells
from autograder.student.isolation import enter, leave_root, watch


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


def start_student(files: list[int], options: Options) -> None:
    """Fork the student's process, and end it when the judge lets go of the last of ``files``."""
    data, out, err, life, *group = files
    system(DIE_WITH_PARENT, signal.SIGKILL)
    tree = None
    if options["isolate"]:
        unshare_namespaces()
        tree = ProcessTree()  # the child hides /proc from this process too
    pid = os.fork()
    if pid == 0:
        os.close(life)
        for entrance in group:
            with contextlib.suppress(OSError):  # old systems let only root in: the watcher is left
                os.write(entrance, b"0")
        enter(data, out, err, options)
        cells.serve(socket.socket(fileno=data))
        os._exit(0)
    for one in (data, out, err, *group):
        os.close(one)
    watch(pid, life, tree, options)


def main(control: str, text: str) -> None:
    """Import what notebooks need, and fork until the control socket is closed."""
    connection, options = start(control, text)
    if options["isolate"]:
        leave_root()
    preload(options["modules"])
    withhold(options["withheld"])
    cells.make_shell().run_cell("None")  # what it does at its first cell is done here
    options["in_use"] = memory_in_use()
    serve(connection, start_student, options)


if __name__ == "__main__":
    main(*sys.argv[1:])
