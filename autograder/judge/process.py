"""One submission on the judge's side: gets the case from the grader, and reports each cell."""

import contextlib
import json
import os
import resource
import socket
from typing import Any

from autograder.exchange.channel import Printed, WatchedChannel
from autograder.judge import cgroups
from autograder.judge.cgroups import Group
from autograder.judge.judge import Judge
from autograder.process.forkserver import held

MEMORY = 4 << 30  # bytes that a judge may take: what students send is bounded, what tests do is not


class Forked:
    """A student's process, forked from the zygote in the sandbox.

    Args:
        control: where the zygote hears requests.
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


def hear_case(job: socket.socket, control: socket.socket, options: dict[str, Any]) -> None:
    """Judge the case that comes over ``job``; report over it, one line of JSON for each cell."""
    stream = job.makefile("rw", encoding="utf-8")
    case: dict[str, Any] = json.loads(stream.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = held()[1] + MEMORY
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.chdir(case["folder"])

    def tell(number: int, outcome: dict[str, Any]) -> None:
        stream.write(json.dumps([number, outcome]) + "\n")
        stream.flush()

    def start() -> Forked:
        return Forked(control, cgroups.group(options["place"], options["most"]))

    judge = Judge(
        start,
        tell,
        limit=case["limit"],
        total=case["total"],
        seed=case["seed"],
    )
    judge.run(case["steps"])
    stream.write(json.dumps([-1, {"flags": judge.flags, "starts": judge.starts}]) + "\n")
    stream.flush()
