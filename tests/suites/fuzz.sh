#!/bin/bash
# Every fuzz target for a minute (FUZZ_SECONDS), from its corpus, and the faults that each must
# find.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

tools/fuzz run || failed=1
tools/fuzz planted || failed=1
exit $failed
