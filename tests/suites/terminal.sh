#!/bin/bash
# Hooks and the terminal: under a pseudo-terminal with a shell, the command, programs in Rust, C, Go
# and Python, and the reference run hooks. Ctrl-C, signals and timeouts end them. No hook may be
# left.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

for tool in python3 gcc pkg-config; do
    command -v $tool >/dev/null || { skip "terminal: no $tool here (make deps)"; exit 0; }
done
check "terminal: make install" stage || exit 1
out=$root/target/terminal
mkdir -p "$out"

# driven NAME COMMAND...: runs the command under the driver; its results count as checks.
driven() {
    with stage env OCI_HOOKS="$root/target/stage/usr/local/bin/oci-hooks" PYTHONPATH="$root/bindings/python" \
        LIBHOOKS_PATH="$root/target/stage/usr/local/lib/libhooks.so" \
        python3 tests/terminal/driver.py "$@" || failed=1
}

driven command "$root/tests/terminal/command"
driven filter "$root/tests/terminal/filter"

compile() {
    # shellcheck disable=SC2046 # words are wanted
    with stage gcc -Wall -Wextra -o "$out/c" tests/terminal/hook.c $(with stage pkg-config --cflags --libs libhooks)
}
check "terminal: the program in C" compile && driven c "$out/c"

if check "terminal: the program in Rust" cargo build -q -p libhooks --example run_script; then
    driven rust "$root/target/debug/examples/run_script"
fi

driven python python3 "$root/tests/terminal/hook.py"

if command -v go >/dev/null && (cd tests/reference && go mod download) 2>/dev/null; then
    if check "terminal: the program in Go" with stage go -C tests/reference build -o "$out/go" ./testdata/terminal; then
        driven go "$out/go" libhooks
        driven reference "$out/go" reference
    fi
else
    skip "terminal: no Go, or its modules cannot be had"
fi
exit $failed
