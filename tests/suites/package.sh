#!/bin/bash
# The crates as they are published: each builds from its package and the packages of the other
# crates, and its tests pass there. Its README has no links that are dead on a registry.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

# Cargo unpacks the packages that it verifies into CARGO_HOME, under the path of the target
# directory, and does not unpack or compile a version again that it finds there. Each run therefore
# needs a target directory of its own, and removes what Cargo unpacked for it.
mkdir -p target/package
place=$(mktemp -d "$root/target/package/XXXXXX")
unpacked=${CARGO_HOME:-$HOME/.cargo}/registry/src
mkdir -p "$unpacked"
# Directories of registries on the network start with a host name, those of local ones with "-".
# shellcheck disable=SC2317 # trap calls it
clean() {
    find "$unpacked" -maxdepth 1 -name '-*' -newer "$place" -exec rm -rf {} +
    rm -rf "$place"
}
trap clean EXIT

# --allow-dirty: a developer can run this suite before the commit.
check "package: all crates build from their packages" \
    env CARGO_PROFILE_DEV_DEBUG=0 \
    cargo package -q --workspace --locked --allow-dirty --target-dir "$place" || exit 1

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
packages=$place/package
# The packages of this workspace are not on a registry yet: each finds the other ones here.
patches=()
for crate in go-regexp libhooks; do
    patches+=(--config "patch.crates-io.$crate.path=\"$packages/$crate-$version\"")
done

# readme PACKAGE: prints the path of the README that registries show, from the package's Cargo.toml.
readme() {
    local path
    path=$(sed -n 's/^readme = "\(.*\)"/\1/p' "$1/Cargo.toml")
    [ -n "$path" ] && echo "$1/$path"
}

# relative_links FILE: prints the links to other files, which are dead on a registry.
relative_links() {
    grep -noE '\]\([^)]*\)|^\[[^]]+\]:.*|(href|src)="[^"]*"' "$1" |
        grep -vE ':(\]\(|\[[^]]+\]: *<?|href="|src=")(https?://|mailto:|#)'
}

for crate in go-regexp libhooks libhooks-capi libhooks-cli; do
    unpacked_crate=$packages/$crate-$version
    check "package: $crate has its license" test -s "$unpacked_crate/LICENSE"
    if file=$(readme "$unpacked_crate") && [ -s "$file" ]; then
        same "package: the README of $crate has no relative links" "" "$(relative_links "$file")"
    else
        fail "package: $crate has a README"
    fi
done

# The header is in the package, too.
# shellcheck disable=SC2016
example() { sed -n '/^```c$/,/^```$/{/^```/d;p;}' "$packages/libhooks-capi-$version/README.md"; }
same "package: the README of libhooks-capi has one C program" 1 "$(example | grep -c '^int main')"
check "package: the C program in the README of libhooks-capi compiles" \
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
    -I "$packages/libhooks-capi-$version/include" -x c <(example)

for crate in go-regexp libhooks; do
    check "package: the tests of $crate pass where it is unpacked" \
        env -C "$packages/$crate-$version" CARGO_TARGET_DIR="$root/target" \
        cargo test -q --lib "${patches[@]}"
    check "package: the examples in the documentation of $crate work there" \
        env -C "$packages/$crate-$version" CARGO_TARGET_DIR="$root/target" \
        cargo test -q --doc "${patches[@]}"
done
exit $failed
