#!/bin/bash
# Imports between the parts of the code: none goes up, and none closes a cycle.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1
export PYTHONDONTWRITEBYTECODE=1

python3 tests/architecture/floors.py || failed=1
python3 tests/architecture/floors.py planted || failed=1
exit $failed
