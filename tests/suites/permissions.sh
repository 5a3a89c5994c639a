#!/bin/bash
# Other users who can write files that run as root: the table of tests/permissions/table.rs, through
# the command, C, Python and Go. (tests/it/permissions.rs checks Rust.)
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

for tool in python3 gcc pkg-config; do
    command -v $tool >/dev/null || { skip "permissions: no $tool here (make deps)"; exit 0; }
done
check "permissions: make install" stage || exit 1
check "permissions: the table" cargo build -q -p libhooks --example permission_door || exit 1
out=$root/target/permissions
mkdir -p "$out"

# asked NAME POLICIES COMMAND...
asked() {
    local name=$1 said
    shift
    if said=$(with stage env OCI_HOOKS="$root/target/stage/usr/local/bin/oci-hooks" PYTHONPATH="$root/bindings/python" \
        LIBHOOKS_PATH="$root/target/stage/usr/local/lib/libhooks.so" target/debug/examples/permission_door "$@"); then
        # Cases that this system cannot have are skipped by name.
        [ -z "$said" ] || echo "$said"
        pass "permissions: $name"
    else
        fail "permissions: $name"
        echo "$said"
    fi
}

asked "the command" strict,compatible tests/permissions/command

compile() {
    # shellcheck disable=SC2046 # words are wanted
    with stage gcc -std=c99 -Wall -Wextra -Werror -o "$out/c" tests/permissions/door.c \
        $(with stage pkg-config --cflags --libs libhooks)
}
check "permissions: the program in C" compile && asked C strict,compatible "$out/c"

asked Python strict,compatible python3 tests/permissions/door.py

if command -v go >/dev/null && (cd tests/reference && go mod download) 2>/dev/null; then
    if check "permissions: the program in Go" with stage go -C tests/reference build -o "$out/go" ./testdata/permissions; then
        asked Go compatible "$out/go"
    fi
else
    skip "permissions: no Go, or its modules cannot be had"
fi
exit $failed
