#!/bin/bash
# The C programs of tests/c with a sanitized library: AddressSanitizer with
# UndefinedBehaviorSanitizer, and ThreadSanitizer for the programs that use managers and monitors in
# several threads. Miri runs the unit tests without system calls. All need a nightly toolchain.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

# No step here may download a toolchain.
export RUSTUP_AUTO_INSTALL=0
suites=(address undefined thread miri)
skip_all() {
    for suite in "${suites[@]}"; do skip "sanitizers: $suite: $*"; done
    exit 0
}
sysroot=$(rustc +nightly --print sysroot 2>/dev/null) ||
    skip_all "no nightly toolchain (rustup toolchain install nightly)"
command -v gcc >/dev/null || skip_all "no gcc here (make deps)"
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
runtimes=$sysroot/lib/rustlib/$host/lib
out=$root/target/sanitizers
mkdir -p "$out/include/libhooks"
cp include/hooks.h "$out/include/libhooks/"
export TMPDIR=$out/tmp
mkdir -p "$TMPDIR"

# library SANITIZER ARGUMENT...: builds the library with few optimisations, so that reports name
# lines.
library() {
    local sanitizer=$1
    shift
    RUSTFLAGS="-Zsanitizer=$sanitizer -Cforce-frame-pointers=yes" CARGO_PROFILE_DEV_OPT_LEVEL=1 \
        cargo +nightly build -q "$@" -p libhooks-capi --target "$host" --target-dir "$out/$sanitizer" &&
        ln -sf libhooks.so "$out/$sanitizer/$host/debug/libhooks.so.0"
}

# compile RUNTIME SANITIZER PROGRAM FLAG...: compiles a program. The library needs LLVM's runtime;
# code from gcc calls the same functions.
compile() {
    local runtime=$1 sanitizer=$2 program=$3
    shift 3
    gcc -std=c99 -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer "$@" -I"$out/include" -c \
        -o "$out/$sanitizer/$program.o" "tests/c/$program.c" &&
        gcc -o "$out/$sanitizer/$program" "$out/$sanitizer/$program.o" -rdynamic -Wl,--whole-archive \
            "$runtimes/librustc-nightly_rt.$runtime.a" -Wl,--no-whole-archive \
            -L"$out/$sanitizer/$host/debug" -lhooks -lubsan -pthread -ldl -lrt -lm
}

# watched SANITIZER PROGRAM ARGUMENT...
watched() {
    local sanitizer=$1 program=$2
    shift 2
    LD_LIBRARY_PATH=$out/$sanitizer/$host/debug timeout 300 "$out/$sanitizer/$program" "$@"
}

# finds NAME REPORT SANITIZER PROGRAM ARGUMENT...: a control: the sanitizer must report its fault.
finds() {
    local name=$1 report=$2 text
    shift 2
    text=$(watched "$@" 2>&1)
    if grep -q "$report" <<<"$text"; then pass "$name"; else fail "$name"; fi
}

if check "sanitizers: address: the library builds" library address; then
    flags=(-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined)
    for program in api reader exec stress monitor threads; do
        check "sanitizers: address: $program compiles" compile asan address $program "${flags[@]}" || continue
        arguments=()
        case $program in monitor) arguments=(20) ;; threads) arguments=(100) ;; esac
        check "sanitizers: address, undefined: $program" watched address $program "${arguments[@]}"
    done
    for control in leak double_free used_after_free undefined; do
        check "sanitizers: address: $control compiles" compile asan address $control "${flags[@]}"
    done
    finds "sanitizers: address finds leak" 'LeakSanitizer: detected memory leaks' address leak
    finds "sanitizers: address finds double_free" 'AddressSanitizer: heap-use-after-free' address double_free
    finds "sanitizers: address finds used_after_free in the library" \
        'heap-use-after-free.*libhooks' address used_after_free
    finds "sanitizers: undefined finds undefined" 'runtime error: shift exponent' address undefined
fi

# ThreadSanitizer needs a sanitized std, too; otherwise it reports false data races.
if [ ! -d "$sysroot/lib/rustlib/src/rust/library" ]; then
    skip "sanitizers: thread: no source of std (rustup component add --toolchain nightly rust-src)"
elif check "sanitizers: thread: the library builds" library thread -Zbuild-std; then
    for program in threads monitor fork; do
        check "sanitizers: thread: $program compiles" compile tsan thread $program -fsanitize=thread || continue
        # The child of a fork continues, as in engines.
        TSAN_OPTIONS=die_after_fork=0 check "sanitizers: thread: $program" watched thread $program 20
    done
    check "sanitizers: thread: used_after_free compiles" \
        compile tsan thread used_after_free -fsanitize=thread
    finds "sanitizers: thread finds a race in the library" \
        'WARNING: ThreadSanitizer: \(data race\|heap-use-after-free\)' thread used_after_free race
fi

if ! cargo +nightly miri --version >/dev/null 2>&1; then
    skip "sanitizers: miri: it is not here (rustup component add --toolchain nightly miri rust-src)"
else
    # miri MANIFEST PACKAGE TEST...: runs the named tests; all tests would take hours.
    miri() {
        local manifest=$1 package=$2
        shift 2
        # (It builds std in TMPDIR, which must not be inside this workspace.)
        env -u TMPDIR timeout 900 cargo +nightly miri test -q --manifest-path "$manifest" -p "$package" --lib --target-dir "$out/miri" -- "$@"
    }
    check "sanitizers: miri: unit tests of the core" \
        miri Cargo.toml libhooks exec::message:: exec::capture:: go::quote:: hook::
    same "sanitizers: miri finds a read past an array" "Undefined Behavior" \
        "$(miri tests/sanitizers/control/Cargo.toml control 2>&1 | grep -o -m 1 'Undefined Behavior')"
fi

rm -rf "$TMPDIR"
exit $failed
