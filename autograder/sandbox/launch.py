"""The sandbox: how the fork servers of judges and students are started, the students' inside.

bubblewrap gives the students' one namespaces of its own, a read-only system without home folders,
course and network, and a copy of ``gensrc`` without the bodies of what the exercise asks for.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from autograder.course import GraderError
from autograder.process.namespaces import is_root
from autograder.process.options import Options
from autograder.sandbox.server import OTHERWISE, ForkServer
from autograder.sandbox.withhold import copy_package

PLACE, HOME = "/opt/grader", "/scratch"
LIMITS: Options = {
    "isolate": True,
    "home": HOME,
    "files": f"{PLACE}/files",
    "scratch": 256 << 20,
    "memory": 2 << 30,  # bytes that a process may take beyond what the fork server has
    "together": 4 << 30,  # that all processes of a submission may use together
    "file": 128 << 20,
    "processes": 64,
}
PYTHON = str(Path(sys.prefix).resolve() / "bin" / "python")  # as it is called in the sandbox

PACKAGE = Path(__file__).parent.parent
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
            "Submissions run in a sandbox, and bubblewrap is not installed: install it with "
            "`make system` (it is Debian's and Ubuntu's package bubblewrap: sudo apt install "
            f"bubblewrap), or {otherwise}."
        )


def gensrc_folder() -> Path | None:
    """Return where the package ``gensrc`` lies, or None."""
    found = find_spec("gensrc")
    return Path(found.origin).parent if found and found.origin else None


def judge_server(modules: list[str]) -> ForkServer:
    """Start the trusted fork server, whose children are the judges; it imports ``modules``."""
    options: Options = {
        "isolate": False,
        "modules": modules,
        "together": LIMITS["together"],
        "scratch": LIMITS["scratch"],
    }
    package = gensrc_folder()
    paths = [str(PACKAGE.parent), *([str(package.parent)] if package else [])]
    environment = {**os.environ, **_QUIET, "MPLBACKEND": "Agg"}
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [sys.executable, "-m", "autograder.judge.process", "CONTROL", json.dumps(options)]
    return ForkServer(command, environment, "/")


def student_server(
    staging: Path,
    files: Path,
    withheld: frozenset[str],
    modules: list[str],
    *,
    limit: int,
    unsafe: bool,
) -> ForkServer:
    """Start the fork server of the students' processes for one exercise.

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
    options: Options = {
        **LIMITS,
        "kept": folders_below_tmp(),
        "cpu": 20 * limit,
        "modules": modules,
        "withheld": sorted(withheld - own),
    }
    if unsafe:
        options["isolate"] = False
        options["home"], options["files"] = str(staging / "homes"), str(staging / "files")
    arguments = ["-m", "autograder.student.process", "CONTROL", json.dumps(options)]
    if unsafe:
        environment = {**os.environ, **_QUIET, "PYTHONPATH": str(staging)}
        return ForkServer([sys.executable, *arguments], environment, str(staging))
    return inside(staging, package, arguments)


def inside(
    staging: Path, package: Path | None, arguments: list[str], more: Sequence[str] = ()
) -> ForkServer:
    """Start this Python in the sandbox; for the rest see :func:`bubblewrap`."""
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    return ForkServer([*bubblewrap(staging, package, more), PYTHON, *arguments], environment, "/")


def stage(staging: Path, files: Path, package: Path | None, withheld: frozenset[str]) -> None:
    """Lay out what a student's process may read: its part of the grader, gensrc, and files."""
    staging.chmod(0o755)
    (staging / "autograder").mkdir()
    shutil.copyfile(PACKAGE / "__init__.py", staging / "autograder" / "__init__.py")
    for name in NEEDED:
        shutil.copytree(
            PACKAGE / name,
            staging / "autograder" / name,
            ignore=shutil.ignore_patterns("__pycache__"),
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


def bubblewrap(staging: Path, package: Path | None, more: Sequence[str] = ()) -> list[str]:
    """Return the command that starts another one in the sandbox.

    Args:
        staging: what it may read of the grader's.
        package: the original ``gensrc``, which it may not read wherever it is installed.
        more: further options of bubblewrap.
    """
    words = ["bwrap", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if is_root():  # the fork server goes on as nobody, once it has read what only root may
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    words += ["--perms", "1777", "--tmpfs", "/tmp"]  # first: Python may lie below it
    words += [*_system(), *_python(), *_without(package), *_etc(staging)]
    words += ["--perms", "0755", "--dir", "/opt", "--ro-bind", str(staging), PLACE]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--perms", "0755", "--dir", HOME, *more, "--remount-ro", "/"]
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


def _system() -> Iterator[str]:
    for place in _SYSTEM:
        if os.path.islink(place):
            yield from ("--symlink", os.readlink(place), place)
        elif os.path.isdir(place):
            yield from ("--ro-bind", place, place)


def _prefixes() -> list[Path]:
    """Return the folders of Python that are not the system's."""
    found = sorted({Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()})
    return [prefix for prefix in found if not prefix.is_relative_to("/usr")]


def folders_below_tmp() -> list[str]:
    """Return the folders of Python that a submission's own /tmp must not hide."""
    return [str(prefix) for prefix in _prefixes() if prefix.is_relative_to("/tmp")]


def _python() -> Iterator[str]:
    bound: list[Path] = []
    for prefix in _prefixes():
        for parent in [*reversed(prefix.parents)][1:]:
            if parent != Path("/tmp") and not any(map(parent.is_relative_to, bound)):
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", str(prefix), str(prefix))
        bound.append(prefix)


def _without(package: Path | None) -> Iterator[str]:
    """Yield what hides ``package`` where it lies in something that can be read."""
    seen = [*map(Path, _SYSTEM), *_prefixes()]
    if package and any(package.resolve().is_relative_to(one) for one in seen):
        place = str(package.resolve())
        yield from ("--tmpfs", place, "--remount-ro", place)


def _etc(staging: Path) -> Iterator[str]:
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in _ETC:
        if os.path.exists(f"/etc/{name}"):
            yield from ("--ro-bind", f"/etc/{name}", f"/etc/{name}")
    yield from ("--ro-bind", str(staging / "passwd"), "/etc/passwd")
