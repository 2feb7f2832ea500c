"""From one exercise as written to its notebooks with and without answers (by nbgrader)."""

import shutil
import tempfile
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment

from autograder.course import Course, GraderError
from autograder.files import files_in, replace_folder
from autograder.gradebook.nbgrader_api import Explained, open_gradebook, run_converter
from autograder.gradebook.settings import settings

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

REMEDY = (
    "; to drop them from the gradebook and grade them anew, run in autograder/: "
    "nbgrader db assignment remove {} --force"
)


class _Generate(Explained, GenerateAssignment):  # type: ignore[misc]
    pass


def make_release(course: Course, name: str) -> None:
    """Make the source, the release and the gradebook's entry of the exercise ``name``.

    Raises:
        GraderError: the exercise cannot be released; its former release stays.
    """
    course.source.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=course.source))
    try:
        _convert_sources(course.solutions / name, staging / "source" / name)
        config = settings(course)
        config.CourseDirectory.source_directory = str(staging / "source")
        config.CourseDirectory.release_directory = str(staging / "release")
        open_gradebook(course).close()
        failure = run_converter(_Generate, config, assignment=name)
        if failure:
            remedy = REMEDY.format(name) if "submissions associated" in str(failure) else ""
            words = " ".join(str(failure).split())[:300]
            raise GraderError(f"{name}: cannot be released: {words}{remedy}") from failure
        replace_folder(staging / "source" / name, course.source / name)
        replace_folder(staging / "release" / name, course.release / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _convert_sources(folder: Path, target: Path) -> None:
    """Write the notebooks of an exercise, and the files beside them, to ``target``."""
    target.mkdir(parents=True)
    found = False
    for path in files_in(folder):
        place = target / path.relative_to(folder)
        notebook = read_source(path)
        if notebook is not None:
            nbformat.write(notebook, place.with_suffix(".ipynb"))
            found = True
        elif path.suffix != ".md":
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    if not found:
        raise GraderError(
            f"{folder}: there is no exercise in this folder; expected {folder.name}.md (a MyST "
            "notebook with a jupytext header) or a notebook."
        )


def read_source(path: Path) -> NotebookNode | None:
    """Return the notebook written in ``path``, or None for any other file.

    Cells get ids that depend on their place only, and keep no outputs.

    Raises:
        GraderError: a notebook that cannot be read.
    """
    try:
        notebook: NotebookNode
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
        elif path.suffix == ".md" and _is_myst(path.read_text(encoding="utf-8")):
            notebook = jupytext.read(path, fmt="md:myst")
        else:
            return None
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        raise GraderError(f"{path}: expected a notebook, got: {words}") from error
    notebook.metadata.pop("jupytext", None)
    notebook.metadata.setdefault("kernelspec", KERNEL)
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index:03d}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _is_myst(text: str) -> bool:
    """Return whether ``text`` begins with the header that jupytext gives a notebook."""
    if not text.startswith("---\n"):
        return False
    try:
        header = yaml.safe_load(text[4:].split("\n---", 1)[0])
    except yaml.YAMLError as error:
        raise ValueError(f"a header that is not YAML: {error}") from error
    return isinstance(header, dict) and not header.keys().isdisjoint({"jupytext", "kernelspec"})
