#!/usr/bin/env python3
"""Builds the book of all documents: `make docs`.

    book.py    writes target/book; exits with 1 on a warning of mdBook

docs/book/SUMMARY.md lists the pages. Every page keeps its path
in the book, so that links between documents work in both. Other files that a page links to are
copied along.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs/book"
WORK = ROOT / "target/book-work"
OUT = ROOT / "target/book"
LINK = re.compile(r"\]\(<?([^)>#\s]+)[^)]*\)|^\[[^]]+\]:\s*<?([^>#\s]+)", re.MULTILINE)
# mdBook writes README.md as index.html, but does not change links to it.
README = re.compile(
    r"(\]\(<?|^\[[^]]+\]:\s*<?)([^)>#\s:]*/)?README\.md\b", re.MULTILINE
)
# The first line of a manual page for go-md2man: the name, and the number of its section.
TITLE = re.compile(r"\A% (\S+) (\d).*\n")


def tracked(path: Path) -> list[Path]:
    """The files of the repository in a path."""
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            path,
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def linked(page: Path, content: str) -> set[Path]:
    """The files and directories of the repository that a page links to."""
    found = set()
    for match in LINK.finditer(content):
        target = unquote(match[1] or match[2])
        if not re.match(r"[a-z]+:", target):
            found.add((page.parent / target).resolve())
    return {path for path in found if path.exists() and path.is_relative_to(ROOT)}


def prepare() -> None:
    """Collects the pages of the book, and the files that they link to, in one folder."""
    shutil.rmtree(WORK, ignore_errors=True)
    source = WORK / "src"
    source.mkdir(parents=True)
    shutil.copy(BOOK / "book.toml", WORK)
    summary = (BOOK / "SUMMARY.md").read_text().replace("(../../", "(")
    (source / "SUMMARY.md").write_text(summary)
    pages = [ROOT / (match[1] or match[2]) for match in LINK.finditer(summary)]
    attached: set[Path] = set()
    for page in pages:
        content = page.read_text()
        attached |= linked(page, content)
        copy = source / page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        content = TITLE.sub(r"# \1(\2)\n", content)
        copy.write_text(README.sub(r"\1\2index.html", content))
    for path in attached:
        for file in tracked(path):
            copy = source / file.relative_to(ROOT)
            if not copy.exists() and file.suffix != ".md":
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, copy)


def main() -> int:
    """Builds the book; returns the exit status."""
    prepare()
    mdbook = shutil.which("mdbook", path=f"{ROOT}/target/tools/bin") or shutil.which(
        "mdbook"
    )
    if mdbook is None:
        print("mdbook is missing: make docs installs it", file=sys.stderr)
        return 1
    built = subprocess.run(
        [mdbook, "build", "--dest-dir", OUT, WORK],
        check=False,
        capture_output=True,
        text=True,
    )
    print(built.stdout + built.stderr, end="")
    warned = re.search(r"\bWARN\b|\[WARN\]|\bERROR\b", built.stdout + built.stderr)
    return int(built.returncode != 0 or warned is not None)


if __name__ == "__main__":
    sys.exit(main())
