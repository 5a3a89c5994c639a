#!/bin/bash
# The Python package: its wheel, its tests on the oldest and the newest Python here with the wheel
# installed, the wheel alone without this repository, and the source distribution.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

out=$root/target/python
mkdir -p "$out"
unset LIBHOOKS_PATH LD_LIBRARY_PATH PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONDONTWRITEBYTECODE=1

# pythons: prints "VERSION FILE" for each supported Python here that can make a venv, the oldest
# first
pythons() {
    local python
    for python in python3 python3.{9..14} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        "$python" -c 'if True:
            import ensurepip, sys, venv
            if sys.version_info >= (3, 9):
                print("%d.%d.%d" % sys.version_info[:3], sys.executable)' 2>/dev/null
    done | sort -V -u
}
mapfile -t found < <(pythons)
[ ${#found[@]} -gt 0 ] || { skip "python: no Python from 3.9 on with venv here (make deps)"; exit 0; }
chosen=("${found[0]}")
[ "${found[0]%% *}" = "${found[-1]%% *}" ] || chosen+=("${found[-1]}")

# environment VERSION FILE: makes a venv with pytest, in target/python/VERSION
environment() {
    [ -x "$out/$1/bin/pytest" ] || { "$2" -m venv --clear "$out/$1" && "$out/$1/bin/pip" install -q pytest; }
}
for each in "${chosen[@]}"; do
    read -r version file <<<"$each"
    if ! environment "$version" "$file" >"$out/pip.log" 2>&1; then
        skip "python: pytest for Python $version cannot be had: $(tail -n 1 "$out/pip.log")"
        exit $failed
    fi
done

check "python: make wheel" make -s wheel PYTHON="${chosen[-1]#* }" || exit 1
wheel=$(echo target/wheel/*.whl)
echo "$(basename "$wheel"): $(stat -c %s "$wheel") bytes"

# Controls: the check of the wheel finds tags that promise too much, in the name alone and in the
# wheel, too.
controls=$(mktemp -d "$out/controls.XXXXXX")
# Restore the hidden files, whatever happens.
clean() {
    [ ! -d target.hidden ] || mv target.hidden target
    rm -rf "$controls"
}
trap clean EXIT
# retag SED: makes a copy of the wheel with another name and another WHEEL file
retag() {
    "${chosen[-1]#* }" - "$wheel" "$controls/$(basename "$wheel" | sed "$1")" "$2" "$3" <<'END'
import sys, zipfile

source, target, old, new = sys.argv[1:]
with zipfile.ZipFile(source) as whole, zipfile.ZipFile(target, "w") as copy:
    for name in whole.namelist():
        content = whole.read(name)
        if name.endswith(".dist-info/WHEEL"):
            content = content.replace(old.encode(), new.encode())
        copy.writestr(name, content)
END
}
# refused WORDS: succeeds if the check of the wheels fails with these words
refused() {
    local said
    said=$(python3 bindings/python/check_wheel.py "$controls"/*.whl) && { echo "not refused: $said"; return 1; }
    rm -f "$controls"/*.whl
    [[ $said == *$1* ]] || { echo "$said"; return 1; }
}
tag=$(basename "$wheel" | sed 's/.*-none-\(.*\)\.whl/\1/')
lower=manylinux_2_17_${tag#manylinux_2_*_}
retag "s/$tag/$lower/" "$tag" "$tag"
check "python: a wheel whose name and WHEEL disagree is refused" refused "its WHEEL says"
retag "s/$tag/$lower/" "$tag" "$lower"
check "python: a wheel whose tag promises an older glibc is refused" refused "its name says glibc 2.17, its library needs"
retag "s/libhooks-/libhooks-/" "$tag" "$tag"
"${chosen[-1]#* }" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "a").writestr("tests/stray.py", "")' "$controls"/*.whl
check "python: a wheel with something else in it is refused" refused "tests/stray.py does not belong in it"
retag "s/libhooks-/libhooks-9/" "$tag" "$tag"
check "python: a wheel of another version is refused" refused "its name is not libhooks-"

# tested VERSION: runs pytest; each of its tests counts as a check. After a crash there is no list
# of tests, so the exit status counts, too.
tested() {
    local short=${1%.*} status
    "$out/$1/bin/pip" install -q --no-index --no-deps --force-reinstall "$wheel" || { fail "python $short: the wheel is installed"; return; }
    timeout 900 "$out/$1/bin/pytest" -q -rA --show-capture=stdout -p no:cacheprovider --basetemp="$out/tmp-$1" bindings/python 2>&1 |
        sed -u -e "s,^PASSED [^ ]*/tests/,PASS: python $short: ," -e "s,^\(FAILED\|ERROR\) [^ ]*/tests/,FAIL: python $short: ," \
            -e "s,^SKIPPED \[[0-9]*\] ,SKIP: python $short: ,"
    status=${PIPESTATUS[0]}
    rm -rf "$out/tmp-$1"
    [ "$status" = 0 ] || fail "python $short: pytest (exit $status)"
}
for each in "${chosen[@]}"; do tested "${each%% *}"; done

# The wheel alone: a venv outside the repository, without environment variables, working directory
# and network.
elsewhere=$(mktemp -d)
trap 'clean; rm -rf "$elsewhere"' EXIT
# example TITLE FILE: prints the Python code under this heading
example() {
    # shellcheck disable=SC2016 # these are the backquotes of Markdown
    sed -n "/^#* $1/,/^## /"'{/^```python$/,/^```$/{/^```/!p}}' "$2"
}
example "Python" README.md >"$elsewhere/README.py"
example "libhooks for Python" bindings/python/README.md >"$elsewhere/package.py"
cat >"$elsewhere/inject.py" <<'END'
import sys, libhooks

hooks_d, config = sys.argv[1:]
with open(config, "rb") as file:
    text = file.read()
with libhooks.Manager([hooks_d], ["precreate"]) as manager:
    sys.stdout.buffer.write(manager.hooks(text).config)
with open("/proc/self/maps") as maps:
    print(*sorted({line.split()[-1] for line in maps if "libhooks" in line}), file=sys.stderr)
END
alone() { (cd / && env -i "$@"); }
# installed VERSION FILE
installed() {
    alone "$2" -m venv "$elsewhere/$1" && alone "$elsewhere/$1/bin/pip" install -q --no-index "$elsewhere"/libhooks-*.whl
}
# runs VERSION EXAMPLE
runs() {
    grep -q 'libhooks.Manager' "$elsewhere/$2.py" && alone "$elsewhere/$1/bin/python" -W error "$elsewhere/$2.py"
}
# injects VERSION: succeeds if the wheel's own library injects the same bytes as the command
injects() {
    alone "$elsewhere/$1/bin/python" "$elsewhere/inject.py" "$root/examples/hooks.d" "$root/examples/config.json" \
        >"$elsewhere/by-python.json" 2>"$elsewhere/loaded" || { cat "$elsewhere/loaded"; return 1; }
    "$elsewhere/oci-hooks" inject --hooks-dir examples/hooks.d --extension-stage precreate examples/config.json \
        >"$elsewhere/by-command.json" && cmp "$elsewhere/by-python.json" "$elsewhere/by-command.json" &&
        [ "$(cat "$elsewhere/loaded")" = "$(echo "$elsewhere/$1"/lib/python*/site-packages/libhooks/libhooks.so.0)" ]
}
# needs VERSION: succeeds if the library needs only libraries that every system has
needs() {
    ldd "$elsewhere/$1"/lib/python*/site-packages/libhooks/libhooks.so.0 >"$elsewhere/ldd" &&
        ! grep -vE '^\s*(linux-vdso\.so\.1|lib(c|gcc_s|m)\.so\.[0-9]+|/lib[a-z0-9/_-]*/ld-linux[a-z0-9_-]*\.so\.[0-9]+) ' "$elsewhere/ldd"
}
# by_hooks VERSION: runs the example of the README of the package with hooks that match
by_hooks() {
    sed "s|Manager(|Manager(['$root/examples/hooks.d'], |" "$elsewhere/package.py" >"$elsewhere/by_hooks.py"
    alone "$elsewhere/$1/bin/python" -W error "$elsewhere/by_hooks.py" >"$elsewhere/by_hooks" || return 1
    grep -x 'for the engine to run: /bin/cat' "$elsewhere/by_hooks" && grep 'for the runtime.*createRuntime' "$elsewhere/by_hooks" &&
        grep '60-gpu.json no-match' "$elsewhere/by_hooks"
}
cp "$wheel" target/release/oci-hooks "$elsewhere"
mv target target.hidden
for each in "${chosen[@]}"; do
    read -r version file <<<"$each"
    short=${version%.*}
    check "python $short: the wheel installs without the repository" installed "$version" "$file" || continue
    check "python $short: the README's example, there" runs "$version" README
    check "python $short: the package's README's example, there, with hooks" by_hooks "$version"
    check "python $short: the package's README's example, there" runs "$version" package
    check "python $short: injects as the command, by the wheel's library alone" injects "$version"
    check "python $short: the wheel's library needs only libraries that every system has" needs "$version"
done
mv target.hidden target
echo "ldd of the wheel's library:"
cat "$elsewhere/ldd"

# The source distribution needs only cargo to build a wheel.
sdist() {
    rm -rf "$out/sdist"
    "$out/build/bin/pip" install -q build && "$out/build/bin/python" -m build -q --sdist --outdir "$out/sdist" bindings/python
}
if check "python: a source distribution is made" sdist; then
    from_source() {
        CARGO_TARGET_DIR=$elsewhere/target "$out/build/bin/pip" wheel -q --no-deps --wheel-dir "$elsewhere/wheel" \
            "$out"/sdist/libhooks-*.tar.gz && python3 bindings/python/check_wheel.py "$elsewhere"/wheel/*.whl &&
            "$file" -m venv "$elsewhere/source" && "$elsewhere/source/bin/pip" install -q --no-index "$elsewhere"/wheel/*.whl &&
            alone "$elsewhere/source/bin/python" -W error "$elsewhere/README.py"
    }
    check "python: a wheel is built from it" from_source
    same "python: the wheel from source has the same name" "$(basename "$wheel")" "$(ls "$elsewhere/wheel")"
fi
exit $failed
