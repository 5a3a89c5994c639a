#!/bin/bash
# libhooks, by way of its Go package, beside the Go package whose behaviour it has: the same is
# asked of both. What the tests print (seeds, what happened how often) is shown of those that pass
# too.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root/tests/reference" || exit 1

for tool in go pkg-config; do
    command -v $tool >/dev/null || { skip "reference: no $tool here (make deps)"; exit 0; }
done
# Exact versions, which go.sum has the sums of.
if ! reason=$(go mod download 2>&1); then
    skip "reference: go mod download: $(printf %s "$reason" | head -n 1)"
    exit 0
fi
check "reference: make install" stage || exit 1
out=$root/target/reference
mkdir -p "$out"

# shown NAME COMMAND...: as `check`, with all output.
shown() {
    local name=$1
    shift
    if "$@" 2>&1 | sed 's/^/  /' && [ "${PIPESTATUS[0]}" = 0 ]; then
        pass "$name"
    else
        fail "$name"
    fi
}

check "reference: go vet" with stage go vet . ./testdata/swap
# A name that no test has would pass.
tests() {
    local log=$out/$1.log
    go test -v -count=1 -timeout 60m -run "^$1" . 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" = 0 ] && grep -q -e "^--- PASS: $1" "$log"
}
for name in TestDifferential TestHooksInMemory TestPlantedFaults TestExecRun TestExportedAPI TestImportSwap; do
    shown "reference: $name" with stage tests $name
done
for name in TestTreesAreReproducible TestReaders TestOddPaths FuzzHookFile TestExecPostKillTimeout TestExecWriters TestExecFilter; do
    check "reference: $name" with stage tests $name
done

exit $failed
