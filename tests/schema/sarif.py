"""Check `oci-hooks lint --format sarif` with the schema of SARIF 2.1.0 (OASIS, with errata 01).

    sarif.py OCI_HOOKS SCHEMA.go PATH...

SCHEMA.go is a file of a public Go module, with the schema in a raw string.
Prints PASS and FAIL lines, as tests/run counts them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def problems(command: str, validator: Draft4Validator, paths: list[str]) -> list[str]:
    """Return the errors in the log of these paths."""
    arguments = [command, "lint", "--format", "sarif", *paths]
    printed = subprocess.run(
        arguments, capture_output=True, check=False, text=True
    ).stdout
    log: Any = json.loads(printed)
    found = [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(log)
    ]
    diagnostics = subprocess.run(
        [command, "lint", "--json", *paths], capture_output=True, check=False, text=True
    ).stdout
    ours = json.loads(diagnostics)["diagnostics"]
    codes = [diagnostic["code"] for diagnostic in ours]
    [run] = log["runs"]
    # A single brace would mark a placeholder, and the log has no placeholders.
    texts = [result["message"]["text"] for result in run["results"]]
    for text, diagnostic in zip(texts, ours):
        if re.search("[{}]", re.sub("{{|}}", "", text)):
            found.append(f"a single brace in {text}")
        if diagnostic["message"] not in text.replace("{{", "{").replace("}}", "}"):
            found.append(f"{text} for {diagnostic['message']}")
    if [result["ruleId"] for result in run["results"]] != codes:
        found.append(f"the results are not the diagnostics {codes}")
    if log["$schema"] != ID:
        found.append(f"wrong $schema {log['$schema']}")
    return found


def main() -> int:
    command, source, *paths = sys.argv[1:]
    schema = json.loads(Path(source).read_text().split("`")[1])
    Draft4Validator.check_schema(schema)
    validator = Draft4Validator(schema)
    # The validator must reject an invalid log.
    failed = schema["id"] != ID or validator.is_valid(
        {"version": "2.1.0", "runs": [{"results": []}]}
    )
    print(f"{'FAIL' if failed else 'PASS'}: sarif: the schema is that of SARIF 2.1.0")
    for path in paths:
        found = problems(command, validator, [path])
        failed = failed or bool(found)
        print(f"{'FAIL' if found else 'PASS'}: sarif: {path} is valid")
        for problem in found:
            print(f"  {problem}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
