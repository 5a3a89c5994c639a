#!/bin/bash
# The JSON Schema of hook files is valid, and accepts the files that oci-hooks lint accepts. The
# SARIF that oci-hooks writes fits the official schema.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

venv=$root/target/schema/venv
mkdir -p "$root/target/schema"
# The validator is a Python package. An incomplete venv is made again.
if ! "$venv/bin/python" -c 'import jsonschema' 2>/dev/null &&
    ! { python3 -m venv --clear "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check jsonschema; } >"$venv.log" 2>&1; then
    skip "schema: jsonschema for Python cannot be had: $(tail -n 1 "$venv.log")"
    exit 0
fi
check "schema: cargo build" cargo build -q -p libhooks-cli || exit 1
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" tests/schema/check.py target/debug/oci-hooks cli/hook.schema.json "$root" || failed=1

# The SARIF schema, from a Go module, whose checksum Go verifies.
sarif_module=github.com/owenrumney/go-sarif/v3@v3.3.1
if module=$(go mod download -json $sarif_module 2>/dev/null); then
    module=$(printf %s "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    paths=(tests/data/mistakes tests/data/shapes examples/hooks.d docs)
    PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" tests/schema/sarif.py target/debug/oci-hooks \
        "$module/pkg/report/v210/sarif/schema.go" "${paths[@]}" || failed=1
else
    skip "sarif: its schema cannot be had (go mod download $sarif_module)"
fi
exit $failed
