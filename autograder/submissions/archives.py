"""Reading what an LMS or a student has packed: no path leaves its place, no bomb is unpacked.

Nothing here trusts what an archive says of itself: names are checked one by one, links and
devices are refused, and bytes are counted while they stream, whatever size was declared.
"""

import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from autograder.submissions.problems import MAX_FILES, MAX_NOTEBOOK_BYTES

MAX_ENTRIES = 100_000  # files of a whole class
MAX_LIST_BYTES = 16 << 20  # bytes of the list of files in an archive
MAX_CLASS_BYTES = 20 << 30  # bytes that a whole class may unpack to
MAX_RATIO, SMALL = 200, 5_000_000  # unpacked to packed, for all that is not small
MAX_NAME_BYTES = 200  # bytes

_JUNK = {"__MACOSX", "Thumbs.db", "desktop.ini"}
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
    *(RuntimeError, NotImplementedError, OverflowError),
)


class Refused(Exception):
    """Why something was not unpacked, in a sentence without a subject."""


class Entry(NamedTuple):
    """One file of a folder or an archive."""

    parts: tuple[str, ...]
    fault: str  # why it must not be unpacked, or ''
    packed: int  # bytes in the archive
    when: datetime | None
    open: Callable[[], IO[bytes]]


class Budget:
    """Counts files and bytes, and refuses what is beyond the bounds."""

    def __init__(self, files: int = MAX_FILES, size: int = 2 * MAX_NOTEBOOK_BYTES) -> None:
        self.files, self.size = files, size

    def file(self) -> None:
        """Count a file."""
        self.files -= 1
        if self.files < 0:
            raise Refused(f"more than {MAX_FILES} files were handed in; ask for the notebook alone")

    def take(self, number: int) -> None:
        """Count the bytes of a piece."""
        self.size -= number
        if self.size < 0:
            raise Refused(
                f"more than {2 * MAX_NOTEBOOK_BYTES / 1e6:.0f} MB were handed in; ask for the "
                "notebook alone"
            )


def folded(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``parts`` as a system sees them that does not tell capital letters from small."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)


def copy(entry: Entry, target: Path, *budgets: Budget) -> None:
    """Write the content of ``entry`` to the new file ``target``, counting every byte."""
    for budget in budgets:
        budget.file()
    done = 0
    try:
        with entry.open() as source, target.open("xb") as file:
            while piece := source.read(1 << 16):
                done += len(piece)
                for budget in budgets:
                    budget.take(len(piece))
                if done > max(SMALL, MAX_RATIO * entry.packed):
                    raise Refused(
                        f"{entry.parts[-1]} unpacks to more than {MAX_RATIO} times its size, as "
                        "only traps do"
                    )
                file.write(piece)
    except zipfile.BadZipFile as error:
        raise Refused(f"{entry.parts[-1]} is damaged in the archive ({error})") from error
    except RuntimeError as error:
        if "password" in str(error):
            raise Refused(
                f"{entry.parts[-1]} is locked with a password; ask for it without one"
            ) from error
        raise Refused(f"{entry.parts[-1]} cannot be unpacked ({error})") from error
    except _DAMAGE as error:
        raise Refused(f"{entry.parts[-1]} cannot be read ({error})") from error


def entries_of(path: Path) -> Iterator[Entry]:
    """Yield the files of a folder, or of a zip archive, in order.

    Raises:
        Refused: it is neither, or has more files than a class hands in.
    """
    found = _in_folder(path, ()) if path.is_dir() else _in_zip(path)
    for number, entry in enumerate(found):
        if number == MAX_ENTRIES:
            raise Refused(f"it has more than {MAX_ENTRIES} files; collect it in parts")
        if not _is_junk(entry.parts):
            yield entry


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(part in _JUNK or (part[0] == "." and part != "..") for part in parts if part)


def _in_folder(folder: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
    for one in sorted(os.scandir(folder), key=lambda one: one.name):
        here = (*parts, one.name)
        status = one.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield from _in_folder(Path(one.path), here)
            continue

        def open_it(place: str = one.path) -> IO[bytes]:
            return open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")

        fault = _fault_of_path(here) or _fault_of_kind(here[-1], status.st_mode)
        when = _sane(status.st_mtime)
        yield Entry(here, fault, status.st_size, when, open_it)


def _in_zip(path: Path) -> Iterator[Entry]:
    try:
        _check_list(path)
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise Refused(f"it is no zip archive that can be read ({error})") from error
    for info in archive.infolist():  # it is closed with the last of the entries
        name = info.orig_filename.replace("\\", "/")
        if name.endswith("/"):
            continue
        mode = info.external_attr >> 16 if info.create_system == 3 else 0
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        fault = (
            "" if not name.startswith("/") else f"{name[:80]!r} begins at the root of the system"
        )
        fault = fault or _fault_of_path(parts)
        if not fault and stat.S_IFMT(mode):
            fault = _fault_of_kind(parts[-1], mode)
        if info.compress_type not in _PACKED:
            fault = fault or f"{parts[-1]} is packed in a rare way; ask for a common zip"

        def open_it(info: zipfile.ZipInfo = info) -> IO[bytes]:
            return archive.open(info)

        yield Entry(parts or ("?",), fault, info.compress_size, _time_of(info), open_it)


def _check_list(path: Path) -> None:
    """Refuse an archive whose list of files alone would fill the memory."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        raise Refused("it is not a zip archive, or not all of it is there")
    (length,) = struct.unpack_from("<I", tail, place + 12)
    if length > MAX_LIST_BYTES:
        raise Refused("it has more files than a class hands in; collect it in parts")


def _fault_of_path(parts: tuple[str, ...]) -> str:
    """Return why a path must not be made, or ''."""
    shown = "/".join(parts)[:80]
    if not parts or ".." in parts:
        return f"{shown!r} leads out of its folder"
    for part in parts:
        if part[1:2] == ":":
            return f"{shown!r} names a drive"
        if len(part.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
            return f"{shown!r}… has a name of more than {MAX_NAME_BYTES} bytes"
        if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in part):
            return f"{shown!r} has a letter that no name may have"
    return ""


def _fault_of_kind(name: str, mode: int) -> str:
    return "" if stat.S_ISREG(mode) else f"{name} is a link or a device and not a file"


def _time_of(info: zipfile.ZipInfo) -> datetime | None:
    """Return when a file of an archive was written: its time in UTC, or that of a wall clock."""
    extra, place = info.extra, 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        if kind == 0x5455 and size >= 5 and place + 9 <= len(extra) and extra[place + 4] & 1:
            return _sane(struct.unpack_from("<i", extra, place + 5)[0])
        place += 4 + size
    try:
        return _sane(datetime(*info.date_time).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _sane(seconds: float) -> datetime | None:
    """Return a time that a submission can have, or None."""
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when if when.year >= 2000 and when <= datetime.now(UTC) else None
