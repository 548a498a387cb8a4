#!/bin/bash
# tapfinger replay and diff: event logs.
. "$(dirname "$0")/harness"
log=$scratch/log.jsonl
"$tapfinger" simulate hetero-6 -p fair,random -s 2 --set arrivals.tasks=50 --events "$log" >/dev/null 2>"$scratch/talk"
check "says what comes next" grep -qF "tapfinger replay $log" "$scratch/talk"
check "replays" "$tapfinger" replay "$log"
check "says how much" sh -c "'$tapfinger' replay '$log' | grep -Eq 'all [0-9]+ lines of 4 runs agree'"

line=$(grep -n '"event":"start"' "$log" | sed -n 5p | cut -d: -f1)
sed "${line}s/\"cpu\":[0-9]*/\"cpu\":1/" "$log" >"$scratch/other.jsonl"
"$tapfinger" replay "$scratch/other.jsonl" >"$scratch/said"
check "a difference: exit code 1" test $? -eq 1
check "a difference: the line" grep -q "other.jsonl:$line: differs" "$scratch/said"
"$tapfinger" replay "$scratch/other.jsonl" --json >"$scratch/said"
check "a difference: as JSON" grep -qF "\"agrees\":false" "$scratch/said"
head -n $((line + 3)) "$log" >"$scratch/cut.jsonl"
"$tapfinger" replay "$scratch/cut.jsonl" >"$scratch/said"
check "a log that breaks off: exit code 1" test $? -eq 1
check "a log that breaks off: says so" grep -q "(the log ends)" "$scratch/said"
fails "no log at all" 1 "expected a JSON object" "$tapfinger" replay scenarios/paper/hetero-6.yaml
fails "no file" 1 "cannot open" "$tapfinger" replay "$scratch/none"

check "the same" "$tapfinger" diff "$log" "$log"
"$tapfinger" diff "$log" "$scratch/other.jsonl" >"$scratch/said"
check "not the same: exit code 1" test $? -eq 1
check "not the same: where" grep -q "other.jsonl:$line" "$scratch/said"
"$tapfinger" simulate hetero-6 -p knee -s 1 --set arrivals.tasks=50 --events "$scratch/knee.jsonl" >/dev/null 2>&1
"$tapfinger" simulate hetero-6 -p fair -s 1 --set arrivals.tasks=50 --events "$scratch/fair.jsonl" >/dev/null 2>&1
check "two policies, task by task" sh -c "'$tapfinger' diff '$scratch/knee.jsonl' '$scratch/fair.jsonl' | grep -q '50 tasks finished in both'"
check "as JSON" sh -c "'$tapfinger' diff '$scratch/knee.jsonl' '$scratch/fair.jsonl' --json | grep -qF '\"same_arrivals\":true'"
# A log in place of a scenario.
cat >"$scratch/two.yaml" <<YAML
resources: [cpu, gpu]
clusters: [{name: edge, count: 2, capacity: {cpu: 4, gpu: 1}}]
arrivals: {process: at-once, tasks: 3}
types: {image: {min: {cpu: 1}, max: {cpu: 4}, speed: {model: amdahl, serial: 1, parallel: {cpu: 9}}}}
YAML
printf '{"at":%d,"type":"image","clusters":["edge1","edge2"],"work":%s}\n' 0 1 1 2 1 0.5 4 1 9 3 >"$scratch/some.jsonl"
check "a log of given arrivals" "$tapfinger" simulate "$scratch/two.yaml" --arrivals "$scratch/some.jsonl" -p fair -s 1 \
    --events "$scratch/some.log"
"$tapfinger" simulate --from-log "$scratch/some.log" --json >"$scratch/said" 2>/dev/null
check "from a log: its own policy does the same" test "$(jq -c \
    '[.policies[0].name, .real.finished, .real.policies[0].task_error_s]' "$scratch/said")" = '["fair",5,0]'
"$tapfinger" simulate --from-log "$scratch/some.log" -p fair,fifo-min --per-task >"$scratch/said" 2>/dev/null
check "from a log: one row per task" test "$(wc -l <"$scratch/said")" = 6
check "from a log: real and predicted side by side" awk -F, 'NR > 1 && $4 != $5 { bad = 1 } END { exit bad }' "$scratch/said"
"$tapfinger" simulate --from-log "$scratch/some.log" -p fair,fifo-min >"$scratch/said" 2>/dev/null
check "from a log: a table of what really happened" grep -q "made under fair; 5 of its 5 tasks finished" "$scratch/said"
"$tapfinger" simulate --from-log "$scratch/some.log" --out "$scratch/run" >/dev/null 2>&1
check "from a log: in a results directory" test "$(head -1 "$scratch/run/tasks.csv")" = "task,type,arrival_s,real_s,fair"
check "from a log: a page with what really happened" sh -c \
    "'$tapfinger' report '$scratch/run' >/dev/null && grep -q 'Against what really happened' '$scratch/run/report.html'"
check "a log's arrivals in another scenario" "$tapfinger" simulate "$scratch/two.yaml" -p fair -s 1 --arrivals "$scratch/some.log"
fails "a log without arrivals in it" 1 "came from its seed" "$tapfinger" simulate hetero-6 -p fair -s 1 --arrivals "$log"
check "but it can be run from its seed" "$tapfinger" simulate --from-log "$log" -p fair -s 1
fails "a log and a scenario" 2 "the log has a scenario" "$tapfinger" simulate hetero-6 --from-log "$log"
fails "per-task without a log" 2 "does nothing without --from-log" "$tapfinger" simulate hetero-6 -p fair --per-task
fails "diff wants two" 2 "missing B" "$tapfinger" diff "$log"
finish
