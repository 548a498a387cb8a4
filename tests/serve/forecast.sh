#!/bin/bash
# When what waits will start: by the policy run forward, and how far that is from what then happens.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
site: lab
policy: {name: sjf}
clusters: [{name: edge-a, cpu: 2}, {name: edge-b, cpu: 1}]
YAML
check "it starts" start_site
tapfinger submit --wait -t long -r cpu=2 -- sleep 3 >/dev/null
tapfinger submit --wait -t short -r cpu=2 -- sleep 0.5 >/dev/null
tapfinger submit --wait -t small -r cpu=1 -- sleep 0.3 >/dev/null

# Two long ones, then two short ones, which sjf lets pass.
for type in long long short short; do
    tapfinger submit -t $type -r cpu=2 -- sleep $([ $type = long ] && echo 3 || echo 0.5) >/dev/null
done
eventually 5 sh -c "tapfinger ps --json | jq -e '[.items[] | select(.state == \"PENDING\") | .eta_by] | length == 3 and all(. == \"policy\")'"
tapfinger ps --json >"$D/ps"
seen=$(date +%s.%N)
curl -s --unix-socket "$D/sock" http://x/v1/timeline >"$D/timeline"
tapfinger why 5 --json >"$D/why.json"
tapfinger why 5 >"$D/why"
likely() { # job
    jq ".items[] | select(.id == \"$1\") | .eta_s[1]" "$D/ps"
}
check "the short ones pass" sh -c "jq -c '.items[] | [.id, .type, .eta_s]' $D/ps; [ \$(echo \"$(likely 6) < $(likely 7) && $(likely 7) < $(likely 5)\" | bc -l) = 1 ]"
check "a range" sh -c "jq -e '[.items[] | select(.eta_s) | .eta_s | .[0] <= .[1] and .[1] <= .[2] and .[0] < .[2]] | length == 3 and all' $D/ps"
check "why says how it knows" sh -c "cat $D/why; grep -q 'Starts in .* to .* (likely .*), est. by running the policy forward' $D/why"
check "the same for programs" is policy jq -r .eta_by "$D/why.json"
check "the chart's plans are the same" sh -c "cat $D/timeline; jq -e '[.planned[] | select(.eta_by == \"policy\" and .cluster == \"edge-a\" and .allocation.cpu == 2 and .run_s > 0)] | sort_by(.eta_s[1]) | map(.id) == [\"6\", \"7\", \"5\"]' $D/timeline"
tapfinger wait 4 5 6 7
for id in 5 6 7; do
    check "job $id started when it was said" sh -c "tapfinger show $id --json | jq -e '(.started_at | sub(\"\\\\.[0-9]*Z\"; \"Z\") | fromdate) - $seen - $(likely $id) | . > -2 and . < 1.2'"
done

# What has not happened when it was expected at the latest is not said any more.
tapfinger submit -t small -r cpu=2 -- sh -c "$(until_file late)" >/dev/null
late=$(tapfinger submit -t small -r cpu=2 -- true)
check "a run that takes longer moves what waits for it" eventually 15 sh -c "tapfinger why $late --json | jq -e '.eta_by and .eta_s[1] > 1'"
touch "$D/late"
tapfinger wait "$late"

# Long queues are served in their order.
tapfinger submit -t long -r cpu=2 -- sh -c "$(until_file end)" >/dev/null
many=$(tapfinger submit -t small -r cpu=2 --array 1-600 -- true)
check "too long to be run forward" is queue sh -c "sleep 1; tapfinger why $many.2 --json | jq -r .eta_by"
check "why says that, too" sh -c "tapfinger why $many.2 | grep -q \"est. by the queue's order alone\""
tapfinger cancel -y "$many" >/dev/null

# Policies are run forward in the very state that they are in; the daemon goes on as if nothing had been. One that never
# starts these tasks says nothing of them: then it is the queue.
waits=$(tapfinger submit -t small --min cpu=1 --max cpu=2 --reach edge-a -- sleep 0.3)
tapfinger policy --json | jq -r '.items[] | select(.possible) | .name' >"$D/policies"
while read -r policy; do
    tapfinger policy "$policy" >/dev/null 2>"$D/said" || continue
    tapfinger submit -t small --min cpu=1 --max cpu=2 --reach edge-a -- sleep 0.3 >/dev/null
    last=$(tapfinger ps -q --state PENDING | tail -1)
    [ -n "$last" ] || continue
    tapfinger why "$last" --json | jq -r '"\(.eta_by) \(.eta_s[1] >= 0)"' >>"$D/by"
done <"$D/policies"
check "most policies can be run forward" sh -c "sort $D/by | uniq -c; [ \$(grep -c '^policy true' $D/by) -gt 8 ] && [ \$(grep -c '^policy true' $D/by) -gt \$(grep -vc '^policy true' $D/by) ]"
tapfinger policy fifo-min >/dev/null
touch "$D/end"
check "all of it is run" eventually 60 sh -c "tapfinger ps --json | jq -e '.items == []'"
check "the first as well" is SUCCEEDED state_of "$waits"
finish
