"""The process in the sandbox that isolates itself and then starts a Jupyter kernel.

Run by :mod:`autograder.sandbox.provisioner` as
``python -m autograder.student.kernel CONTROL OPTIONS COMMAND``. It says ``r`` on its control socket
when it has namespaces of its own, and ``s`` when the kernel has made its sockets; when the other
end is closed, all processes end.
"""

import json
import os
import select
import signal
import sys

from autograder.process.namespaces import (
    DIE_WITH_PARENT,
    read_only,
    system,
    unshare_namespaces,
)
from autograder.process.options import CONNECTION, Options
from autograder.process.tree import ProcessTree
from autograder.student.isolation import enter, leave_root, watch

SOCKETS = 5


def main(control: str, text: str, *command: str) -> None:
    """Start ``command`` with the limits of the options, and end it when ``control`` is closed."""
    options = json.loads(text)
    system(DIE_WITH_PARENT, signal.SIGKILL)
    leave_root()
    unshare_namespaces()
    tree, life = ProcessTree(), int(control)
    os.write(life, b"r")
    pid = os.fork()
    if pid == 0:
        try:
            _first(command, options)
        finally:
            os._exit(1)
    if _connected(pid, life):
        read_only(CONNECTION)  # outside, it would be a place to write without bounds
        os.write(life, b"s")
        watch(pid, life, tree, options)


def _first(command: tuple[str, ...], options: Options) -> None:
    """Start the kernel, and be the first process of its namespace: all others end with it."""
    enter(os.open(os.devnull, os.O_RDONLY), 1, 2, options)
    kernel = os.fork()
    if kernel == 0:
        os.setpgid(0, 0)  # what interrupts the kernel interrupts what it has started
        os.execv(command[0], command)
    while os.wait()[0] != kernel:
        pass


def _connected(pid: int, life: int) -> bool:
    """Wait until the kernel can be reached; return False when it has ended before."""
    poll = select.poll()
    poll.register(life, select.POLLIN)
    while not poll.poll(10) and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if len(os.listdir(CONNECTION)) > SOCKETS:  # they, and the file of the connection
            return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
