#!/bin/bash
# Nothing lost, nothing doubled: clients submit while the daemon is killed at random moments; every
# accepted job runs exactly once, which its own journal counts. JOBS and KILLS make it longer.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
jobs=${JOBS:-64} kills=${KILLS:-6} clients=8
site_file <<YAML
clusters:
  - {name: a, cpu: 6}
  - {name: b, cpu: 6}
YAML
mkdir "$D/ran"

client() {
    for i in $(seq 1 $((jobs / clients))); do
        until "$tapfinger" submit --key "c$1-$i" --clean-env -- /bin/sh -c "echo \$TAP_ATTEMPT >>$D/ran/$1-$i" \
            >>"$D/accepted" 2>/dev/null; do sleep 0.1; done
    done
}

start_site || exit 1
pids=
for c in $(seq 1 $clients); do
    client "$c" &
    pids="$pids $!"
done
for _ in $(seq 1 "$kills"); do
    sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
    kill -9 "$server"
    wait "$server" 2>/dev/null
    start_site || { echo "it did not start again"; cat "$D/serve.err"; failed=1; break; }
done
# shellcheck disable=SC2086
wait $pids
eventually 120 is 0 sh -c "tapfinger ps --json | jq '.items | length'"
check "all were accepted" is "$jobs" sh -c "sort -u $D/accepted | wc -l"
check "each ran" is "$jobs" sh -c "ls $D/ran | wc -l"
check "none ran twice" is "$jobs" sh -c "cat $D/ran/* | wc -l"
check "all succeeded" is "$jobs" sh -c "tapfinger ps --all --state SUCCEEDED --limit 1000 -q | wc -l"
finish
