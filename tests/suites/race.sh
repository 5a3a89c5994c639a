#!/bin/bash
# Root edits a bundle in place while its owner, who is not root, attacks with three processes at
# once: one swaps the config for links and FIFOs, one the bundle's directory for a link to a
# directory of root's, one the temporary names. RACE_SECONDS (10) is the duration; COMMAND may name
# another oci-hooks.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
cd "$root" || exit 1

if [ "$(id -u)" != 0 ]; then
    skip "race: only root can become another user"
    exit 0
fi
if [ -z "${COMMAND:-}" ]; then
    stage || { fail "race: make install"; exit 1; }
fi
command=${COMMAND:-$root/target/stage/usr/local/bin/oci-hooks}
user=12345
place=$(mktemp -d)
attackers=()
end_attackers() {
    [ ${#attackers[@]} = 0 ] || kill "${attackers[@]}" 2>/dev/null
    wait
}
trap 'end_attackers; rm -rf "$place"' EXIT
chmod 755 "$place"

gcc -Wall -Wextra -O2 -o "$place/attack" tests/race/attack.c || { fail "race: the attackers are built"; exit 1; }
mkdir "$place"/{hooks.d,victim,root.d,home,home/bundle}
hook='{"version":"1.0.0","hook":{"path":"/bin/true"},"when":{"always":true},"stages":["poststop"]}'
echo "$hook" > "$place/hooks.d/a.json"
echo "a secret of root's, no JSON" > "$place/victim/secret"
chmod 600 "$place/victim/secret"
chmod 700 "$place/victim"
echo '{}' > "$place/home/bundle/config.json"
ln -s "$place/root.d" "$place/home/link"
chown -hR $user "$place/home"
state() { stat -c '%i %u %g %a %s' "$place/victim/secret"; cat "$place/victim/secret"; ls -A "$place/victim" "$place/root.d"; }
before=$(state)

inject=("$command" inject --hooks-dir "$place/hooks.d")
# Without an attack, the command works.
check "race: a bundle without an attack is edited" "${inject[@]}" --in-place "$place/home/bundle"
for attack in file directory temporary; do
    exec {ready}< <(exec setpriv --reuid $user --regid $user --clear-groups \
        "$place/attack" $attack "$place/home" "$place/victim/secret")
    attackers+=($!)
    read -r _ <&"$ready" || fail "race: the attacker of the $attack starts"
done

# Any result of the command is fine, but it must not hang or crash.
runs=0 succeeded=0 changed=0 crashed=0
end=$((SECONDS + ${RACE_SECONDS:-10}))
while [ $SECONDS -lt $end ] && [ "$changed" = 0 ]; do
    for arguments in "--in-place $place/home/bundle" "-o $place/home/bundle/config.json $place/hooks.d/a.json" \
        "--in-place $place/home/bundle/config.json"; do
        # shellcheck disable=SC2086 # two or three arguments
        timeout 30 "${inject[@]}" $arguments >/dev/null 2>&1
        status=$?
        [ $status -le 1 ] || { crashed=$((crashed + 1)); echo "exit status $status: $arguments"; }
        [ $status != 0 ] || succeeded=$((succeeded + 1))
        runs=$((runs + 1))
    done
    [ "$(state)" = "$before" ] || changed=$runs
done
end_attackers
attackers=()

echo "race: $runs runs in ${RACE_SECONDS:-10} s, $succeeded of them replaced the file, $crashed crashed"
same "race: no file of root is read, changed, given away or added" "$before" "$(state)"
stolen=$(find "$place/home" -type f ! -user 0 -exec grep -l 'a secret of root' {} +)
same "race: no file of another user has the secret" "" "$stolen"
same "race: no run hangs or crashes" 0 "$crashed"
exit "$failed"
