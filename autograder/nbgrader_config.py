"""nbgrader's own commands and formgrader read this: ``cd autograder && nbgrader …``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from autograder.course import Course  # noqa: E402
from autograder.gradebook.settings import settings  # noqa: E402

get_config().merge(settings(Course(ROOT)))  # type: ignore[name-defined]  # noqa: F821
