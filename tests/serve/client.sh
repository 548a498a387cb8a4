#!/bin/bash
# The command line beyond submit and wait: jobs from files, one task per line, what is printed of them and how; what
# a waiting task is told; drains that end by themselves.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
site: lab
policy: {name: fifo-min}
clusters:
  - {name: edge-a, cpu: 2, mem: 2GiB}
  - {name: edge-b, cpu: 2, gpu: 1, mem: 4GiB}
YAML
check "it starts" start_site

# Jobs from files.
cat >"$D/job.yaml" <<YAML
name: from-file
type: steady
command: [sh, -c, 'echo \$WHO \$TAP_CPUS; pwd']
cwd: /tmp
env: {WHO: somebody}
request: {cpu: 2, mem: 512MiB}
labels: {team: vision}
timeout: 90s
retries: 1
backoff: 3s
deadline: 2h
YAML
id=$(tapfinger submit --wait --file "$D/job.yaml")
check "a job in YAML" is "somebody 2
/tmp" tapfinger logs "$id"
check "with all that it says" is 'from-file steady {"cpu":2,"mem_bytes":536870912} vision 90 1 3' sh -c \
    "tapfinger show $id --json | jq -r '\"\(.name) \(.type) \(.request | tojson) \(.labels.team) \(.timeout_s) \(.retries) \(.backoff_s)\"'"
check "a deadline in two hours" sh -c "tapfinger show $id --json | jq -e '(.deadline | sub(\"\\\\.[0-9]*Z\"; \"Z\") | fromdate) - now | . > 7100 and . < 7300'"
again=$(tapfinger submit --wait --file "$D/job.yaml" --name other --request cpu=1)
check "the command line has the last word" is "other somebody 1" sh -c "echo \$(tapfinger show $again --json | jq -r .name) \$(tapfinger logs $again | head -1)"
check "one text is for the shell" is 7 sh -c "id=\$(echo 'command: echo \$((3 + 4))' | tapfinger submit --wait --file -); tapfinger logs \$id"
check "JSON is YAML" is ok sh -c "id=\$(echo '{\"command\": [\"echo\", \"ok\"]}' | tapfinger submit --wait --file -); tapfinger logs \$id"
tapfinger show "$id" --spec >"$D/spec.yaml"
check "what was submitted can be submitted again" is "$(tapfinger logs "$id")" sh -c "id=\$(tapfinger submit --wait --clean-env --file $D/spec.yaml); tapfinger logs \$id"
fails() { # words of the complaint; the file is on standard input
    cat >"$D/wrong.yaml"
    tapfinger submit --file "$D/wrong.yaml" >"$D/said" 2>&1
    got=$?
    cat "$D/said"
    [ $got -eq 2 ] && grep -q -- "$1" "$D/said"
}
check "an unknown key: its line and the nearest" fails 'wrong.yaml:2: .*comand.*did you mean "command"' < <(printf 'name: x\ncomand: [true]\n')
check "no command" fails 'command: what shall run' < <(printf 'name: x\n')
check "an amount of nothing known" fails 'wrong.yaml:2: .*tpu' < <(printf 'command: [x]\nrequest: {tpu: 1}\n')
check "a duration that is none" fails 'wrong.yaml:2: timeout: ' < <(printf 'command: [x]\ntimeout: soon\n')
check "no YAML" fails 'wrong.yaml:' < <(printf 'command: [x\n')
check "an empty file" fails 'empty' < <(true)
check "no file" code_is 2 tapfinger submit --file "$D/nowhere.yaml"

# One task per line, or per value.
printf 'front door\nback "door"\nroof\n' >"$D/lines"
id=$(tapfinger submit --wait --each-line "$D/lines" -- sh -c 'echo "<$TAP_ENTRY>"')
check "one task per line" is '<front door>
<back "door">
<roof>' sh -c "for i in 1 2 3; do tapfinger logs $id.\$i; done"
id=$(echo '[{"lr":0.1},7,"x y"]' | tapfinger submit --wait --from-json - -- sh -c 'echo "$TAP_ENTRY"')
check "one task per value" is '{"lr":0.1}
7
"x y"' sh -c "for i in 1 2 3; do tapfinger logs $id.\$i; done"
check "no list" code_is 2 sh -c "echo 7 | $tapfinger submit --from-json - -- true"
check "not both" code_is 2 tapfinger submit --each-line "$D/lines" --array 1-3 -- true

# Ends.
check "its own code" code_is 7 tapfinger submit --wait --propagate -- sh -c 'exit 7'
check "or 128 and the signal" code_is 137 tapfinger submit --wait --propagate -- sh -c 'kill -9 $$'
tapfinger submit --wait -- sh -c 'for i in $(seq 30); do echo line $i >&2; done; exit 1' 2>"$D/last" >/dev/null
check "what failed says its last words" sh -c "cat $D/last; grep -qx 'line 21' $D/last && grep -qx 'line 30' $D/last && ! grep -qx 'line 20' $D/last"
id=$(tapfinger submit --wait -r cpu=1 -- sh -c 'seq 100; sleep 0.3')
check "used against held" sh -c "tapfinger show $id | grep -Eq 'used +cpu [0-9.]+ s \([0-9.]+ of 1\), largest process [0-9.]+ MiB'"
check "the last lines of its output" is "98 99 100" sh -c "tapfinger logs $id --tail 3 | xargs"
check "more than there are" is 100 sh -c "tapfinger logs $id --tail 1000 | wc -l"
check "and when they are followed" is "99 100" sh -c "tapfinger logs -f $id --tail 2 | xargs"

# Why it waits.
tapfinger submit --wait -t s -r cpu=2 -- sleep 0.5 >/dev/null
one=$(tapfinger submit -t s -r cpu=2 --reach edge-a -- sh -c "$(until_file room)")
two=$(tapfinger submit -t s -r cpu=1,gpu=1 -- sh -c "$(until_file room)")
until_state RUNNING "$one"
until_state RUNNING "$two"
wide=$(tapfinger submit -n wide -t s -r cpu=2,gpu=1 --array 1-3 -- true)
small=$(tapfinger submit -t s -r cpu=2 --reach edge-a -- true)
tapfinger clusters --drain edge-a --reason "disk swap" >/dev/null
sleep 1.1
tapfinger why "$wide" >"$D/why"
check "all reasons, on every cluster" sh -c "cat $D/why; grep -q '^edge-a  *no  *no  *never-fits' $D/why && grep -q 'cluster-draining  *by .*disk swap' $D/why &&
    grep -q '^edge-b  *yes  *no  *no-cpu  *need 2, free 1' $D/why && grep -q 'no-gpu  *need 1, free 0' $D/why"
check "its place in the queue" grep -q 'queue 1 of 4' "$D/why"
check "when it starts, as a range" grep -Eq 'Starts in .* to .* \(likely .*\), est\.' "$D/why"
check "the same for programs" sh -c "tapfinger why $wide --json | jq -e '.verdict == \"wait\" and .blocks == [] and (.eta_s | length == 3 and .[0] <= .[1] and .[1] <= .[2]) and
    (.clusters[1].reasons | map(.code) == [\"no-cpu\", \"no-gpu\"]) and .clusters[1].frees_in_s >= 0 and .as_of.tick > 0'"
check "what would start it" sh -c "tapfinger why $small | tee $D/small | grep -q 'would start now with: cpu=1 --reach edge-b (edge-b'"
check "a list has it, too" sh -c "tapfinger ps --json | jq -e '.items[] | select(.id == \"$wide\") | .eta_s | length == 3'"
check "what runs has a time left" sh -c "tapfinger ps --json | jq -e '.items[] | select(.id == \"$one\") | .left_s | length == 3'"
later=$(tapfinger submit --after "$one" --begin 1h -- true)
check "all that is in its way" sh -c "tapfinger why $later --json | jq -e '.blocks | map(.code) == [\"dependency\", \"not-before\"] and .[0].detail == [\"$one\"]'"
held=$(tapfinger submit --hold -- true)
check "held" is held sh -c "tapfinger why $held --json | jq -r .verdict"
check "too large: what is closest" sh -c "tapfinger submit -r cpu=2,gpu=3 -- true 2>&1 | grep -q 'could ever hold cpu=2,gpu=3; closest: cpu=2,gpu=1 (edge-b)'"
never=$(tapfinger submit --force-queue -r gpu=3 -- true)
check "never" is never sh -c "tapfinger why $never --json | jq -r .verdict"

# Lists.
check "an array is one row with its members" sh -c "tapfinger ps | grep -q '^$wide.1-3 '"
check "numbers alone are those of jobs" sh -c "tapfinger ps -q | grep -qx $wide"
check "how many of what there are" sh -c "tapfinger ps 2>&1 >/dev/null | tee $D/sum | grep -Eq '^7 jobs, 9 tasks: .*[0-9]+ hidden'"
check "columns as asked for" is "STATE ID" sh -c "tapfinger ps -o state,id 2>/dev/null | head -1 | xargs"
check "a column that there is not" sh -c "tapfinger ps -o id,nonsense 2>&1 | grep -q 'no column \"nonsense\"; there are ID, NAME'"
check "sorted" is "$(printf '%s\n' "$never" "$held" "$later")" sh -c "tapfinger ps --sort -id --no-header -o id 2>/dev/null | head -3 | sed 's/ *\$//'"
check "by name" is "$wide" tapfinger ps -q --name 'w?de'
check "by cluster" is "$one" tapfinger ps -q --cluster edge-a
check "nothing that old" sh -c "tapfinger ps --since 0s 2>&1 | grep -q 'no jobs to show'"
check "100 columns are enough" sh -c "tapfinger ps --all 2>/dev/null | awk 'length(\$0) > 100 { exit 1 }'"
check "several jobs are one document" is "[\"$one\",\"$two\"]" sh -c "tapfinger show $one-$two --json | jq -c '[.items[].id]'"
check "one is itself" is "$one" sh -c "tapfinger show $one --json | jq -r .id"

# top: keys on a terminal, one look elsewhere.
check "one look" sh -c "tapfinger top | tee $D/top | grep -Eq '^edge-b .*cpu \\[#+-*\\] 1/2 .* q [0-9]' && grep -q '^ *$two ' $D/top"
if script -qec true /dev/null >/dev/null 2>&1; then
    check "on a terminal: sort, filter, why, quit" sh -c "(sleep 0.5; printf s; sleep 0.5; printf 'f'; sleep 0.3; printf 'nothing\\n'; sleep 0.7; printf w; sleep 0.3; printf '$wide\\n'; sleep 0.5; printf x; sleep 0.5; printf q) |
        timeout 20 script -qec 'tapfinger top' /dev/null >$D/keys; tail -c 3000 $D/keys; grep -q 's sorts (progress)' $D/keys && grep -q 'f filters: nothing' $D/keys && grep -q 'asked   cpu=2 gpu=1' $D/keys"
else
    echo "SKIP client.sh: no pseudo-terminal to ask on"
fi

# A drain that ends by itself.
check "one cluster" sh -c "tapfinger clusters edge-a | grep -q 'drained  *by .*disk swap'"
check "no such cluster" code_is 4 tapfinger clusters edge-z
tapfinger clusters --drain edge-a --reason "short" --until 2s >/dev/null
check "until when" sh -c "tapfinger clusters edge-a --json | jq -e '.until | test(\"^20\")'"
stop_site
check "it starts again" start_site
check "the drain is over by itself" is ready sh -c "for i in \$(seq 100); do s=\$(tapfinger clusters edge-a --json | jq -r .state); [ \$s = ready ] && break; sleep 0.05; done; echo \$s"
check "no time" code_is 2 tapfinger clusters --drain edge-a --reason x --until soon
touch "$D/room"
finish
