# The checks of the shell suites, which source this file. A check prints "PASS: name" or "FAIL:
# name". If this machine cannot run a check, the suite prints "SKIP: reason". tests/run counts these
# lines.
# shellcheck shell=bash
# shellcheck disable=SC2034 # `failed` is the exit status of the suites

# shellcheck source=tools/shell.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tools/shell.sh"
failed=0

pass() { echo "PASS: $*"; }
fail() { failed=1; echo "FAIL: $*"; }
skip() { echo "SKIP: $*"; }

# check NAME COMMAND...: passes if the command succeeds; shows its output if it fails.
check() {
    # The command may be a function of a suite, which must not see the variables of this one.
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

# same NAME WANTED GOT: passes if both strings are equal.
same() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/  /'
        return 1
    fi
}

# oldest_rust NAME: sets `oldest` to the oldest Rust that Cargo.toml names; skips the suite NAME if
# it is not installed.
oldest_rust() {
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
    if ! command -v rustup >/dev/null || ! RUSTUP_AUTO_INSTALL=0 cargo "+$oldest" --version >/dev/null 2>&1; then
        skip "$1: no Rust $oldest (rustup toolchain install $oldest)"
        exit 0
    fi
}
