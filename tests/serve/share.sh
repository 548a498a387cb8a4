#!/bin/bash
# The quota that a policy gave is what the task got: tasks with more threads than processors, on a
# cluster with processors of its own and on one where quotas alone keep tasks apart; a resize while they run. At
# most 3 points of a processor more than was given anywhere; at most 3 less but for what others took meanwhile, where
# that is little enough to say.
# Skipped, and said so, where no control group can be written.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
processors=$(nproc)
site_file <<YAML
policy: {name: fifo-min}
clusters:
  - {name: own, cpu: $processors}
  - {name: shared, cpu: $((4 * processors))}
types: [{name: hungry, min: {cpu: 1}, max: {cpu: 1}}]
YAML
start_site || exit 1
if ! tapfinger clusters --json | jq -e '[.items[].enforced[] | select(startswith("cpu: quota"))] | length == 2' >/dev/null; then
    stop_site
    echo "SKIP share.sh: no control group can be written here, so there are no quotas"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

# Jiffies that all processors had nothing to do, and all jiffies, also those that the machine below kept for itself.
idle() { awk '/^cpu / { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; }
hungry="i=0; while [ \$i -lt $((processors + 1)) ]; do yes >/dev/null & i=\$((i + 1)); done; sleep 4; kill %1 2>/dev/null; kill 0"

for cluster in own shared; do
    read -r idle_before all_before <<<"$(idle)"
    id=$(tapfinger submit --clean-env -t hungry -r cpu=1 --reach $cluster -- timeout 4 sh -c "$hungry")
    tapfinger wait "$id" >/dev/null 2>&1
    read -r idle_after all_after <<<"$(idle)"
    share=$(tapfinger show "$id" --json | jq '(.task // .) | .cpu_s / ((.ended_at | sub("\\.[0-9]*Z"; "Z") | fromdate) - (.started_at | sub("\\.[0-9]*Z"; "Z") | fromdate)
        + (("0." + (.ended_at | capture("\\.(?<f>[0-9]*)Z").f)) | tonumber) - (("0." + (.started_at | capture("\\.(?<f>[0-9]*)Z").f)) | tonumber))')
    spare=$(awk -v i=$((idle_after - idle_before)) -v a=$((all_after - all_before)) -v n="$processors" 'BEGIN { printf "%.2f", n * i / a }')
    echo "$cluster: given 1 processor, got $share; $spare processors had nothing to do"
    check "$cluster: no more than was given" awk -v s="$share" 'BEGIN { exit !(s <= 1.03) }'
    others=$(awk -v s="$spare" -v n="$processors" -v got="$share" 'BEGIN { o = n - s - got; printf "%.2f", (o > 0 ? o : 0) }')
    if awk -v o="$others" 'BEGIN { exit !(o <= 0.25) }'; then
        check "$cluster: no less than was given" awk -v s="$share" -v o="$others" 'BEGIN { exit !(s + o >= 0.97) }'
    else
        echo "SKIP share.sh: $cluster: others used $others processors, so what it could not get says nothing"
    fi
done
finish
