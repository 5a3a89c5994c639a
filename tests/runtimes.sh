# How suites start containers with real runtimes. They source this file after tests/lib.sh.
# shellcheck shell=bash

PATH=$PATH:/usr/sbin:/sbin

# need_containers SUITE: sets `busybox` to its path; ends the suite if no container can run here.
need_containers() {
    can_run_containers ||
        { skip "$1: it takes root, and a system that lets it make namespaces"; exit 0; }
    busybox=$(command -v busybox) || { skip "$1: no busybox here (make deps)"; exit 0; }
}

# bundle_of RUNTIME DIR: makes a bundle in DIR: the config that the runtime's `spec` prints, without
# a terminal, and a root file system that has only busybox, as /bin/sh and under its path here.
bundle_of() {
    mkdir -p "$2/rootfs/bin" "$2/rootfs${busybox%/*}" &&
        cp "$busybox" "$2/rootfs$busybox" && ln -s "$busybox" "$2/rootfs/bin/sh" &&
        (cd "$2" && "$1" spec) &&
        sed -i 's/"terminal": true/"terminal": false/' "$2/config.json"
}

# end_container STATE RUNTIME...: ends the container of this suite, which may hang, while the
# directory STATE, which names it, still exists.
end_container() {
    local state=$1 runtime
    shift
    for runtime; do
        command -v "$runtime" >/dev/null &&
            "$runtime" --root "$state" delete --force "libhooks-test-$$" >/dev/null 2>&1
    done
}

# within KIND COMMAND...: runs a command that starts a runtime of this kind. crun refuses a mix of
# cgroup v1 and v2. In a mount namespace of its own it sees only one.
within() {
    local kind=$1
    shift
    case $kind in
    crun)
        unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh "$@" </dev/null
        ;;
    *) "$@" </dev/null ;;
    esac
}
