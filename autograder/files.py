"""Files of a course: written whole or not at all, compared by digests, locked while graded."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from autograder.course import Course, GraderError

Record = dict[str, Any]  # a JSON object in a file


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of ``parts``; where one part ends matters."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digest_folder(folder: Path) -> str:
    """Return the SHA-256 of the names and bytes of all files in ``folder``."""
    parts = []
    for path in files_in(folder):
        parts += [os.fsencode(path.relative_to(folder)), path.read_bytes()]
    return digest(*parts)


def files_in(folder: Path) -> list[Path]:
    """Return the regular files below ``folder`` in order, without hidden ones and caches."""

    def visible(path: Path) -> bool:
        parts = path.relative_to(folder).parts
        return not any(part.startswith(".") or part == "__pycache__" for part in parts)

    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if visible(path))


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``; an interrupted call leaves the old file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)


def replace_folder(new: Path, target: Path) -> None:
    """Put the folder ``new`` in the place of ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)


def read_record(path: Path) -> Record:
    """Return the JSON object in ``path``, or an empty one when it is missing or damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(path: Path, record: Record) -> None:
    """Write ``record`` to ``path`` as JSON."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode())


@contextmanager
def course_lock(course: Course) -> Iterator[None]:
    """Hold the lock of a course, so that no other grader writes to it.

    Raises:
        GraderError: another one holds it.
    """
    course.grader.mkdir(parents=True, exist_ok=True)
    lock = FileLock(course.grader / ".grading.lock")
    try:
        with lock.acquire(timeout=1):
            yield
    except Timeout:
        raise GraderError(
            f"{course.grader}: another grader is at work here; wait until it has finished, and "
            "start again: what it has done is not done twice."
        ) from None
