"""Jupyter kernels in the sandbox: what they cannot do, and that nothing of them is left."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.__main__ import main
from autograder.course import GraderError
from autograder.exercises.publish import release
from autograder.gradebook.nbgrader_api import open_gradebook
from autograder.sandbox import launch
from autograder.sandbox.kernelspec import KERNEL, PROVISIONER
from tests.autograder.gradebook.test_nbgrader_api import CONFIG, nbgrader
from tests.support.paths import ROOT
from tests.support.sandboxing import family
from tests.support.tiny_course import answered, hand_in, solved, tiny_course

GROUP = "jupyter_client.kernel_provisioners"
needs_sandbox = pytest.mark.needs("sandbox")
make: Any = new_code_cell


def declared() -> str:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return str(tomllib.loads(text)["project"]["entry-points"][GROUP][PROVISIONER])


@pytest.fixture(scope="module", autouse=True)
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the provisioner and its kernelspec known to Jupyter; return the kernelspec's file.

    The entry point is what ``pip install`` writes from pyproject.toml. It is written here too,
    because the environment of the tests may have been installed before it was added.
    """
    root = tmp_path_factory.mktemp("jupyter")
    known = root / "site" / "course_kernel-1.dist-info"
    known.mkdir(parents=True)
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: course-kernel\nVersion: 1\n")
    (known / "entry_points.txt").write_text(f"[{GROUP}]\n{PROVISIONER} = {declared()}\n")
    files = root / "files"
    files.mkdir()
    (files / "data.csv").write_text("1,2,3")
    (files / "own.ipynb").write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(known.parent))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(known.parent)]))
        patch.setenv("JUPYTER_PATH", str(root))
        patch.setenv("A_SECRET_OF_THE_GRADER", "swordfish")
        assert main(["kernelspec", "--to", str(root / "kernels"), "--files", str(files)]) == 0
        yield root / "kernels" / KERNEL / "kernel.json"


def said(client: BlockingKernelClient, code: str, timeout: float = 60) -> str:
    """Run ``code`` in a kernel; return what it prints, or the name of its error.

    An error does not stop what is asked next: a kernel drops what comes too soon after it.
    """
    heard: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] in ("stream", "error"):
            heard.append(content.get("text") or content["ename"])

    client.execute_interactive(code, stop_on_error=False, output_hook=hear, timeout=timeout)
    return "".join(heard).strip()


def gone(pids: set[int], seconds: float = 20) -> set[int]:
    """Wait until these processes have ended; return those that have not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pids = {pid for pid in pids if Path(f"/proc/{pid}/stat").exists()}
        if not pids:
            break
        time.sleep(0.1)
    return pids


Start = Callable[..., tuple[KernelManager, BlockingKernelClient]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start kernels that end with the test."""
    started: list[tuple[KernelManager, BlockingKernelClient]] = []

    def begin() -> tuple[KernelManager, BlockingKernelClient]:
        manager, client = start_new_kernel(startup_timeout=120, kernel_name=KERNEL)
        started.append((manager, client))
        return manager, client

    yield begin
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(startup_timeout=120, kernel_name=KERNEL)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


# --- without a sandbox


def test_pyproject_names_the_provisioner() -> None:
    module, _, name = declared().partition(":")
    assert issubclass(getattr(importlib.import_module(module), name), LocalProvisioner)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert f"{module.split('.')[0]}*" in packages


def test_the_kernelspec(
    jupyter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    spec = json.loads(jupyter.read_text("utf-8"))
    assert spec["argv"][-1] == "{connection_file}"
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] == PROVISIONER
    assert main(["kernelspec", "--to", str(tmp_path), "--files", str(tmp_path / "no")]) == 1
    assert "no: there is no such folder; give one with --files." in capsys.readouterr().err
    monkeypatch.setattr("autograder.sandbox.kernelspec.entry_points", lambda **_: ())
    assert main(["kernelspec", "--to", str(tmp_path)]) == 1
    assert "Jupyter does not know the sandbox yet: run" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()


@pytest.mark.needs("linux")  # elsewhere another sentence comes first
@pytest.mark.parametrize("found", [True, False])
def test_no_kernel_where_there_is_no_sandbox(
    found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bwrap"
    if found:
        program.write_text("#!/bin/sh\necho 'bwrap: No permissions to make namespaces' >&2\nexit 1")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + (":/usr/bin:/bin" if found else ""))
    folders: list[str] = []
    monkeypatch.setattr(
        tempfile, "TemporaryDirectory", noting(tempfile.TemporaryDirectory, folders)
    )
    with pytest.raises(GraderError) as error:
        start_new_kernel(kernel_name=KERNEL)
    words = "bwrap: No permissions to make namespaces" if found else "sudo apt install bubblewrap"
    assert words in str(error.value)
    assert str(error.value).endswith("only for what you have read.")
    assert "or choose the kernel python3, which has no protection" in str(error.value)
    assert len(folders) == 2 * found
    assert not [folder for folder in folders if Path(folder).exists()]


def noting(original: type, names: list[str]) -> type:
    class Noted(original):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            names.append(self.name)

    return Noted


# --- what a kernel cannot do

TRIED = {
    "torch": ("import torch; print(torch.ones(3).sum().item())", "3.0"),
    "gensrc": (
        "import gensrc.games as g; print(g.__file__)",
        "/opt/grader/gensrc/games/__init__.py",
    ),
    "its files": ("print(open('data.csv').read(), os.path.exists('own.ipynb'))", "1,2,3 False"),
    "the home folder": ("print([os.path.exists(p) for p in {secrets!r}])", "[False, False, False]"),
    "environment": ("print(os.environ.get('A_SECRET_OF_THE_GRADER'))", "None"),
    "network": ("socket.create_connection(('127.0.0.1', {port}), 5)", "OSError"),
    "the system": ("open('/usr/bin/planted', 'w')", "OSError"),
    "the folder of the sockets": ("open('/connection/much', 'w')", "OSError"),
    "other processes": ("print(any(p.isdigit() and int(p) > 50 for p in procs))", "False"),
    "a user": ("print(os.getuid() == 0)", "False"),
    "rights": (
        "libc = ctypes.CDLL(None); print(libc.mount(b'x', b'/scratch', b'tmpfs', 0, b''))",
        "-1",
    ),
    "memory": ("print(len(bytearray(7 << 29)))", "MemoryError"),
    "a large file": (
        "try: open('large', 'wb', 0).write(bytes(129 << 20))\n"
        "finally: print(os.path.getsize('large') >> 20); os.remove('large')",
        "128",
    ),
    "scratch": (
        "for name in 'abc':\n"
        "    with contextlib.suppress(OSError): open(name, 'wb', 0).write(bytes(100 << 20))\n"
        "print(100 < sum(os.path.getsize(name) for name in 'abc') >> 20 <= 256)\n"
        "for name in 'abc': os.remove(name)",
        "True",
    ),
    "processes": (
        "found = []\ntry:\n    for _ in range(70): found.append(subprocess.Popen(['sleep', '9']))\n"
        "finally:\n    for one in found: one.kill(); one.wait()",
        "BlockingIOError",
    ),
    "still there": ("print('well')", "well"),
}


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize("name", TRIED)
def test_what_a_kernel_can_and_cannot_do(
    name: str, kernel: BlockingKernelClient, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    code, expected = TRIED[name]
    head = "import contextlib, ctypes, os, socket, subprocess\nprocs = os.listdir('/proc')\n"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        tempfile.NamedTemporaryFile(dir=Path.home()) as private,
    ):
        secrets = [str(secret), str(ROOT / "solutions"), private.name]
        if name == "network":
            code = code.format(port=server.getsockname()[1])
        elif name == "the home folder":
            code = code.format(secrets=secrets)
        assert said(kernel, head + code).splitlines()[-1] == expected


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize(
    ("limit", "code"),
    [("together", "x = b'1' * (500 << 20); time.sleep(60)"), ("cpu", "while True: pass")],
)
def test_a_kernel_that_takes_too_much_ends(
    limit: str, code: str, start: Start, jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(launch.LIMITS, "together", 300 << 20)
    monkeypatch.setattr(
        "autograder.sandbox.provisioner.SandboxProvisioner.cpu", 4 if limit == "cpu" else 999
    )
    manager, client = start()
    client.execute(f"import time\n{code}")
    end = time.monotonic() + 40
    while manager.is_alive() and time.monotonic() < end:
        time.sleep(0.1)
    assert not manager.is_alive()


# --- beginning and end


@pytest.mark.slow
@needs_sandbox
def test_nbclient_runs_a_notebook(jupyter: Path) -> None:
    before = family(os.getpid())
    notebook = new_notebook(
        cells=[make("x = 6"), make("import socket\nx * 7, socket.gethostname()")]
    )
    NotebookClient(notebook, kernel_name=KERNEL, timeout=60).execute()
    assert notebook.cells[1].outputs[0].data["text/plain"] == "(42, 'sandbox')"
    assert not gone(family(os.getpid()) - before)


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize("now", [True, False])
def test_nothing_is_left_of_a_kernel(now: bool, start: Start) -> None:
    before = family(os.getpid())
    manager, client = start()
    code = "import subprocess as s; s.Popen(['sleep', '999'], start_new_session=True); print(1)"
    assert said(client, code) == "1"
    below = family(os.getpid()) - before
    assert len(below) >= 5
    folder = Path(manager.ip).parent
    assert folder.name.startswith("kernel-")
    assert len(list(folder.iterdir())) == 6
    provisioner: Any = manager.provisioner
    staging = Path(provisioner.staging.name)
    assert staging.exists()
    client.stop_channels()
    manager.shutdown_kernel(now=now)
    assert not gone(below)
    assert not folder.exists()
    assert not staging.exists()


@pytest.mark.slow
@needs_sandbox
def test_a_kernel_ends_with_a_manager_that_is_killed() -> None:
    code = (
        "import sys, time\nfrom jupyter_client.manager import start_new_kernel\n"
        f"manager, client = start_new_kernel(kernel_name={KERNEL!r}, startup_timeout=120)\n"
        "print(manager.ip, flush=True); time.sleep(999)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    place = process.stdout.readline().strip()
    below = family(process.pid)
    assert len(below) >= 4
    process.send_signal(signal.SIGKILL)
    process.communicate()
    try:
        assert not gone(below)
    finally:
        for path in Path(place).parent.glob("k*"):
            path.unlink()
        Path(place).parent.rmdir()


@pytest.mark.slow
@needs_sandbox
def test_interrupt_and_restart(start: Start) -> None:
    before = family(os.getpid())
    manager, client = start()
    asked = client.execute("import time; x = 5; time.sleep(55); x = 6", stop_on_error=False)
    time.sleep(2)
    manager.interrupt_kernel()
    answer: dict[str, Any] = {}
    while answer.get("parent_header", {}).get("msg_id") != asked:
        answer = client.get_shell_msg(timeout=40)
    assert answer["content"]["ename"] == "KeyboardInterrupt"
    assert said(client, "print(x)") == "5"
    first = family(os.getpid()) - before
    manager.restart_kernel(now=True)
    assert not gone(first)
    client.wait_for_ready(timeout=120)
    assert said(client, "print(x)") == "NameError"
    assert said(client, "open('/connection/much', 'w')") == "OSError"


@pytest.mark.slow
@needs_sandbox
def test_a_kernel_that_does_not_start_says_why(
    monkeypatch: pytest.MonkeyPatch, jupyter: Path
) -> None:
    spec = json.loads(jupyter.read_text("utf-8"))
    wrong = spec | {"argv": ["python", "-m", "no_such_kernel", "{connection_file}"]}
    other = jupyter.parent.with_name("wrong") / "kernel.json"
    other.parent.mkdir()
    other.write_text(json.dumps(wrong))
    before = family(os.getpid())
    with pytest.raises(GraderError, match=r"No module named no_such_kernel.*: see that it starts"):
        start_new_kernel(kernel_name="wrong")
    assert not gone(family(os.getpid()) - before)


@pytest.mark.slow
@needs_sandbox
def test_nbgrader_grades_in_the_sandbox(tmp_path: Path) -> None:
    course = tiny_course(tmp_path)
    release(course, [])
    (course.grader / "nbgrader_config.py").write_text(CONFIG.format(root=str(course.root)))
    inside = "import socket\nassert socket.gethostname() == 'sandbox'\ndef half(x): return x / 2"
    hand_in(course, "full", answered(solved(course), {"q2": inside}))
    nbgrader(course, "autograde", "tiny", f"--Execute.kernel_name={KERNEL}", "--create")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission("tiny", "full").score == 6
