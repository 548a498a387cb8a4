#!/bin/bash
# How one asks the daemon: lists sorted and in parts, output since a moment, how long to wait for an answer, and what
# another policy would do.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
site: lab
policy: {name: fifo-min}
clusters:
  - {name: edge-b, cpu: 2, gpu: 1}
  - {name: edge-a, cpu: 2}
YAML
check "nobody to ask for a plan" code_is 5 tapfinger serve -c "$D/site.yaml" --dry-run-policy fair
check "it starts" start_site
wrong() { # pattern, sed's words: what --check says of the site so changed
    sed "$2" "$D/site.yaml" >"$D/wrong.yaml"
    says 2 "$1" tapfinger serve -c "$D/wrong.yaml" --check
}

# Lists.
for name in pear apple quince apple; do
    tapfinger submit --hold -n $name --prio $((${#name} * (${#name} - 5))) -- true >/dev/null
done
ids() { # query
    api GET "/v1/jobs?$1" | head -1 | jq -r '[.items[].id] | join(" ")'
}
check "by number" is "1 2 3 4" ids sort=id
check "the largest first" is "4 3 2 1" ids sort=-id
check "by name, then number" is "2 4 1 3" ids sort=name
check "by name, the last first" is "3 1 4 2" ids sort=-name
check "by priority" is "3 4 2 1" ids sort=-priority
check "with a filter" is "4 2" ids 'sort=-name&name=apple'
walk() { # query: page by page
    local cursor=
    while :; do
        api GET "/v1/jobs?$1&limit=1${cursor:+&cursor=$cursor}" | head -1 >"$D/page"
        jq -r '.items[].id' "$D/page"
        cursor=$(jq -r '.next // empty' "$D/page")
        [ -n "$cursor" ] || break
    done | xargs
}
check "page by page" is "2 4 1 3" walk sort=name
check "page by page, down" is "3 1 4 2" walk sort=-name
check "no such key" sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/jobs?sort=shoe' | jq -r .detail | tee $D/said | grep -q 'sort: expected one of id, .*priority'"
check "a page behind a job that is gone" status_is 400 GET '/v1/jobs?sort=name&cursor=99'
check "only some members" is '["id","name"]' sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/jobs?fields=name,id' | jq -c '.items[0] | keys'"
check "a member that there is not" sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/jobs?fields=id,shoe' | jq -r .detail | grep -q 'no member \"shoe\"; there are id, '"
check "clusters as they are listed" is "edge-b edge-a" sh -c "curl -sS --unix-socket $D/sock http://x/v1/clusters | jq -r '[.items[].name] | join(\" \")'"
check "clusters by name" is "edge-a edge-b" sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/clusters?sort=name' | jq -r '[.items[].name] | join(\" \")'"
check "policies, their names alone, from z" is '[["name"],true]' sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/policies?sort=-name&fields=name' |
    jq -c '[(.items[0] | keys), ([.items[].name] | . == (sort | reverse))]'"
check "a parameter that a route does not have" sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/jobs?stat=HELD' | jq -r .detail | grep -q 'unknown parameter \"stat\"; /v1/jobs takes state user'"
check "its status" status_is 400 GET '/v1/clusters?state=ready'
tapfinger cancel -y 1-4 >/dev/null 2>&1

# Output since a moment.
id=$(tapfinger submit -- sh -c "echo early; $(until_file go); echo late; $(until_file end)")
eventually 10 has_logged "$id" early
sleep 1.2
touch "$D/go"
eventually 10 has_logged "$id" late
moment=$(date -u -d '-0.6 seconds' +%Y-%m-%dT%H:%M:%S.%3NZ)
check "what is younger" is late tapfinger logs "$id" --since 700ms
check "since a time" is late tapfinger logs "$id" --since "$moment"
check "all of it" is "early late" sh -c "tapfinger logs $id --since 1h | xargs"
check "nothing yet" is "" tapfinger logs "$id" --since 2100-01-01T00:00:00Z
sleep 1
check "nothing any more" is "" tapfinger logs "$id" --since 500ms
(sleep 0.5; touch "$D/end") &
check "and what comes" is late sh -c "tapfinger logs $id -f --since 1500ms"
check "no moment" sh -c "tapfinger logs $id --since noon; [ \$? = 2 ]"
check "since or tail" code_is 2 tapfinger logs "$id" --since 1h --tail 2
check "since or offset" status_is 400 GET "/v1/jobs/$id/logs?since=1h&offset=3"
check "an age, or a time, in lists, too" is "$id" ids "since=$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)&type=default&active=false&user=me&state=SUCCEEDED"

# What is wrong, as people and as programs read it.
says() { # exit code, pattern, command...
    local wanted=$1 pattern=$2
    shift 2
    "$@" >"$D/out" 2>"$D/said"
    local got=$?
    cat "$D/said"
    [ $got = "$wanted" ] && grep -qE -- "$pattern" "$D/said"
}
check "a site that is right" code_is 0 tapfinger serve -c "$D/site.yaml" --check
check "what will be enforced, as the daemon says it of itself" is "$(tapfinger clusters --json | jq -r '.items[] | "\(.name), by backend local:", (.enforced[] | "  " + .)')" \
    sh -c "tapfinger serve -c $D/site.yaml --check 2>/dev/null | tail -n +2"
check "a model that there is not" wrong 'policy: .*model.*x.tap' 's/fifo-min/"tapfinger:model=x.tap"/'
check "an option that there is not" wrong 'tapfinger serve: .*wrong.yaml:[0-9]+: .*nonsense' 's/fifo-min/"fifo-min:nonsense=1"/'
check "an address without a port" wrong 'listen.http: "127.0.0.1": expected HOST:PORT' 's/listen: {/listen: {http: 127.0.0.1, /'
check "a certificate that there is not" wrong 'listen.tls.cert: .*nowhere.pem: No such file' 's/listen: {/listen: {http: "127.0.0.1:0", tls: {cert: nowhere.pem, key: nowhere.pem}, /'
check "a type without processors" wrong 'wrong.yaml:[0-9]+: .*nothing runs without a processor' '$ a types: [{name: x, min: {cpu: 0}}]'
check "nothing runs without a processor" says 2 'request.cpu: expected a whole number from 1' tapfinger submit -r cpu=0 -- true
check "nor at least" says 2 'min.cpu: expected a whole number from 1' tapfinger submit --min cpu=0,gpu=1 -- true
check "an option in front of the command" says 2 '^tapfinger: --json: options come behind the command' tapfinger --json ps
check "one colon" says 2 '^tapfinger submit: --request: "cpu=x": expected' tapfinger submit -r cpu=x -- true
check "all states" says 2 'no such state "BUSY"; there are PENDING HELD .* LOST$' tapfinger ps --state BUSY
check "how it ended" says 1 '^[0-9]+ FAILED: exit code 3$' tapfinger submit --wait -- sh -c 'exit 3'
check "by which signal" says 1 '^[0-9]+ FAILED: .*(signal|killed)' tapfinger submit --wait -- sh -c 'kill -9 $$'
check "no tokens" says 0 '^no tokens' tapfinger token
tapfinger submit -r gpu=9 --json -- true 2>"$D/said"
check "a problem as the daemon says it" sh -c "cat $D/said; jq -e '.type == \"urn:tapfinger:error:never-fits\" and .reason == \"never-fits\" and .status == 422 and (.request_id | length > 5)' $D/said"
tapfinger show 999 --json 2>"$D/said"
check "not found, as well" sh -c "jq -e '.reason == \"not-found\" and .status == 404' $D/said"
check "a deadline as a time" is 2100-01-01T00:00:00.000Z sh -c "tapfinger show \$(tapfinger submit --hold --deadline 2100-01-01T00:00:00Z -- true) --json | jq -r .deadline"
check "how it stood a moment ago" code_is 0 tapfinger why "$id" --at 1ms
tapfinger clusters --drain edge-a --reason "disk swap" --until 2h >/dev/null
check "one line per cluster" sh -c "tapfinger clusters | tee $D/said; [ \$(wc -l <$D/said) = 3 ] && grep -Eq 'disk swap .(1h59m|2h00m).' $D/said && awk 'length(\$0) > 100 { exit 1 }' $D/said"
tapfinger clusters --resume edge-a >/dev/null

check "who has heard of more than there is, is told" sh -c "curl -sS --unix-socket $D/sock -N --max-time 1 -H 'Last-Event-ID: 999999' http://x/v1/events 2>/dev/null | tee $D/said | grep -q '^event: reset'"

# What another policy would do.
one=$(tapfinger submit -r cpu=2 -- sh -c "$(until_file room)")
two=$(tapfinger submit -r cpu=2 -- sh -c "$(until_file room)")
until_state RUNNING "$one"
until_state RUNNING "$two"
check "another policy here" sh -c "tapfinger serve -c $D/site.yaml --dry-run-policy fair 2>&1 | grep -q 'fair would change nothing now (0 wait, 2 run)'"
check "the same for programs" sh -c "tapfinger serve -c $D/site.yaml --dry-run-policy fair --json | jq -e '.schema == \"tapfinger.rehearsal/1\" and .running == 2'"
check "nothing was changed" is fifo-min sh -c "tapfinger policy --json | jq -r .policy"
check "no such policy" code_is 2 tapfinger serve -c "$D/site.yaml" --dry-run-policy nonsense
touch "$D/room"

# A daemon that does not answer.
kill -STOP "$server"
check "no answer in time" code_is 5 timeout 20 tapfinger ps --timeout 300ms
check "what it says" sh -c "tapfinger ps --timeout 300ms 2>&1 | grep -q 'no answer from the daemon at $D/sock within 0.3 s'"
check "the same for all commands" code_is 5 env TAPFINGER_TIMEOUT=0.3 timeout 20 tapfinger wait 1
kill -CONT "$server"
check "no duration" sh -c "tapfinger ps --timeout soon 2>&1 | grep -q -- '--timeout: .*expected a duration'; tapfinger ps --timeout soon 2>/dev/null; [ \$? = 2 ]"
check "nor in the environment" sh -c "TAPFINGER_TIMEOUT=soon tapfinger ps 2>&1 | grep -q 'TAPFINGER_TIMEOUT: .*expected a duration'"
long=$(tapfinger submit -- sleep 1.5)
check "waiting for a job takes as long as it takes" code_is 0 env TAPFINGER_TIMEOUT=0.5 tapfinger wait "$long"
finish
