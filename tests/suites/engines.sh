#!/bin/bash
# Real runtimes run containers with injected hooks of all six OCI stages. Each stage runs once, in
# order, with the status that the runtime specification gives for it.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../runtimes.sh"
cd "$root" || exit 1

need_containers engines
check "engines: make install" stage || exit 1
command=$root/target/stage/usr/local/bin/oci-hooks

out=$(mktemp -d "$root/target/engines.XXXXXX")
clean() {
    end_container "$out/state" runc crun
    rm -rf "$out"
}
trap clean EXIT

# The hooks; the order of their names is not that of their stages. Each appends its stage, and the
# status from its stdin, to the log of the bundle. The container sees this log as /log.
mkdir "$out/hooks.d"
hook() {
    cat >"$out/hooks.d/$1.json" <<END
{
  "version": "1.0.0",
  "hook": {
    "path": "/bin/sh",
    "args": ["sh", "-c", "IFS= read -r state; s=\${state#*'\"status\":\"'}; echo \"$2: \${s%%\\\\\"*}\" >> $3/log"],
    "env": ["PATH=/bin"]
  },
  "when": { "$4": true },
  "stages": ["$2"]
}
END
}

# config BUNDLE: prints the config of the runtime's `spec`, with the log mounted and a process that
# writes to it.
config() {
    python3 - "$1" <<'END'
import json, sys

bundle = sys.argv[1]
with open(f"{bundle}/config.json") as file:
    config = json.load(file)
config["process"]["args"] = ["/bin/sh", "-c", "echo process >> /log/log"]
config["mounts"].append({"destination": "/log", "type": "bind", "source": f"{bundle}/log", "options": ["bind", "rw"]})
with open(f"{bundle}/config.json", "w") as file:
    json.dump(config, file)
END
}

# bundle RUNTIME: makes a bundle with injected hooks.
bundle() {
    local dir=$out/$1
    mkdir -p "$dir/log" && bundle_of "$1" "$dir" && config "$dir" || return 1
    hook 1 poststop "$dir/log" always
    hook 2 poststart "$dir/log" always
    hook 3 startContainer /log hasBindMounts
    hook 4 createContainer "$dir/log" always
    hook 5 createRuntime "$dir/log" always
    # `prestart` is injected as createRuntime, so this hook runs at that stage, after hook 5.
    hook 6 prestart "$dir/log" always
    "$command" inject --hooks-dir "$out/hooks.d" --in-place "$dir"
}

# run RUNTIME: runs the container of its bundle.
run() {
    within "$1" timeout -k 5 60 "$1" --root "$out/state" run --bundle "$out/$1" "libhooks-test-$$"
}

# engine RUNTIME LOG: LOG is a regular expression for the whole log, joined to one line STAGE:STATUS
engine() {
    local name=$1 log
    command -v "$name" >/dev/null || { skip "engines: no $name here (make deps)"; return; }
    check "engines: hooks injected for $name" bundle "$name" || return
    check "engines: $name runs the container" run "$name" || return
    log=$(sed 's/: /:/' "$out/$name/log/log" | paste -sd ' ')
    if [[ $log =~ ^$2$ ]]; then
        pass "engines: $name: the stages, in order, and their statuses: $log"
    else
        fail "engines: $name: the stages, in order, and their statuses: $log"
        echo "  wanted: $2"
    fi
}

# The runtime runs the poststart hooks while the container's init runs those of startContainer and
# then the process, so poststart may come before, between or after these two. runc runs it earlier
# up to 1.5, at the end of its create step, with status "created". beside STATUS: a pattern for
# startContainer with that status, the process, and poststart anywhere among them.
beside() {
    local start="startContainer:$1" poststart=poststart:running
    echo "($poststart $start process|$start $poststart process|$start process $poststart)"
}
create="createRuntime:creating prestart:creating createContainer:creating"
engine runc "$create (poststart:created startContainer:created process|$(beside created)) poststop:stopped"
# At startContainer, crun reports the status "starting"; the specification says "created".
create="createRuntime:created prestart:created createContainer:created"
engine crun "$create $(beside '(starting|created)') poststop:stopped"

# Stages that an engine runs itself: a precreate hook changes the config before the runtime sees it,
# and a poststop hook gets the state of the container that has ended.
precreate() {
    local dir=$out/engine
    mkdir -p "$dir/hooks.d" && bundle_of runc "$dir" || return 1
    # shellcheck disable=SC2016 # the container's shell expands it
    sed -i 's/^\(\s*\)"sh"$/\1"sh", "-c", "echo added $ADDED"/' "$dir/config.json"
    cat >"$dir/hooks.d/add.json" <<'END' &&
{
  "version": "1.0.0",
  "hook": {"path": "/bin/sed", "args": ["sed", "s/\"env\": \\[/\"env\": [ \"ADDED=by-precreate\",/"]},
  "when": {"commands": ["^sh$"]},
  "stages": ["precreate"]
}
END
        "$command" filter --hooks-dir "$dir/hooks.d" --in-place "$dir" || return 1
    # The container's process holds the pipe: the output ends when this process ends.
    local printed
    printed=$(runc --root "$out/state" create --bundle "$dir" "libhooks-test-$$" </dev/null &&
        runc --root "$out/state" start "libhooks-test-$$") && echo "$printed" >"$dir/printed"
}
poststop() {
    local dir=$out/engine tries
    for ((tries = 0; tries < 1000; tries++)); do
        runc --root "$out/state" state "libhooks-test-$$" >"$dir/state.json" || return 1
        ! grep -q '"status": "stopped"' "$dir/state.json" || break
    done
    runc --root "$out/state" delete "libhooks-test-$$" || return 1
    cat >"$dir/hooks.d/cleanup.json" <<'END'
{
  "version": "1.0.0",
  "hook": {"path": "/bin/cat"},
  "when": {"always": true},
  "stages": ["poststop"]
}
END
    "$command" run --state "$dir/state.json" "$dir/hooks.d/cleanup.json" >"$dir/given.json" || return 1
    cmp "$dir/state.json" "$dir/given.json" && grep '"status": "stopped"' "$dir/given.json" && grep "\"id\": \"libhooks-test-$$\"" "$dir/given.json"
}
if command -v runc >/dev/null; then
    check "engines: runc runs the config that oci-hooks filter prints" precreate &&
        same "engines: the config has what the precreate hook added" "added by-precreate" "$(cat "$out/engine/printed")"
    check "engines: oci-hooks run gives a poststop hook the state of runc's container" poststop
else
    skip "engines: no runc here for filter and run (make deps)"
fi
exit $failed
