#!/bin/bash
# The C programs of tests/c, built as users build their programs: with pkg-config, from a staged
# install, as C99 and as C++, with the shared and the static library. They run alone and under
# valgrind.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

out=$root/target/c
mkdir -p "$out"
warnings=(-Wall -Wextra -Wpedantic -Werror)
export TMPDIR=$out/tmp
mkdir -p "$TMPDIR"

check "c: make install" stage || exit 1

# compile STAGE LANGUAGE LINK PROGRAM
compile() {
    local language=(gcc -std=c99) link=() flags
    [ "$2" = c++ ] && language=(g++ -x c++)
    [ "$3" = static ] && link=(--static)
    # shellcheck disable=SC2016
    flags=$(with "$1" pkg-config --cflags --libs "${link[@]}" libhooks) || return 1
    # shellcheck disable=SC2086
    "${language[@]}" -O1 -g "${warnings[@]}" -o "$out/$4.$2.$3" "tests/c/$4.c" -pthread $flags
}

for tool in gcc g++ pkg-config; do
    command -v $tool >/dev/null || { skip "c: no $tool here (make deps)"; exit "$failed"; }
done

for program in api reader exec stress threads fork monitor panic leak double_free; do
    for language in c c++; do
        check "c: $program compiles as $language, shared" compile stage $language shared $program
        check "c: $program compiles as $language, static" compile stage-static $language static $program
    done
done
check "c: the example compiles" with stage sh -c "gcc -std=c99 -O2 ${warnings[*]} -o '$out/inject' examples/c/inject.c \$(pkg-config --cflags --libs libhooks)"

loads_none() {
    ldd "$1" >"$out/ldd" && ! grep libhooks "$out/ldd"
}
for program in api threads fork; do
    check "c: $program.c.static loads no libhooks" loads_none "$out/$program.c.static"
done

for variant in c.shared c.static c++.shared c++.static; do
    check "c: api.$variant" with stage timeout 120 "$out/api.$variant"
    check "c: reader.$variant" with stage timeout 120 "$out/reader.$variant"
    check "c: exec.$variant" with stage timeout 300 "$out/exec.$variant"
    check "c: exec.$variant, pidfd_open refused" with stage timeout 300 "$out/exec.$variant" seccomp
    check "c: stress.$variant" with stage timeout 300 "$out/stress.$variant"
    check "c: stress.$variant, pidfd_open refused" with stage timeout 300 "$out/stress.$variant" seccomp
done
for loop in glib:glib-2.0 uv:libuv; do
    program=loop_${loop%:*}
    if ! pkg-config --exists "${loop#*:}"; then
        skip "c: $program: no ${loop#*:} here (make deps)"
        continue
    fi
    # shellcheck disable=SC2016
    check "c: $program compiles" with stage sh -c 'flags=$(pkg-config --cflags --libs libhooks) && loop=$(PKG_CONFIG_SYSROOT_DIR= PKG_CONFIG_PATH= pkg-config --cflags --libs "$2") &&
        gcc -std=gnu99 -O1 -g -Wall -Wextra -Werror -o "$0" "$1" $flags $loop' "$out/$program" "tests/c/$program.c" "${loop#*:}"
    check "c: $program" with stage timeout 120 "$out/$program"
done

slow_read=$out/slow_read.so
check "c: slow_read compiles" gcc -O1 "${warnings[@]}" -shared -fPIC -o "$slow_read" tests/c/slow_read.c
for variant in c.shared c.static c++.shared c++.static; do
    # The kernel takes up to 20 ms to close an inotify descriptor.
    cycles=100
    [ "$variant" = c.shared ] && cycles=1000
    check "c: monitor.$variant" with stage timeout 300 "$out/monitor.$variant" $cycles
    check "c: monitor.$variant while files are read slowly" \
        with stage env SLOW_READ=1 LD_PRELOAD="$slow_read" timeout 60 "$out/monitor.$variant"
done
for variant in c.shared c.static; do
    check "c: threads.$variant" with stage timeout 300 "$out/threads.$variant" 1000
    check "c: fork.$variant" with stage timeout 300 "$out/fork.$variant" 1000
done

if command -v valgrind >/dev/null; then
    memory=(valgrind -q --leak-check=full '--errors-for-leak-kinds=definite,indirect,possible' --error-exitcode=99)
    check "c: api.c.shared under valgrind" with stage timeout 300 "${memory[@]}" "$out/api.c.shared"
    check "c: reader.c.shared under valgrind" with stage timeout 300 "${memory[@]}" "$out/reader.c.shared"
    check "c: exec.c.shared under valgrind" with stage timeout 300 "${memory[@]}" "$out/exec.c.shared" valgrind
    check "c: api.c++.static under valgrind" with stage timeout 300 "${memory[@]}" "$out/api.c++.static"
    check "c: threads.c.shared under valgrind" with stage timeout 300 "${memory[@]}" --fair-sched=yes "$out/threads.c.shared" 20
    check "c: monitor.c.shared under valgrind" with stage timeout 300 "${memory[@]}" --fair-sched=yes "$out/monitor.c.shared" 9
    # Without threads: after fork, memory of the parent's other threads is always lost in the child.
    check "c: fork.c.shared under valgrind" with stage timeout 300 "${memory[@]}" "$out/fork.c.shared" 8 0
    # Controls: the same check must find these faults.
    for control in leak double_free; do
        with stage "${memory[@]}" "$out/$control.c.shared" >/dev/null 2>&1
        same "c: valgrind finds $control" 99 $?
    done
else
    skip "c: no valgrind here (make deps)"
fi

# A second library, with a panic planted in one function after the other. It is built with fewer
# optimisations, which takes less time.
panicking=$root/target/planted-panic
build_panicking() {
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo build -q --release -p libhooks-capi --features planted-panic --target-dir "$panicking" &&
        ln -sf libhooks.so "$panicking/release/libhooks.so.0"
}
if check "c: a library with planted panics" build_panicking; then
    run_panicking() {
        RUST_BACKTRACE=1 LD_LIBRARY_PATH=$panicking/release timeout 120 "$@" "$out/panic.c.shared" >"$out/panic.out" 2>"$out/panic.err"
    }
    check "c: a panic in each function is an error" run_panicking || grep -v '^hooks_' "$out/panic.out"
    same "c: a panic prints nothing" "0 bytes" "$(stat -c '%s bytes' "$out/panic.err")"
    same "c: a panic was planted in every function" "$(cat abi/libhooks.abi)" \
        "$(grep '^hooks_' "$out/panic.out" | LC_ALL=C sort -u)"
    if [ -n "${memory[*]-}" ]; then
        check "c: panic.c.shared under valgrind" run_panicking "${memory[@]}"
    fi
fi

rm -rf "$TMPDIR"
exit $failed
