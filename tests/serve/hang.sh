#!/bin/bash
# A policy that does not come back from a decision. Who only asks what it would do is told so, and the daemon goes on;
# where it decides, the daemon starts anew in the same process, with fifo-min and the reason. And: what another policy
# would do is shown without doing it.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
# With this many tasks in line wang-online takes ten seconds or more for a decision.
endless=wang-online
site_file <<YAML
policy: {name: fifo-min, decide_timeout: 100ms}
clusters:
$(for c in $(seq 12); do echo "  - {name: c$c, cpu: 2, gpu: 1}"; done)
types:
  - {name: steep, min: {cpu: 1}, max: {cpu: 2, gpu: 1}}
YAML
check "it starts" start_site
ids=
for _ in $(seq 12); do ids="$ids $(tapfinger submit --clean-env -t steep -- sh -c "$(until_file go)")"; done
for id in $ids; do until_state RUNNING "$id"; done
held_now() {
    tapfinger clusters --json | jq -c '[.items[].free]'
}
held_now >"$D/before"
check "what another policy would do is shown" sh -c \
    "tapfinger policy fair --dry-run --json >$D/plan && jq -e '.policy == \"fair\" and .running == 12 and (.items | length) == 12 and
        all(.items[]; .action == \"resize\" and .before.cpu == 1 and .allocation.cpu == 2)' $D/plan"
check "for people, too" sh -c "tapfinger policy fair --dry-run | grep -q 'resize .* cpu=1 -> cpu=2 gpu=1'"
check "and that nothing would be" sh -c "tapfinger policy fifo-min --dry-run 2>&1 | grep -q 'fifo-min would change nothing now'"
check "nothing was done" is "$(cat "$D/before")" held_now
check "nobody else decides" is fifo-min sh -c "tapfinger policy --json | jq -r .policy"
check "nor is it in the log of decisions" is 0 sh -c \
    "curl -sS --unix-socket $D/sock http://x/v1/decisions | jq '[.items[] | select(.policy == \"fair\")] | length'"
check "there is no such policy" code_is 2 tapfinger policy nonsense --dry-run
check "of which policy?" code_is 2 tapfinger policy --dry-run

array=$(tapfinger submit --clean-env -t steep --array 1-100000 -- true)
(tapfinger policy $endless --dry-run >"$D/endless" 2>&1; echo "$?" >>"$D/endless") &
sleep 0.5
check "the daemon goes on while a policy is thinking" code_is 0 timeout 4 "$tapfinger" ps
check "its word is not waited for without end" status_is 200 GET /healthz

api PUT /v1/policy "{\"policy\":\"$endless\"}" >/dev/null 2>&1 & # its answer is lost with the decision
eventually 10 grep -q 'starts anew' "$D/serve.err"
check "a decision that does not come back is told" grep -q "<3>tapfinger: $endless took more than 2 s for a decision and did not come back; the daemon starts anew, tasks go on" "$D/serve.err"
eventually 10 status_is 200 GET /readyz
check "it is the same process" kill -0 "$server"
check "fifo-min decides" is fifo-min sh -c "tapfinger policy --json | jq -r .policy"
check "the reason is kept" sh -c "tapfinger policy --json | jq -r .trouble | grep -q 'wang-online.*did not come back'"
told() {
    curl -sS --unix-socket "$D/sock" -N --max-time 4 'http://x/v1/events?since=0&topic=policy' 2>/dev/null | grep 'did not come back'
}
check "and told as an event" eventually 10 told
check "it counts as a fallback" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'policy_fallbacks_total{cause=\"hang\"} 1'"
check "what ran still does" is "RUNNING 1" sh -c "tapfinger show ${ids##* } --json | jq -r '\"\(.state) \(.attempts)\"'"
check "another policy may be chosen" tapfinger policy fair
tapfinger cancel "$array" >/dev/null
touch "$D/go"
# shellcheck disable=SC2086
check "all end well" tapfinger wait $ids
check "each once" is 1 sh -c "for id in $ids; do tapfinger show \$id --json | jq .attempts; done | sort -u"

# Nor from its beginning: a model that is a pipe to which nobody writes.
mkfifo "$D/model"
running=$(tapfinger submit --clean-env -- sh -c "$(until_file again)")
until_state RUNNING "$running"
api PUT /v1/policy "{\"policy\":\"tapfinger:model=$D/model\"}" >/dev/null 2>&1 &
eventually 30 grep -q 'to begin' "$D/serve.err"
check "a beginning that does not come to its end is told" grep -q "<3>tapfinger: tapfinger:model=$D/model took more than 10 s to begin and did not come back; the daemon starts anew, tasks go on" "$D/serve.err"
eventually 10 status_is 200 GET /readyz
check "fifo-min decides" is fifo-min sh -c "tapfinger policy --json | jq -r .policy"
check "the reason is kept" sh -c "tapfinger policy --json | jq -r .trouble | grep -q 'to begin and did not come back'"
check "it is the same process" kill -0 "$server"
touch "$D/again"
check "what ran ends well" until_state SUCCEEDED "$running"
excuse '^<3>.*starts anew'
stop_site

# The same where the site file names it: the daemon comes up none the less.
sed -i "s|name: fifo-min|name: \"tapfinger:model=$D/model\"|" "$D/site.yaml"
rm -rf "$D/state"
run_site
eventually 30 grep -q '^ready' "$D/serve.out"
check "a site file's policy that does not begin" grep -q 'to begin and did not come back' "$D/serve.err"
check "does not keep the daemon from it" is fifo-min sh -c "tapfinger policy --json | jq -r .policy"
check "it takes and runs jobs" code_is 0 tapfinger submit --wait -- true
excuse '^<3>.*starts anew'
finish
