#!/bin/bash
# Who decides where the policy does not: the fallback that the site names, with the reason in the record. And what else
# the site says of the policy and the store: a model by its path, a database by its name.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
export XDG_STATE_HOME=$D/elsewhere
cp models/hetero-6.tap "$D/day.tap"
site() { # the policy's section
    cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock}
store: {path: "file:$D/state/jobs.db"}
policy: {$1}
clusters: [{name: edge, cpu: 2}]
YAML
}
decided() { # job, what of the newest decision on it
    curl -sS --unix-socket "$D/sock" http://x/v1/decisions | jq -r "[.items[] | select(.id == \"$1\")][0] | $2"
}
# Nobody decides in a microsecond.
site "name: planner, fallback: fair, decide_timeout: 0.000001s"
check "it starts" start_site
check "the database is where it should be" [ -s "$D/state/jobs.db" ]
check "outputs are beside it" [ -d "$D/state/tasks" ]
check "nothing is elsewhere" [ ! -e "$D/elsewhere" ]
id=$(tapfinger submit --clean-env -- true)
check "a task runs" tapfinger wait "$id"
check "the fallback decided" is fair decided "$id" .policy
check "the record says why" sh -c "curl -sS --unix-socket $D/sock http://x/v1/decisions | jq -e '.items[0].because | startswith(\"planner took \")'"
check "and tapfinger why" sh -c "tapfinger why $id | grep -q 'because planner took '"
check "and tapfinger policy" sh -c "tapfinger policy | grep -q '^planner decides; at present fair in its place (planner took '"
check "the fallback is told" is "planner fair" sh -c "tapfinger policy --json | jq -r '\"\(.policy) \(.fallback)\"'"
check "it is counted" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'policy_fallbacks_total{cause=\"overrun\"} [1-9]'"
site "name: planner, fallback: fifo-min, decide_timeout: 0.000001s"
kill -HUP "$server"
check "SIGHUP: another fallback" eventually 5 is fifo-min sh -c "tapfinger policy --json | jq -r .fallback"
id=$(tapfinger submit --clean-env -- true)
tapfinger wait "$id"
check "it decides" is fifo-min decided "$id" .policy
site "name: fair, fallback: fifo-min"
kill -HUP "$server"
check "SIGHUP: a policy that is in time" eventually 5 is fair sh -c "tapfinger policy --json | jq -r .policy"
id=$(tapfinger submit --clean-env -- true)
tapfinger wait "$id"
check "that one decides" is fair decided "$id" .policy
check "and there is no reason to tell" is null decided "$id" .because
site "name: tapfinger, model: \"file:$D/day.tap\""
kill -HUP "$server"
check "SIGHUP: a model by its path" eventually 10 is "tapfinger:model=$D/day.tap" sh -c "tapfinger policy --json | jq -r .policy"
check "a model among other options" sh -c "sed 's|name: tapfinger|name: \"tapfinger:speeds=guess\"|' $D/site.yaml >$D/both.yaml && tapfinger serve -c $D/both.yaml --check | grep -q 'policy tapfinger:speeds=guess,model=$D/day.tap;'"
stop_site
# From where the daemon is started, as all paths of the file.
(cd "$D" && printf 'store: {path: jobs.db}\npolicy: {model: day.tap}\n' >relative.yaml && "$tapfinger" serve -c relative.yaml --check) >"$D/said" 2>&1
check "relative paths" grep -q 'policy tapfinger:model=day.tap; everything is kept in \.$' "$D/said"
finish
