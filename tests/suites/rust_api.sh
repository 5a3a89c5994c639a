#!/bin/bash
# The public API of the crates libhooks and go-regexp equals the lists in abi/rust. `make rust-api`
# writes these lists (UPDATE=1).
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

# The format of rustdoc JSON changes between versions of Rust: the lists come from one pinned
# version, the oldest Rust that Cargo.toml names.
oldest_rust rust_api
manifest=tools/rust-api/Cargo.toml
if ! reason=$(cargo fetch -q --locked --manifest-path "$manifest" 2>&1); then
    skip "rust_api: public-api cannot be downloaded: $(grep -m 1 error <<<"$reason")"
    exit 0
fi
out=$root/target/rust-api
check "rust_api: tools/rust-api builds" \
    cargo build -q --locked --manifest-path "$manifest" --target-dir "$out" || exit 1

# rustdoc writes JSON only with RUSTC_BOOTSTRAP. The compiler must not see this variable: with it,
# cargo would build again the dependencies that tests/suites/msrv.sh has left in target/msrv.
cat >"$out/rustdoc" <<'EOF'
#!/bin/sh
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
EOF
chmod +x "$out/rustdoc"

# features MANIFEST: the features that users can turn on. The others are for tests only.
features() {
    sed -n '/^\[features\]/,/^\[/s/^\([a-z0-9-]*\) = .*/\1/p' "$1" |
        grep -vxE 'default|fuzzing|planted-faults' | paste -sd, -
}

# api CRATE MANIFEST: prints the public API.
api() {
    RUSTDOC=$out/rustdoc cargo "+$oldest" rustdoc -q --locked -p "$1" --lib \
        --features "$(features "$2")" --target-dir target/msrv -- -Z unstable-options --output-format json --cap-lints allow >&2 &&
        "$out/debug/rust-api" "target/msrv/doc/${1//-/_}.json"
}

while read -r crate manifest; do
    list=abi/rust/$crate.txt
    if ! api=$(api "$crate" "$manifest"); then
        fail "rust_api: rustdoc lists the API of $crate"
    elif [ "${UPDATE:-}" = 1 ]; then
        printf '%s\n' "$api" >"$list"
    elif ! same "rust_api: the API of $crate equals $list" "$(cat "$list")" "$api"; then
        echo "  if this change is intended: make rust-api"
    fi
done <<'EOF'
libhooks Cargo.toml
go-regexp regexp/Cargo.toml
EOF
exit $failed
