"""Where a course keeps its things, and how a file is written whole or not at all."""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STUB = (
    '# Write your answer here; delete the next line.\nraise NotImplementedError("not answered yet")'
)
TIMEOUT = 60  # seconds for each cell, when graded and when validated


class GraderError(Exception):
    """Something that a person can put right; the message is one sentence that says how."""


@dataclass(frozen=True)
class Course:
    """The folders of a course, all derived from its root."""

    root: Path
    url: str = ""  # of the gradebook; '' for what the settings say

    @property
    def solutions(self) -> Path:
        """The exercises as their authors write them."""
        return self.root / "solutions"

    @property
    def grader(self) -> Path:
        """The folder in which nbgrader works."""
        return self.root / "autograder"

    @property
    def source(self) -> Path:
        """The exercises as notebooks, with solutions and tests."""
        return self.grader / "source"

    @property
    def release(self) -> Path:
        """The exercises as students get them."""
        return self.grader / "release"

    @property
    def submitted(self) -> Path:
        """What students handed in; only collecting writes to it."""
        return self.grader / "submitted"

    @property
    def autograded(self) -> Path:
        """The submissions after their tests have run."""
        return self.grader / "autograded"

    @property
    def feedback(self) -> Path:
        """One page per submission."""
        return self.grader / "feedback"

    @property
    def marks(self) -> Path:
        """The table of marks."""
        return self.grader / "marks.csv"

    @property
    def database(self) -> str:
        """The gradebook, as a URL: asked for, or set in ``course.toml``, or a file here."""
        return self.url or self._configured() or f"sqlite:///{self.grader / 'gradebook.db'}"

    def _configured(self) -> str:
        path = self.root / "course.toml"
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("database", "")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise GraderError(f"{path}: cannot be read: {error}.") from error
        if not isinstance(found, str):
            raise GraderError(f'{path}: expected database = "URL of the gradebook", got {found!r}.')
        return found

    @property
    def has_gradebook(self) -> bool:
        """Whether there is a gradebook, or it is somewhere else and can be asked only."""
        here = self.grader / "gradebook.db"
        return self.database != f"sqlite:///{here}" or here.exists()

    def assignments(self) -> list[str]:
        """Return the names of all exercises, in order."""
        if not self.solutions.is_dir():
            raise GraderError(
                f"{self.solutions}: there is no such folder; give the folder of the course "
                "with --course."
            )
        folders = (path for path in self.solutions.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if not path.name.startswith((".", "_")))

    def choose(self, names: Iterable[str]) -> list[str]:
        """Return ``names``, or all exercises when there are none; each must exist."""
        known = self.assignments()
        chosen = list(names) or known
        for name in chosen:
            if name not in known:
                raise GraderError(
                    f"{name}: there is no exercise of that name; expected one of "
                    f"{', '.join(known) or '(none yet)'}."
                )
        return chosen


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


def read_record(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``, or an empty one when it is missing or damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write ``record`` to ``path`` as JSON."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode())
