#!/bin/bash
# strace makes each system call of each command, and of a program that watches, fail once with each
# error that the call may return.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

command -v strace >/dev/null || { skip "faults: no strace here (make deps)"; exit 0; }
strace -o /dev/null true 2>/dev/null || { skip "faults: strace may not trace here"; exit 0; }
check "faults: build" cargo build -q -p libhooks-cli || exit 1
check "faults: build of what watches" cargo build -q -p libhooks --example watcher || exit 1
python3 tests/faults/inject.py target/debug/oci-hooks || failed=1
python3 tests/faults/watch.py target/debug/examples/watcher target/debug/oci-hooks || failed=1
exit "$failed"
