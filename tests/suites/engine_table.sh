#!/bin/bash
# Compares `oci-hooks engines` and `--engine` with Podman, Buildah and CRI-O, on the same
# directories: the installed Podman and Buildah run containers, and the reference's Go package
# stands for CRI-O, which calls it in the same way.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../runtimes.sh"
cd "$root" || exit 1

need_containers engine_table
check "engine_table: make install" stage || exit 1
command=$root/target/stage/usr/local/bin/oci-hooks

out=$(mktemp -d "$root/target/engine_table.XXXXXX")
# Podman accepts only short paths for its state.
short=$(mktemp -d /tmp/podman.XXXXXX)
trap 'rm -rf "$out" "$short"' EXIT
system=/usr/share/containers/oci/hooks.d
administrator=/etc/containers/oci/hooks.d

mkdir -p "$out/rootfs/bin" "$out/rootfs/tmp" "$out/rootfs${busybox%/*}" "$out/log"
cp "$busybox" "$out/rootfs$busybox"
ln -s "$busybox" "$out/rootfs/bin/sh"

# hook DIR NAME STAGE WHEN [COMMAND]: writes a hook that appends NAME to the log.
hook() {
    mkdir -p "$out/$1"
    cat >"$out/$1/$2.json" <<END
{
  "version": "1.0.0",
  "hook": {"path": "/bin/sh", "args": ["sh", "-c", "echo $1/$2 >> $out/log/ran; ${5:-:}"], "env": ["PATH=/usr/bin:/bin"]},
  "when": $4,
  "stages": ["$3"]
}
END
}
always='{"always": true}'

# The first directory has a hook of every stage of OCI, and files that the second one masks.
# The hook of createContainer keeps the config: its working directory is the bundle or, with runc,
# the root file system, so it is the hook of createRuntime that copies it.
hook one a-prestart prestart "$always"
hook one b-createRuntime createRuntime "$always" "cp config.json $out/log/config.json"
hook one c-createContainer createContainer "$always"
hook one d-startContainer startContainer '{"hasBindMounts": true}'
hook one e-poststart poststart "$always"
hook one f-poststop poststop "$always"
hook one g-never createRuntime '{"annotations": {"^no\\.such\\.key$": ".*"}}'
hook one h-masked createRuntime "$always"
hook two h-masked createRuntime "$always"
hook one i-off createRuntime "$always"
hook two i-off createRuntime '{"always": false}'
hook two j-annotation createRuntime '{"annotations": {"^org\\.example$": "^yes$"}}'
hook precreate k-precreate precreate "$always" "exec cat"
hook broken l-good createRuntime "$always"
echo '{' >"$out/broken/m-broken.json"
# For the default directories: both have a file of the same name.
hook system a-same createRuntime "$always"
hook administrator a-same createRuntime "$always"
hook administrator b-other createRuntime "$always" "cp config.json $out/log/config.json"

# The container, as conditions see it: for Podman with an annotation and a mount, for Buildah with a
# mount. (Buildah's annotations are those of the image.)
mounts='"mounts": [{"destination": "/log", "type": "bind", "source": "/log"}]'
cat >"$out/podman.json" <<END
{"process": {"args": ["/bin/sh"]}, "annotations": {"org.example": "yes"}, $mounts}
END
echo "{\"process\": {\"args\": [\"/bin/sh\"]}, $mounts}" >"$out/buildah.json"

# Without these limits, the runtime tries to raise them, which not every machine allows.
export limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096"
# podman_run OPTION...: runs a container with Podman; the options are its own, such as --hooks-dir.
podman_run() {
    rm -f "$out/log/"*
    # shellcheck disable=SC2086 # several words
    timeout -k 5 60 podman --root "$short/store" --runroot "$short/run" \
        --storage-driver vfs --runtime "$(command -v runc)" --cgroup-manager=cgroupfs "$@" \
        run --rm --network=none $limits --annotation org.example=yes \
        --volume "$out/log:$out/log" --rootfs "$out/rootfs" /bin/sh -c : </dev/null
}
# buildah_run OPTION...: runs a command in a build of Buildah.
buildah_run() {
    rm -f "$out/log/"*
    printf 'FROM scratch\nCOPY rootfs /\nRUN :\n' >"$out/Containerfile"
    # shellcheck disable=SC2086 # several words
    timeout -k 5 120 buildah --root "$out/buildah/store" --runroot "$out/buildah/run" \
        --storage-driver vfs bud --isolation oci --runtime "$(command -v runc)" --network=none \
        $limits --no-cache --volume "$out/log:$out/log" "$@" \
        -f "$out/Containerfile" "$out" </dev/null
}

# ran: the names of the hooks that ran, sorted. (The order of stages is that of the runtime.)
ran() { sort "$out/log/ran" | paste -sd ' '; }

# json PROGRAM: runs a Python expression on the JSON of standard input, as `it`.
json() {
    python3 -c '
import json, sys

def name(hook):
    return hook["args"][2].split()[1]

it = json.load(sys.stdin)
got = eval(sys.argv[1])
print(" ".join(got) if isinstance(got, list) else got)' "$1"
}

# matching ENGINE CONFIG OPTION...: the names of the hooks that run according to explain, sorted.
matching() {
    local engine=$1 config=$2
    shift 2
    "$command" explain --json --engine "$engine" "$@" "$config" |
        json '[h["path"].removesuffix(".json") for h in it["hooks"] if h["verdict"] == "match"]' |
        tr ' ' '\n' | sed -e "s,^$out/,," -e "s,^$system/,system/," \
        -e "s,^$administrator/,administrator/," | sort | paste -sd ' '
}

# stages CONFIG: the members of the hooks of a config with the names of their hooks.
stages() {
    json '[f"{stage}:" + ",".join(name(h) for h in hooks) for stage, hooks in sorted(it["hooks"].items()) if hooks]' <"$1"
}

# inject ENGINE CONFIG OPTION...: prints the stages of the config after inject.
inject() {
    local engine=$1 config=$2
    shift 2
    "$command" inject --engine "$engine" "$@" "$config" >"$out/injected.json" && stages "$out/injected.json"
}

# as_table ENGINE: changes the stages that `inject` printed as the engine's table says: it may keep
# the hooks of prestart at their stage.
as_table() {
    local line
    read -r line
    if [ "$("$command" engines --json "$1" | json 'it["engines"][0]["loading"]["prestart"]')" = prestart ]; then
        line=$(sed 's,createRuntime:one/a-prestart\,\(.*\),createRuntime:\1 prestart:one/a-prestart,' <<<"$line")
    fi
    tr ' ' '\n' <<<"$line" | sort | paste -sd ' '
}

# compare ENGINE RUN DIR...: compares the hooks that ran, and the config that the runtime got.
compare() {
    local engine=$1 run=$2 options=() dir
    shift 2
    for dir in "$@"; do options+=(--hooks-dir "$out/$dir"); done
    check "engine_table: $engine runs a container with the hooks of $*" "$run" "${options[@]}" || return
    same "engine_table: explain --engine $engine names the hooks that ran" "$(ran)" \
        "$(matching "$engine" "$out/${engine%@*}.json" "${options[@]}")"
    same "engine_table: inject --engine $engine fills the stages that the runtime got" \
        "$(stages "$out/log/config.json")" \
        "$(inject "$engine" "$out/${engine%@*}.json" "${options[@]}" 2>"$out/warnings" | as_table "$engine")"
}

# refuses ENGINE RUN DIR MESSAGE: the engine, list, lint and inject refuse a directory.
refuses() {
    local engine=$1 run=$2 options=(--hooks-dir "$out/$3") message=$4 title
    title=$("$command" engines --json "$engine" | json 'it["engines"][0]["title"]')
    "$run" "${options[@]}" >"$out/said" 2>&1 && fail "engine_table: $engine accepts $3"
    check "engine_table: $engine refuses $3: $message" grep -F "$message" "$out/said"
    "$command" inject --engine "$engine" "${options[@]}" "$out/${engine%@*}.json" >/dev/null 2>&1 &&
        fail "engine_table: inject --engine $engine accepts $3"
    for name in list lint; do
        "$command" "$name" --engine "$engine" "${options[@]}" >"$out/said" 2>&1 &&
            fail "engine_table: $name --engine $engine accepts $3"
        check "engine_table: $name --engine $engine says that $title refuses $3" \
            grep -F "$title would reject these directories: $out/$3/" "$out/said"
    done
}

# within_defaults COMMAND...: runs a command in a mount namespace in which the two default
# directories have hooks.
export out short system administrator
within_defaults() {
    export -f podman_run buildah_run hook
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare -m bash -c '
        set -e
        mkdir -p "$out/usr" "$out/etc"
        cp -a /usr/share/containers/. "$out/usr" 2>/dev/null || :
        cp -a /etc/containers/. "$out/etc" 2>/dev/null || :
        rm -rf "$out/usr/oci/hooks.d" "$out/etc/oci/hooks.d" "$out/etc/containers.conf"*
        mkdir -p "$out/usr/oci" "$out/etc/oci"
        cp -a "$out/system" "$out/usr/oci/hooks.d"
        cp -a "$out/administrator" "$out/etc/oci/hooks.d"
        mkdir -p /usr/share/containers /etc/containers
        mount --bind "$out/usr" /usr/share/containers
        mount --bind "$out/etc" /etc/containers
        set +e
        "$@"' bash "$@"
}

# defaults ENGINE RUN: compares the hooks that run without any configuration.
defaults() {
    local engine=$1 run=$2
    check "engine_table: $engine runs a container without --hooks-dir" within_defaults "$run" || return
    same "engine_table: explain --engine $engine names the hooks that ran by default" "$(ran)" \
        "$(export -f matching json; export command; within_defaults matching "$engine" "$out/${engine%@*}.json")"
}

# version PROGRAM: the first version number that `PROGRAM --version` prints.
version() { "$1" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1; }

command -v runc >/dev/null || { skip "engine_table: no runc here (make deps)"; exit $failed; }
if command -v podman >/dev/null; then
    podman=podman@$(version podman)
    compare "$podman" podman_run one two
    compare "$podman" podman_run one precreate
    refuses "$podman" podman_run broken 'parsing hook'
    default=$(podman --help | sed -n 's/.*--hooks-dir.*(default \[\(.*\)\])$/\1/p')
    same "engine_table: podman --help names the default directories of the table" \
        "$("$command" engines --json "$podman" | json 'it["engines"][0]["loading"]["directories"]')" "$default"
    defaults "$podman" podman_run
else
    skip "engine_table: no podman here (make deps)"
fi
if command -v buildah >/dev/null; then
    buildah=buildah@$(version buildah)
    compare "$buildah" buildah_run one two
    refuses "$buildah" buildah_run broken 'parsing hook'
    refuses "$buildah" buildah_run precreate 'unknown stage "precreate"'
    defaults "$buildah" buildah_run
    # Each default directory is a set of its own: the hooks of the first come first, and none masks
    # another.
    same "engine_table: inject --engine $buildah adds the hooks of both directories in order" \
        "$(stages "$out/log/config.json")" \
        "$(export -f inject stages json; export command; within_defaults inject "$buildah" "$out/buildah.json")"
else
    skip "engine_table: no buildah here (make deps)"
fi

# CRI-O is not in Debian. tests/reference/crio calls the reference as CRI-O does.
build_crio() { (cd tests/reference && go build -o "$out/crio" ./crio); }
crio_run() {
    local option directories=()
    for option in "$@"; do [ "$option" = --hooks-dir ] || directories+=("$option"); done
    "$out/crio" "${directories[@]}" <"$out/crio.json" >"$out/crio.hooks"
}
crio() {
    local options=(--hooks-dir "$out/one" --hooks-dir "$out/two")
    cp "$out/podman.json" "$out/crio.json"
    check "engine_table: the reference, called as by CRI-O, injects" crio_run "${options[@]}" || return
    echo "{\"hooks\": $(cat "$out/crio.hooks")}" >"$out/log/config.json"
    same "engine_table: inject --engine crio fills the stages that the reference fills" \
        "$(stages "$out/log/config.json")" "$(inject crio "$out/crio.json" "${options[@]}")"
    refuses crio crio_run broken 'parsing hook'
    refuses crio crio_run precreate 'unknown stage "precreate"'
}
if command -v go >/dev/null && (cd tests/reference && go mod download) >/dev/null 2>&1; then
    check "engine_table: build the program that calls the reference as CRI-O does" build_crio && crio
else
    skip "engine_table: no Go, or no modules of the reference (make deps)"
fi
exit $failed
