"""Each exercise of the course, from its source to its release and its marks."""

import re
import shutil
from collections.abc import Iterator

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.course import Course
from autograder.exercises.publish import release
from autograder.grading.grade import grade
from tests.support.paths import ROOT
from tests.support.tiny_course import hand_in, released, solved

EXERCISES = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.md"))

FOREIGN_KERNEL = """\
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name in ("gensrc", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("real")
    shutil.copytree(ROOT / "solutions", root / "solutions")
    return Course(root)


def hidden_regions(text: str) -> Iterator[str]:
    for mark in ("SOLUTION", "HIDDEN TESTS"):
        yield from re.findall(rf"BEGIN {mark}\n(.*?)\n[^\n]*END {mark}", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", EXERCISES)
def test_real_release_has_neither_solutions_nor_hidden_tests(real: Course, name: str) -> None:
    release(real, [name])
    source = (real.solutions / name / f"{name}.md").read_text(encoding="utf-8")
    regions = list(hidden_regions(source))
    assert regions
    given = source
    for region in regions:
        given = given.replace(region, "")
    public = {line.strip() for line in given.splitlines()}
    secret = {line.strip() for region in regions for line in region.splitlines()} - public
    cells = released(real, name)["cells"]
    shown = {line.strip() for one in cells for line in "".join(one["source"]).splitlines()}
    assert not secret & shown
    assert "BEGIN " not in (real.release / name / f"{name}.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_in_a_foreign_kernel_says_one_sentence(real: Course, name: str) -> None:
    release(real, [name])
    notebook = nbformat.read(real.release / name / f"{name}.ipynb", as_version=4)
    first = next(one for one in notebook.cells if one.cell_type == "code")
    notebook.cells = [nbformat.v4.new_code_cell(FOREIGN_KERNEL), first]
    NotebookClient(notebook, allow_errors=True, kernel_name="python3", timeout=60).execute()
    (output,) = first.outputs
    (sentence,) = output.traceback
    assert "is not installed" in sentence
    assert "make lab" in sentence


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_gives_full_marks_to_its_author_and_none_to_a_blank(
    real: Course, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    release(real, [name])
    hand_in(real, "author", solved(real, name), name)
    hand_in(real, "blank", released(real, name), name)
    author, blank = grade(real, [name])
    assert author.message == blank.message == ""
    assert author.score == author.max_score > 0
    assert blank.score == 0
