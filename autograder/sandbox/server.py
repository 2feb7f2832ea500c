"""A fork server as its user sees it: started, waited for, started again, and ended."""

import contextlib
import socket
import subprocess
import tempfile
import threading

from autograder.course import GraderError
from autograder.process.forkserver import READY, REFUSED

READY_TIMEOUT = 180  # seconds until a fork server can fork
REFUSALS = ("namespace", "uid map", "Operation not permitted")  # in the words of bubblewrap

REMEDY = (
    "to allow it on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a "
    "container: start it with --security-opt seccomp=unconfined"
)
OTHERWISE = "run without protection, with --unsafe-no-sandbox, and only what you have read"


class ForkServer:
    """A process that forks on request; close it to end it and all its children."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self.command, self.environment, self.folder = command, environment, folder
        self.lock = threading.Lock()
        self.closed = False
        self._start()

    def _start(self) -> None:
        self.ready = False
        self.control, there = socket.socketpair()
        self.noise = tempfile.TemporaryFile()  # noqa: SIM115
        command = [str(there.fileno()) if word == "CONTROL" else word for word in self.command]
        try:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=self.noise,
                stderr=self.noise,
                pass_fds=[there.fileno()],
                start_new_session=True,
            )
        finally:
            there.close()

    def wait(self, otherwise: str = OTHERWISE) -> None:
        """Wait until it can fork.

        Args:
            otherwise: what else can be done where there is no sandbox.

        Raises:
            GraderError: it never will be; the sentence says why.
        """
        if self.ready:
            return
        self.control.settimeout(READY_TIMEOUT)
        try:
            answer = self.control.recv(1)
        except OSError:
            answer = b""
        self.control.settimeout(None)
        if answer != READY:
            raise GraderError(self._why_not(answer == REFUSED, otherwise))
        self.ready = True

    def _why_not(self, refused: bool, otherwise: str) -> str:
        """Return why it cannot fork; the remedy for namespaces only where they were refused."""
        words = self.last_words()
        start = f"The sandbox could not be set up ({words})"
        if refused or any(mark in words for mark in REFUSALS):
            return f"{start}: the system forbids it to make namespaces; {REMEDY}; or {otherwise}."
        return f"{start}: put that right, or {otherwise}."

    def last_words(self) -> str:
        """Return the last line that it has printed."""
        self.noise.seek(0)
        text = self.noise.read().decode("utf-8", "replace").strip()
        return text.split("\n")[-1][:300] or "it did not start"

    def revive(self) -> bool:
        """Start it again if it has died; return whether it had."""
        with self.lock:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.2)
            if self.alive or self.closed:
                return False
            self._stop()
            self._start()
            self.wait()
            return True

    def close(self) -> None:
        """End it, and with it everything that it has forked."""
        self.closed = True
        self._stop()

    def _stop(self) -> None:
        self.control.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.noise.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None
