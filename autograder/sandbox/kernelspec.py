"""The kernelspec by which Jupyter finds the kernel in the sandbox."""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path

from autograder.course import GraderError
from autograder.files import write_whole

KERNEL, PROVISIONER = "python3-sandbox", "sandbox-provisioner"


def write_kernelspec(folder: Path | None, files: Path | None) -> Path:
    """Write the kernelspec ``python3-sandbox`` into ``folder``, and return its file.

    Args:
        folder: a folder of kernelspecs; None for the one of this Python.
        files: a folder whose files every kernel finds where it works.

    Raises:
        GraderError: Jupyter would not find the provisioner, or there are no such files.
    """
    if not entry_points(group="jupyter_client.kernel_provisioners", name=PROVISIONER):
        raise GraderError(
            "Jupyter does not know the sandbox yet: run .venv/bin/python -m pip install "
            "--no-deps -e . in the folder of the course first."
        )
    if files and not files.is_dir():
        raise GraderError(f"{files}: there is no such folder; give one with --files.")
    config = {"files": str(files.resolve())} if files else {}
    spec = {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (sandbox)",
        "language": "python",
        "interrupt_mode": "message",
        "metadata": {"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": config}},
    }
    place = folder or Path(sys.prefix) / "share" / "jupyter" / "kernels"
    target = place / KERNEL / "kernel.json"
    write_whole(target, f"{json.dumps(spec, indent=1)}\n".encode())
    return target
