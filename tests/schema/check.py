"""Check cli/hook.schema.json with a validator, and compare it with oci-hooks on the same files.

    check.py OCI_HOOKS SCHEMA ROOT

Prints PASS, FAIL and SKIP lines, as tests/run counts them.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from cases import CASES, Case
from jsonschema import Draft202012Validator

# The codes of errors that a schema can find. It cannot check executables and patterns, nor evaluate
# conditions.
REJECTED = {
    "conflicting-keys",
    "json-syntax",
    "json-type",
    "json-unexpected-end",
    "missing-hook",
    "missing-path",
    "missing-stages",
    "timeout-not-positive",
    "unknown-condition",
    "unknown-key",
    "unknown-stage",
    "unrecognized-version",
}

# Annotations, which do not affect validity.
ANNOTATIONS = {"$schema", "$id", "$comment", "title", "description", "deprecated"}
# The same: rules that mark prestart as deprecated, and a version that an editor suggests and that
# `if` has already checked.
FOR_EDITORS = (
    "$defs/stages/items/if",
    "$defs/stages/items/then",
    "$defs/version-0.1.0/properties/version/const",
)

failed = False


def check(name: str, problems: list[str]) -> None:
    """Pass if there is no problem."""
    global failed
    failed = failed or bool(problems)
    print(f"{'FAIL' if problems else 'PASS'}: schema: {name}")
    for problem in problems:
        print(f"  {problem}")


def parsed(text: bytes) -> Any:
    """Parse JSON. Raise ValueError for invalid JSON, also if Python accepts it."""

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def errors(schema: Any, text: bytes) -> list[str]:
    """Return the errors of a validator for a file."""
    try:
        value = parsed(text)
    except ValueError as error:
        return [f"not JSON: {error}"]
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]


def surprise(schema: Any, case: Case) -> list[str]:
    """Return the errors of a validator for a file of the table, unless they are as expected."""
    found = errors(schema, case.text.encode())
    if not case.error:
        return found
    # One mistake, one error: keys are only checked for the version of the file.
    once = len(found) == 1 or case.text == "{}" or case.difference
    if once and any(case.error in error for error in found):
        return []
    return found or ["no error"]


def executable_here(text: bytes) -> bytes:
    """Replace the executable with one that exists: a missing one hides later errors."""
    try:
        hook = parsed(text)["hook"]
        path = hook if isinstance(hook, str) else hook["path"]
    except (ValueError, TypeError, KeyError):
        return text
    if not isinstance(path, str) or not path:
        return text
    return text.replace(json.dumps(path).encode(), b'"/bin/true"')


def codes(command: str, files: dict[str, bytes]) -> dict[str, set[str]]:
    """Return the codes of our diagnostics for each file."""
    found: dict[str, set[str]] = {name: set() for name in files}
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            Path(directory, name).write_bytes(executable_here(text))
        options = [
            "--json",
            "--policy",
            "lenient",
            "--extension-stage",
            "precreate",
            "--hooks-dir",
            directory,
        ]
        done = subprocess.run(
            [command, "list", *options], stdout=subprocess.PIPE, check=False
        )
        for diagnostic in json.loads(done.stdout)["diagnostics"]:
            # The directory may have diagnostics, too.
            found.get(Path(diagnostic["path"]).name, set()).add(diagnostic["code"])
    return found


def compare(what: str, command: str, schema: Any, files: dict[str, bytes]) -> None:
    """Check that the schema rejects a file exactly if it has one of the codes in REJECTED."""
    problems = []
    rejected = 0
    for name, said in codes(command, files).items():
        found = errors(schema, files[name])
        rejected += bool(found)
        if bool(found) != bool(said & REJECTED):
            problems.append(
                f"{name}: the schema reports {found or 'nothing'}, oci-hooks {sorted(said) or 'nothing'}"
            )
    if not rejected or rejected == len(files):
        problems.append(
            f"{rejected} of {len(files)} files are rejected: nothing to compare"
        )
    check(
        f"{what}: the same result as oci-hooks ({len(files)} files, {rejected} rejected)",
        problems,
    )


def hook_files(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(directory.glob("*.json"))}


def mutants(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield for each rule the schema without it."""

    def rules(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        # The keys of these are names. The named value is a rule, except for a definition.
        named = path and path[-1] in ("properties", "$defs", "dependentSchemas")
        members = node.items() if isinstance(node, dict) else ()
        for key, value in members:
            if (
                key in ANNOTATIONS
                and not named
                or "/".join((*path, key)).startswith(FOR_EDITORS)
            ):
                continue
            if key != "$defs" and not (named and path[-1] == "$defs"):
                yield (*path, key)
            yield from rules(value, (*path, key))
        for index, value in enumerate(node) if isinstance(node, list) else ():
            yield from rules(value, (*path, str(index)))

    def child(node: Any, key: str) -> Any:
        return node[int(key)] if isinstance(node, list) else node[key]

    for path in rules(schema, ()):
        mutant = copy.deepcopy(schema)
        parent = mutant
        for key in path[:-1]:
            parent = child(parent, key)
        del parent[path[-1]]
        yield "/".join(path), mutant


def check_table(command: str, schema: Any) -> None:
    """Check that each file of the table has its one error, and that each rule causes one."""
    problems = []
    files = {f"{number}.json": case.text.encode() for number, case in enumerate(CASES)}
    ours = codes(command, files)
    for name, case in zip(files, CASES):
        if found := surprise(schema, case):
            problems.append(f"{case.what}: the schema reports {found}")
        if bool(ours[name] & REJECTED) != (bool(case.error) != bool(case.difference)):
            said = sorted(ours[name]) or "nothing"
            problems.append(f"{case.what}: oci-hooks reports {said}")
    check(f"one error for each invalid file in a table of {len(CASES)}", problems)
    print("cases where oci-hooks differs from the schema:")
    for case in CASES:
        if case.difference:
            print(f"  {case.what}: {case.difference}")

    lacking = dict(mutants(schema))
    unused = [
        rule
        for rule, mutant in lacking.items()
        if not any(surprise(mutant, case) for case in CASES)
    ]
    check(f"the table needs each of the schema's {len(lacking)} rules", unused)


def main(command: str, schema_file: str, root: str) -> int:
    text = Path(schema_file).read_bytes()
    schema = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema)
        check("a valid schema of draft 2020-12", [])
    except jsonschema.SchemaError as error:
        check("a valid schema of draft 2020-12", [error.message])
        return 1
    done = subprocess.run([command, "schema"], stdout=subprocess.PIPE, check=False)
    same = done.stdout == text
    check("oci-hooks schema prints the file", [] if same else [repr(done.stdout[:80])])
    check_table(command, schema)

    mistakes = hook_files(Path(root, "tests/data/mistakes"))
    compare("tests/data/mistakes", command, schema, mistakes)
    shapes = hook_files(Path(root, "tests/data/shapes"))
    compare("tests/data/shapes", command, schema, shapes)

    examples = hook_files(Path(root, "examples/hooks.d"))
    bad = [f"{name}: {errors(schema, examples[name])}" for name in examples]
    check(
        "examples/hooks.d is valid", [line for line in bad if not line.endswith(": []")]
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
