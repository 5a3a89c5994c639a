#!/bin/bash
# The manual pages: they render without warnings, and agree with the command, the library and the
# diagnostics.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1
# Other users must not be able to write the files made here, or oci-hooks warns.
umask 022

check "man: make install" stage || exit 1
command=$root/target/stage/usr/local/bin/oci-hooks
out=$root/target/man-test
rm -rf "$out"
mkdir -p "$out"
command_page=docs/man/oci-hooks.1.md
file_page=docs/man/oci-hooks.5.md
library_page=docs/man/libhooks.3.md

# fences LANGUAGE PAGE PATTERN: writes each example of this language to a file; the pattern takes
# its number.
fences() {
    awk -v start="\`\`\`$1" -v pattern="$3" '
        $0 == start { inside = 1; file = sprintf(pattern, ++count); next }
        /^```/ { inside = 0 }
        inside { print > file }' "$2"
}
# section HEADING PAGE: the text of a section, to the next heading of its level.
section() {
    awk -v heading="$1" '
        $0 == heading { inside = 1; level = index(heading, " "); next }
        /^##+ / && index($0, " ") <= level { inside = 0 }
        inside' "$2"
}
# options: prints the options in bold, each with its value, in the Markdown from stdin
options() {
    grep -oE '\*\*--[a-z-]+\*\*( \*[A-Z=]+\*)?' | tr -d '*' | LC_ALL=C sort -u
}

# oci-hooks(1) and --help.
mapfile -t built < <("$command" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | grep -vx help | sort)
mapfile -t described < <(section '## COMMANDS' $command_page | sed -n 's/^### //p' | sort)
same "man: oci-hooks(1) has every command, and no others" "${built[*]}" "${described[*]}"
for name in "${built[@]}"; do
    helped=$("$command" "$name" --help |
        sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+)( <([A-Z=]+)>)?.*/\2 \4/p' | sed 's/ $//' | grep -vx -e --help | LC_ALL=C sort)
    # The usage is the first paragraph.
    used=$(section "### $name" $command_page | awk 'NF { text = 1; print } text && !NF { exit }' | options)
    same "man: oci-hooks(1) has the options of $name" "$helped" "$used"
    defined=$(section "### $name" $command_page | grep '^\*\*-' | options)
    common=$(section '## OPTIONS' $command_page | grep '^\*\*-' | options)
    same "man: oci-hooks(1) explains the options of $name, and no others" \
        "$used" "$(LC_ALL=C sort -u <(echo "$defined") <(comm -12 <(echo "$used") <(echo "$common")) | sed '/^$/d')"
done

# libhooks(3) and the symbols of the library.
same "man: libhooks(3) names every function, and no others" "$(cat abi/libhooks.abi)" \
    "$(grep -oE '\*\*hooks_[a-z0-9_]+\*\*\(\)' $library_page | tr -d '*()' | LC_ALL=C sort -u)"

# oci-hooks(5) and src/problem/code.rs: the codes, each in the section of its severity if the source
# names the severity.
codes=$(sed -nE 's/^ +[A-Z][A-Za-z0-9]* = "([a-z0-9-]+)"(, ([A-Za-z]+)(, MACHINE)?;)?.*/\1 \3/p' src/problem/code.rs)
documented=$(
    for part in 'Errors ERROR' 'Warnings WARNING' 'Information INFO' 'Others None'; do
        section "### ${part% *}" $file_page | grep '^\*\*' | grep -oE '[a-z][a-z0-9-]+' | sed "s/$/ ${part#* }/"
    done
)
# (If it does not, only the codes are compared.)
grep -q ' .' <<<"$codes" || documented=$(awk '{ print $1 " " }' <<<"$documented")
same "man: oci-hooks(5) has every code" "$(sort <<<"$codes")" "$(sort <<<"$documented")"

# The hook files of oci-hooks(5). Their programs are not here.
printf '#!/bin/sh\n' >"$out/hook"
chmod 755 "$out/hook"
mkdir "$out/json"
fences json $file_page "$out/json/%02d.json"
check "man: oci-hooks(5) has examples" test "$(find "$out/json" -name '*.json' | wc -l)" -gt 3
sed -i "s|\"/usr/[a-z/]*/[a-z0-9-]*\"\\([,}]\\)|\"$out/hook\"\\1|" "$out"/json/*.json
for file in "$out"/json/*.json; do
    mkdir "${file%.json}"
    cp "$file" "${file%.json}"
    listed=$("$command" list --json --hooks-dir "${file%.json}")
    status=$?
    # Information about hooks with commands, without env, and about those that are switched off is
    # expected.
    expected='masked\|inherits-environment'
    grep -q '"commands"\|"cmds"' "$file" && expected+='\|empty-args-blocks'
    grep -q '"always": false' "$file" && expected+='\|switched-off'
    said=$(grep -oE '"code": ?"[a-z-]+"' <<<"$listed" | grep -v "\"\\($expected\\)\"")
    same "man: example $(basename "$file") of oci-hooks(5) loads" "0 " "$status $said"
done

# The program of libhooks(3).
if command -v "${CC:-cc}" >/dev/null && command -v pkg-config >/dev/null; then
    fences c $library_page "$out/example%d.c"
    compile() {
        # shellcheck disable=SC2046 # pkg-config gives several words
        "${CC:-cc}" -std=c99 -Wall -Wextra -Werror "$out/example1.c" -o "$out/example" $(pkg-config --cflags --libs libhooks)
    }
    check "man: the example of libhooks(3) compiles" with stage compile
    same "man: the example of libhooks(3) injects what the command does" \
        "$("$command" inject --hooks-dir examples/hooks.d --extension-stage precreate examples/config.json 2>/dev/null)" \
        "$(with stage "$out/example" examples/hooks.d <examples/config.json 2>"$out/stderr")"
    check "man: the example of libhooks(3) prints the hooks of its own stage" grep -q precreate "$out/stderr"
else
    skip "man: no C compiler or pkg-config here (make deps)"
fi

# Without go-md2man and Go, everything else is installed, with a warning. All tools but these two:
mkdir "$out/bin"
IFS=: read -ra paths <<<"$PATH"
for path in "${paths[@]}"; do
    # The first program of a name is kept.
    ln -s "$path"/* "$out/bin" 2>/dev/null
done
rm -f "$out/bin/go" "$out/bin/go-md2man"
install_without() {
    rm -f target/man/libhooks.3
    PATH=$out/bin make -s install CARGO=true DESTDIR="$out/stage" PREFIX=/usr 2>"$out/output"
}
check "man: make install without go-md2man" install_without
check "man: make install without go-md2man installs the rest" test -x "$out/stage/usr/bin/oci-hooks" -a ! -e "$out/stage/usr/share/man"
check "man: make install without go-md2man names the missing tool" grep -q "go-md2man is missing" "$out/output"
check "man: make install without go-md2man names what is not installed" grep -q "NOT INSTALLED: the manual" "$out/output"

# The pages.
if ! command -v go-md2man >/dev/null && ! make -s man >"$out/make" 2>&1; then
    skip "man: no page can be made: $(tail -n 1 "$out/make")"
    exit $failed
fi
check "man: make man" make -s man
for source in docs/man/*.md; do
    page=$(basename "$source" .md)
    check "man: $page is installed" cmp "target/man/$page" "target/stage/usr/local/share/man/man${page##*.}/$page"
    if ! command -v man >/dev/null || ! command -v groff >/dev/null; then
        skip "man: no man here, so $page is not rendered (make deps)"
        continue
    fi
    # The check of lintian.
    warnings=$(MANROFFSEQ='' LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "target/man/$page" 2>&1 >/dev/null)
    same "man: $page renders without a warning" "" "$warnings"
    check "man: $page can be read" grep -q "SEE ALSO" <(LC_ALL=C.UTF-8 MANWIDTH=80 man -l "target/man/$page" | cat)
    check "man: $page can be found by apropos" grep -q "\"${page%.*} - " <(lexgrog "target/man/$page")
done

exit $failed
