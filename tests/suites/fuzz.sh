#!/bin/bash
# Every fuzz target for FUZZ_SECONDS (60) from its corpus; and planted faults, which it must find.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

tools/fuzz run || failed=1
tools/fuzz planted || failed=1
exit $failed
