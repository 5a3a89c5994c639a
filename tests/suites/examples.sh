#!/bin/bash
# The Rust programs of examples/: each runs with hook files, and does what its first line says.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

command -v python3 >/dev/null || { skip "examples: no python3 here (make deps)"; exit 0; }
check "examples: they build" cargo build -q --locked -p libhooks --example youki --example sarus --example tokio_monitor || exit 1
check "examples: oci-hooks builds" cargo build -q --locked -p libhooks-cli || exit 1
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
built=$root/target/debug

# same FILE FILE: succeeds if both files hold the same JSON value.
same() {
    python3 -c 'import json, sys; a, b = (json.load(open(name)) for name in sys.argv[1:]); sys.exit(a != b)' "$@"
}

# A config that oci-spec writes exactly as it reads it.
config='{"ociVersion": "1.0.2", "annotations": {"org.example.gpu": "all"}, "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/"}}'

youki() {
    mkdir "$place/bundle"
    echo "$config" >"$place/bundle/config.json"
    "$built/oci-hooks" inject --hooks-dir examples/hooks.d --extension-stage precreate "$place/bundle/config.json" \
        >"$place/want.json" 2>/dev/null || return 1
    "$built/examples/youki" examples/hooks.d "$place/bundle" >"$place/said" || return 1
    same "$place/want.json" "$place/bundle/config.json" &&
        grep -qxF 'precreate: /bin/cat (examples/hooks.d/70-precreate.json)' "$place/said"
}
check "examples: youki injects as oci-hooks inject does, and knows the files of the engine's own hooks" youki

sarus() {
    mkdir "$place/hooks.d"
    echo '{"version": "1.0.0", "hook": {"path": "/bin/true"}, "when": {"always": true}, "stages": ["poststop"]}' \
        >"$place/hooks.d/50-after.json"
    cat >"$place/hooks.d/60-rename.json" <<'JSON'
{"version": "1.0.0", "hook": {"path": "/bin/sed", "args": ["sed", "s/\"sh\"/\"ls\"/"]},
 "when": {"always": true}, "stages": ["precreate"]}
JSON
    echo "$config" >"$place/config.json"
    "$built/examples/sarus" "$place/hooks.d" "$place/config.json" >"$place/got.json" 2>"$place/said" || return 1
    sed 's/"sh"/"ls"/' "$place/config.json" >"$place/renamed.json"
    "$built/oci-hooks" inject --hooks-dir "$place/hooks.d" --extension-stage precreate "$place/renamed.json" \
        >"$place/want.json" 2>/dev/null || return 1
    same "$place/want.json" "$place/got.json" &&
        grep -qxF '60-rename.json: [{"op":"replace","path":"/process/args/0","value":"ls"}]' "$place/said"
}
check "examples: sarus filters, says what has changed, and injects" sarus

# Podman ignores a hook whose executable is missing.
strict() {
    echo '{"version": "1.0.0", "hook": {"path": "/nowhere"}, "when": {"always": true}, "stages": ["poststop"]}' \
        >"$place/hooks.d/40-missing.json"
    ! "$built/examples/sarus" "$place/hooks.d" "$place/config.json" >"$place/got.json" 2>"$place/said" &&
        ! [ -s "$place/got.json" ] && grep -q 40-missing.json "$place/said"
}
check "examples: sarus refuses what the strict policy refuses" strict

# await FILE PATTERN: waits until a line of the file matches.
await() {
    timeout 60 sh -c "tail -n +1 -f '$1' | grep -m 1 -q '$2'"
}

tokio_monitor() {
    mkdir "$place/watched"
    "$built/examples/tokio_monitor" "$place/watched" >"$place/seen" 2>&1 &
    local pid=$! result=0
    await "$place/seen" 'watching .*: 0 hooks' || result=1
    for number in $(seq 200); do cp examples/hooks.d/50-after.json "$place/watched/$number.json"; done
    for number in $(seq 200); do await "$place/seen" "^added .*/$number.json$" || { result=1; break; }; done
    rm "$place/watched/7.json"
    await "$place/seen" '^removed .*/7.json$' || result=1
    kill "$pid"
    wait "$pid" 2>/dev/null
    return "$result"
}
check "examples: tokio_monitor reports all changes" tokio_monitor
exit $failed
