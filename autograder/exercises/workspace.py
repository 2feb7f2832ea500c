"""The working folder of a student: it gets what was released, and loses nothing."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from autograder.course import TIMEOUT, Course, GraderError
from autograder.files import digest, files_in, read_record, write_record, write_whole

RECORD = ".released.json"
CONFIG = "nbgrader_config.py"

SETTINGS = f'''"""Settings of the Validate button; made by ``python -m autograder lab``."""

c = get_config()  # noqa: F821
c.Execute.timeout = {TIMEOUT}  # seconds, each cell
'''


def fill_lab(course: Course, folder: Path) -> list[str]:
    """Copy what is released into ``folder``; return one sentence for each thing of note.

    A file that the student has not touched since it was copied follows the release. One
    that was changed stays as it is; when the release changed too, the new one is put
    beside it as ``NAME.new.ipynb``, once.
    """
    if folder.exists() and not folder.is_dir():
        raise GraderError(f"{folder}: expected a folder to work in, got a file; choose another.")
    before = read_record(folder / RECORD)
    record = dict(before)
    said = []
    for path in _released(course):
        name = path.relative_to(course.release).as_posix()
        said.append(_place(folder, name, path.read_bytes(), record))
    if not (folder / CONFIG).exists():
        write_whole(folder / CONFIG, SETTINGS.encode())
    if record != before:
        write_record(folder / RECORD, record)
    return [sentence for sentence in said if sentence]


def _released(course: Course) -> Iterator[Path]:
    for name in course.assignments():
        if (course.release / name).is_dir():
            yield from files_in(course.release / name)


def _place(folder: Path, name: str, new: bytes, record: dict[str, str]) -> str:
    """Put the released file ``name`` into ``folder``; return a sentence, or ''."""
    target, offered, given = folder / name, digest(new), record.get(name)
    if target.is_dir():
        return f"{target}: not copied, because a folder of that name is in the way."
    current = digest(target.read_bytes()) if target.exists() else None
    if current not in (None, given, offered):  # the student's own work
        record[name] = offered
        return "" if given == offered else _place_beside(folder, name, new, record)
    record[name] = offered
    if current == offered:
        return ""
    write_whole(target, new)
    return f"{target}: {'copied' if current is None else 'brought up to date'}."


def _place_beside(folder: Path, name: str, new: bytes, record: dict[str, str]) -> str:
    """Put ``new`` beside the changed file ``name``, under a name that loses nothing."""
    target, offered = folder / name, digest(new)
    for number in count(1):
        mark = ".new" if number == 1 else f".new-{number}"
        other = target.with_name(f"{target.stem}{mark}{target.suffix}")
        key = other.relative_to(folder).as_posix()
        if not other.exists() or digest(other.read_bytes()) in (offered, record.get(key)):
            break
    write_whole(other, new)
    record[key] = offered
    return (
        f"{target}: the exercise changed since you began; your work was kept, and the new "
        f"version is beside it as {other.name}."
    )
