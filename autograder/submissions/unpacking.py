"""One student's files: out of their archives, and under the names that the exercise wants."""

import re
from datetime import datetime
from itertools import count
from pathlib import Path

from autograder.submissions.archives import Budget, Entry, Refused, copy, entries_of, folded

_COPIED = re.compile(r"(?P<stem>.+?)(?: ?\(\d+\)|-\d+| - Copy| copy)")  # by browsers and Canvas


def unpack(
    entries: list[Entry], staging: Path, budget: Budget, whole: Budget
) -> dict[tuple[str, ...], tuple[Path, datetime | None]]:
    """Write all files to numbered places in ``staging``; zips in them are unpacked, once."""
    found: dict[tuple[str, ...], tuple[Path, datetime | None]] = {}
    seen: set[tuple[str, ...]] = set()
    numbers = count()

    def add(entry: Entry, inner: bool) -> None:
        if entry.fault:
            raise Refused(entry.fault)
        place = staging / str(next(numbers))
        copy(entry, place, budget, whole)
        if not inner and entry.parts[-1].lower().endswith(".zip"):
            try:
                inside = list(entries_of(place))
            except Refused as error:
                raise Refused(f"of {entry.parts[-1]} nothing can be unpacked: {error}") from error
            for one in inside:
                parts = (*entry.parts[:-1], *one.parts)
                add(one._replace(parts=parts, when=entry.when), True)
            place.unlink()
            return
        if folded(entry.parts) in seen:
            raise Refused(
                f"{'/'.join(entry.parts)} is there twice, or under two names that some systems "
                "take for one"
            )
        seen.add(folded(entry.parts))
        found[entry.parts] = place, entry.when

    for entry in entries:
        add(entry, False)
    return found


def choose(
    found: dict[tuple[str, ...], tuple[Path, datetime | None]], expected: set[str]
) -> tuple[dict[str, tuple[Path, datetime | None]], list[str]]:
    """Give the notebooks the names that the exercise wants; return all files by name."""
    notes = []
    left = dict(found)
    made: dict[str, tuple[Path, datetime | None]] = {}
    for name in sorted(expected):
        books = [parts for parts in left if parts[-1].lower().endswith(".ipynb")]
        same = [parts for parts in books if parts[-1] == name]
        copied = [parts for parts in books if _without_copy_mark(parts[-1]) == name]
        any_one = books if len(expected) == 1 and len(books) == 1 else []
        candidates = [(name,)] if (name,) in left else same or copied or any_one
        if len(candidates) > 1:
            raise Refused(
                f"{name} is there more than once ("
                f"{', '.join('/'.join(parts) for parts in sorted(candidates)[:5])}); put the right "
                "one into a folder with the student's name, and collect that"
            )
        if candidates:
            made[name] = left.pop(candidates[0])
            if candidates[0][-1] != name:
                notes.append(f"{candidates[0][-1]} was taken for {name}.")
    for parts, one in left.items():
        name = "/".join(parts)
        if folded((name,)) in map(folded, ((other,) for other in made)):
            raise Refused(f"{name} is there twice, or under two names that some take for one")
        if any(folded((name.split("/", 1)[0],)) == folded((other,)) for other in made):
            raise Refused(f"{name} is a file and a folder at once")
        made[name] = one
    if not made:
        raise Refused("there is no file in it")
    return made, notes


def _without_copy_mark(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    found = _COPIED.fullmatch(stem)
    return f"{found['stem']}.{ending}" if found else ""
