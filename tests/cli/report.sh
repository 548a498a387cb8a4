#!/bin/bash
# tapfinger report: the page, used in a browser where there is one; pictures; what it says of
# directories that are not in order.
. "$(dirname "$0")/harness"

evil='</script><script>injected=1</script><img src=x onerror=injected=1>'
"$tapfinger" simulate hetero-6 -p 'fifo-min,fair' -s 3 --set "summary='$evil'" --set 'arrivals.tasks=120' \
    --out "$scratch/run" >/dev/null 2>&1
page=$scratch/run/report.html

check "makes the page" sh -c "'$tapfinger' report '$scratch/run' >'$scratch/said'"
check "says where" grep -qx "$page" "$scratch/said"
cp "$page" "$scratch/first.html"
"$tapfinger" report "$scratch/run" >/dev/null
check "is the same when made again" cmp "$page" "$scratch/first.html"
check "asks for nothing from a network" sh -c "! grep -Eiq '(src|href|action)=[\"'\'']?(https?:)?//|@import|url\\([\"'\'']?(http|/)' '$page'"
check "names its scripts by their hashes" grep -q "script-src 'sha256-" "$page"
check "lets no text be markup" sh -c "! grep -q '<script>injected\|<img src=x' '$page'"
check "shows such text as it is" grep -qF '&lt;script&gt;injected' "$page"
check "writes to standard output" sh -c "'$tapfinger' report '$scratch/run' -o - | cmp - '$page'"
check "lists its files as JSON" sh -c "'$tapfinger' report '$scratch/run' --json | grep -qF '{\"schema\":\"tapfinger.report/1\",\"files\":['"
check "draws for papers" "$tapfinger" report "$scratch/run" --svg --pdf
for name in comparison distribution over-time types clusters schedule-fifo-min schedule-fair; do
    check "$name.svg" grep -q '<svg' "$scratch/run/figures/$name.svg"
    check "$name.pdf" grep -aq '^%PDF' "$scratch/run/figures/$name.pdf"
done
check "prints a table for LaTeX" sh -c "'$tapfinger' report '$scratch/run' --tex && grep -q 'toprule' '$scratch/run/figures/result.tex'"
check "is cleared with its run" "$tapfinger" simulate hetero-6 -p fair -s 1 --set arrivals.tasks=20 --out "$scratch/run2"
"$tapfinger" report "$scratch/run2" --svg >/dev/null
"$tapfinger" simulate hetero-6 -p knee -s 1 --set arrivals.tasks=20 --out "$scratch/run2" --force >/dev/null 2>&1
check "leaves nothing of an old run" test ! -e "$scratch/run2/report.html" -a ! -e "$scratch/run2/figures"

# In a browser

# used NAME PAGE SCRIPT: the script's verdict
used() {
    tests/page/browser "$2" "$3" >"$scratch/dom" 2>"$scratch/console"
    status=$?
    # A machine under load may not get to the end in time; a second try has the caches warm.
    if [ $status -ne 77 ] && ! grep -q 'data-verdict=' "$scratch/dom"; then
        tests/page/browser "$2" "$3" >"$scratch/dom" 2>"$scratch/console"
        status=$?
    fi
    case $status in
    77) skip "$1" "no Chromium" ;;
    0) check "$1" grep -q 'data-verdict="fine"' "$scratch/dom"
        grep -o 'data-verdict="[^"]*"' "$scratch/dom" | grep -v '"fine"' ;;
    *) check "$1: the browser" false ;;
    esac
}
used "works in a browser" "$page" tests/page/report.js
WINDOW=500,800 used "works on a small screen" "$page" tests/page/report.js
tests/page/browser "$page" >"$scratch/dom" 2>"$scratch/console"
if [ $? -eq 77 ]; then
    skip "console" "no Chromium"
else
    check "has nothing to complain of" test ! -s "$scratch/console"
    check "runs under its own policy" grep -q '<canvas' "$scratch/dom"
fi

# What is not in order

broken() { # NAME FILE SED-EXPRESSION TEXT: a copy of the run with one file changed
    rm -rf "$scratch/bad"
    cp -r "$scratch/run" "$scratch/bad"
    sed -i "$3" "$scratch/bad/$2"
    fails "$1" 1 "$4" "$tapfinger" report "$scratch/bad"
}
fails "no directory" 2 "there is no run.json" "$tapfinger" report "$scratch/none"
fails "no such seed" 1 "seed 9 is not in" "$tapfinger" report "$scratch/run" --seed 9
broken "no JSON" run.json 's/"seeds":\[/"seeds":/' "run.json:1"
broken "another schema" run.json 's|tapfinger.run/1|tapfinger.run/9|' '"schema": expected tapfinger.run/1'
broken "a folder outside" run.json 's|"folder":"fair"|"folder":"../fair"|' '"folder": expected the name of a folder'
broken "no clusters" run.json 's|"clusters":\[.*|"clusters":[]}|' '"clusters": expected a list of 1 to'
broken "an unknown policy" summary.csv 's/^fair,/unfair,/' "is not of this run"
broken "no number" summary.csv '2s/,1,[0-9.]*,/,1,abc,/' 'expected a number, not "abc"'
broken "too few values" fair/seed-1/jobs.csv '3s/,[^,]*$//' "jobs.csv:3: expected"
broken "a column is gone" fair/seed-1/machines.csv '1s/waiting/hesitating/' 'there is no column "waiting"'
broken "an unknown cluster" fair/seed-1/stretches.csv '2s/edge[0-9]/nowhere/' "stretches.csv:2"
broken "more than there is" fair/seed-1/stretches.csv '3s/,\([0-9]*\),\([0-9]*\),\([a-z]*\)$/,4000,\2,\3/' "more cpu than the cluster has"
broken "time runs back" fair/seed-1/stretches.csv '2s/^\([^,]*,[^,]*,[^,]*,[^,]*,[^,]*\),[^,]*/\1,999999/' "it ends before it begins"
rm "$scratch/run/fair/seed-2/jobs.csv"
fails "a file is gone" 1 "fair/seed-2/jobs.csv: cannot open" "$tapfinger" report "$scratch/run"
finish
