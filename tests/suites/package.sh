#!/bin/bash
# The crates as they are published: each builds from its package, beside the packages of the others, and
# its own tests pass there.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

# --allow-dirty: whoever is in the middle of a change can run this, too.
check "package: all crates build from their packages" \
    cargo package -q --workspace --locked --allow-dirty || exit 1

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
packages=$root/target/package
# The packages of this workspace are on no registry: each finds the others here.
patches=()
for crate in go-regexp libhooks; do
    patches+=(--config "patch.crates-io.$crate.path=\"$packages/$crate-$version\"")
done
for crate in go-regexp libhooks; do
    place=$packages/$crate-$version
    rm -rf "$place"
    tar -xzf "$place.crate" -C "$packages"
done
for crate in go-regexp libhooks; do
    check "package: the tests of $crate pass where it is unpacked" \
        env -C "$packages/$crate-$version" CARGO_TARGET_DIR="$root/target" \
        cargo test -q --lib "${patches[@]}"
    check "package: the examples in the documentation of $crate work there" \
        env -C "$packages/$crate-$version" CARGO_TARGET_DIR="$root/target" \
        cargo test -q --doc "${patches[@]}"
done
exit $failed
