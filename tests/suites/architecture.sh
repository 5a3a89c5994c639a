#!/bin/bash
# Which part of the code uses which: never one above it, never in a circle.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1
export PYTHONDONTWRITEBYTECODE=1

python3 tests/architecture/floors.py || failed=1
python3 tests/architecture/floors.py planted || failed=1
exit $failed
