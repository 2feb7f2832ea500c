"""The sandbox: where the zygote of the students' processes lives, and how it is started.

bubblewrap gives it namespaces of its own, a read-only system without home folders, course and
network, and a copy of ``gensrc`` in which nothing can be read that the exercise asks for.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autograder.course import GraderError
from autograder.judge import cgroups
from autograder.process.namespaces import is_root
from autograder.sandbox.withhold import copy_package

PLACE, HOME = "/opt/grader", "/scratch"
LIMITS: dict[str, Any] = {
    "isolate": True,
    "home": HOME,
    "files": f"{PLACE}/files",
    "scratch": 256 << 20,
    "memory": 2 << 30,  # bytes that a process may take beyond what the zygote has
    "together": 4 << 30,  # that all processes of a submission may use together
    "file": 128 << 20,
    "processes": 64,
}
PYTHON = str(Path(sys.prefix).resolve() / "bin" / "python")  # as it is called in the sandbox
PATIENCE = 180  # seconds until a zygote must be warm

NEEDED = ("exchange", "process", "student")  # folders that run in the sandbox
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "fonts", "localtime", "alternatives")
_QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}

REMEDY = (
    "to allow it on Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a "
    "container: start it with --security-opt seccomp=unconfined"
)
OTHERWISE = "run without protection, with --unsafe-no-sandbox, and only what you have read"


class Zygote:
    """A warm process that forks on request; close it to end it and all its children."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        self.command, self.environment, self.folder = command, environment, folder
        self.lock = threading.Lock()
        self.closed = False
        self._start()

    def _start(self) -> None:
        self.warm = False
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
        """Wait until it is warm.

        Args:
            otherwise: what else can be done where there is no sandbox.

        Raises:
            GraderError: it never will be; the sentence says why.
        """
        if self.warm:
            return
        self.control.settimeout(PATIENCE)
        try:
            answer = self.control.recv(1)
        except OSError:
            answer = b""
        self.control.settimeout(None)
        if answer != b"r":
            raise GraderError(
                f"The sandbox could not be set up ({self.last_words()}): the system "
                f"forbids it to make namespaces; {REMEDY}; or {otherwise}."
            )
        self.warm = True

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


def require_sandbox(otherwise: str = OTHERWISE) -> None:
    """Check that a sandbox can be had.

    Args:
        otherwise: what else can be done where there is none.

    Raises:
        GraderError: it cannot; the sentence gives the remedy.
    """
    if sys.platform != "linux":
        raise GraderError(
            "Submissions run in a sandbox, which needs Linux: grade on a Linux machine, or "
            f"{otherwise}."
        )
    if shutil.which("bwrap") is None:
        raise GraderError(
            "Submissions run in a sandbox, and bubblewrap is not installed: install it (Debian "
            f"and Ubuntu: sudo apt install bubblewrap), or {otherwise}."
        )


def gensrc_folder() -> Path | None:
    """Return where the package ``gensrc`` lies, or None."""
    found = find_spec("gensrc")
    return Path(found.origin).parent if found and found.origin else None


def judge_zygote(modules: list[str]) -> Zygote:
    """Start the trusted zygote, of which the judges are forks; it imports ``modules``."""
    most = LIMITS["together"] + LIMITS["scratch"]
    options = {"isolate": False, "modules": modules, "place": cgroups.find(), "most": most}
    package = gensrc_folder()
    paths = [str(Path(__file__).parent.parent.parent), *([str(package.parent)] if package else [])]
    environment = {**os.environ, **_QUIET, "MPLBACKEND": "Agg"}
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [
        sys.executable,
        "-m",
        "autograder.process.forkserver",
        "judge",
        "CONTROL",
        json.dumps(options),
    ]
    return Zygote(command, environment, "/")


def student_zygote(
    staging: Path,
    files: Path,
    withheld: frozenset[str],
    modules: list[str],
    *,
    limit: int,
    unsafe: bool,
) -> Zygote:
    """Start the zygote of the students' processes for one exercise.

    Args:
        staging: an empty folder for what it may read.
        files: the files that lie beside the notebook when students work on it.
        withheld: names of ``gensrc`` that are not to be had.
        modules: what it imports before it forks.
        limit: seconds for each cell.
        unsafe: run without a sandbox.
    """
    package = gensrc_folder()
    own = frozenset(name for name in withheld if name.split(".")[0] == "gensrc")
    stage(staging, files, package, own)
    rest = sorted(withheld - own)
    options = {**LIMITS, "cpu": 20 * limit, "modules": modules, "withheld": rest}
    if unsafe:
        places = {"home": str(staging / "homes"), "files": str(staging / "files")}
        options |= {"isolate": False, **places}
    arguments = ["-m", "autograder.process.forkserver", "student", "CONTROL", json.dumps(options)]
    if unsafe:
        environment = {**os.environ, **_QUIET, "PYTHONPATH": str(staging)}
        return Zygote([sys.executable, *arguments], environment, str(staging))
    return inside(staging, package, arguments)


def inside(
    staging: Path, package: Path | None, arguments: list[str], more: Sequence[str] = ()
) -> Zygote:
    """Start this Python in the sandbox; what is not named here, see ``_bubblewrap``."""
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    return Zygote([*_bubblewrap(staging, package, more), PYTHON, *arguments], environment, "/")


def stage(staging: Path, files: Path, package: Path | None, withheld: frozenset[str]) -> None:
    """Lay out what the zygote may read: the graders' half of it, gensrc, and released files."""
    staging.chmod(0o755)
    here = Path(__file__).parent.parent
    (staging / "autograder").mkdir()
    shutil.copyfile(here / "__init__.py", staging / "autograder" / "__init__.py")
    for name in NEEDED:
        shutil.copytree(
            here / name, staging / "autograder" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    if package:
        copy_package(package, staging, withheld)
    elif withheld:
        raise GraderError(
            f"{', '.join(sorted(withheld))}: to be withheld, but gensrc is not installed here; "
            "install it, or take the names out of the front matter of the exercise."
        )
    shutil.copytree(files, staging / "files", ignore=shutil.ignore_patterns("*.ipynb", ".*"))
    (staging / "homes").mkdir()
    (staging / "passwd").write_text("student:x:65534:65534::/scratch:/bin/sh\n")
    for path in staging.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _bubblewrap(staging: Path, package: Path | None, more: Sequence[str] = ()) -> list[str]:
    """Return the command that starts another one in the sandbox.

    Args:
        staging: what it may read of the grader's.
        package: the original ``gensrc``, which it may not read wherever it is installed.
        more: further options of bubblewrap.
    """
    words = ["bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if is_root():  # the zygote goes on as nobody, once it has read what only root may
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    for place in _SYSTEM:
        if os.path.islink(place):
            words += ["--symlink", os.readlink(place), place]
        elif os.path.isdir(place):
            words += ["--ro-bind", place, place]
    made: set[Path] = set()
    for prefix in sorted({Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()}):
        if not prefix.is_relative_to("/usr"):
            for parent in [*reversed(prefix.parents)][1:]:
                if parent not in made and not any(parent.is_relative_to(one) for one in made):
                    words += ["--perms", "0755", "--dir", str(parent)]
            words += ["--ro-bind", str(prefix), str(prefix)]
            made.add(prefix)
    if package and any(
        package.resolve().is_relative_to(one) for one in (*map(Path, _SYSTEM), *made)
    ):
        words += ["--tmpfs", str(package.resolve()), "--remount-ro", str(package.resolve())]
    words += ["--perms", "0755", "--dir", "/etc"]
    for name in _ETC:
        if os.path.exists(f"/etc/{name}"):
            words += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    words += ["--perms", "0755", "--dir", "/opt", "--ro-bind", str(staging), PLACE]
    words += ["--ro-bind", str(staging / "passwd"), "/etc/passwd"]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--perms", "0755", "--dir", HOME]
    words += ["--perms", "1777", "--tmpfs", "/tmp", *more, "--remount-ro", "/"]
    environment = {
        **_QUIET,
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": PLACE,
        "HOME": "/tmp",
        "MPLCONFIGDIR": "/tmp/matplotlib",
    }
    for key, value in environment.items():
        words += ["--setenv", key, value]
    return [*words, "--chdir", "/"]
