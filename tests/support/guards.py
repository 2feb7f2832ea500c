"""Guards: tests that need something which not every machine has, and how to get it.

``GUARDS`` is the one list of them. A test joins a guard with ``@pytest.mark.needs("sandbox")``, or
by using one of the guard's fixtures. Where something is missing its tests are skipped, and a table
at the end of the run says which guards did not run, why, and what to do about it. A test that is
skipped in any other way counts as failed.

A new guard is one entry of ``GUARDS``; nothing else has to know of it.

    python -m tests.support.guards         say for each guard whether it can run here
    python -m tests.support.guards LOG     check that the table in LOG names each that cannot
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.paths import ROOT

SYSTEM = "make system"  # installs what a guard needs, on Debian and Ubuntu
AXE = Path(os.environ.get("AXE_CORE") or ROOT / ".venv" / "share" / "axe-core") / "axe.min.js"
MNIST = Path(os.environ.get("GENSRC_DATA") or ROOT.parent / "shared" / "mnist")
OFFLINE = ["unshare", "--map-root-user", "--net"]  # put before a command: no network
PROPERTY = "guards"  # under which the report of a skipped test names what was missing


class Guard(NamedTuple):
    """Tests that need the same thing."""

    name: str  # of the mark: pytest.mark.needs(name)
    needs: str  # what has to be there
    missing: Callable[[], str]  # why they cannot run here, or ''
    remedy: str = SYSTEM
    fixtures: tuple[str, ...] = ()  # a test that uses one of them needs this guard


def _told(command: list[str], words: str) -> str:
    """Why a command does not work: ``words`` and what it says, or ''."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return f"{words}: {last}" if done.returncode else ""


@cache
def _no_namespace() -> str:
    if shutil.which(OFFLINE[0]) is None:
        return "unshare (util-linux) is not installed"
    return _told([*OFFLINE, "true"], "a namespace without network cannot be made")


@cache
def _no_sandbox() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    if shutil.which("unshare") is None:
        return "unshare (util-linux) is not installed"
    outer = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--unshare-pid"]
    inner = ["--unshare-net", "unshare", "--user", "--net", "true"]
    return _told([*outer, *inner], "namespaces are forbidden")


def chromium() -> str | None:
    """Where Debian's chromium is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@cache
def _no_groups() -> str:
    from autograder.judge.cgroups import find

    return "" if find() else "control groups cannot be made here"


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps it out of PATH, beside pg_ctlcluster."""
    found = [Path(program)] if (program := shutil.which("initdb")) else []
    if shutil.which("pg_ctlcluster"):
        found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@cache
def _no_device() -> str:
    import torch

    return "" if torch.cuda.is_available() else "there is no CUDA device"


def unless(there: object, words: str) -> str:
    """``words`` when something is not there, else ''."""
    return "" if there else words


GUARDS = {
    guard.name: guard
    for guard in (
        Guard("sandbox", "bubblewrap", _no_sandbox),
        Guard("offline", "unshare", _no_namespace),
        Guard(
            "browser",
            "chromium",
            lambda: unless(chromium(), "chromium is not installed"),
            fixtures=("browser",),
        ),
        Guard(
            "accessibility",
            "axe-core",
            lambda: unless(AXE.is_file(), "axe-core is not there (it comes by npm)"),
        ),
        Guard("postgresql", "initdb", lambda: unless(postgres(), "PostgreSQL is not installed")),
        Guard("gpu", "CUDA", _no_device, "a machine with a CUDA device", ("cuda",)),
        Guard(
            "mnist",
            "MNIST's files",
            lambda: unless(
                (MNIST / "t10k-images-idx3-ubyte.gz").is_file(), f"MNIST is not in {MNIST}"
            ),
            "name their folder in $GENSRC_DATA",
        ),
        Guard("cgroups", "control groups", _no_groups, "run as root, or in a scope of systemd's"),
        Guard(
            "linux",
            "Linux",
            lambda: unless(sys.platform == "linux", f"this is {sys.platform}"),
            "a Linux machine",
        ),
        Guard(
            "user",
            "a user with limits",
            lambda: unless(os.geteuid(), "root may read everything"),
            "run as another user than root",
        ),
    )
}


# --- what pytest calls


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest know the mark."""
    names = ", ".join(GUARDS)
    config.addinivalue_line("markers", f"needs(guard, …): what not every machine has ({names})")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a guard's fixture, so that ``-m needs`` selects all."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for guard in GUARDS.values():
            if used.intersection(guard.fixtures) and guard.name not in needed(item):
                item.add_marker(pytest.mark.needs(guard.name))
        if unknown := [name for name in needed(item) if name not in GUARDS]:
            raise pytest.UsageError(f"{item.nodeid} needs {unknown}; the guards: {list(GUARDS)}")


def needed(item: pytest.Item) -> list[str]:
    """The guards that a test needs."""
    return [name for mark in item.iter_markers("needs") for name in mark.args]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test before its fixtures are made, where what it needs is missing."""
    why = {name: GUARDS[name].missing() for name in needed(item)}
    missing = [name for name in why if why[name]]
    if missing:
        item.user_properties.append((PROPERTY, missing))
        pytest.skip("; ".join(why[name] for name in missing))


def missed(report: Any) -> list[str]:
    """The guards for which a test was skipped."""
    return [name for key, names in report.user_properties if key == PROPERTY for name in names]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a test as failed that is skipped, or expected to fail, without a guard."""
    report = yield
    if report.skipped and not missed(report):
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)  # what pytest forgives
        report.longrepr = f"skipped by none of the guards in {__name__}: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Count a module as failed that skips itself."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped by none of the guards in {__name__}: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which guards did not run; workers send their reports, so this is all of them."""
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.section("guards")
    for line in table(Counter(name for report in skipped for name in missed(report))):
        terminalreporter.write_line(line)


def table(counts: Counter[str]) -> list[str]:
    """The lines about guards, given how many tests each was skipped for."""
    if not counts:
        return ["every guard that was asked for ran"]
    rows = [("did not run", "tests", "because", "remedy")]
    for guard in GUARDS.values():
        if counts[guard.name]:
            rows.append((guard.name, str(counts[guard.name]), guard.missing(), guard.remedy))
    wide = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(map(str.ljust, row, wide)).rstrip() for row in rows]
    if any(GUARDS[name].remedy == SYSTEM for name in counts):
        lines += ["", f"To install what is missing: {SYSTEM}"]
    return lines


# --- by hand, and for .ci/bare


def faults(log: str) -> list[str]:
    """What is wrong with the table of a run here in which every guard was asked for."""
    found = []
    for guard in GUARDS.values():
        row = re.search(rf"^{guard.name} +[1-9]\d* +.*{re.escape(guard.remedy)}$", log, re.M)
        if bool(row) != bool(guard.missing()):
            found.append(f"{guard.name}: {guard.missing() or 'can run'}, and the table: {row}")
    return found


def main(arguments: Iterable[str]) -> int:
    """Say what can run, or check the table of a run."""
    for log in arguments:
        wrong = faults(Path(log).read_text())
        print("\n".join(wrong) or "the table names every guard that cannot run here")
        return bool(wrong)
    for guard in GUARDS.values():
        print(f"{guard.name:14}{guard.missing() or 'can run'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
