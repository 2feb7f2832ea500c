"""Run everything about one chapter: ``python -m tests.support.check gans``, or by ``make check``.

These are the tests and doctests of its topics, its claims and their breaks, its kept outputs, its
page and its exercise. Its topics are the modules or folders of `gensrc` that its breaks and its
listings of code name: there is no table of them.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from book.execute import chapters, notebook_of, slug
from tests.support.paths import ROOT

BOOK = ROOT / "tests" / "book"
ALL = BOOK / "test_chapters.py"  # quick, and the labels of a chapter must suit the others'
ABOUT_IT = [BOOK / f"test_{name}.py" for name in ("claims", "exercises", "book", "pages")]


def topics(chapter: Path, root: Path = ROOT) -> list[str]:
    """The names in `gensrc` that a chapter is about, in order."""
    listed = re.findall(r"^```\{literalinclude\} (\S+)", chapter.read_text("utf-8"), re.M)
    breaks = root / "tests" / "chapters" / slug(chapter) / "breaks.py"
    named = [*listed, breaks.read_text("utf-8") if breaks.is_file() else ""]
    return sorted(set(re.findall(r"\bgensrc[./](\w+)", "\n".join(named))))


def places(topic: str, root: Path = ROOT) -> Iterator[Path]:
    """The code of a topic, whether a module or a folder, and its tests."""
    yield from (root / "gensrc" / name for name in (topic, f"{topic}.py"))
    yield root / "tests" / "gensrc" / topic
    yield from sorted((root / "tests" / "gensrc").rglob(f"test_{topic}.py"))


def paths(chapter: Path, root: Path = ROOT) -> list[Path]:
    """All files and folders in which something is about a chapter, none within another."""
    found = [p for topic in topics(chapter, root) for p in places(topic, root) if p.exists()]
    found += [notebook_of(chapter), ALL, *ABOUT_IT]
    return [path for path in dict.fromkeys(found) if not {*path.parents} & {*found}]


def main(arguments: list[str]) -> int:
    """Run what is about the chapter that is named."""
    known = {slug(chapter): chapter for chapter in chapters()}
    name = arguments[0] if arguments else ""
    if name not in known:
        print(f"{name or 'CHAPTER'}: expected one of {', '.join(known)}.", file=sys.stderr)
        return 2
    words = [str(path.relative_to(ROOT)) for path in paths(known[name])]
    print(" ".join(words))
    options = ["-n", "auto", "--dist", "loadscope", f"--chapter={name}"]
    return subprocess.run([sys.executable, "-m", "pytest", *options, *words], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
