#!/bin/bash
# What the machine may do to the daemon: nothing can be forked, the wall clock jumps.
# (A full disk, a read-only store and others: tests/serve/refusals.sh, tests/unit/store, tests/unit/backend.)
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
mkdir "$D/faults"
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O1 -shared -fPIC -o "$D/faults.so" tests/serve/faults.c -ldl || exit 1
site_file <<YAML
policy: {name: fifo-min}
clusters: [{name: edge, cpu: 4}]
YAML
export FAULTS=$D/faults ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}
start_faulty() {
    LD_PRELOAD=$D/faults.so start_site
}
check "it starts" start_faulty

# Nothing can be forked: tasks wait, are tried again, and run once it is possible.
touch "$D/faults/fork"
id=$(tapfinger submit --clean-env -- echo lived)
errors() {
    curl -sS --unix-socket "$D/sock" http://x/metrics | awk '/^tapfinger_backend_errors_total/ { sum += $2 } END { print sum + 0 }'
}
any_errors() {
    [ "$(errors)" -gt 0 ]
}
check "a start that fails is counted" eventually 5 any_errors
check "the task waits" until_state PENDING "$id"
check "and says why" sh -c "tapfinger show $id --json | jq -r '(.task // .).message' | grep -q 'cannot start a keeper: Resource temporarily unavailable'"
check "the daemon answers meanwhile" status_is 200 GET /healthz
check "an errand that cannot be forked is an error" status_is 500 GET /v1/record
check "and the comparison says that it has nothing" sh -c "curl -sS --unix-socket $D/sock http://x/v1/comparison | jq -e '.items == []'"
rm "$D/faults/fork"
check "then it runs" until_state SUCCEEDED "$id"
check "as if nothing had been: its first attempt" is 1 sh -c "tapfinger show $id --json | jq '.attempts'"
check "once" is lived tapfinger logs "$id"

# The wall clock jumps a day ahead and two days back.
running=$(tapfinger submit --clean-env --timeout 100s -- sh -c "$(until_file running)")
until_state RUNNING "$running"
echo 86400 >"$D/faults/clock"
sleep 1.2
check "a day ahead: what runs is not out of time" is RUNNING state_of "$running"
check "a day ahead: what comes runs" code_is 0 tapfinger submit --clean-env --wait -- true
failing=$(tapfinger submit --clean-env --retries 1 -- sh -c "echo x >>$D/tries; [ \$(wc -l <$D/tries) -ge 2 ]")
eventually 5 test -e "$D/tries"
echo -86400 >"$D/faults/clock"
check "a day back: what waits to be tried again is tried in its time" until_state SUCCEEDED "$failing"
check "a day back: what comes runs" code_is 0 tapfinger submit --clean-env --wait -- true
check "a day back: what runs still does" is RUNNING state_of "$running"
kill -9 "$server"
wait "$server" 2>/dev/null
rm "$D/faults/clock"
check "it starts again in the right time" start_faulty
check "and finds what runs" is RUNNING state_of "$running"
touch "$D/running"
check "which ends well" until_state SUCCEEDED "$running"
check "the log of a time that jumped can be simulated" sh -c \
    "tapfinger record -o $D/log.jsonl && tapfinger simulate --from-log $D/log.jsonl --json | jq -e '.real.finished >= 5'"

# What was answered to an idempotency key is kept for a day, and no longer.
keys() {
    python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM idempotency").fetchone()[0])' "$D/state/state.db"
}
tapfinger submit --clean-env --key once --wait -- true >/dev/null
stop_site
check "the answer to a key is kept" is 1 keys
check "it starts" start_faulty
stop_site
check "over a start, too" is 1 keys
echo 90000 >"$D/faults/clock"
check "it starts a day later" start_faulty
check "another key is kept" code_is 0 tapfinger submit --clean-env --key another --hold -- false
rm "$D/faults/clock"
stop_site
check "and the old answer is gone, the new one not" is 1 keys
check "it starts again" start_faulty
finish
