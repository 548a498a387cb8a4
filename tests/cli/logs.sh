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
fails "diff wants two" 2 "missing B" "$tapfinger" diff "$log"
finish
