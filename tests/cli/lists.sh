#!/bin/bash
# tapfinger scenarios, policies, check, help, completion, docs.
. "$(dirname "$0")/harness"

"$tapfinger" scenarios >"$scratch/list"
for name in synthetic synthetic-6 synthetic-6-ar2 synthetic-6-ar3 multi hetero-6 sjf trace-500 trace-1000 trace-2000 trace-4000 \
    trace6-2000 trace6-4000 trace6-8000 trace-fixed container; do
    check "ships paper/$name" grep -q "^paper/$name " "$scratch/list"
done
check "at least four of our own" test "$(grep -c '^edge/' "$scratch/list")" -ge 4
check "the list fits a screen" awk 'length($0) > 100 { exit 1 }' "$scratch/list"
check "names alone" sh -c "'$tapfinger' scenarios -q | grep -qx paper/hetero-6"
check "all columns between tabs" sh -c "'$tapfinger' scenarios --plain | head -1 | grep -q 'TIME	CLUSTERS	CAPACITY'"
check "as JSON" sh -c "'$tapfinger' scenarios --json | grep -qF '\"schema\":\"tapfinger.scenarios/1\"'"
"$tapfinger" scenarios hetero-6 >"$scratch/mine.yaml"
check "one can be taken and used" "$tapfinger" check "$scratch/mine.yaml"
check "bases are merged" sh -c "! grep -q '^extends' '$scratch/mine.yaml'"
fails "an unknown one" 2 'no scenario "nope"' "$tapfinger" scenarios nope

"$tapfinger" policies >"$scratch/list"
for name in fifo-min random fair knee paper-min paper-random paper-optimus paper-tiresias; do
    check "has $name" grep -q "^$name " "$scratch/list"
    check "describes $name" "$tapfinger" policies "$name"
done
check "the list fits a screen" awk 'length($0) > 100 { exit 1 }' "$scratch/list"
check "options of one" sh -c "'$tapfinger' policies knee | grep -q within"
check "as JSON" sh -c "'$tapfinger' policies --json | grep -qF '\"name\":\"knee\"'"
fails "an unknown one" 2 'unknown policy "nope"' "$tapfinger" policies nope

for file in scenarios/paper/*.yaml scenarios/edge/*.yaml; do
    check "$file is valid" "$tapfinger" check "$file" --seeds 1
done
check "load and contention" sh -c "'$tapfinger' check hetero-6 | grep -q 'Offered load' && '$tapfinger' check hetero-6 | grep -q 'Contention in a trial'"
check "as JSON" sh -c "'$tapfinger' check hetero-6 --seeds 1 --json | grep -qF '\"schema\":\"tapfinger.'"
check "warns where nothing contends" sh -c "'$tapfinger' check hetero-6 --set arrivals.rate=0.01 --set arrivals.tasks=5 2>&1 >/dev/null | grep -q warning"
fails "strict: a warning is a failure" 1 "warning" "$tapfinger" check hetero-6 --set arrivals.rate=0.01 --set arrivals.tasks=5 --strict
printf 'name: x\nresources: [cpu]\nclusters:\n  - {name: a, capacity: {cpux: 2}}\narrivals: {process: at-once, tasks: 3}\ntypes:\n  t: {min: {cpu: 1}, speed: {model: constant, seconds: 5}}\n' >"$scratch/bad.yaml"
fails "file, line, key, nearest" 1 'bad.yaml:4: ' "$tapfinger" check "$scratch/bad.yaml"
fails "the nearest known key" 1 'did you mean "cpu"?' "$tapfinger" check "$scratch/bad.yaml"

# Help, completion, documentation

"$tapfinger" help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$scratch/names"
check "every command is listed once" sh -c "test \$(wc -l <'$scratch/names') -ge 30 && test -z \"\$(sort '$scratch/names' | uniq -d)\""
while read -r name; do
    check "help of $name" sh -c "'$tapfinger' help $name | grep -q '^Usage'"
    check "$name --help is the same" sh -c "'$tapfinger' help $name >'$scratch/a'; '$tapfinger' $name --help | cmp - '$scratch/a'"
done <"$scratch/names"
check "overview" sh -c "'$tapfinger' --help | grep -q '  simulate '"
fails "nothing: exit code 2" 2 "Commands" "$tapfinger"
fails "an unknown command" 2 'did you mean "simulate"?' "$tapfinger" simulat
check "version" sh -c "'$tapfinger' --version | grep -Eq '^tapfinger [0-9]'"
check "help of nothing known" sh -c "'$tapfinger' help nope; test \$? -eq 2"
for shell in bash zsh fish; do
    "$tapfinger" completion $shell >"$scratch/completion.$shell"
    check "completion for $shell" grep -q simulate "$scratch/completion.$shell"
    if command -v $shell >/dev/null; then
        check "$shell can read it" $shell -n "$scratch/completion.$shell"
    else
        skip "completion" "no $shell"
    fi
done
completes_to() { # wanted, word...: what bash offers for the last word
    wanted=$1
    shift
    got=$(PATH=$(dirname "$tapfinger"):$PATH bash -c 'source "$0"; COMP_WORDS=(tapfinger "$@") COMP_CWORD=$#
        _tapfinger
        echo "${COMPREPLY[*]}"' "$scratch/completion.bash" "$@")
    [ "$got" = "$wanted" ] || { echo "got $got, wanted $wanted"; return 1; }
}
check "bash completes commands" completes_to simulate simu
check "scenarios" completes_to "paper/synthetic-6-ar2 paper/synthetic-6-ar3" simulate paper/synthetic-6-ar
check "values of options" completes_to "saturating-tanh saturating-exp saturating-hyperbolic" fit --model sat
check "profiles, behind types" completes_to README.md fit READM
fails "no such shell" 2 "expected one of bash, zsh, fish" "$tapfinger" completion tcsh
mkdir "$scratch/man"
check "man pages" "$tapfinger" docs man --dir "$scratch/man"
check "one per command" test -s "$scratch/man/tapfinger-report.1"
for page in scenarios policies commands; do
    check "docs/$page.md is up to date (make docs)" sh -c "'$tapfinger' docs $page | cmp - docs/$page.md"
done
finish
