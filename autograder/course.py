"""A course: its folders, its exercises and its gradebook's address."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
