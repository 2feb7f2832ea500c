"""Whose file is it? What learning platforms and people make of names in an archive.

Moodle, "Download all submissions" (``mod/assign/classes/downloader.php`` of moodle/moodle): with
folders, the default since 3.1, ``Full Name_12345_assignsubmission_file/name.ipynb`` (older ones
end the folder in ``_file_``); without, ``Full Name_12345_assignsubmission_file_name.ipynb``.
Underscores in the name become blanks. A text typed in comes as
``…_assignsubmission_onlinetext/onlinetext.html``; with anonymous marking the name is
``Participant``; a team has its group's name, the default team no number. The number belongs to
student *and* assignment (table ``assign_user_mapping``), so a student is known by the name.

Canvas, "Download submissions" (``lib/content_zipper.rb`` of instructure/canvas-lms):
``lastfirst_LATE_111_222_name.ipynb``, where ``LATE`` is there for late ones only, the name is the
sortable one in small letters without punctuation, 111 is the user (the same in all assignments)
and 222 the file. Anonymous ones are ``anon_Ab1cD_222_name.ipynb``; a text or an address comes as
``lastfirst_111_text.html`` or ``…_link.html``. A second upload of the same name is numbered:
``name-1.ipynb``.

Plain: ``STUDENT/name.ipynb``, ``STUDENT/ASSIGNMENT/name.ipynb`` or ``STUDENT.zip``.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_MOODLE = r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_(?P<kind>[a-z]+)"
_MOODLE_FOLDER = re.compile(rf"{_MOODLE}_?")
_MOODLE_FILE = re.compile(rf"{_MOODLE}_(?P<file>.+)", re.DOTALL)
_CANVAS_FILE = re.compile(r"(?P<name>\w+?)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<name>\w+?)_(?:LATE_)?(?P<number>\d+)_(?P<file>(text|link)\.html)")
_CANVAS_ANONYMOUS = re.compile(
    r"(?:LATE_)?(?P<name>anon_[A-Za-z0-9]+)_\d+_(?P<file>.+)|"
    r"(?:LATE_)?(?P<other>anon_[A-Za-z0-9]+)_(?P<page>(text|link)\.html)",
    re.DOTALL,
)


class Owner(NamedTuple):
    """Whose file it is, and what is left of its path."""

    student: str
    number: str  # of the platform, or ''
    rest: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The names under which a list of students may know the owner."""
        return (f"{self.student}_{self.number}", self.number, self.student)


def owner_of(parts: tuple[str, ...], assignment: str) -> Owner | None:
    """Return whose file ``parts`` is, or None where no student can be read from it."""
    first, rest = parts[0], parts[1:]
    if rest:
        if moodle := _MOODLE_FOLDER.fullmatch(first):
            return Owner(moodle["name"], moodle["number"] or "", rest)
        inner = rest[1:] if rest[0] == assignment and len(rest) > 1 else rest
        return Owner(first, "", inner)
    if found := _lms_file(first):
        return found
    if first.lower().endswith(".zip") and len(first) > 4:
        return Owner(first[:-4], "", parts)
    return None


def _lms_file(name: str) -> Owner | None:
    if moodle := _MOODLE_FILE.fullmatch(name):
        return Owner(moodle["name"], moodle["number"] or "", (moodle["file"],))
    if hidden := _CANVAS_ANONYMOUS.fullmatch(name):
        return Owner(hidden["name"] or hidden["other"], "", (hidden["file"] or hidden["page"],))
    if canvas := _CANVAS_FILE.fullmatch(name) or _CANVAS_TEXT.fullmatch(name):
        student = f"{canvas['name']}_{canvas['number']}"
        return Owner(student, canvas["number"], (canvas["file"],))
    return None


def has_wrapper(paths: Iterable[tuple[str, ...]], assignment: str, expected: set[str]) -> bool:
    """Return whether all lies in one folder that is no student's, as when a folder is zipped."""
    found = list(paths)
    if (
        not found
        or len({parts[0] for parts in found}) != 1
        or _MOODLE_FOLDER.fullmatch(found[0][0])
    ):
        return False
    inner = [parts[1:] for parts in found]
    if not all(inner):
        return False
    if all(
        _lms_file(parts[0]) if len(parts) == 1 else _MOODLE_FOLDER.fullmatch(parts[0])
        for parts in inner
    ):
        return True
    folders = {parts[0] for parts in inner if len(parts) > 1 and parts[-1] in expected}
    return len(folders - {assignment}) > 1
