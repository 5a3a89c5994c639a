#!/bin/bash
# Hooks whose program exists but cannot run. For each kind of such a program, `oci-hooks lint`,
# `explain` and `run` give the same reason, and runc and crun do what tests/data/programs.txt says.
# With a good program in the same place, the commands report nothing and the hook runs.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../runtimes.sh"
cd "$root" || exit 1

need_containers programs
command -v python3 >/dev/null || { skip "programs: no python3 here (make deps)"; exit 0; }
# A mount namespace of its own: the mount of the kind `noexec` ends with it.
[ -n "${LIBHOOKS_PROGRAMS-}" ] || LIBHOOKS_PROGRAMS=1 exec unshare -m bash "$0"
check "programs: make install" stage || exit 1
command=$root/target/stage/usr/local/bin/oci-hooks
table=$root/tests/data/programs.txt

out=$(mktemp -d "$root/target/programs.XXXXXX")
clean() {
    end_container "$out/state" runc crun
    umount "$out/noexec" 2>/dev/null
    rm -rf "$out"
}
trap clean EXIT

# kinds: prints the lines of the table, without spaces around the columns.
kinds() {
    sed -n '/^#/d; s/ *| */|/gp' "$table"
}

# good FILE: writes a program that runs and leaves its mark.
good() {
    printf '#!/bin/sh\necho ran >%s/mark\n' "$out" >"$1.new" &&
        chmod 755 "$1.new" && mv "$1.new" "$1"
}

# make_programs: writes the program of each kind to KIND/program, and its hook file to
# hooks/KIND/hook.json. Scripts leave a mark if they run.
make_programs() {
    python3 - "$out" <<'PYTHON'
import json, os, struct, sys

out = sys.argv[1]
with open(os.path.realpath("/bin/true"), "rb") as file:
    true = file.read()
little = true[5] == 1


def changed(old, new):
    """Replace a string of the program by another one of the same length."""
    assert old in true and len(old) == len(new), old
    return true.replace(old, new, 1)


machine = bytearray(true)
# IA-64: QEMU does not run its programs, so no registered format can match.
struct.pack_into("<H" if little else ">H", machine, 18, 50)
mark = f"echo ran >{out}/mark\n".encode()
programs = {
    "crlf": b"#!/bin/sh\r\n" + mark,
    "interpreter": b"#!/no/such/shell\n" + mark,
    "search": b"#!/usr/bin/env no-such-shell\n" + mark,
    "no-line": mark,
    "relative": b"#!bin/sh\n" + mark,
    "words": b"#!/usr/bin/env sh -e\n" + mark,
    "machine": machine,
    "loader": changed(b"/ld-linux", b"/ld-linuq"),
    "library": changed(b"\0libc.so.6\0", b"\0libq.so.6\0"),
    "empty": b"",
    "cut-header": true[:40],
    "cut": true[:2000],
    "noexec": b"#!/bin/sh\n" + mark,
}
for kind, content in programs.items():
    program = f"{out}/{kind}/program"
    os.makedirs(f"{out}/hooks/{kind}")
    os.makedirs(f"{out}/{kind}", exist_ok=True)
    with open(program, "wb") as file:
        file.write(content)
    os.chmod(program, 0o755)
    hook = {"path": program, "env": ["PATH=/usr/bin:/bin"]}
    with open(f"{out}/hooks/{kind}/hook.json", "w") as file:
        json.dump(
            {
                "version": "1.0.0",
                "hook": hook,
                "when": {"always": True},
                "stages": ["createRuntime"],
            },
            file,
        )
PYTHON
}

# plain BUNDLE: makes the container's process print a line.
plain() {
    python3 - "$1/config.json" <<'PYTHON'
import json, sys

with open(sys.argv[1]) as file:
    config = json.load(file)
config["process"]["args"] = ["/bin/sh", "-c", "echo the container ran"]
with open(sys.argv[1] + ".plain", "w") as file:
    json.dump(config, file)
PYTHON
}

# reasons: reads the JSON of a command, and prints the code and the message of each diagnostic.
reasons() {
    python3 -c '
import json, sys

result = json.load(sys.stdin)
found = result.get("diagnostics", [])
for hook in result.get("hooks", []):
    found += hook.get("diagnostics", [])
for one in found:
    print(one["code"] + ": " + one["message"])
'
}

# lint, explain, run KIND OPTION...: the three commands, on the hook of this kind
lint() { "$command" lint "${@:2}" "$out/hooks/$1"; }
explain() { "$command" explain "${@:2}" --hooks-dir "$out/hooks/$1" "$out/config.json"; }
run() { "$command" run "${@:2}" "$out/hooks/$1/hook.json" </dev/null; }

# container RUNTIME KIND: runs a container with the hook of this kind. Prints what happened to it:
# "dies", "runs" or "nothing"; its output is in the file `output`.
container() {
    local bundle=$out/$1.bundle status
    rm -f "$out/mark"
    cp "$bundle/config.json.plain" "$bundle/config.json" &&
        "$command" inject --hooks-dir "$out/hooks/$2" --in-place "$bundle" >/dev/null || return
    within "$1" timeout -k 5 30 "$1" --root "$out/state" run --bundle "$bundle" \
        "libhooks-test-$$" >"$out/output" 2>&1
    status=$?
    if ! grep -qx "the container ran" "$out/output"; then
        [ $status != 0 ] && echo dies
    elif [ $status = 0 ]; then
        [ -e "$out/mark" ] && echo runs || echo nothing
    fi
}

# words: the output of the container, in which the program is called PROGRAM
words() {
    sed "s|$out/$1/program|PROGRAM|g" "$out/output"
}

# broken KIND CODE: checks that the three commands give the same reason, with this code.
broken() {
    local name="programs: $1" reason
    reason=$(lint "$1" --json --select "$codes" | reasons)
    same "$name: lint gives one reason, $2" "$2" "${reason%%: *}" || return
    same "$name: explain gives the same reason" "$reason" "$(explain "$1" --json | reasons)"
    same "$name: run gives the same reason" "$reason" "$(run "$1" --json 2>/dev/null | reasons)"
    # As text, too.
    reason="${reason#*: } [$2]"
    for command_name in lint explain run; do
        "$command_name" "$1" 2>&1 | grep -qF "$reason" ||
            fail "$name: $command_name does not print: $reason"
    done
}

# under RUNTIME KIND RESULT: checks what the runtime does with the hook.
under() {
    local name="programs: $1, $2" got
    command -v "$1" >/dev/null || return
    got=$(container "$1" "$2")
    same "$name: the container ${3%%:*}" "${3%%:*}" "$got" && [ "$got" != dies ] && return
    if [ "$got" = "${3%%:*}" ] && words "$2" | grep -qF -e "${3#*: }"; then
        pass "$name: the runtime's words"
    else
        fail "$name: the runtime's words; the table has: $3"
        words "$2" | sed 's/^/  /'
    fi
}

# repair KIND: puts a good program in the place of the bad one.
repair() {
    if [ "$1" = noexec ]; then mount -o remount,exec "$out/noexec"; else good "$out/$1/program"; fi
}

# silent KIND: succeeds if lint and explain report nothing and the hook runs.
silent() {
    local found
    found=$(lint "$1" --json | reasons)$(explain "$1" --json | reasons) || return
    [ -z "$found" ] || { echo "$found"; return 1; }
    lint "$1" --strict || return
    rm -f "$out/mark"
    found=$(run "$1" --json | reasons) && [ -z "$found" ] && [ -e "$out/mark" ]
}

mkdir "$out/noexec"
is_mounted=1
mount -t tmpfs -o noexec tmpfs "$out/noexec" 2>/dev/null || is_mounted=
check "programs: programs are made" make_programs || exit 1
runtimes=()
for runtime in runc crun; do
    command -v "$runtime" >/dev/null || { skip "programs: no $runtime here (make deps)"; continue; }
    runtimes+=("$runtime")
    check "programs: a bundle for $runtime is made" bundle_of "$runtime" "$out/$runtime.bundle" || exit 1
    check "programs: its config is made" plain "$out/$runtime.bundle" || exit 1
    cp "$out/$runtime.bundle/config.json.plain" "$out/config.json"
done
[ ${#runtimes[@]} != 0 ] || exit $failed
codes=$(kinds | cut -d '|' -f 2 | sort -u | paste -sd ,)
same "programs: the table has a line for each kind" \
    "$(ls "$out/hooks")" "$(kinds | cut -d '|' -f 1 | LC_ALL=C sort)"

while IFS='|' read -r kind code of_runc of_crun; do
    if [ "$kind" = noexec ] && [ -z "$is_mounted" ]; then
        skip "programs: no tmpfs can be mounted"
        continue
    fi
    [ -e "$out/hooks/$kind" ] || continue
    broken "$kind" "$code"
    under runc "$kind" "$of_runc"
    under crun "$kind" "$of_crun"
    repair "$kind"
    check "programs: $kind, repaired: no diagnostic" silent "$kind"
    for runtime in "${runtimes[@]}"; do
        same "programs: $runtime, $kind, repaired: the hook runs" runs "$(container "$runtime" "$kind")" ||
            sed 's/^/  /' "$out/output"
    done
done < <(kinds)
exit $failed
