#!/bin/bash
# Compares the Go package of libhooks with the reference: both get the same input. The output of
# passing tests (seeds, counts) is shown, too.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root/tests/reference" || exit 1

for tool in go pkg-config; do
    command -v $tool >/dev/null || { skip "reference: no $tool here (make deps)"; exit 0; }
done
# Exact versions, with checksums in go.sum.
if ! reason=$(go mod download 2>&1); then
    skip "reference: go mod download: $(printf %s "$reason" | head -n 1)"
    exit 0
fi
check "reference: make install" stage || exit 1
out=$root/target/reference
mkdir -p "$out"

# shown NAME COMMAND...: is like `check`, with all output.
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
# go test passes if no test has the name, so check the names first.
tests() {
    local log=$out/$1.log
    go test -v -count=1 -timeout 60m -run "^$1" . 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" = 0 ] && grep -q -e "^--- PASS: $1" "$log"
}
for name in TestDifferential TestHooksInMemory TestPlantedFaults TestExecRun TestExportedAPI \
    TestImportSwap; do
    shown "reference: $name" with stage tests $name
done
for name in TestTreesAreReproducible TestReaders TestOddPaths FuzzHookFile \
    TestExecPostKillTimeout TestExecWriters TestExecFilter; do
    check "reference: $name" with stage tests $name
done

exit $failed
