#!/bin/bash
# tapfinger sweep: grids, directories that go on, and their pages.
. "$(dirname "$0")/harness"
sweep=("$tapfinger" sweep hetero-6 -p fifo-min,fair -s 2 --set arrivals.tasks=40 --vary arrivals.rate=2:6:2)

"${sweep[@]}" >"$scratch/table" 2>"$scratch/talk"
check "a row per cell" test "$(grep -Ec '^ +[246] ' "$scratch/table")" -eq 3
"${sweep[@]}" --csv >"$scratch/csv"
check "CSV: a row per cell and policy" test "$(wc -l <"$scratch/csv")" -eq 7
check "CSV: the varied key in front" grep -q '^arrivals.rate,policy,' "$scratch/csv"
check "JSON" sh -c "'$tapfinger' sweep hetero-6 -p fair -s 1 --set arrivals.tasks=20 --vary 'window=5|10' --json | grep -qF '\"schema\":\"tapfinger.sweep/1\"'"
check "two keys make a grid" sh -c "'$tapfinger' sweep hetero-6 -p fair -s 1 --set arrivals.tasks=20 --vary 'window=5|10' --vary arrivals.rate=1:3:1 --csv | wc -l | grep -qx 7"
for ending in svg pdf png; do
    check "draws $ending" "${sweep[@]}" --plot "$scratch/plot.$ending"
    check "$ending is there" test -s "$scratch/plot.$ending"
done

# The directory

"${sweep[@]}" --out "$scratch/a" >/dev/null 2>"$scratch/talk"
check "says what comes next" grep -qF "tapfinger report $scratch/a" "$scratch/talk"
for file in DONE sweep.json config.yaml cells/0.json cells/2.json sweep.csv sweep.svg sweep.pdf; do
    check "writes $file" test -e "$scratch/a/$file"
done
cp -r "$scratch/a" "$scratch/b"
rm "$scratch/b/cells/1.json" "$scratch/b/DONE"
fails "a sweep that is there stays" 1 "--resume goes on with it" "${sweep[@]}" --out "$scratch/b"
check "goes on" "${sweep[@]}" --out "$scratch/b" --resume
check "and ends the same" diff -r "$scratch/a" "$scratch/b"
fails "another sweep cannot go on" 1 "holds another sweep" "${sweep[@]}" --seeds 3 --out "$scratch/b" --resume
check "any --jobs, same directory" "${sweep[@]}" --jobs 3 --out "$scratch/c"
check "indeed" diff -r "$scratch/a" "$scratch/c"

# Its page

check "makes a page" "$tapfinger" report "$scratch/a"
check "the page is there" grep -q 'Paired differences' "$scratch/a/report.html"
rm "$scratch/c/cells/0.json"
check "also of an unfinished sweep" "$tapfinger" report "$scratch/c"
check "which says so" grep -q "2 of 3 cells" "$scratch/c/report.html"
echo '{' >"$scratch/c/cells/1.json"
fails "a broken cell" 1 "cells/1.json:" "$tapfinger" report "$scratch/c"
rm -r "$scratch/c/cells"
fails "no cell at all" 1 "no cell of this sweep is finished yet" "$tapfinger" report "$scratch/c"
check "forced: begins anew" "${sweep[@]}" --out "$scratch/a" --force
check "the old page is gone" test ! -e "$scratch/a/report.html"

# Misuse

fails "nothing varied" 2 "missing --vary" "$tapfinger" sweep hetero-6 -p fair
fails "half a range" 2 "expected low:high:step" "$tapfinger" sweep hetero-6 -p fair --vary arrivals.rate=1:3
fails "a step that leads nowhere" 2 "never gets from" "$tapfinger" sweep hetero-6 -p fair --vary arrivals.rate=1:3:-1
fails "an unknown figure" 2 'unknown figure "foo"' "$tapfinger" sweep hetero-6 -p fair --vary arrivals.rate=1:3:1 --figure foo
fails "an unknown picture, before anything runs" 2 "ends in .svg" "$tapfinger" sweep million -p fifo-min --vary arrivals.rate=1:3:1 --plot x.bmp
fails "--resume without --out" 2 "without --out" "${sweep[@]}" --resume
fails "an unknown key" 1 'did you mean "rate"?' "$tapfinger" sweep hetero-6 -p fair --vary arrivals.rat=1:3:1
finish
