"""Jupyter kernels in the sandbox: for nbclient, nbval, ``nbgrader autograde`` and JupyterLab.

A kernelspec whose ``metadata.kernel_provisioner.provisioner_name`` is ``sandbox-provisioner`` (the
command ``kernelspec`` writes one) starts an ordinary kernel in the sandbox in which submissions are
graded. It has no network: it is reached by sockets in a folder that it shares with the manager.
This keeps notebooks away from the machine; it does not keep tests in a notebook away from answers
in the same notebook, which is what ``python -m autograder grade`` is for.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Integer, Unicode

from autograder.course import TIMEOUT, GraderError
from autograder.process.namespaces import NOBODY, is_root
from autograder.process.options import CONNECTION
from autograder.sandbox.kernelspec import KERNEL
from autograder.sandbox.launch import (
    LIMITS,
    PYTHON,
    folders_below_tmp,
    gensrc_folder,
    inside,
    require_sandbox,
    stage,
)
from autograder.sandbox.server import READY_TIMEOUT, ForkServer

OTHERWISE = "choose the kernel python3, which has no protection, and only for what you have read"


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in the sandbox, and leaves nothing of it."""

    files = Unicode("", help="a folder; its files are copied to where the kernel works").tag(
        config=True
    )
    cpu = Integer(20 * TIMEOUT, min=1, help="seconds of a processor's time").tag(config=True)

    server: ForkServer | None = None
    staging: tempfile.TemporaryDirectory[str] | None = None
    meeting: tempfile.TemporaryDirectory[str] | None = None  # where the sockets are

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets; their paths are short, because they end at 107 bytes."""
        require_sandbox(OTHERWISE)
        if self.meeting is None:
            self.meeting = tempfile.TemporaryDirectory(prefix="kernel-", dir="/tmp")
        manager: Any = self.parent
        manager.transport, manager.ip = "ipc", f"{self.meeting.name}/k"
        manager.cache_ports = False
        self.kernel_spec.interrupt_mode = "message"  # no signal goes into the sandbox
        return dict(await super().pre_launch(**kwargs))

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel, and wait until it can be reached.

        Raises:
            GraderError: the sandbox or the kernel cannot start; the sentence says why.
        """
        try:
            self.server = self._start(cmd, kwargs["env"])
            await asyncio.to_thread(self.server.wait, OTHERWISE)
            await asyncio.to_thread(_wait_for_sockets, self.server)
        except BaseException:
            await self.cleanup()
            raise
        self.process = self.server.process
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    def _start(self, cmd: list[str], environment: dict[str, str]) -> ForkServer:
        assert self.meeting is not None
        self.staging = tempfile.TemporaryDirectory(prefix="sandbox-")
        staging, meeting = Path(self.staging.name), Path(self.meeting.name)
        (staging / "given").mkdir()
        package, files = gensrc_folder(), Path(self.files) if self.files else staging / "given"
        if not files.is_dir():
            raise GraderError(f"{files}: there is no such folder; change files in {KERNEL}.")
        stage(staging, files, package, frozenset())
        for old in meeting.iterdir():  # of the kernel before a restart
            old.unlink()
        manager: Any = self.parent
        outside = Path(manager.connection_file)
        connection = json.loads(outside.read_bytes()) | {"ip": f"{CONNECTION}/k"}
        there = meeting / "kernel.json"
        there.write_text(json.dumps(connection))
        if is_root():  # in the sandbox it is nobody
            for path in (meeting, there):
                os.chown(path, NOBODY, NOBODY)
        more = ["--bind", str(meeting), CONNECTION]
        for key in self.kernel_spec.env:
            more += ["--setenv", key, environment[key]]
        python = {sys.executable: PYTHON}
        command = [
            python.get(word, word).replace(str(outside), f"{CONNECTION}/{there.name}")
            for word in cmd
        ]
        options = json.dumps({**LIMITS, "kept": folders_below_tmp(), "cpu": self.cpu})
        arguments = ["-m", "autograder.student.kernel", "CONTROL", options, *command]
        return inside(staging, package, arguments, more)

    async def send_signal(self, signum: int) -> None:
        """End the kernel by any signal: none but 0 and the end can be sent into the sandbox."""
        if self.process and signum not in (0, signal.SIGINT):
            self.process.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """End all processes and remove what was laid out for them."""
        if self.server:
            self.server.close()
            self.server = None
        if self.staging:
            self.staging.cleanup()
            self.staging = None
        if self.meeting and not restart:
            self.meeting.cleanup()
            self.meeting = None


def _wait_for_sockets(server: ForkServer) -> None:
    server.control.settimeout(READY_TIMEOUT)
    with contextlib.suppress(OSError):
        if server.control.recv(1) == b"s":
            return
    raise GraderError(
        f"The kernel ended before it could be reached ({server.last_words()}): see that it starts "
        "outside the sandbox, as the kernel python3."
    )
