#!/bin/sh
# Documents that are made from the program are as it would make them now: run "make docs" if not.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}"
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

same() { # file, what it should be
    if diff -u "$1" "$2" >"$work/difference"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1 is out of date (make docs)"
        head -20 "$work/difference"
    fi
}

for page in scenarios policies commands; do
    "$BUILD/tapfinger" docs "$page" >"$work/$page.md"
    same "docs/$page.md" "$work/$page.md"
done
cp README.md "$work/README.md"
BUILD=$BUILD tools/readme-table "$work/README.md"
same README.md "$work/README.md"

# What the documents link to is there.
for page in *.md docs/*.md; do
    sed 's/`[^`]*`//g' "$page" | grep -o ']([^)#]*' | sed 's/](//' | grep -v '^http' | while read -r target; do
        [ -e "$(dirname "$page")/$target" ] || echo "$page: $target"
    done
done >"$work/dead"
: >"$work/none"
same "$work/none" "$work/dead"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
