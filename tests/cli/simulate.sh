#!/bin/bash
# tapfinger simulate: what it prints, writes and refuses.
. "$(dirname "$0")/harness"
run() { "$tapfinger" simulate "$@"; }
small=(hetero-6 -p fifo-min,fair -s 2 --set arrivals.tasks=60)

# Output

run "${small[@]}" >"$scratch/table" 2>"$scratch/talk"
check "a table that fits a screen" awk 'length($0) > 100 { exit 1 } END { exit NR < 4 }' "$scratch/table"
check "names the policies" grep -q '^fair ' "$scratch/table"
check "quiet off a terminal" test ! -s "$scratch/talk"
run "${small[@]}" --json >"$scratch/json"
for key in '"schema":"tapfinger.simulation/1"' '"scenario":"hetero-6"' '"seeds":[1,2]' '"policies":[{"name":"fifo-min"' \
    '"mean_completion":' '"ci95":' '"p50":' '"p95":' '"p99":' '"makespan":' '"decision_us":' '"difference":null'; do
    check "JSON has $key" grep -qF "$key" "$scratch/json"
done
run "${small[@]}" --csv >"$scratch/csv"
check "CSV: a row per policy" test "$(wc -l <"$scratch/csv")" -eq 3
run "${small[@]}" --csv --per-seed >"$scratch/csv"
check "CSV: a row per policy and seed" test "$(wc -l <"$scratch/csv")" -eq 5
check "TSV has tabs" sh -c "'$tapfinger' simulate hetero-6 -p fair -s 1 --plain --no-header | grep -q '	'"
check "columns as wanted" sh -c "'$tapfinger' simulate hetero-6 -p fair -s 1 -o policy,p50 --no-header | grep -Eq '^fair +[0-9.]+$'"
check "seeds: a range" sh -c "'$tapfinger' simulate hetero-6 -p fair --seeds 101:103 --json | grep -qF '\"seeds\":[101,102,103]'"
check "the configuration" sh -c "'$tapfinger' simulate hetero-6 -p fair --set arrivals.rate=3 --print-config | grep -Eq 'rate: *3'"
check "no colour when told so" sh -c "NO_COLOR=1 '$tapfinger' simulate hetero-6 -p fifo-min,fair -s 3 | awk '/\\033/ { exit 1 }'"
check "colour when told so" sh -c "'$tapfinger' simulate hetero-6 -p fifo-min,fair -s 3 --color always | grep -q \"\$(printf '\\033')\""

# Same seeds, same figures, with any number of threads

figures() { run hetero-6 -p random,fair,paper-min -s 6 --set arrivals.tasks=80 --csv --per-seed --jobs "$1" | cut -d, -f1-20; }
figures 1 >"$scratch/one"
figures 3 >"$scratch/three"
check "any --jobs, same figures" cmp "$scratch/one" "$scratch/three"
for jobs in 1 2; do
    run "${small[@]}" --jobs $jobs --out "$scratch/run$jobs" --events "$scratch/events$jobs" >/dev/null 2>"$scratch/talk"
done
check "any --jobs, same directory" diff -r "$scratch/run1" "$scratch/run2"
check "any --jobs, same log" cmp "$scratch/events1" "$scratch/events2"
check "says what comes next" grep -qF "tapfinger report $scratch/run2" "$scratch/talk"
for file in DONE run.json config.yaml summary.csv fair/seed-1/{jobs.csv,stretches.csv,machines.csv,outages.csv,decisions.jsonl,schedule.json,trace.json}; do
    check "writes $file" test -e "$scratch/run1/$file"
done
check "its configuration runs again" sh -c "'$tapfinger' simulate '$scratch/run1/config.yaml' -p fifo-min,fair -s 2 --csv | cut -d, -f1-20 >'$scratch/again' &&
    '$tapfinger' simulate hetero-6 -p fifo-min,fair -s 2 --set arrivals.tasks=60 --csv | cut -d, -f1-20 | cmp - '$scratch/again'"
fails "a finished run stays" 1 "--force replaces it" "$tapfinger" simulate "${small[@]}" --out "$scratch/run1"
check "unless forced" "$tapfinger" simulate "${small[@]}" --out "$scratch/run1" --force
check "and is the same then" diff -r "$scratch/run1" "$scratch/run2"
mkdir "$scratch/other" && touch "$scratch/other/thesis.tex"
fails "other things stay" 1 "holds other things than a run" "$tapfinger" simulate "${small[@]}" --out "$scratch/other"
run edge/site-down -p fair -s 1 --set arrivals.until=80000 --out "$scratch/down" >/dev/null 2>&1
check "outages are written" test "$(wc -l <"$scratch/down/fair/seed-1/outages.csv")" -eq 3

# Ctrl-C: what is finished is shown, and the exit code says so. A job in the background of a script
# ignores SIGINT unless told otherwise.

env --default-signal=INT "$tapfinger" simulate trace-4000 -p fifo-min -s 4000 -j 1 >"$scratch/table" 2>"$scratch/talk" &
pid=$!
sleep 2
kill -INT $pid
wait $pid
status=$?
check "interrupted: exit code 1" test $status -eq 1
check "interrupted: says so" grep -q "stopped; what was finished until then is shown" "$scratch/talk"
check "interrupted: shows it" grep -q "of 4000" "$scratch/table"

# Misuse

fails "no scenario" 2 "missing SCENARIO" "$tapfinger" simulate
fails "no policy" 2 "tapfinger policies" "$tapfinger" simulate hetero-6
fails "an unknown scenario" 2 'did you mean' "$tapfinger" simulate hetero6 -p fair
fails "an unknown policy" 2 'did you mean "knee"?' "$tapfinger" simulate hetero-6 -p kne
fails "a policy twice" 2 "is there twice" "$tapfinger" simulate hetero-6 -p fair,fair
fails "an option out of range" 2 "within: expected a number from 0 to 1" "$tapfinger" simulate hetero-6 -p knee:within=2
fails "an unknown option" 2 "within" "$tapfinger" simulate hetero-6 -p knee:withn=0.2
fails "seeds that are none" 2 "seeds: expected" "$tapfinger" simulate hetero-6 -p fair --seeds 5:1
fails "an unknown flag" 2 'did you mean "--seeds"?' "$tapfinger" simulate hetero-6 -p fair --seed 3
fails "an unknown column, before anything runs" 2 'unknown column "foo"' "$tapfinger" simulate million -p fifo-min -o policy,foo
fails "--force without --out" 2 "without --out" "$tapfinger" simulate hetero-6 -p fair --force
fails "an unknown key" 1 'did you mean "arrivals"?' "$tapfinger" simulate hetero-6 -p fair --set arivals.rate=1
fails "no number" 1 "expected a number" "$tapfinger" simulate hetero-6 -p fair --set arrivals.rate=nan
fails "no place for the log" 1 "cannot create" "$tapfinger" simulate hetero-6 -p fair --events /nonexistent/x
fails "a problem as JSON" 2 '"type":"urn:tapfinger:error:' "$tapfinger" simulate hetero-6 -p kne --json
check "help needs no scenario" "$tapfinger" simulate --help
if [ -w /dev/full ]; then fails "a full disk is noticed" 1 "cannot write to standard output" sh -c "'$tapfinger' simulate hetero-6 -p fair -s 1 >/dev/full"; fi
finish
