#!/bin/bash
# Builds everything with the oldest Rust that Cargo.toml names.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

oldest_rust msrv
check "msrv: everything builds with Rust $oldest" \
    env CARGO_TARGET_DIR="$root/target/msrv" cargo "+$oldest" check -q --locked --workspace --all-targets
exit $failed
