#!/bin/bash
# Shell completion: real shells load the installed scripts and complete words.
# shellcheck disable=SC2317 # functions are called by name, by `check`
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

check "completion: make install" stage || exit 1
share=$root/target/stage/usr/local/share
command=$root/target/stage/usr/local/bin/oci-hooks
export PATH=${command%/*}:$PATH
commands=$("$command" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' | sort | xargs)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# installed SHELL FILE
installed() {
    "$command" completion "$1" | cmp - "$share/$2" && [ "$(stat -c %a "$share/$2")" = 644 ]
}
check "completion: bash's script is installed" installed bash bash-completion/completions/oci-hooks
check "completion: zsh's script is installed" installed zsh zsh/site-functions/_oci-hooks
check "completion: fish's script is installed" installed fish fish/vendor_completions.d/oci-hooks.fish

# in_bash WORD...: prints what bash offers for the last word, by the function that the script
# registers. compopt works only within readline, so here it prints its arguments.
in_bash() {
    # shellcheck disable=SC2016 # the variables are the inner shell's
    env -i PATH="$PATH" bash --norc --noprofile -u -c '
        compopt() { echo "compopt $*"; }
        . "$1" || exit
        shift
        registered=$(complete -p oci-hooks)
        [[ $registered =~ -F\ ([^ ]+) ]] || exit
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        "${BASH_REMATCH[1]}" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"
    ' bash "$share/bash-completion/completions/oci-hooks" "$@" 2>&1
}
same "completion: bash offers the commands" "$commands" "$(in_bash oci-hooks "" | grep -v '^-' | sort | xargs)"
same "completion: bash completes a command" migrate "$(in_bash oci-hooks mig)"
same "completion: bash completes an option" --policy "$(in_bash oci-hooks list --pol)"
same "completion: bash completes a short list of values" "strict" "$(in_bash oci-hooks list --policy s)"
same "completion: bash offers all values" "compatible strict lenient" "$(in_bash oci-hooks list --policy "" | xargs)"
same "completion: bash offers shells" "bash zsh fish" "$(in_bash oci-hooks completion "" | grep -v '^-' | xargs)"
same "completion: bash completes directories" "compopt -o plusdirs" "$(in_bash oci-hooks list --hooks-dir "" | xargs)"
touch "$dir/a file"
same "completion: bash completes files with spaces" "compopt -o filenames"$'\n'"$dir/a file" \
    "$(in_bash oci-hooks migrate -o "$dir/a")"
same "completion: bash completes the last code of a list" "masked,json-type" "$(in_bash oci-hooks lint --select masked,json-t)"
same "completion: bash completes the first code of a list" "json-type" "$(in_bash oci-hooks lint --ignore json-t)"
same "completion: bash offers stages" "precreate" "$(in_bash oci-hooks inject --extension-stage "" | xargs)"
mkdir "$dir/hooks.d"
echo '{' >"$dir/hooks.d/60-bad.json"
cp examples/hooks.d/60-gpu.json "$dir/hooks.d/60-gp u.json"
touch "$dir/hooks.d/60-other"
same "completion: bash offers the hooks of a directory" $'60-bad.json\n60-gp u.json' \
    "$(in_bash "$command" explain --hooks-dir "$dir/hooks.d" --hook 60)"
same "completion: bash offers the hooks of a directory after =" 60-bad.json \
    "$(in_bash "$command" explain --hooks-dir = "$dir/hooks.d" --hook 60-b)"
# The name of a file is not shell code.
mkdir "$dir/hostile"
# shellcheck disable=SC2016 # the name is literal
hostile='70-$(touch made)`touch made`$HOME.json'
echo '{' >"$dir/hostile/$hostile"
same "completion: bash offers a hostile name as it is" "$hostile" \
    "$(cd "$dir" && in_bash "$command" explain --hooks-dir hostile --hook 70)"
check "completion: bash runs nothing of a name" test ! -e "$dir/made"
same "completion: bash offers nothing for an unknown word" "" "$(in_bash oci-hooks migrate "" | grep -v '^-')"
same "completion: bash leaves the rest to file names" "" "$(in_bash oci-hooks inject "$dir/a")"

# in_zsh LINE: prints the line after Tab is pressed at its end in zsh
cat >"$dir/.zshrc" <<END
fpath=('$share/zsh/site-functions' \$fpath)
autoload -U compinit
compinit -u -D
PROMPT=
tab() { zle complete-word; zle -I; print -r -- "<<\$BUFFER>>"; exit; }
zle -N tab
bindkey '^I' tab
END
in_zsh() {
    # shellcheck disable=SC2016 # the variables are the inner shell's
    env -i PATH="$PATH" HOME="$dir" TERM=dumb timeout 60 zsh -f -c '
        zmodload zsh/zpty || exit
        zpty shell zsh -d -i
        zpty -w -n shell "$1"$'"'\t'"'
        zpty -r shell said "*<<*>>*" || exit
        print -r -- "${${said##*<<}%%>>*}"
    ' zsh "$1"
}
if command -v zsh >/dev/null; then
    # shellcheck disable=SC2016 # the variables are zsh's
    same "completion: zsh finds the script" _oci-hooks "$(env -i PATH="$PATH" HOME="$dir" zsh -f -c '
        fpath=("$1" $fpath); autoload -U compinit; compinit -u -D; print -r -- $_comps[oci-hooks]
        autoload +X -U _oci-hooks' zsh "$share/zsh/site-functions" 2>&1)"
    same "completion: zsh completes a command" "oci-hooks migrate " "$(in_zsh "oci-hooks mig")"
    same "completion: zsh completes an option" "oci-hooks list --hooks-dir=" "$(in_zsh "oci-hooks list --hook")"
    same "completion: zsh completes a value" "oci-hooks list --policy strict " "$(in_zsh "oci-hooks list --policy s")"
    same "completion: zsh completes the last code of a list" "oci-hooks lint --select masked,json-type" \
        "$(in_zsh "oci-hooks lint --select masked,json-t" | sed 's/,$//')"
    same "completion: zsh completes a stage" "oci-hooks list --extension-stage precreate " "$(in_zsh "oci-hooks list --extension-stage p")"
    same "completion: zsh completes the name of a hook" "$command explain --hooks-dir $dir/hooks.d --hook 60-bad.json " \
        "$(in_zsh "$command explain --hooks-dir $dir/hooks.d --hook 60-b")"
    touch "$dir/victim"
    in_zsh "rm -f $dir/victim; oci-hooks explain --hooks-dir $dir/hooks.d --hook 60-b" >/dev/null
    check "completion: zsh runs no other word of the line" test -e "$dir/victim"
    same "completion: zsh completes a shell" "oci-hooks completion fish " "$(in_zsh "oci-hooks completion f")"
else
    skip "completion: no zsh here (make deps)"
fi

# in_fish LINE: prints what fish offers, without the descriptions
in_fish() {
    # shellcheck disable=SC2016 # the variables are fish's
    env -i PATH="$PATH" HOME="$dir" fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
        "$share/fish/vendor_completions.d/oci-hooks.fish" "$1" | cut -f 1
}
if command -v fish >/dev/null; then
    same "completion: fish offers the commands" "$commands" "$(in_fish "oci-hooks " | sort | xargs)"
    same "completion: fish completes a command" migrate "$(in_fish "oci-hooks mig")"
    same "completion: fish completes an option" --policy "$(in_fish "oci-hooks list --pol")"
    same "completion: fish completes the last code of a list" masked,json-type "$(in_fish "oci-hooks lint --select masked,json-t")"
    same "completion: fish completes the first code of a list" json-type "$(in_fish "oci-hooks lint --select json-t")"
    same "completion: fish offers stages" precreate "$(in_fish "oci-hooks list --extension-stage ")"
    same "completion: fish offers the hooks of a directory" $'60-bad.json\n60-gp u.json' \
        "$(in_fish "$command explain --hooks-dir $dir/hooks.d --hook ")"
    same "completion: fish offers all values" "compatible lenient strict" "$(in_fish "oci-hooks list --policy " | sort | xargs)"
else
    skip "completion: no fish here (make deps)"
fi
exit $failed
