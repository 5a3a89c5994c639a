#!/bin/bash
# The calls for files that a program makes when it loads hooks, reloads, watches, and finds hooks
# for a container. strace counts them. A new call in one of these steps is a change of this table.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

command -v strace >/dev/null || { skip "calls: no strace here (make deps)"; exit 0; }
strace -o /dev/null true 2>/dev/null || { skip "calls: strace may not trace here"; exit 0; }
# LIBHOOKS_STAGE may name another installed stage in target/, to compare two versions.
stage=${LIBHOOKS_STAGE:-stage}
[ "$stage" != stage ] || stage || { fail "calls: make install"; exit 1; }

place=$(mktemp -d /tmp/libhooks-calls.XXXXXX)
trap 'rm -rf "$place"' EXIT
build() {
    local flags
    flags=$(with "$stage" pkg-config --cflags --libs libhooks) || return 1
    # shellcheck disable=SC2086
    gcc -std=c99 -O1 -Wall -Wextra -Werror -o "$place/calls" tests/calls/calls.c $flags
}
check "calls: calls.c compiles" build || exit 1

# Two directories: files, a symlink, a file that switches off another one, and a file that is not a
# hook file.
scene() {
    local hook='{"version":"1.0.0","hook":{"path":"'"$place"'/scene/program"},'
    hook+='"when":{"always":true},"stages":["poststop"]}'
    rm -rf "$place/scene"
    mkdir -p "$place/scene/first.d" "$place/scene/second.d" "$place/scene/elsewhere"
    for name in first.d/a first.d/b second.d/b second.d/c elsewhere/l; do
        printf %s "$hook" >"$place/scene/$name.json"
    done
    ln -s ../elsewhere/l.json "$place/scene/first.d/l.json"
    cp /bin/true "$place/scene/program"
    chmod -R go-w "$place"
    echo "no hook" >"$place/scene/first.d/README"
}

# Prints "STEP: CALL COUNT ..." for each step. Calls that do the same have one name, since the C
# library chooses among them.
count() {
    awk '
        match($0, /"\/step: [a-z-]*"/) { 
            step = substr($0, RSTART + 8, RLENGTH - 9)
            if (step != "" && !(step in seen)) { seen[step] = 1; steps[++number] = step }
            next
        }
        step == "" { next }
        {
            call = $0
            sub(/^[0-9]+ +/, "", call)
            sub(/\(.*/, "", call)
            if (call ~ /^(stat|lstat|fstat|statx|newfstatat|fstatat64|stat64|lstat64|fstat64)$/) call = "stat"
            if (call ~ /^(open|openat)$/) call = "open"
            if (call ~ /^readlink(at)?$/) call = "readlink"
            if (call ~ /^getdents(64)?$/) call = "getdents"
            counts[step, call]++
        }
        END {
            wanted = split("open openat2 stat statfs fstatfs getxattr fgetxattr lgetxattr access readlink read pread64 lseek fcntl getdents close inotify_init1 inotify_add_watch inotify_rm_watch", order)
            for (i = 1; i <= number; i++) {
                line = steps[i] ":"
                for (j = 1; j <= wanted; j++)
                    if (counts[steps[i], order[j]])
                        line = line " " order[j] " " counts[steps[i], order[j]]
                print line
            }
        }' "$1"
}

# calls POLICY...: prints the counts of a run.
calls() {
    scene
    with "$stage" strace -f -qq -o "$place/trace" "$place/calls" "$place/scene" "$@" || return 1
    count "$place/trace"
}
same "calls: the calls of each step" "\
new: open 7 stat 10 read 5 getdents 4 close 7
hooks:
reload: open 7 stat 10 read 5 getdents 4 close 7
reload-changed: open 8 stat 11 read 6 getdents 4 close 8
monitor: open 5 stat 19 readlink 1 inotify_init1 1 inotify_add_watch 8
first-dispatch: open 8 stat 11 read 7 getdents 4 close 8
wait: open 1 stat 12 read 4 close 1
hooks-again:" "$(calls)"
if [ "$(id -u)" = 0 ]; then
    same "calls: the calls of each step, policy strict" "\
new: open 10 stat 35 statfs 1 lgetxattr 17 readlink 1 read 15 getdents 4 close 10
hooks:
reload: open 10 stat 35 statfs 1 lgetxattr 17 readlink 1 read 15 getdents 4 close 10
reload-changed: open 11 stat 38 statfs 1 lgetxattr 18 readlink 1 read 16 getdents 4 close 11
monitor: open 5 stat 19 readlink 1 inotify_init1 1 inotify_add_watch 8
first-dispatch: open 11 stat 38 statfs 1 lgetxattr 18 readlink 1 read 17 getdents 4 close 11
wait: open 4 stat 41 statfs 1 lgetxattr 19 readlink 1 read 14 close 4
hooks-again:" "$(calls strict)"
else
    skip "calls: policy strict: only root owns all directories above"
fi
exit "$failed"
