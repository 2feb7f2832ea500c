"""``make system``: what is missing is installed, after a question, and only then."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TOOLS = ["sh", "dirname", "tr", "ls", "env"]
ALL = "make bubblewrap iproute2 npm chromium"


class Machine:
    """A machine with few programs; those that install write down how they were called."""

    def __init__(self, place: Path, *programs: str, user: int = 1000) -> None:
        self.bin, self.log = place / "bin", place / "log"
        self.bin.mkdir()
        self.log.touch()
        for name in TOOLS:
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)
        for name in programs:
            self.write(name, f'echo "{name} $*" >> {self.log}')
        if "sudo" in programs:
            self.write("sudo", f'echo "sudo $*" >> {self.log}; exec "$@"')
        self.write("id", f"echo {user}")

    def write(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!{self.bin}/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def run(self, typed: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script; ``typed`` is what somebody types at a terminal."""
        ours, theirs = pty.openpty() if typed is not None else (None, subprocess.DEVNULL)
        if ours is not None:
            os.write(ours, f"{typed}\n".encode())
        return subprocess.run(
            [ROOT / ".ci" / "system"],
            env={"PATH": str(self.bin), **more},
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installed(self) -> bool:
        return "apt-get install" in self.log.read_text()


def test_it_asks_and_installs_what_is_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "apt-get", "sudo", "npm", "make")
    done = machine.run("y")
    assert done.returncode == 0, done.stderr
    assert "To install with sudo apt-get: bubblewrap iproute2 chromium" in done.stdout
    said = machine.log.read_text()
    assert "sudo apt-get update" in said
    assert "install -y -qq --no-install-recommends bubblewrap iproute2 chromium" in said
    assert " npm" not in said


@pytest.mark.parametrize("typed", ["", "n", None])
def test_without_a_yes_nothing_is_installed(tmp_path: Path, typed: str | None) -> None:
    machine = Machine(tmp_path, "apt-get", "sudo")
    done = machine.run(typed)
    assert done.returncode == 1
    assert ("YES=1 make system" if typed is None else "Nothing was installed") in done.stderr
    assert not machine.log.read_text()


def test_root_needs_no_sudo_and_yes_is_an_answer(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "apt-get", user=0)
    assert machine.run(YES="1").returncode == 0
    assert machine.installed
    assert "sudo" not in machine.log.read_text()


def test_other_systems_are_told_what_to_install(tmp_path: Path) -> None:
    done = Machine(tmp_path, "sudo").run(YES="1")
    assert done.returncode == 1
    assert f"what Debian calls: {ALL}" in done.stderr


def test_without_sudo_the_command_is_said(tmp_path: Path) -> None:
    done = Machine(tmp_path, "apt-get").run(YES="1")
    assert done.returncode == 1
    assert f"Run as root: apt-get install --no-install-recommends {ALL}" in done.stderr


def test_where_everything_is_there_nothing_is_asked(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "make", "bwrap", "ip", "npm", "chromium", "initdb", "apt-get")
    fonts = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    done = machine.run()
    assert done.returncode == 0 if fonts.exists() else "fonts-dejavu-core" in done.stdout
    assert not machine.installed
