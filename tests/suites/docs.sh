#!/bin/bash
# The book of all documents builds without warnings, and no link in it is dead.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

check "docs: the book builds without warnings" make -s docs || exit 1
check "docs: the book has a page for the specification" test -s target/book/docs/spec.html
check "docs: the book has an index for its search" sh -c 'ls target/book/searchindex*.js'
linters
lychee=$root/target/venv/bin/lychee
if [ ! -x "$lychee" ]; then
    skip "docs: lychee cannot be installed from PyPI"
    exit $failed
fi
check "docs: no link in the book is dead" "$lychee" --offline --no-progress --quiet \
    --include-fragments --index-files index.html --root-dir target/book target/book

# The check finds a link that is dead.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
echo '<a href="missing.html">missing</a>' >"$planted/page.html"
dead_link_is_found() { ! "$lychee" --offline --no-progress --quiet "$planted"; }
check "docs: a dead link is found" dead_link_is_found
exit $failed
