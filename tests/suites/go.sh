#!/bin/bash
# The Go package: its tests under the race detector and cgo's strictest checks, with the shared
# library and the archive; and the program of the README, built by the README's commands.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root/bindings/go" || exit 1

for tool in go gcc pkg-config; do
    command -v $tool >/dev/null || { skip "go: no $tool here (make deps)"; exit 0; }
done
if ! go mod download >/dev/null 2>&1; then
    skip "go: the modules that bindings/go/go.mod names cannot be had"
    exit 0
fi
check "go: make install" stage || exit 1

out=$root/target/go
rm -rf "$out"
mkdir -p "$out"
export GOFLAGS=-mod=readonly

# The output is shown: it has the number of cases and the memory used. (cgocheck=1 is Go's default;
# the environment may have another value.)
with stage env GODEBUG=cgocheck=1 go test -count=1 -v ./... >"$out/test" 2>&1
same "go: go test" 0 $?
grep -E '^ +[a-z_]+\.go:|^--- |^(ok|FAIL|panic)' "$out/test"
check "go: go test -race" with stage go test -count=1 -race ./...
check "go: go test, every pointer that is handed to C checked" with stage env GOEXPERIMENT=cgocheck2 go test -count=1 ./...

# At the end the sanitizer looks for leaked C memory.
if echo 'int main(void){return 0;}' | gcc -fsanitize=address -x c -o "$out/asan" - 2>/dev/null; then
    check "go: go test -asan" with stage go test -count=1 -asan ./...
else
    skip "go: go test -asan: gcc has no address sanitizer here"
fi

# Linked with the archive, the program does not need libhooks.so, even if one is installed.
static() {
    with stage go test -tags libhooks_static -c -o "$out/static.test" ./hooks &&
        ! ldd "$out/static.test" | grep libhooks &&
        (cd hooks && "$out/static.test" -test.v -test.run '^TestCases$') | grep -e '--- PASS: TestCases'
}
check "go: go test -tags libhooks_static" static

# Projects that vendor the reference must not get other imports than the reference has.
imports() {
    go list -f '{{join .Imports "\n"}}' ./... | LC_ALL=C sort -u | grep -F . | grep -v '^libhooks/'
}
same "go: imports the standard library and these" \
    "$(printf '%s\n' github.com/opencontainers/runtime-spec/specs-go github.com/sirupsen/logrus)" "$(imports)"
# Podman also builds for 32-bit machines: build the packages without cgo for one.
check "go: builds for 32 bits" env GOARCH=386 CGO_ENABLED=0 go build . ./internal/wire
same "go: C is in one package" libhooks/internal/native "$(go list -f '{{if .CgoFiles}}{{.ImportPath}}{{end}}' ./...)"

# The programs of the project's README and of the module's README, each built in a module of its own
# by the commands of the module's README.
consumer=$out/consumer
short=$out/short
# build_consumer PAGE DIRECTORY
build_consumer() {
    mkdir -p "$2"
    # shellcheck disable=SC2016 # the backquotes are Markdown, not a command
    sed -n '/^```go$/,/^```$/{/^```/d;p;}' "$root/$1" >"$2/main.go"
    cd "$2" && go mod init example.com/consumer &&
        go mod edit -require libhooks@v0.0.0 -replace "libhooks=$root/bindings/go" &&
        GOFLAGS=-mod=mod go mod tidy && with stage go build -o consumer . && with stage go vet .
}
check "go: the README's program builds" build_consumer README.md "$short"
same "go: the README's program" "1 hooks in createRuntime" \
    "$(with stage "$short/consumer" "$root/examples/hooks.d" 2>&1)"
check "go: the module README's program builds" build_consumer bindings/go/README.md "$consumer"
same "go: the module README's program" "$(cat <<'END'
createRuntime: /bin/sh
createContainer: /bin/sh
poststart: /bin/sh
poststop: /bin/sh
for the engine to run: /bin/cat
END
)" "$(with stage "$consumer/consumer" "$root/examples/hooks.d" 2>&1)"
# Wrong input.
same "go: the module README's program, on a file instead of a directory" "open /dev/null: not a directory" \
    "$(with stage "$consumer/consumer" /dev/null 2>&1)"
same "go: the module README's program, with a missing directory" "" "$(with stage "$consumer/consumer" /nowhere 2>&1)"
same "go: the module README's program, without directories" "" "$(with stage "$consumer/consumer" 2>&1)"

# Without the library, both build and run fail and name what is missing. (The other flags keep Go
# from using its cache instead of pkg-config.)
says() {
    local wanted=$1
    shift
    "$@" >"$out/said" 2>&1 && return 1
    grep -q "$wanted" "$out/said" || { cat "$out/said"; return 1; }
}
check "go: building without a C compiler says so" says libhooks_needs_cgo_and_a_C_compiler \
    env CGO_ENABLED=0 go build ./...
check "go: building without libhooks.pc says so" says "libhooks.pc" \
    env CGO_CFLAGS="-DBUILD=$$" PKG_CONFIG_LIBDIR="$out" PKG_CONFIG_PATH= go build ./...
mkdir -p "$out/empty"
printf 'Name: libhooks\nDescription: none\nVersion: 0\n' >"$out/empty/libhooks.pc"
if echo '#include <libhooks/hooks.h>' | gcc -E - >/dev/null 2>&1; then
    skip "go: building without hooks.h: it is installed here"
else
    check "go: building without hooks.h says so" says "install libhooks" \
        env CGO_CFLAGS="-DBUILD=$$" PKG_CONFIG_LIBDIR="$out/empty" PKG_CONFIG_PATH= go build ./...
fi
if PATH=$PATH:/sbin ldconfig -p | grep -q libhooks.so.0; then
    skip "go: running without libhooks.so: it is installed here"
else
    check "go: running without libhooks.so says so" says "libhooks.so.0" "$consumer/consumer"
fi

exit $failed
