"""What is installed: every module of both packages, and the files that they read."""

import tomllib
from pathlib import Path

import pytest
from setuptools import Distribution

from tests.support.paths import ROOT

MADE = {"source", "release", "submitted", "autograded", "feedback", "__pycache__"}  # by grading


@pytest.fixture
def distribution(monkeypatch: pytest.MonkeyPatch) -> Distribution:
    monkeypatch.chdir(ROOT)
    made = Distribution()
    made.parse_config_files(["pyproject.toml"])
    return made


def test_every_folder_with_a_module_is_a_package_that_is_installed(
    distribution: Distribution,
) -> None:
    folders = {
        path.parent.relative_to(ROOT)
        for package in ("gensrc", "autograder")
        for path in (ROOT / package).rglob("*.py")
        if not MADE & {*path.relative_to(ROOT).parts}
    }
    assert {Path(*name.split(".")) for name in distribution.packages} == folders


def test_every_file_that_is_no_module_is_installed_beside_its_package(
    distribution: Distribution,
) -> None:
    installed = {
        path
        for package, patterns in distribution.package_data.items()
        for pattern in patterns
        for path in Path(*package.split(".")).glob(pattern)
        if path.is_file()
    }
    needed = {
        path
        for package in distribution.packages
        for path in Path(*package.split(".")).glob("**/*")
        if path.suffix in (".md", ".html", ".j2", ".css", ".json") and not MADE & {*path.parts}
    }
    assert needed
    assert installed == needed


def test_entry_points_can_be_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for group in project["entry-points"].values():
        for place in group.values():
            module, _, name = place.partition(":")
            assert hasattr(__import__(module, fromlist=[name]), name)
