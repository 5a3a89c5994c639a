"""Check that data flows one way: no part imports one above it, and no two import each other.

    floors.py           prints the floors and the errors
    floors.py planted   plants an import of each kind in a copy, and checks that it is found

The floors of a Rust crate are the groups of `mod` lines in its root, each under a comment "Floor N,
..."; the order in a group counts, too. The floors of the Python and Go packages are in this file.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from rust import TEST_MODULE, Crate

Floors = list[list[str]]
Arrows = set[tuple[str, str]]
# The floors, the number of imports, and the errors.
Examined = tuple[Floors, int, list[str]]

ROOT = Path(__file__).resolve().parents[2]

CRATES = {
    "regexp": "regexp/src/lib.rs",
    "src": "src/lib.rs",
    "cli": "cli/src/main.rs",
    "capi": "capi/src/lib.rs",
}

# The order of `mod` lines in capi is that of the C header.
CAPI = [
    ["convert", "error"],
    ["boundary"],
    [
        "version",
        "error_getters",
        "string",
        "options",
        "snapshot",
        "manager",
        "monitor",
        "standalone",
    ],
    ["exec_options", "exec", "filter"],
]
PYTHON = [
    ["_types", "_diagnostic", "_results"],
    ["_ffi", "_arguments", "_log", "_listing", "_explanation"],
    ["_files", "_monitor", "_manager", "_run"],
    ["__init__"],
]
GO = [
    [""],
    ["internal/wire", "internal/native"],
    ["hooks/1.0.0", "hooks/0.1.0", "hooks", "hooks/exec"],
]


def floors_of(root: Path) -> Floors:
    """Return the groups of modules in a crate's root, by its comments."""
    floors: Floors = []
    for line in TEST_MODULE.sub("", root.read_text()).splitlines():
        if re.match(r"// Floor \d+\b", line):
            floors.append([])
        elif floors and (module := re.match(r"(?:pub )?mod (\w+);", line)):
            floors[-1].append(module[1])
    return floors


def cycles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other."""
    targets: dict[str, set[str]] = {}
    for source, target in arrows:
        targets.setdefault(source, set()).add(target)
        targets.setdefault(target, set())
    reach = {}
    for start in targets:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for target in targets[todo.pop()] - seen:
                seen.add(target)
                todo.append(target)
        reach[start] = seen
    groups = {
        frozenset(other for other in reach[one] if one in reach[other])
        for one in reach
        if one in reach[one]
    }
    return sorted(sorted(group) for group in groups)


def faults(
    name: str,
    floors: Floors,
    arrows: Arrows,
    part_of: Callable[[str], str] = lambda module: module,
) -> list[str]:
    """Return the errors in these imports.

    `part_of` returns the part of the floors that a module belongs to.
    """
    place = {
        part: (number, index)
        for number, floor in enumerate(floors)
        for index, part in enumerate(floor)
    }
    found: list[str] = []
    for source, target in sorted(arrows):
        one, other = part_of(source), part_of(target)
        for part in {one, other} - place.keys():
            found.append(f"{name}: {part or '.'} is on no floor")
        if one != other and {one, other} <= place.keys() and place[one] < place[other]:
            found.append(
                f"{name}: {source or '.'} uses {target or '.'}, which is above it"
            )
    return found + [f"{name}: a cycle: {', '.join(group)}" for group in cycles(arrows)]


def rust(base: Path, name: str) -> Examined:
    root = base / CRATES[name]
    crate = Crate(root)
    floors = CAPI if name == "capi" else floors_of(root)
    # The root may re-export anything. A module must not import from the root, since that hides the
    # real import.
    arrows = {
        ("::".join(source), "::".join(target) or "the root")
        for source, target in crate.arrows()
        if source
    }
    found = faults(
        name, [["the root"], *floors], arrows, lambda module: module.split("::")[0]
    )
    missing = set(crate.children[()]) - {part for floor in floors for part in floor}
    through_root = [
        f"{name}: {source} uses a re-export of the root"
        for source, target in arrows
        if target == "the root"
    ]
    return (
        floors,
        len(arrows),
        found
        + [f"{name}: {part} is on no floor" for part in sorted(missing)]
        + through_root,
    )


def python(base: Path) -> Examined:
    package = base / "bindings/python/libhooks"
    arrows: Arrows = set()
    for file in package.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                names = (
                    [node.module]
                    if node.module
                    else [alias.name for alias in node.names]
                )
                arrows |= {(file.stem, name.split(".")[0]) for name in names}
    return PYTHON, len(arrows), faults("python", PYTHON, arrows)


def within(path: str) -> str:
    """Return the path of one of our packages within the module."""
    return path.removeprefix("libhooks").lstrip("/")


def go(base: Path) -> Examined:
    listed = subprocess.run(
        ["go", "list", "-e", "-json=ImportPath,Imports", "./..."],
        cwd=base / "bindings/go",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    arrows: Arrows = set()
    decoder, at = json.JSONDecoder(), 0
    while at < len(listed.rstrip()):
        package, at = decoder.raw_decode(
            listed, at + len(listed[at:]) - len(listed[at:].lstrip())
        )
        ours = [
            path
            for path in package.get("Imports", [])
            if path.split("/")[0] == "libhooks"
        ]
        source = within(package["ImportPath"])
        arrows |= {(source, within(path)) for path in ours}
    return GO, len(arrows), faults("go", GO, arrows)


def examine(base: Path, name: str) -> Examined:
    """Examine a crate, or the packages of another language."""
    if name == "python":
        return python(base)
    return go(base) if name == "go" else rust(base, name)


def check(base: Path) -> list[str]:
    """Print the floors, the highest first, and return the errors."""
    found = []
    names = [*CRATES, "python"]
    if shutil.which("go"):
        names.append("go")
    else:
        print("SKIP: architecture: go is missing (make deps)")
    for name in names:
        floors, count, wrong = examine(base, name)
        print(f"{name}: {count} imports")
        for number, floor in reversed(list(enumerate(floors))):
            print(f"  {number}  {'  '.join(part or 'libhooks' for part in floor)}")
        found += wrong
    return found


# A file, the text that is added to it, and the error that must be found.
PLANTED = [
    (
        "regexp/src/syntax/error.rs",
        "use crate::nfa::Nfa;\n",
        "regexp: syntax::error uses nfa, which is above it",
    ),
    (
        "src/sys/pidfd.rs",
        "use crate::problem::Error;\n",
        "src: sys::pidfd uses problem::error, which is above it",
    ),
    (
        "src/position.rs",
        "fn planted() { crate::limits::x(); crate::terminal::y() }\n",
        "src: position uses terminal",
    ),
    (
        "src/hook/custom_reader.rs",
        "use super::decode::decode;\n",
        "src: a cycle: hook::custom_reader, ",
    ),
    (
        "src/list.rs",
        "use crate::Manager;\n",
        "src: list uses manager, which is above it",
    ),
    (
        "cli/src/report.rs",
        "use crate::commands::lint::run;\n",
        "cli: report uses commands::lint, which is above it",
    ),
    (
        "capi/src/convert.rs",
        "use crate::boundary;\n",
        "capi: convert uses boundary, which is above it",
    ),
    (
        "bindings/python/libhooks/_types.py",
        "from ._run import run\n",
        "python: _types uses _run, which is above it",
    ),
    (
        "bindings/go/internal/wire/planted.go",
        'package wire\n\nimport _ "libhooks/hooks/exec"\n',
        "go: internal/wire uses hooks/exec",
    ),
]


def planted() -> int:
    """Check that each planted import is found."""
    failed = 0
    for path, text, wanted in PLANTED:
        if path.endswith(".go") and not shutil.which("go"):
            continue
        with tempfile.TemporaryDirectory() as copy:
            base = Path(copy)
            for part in (
                "regexp/src",
                "src",
                "cli/src",
                "capi/src",
                "bindings/python/libhooks",
                "bindings/go",
            ):
                shutil.copytree(
                    ROOT / part,
                    base / part,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
            file = base / path
            file.write_text((file.read_text() if file.exists() else "") + text)
            name = (
                path.split("/")[0]
                if not path.startswith("bindings")
                else path.split("/")[1]
            )
            found = examine(base, name)[2]
            if any(wrong.startswith(wanted) for wrong in found):
                print(f"PASS: architecture: finds the import planted in {path}")
            else:
                failed = 1
                print(
                    f"FAIL: architecture: does not find the import planted in {path}: {found}"
                )
    return failed


if __name__ == "__main__":
    if sys.argv[1:] == ["planted"]:
        sys.exit(planted())
    wrong = check(ROOT)
    print("\n".join(wrong))
    print(
        "FAIL: architecture: data flows one way"
        if wrong
        else "PASS: architecture: data flows one way"
    )
    sys.exit(bool(wrong))
