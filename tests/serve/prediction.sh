#!/bin/bash
# Simulated and live agree: real tasks of known demand on two local clusters, under a policy that
# sizes nothing and one that resizes what runs. From the recorded log the simulator predicts their
# mean completion time within 5 %. TASKS=60 is the long form.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
tasks=${TASKS:-16}
${CC:-cc} -std=gnu17 -O1 -Iinclude -o "$D/worker" tests/serve/worker.c || exit 1

write_site() { # folder policy
    cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock}
store: {path: $D/$1/state.db}
policy: {name: $2}
clusters:
  - {name: edge-a, cpu: 4}
  - {name: edge-b, cpu: 3}
types:
  - {name: steep, min: {cpu: 1}, max: {cpu: 4}}
  - {name: flat, min: {cpu: 1}, max: {cpu: 4}}
YAML
}

# Demands and gaps are the same in every run; half of the tasks gain little from more processors.
submit_all() {
    for i in $(seq 1 "$tasks"); do
        demand=$(awk -v i="$i" 'BEGIN { printf "%.3f", 0.4 + (i * 0.37) % 1.3 }')
        if [ $((i % 2)) = 0 ]; then
            tapfinger submit --clean-env -t steep -- "$D/worker" "$demand" 0.05
        else
            tapfinger submit --clean-env -t flat -- "$D/worker" "$demand" 0.7
        fi
        sleep "$(awk -v i="$i" 'BEGIN { printf "%.3f", 0.05 + (i * 0.23) % 0.3 }')"
    done
}

within() { # file policy percent
    jq -e --argjson most "$3" --arg policy "$2" \
        '.real.policies[] | select(.name == $policy) | .difference * 100 | . <= $most and . >= -$most' "$1"
}

for policy in fifo-min fair; do
    write_site "$policy" "$policy"
    check "$policy: it starts" start_site
    submit_all >"$D/ids" 2>"$D/submit.err"
    # shellcheck disable=SC2046
    check "$policy: all end well" tapfinger wait $(cat "$D/ids")
    check "$policy: the log is recorded" tapfinger record --since 1h -o "$D/$policy.jsonl"
    check "$policy: it has all tasks" is "$tasks" sh -c "grep -c '\"event\":\"finish\"' $D/$policy.jsonl"
    check "$policy: it is simulated again" \
        sh -c "tapfinger simulate --from-log $D/$policy.jsonl --json >$D/$policy.json"
    jq -r '.real | "\(.policies[0].name): \(.finished) tasks, real mean \(.mean_s) s, predicted \(.policies[0].mean_s) s, difference \(.policies[0].difference * 100) %, per task \(.policies[0].task_error_s) s"' "$D/$policy.json"
    check "$policy: the prediction is within 5 %" within "$D/$policy.json" "$policy" 5
    stop_site
done
# From what ran under one policy, how another does that really ran too.
tapfinger simulate --from-log "$D/fair.jsonl" -p fifo-min --json >"$D/other.json"
real=$(jq .real.mean_s "$D/fifo-min.json")
jq -r --argjson real "$real" \
    '.real.policies[0].mean_s | "fifo-min from the log of fair: predicted \(.) s, real \($real) s, difference \((. / $real - 1) * 100) %"' "$D/other.json"
[ "$tasks" -lt 60 ] || check "another policy is foreseen within 10 %" jq -e --argjson real "$real" \
    '.real.policies[0].mean_s / $real | . > 0.9 and . < 1.1' "$D/other.json"
check "another policy makes something else of it" sh -c \
    "tapfinger simulate --from-log $D/fifo-min.jsonl -p fifo-min,fair --per-task --csv >$D/two.csv &&
    head -1 $D/two.csv | grep -q '^task,type,arrival_s,real_s,fifo-min,fair$' &&
    [ \$(wc -l <$D/two.csv) = $((tasks + 1)) ] && [ \$(cut -d, -f5 $D/two.csv | md5sum | cut -c1-8) != \$(cut -d, -f6 $D/two.csv | md5sum | cut -c1-8) ]"
check "with other inputs beside the log it refuses" code_is 2 \
    tapfinger simulate hetero-6 --from-log "$D/fifo-min.jsonl" -p fair
finish
