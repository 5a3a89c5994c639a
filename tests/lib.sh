# What the test scripts share; they source it. A check prints "PASS: name" or "FAIL: name", and what cannot be checked
# here "SKIP: reason": tests/run counts those lines. The functions here are for bash.
# shellcheck shell=bash
# shellcheck disable=SC2034 # `failed` is the exit status of those who source this

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# pkg-config and the shell disagree on blanks in paths: such a clone is worked on through a link.
case $root in
*[[:space:]]*)
    link=${TMPDIR:-/tmp}/libhooks-$(printf %s "$root" | cksum | tr -d ' ')
    ln -sfn "$root" "$link" && root=$link
    ;;
esac
export CARGO_TARGET_DIR=$root/target
failed=0

pass() { echo "PASS: $*"; }
fail() { failed=1; echo "FAIL: $*"; }
skip() { echo "SKIP: $*"; }

# check NAME COMMAND...: passes if the command does; its output is shown if not.
check() {
    # The command may be a function of the caller's, which must not see other variables than its own.
    local check_name=$1 check_output check_status
    shift
    check_output=$("$@" 2>&1)
    check_status=$?
    if [ $check_status = 0 ]; then
        pass "$check_name"
    else
        fail "$check_name (exit $check_status)"
        printf '%s\n' "$check_output" | tail -n 40 | sed 's/^/  /'
    fi
    return $check_status
}

# can_run_containers: whether the system lets us, as a container runtime needs it.
can_run_containers() {
    [ "$(id -u)" = 0 ] && unshare -m -p -f true 2>/dev/null
}

# same NAME WANTED GOT: passes if both texts are equal.
same() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/  /'
        return 1
    fi
}

# stage: what `make install` installs, in target/stage, and pkg-config told of it. In target/stage-static the shared
# library is left out, so that -lhooks can only mean the static one.
stage() {
    make -s -C "$root" install DESTDIR="$root/target/stage" PREFIX=/usr/local >/dev/null &&
        rm -rf "$root/target/stage-static" &&
        cp -a "$root/target/stage" "$root/target/stage-static" &&
        rm -f "$root"/target/stage-static/usr/local/lib/libhooks.so*
}

# with STAGE COMMAND...: runs it so that pkg-config and the loader find that stage, and nothing else of ours.
with() {
    local stage=$root/target/$1
    shift
    PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_PATH=$stage/usr/local/lib/pkgconfig \
        LD_LIBRARY_PATH=$stage/usr/local/lib "$@"
}
