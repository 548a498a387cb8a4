#!/bin/bash
# The policy of docs/extend.md, taken from the text and added as the text says, builds and runs.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${CC:=cc}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

case $BUILD in
build | build-clang) ;;
*)
    echo "SKIP extend.sh: $BUILD is not a plain build"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
    ;;
esac

ok() { # what, command...
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        cat "$work/log"
    fi
}

mkdir -p "$work/policy"
awk '/^```c$/ && !done { on = 1; next } /^```$/ && on { on = 0; done = 1 } on' docs/extend.md >"$work/policy/part.c"
line=$(sed -n 's/^+\( *X(part).*\)/\1/p' docs/extend.md)
awk -v line="$line" '{ print } /X\(random\)/ { print line }' src/policy/registry.h >"$work/policy/registry.h"
cp src/policy/registry.c "$work/policy/"

# The flags of the tree itself, with the new list in front of the old one.
flags=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --eval 'flags: ; @echo $(CPPFLAGS) $(CFLAGS)' flags)
libs=$(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --eval 'libs: ; @echo $(LDLIBS)' libs)
for file in part registry; do
    # shellcheck disable=SC2086
    ok "$file.c compiles without a warning" $CC -I"$work" ${flags//-Iinclude/-I$PWD/include} -c -o "$work/$file.o" "$work/policy/$file.c"
done
# shellcheck disable=SC2086
ok "it links" $CC -pthread -o "$work/tapfinger" "$BUILD"/obj/cli/*.o "$work/part.o" "$work/registry.o" "$BUILD/libtapfinger.a" $libs
ok "it is listed" grep -q '^part ' <("$work/tapfinger" policies)
ok "its option is described" grep -q 'of what is free' <("$work/tapfinger" policies part)
simulate() {
    "$work/tapfinger" simulate scenarios/paper/hetero-6.yaml -p knee -p part -p part:part=0.25 -s 3 --json >"$work/json" && test -s "$work/json"
}
ok "it runs" simulate
ok "it finishes every task, and nothing is refused" jq -e '[.policies[1:][] | .unfinished + .refusals] == [0, 0]' "$work/json"
ok "its option matters" jq -e '.policies[1].mean_completion != .policies[2].mean_completion' "$work/json"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
