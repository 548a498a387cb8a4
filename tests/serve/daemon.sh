#!/bin/bash
# The daemon from end to end: real tasks over the unix socket, through the command line.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
site: lab
policy: {name: fifo-min}
clusters:
  - {name: edge-a, cpu: 2, mem: 4GiB}
  - {name: edge-b, cpu: 2, gpu: 1, mem: 4GiB}
types:
  - {name: image, min: {cpu: 1}, max: {cpu: 2, gpu: 1}}
YAML
check "the site file is right" "$tapfinger" serve -c "$D/site.yaml" --check
OF_THE_DAEMON=1 check "it starts" start_site

id=$(tapfinger submit -- sh -c 'echo out; echo err >&2; tapfinger progress 0.5 --metric loss=2; sleep 0.3; exit 3')
check "its number is printed" is 1 echo "$id"
check "wait gives its own code" code_is 3 tapfinger wait 1 --propagate
check "wait says that it failed" code_is 1 tapfinger wait 1
check "standard output is kept" is out tapfinger logs 1
check "standard error is kept" is err tapfinger logs 1 --stderr
check "progress and metrics are kept" is '0.5 2 FAILED 3' \
    sh -c "tapfinger show 1 --json | jq -r '\"\(.progress) \(.metrics.loss) \(.state) \(.exit_code)\"'"

check "arrays run all members" code_is 0 tapfinger submit --wait -n arr --array 1-6 -- sh -c 'echo member $TAP_ARRAY_INDEX'
check "each member has its log" is "member 4" tapfinger logs 2.4
check "an array is one row" is 2 sh -c "tapfinger ps --all --plain --no-header | wc -l"
tapfinger submit --wait -t quick --array 1-5 -- true >/dev/null
check "every whole run is learnt from, however short" is 5 sh -c \
    "tapfinger types --json | jq '.items[] | select(.type == \"quick\") | .samples'"
few=$(tapfinger submit --array 1-4%1 -- sh -c "$(until_file few)")
until_state RUNNING "$few.1"
check "members over the limit wait" sh -c "tapfinger show $few --json | jq -e '.counts == {RUNNING: 1, PENDING: 3}'"
touch "$D/few"
check "and run later" tapfinger wait "$few"

first=$(tapfinger submit -- sh -c "$(until_file first); exit 1")
after_ok=$(tapfinger submit --after ok:$first -- true)
after_not=$(tapfinger submit --after notok:$first -- true)
check "a dependency is a reason" is dependency sh -c "tapfinger why $after_ok --json | jq -r .reason"
touch "$D/first"
check "what depends on a success is canceled" until_state CANCELED "$after_ok"
check "what depends on a failure runs" until_state SUCCEEDED "$after_not"
check "no such dependency" code_is 2 tapfinger submit --after 999 -- true

held=$(tapfinger submit --hold -- true)
check "held" is HELD state_of "$held"
tapfinger release "$held" >/dev/null
check "released" until_state SUCCEEDED "$held"
check "requeued, it runs again" sh -c "tapfinger requeue $held && tapfinger wait $held && [ \$(tapfinger show $held --json | jq .attempts) = 2 ]"

retry=$(tapfinger submit --retries 2 -- sh -c "echo x >>$D/tries; [ \$(wc -l <$D/tries) -ge 2 ]")
check "a failure waits before it is tried again" is backoff sh -c \
    "for i in \$(seq 100); do sleep 0.05; r=\$(tapfinger why $retry --json | jq -r .reason); [ \$r = backoff ] && break; done; echo \$r"
tapfinger cancel "$retry" >/dev/null

check "what can never run is refused" code_is 3 tapfinger submit -r gpu=3 -- true
check "a dry run submits nothing" code_is 0 tapfinger submit --dry-run -r cpu=2 -- true
check "reach is kept" is edge-b sh -c "id=\$(tapfinger submit --reach edge-b -- true); tapfinger wait \$id; tapfinger show \$id --json | jq -r .cluster"
check "the environment comes along" is value sh -c "id=\$(MARK=value tapfinger submit -- sh -c 'echo \$MARK'); tapfinger wait \$id; tapfinger logs \$id"
check "and nothing that was not there" sh -c "id=\$(tapfinger submit -- env); tapfinger wait \$id; tapfinger logs \$id | grep -q ^PATH= && ! tapfinger logs \$id | grep OF_THE_DAEMON"
check "a key submits once" is 1 sh -c "for i in 1 2 3; do tapfinger submit --key k1 --clean-env -- true; done | sort -u | wc -l"
check "the same key for something else is refused" code_is 2 tapfinger submit --key k1 --clean-env -- false

# shellcheck disable=SC2086
# One at a time on one cluster, highest priority first.
one="-r cpu=2 --reach edge-a"
fill=$(tapfinger submit $one -- sh -c "$(until_file fill)")
until_state RUNNING "$fill"
low=$(tapfinger submit $one --prio -5 -- sh -c "echo low >>$D/order")
mid=$(tapfinger submit $one --array 1-3 -- sh -c "echo mid >>$D/order")
high=$(tapfinger submit $one --prio 5 -- sh -c "echo high >>$D/order")
check "a full site is a reason" is no-cpu sh -c "tapfinger why $mid --json | jq -r .reason"
touch "$D/fill"
tapfinger wait "$fill" "$low" "$mid" "$high" 2>/dev/null
check "priorities are served in order" is "high low" sh -c "sed -n '1p;\$p' $D/order | xargs"

long=$(tapfinger submit -- sh -c 'trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done')
until_state RUNNING "$long"
sleep 0.2
check "a running task is canceled" tapfinger cancel "$long"
check "and gets SIGTERM" until_state CANCELED "$long"
check "so that it can say good bye" is bye tapfinger logs "$long"

# Policies come and go over running tasks.
long=$(tapfinger submit -t image -- sh -c "$(until_file long)")
until_state RUNNING "$long"
check "another policy" is "fair decides" tapfinger policy fair
check "no such policy" code_is 2 tapfinger policy fayr
check "true speeds are not to be had" sh -c "tapfinger policy oracle; tapfinger policy | grep decides"
tapfinger policy fair >/dev/null
check "an elastic policy gives all there is" is 2 sh -c \
    "for i in \$(seq 50); do sleep 0.1; n=\$(tapfinger show $long --json | jq .allocation.cpu); [ \$n = 2 ] && break; done; echo \$n"
touch "$D/long"
check "the task was not disturbed" sh -c "tapfinger wait $long && [ \$(tapfinger show $long --json | jq .attempts) = 1 ]"
check "why says who placed it" sh -c "tapfinger why $long | grep -q 'start $long on'"
check "types learn" sh -c "tapfinger types --json | jq -e '.items[] | select(.type == \"default\") | .samples > 3'"

check "a cluster is drained with a reason" tapfinger clusters --drain edge-a --reason "disk swap"
check "nothing starts there" is cluster-draining sh -c \
    "id=\$(tapfinger submit --reach edge-a --hold -- true); tapfinger release \$id >/dev/null; sleep 0.1; tapfinger why \$id --json | jq -r .reason"
check "a drain without a reason is refused" code_is 2 tapfinger clusters --drain edge-b

running=$(tapfinger submit -- sh -c "$(until_file running); echo lived")
until_state RUNNING "$running"
kill -9 "$server"
wait "$server" 2>/dev/null
check "it starts again" start_site
check "the running task was found again" is "RUNNING 1" sh -c "tapfinger show $running --json | jq -r '\"\(.state) \(.attempts)\"'"
touch "$D/running"
check "and ends well" until_state SUCCEEDED "$running"
check "with all of its output" is lived tapfinger logs "$running"
check "drained and policy are as before" is "draining fair" sh -c \
    "echo \$(tapfinger clusters --json | jq -r '.items[0].state') \$(tapfinger policy --json | jq -r .policy)"
tapfinger clusters --resume edge-a >/dev/null

# The site file again, by SIGHUP.
sed -i 's/name: fifo-min/name: knee/; s/^store: {/store: {log_size: 2MiB, /' "$D/site.yaml"
kill -HUP "$server"
check "another policy by the site file" is knee sh -c \
    "for i in \$(seq 100); do n=\$(tapfinger policy --json | jq -r .policy); [ \$n = knee ] && break; sleep 0.05; done; echo \$n"
tapfinger policy fair >/dev/null
kill -HUP "$server"
check "one that was set by hand since stays" is fair sh -c "sleep 0.3; tapfinger policy --json | jq -r .policy"
check "tasks still run" code_is 0 tapfinger submit --wait -- true

# A site file that is wrong changes nothing, and it is said where and why.
cp "$D/site.yaml" "$D/right.yaml"
refuses() { # words of the complaint; the site file is on standard input
    cat >"$D/site.yaml"
    lines=$(wc -l <"$D/serve.err")
    kill -HUP "$server"
    eventually 5 sh -c "tail -n +$((lines + 1)) $D/serve.err | grep -q 'nothing was changed'"
    tail -n +$((lines + 1)) "$D/serve.err" | tee "$D/complaint"
    grep -q -- "<4>tapfinger: $D/site.yaml$1.*; nothing was changed" "$D/complaint" &&
        [ "$(tapfinger policy --json | jq -r .policy)" = fair ] && [ "$(tapfinger clusters --json | jq '.items | length')" = 2 ]
}
check "SIGHUP: an unknown key" refuses ':4: .*"plicy"' < <(sed 's/^policy/plicy/' "$D/right.yaml")
check "SIGHUP: no YAML" refuses ':[0-9]*: ' < <(printf 'site: lab\nlisten: {unix: [\n')
check "SIGHUP: a value of the wrong kind" refuses ':6: .*cpu' < <(sed '6s/cpu: 2/cpu: many/' "$D/right.yaml")
check "SIGHUP: no such policy" refuses ':4: name: .*"nonsense"' < <(sed 's/name: knee/name: nonsense/' "$D/right.yaml")
mv "$D/site.yaml" "$D/gone.yaml"
check "SIGHUP: a folder in its place" sh -c "mkdir $D/site.yaml && kill -HUP $server &&
    for i in \$(seq 100); do tail -1 $D/serve.err | grep -q 'site.yaml: .*; nothing was changed' && break; sleep 0.05; done; rmdir $D/site.yaml"
mv "$D/right.yaml" "$D/site.yaml"
kill -HUP "$server"
check "and once it is right again, all goes on" code_is 0 tapfinger submit --wait -- true
excuse '^<4>.*nothing was changed$'
check "no change needs a restart so far" sh -c "! grep -q 'with a restart' $D/serve.err"
sed -i '6s/cpu: 2/cpu: 2, cpus: "0"/' "$D/site.yaml"
kill -HUP "$server"
check "other processors come with a restart" eventually 5 grep -q '^<4>tapfinger: clusters, .* change with a restart$' "$D/serve.err"
sed -i '6s/, cpus: "0"//' "$D/site.yaml"
excuse '^<4>.*with a restart$'

# Events, resumed from a number.
last=$(curl -sS --unix-socket "$D/sock" -N --max-time 1 "http://x/v1/events?since=0" 2>/dev/null | sed -n 's/^id: //p' | tail -1)
tapfinger submit --wait -- true >/dev/null
check "events go on where one stopped" sh -c \
    "curl -sS --unix-socket $D/sock -N --max-time 1 -H 'Last-Event-ID: $last' http://x/v1/events 2>/dev/null >$D/sse; grep -q 'event: job.ended' $D/sse && [ \$(sed -n 's/^id: //p' $D/sse | head -1) -gt $last ]"
check "one job's events only" sh -c \
    "curl -sS --unix-socket $D/sock -N --max-time 1 'http://x/v1/events?since=0&topic=job:1' 2>/dev/null | sed -n 's/^data: //p' | jq -e -s 'length > 3 and all(.id == \"1\")'"
hearers=()
for i in $(seq 20); do
    curl -sS --unix-socket "$D/sock" -N --max-time 2 "http://x/v1/events?topic=job.ended" >"$D/heard.$i" 2>/dev/null &
    hearers+=($!)
done
sleep 0.5
heard=$(tapfinger submit -- true)
wait "${hearers[@]}"
check "all of many listeners hear the same" is "20" sh -c "grep -l '\"id\":\"$heard\"' $D/heard.* | wc -l"
check "a topic that there is not" status_is 400 GET '/v1/events?topic=job,bogus'
check "a method that there is not: which there are is said" sh -c \
    "curl -sS -i --unix-socket $D/sock -X DELETE http://x/v1/jobs | tr -d '\r' | grep -qx 'Allow: GET, POST'"
check "what never ran has no exit code" is "FAILED null" sh -c \
    "id=\$(tapfinger submit -- /no/such/program); tapfinger wait \$id 2>/dev/null; tapfinger show \$id --json | jq -r '\"\(.state) \(.exit_code)\"'"
check "metrics have the counts" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'tapfinger_tasks{state=\"SUCCEEDED\"} [1-9]'"

check "the dashboard needs nothing from elsewhere" sh -c "curl -sS --unix-socket $D/sock http://x/ >$D/page &&
    grep -q '<main' $D/page && ! grep -E '(src|href)=.(https?:)?//' $D/page"

check "the log is one that the simulator reads" sh -c \
    "tapfinger record --since 1h -o $D/log.jsonl && tapfinger simulate --from-log $D/log.jsonl --json | jq -e '.real.finished > 20'"
check "a log of nothing" code_is 4 tapfinger record --since 0s
comparison() {
    curl -sS --unix-socket "$D/sock" http://x/v1/comparison
}
check "the last day is simulated under other policies, beside the loop" sh -c "$(declare -f comparison); D=$D
    for i in \$(seq 600); do comparison >$D/compared; jq -e '.state == \"ready\"' $D/compared && break; sleep 0.1; done
    jq -e '.real_mean_s > 0 and (.items | length) > 20 and .items[0].policy == \"fair\" and .items[0].mean_s > 0' $D/compared"
check "of what was compared a second time the first is there meanwhile" sh -c "$(declare -f comparison); D=$D; comparison | jq -e '.age_s >= 0 and (.items | length) > 20'"

# Every route of the OpenAPI document answers, and with the status that it says.
curl -sS --unix-socket "$D/sock" http://x/v1/openapi.json >"$D/openapi.json"
check "the document is OpenAPI 3.1" jq -e '.openapi == "3.1.0" and (.paths | length) > 15' "$D/openapi.json"
while read -r path want; do
    case $path in *events) continue ;; esac
    check "GET $path" status_is "$want" GET "$(echo "$path" | sed 's/{id}/1/; s,/types/{name},/types/image,; s/{name}/edge-a/')"
done < <(jq -r '.paths | to_entries[] | select(.value.get) | "\(.key) \(.value.get.responses | keys[0])"' "$D/openapi.json")
finish
