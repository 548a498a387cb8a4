#!/bin/sh
# The paper's rivals must do in our world what they did in the authors' own: every mean over 30 seeds
# within three standard errors (both sides' combined) of baselines.txt, and at most one in twenty beyond
# two. SEEDS chooses others than 101:130, REPORT=1 prints every line.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${SEEDS:=101:130}" "${REPORT:=0}"
table=tests/golden/baselines.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for scenario in $(awk '!/^#/ { print $1 }' $table | uniq); do
    rivals=$(awk -v s="$scenario" '$1 == s { printf "%s%s", sep, $2; sep = "," }' $table)
    "$BUILD/tapfinger" simulate "scenarios/paper/$scenario.yaml" -p "$rivals" -s "$SEEDS" --json |
        jq -r --arg s "$scenario" '.policies[] | [.per_seed[].mean_completion] as $x | ($x | length) as $n |
            ($x | add / $n) as $m | ($x | map((. - $m) * (. - $m)) | add / ($n - 1) | sqrt) as $sd |
            "\($s) \(.name) \($m) \($sd) \($n)"'
done >"$work/ours"

awk -v report="$REPORT" '
/^#/ { next }
FNR == NR { theirs[$1 " " $2] = $3; sd[$1 " " $2] = $4; seeds[$1 " " $2] = $5; wanted++; next }
{
    key = $1 " " $2
    error = sqrt(sd[key] ^ 2 / seeds[key] + $4 ^ 2 / $5)
    z = ($3 - theirs[key]) / error
    if (z < 0) z = -z
    far = z > 3
    beyond += z > 2
    bad += far
    good += !far
    if (far || report)
        printf "%s%-16s %-15s %8.3f against %8.3f: %.2f standard errors\n", far ? "FAILED: " : "", $1, $2, $3, theirs[key], z
}
END {
    if (good + bad != wanted) { printf "FAILED: %d of %d figures\n", good + bad, wanted; bad++ }
    printf "%d of %d beyond two standard errors\n", beyond, wanted
    if (beyond * 20 > wanted) { print "FAILED: more than one in twenty"; bad++ } else good++
    printf "%d passed, %d failed\n", good, bad
    exit bad > 0
}' $table "$work/ours"
