#!/bin/bash
# libhooks.so as the loader sees it: its name, the libraries that it needs, its symbols, its size.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

for tool in readelf nm strip; do
    command -v $tool >/dev/null || { skip "abi: no $tool here (make deps)"; exit 0; }
done
check "abi: make install" stage || exit 1
# Built from scratch in another directory, so that this is not the installed file itself.
check "abi: cargo build --release" cargo build -q --release --target-dir target/again
library=target/release/libhooks.so
installed=target/stage/usr/local/lib

same "abi: SONAME" "libhooks.so.0" "$(readelf -d $library | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
needed=$(readelf -d $library | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(libc|libgcc_s|libm|ld-linux-[a-z0-9_-]*)\.so\.[0-9]+$')
same "abi: needs nothing but libc, libgcc_s, libm, ld-linux" "" "$needed"

# If a symbol is removed or changes its meaning, programs break: then raise ABI in capi/build.rs.
if ! same "abi: exports the symbols in abi/libhooks.abi" "$(cat abi/libhooks.abi)" \
    "$(nm -D --defined-only $library | awk '{print $3}' | LC_ALL=C sort)"; then
    echo "  refresh it: nm -D --defined-only $library | awk '{print \$3}' | LC_ALL=C sort > abi/libhooks.abi"
fi
same "abi: the header declares all exported symbols" "$(cat abi/libhooks.abi)" \
    "$(grep -o '\bhooks_[a-z0-9_]*(' include/hooks.h | grep -v ')' | tr -d '(' | LC_ALL=C sort -u |
        while read -r name; do grep -qE "[ *]$name\(.*[,;]$" include/hooks.h && echo "$name"; done)"

same "abi: the links" "libhooks.so.0 $(basename "$(ls $installed/libhooks.so.0.*)")" \
    "$(readlink $installed/libhooks.so) $(readlink $installed/libhooks.so.0)"

mkdir -p target/abi
strip -o target/abi/built.so target/again/release/libhooks.so
strip -o target/abi/installed.so $installed/libhooks.so
check "abi: the installed library equals the one that cargo builds, after strip" cmp target/abi/built.so target/abi/installed.so

size=$(stat -c %s target/abi/built.so)
echo "libhooks.so, stripped: $size bytes (limit: 1300000)"
check "abi: stripped, below 1.3 MB" test "$size" -lt 1300000

# Properties that make an exploit harder. (CET is missing: the precompiled std has no marks for it,
# and the linker keeps only marks that all objects have.)
for file in $library target/release/oci-hooks; do
    name=$(basename "$file")
    dynamic=$(readelf -dW "$file") headers=$(readelf -lW "$file")
    same "abi: $name: no stack that can be executed" "RW" \
        "$(awk '$1 == "GNU_STACK" {print $7}' <<<"$headers")"
    check "abi: $name: relocated data becomes read-only" grep -q GNU_RELRO <<<"$headers"
    check "abi: $name: symbols are bound at the start" grep -q 'FLAGS_1.*NOW' <<<"$dynamic"
    check "abi: $name: no relocations in its code" sh -c '! grep -q TEXTREL' <<<"$dynamic"
    check "abi: $name: no segment that can be written and executed" sh -c '! grep -qE "^ *LOAD .* RWE "' <<<"$headers"
    check "abi: $name: no search path for libraries" sh -c '! grep -qE "RPATH|RUNPATH"' <<<"$dynamic"
done
check "abi: oci-hooks is loaded at an unforeseeable address" sh -c \
    "readelf -dW target/release/oci-hooks | grep -q 'FLAGS_1.*PIE'"
exit $failed
