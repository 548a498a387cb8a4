#!/bin/bash
# Commands and their exact output: in *.transcript, each line "$ command" is followed by what it prints (both
# streams, standard error last) and "[code]". "transcripts.sh --write" writes what is printed now; look at the
# difference before you keep it. A test is one command.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}"
write=${1:-}
passed=0 failed=0
root=$PWD
program=$(cd "$BUILD" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In a folder of its own, where ./shed.yaml is a small scenario; "tapfinger" is the one that was built.
mkdir "$work/bin" "$work/in"
ln -s "$program/tapfinger" "$work/bin/tapfinger"
ln -s "$root/scenarios" "$work/in/scenarios"
cp tests/cli/shed.yaml "$work/in/"
export PATH=$work/bin:$PATH TERM=dumb NO_COLOR=1
unset COLUMNS

for file in tests/cli/*.transcript; do
    now=$work/now
    : >"$now"
    while IFS= read -r line; do
        case $line in
        '$ '*)
            (cd "$work/in" && timeout 120 bash -c "${line#\$ }" 2>"$work/talk")  >"$work/data" </dev/null
            code=$?
            { echo "$line" && cat "$work/data" "$work/talk" && echo "[$code]"; } >>"$now"
            ;;
        '# '*) echo "$line" >>"$now" ;;
        esac
    done <"$file"
    if [ "$write" = --write ]; then
        cp "$now" "$file"
        continue
    fi
    bad=$(diff <(awk '/^\$ /{ n++ } { print n ":" $0 }' "$file") <(awk '/^\$ /{ n++ } { print n ":" $0 }' "$now") |
        sed -n 's/^[<>] \([0-9]*\):.*/\1/p' | sort -u | wc -l)
    all=$(grep -c '^\$ ' "$file")
    if [ "$bad" -gt 0 ]; then
        echo "FAILED: $file"
        diff -u "$file" "$now" | head -60
    fi
    passed=$((passed + all - bad)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
