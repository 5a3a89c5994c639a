#!/usr/bin/env python3
"""Checks the words and the width of every text that a person reads.

    wording.py              prints the errors; exits with 1 if there is one
    wording.py --review     also prints the words that are often, but not always, a bad choice
    wording.py --planted    checks that an error of each kind is found
    wording.py PATH...      checks these files only

tools/wording.toml holds the rules, the files that are left out, and the lines that are exempt.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = tomllib.loads((ROOT / "tools/wording.toml").read_text())
# Editors show a tab with this width; gofmt and make ask for tabs.
TAB = 4
COLUMNS = 100
COMMENT = re.compile(r"^\s*(//|#|/?\*)")
# A string in code, which may start or end on another line.
STRING = re.compile(r"[\"'`]")
LINK = re.compile(r"\]\([^)]*\)|^\[[^]]+\]:|https?://\S+")


class Rule:
    """A pattern that texts must not have, and the words to use instead."""

    def __init__(self, entry: dict[str, str]) -> None:
        self.pattern = re.compile(
            entry["pattern"], re.IGNORECASE if entry.get("case") != "exact" else 0
        )
        self.instead = entry["instead"]


ERRORS = [Rule(entry) for entry in RULES["error"]]
REVIEW = [Rule(entry) for entry in RULES["review"]]
EXEMPT = {(entry["path"], entry["line"].strip()) for entry in RULES.get("exempt", [])}


def files(paths: list[str]) -> list[str]:
    """The files of the repository in these paths, without generated files and test data."""
    command = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *paths,
    ]
    listed = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    left_out = [re.compile(pattern) for pattern in RULES["left-out"]["patterns"]]
    names = [
        name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()
    ]
    return [
        name for name in names if not any(pattern.search(name) for pattern in left_out)
    ]


def too_wide(path: str, line: str, fenced: bool) -> bool:
    """Whether a line has more columns than it may have.

    Tables, links and console output cannot be wrapped; neither can a string in code.
    """
    if len(line.expandtabs(TAB)) <= COLUMNS or LINK.search(line):
        return False
    if path.endswith(".md"):
        return not fenced and not line.lstrip().startswith("|")
    return bool(COMMENT.match(line)) or not STRING.search(line)


def findings(path: str, content: str, rules: list[Rule]) -> Iterator[str]:
    """The errors in a file, each with its place."""
    fenced = False
    for number, line in enumerate(content.split("\n"), start=1):
        if line.lstrip(" /!*#").startswith("```"):
            fenced = not fenced
        if (path, line.strip()) in EXEMPT:
            continue
        if too_wide(path, line, fenced):
            yield f"{path}:{number}: over {COLUMNS} columns"
        for rule in rules:
            found = rule.pattern.search(line)
            if found:
                yield f'{path}:{number}: "{found[0].strip()}": {rule.instead}'


def check(names: list[str], rules: list[Rule]) -> list[str]:
    """The errors in these files."""
    found: list[str] = []
    for name in names:
        try:
            content = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue
        found += findings(name, content, rules)
    return found


def planted() -> int:
    """Plants every forbidden phrase, and a line that is too wide; each must be found."""
    missed = [
        phrase
        for phrase in RULES["planted"]["sentences"]
        if not list(findings("a.md", phrase, ERRORS))
    ]
    clean = [
        phrase
        for phrase in RULES["planted"]["clean"]
        if list(findings("a.md", phrase, ERRORS))
    ]
    if not list(findings("a.rs", "// " + "wide " * 20, ERRORS)):
        missed.append("a wide comment")
    for phrase in missed:
        print(f"not found: {phrase}", file=sys.stderr)
    for phrase in clean:
        print(f"found, but good: {phrase}", file=sys.stderr)
    return int(bool(missed or clean))


def stale() -> list[str]:
    """Exemptions of lines that are no longer there."""
    return [
        f"tools/wording.toml: exempt, but not in {path}: {line}"
        for path, line in sorted(EXEMPT)
        if not (ROOT / path).is_file()
        or line not in {each.strip() for each in (ROOT / path).read_text().split("\n")}
    ]


def main(arguments: list[str]) -> int:
    """Runs what the arguments ask for; returns the exit status."""
    if arguments == ["--planted"]:
        return planted()
    review = "--review" in arguments
    named = [argument for argument in arguments if not argument.startswith("--")]
    found = check(files(named), ERRORS + REVIEW if review else ERRORS)
    if not named:
        found += stale()
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
