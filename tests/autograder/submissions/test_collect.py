"""Collecting: every LMS's names, no path that leaves, no bomb, and nothing of anybody's lost."""

import io
import os
import stat
import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.__main__ import main
from autograder.course import Course, GraderError
from autograder.files import digest_folder
from autograder.submissions import archives
from autograder.submissions.archives import Refused, entries_of
from autograder.submissions.collect import Collected, collect, collected_at
from autograder.submissions.files import TIMESTAMP, Submission, read_submission
from autograder.submissions.lms import owner_of
from tests.support.tiny_course import tiny_course

NOON = datetime(2026, 3, 4, 12, 0, 0)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course(tmp_path / "course")


def entry(name: str, *, when: datetime = NOON, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, when.timetuple()[:6])
    info.orig_filename = info.filename = name  # as it is, whatever ZipInfo makes of it
    info.create_system, info.external_attr = 3, (mode or stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def packed(*files: tuple[str | zipfile.ZipInfo, bytes | str]) -> bytes:
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as archive:
        for name, content in files:
            archive.writestr(entry(name) if isinstance(name, str) else name, content)
    return room.getvalue()


def take(course: Course, content: bytes, *, force: bool = False) -> list[Collected]:
    path = course.root / "all.zip"
    path.write_bytes(content)
    return collect(course, "tiny", [path], force=force)


def lying(course: Course) -> dict[str, str]:
    """All that has been collected: path and content."""
    return {
        path.relative_to(course.submitted).as_posix(): path.read_text()
        for path in sorted(course.submitted.rglob("*"))
        if path.is_file() and path.name != TIMESTAMP
    }


def only(results: list[Collected], student: str) -> Collected:
    (one,) = (one for one in results if one.student == student)
    return one


# --- whose it is


@pytest.mark.parametrize(
    ("path", "student", "rest"),
    [
        ("Full Name_12345_assignsubmission_file_/tiny.ipynb", "Full Name", "tiny.ipynb"),
        ("Full Name_12345_assignsubmission_file/a/tiny.ipynb", "Full Name", "a/tiny.ipynb"),
        ("Full Name_12345_assignsubmission_file_tiny.ipynb", "Full Name", "tiny.ipynb"),
        ("Full Name_12345_assignsubmission_file_my_work.ipynb", "Full Name", "my_work.ipynb"),
        ("A B_1_assignsubmission_onlinetext/onlinetext.html", "A B", "onlinetext.html"),
        ("Default group_assignsubmission_file/tiny.ipynb", "Default group", "tiny.ipynb"),
        ("lastfirst_111_222_tiny.ipynb", "lastfirst_111", "tiny.ipynb"),
        ("lastfirst_LATE_111_222_tiny-1.ipynb", "lastfirst_111", "tiny-1.ipynb"),
        ("lastfirst_111_222_my_3_4_x.ipynb", "lastfirst_111", "my_3_4_x.ipynb"),
        ("lästname_111_222_tiny.ipynb", "lästname_111", "tiny.ipynb"),
        ("lastfirst_LATE_111_text.html", "lastfirst_111", "text.html"),
        ("LATE_anon_Ab1cD_222_tiny.ipynb", "anon_Ab1cD", "tiny.ipynb"),
        ("s01/tiny.ipynb", "s01", "tiny.ipynb"),
        ("s01/tiny/tiny.ipynb", "s01", "tiny.ipynb"),
        ("s01/other/tiny.ipynb", "s01", "other/tiny.ipynb"),
        ("s01.zip", "s01", "s01.zip"),
    ],
)
def test_names_of_moodle_canvas_and_people(path: str, student: str, rest: str) -> None:
    owner = owner_of(tuple(path.split("/")), "tiny")
    assert owner is not None
    assert (owner.student, "/".join(owner.rest)) == (student, rest)


def test_a_file_of_nobody_is_said_and_the_others_collected(course: Course) -> None:
    results = take(course, packed(("read me.txt", "x"), ("s01/tiny.ipynb", "one")))
    assert only(results, "s01").outcome == "new"
    assert "no student can be read from its name" in only(results, "read me.txt").notes[0]
    assert lying(course) == {"s01/tiny/tiny.ipynb": "one"}


@pytest.mark.parametrize(
    "names",
    [
        ("in/s01/tiny.ipynb", "in/s02/tiny.ipynb"),
        ("in/s01/tiny/tiny.ipynb", "in/s02/tiny/tiny.ipynb"),
        ("in/s01_1_2_tiny.ipynb", "in/s02_1_3_tiny.ipynb"),
        ("in/s01_1_assignsubmission_file/tiny.ipynb", "in/s02_2_assignsubmission_file/tiny.ipynb"),
    ],
)
def test_a_folder_around_all_is_no_student(course: Course, names: tuple[str, str]) -> None:
    results = take(course, packed(*((name, name) for name in names)))
    assert [one.student[:3] for one in results] == ["s01", "s02"]
    assert list(lying(course).values()) == list(names)


def test_a_single_student_is_no_folder_around_all(course: Course) -> None:
    (one,) = take(course, packed(("s01/tiny/tiny.ipynb", "one"), ("s01/tiny/data.csv", "1")))
    assert one.student == "s01"
    assert set(lying(course)) == {"s01/tiny/tiny.ipynb", "s01/tiny/data.csv"}


def test_two_of_one_name_are_kept_apart_and_a_table_names_them(course: Course) -> None:
    content = packed(
        ("Same Name_1_assignsubmission_file/tiny.ipynb", "one"),
        ("Same Name_2_assignsubmission_file/tiny.ipynb", "two"),
        ("Rare Name_3_assignsubmission_file/tiny.ipynb", "three"),
    )
    take(course, content)
    assert lying(course) == {
        "Same Name_1/tiny/tiny.ipynb": "one",
        "Same Name_2/tiny/tiny.ipynb": "two",
        "Rare Name/tiny/tiny.ipynb": "three",
    }
    table = course.root / "names.csv"
    table.write_text("Same Name_1,s01\n2,s02\nRare Name,s03\n")
    collect(course, "tiny", [course.root / "all.zip"], names=table)
    assert {name: text for name, text in lying(course).items() if name.startswith("s0")} == {
        "s01/tiny/tiny.ipynb": "one",
        "s02/tiny/tiny.ipynb": "two",
        "s03/tiny/tiny.ipynb": "three",
    }
    table.write_text("Same Name_1\n")
    with pytest.raises(GraderError, match="line 1: expected two columns"):
        collect(course, "tiny", [course.root / "all.zip"], names=table)


# --- what is taken


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["tiny (1).ipynb"], "tiny (1).ipynb"),
        (["tiny-1.ipynb"], "tiny-1.ipynb"),
        (["homework.ipynb"], "homework.ipynb"),
        (["deep/er/tiny.ipynb"], "deep/er/tiny.ipynb"),
        (["tiny.ipynb", "old/tiny.ipynb", "tiny (1).ipynb"], "tiny.ipynb"),
    ],
)
def test_the_notebook_gets_the_name_of_the_exercise(
    course: Course, names: list[str], kept: str
) -> None:
    take(course, packed(*((f"s01/{name}", name) for name in names)))
    assert lying(course)["s01/tiny/tiny.ipynb"] == kept


def test_which_of_two_is_meant_is_not_guessed(course: Course) -> None:
    inner = packed(("a/tiny.ipynb", "1"), ("b/tiny.ipynb", "2"))
    (one,) = take(course, packed(("s01.zip", inner)))
    assert one.outcome == "refused"
    assert "tiny.ipynb is there more than once (a/tiny.ipynb, b/tiny.ipynb)" in one.notes[0]
    assert lying(course) == {}


def test_archives_in_the_archive_are_unpacked_once(course: Course) -> None:
    deepest = packed(("tiny.ipynb", "too deep"))
    inner = packed(("work/tiny.ipynb", "one"), ("work/more.zip", deepest), ("__MACOSX/._x", "x"))
    results = take(course, packed(("s01.zip", inner), ("s02/hand in.ZIP", inner)))
    assert [one.outcome for one in results] == ["new", "new"]
    for student in ("s01", "s02"):
        folder = course.submitted / student / "tiny"
        assert (folder / "tiny.ipynb").read_text() == "one"
        assert (folder / "work" / "more.zip").read_bytes() == deepest
        assert not list(folder.rglob("._x"))


def test_a_folder_is_collected_as_an_archive_is(course: Course, tmp_path: Path) -> None:
    place = tmp_path / "in"
    for name in ("s01/tiny.ipynb", "s02/tiny/tiny.ipynb", "s03_1_2_tiny.ipynb"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    (place / "s04.zip").write_bytes(packed(("tiny.ipynb", "four")))
    (place / "s05").mkdir()
    (place / "s05" / "tiny.ipynb").symlink_to("/etc/passwd")
    (place / "s06").mkdir()
    os.mkfifo(place / "s06" / "tiny.ipynb")
    results = collect(course, "tiny", [place])
    assert {one.student: one.outcome for one in results} == {
        **dict.fromkeys(("s01", "s02", "s03_1", "s04"), "new"),
        **dict.fromkeys(("s05", "s06"), "refused"),
    }
    assert "tiny.ipynb is a link or a device and not a file" in only(results, "s05").notes[0]
    assert lying(course)["s04/tiny/tiny.ipynb"] == "four"


# --- nobody gets out, nothing explodes


def beside(content: bytes) -> bytes:
    """An archive of a student whose part is ``content``, beside an honest one."""
    return packed(("s02.zip", content), ("s03/tiny.ipynb", "honest"))


EVIL = {
    "up": (packed(("../../escaped.ipynb", "x")), "leads out of its folder"),
    "up in the middle": (packed(("a/../../escaped.ipynb", "x")), "leads out of its folder"),
    "windows up": (packed(("..\\..\\escaped.ipynb", "x")), "leads out of its folder"),
    "root": (packed(("/tmp/escaped.ipynb", "x")), "begins at the root"),
    "windows root": (packed(("\\\\host\\escaped.ipynb", "x")), "begins at the root"),
    "drive": (packed(("C:\\escaped.ipynb", "x")), "names a drive"),
    "drive inside": (packed(("a/C:escaped.ipynb", "x")), "names a drive"),
    "line": (packed(("a\nb.ipynb", "x")), "a letter that no name may have"),
    "long": (packed(("a" * 300 + ".ipynb", "x")), "more than 200 bytes"),
    "link": (packed((entry("tiny.ipynb", mode=stat.S_IFLNK | 0o777), "/etc/passwd")), "is a link"),
    "device": (packed((entry("tiny.ipynb", mode=stat.S_IFCHR | 0o666), "")), "or a device"),
    "case": (packed(("tiny.ipynb", "1"), ("Tiny.ipynb", "2")), "is there twice"),
    "form": (packed(("a\u0301.txt", "1"), ("\u00e1.txt", "2")), "is there twice"),
    "many": (packed(*((f"{n}.txt", "") for n in range(150))), "more than 100 files"),
    "large": (packed(*((f"{n}.txt", os.urandom(2**20) * 5) for n in range(10))), "than 40 MB"),
    "ratio": (packed(("tiny.ipynb", bytes(30_000_000))), "more than 200 times its size"),
    "cut off": (packed(("tiny.ipynb", "x" * 99))[:-30], "not all of it is there"),
    "no archive": (b"Rar!\x1a\x07\x00 and so on", "it is not a zip archive"),
    "empty": (packed(), "there is no file in it"),
}


@pytest.mark.parametrize("kind", EVIL)
def test_what_is_evil_is_refused_for_one_student_alone(
    course: Course, tmp_path: Path, kind: str
) -> None:
    content, words = EVIL[kind]
    before = digest_folder(course.solutions)
    results = take(course, beside(content))
    evil = only(results, "s02")
    assert evil.outcome == "refused"
    assert words in evil.notes[0]
    assert "\n" not in evil.notes[0]
    assert only(results, "s03").outcome == "new"
    assert lying(course) == {"s03/tiny/tiny.ipynb": "honest"}
    assert digest_folder(course.solutions) == before
    assert not list(tmp_path.rglob("*escaped*"))
    assert not list(course.submitted.glob(".collecting*"))


def test_nul_in_a_name(course: Course) -> None:
    content = packed(("tinyX.ipynbX", "x")).replace(b"tinyX.ipynbX", b"tiny.ipynb\0X")
    (one, _) = take(course, beside(content))
    assert "a letter that no name may have" in one.notes[0]


def test_a_declared_size_is_not_believed(course: Course) -> None:
    """The headers say 100 bytes, the stream has 30 million."""
    honest = packed(("tiny.ipynb", bytes(30_000_000)))
    content = honest.replace(struct.pack("<I", 30_000_000), struct.pack("<I", 100))
    assert content != honest
    (one, _) = take(course, beside(content))
    assert one.outcome == "refused"
    assert "is damaged in the archive" in one.notes[0]


def test_a_wrong_sum_and_a_password(course: Course) -> None:
    honest = packed(("tiny.ipynb", "x"))
    crc = struct.pack("<I", zlib.crc32(b"x"))
    (one, _) = take(course, beside(honest.replace(crc, bytes(4))))
    assert "tiny.ipynb is damaged in the archive" in one.notes[0]
    locked = bytearray(honest)
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (one, _) = take(course, beside(bytes(locked)))
    assert "locked with a password" in one.notes[0]


def test_one_bad_archive_does_not_stop_the_others(course: Course) -> None:
    good, bad = course.root / "good.zip", course.root / "bad.zip"
    good.write_bytes(packed(("s01/tiny.ipynb", "one")))
    bad.write_bytes(b"no")
    results = collect(course, "tiny", [course.root / "none.zip", bad, good])
    assert [one.outcome for one in results] == ["refused", "refused", "new"]
    assert "there is no such file or folder" in results[0].notes[0]


def test_an_archive_of_very_many_files_is_refused(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 10)
    (one,) = take(course, packed(*((f"s{n}/tiny.ipynb", "") for n in range(20))))
    assert "collect it in parts" in one.notes[0]
    monkeypatch.setattr(archives, "MAX_LIST_BYTES", 100)
    (one,) = take(course, packed(*((f"s{n}/tiny.ipynb", "") for n in range(20))))
    assert "more files than a class hands in" in one.notes[0]


@pytest.mark.parametrize("student", ["a*b", "..", ".git", "a:b", " s01"])
def test_a_student_of_a_strange_name_is_refused(course: Course, student: str) -> None:
    results = take(course, packed((f"{student}_1_assignsubmission_file/tiny.ipynb", "x")))
    assert all(one.outcome == "refused" for one in results)
    assert lying(course) == {}


def test_a_student_who_differs_in_capital_letters_only(course: Course) -> None:
    results = take(course, packed(("s01/tiny.ipynb", "1"), ("S01/tiny.ipynb", "2")))
    assert sorted(one.outcome for one in results) == ["new", "refused"]
    assert "some systems take the two names for one" in only(results, "s01").notes[0]


@given(st.data())
def test_no_damage_to_an_archive_is_more_than_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(packed(("s01/tiny.ipynb", "one"), ("s02.zip", packed(("a.ipynb", "b")))))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    root = tmp_path_factory.mktemp("damaged")
    course = tiny_course(root / "course")
    take(course, bytes(content))
    outside = {path.name for path in root.iterdir()} - {"course"}
    assert not outside


# --- earlier submissions, and times


def test_a_newer_submission_takes_the_place_and_the_earlier_is_kept(course: Course) -> None:
    later = NOON + timedelta(days=1)
    old, new = (entry("s01/tiny.ipynb", when=when) for when in (NOON, later))
    assert take(course, packed((old, "old")))[0].outcome == "new"
    assert take(course, packed((old, "old")))[0].outcome == "unchanged"
    (one,) = take(course, packed((new, "new")))
    assert one.outcome == "replaced"
    assert ".history/s01/tiny/001" in one.notes[0]
    (one,) = take(course, packed((old, "old")))
    assert one.outcome == "older"
    assert "add --force" in one.notes[0]
    assert lying(course) == {
        ".history/s01/tiny/001/tiny.ipynb": "old",
        "s01/tiny/tiny.ipynb": "new",
    }
    take(course, packed((old, "old")), force=True)
    assert lying(course) == {
        ".history/s01/tiny/001/tiny.ipynb": "old",
        ".history/s01/tiny/002/tiny.ipynb": "new",
        "s01/tiny/tiny.ipynb": "old",
    }


def test_times_come_from_the_archive(course: Course) -> None:
    inner = packed((entry("tiny.ipynb", when=datetime(2001, 1, 1)), "x"), (TIMESTAMP, "2001-01-01"))
    exact = entry("s02/tiny.ipynb")
    exact.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_700_000_000)
    odd = entry("s03/tiny.ipynb", when=datetime(2100, 1, 1))
    start = datetime.now(UTC)
    take(course, packed(("s01.zip", inner), (exact, "x"), (odd, "x")))
    times = {name: collected_at(course.submitted / name / "tiny") for name in ("s01", "s02", "s03")}
    assert times["s01"] == NOON.astimezone(UTC)
    assert times["s02"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert times["s03"] is not None
    assert start <= times["s03"] <= datetime.now(UTC)
    for name, when in times.items():  # the grader reads the same
        assert when is not None
        submission = Submission(name, "tiny", course.submitted / name / "tiny")
        hand_in = read_submission(course, submission)
        assert hand_in.time == when.replace(tzinfo=None)
        assert not hand_in.undated


# --- the command


def test_command(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    start = ["--course", str(course.root), "collect"]
    path = course.root / "all.zip"
    path.write_bytes(packed(("s01/tiny.ipynb", "one"), ("s02/tiny (1).ipynb", "two")))
    assert main([*start, "tiny", str(path)]) == 0
    out = capsys.readouterr().out
    assert "s02: tiny (1).ipynb was taken for tiny.ipynb." in out
    assert out.endswith("2 new\n")
    assert main([*start, "unknown", str(path)]) == 1
    assert "unknown: there is no exercise of that name" in capsys.readouterr().err
    path.write_bytes(packed(("s01/tiny.ipynb", "one"), ("s02/../x", "two")))
    assert main([*start, "tiny", str(path)]) == 1
    said = capsys.readouterr()
    assert "s02: not collected: 's02/../x' leads out of its folder." in said.out
    assert said.err == "tiny: 1 not collected, as said above.\n"


def test_reading_stops_at_nothing_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    for content in (b"", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18, b"PK" * 50_000):
        path.write_bytes(content)
        with pytest.raises(Refused):
            list(entries_of(path))
