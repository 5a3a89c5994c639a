#!/bin/bash
# Builds everything with the oldest Rust that Cargo.toml names.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! command -v rustup >/dev/null || ! RUSTUP_AUTO_INSTALL=0 cargo "+$oldest" --version >/dev/null 2>&1; then
    skip "msrv: no Rust $oldest (rustup toolchain install $oldest)"
    exit 0
fi
check "msrv: everything builds with Rust $oldest" \
    env CARGO_TARGET_DIR="$root/target/msrv" cargo "+$oldest" check -q --locked --workspace --all-targets
exit $failed
