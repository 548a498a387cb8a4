#!/bin/bash
# What one user may have at once: tasks, GPUs, tasks that are not over; others are not touched by it; elastic policies
# cannot grow beyond it.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
me=$(id -un)
site_file <<YAML
policy: {name: fair}
limits: {default: {running: 1}, users: {$me: {running: 3, cpu: 4, pending: 8}}}
clusters: [{name: edge-a, cpu: 8}]
types: [{name: wide, min: {cpu: 1}, max: {cpu: 8}}]
YAML
check "it starts" start_site
many=$(tapfinger submit --clean-env -r cpu=1 --array 1-5 -- sh -c "$(until_file one)")
until_state RUNNING "$many.3"
check "three at once" is '{"PENDING":2,"RUNNING":3}' sh -c "tapfinger show $many --json | jq -cS .counts"
check "the others wait for their user" is quota sh -c "tapfinger why $many.5 --json | jq -r .reason"
check "as a block" is quota sh -c "tapfinger why $many.5 --json | jq -r .blocks[0].code"
check "and for nothing else" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'pending_tasks{reason=\"quota\"} 2'"
check "no more than eight that are not over" status_is 429 POST /v1/jobs '{"command":["true"],"array":"1-4"}'
check "it is said when to come again" sh -c "curl -sS -D - --unix-socket $D/sock http://x/v1/jobs --data '{\"command\":[\"true\"],\"array\":\"1-4\"}' | tr -d '\\r' | grep -qx 'Retry-After: 30'"
check "eight are allowed" status_is 201 POST /v1/jobs '{"command":["true"],"array":"1-3"}'
check "what is above a limit by itself is refused" code_is 3 tapfinger submit -r cpu=5 -- true
touch "$D/one"
check "as some end others start" tapfinger wait "$many"
check "until all are over" until_state SUCCEEDED "$((many + 1))"
wide=$(tapfinger submit --clean-env -t wide -- sh -c "$(until_file two)")
until_state RUNNING "$wide"
sleep 0.5
check "an elastic policy stays below" is 4 sh -c "tapfinger show $wide --json | jq .allocation.cpu"
other=$(tapfinger submit --clean-env -t wide -- true)
check "and a second one has to wait" is quota sh -c "sleep 0.3; tapfinger why $other --json | jq -r .reason"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    cp "$tapfinger" "$D/tapfinger"
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ TAPFINGER_SITE="$D/sock" "$@"; }
    a=$(cd / && as_nobody "$D/tapfinger" submit -r cpu=1 -- sh -c "$(until_file two)")
    b=$(cd / && as_nobody "$D/tapfinger" submit -r cpu=1 -- sh -c "$(until_file two)")
    check "another user has room of his own" until_state RUNNING "$a"
    check "by the default" is quota sh -c "tapfinger why $b --json | jq -r .reason"
    tapfinger cancel "$a" >/dev/null
    check "and again when a task is canceled" until_state RUNNING "$b"
fi
touch "$D/two"
check "then it runs" until_state SUCCEEDED "$other"
stop_site
check "an unknown limit is refused with its line" sh -c "sed 's/running: 1/runing: 1/' $D/site.yaml >$D/bad.yaml; $tapfinger serve -c $D/bad.yaml --check 2>&1 | grep -q 'bad.yaml:4: .*runing.*did you mean \"running\"'"
check "it starts again" start_site
waiting=$(tapfinger submit --clean-env -r cpu=1 --array 1-5 -- sh -c "$(until_file three)")
until_state RUNNING "$waiting.3"
sed -i 's/running: 3/running: 5/; s/cpu: 4/cpu: 5/' "$D/site.yaml"
kill -HUP "$server"
check "SIGHUP: more are allowed" until_state RUNNING "$waiting.5"
touch "$D/three"
tapfinger wait "$waiting"
finish
