"""The guards: what is skipped is told at the end, and nothing is skipped in another way."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.guards import GUARDS, SYSTEM, faults
from tests.support.paths import ROOT

SUITE = """\
import pytest

@pytest.mark.needs("browser")
def test_marked(): pass

def test_by_fixture(browser): pass

@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_thrice(n): pass

@pytest.fixture
def browser(): raise AssertionError("the fixture of a skipped test is not made")
"""
HIDDEN = {"PATH": "/nowhere", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(place: Path, *texts: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a suite of these files on a machine with nothing."""
    for number, text in enumerate(texts):
        (place / f"test_{number}.py").write_text(text)
    base = ["-p", "tests.support.guards", "-c", "/dev/null", "--rootdir", str(place), "-q"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *base, *options, str(place)],
        cwd=ROOT,
        env=HIDDEN,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_the_table_counts_what_was_skipped(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run(tmp_path, SUITE, options=options)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert re.search(rf"^browser +2 +chromium is not installed +{SYSTEM}$", said, re.M)
    assert re.search(rf"^sandbox +3 +bubblewrap is not installed +{SYSTEM}$", said, re.M)
    assert said.count(f"To install what is missing: {SYSTEM}") == 1
    assert "gpu" not in said


def test_the_table_is_short_where_everything_ran(tmp_path: Path) -> None:
    done = run(tmp_path, "def test_it(): pass")
    assert "every guard that was asked for ran" in done.stdout


def test_the_mark_selects_the_tests_of_a_fixture_too(tmp_path: Path) -> None:
    said = run(tmp_path, SUITE + "\ndef test_plain(): pass", options=["-m", "needs"]).stdout
    assert "5 skipped, 1 deselected" in said


OTHER_WAYS = [
    "import pytest\ndef test_it(): pytest.skip('never mind')",
    "import pytest\n@pytest.mark.skipif(True, reason='never mind')\ndef test_it(): pass",
    "import pytest\npytest.skip('never mind', allow_module_level=True)",
    "import pytest\nthere = pytest.importorskip('never_mind', reason='never mind')",
    "import pytest\n@pytest.mark.xfail(reason='never mind')\ndef test_it(): assert 0",
    "import unittest\nclass TestIt(unittest.TestCase):\n"
    "    @unittest.skip('never mind')\n    def test_it(self): pass",
]


def test_a_test_that_is_skipped_in_another_way_fails(tmp_path: Path) -> None:
    done = run(tmp_path, *OTHER_WAYS, options=["--continue-on-collection-errors"])
    assert done.returncode != 0
    assert done.stdout.count("skipped by none of the guards") >= len(OTHER_WAYS)
    assert "3 failed, 3 errors in " in done.stdout


@pytest.mark.parametrize("text", [OTHER_WAYS[2], OTHER_WAYS[4]], ids=["module", "xfail"])
def test_one_of_them_is_enough(tmp_path: Path, text: str) -> None:
    assert run(tmp_path, text).returncode != 0


def test_a_guard_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "import pytest\n@pytest.mark.needs('moon')\ndef test_it(): pass")
    assert done.returncode != 0
    assert "test_it needs ['moon']; the guards: ['sandbox'," in done.stderr + done.stdout


def test_no_file_skips_by_itself() -> None:
    """Found by reading, so that it is red where nothing is missing too."""
    word = re.compile(r"pytest\.(skip|importorskip|xfail|mark\.(skip|skipif|xfail))\b|NBVAL_SKIP")
    places = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "gensrc").rglob("*.py")]
    places += (ROOT / "book" / "chapters").glob("*.md")
    own = {Path(__file__), ROOT / "tests" / "support" / "guards.py"}
    found = [path for path in places if path not in own and word.search(path.read_text("utf-8"))]
    assert len(places) > 100
    assert not found


def test_a_table_that_forgets_a_guard_is_noticed() -> None:
    missing = [guard for guard in GUARDS.values() if guard.missing()]
    table = "\n".join(f"{g.name}  7  {g.missing()}  {g.remedy}" for g in missing)
    assert faults(table) == []
    there = next(guard for guard in GUARDS.values() if not guard.missing())
    assert len(faults(f"{table}\n{there.name}  7  because  {there.remedy}")) == 1
    assert len(faults("")) == len(missing)
