"""New gradebooks of the tests' courses are copies of one: nbgrader takes three seconds to make one.

It starts the program alembic, which imports nbgrader, to write down the version of the tables.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from nbgrader.api import Gradebook

from tests.support.sharing import shared_folder

FILE = "sqlite:///"


def is_first(path: Path) -> bool:
    """Return whether a course has had no gradebook yet: one that was lost is really made again."""
    folder = path.parent
    return folder.is_dir() and not path.exists() and not (folder / "source/.released.json").exists()


@pytest.fixture(scope="session", autouse=True)
def _gradebooks_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a course's first gradebook be a copy of one that nbgrader has made in this run."""
    folder = shared_folder(tmp_path_factory)
    template, make = folder / "template.db", Gradebook.__init__

    def begin(self: Gradebook, url: str, *more: Any, **options: Any) -> None:
        path = Path(url.removeprefix(FILE))
        if url.startswith(FILE) and is_first(path):
            with FileLock(folder / "template.lock"):
                if not template.exists():
                    make(self, f"{FILE}{template}.part", *more, **options)
                    self.close()
                    template.with_name("template.db.part").replace(template)
            shutil.copyfile(template, path)
        make(self, url, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gradebook, "__init__", begin)
        yield
