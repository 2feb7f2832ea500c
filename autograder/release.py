"""From the exercises as written to the exercises as released."""

import json
import shutil
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException

from autograder.course import (
    Course,
    GraderError,
    digest,
    digest_folder,
    files_in,
    read_record,
    replace_folder,
    write_record,
)
from autograder.settings import STUB, Explained, converter, open_gradebook, settings

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class _Generate(Explained, GenerateAssignment):  # type: ignore[misc]
    pass


def release(course: Course, assignments: list[str]) -> list[str]:
    """Release ``assignments``; return those that had to be made anew.

    An exercise is made anew when its folder in ``solutions/`` changed since its last
    release, or when the release or the gradebook lost it. Equal sources give equal bytes.

    Raises:
        GraderError: an exercise that cannot be released; its former release stays.
    """
    record_path = course.source / ".released.json"
    made = []
    for name in course.choose(assignments):
        record = read_record(record_path)
        wanted = digest(digest_folder(course.solutions / name).encode(), STUB.encode())
        if record.get(name) != [wanted, _produced(course, name)]:
            _make(course, name)
            record[name] = [wanted, _produced(course, name)]
            write_record(record_path, record)
            made.append(name)
    return made


def source_stamp(course: Course, name: str) -> str:
    """Return what identifies the tests of the exercise ``name`` as they are now."""
    return digest_folder(course.source / name)


def _produced(course: Course, name: str) -> str:
    """Return the digest of everything that a release of ``name`` has left, or ''."""
    folders = [course.source / name, course.release / name]
    if not all(folder.is_dir() for folder in folders) or not _in_gradebook(course, name):
        return ""
    return digest(*(digest_folder(folder).encode() for folder in folders))


def _in_gradebook(course: Course, name: str) -> bool:
    with open_gradebook(course) as gradebook:
        try:
            notebooks = gradebook.find_assignment(name).notebooks
        except MissingEntry:
            return False
        expected = {path.stem for path in (course.source / name).glob("*.ipynb")}
        return {notebook.name for notebook in notebooks} == expected


def _make(course: Course, name: str) -> None:
    staging = course.grader / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _convert_sources(course.solutions / name, staging / "source" / name)
        config = settings(course)
        config.CourseDirectory.source_directory = str(staging / "source")
        config.CourseDirectory.release_directory = str(staging / "release")
        open_gradebook(course).close()
        generate = converter(_Generate, config, assignment_id=name)
        try:
            generate.start()
        except NbGraderException as error:
            reason = generate.reason or error
            raise GraderError(f"{name}: the exercise cannot be released: {reason}") from error
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
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
        elif path.suffix == ".md" and _is_myst(path.read_text(encoding="utf-8")):
            notebook = jupytext.read(path, fmt="md:myst")
        else:
            return None
    except Exception as error:
        raise GraderError(f"{path}: expected a notebook, got: {error}") from error
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
        raise ValueError(f"a header that is not YAML ({json.dumps(str(error))})") from error
    return isinstance(header, dict) and not header.keys().isdisjoint({"jupytext", "kernelspec"})
