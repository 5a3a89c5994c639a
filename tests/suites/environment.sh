#!/bin/bash
# The environment and the working directory of a hook, at each stage under real runtimes: without
# `env` as tests/data/environment.txt says; with one entry exactly that entry; and with an empty
# `env` as without. It uses runc, crun and, if it is installed, youki. LIBHOOKS_RUNTIMES, a list of
# absolute paths, names other runtimes.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../runtimes.sh"
cd "$root" || exit 1

need_containers environment
check "environment: make install" stage || exit 1
command=$root/target/stage/usr/local/bin/oci-hooks
table=$root/tests/data/environment.txt
stages=(prestart createRuntime createContainer startContainer poststart poststop)
# The environments that a hook may get. Both are sorted.
caller=$'LIBHOOKS_CALLER=caller\nPATH=/usr/sbin:/usr/bin:/sbin:/bin'
container=$'HOME=/work\nLIBHOOKS_CONTAINER=container\nPATH=/container'

out=$(mktemp -d "$root/target/environment.XXXXXX")
runtimes=()
clean() {
    end_container "$out/state" "${runtimes[@]}"
    rm -rf "$out"
}
trap clean EXIT

# prepare BUNDLE HOOKS: completes the config, and writes the hook files. Each hook writes its
# working directory and its environment to STAGE.VARIANT in the bundle's directory `seen`, which the
# container has as /seen. Hooks of `prestart` are written into the config, because injection makes
# them createRuntime.
prepare() {
    python3 - "$1" "$2" "$busybox" "$container" <<'PYTHON'
import json, sys

bundle, hooks, busybox, container = sys.argv[1:]
with open(f"{bundle}/config.json") as file:
    config = json.load(file)
config["process"]["args"] = ["/bin/sh", "-c", ":"]
config["process"]["env"] = container.split("\n")
config["process"]["cwd"] = "/work"
config["mounts"].append(
    {"destination": "/seen", "type": "bind", "source": f"{bundle}/seen", "options": ["bind", "rw"]}
)
config["hooks"] = {}
variants = {"without": None, "empty": [], "one": ["ONLY=this"]}
for stage in "prestart createRuntime createContainer startContainer poststart poststop".split():
    place = "/seen" if stage == "startContainer" else f"{bundle}/seen"
    for variant, env in variants.items():
        # The shell opens /proc/self/environ before it starts tr, so that is what it got itself.
        script = (
            f"{{ {busybox} readlink /proc/self/cwd;"
            f" {busybox} tr '\\0' '\\n' </proc/self/environ; }} >{place}/{stage}.{variant}"
        )
        hook = {"path": busybox, "args": ["busybox", "sh", "-c", script]}
        if env is not None:
            hook["env"] = env
        if stage == "prestart":
            # An empty list in a config is not what injection adds.
            if variant != "empty":
                config["hooks"].setdefault(stage, []).append(hook)
            continue
        with open(f"{hooks}/{stage}.{variant}.json", "w") as file:
            json.dump(
                {"version": "1.0.0", "hook": hook, "when": {"always": True}, "stages": [stage]}, file
            )
with open(f"{bundle}/config.json", "w") as file:
    json.dump(config, file)
PYTHON
}

# run RUNTIME KIND BUNDLE: runs the container. The caller is in another directory than the bundle.
run() {
    cd "$out/elsewhere" || return 1
    local variables
    mapfile -t variables <<<"$caller"
    within "$2" timeout -k 5 60 env -i "${variables[@]}" "$1" --root "$out/state" \
        run --bundle "$3" "libhooks-test-$$"
}

# environment FILE: the environment in this file. crun sets a variable for itself.
environment() {
    tail -n +2 "$1" | grep -v '^_LIBCONTAINER_' | LC_ALL=C sort
}

# described FILE BUNDLE: the environment and the directory in this file, as in the table
described() {
    [ -s "$1" ] || { echo "the hook did not run"; return; }
    local variables directory
    variables=$(environment "$1")
    directory=$(head -n 1 "$1")
    case $variables in
    "$caller") variables=caller ;;
    "$container") variables=container ;;
    "") variables=empty ;;
    *) variables=$(cut -d = -f 1 <<<"$variables" | paste -sd ,) ;;
    esac
    case $directory in
    "$2") directory=bundle ;;
    "$2/rootfs") directory=root ;;
    "$out/elsewhere") directory=caller ;;
    "$out/state/libhooks-test-$$") directory=state ;;
    /work) directory=cwd ;;
    esac
    echo "$variables:$directory"
}

# seen BUNDLE VARIANT: what the hooks of this variant saw, in the order of `stages`
seen() {
    local stage line=()
    for stage in "${stages[@]}"; do
        [ "$stage.$2" = prestart.empty ] || line+=("$(described "$1/seen/$stage.$2" "$1")")
    done
    echo "${line[*]}"
}

# expected KIND VERSION: the stages of the line of the table that is for this version
expected() {
    local kind from below line
    while read -r kind from below line; do
        [ "$kind" = "$1" ] || continue
        printf '%s\n' "$from" "$2" | sort -CV || continue
        printf '%s\n' "$below" "$2" | sort -CV || { echo "$line"; return; }
    done <"$table"
    return 1
}

# dropped BUNDLE: succeeds if no injected hook has an empty `env`
dropped() {
    ! grep -qE '"env": ?\[ *\]' "$1/config.json"
}

# only BUNDLE: prints the stages at which a hook with one entry got another environment
only() {
    local stage
    for stage in "${stages[@]}"; do
        [ "$(environment "$1/seen/$stage.one")" = ONLY=this ] || echo "$stage"
    done
}

mkdir "$out/elsewhere"
# runtime PROGRAM: checks all stages under this runtime.
runtime() {
    local version kind bundle without want name
    # The first line is such as "runc version 1.1.5+ds1" or "youki version: 0.7.0".
    version=$("$1" --version 2>&1 | head -n 1)
    kind=${version%%[^a-z]*}
    [[ $version =~ [0-9]+(\.[0-9]+)+ ]] || { fail "environment: $1 names no version: $version"; return; }
    version=${BASH_REMATCH[0]}
    name="environment: $kind $version"
    bundle=$out/$kind-$version
    mkdir -p "$bundle/seen" "$bundle/hooks.d" "$bundle/rootfs/work" "$bundle/plain"

    # runc runs in every machine that has namespaces. Another runtime may refuse the machine, and
    # then it does not run a container without hooks either.
    bundle_of "$1" "$bundle/plain" &&
        sed -i 's/^\(\s*\)"sh"$/\1"sh", "-c", ":"/' "$bundle/plain/config.json"
    if [ "$kind" != runc ] && ! run "$1" "$kind" "$bundle/plain" >"$bundle/plain/output" 2>&1; then
        skip "$name runs no container here: $(tail -n 1 "$bundle/plain/output")"
        return
    fi

    check "$name: a bundle is made" bundle_of "$1" "$bundle" || return
    check "$name: hook files are made" prepare "$bundle" "$bundle/hooks.d" || return
    check "$name: hooks are injected" "$command" inject --hooks-dir "$bundle/hooks.d" --in-place "$bundle" || return
    check "$name: injection drops an empty env" dropped "$bundle"
    check "$name: the container runs" run "$1" "$kind" "$bundle" || return

    without=$(seen "$bundle" without)
    if want=$(expected "$kind" "$version"); then
        same "$name: environment and directory without env" "$want" "$without"
    else
        fail "$name: tests/data/environment.txt has no line for this version; if this is right, add"
        echo "  $kind $version BELOW $without"
        echo "  and correct the tables that the file names"
    fi
    same "$name: an empty env is like none" "${without#* }" "$(seen "$bundle" empty)"
    same "$name: one entry in env is the whole environment" "" "$(only "$bundle")"
}

for program in ${LIBHOOKS_RUNTIMES-runc crun youki}; do
    if command -v "$program" >/dev/null; then
        runtimes+=("$program")
        runtime "$program"
    elif [ "$program" != youki ] || [ -n "${LIBHOOKS_RUNTIMES-}" ]; then
        # Debian has no youki.
        skip "environment: no $program here (make deps)"
    fi
done
exit $failed
