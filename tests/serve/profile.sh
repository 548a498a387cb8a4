#!/bin/bash
# Measuring a command: profile runs it with each allocation, fit reads what came out, types shows what was learned.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
site: lab
policy: {name: fifo-min}
clusters:
  - {name: edge-a, cpu: 4}
  - {name: edge-b, cpu: 2, gpu: 1}
YAML
check "it starts" start_site

# A command whose speed is its allocation's: half of it can be shared out, and a GPU halves the rest.
cat >"$D/work.sh" <<'SH'
n=$((12 + 12 / TAP_CPUS))
[ -z "$CUDA_VISIBLE_DEVICES" ] || n=$((n / 2))
for i in $(seq $n); do sleep 0.01; done
SH
cd "$D" || exit 1
tapfinger profile image --grid cpu=1,2,4 gpu=0,1 --reps 2 --json -- sh work.sh >"$D/measured" 2>"$D/said"
code=$?
check "what fits nowhere is told, the rest measured" sh -c "cat $D/measured $D/said; [ $code = 1 ] && jq -e '.schema == \"tapfinger.profile/1\" and (.items | length) == 6 and
    ([.items[] | select(.status == \"ok\") | .measured] == [2, 2, 2, 2, 2]) and ([.items[] | select(.status == \"never-fits\")] | length == 1 and .[0].cpu == 4 and .[0].gpu == 1)' $D/measured"
check "more is faster" sh -c "jq -e '(.items | map({key: \"\(.cpu) \(.gpu)\", value: .rate_per_s}) | from_entries) | .[\"4 0\"] > .[\"1 0\"] and .[\"1 1\"] > 1.3 * .[\"1 0\"]' $D/measured"
check "what is next" grep -q '10 runs in samples.csv      next: tapfinger fit samples.csv | types image --curve' "$D/said"
check "a line per run that was measured" is "type,cpu,gpu,rep,seconds 10" sh -c "echo \$(head -1 samples.csv) \$(grep -c '^image,[124],[01],[12],0\.[0-9]*\$' samples.csv)"
check "they were jobs" is 10 sh -c "tapfinger ps --all --name profile --type image --json | jq '.items | length'"
check "each with exactly its allocation" is "[1,2,4]" sh -c "tapfinger ps --all --type image --json | jq -c '[.items[].allocation.cpu] | unique'"
check "a file is not written over" sh -c "tapfinger profile image -- true 2>&1 | grep -q 'samples.csv: is there already; another --output, or --force'"
check "exit 2" code_is 2 tapfinger profile image -- true
tapfinger profile image --grid cpu=1-2 -- true >"$D/said" 2>&1
check "no grid" sh -c "cat $D/said; grep -q -- '--grid: \"1-2\": expected whole numbers of at least 1' $D/said"
check "a resource that there is not" sh -c "tapfinger profile image -f --grid tpu=1 -- true 2>&1 | grep -q -- '--grid: \"tpu=1\": expected amounts like cpu=1,2,4'"
check "nothing to measure" code_is 2 tapfinger profile image --grid cpu=1 gpu=0
check "the grid in one word" sh -c "tapfinger profile image -f --grid 'cpu=2,1,2 gpu=0' --reps 1 --plain --no-header -- sh work.sh 2>/dev/null | cut -f 1-3 | xargs | grep -qx '1 0 1/1 2 0 1/1'"
tapfinger profile image -f --grid cpu=1,2,3,4 --reps 2 -- sh work.sh >"$D/table" 2>&1
check "a table" sh -c "cat $D/table; grep -Eq '^ *4 +0 +2/2 +[0-9.]+ +[0-9.e-]+ +ok' $D/table && head -1 $D/table | xargs | grep -qx 'CPU GPU REP RATE/s SD STATUS'"
check "fit reads it" sh -c "tapfinger fit samples.csv --json | tee $D/fit | jq -e '[.fits[] | select(.type == \"image\" and .verdict != \"not possible\")] | length > 0'"
check "and foretells it" sh -c "jq -e '[.fits[].cross_error // 9] | min < 0.25' $D/fit"

# What goes wrong.
check "a command that fails" sh -c "tapfinger profile bad -o bad.csv --reps 1 -- sh -c 'exit 3' >$D/said 2>&1; [ \$? = 1 ] && cat $D/said && grep -q 'FAILED: exit code 3' $D/said && [ ! -e bad.csv ]"
check "larger than anything" code_is 3 tapfinger profile big -o big.csv --grid cpu=9 -- true
check "no such cluster" code_is 2 tapfinger profile image -o x.csv --cluster edge-z -- true
check "nobody there" code_is 5 tapfinger profile image -o x.csv --site "$D/nowhere" -- true
"$tapfinger" profile image -o cut.csv --reps 9 -- sleep 0.4 >"$D/cut" 2>&1 &
profile=$!
sleep 1
kill -INT $profile
wait $profile
code=$?
check "SIGINT keeps what there is" sh -c "cat $D/cut; [ $code = 1 ] && grep -Eq ' [0123]/9 ' $D/cut && [ \$(wc -l <cut.csv) -le 5 ]"
check "and leaves nothing running" sh -c "tapfinger ps --type image --json | jq -e '.items == []'"
if [ -x "$(command -v python3)" ]; then
    tapfinger profile slow --for 2500ms --reps 1 -o slow.csv -- sh -c 'for i in $(seq 30); do tapfinger progress $(printf 0.%02d $i); sleep 0.2; done' >"$D/slow" 2>&1
    check "a long one by its progress" sh -c "cat $D/slow slow.csv; awk -F, 'NR == 2 { exit !(\$4 > 10 && \$4 < 60) }' slow.csv"
fi
check "a long one that says nothing" sh -c "tapfinger profile mute --for 500ms --reps 1 -o mute.csv -- sleep 60 2>&1 | tee $D/said | grep -q 'no two reports of progress'"

# What was learned.
check "one row per type" sh -c "tapfinger types | tee $D/types | grep -Eq '^image +[0-9]+ +[a-z]+ +[0-9.]+% +cpu=1 1.0x, cpu=2 [0-9.]+x .. cpu=2 gpu=1 [0-9.]+x +[0-9.]+s ago'"
check "one type, by allocation" sh -c "tapfinger types image | grep -Eq '^cpu=4 +[0-9]+ +0\.[0-9]+ s'"
tapfinger types image --curve >"$D/curve" 2>&1
check "its curve" sh -c "cat $D/curve; grep -Eq '^ +4 +0 +[0-9]+ .*-=*O=*' $D/curve && grep -q 'off by .* % at allocations that it was not shown' $D/curve"
check "the same for programs" sh -c "tapfinger types image --curve --json | jq -e '.schema == \"tapfinger.type/1\" and .mape_unseen < 0.5 and
    ([.curve[] | select(.samples > 0) | .low_per_s < .rate_per_s and .rate_per_s < .high_per_s] | all and length > 4)'"
tapfinger submit --wait -t lonely -r cpu=1 -- sleep 0.1 >/dev/null
check "of one allocation little is known" sh -c "tapfinger types lonely --curve --json | jq -e '.mape_unseen == null and ([.curve[] | .low_per_s] | all(. == null)) and ([.curve[].rate_per_s] | all(. > 0))'"
check "nothing learned" sh -c "tapfinger types default --curve 2>&1 | grep -q 'no task of type default has told anything yet'"
check "no such type" code_is 4 tapfinger types nonsense
check "of which type" code_is 2 tapfinger types --curve
check "sorted by the API" sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/types?sort=-samples&fields=type,samples' | jq -e '.items[0].type == \"image\" and (.items[0] | keys == [\"samples\", \"type\"])'"
cd /
finish
