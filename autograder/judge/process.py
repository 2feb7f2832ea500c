"""The fork server of the judges, and the judge of one submission.

Run as ``python -m autograder.judge.process CONTROL OPTIONS``.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import sys
from functools import partial

from autograder.cells import Case, Outcome, Summary
from autograder.exchange.channel import Printed, WatchedChannel
from autograder.judge import cgroups
from autograder.judge.cgroups import Group, Place
from autograder.judge.judge import Judge
from autograder.process.forkserver import preload, serve, start
from autograder.process.limits import memory_in_use
from autograder.process.namespaces import DIE_WITH_PARENT, system
from autograder.process.options import Options

MAX_MEMORY = (
    4 << 30
)  # bytes that a judge may take: what students send is bounded, what tests do is not


class StudentProcess:
    """A student's process, forked from the fork server in the sandbox.

    Args:
        control: where the fork server gets requests.
        group: the control group that it goes into, where there are such.
    """

    def __init__(self, control: socket.socket, group: Group | None) -> None:
        here, there = socket.socketpair()
        self.life, other = socket.socketpair()
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        files = [there.fileno(), out_end, err_end, other.fileno()]
        self.group = group
        if group:
            files.append(group.entrance)
        socket.send_fds(control, [b"f"], files)
        there.close()
        other.close()
        os.close(out_end)
        os.close(err_end)
        self.channel = WatchedChannel(here, [Printed(out), Printed(err)])

    def kill(self) -> None:
        """End it and everything that it started."""
        self.life.close()
        self.channel.close()
        if self.group:
            self.group.remove()


def judge(place: Place | None, files: list[int], options: Options) -> None:
    """Judge the case that comes over the first of ``files``.

    Each outcome goes back over it as one line of JSON, and at the end what is to be said of all.
    """
    system(DIE_WITH_PARENT, signal.SIGKILL)
    job, control = (socket.socket(fileno=one) for one in files)
    stream = job.makefile("rw", encoding="utf-8")
    case: Case = json.loads(stream.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = memory_in_use()[1] + MAX_MEMORY
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.chdir(case["folder"])

    def report(number: int, outcome: Outcome | Summary) -> None:
        stream.write(json.dumps([number, outcome]) + "\n")
        stream.flush()

    def start_process() -> StudentProcess:
        most = options["together"] + options["scratch"]
        return StudentProcess(control, cgroups.group(place, most))

    one = Judge(start_process, report, limit=case["limit"], total=case["total"], seed=case["seed"])
    one.run(case["steps"])
    report(-1, {"flags": one.flags, "starts": one.starts})


def main(control: str, text: str) -> None:
    """Import what notebooks need, and fork a judge for each request."""
    connection, options = start(control, text)
    preload(options["modules"])
    serve(connection, partial(judge, cgroups.find()), options)


if __name__ == "__main__":
    main(*sys.argv[1:])
