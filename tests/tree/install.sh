#!/bin/sh
# make install into a folder of its own: everything is in place, a C program finds the library through
# pkg-config and gets the figures that the command prints, only tap_* is exported, and make uninstall
# leaves nothing behind.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${CC:=cc}"
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

case $BUILD in
build | build-clang | build-cover) ;;
*) # a program built without the sanitizer cannot load such a library
    echo "SKIP install.sh: $BUILD is not a plain build"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
    ;;
esac

ok() { # what, command...
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        cat "$work/log"
    fi
}

same() {
    diff "$1" "$2"
}

unchecked_make() { # without the jobserver and flags of the make that runs the tests
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s BUILD="$BUILD" PREFIX="$root" "$@"
}

ok "make install" unchecked_make install
for file in bin/tapfinger include/tapfinger.h lib/libtapfinger.a lib/libtapfinger.so lib/libtapfinger.so.0 \
    lib/pkgconfig/tapfinger.pc share/man/man1/tapfinger.1 share/man/man1/tapfinger-simulate.1 \
    share/bash-completion/completions/tapfinger share/zsh/site-functions/_tapfinger \
    share/fish/vendor_completions.d/tapfinger.fish share/tapfinger/scenarios/paper/hetero-6.yaml; do
    ok "$file is installed" test -s "$root/$file"
done
ok "completion is bash" bash -n "$root/share/bash-completion/completions/tapfinger"
ok "all scenarios are installed" test "$(find scenarios -name '*.yaml' | wc -l)" = \
    "$(find "$root/share/tapfinger/scenarios" -name '*.yaml' | wc -l)"
if command -v mandoc >/dev/null; then
    ok "manual pages are well formed" mandoc -T lint -W error "$root"/share/man/man1/*.1
fi

# gcov's own (make cover) left out.
nm -D --defined-only "$root/lib/libtapfinger.so" | awk '$3 !~ /^(__gcov_|mangle_path$)/ { print $3 }' | sort >"$work/exported"
sed -n '/^TAP_API/s/.*[ *]\(tap_[a-z_0-9]*\)(.*/\1/p' include/tapfinger.h | sort >"$work/declared"
ok "exported is what the header declares" same "$work/declared" "$work/exported"

# From elsewhere, so that nothing of this tree is found by chance.
export PKG_CONFIG_PATH="$root/lib/pkgconfig" LD_LIBRARY_PATH="$root/lib"
cp tests/tree/client.c "$work/"
build_client() {
    # shellcheck disable=SC2046
    (cd "$work" && $CC -std=c17 -Wall -Wextra -Werror -o client client.c $(pkg-config --cflags --libs tapfinger))
}
ok "a client builds through pkg-config" build_client
printf '#include <tapfinger.h>\nint main() { return tap_version() == nullptr; }\n' >"$work/client.cc"
if command -v c++ >/dev/null; then
    ok "the header is C++ too" c++ -std=c++17 -Wall -Wextra -Werror -I"$root/include" -fsyntax-only "$work/client.cc"
fi

scenario=$root/share/tapfinger/scenarios/paper/hetero-6.yaml
"$work/client" "$scenario" knee 5 8 >"$work/by_client" 2>"$work/client_errors"
(cd "$work" && "$root/bin/tapfinger" simulate hetero-6 -p knee -s 5:8 --json) >"$work/json"
jq -r '.policies[0].per_seed[] | [.finished, .mean_completion, .p95, .makespan] | map(tostring) | join(" ")' \
    "$work/json" >"$work/by_command"
# Both as numbers of twelve digits.
awk '{ printf "%d %.12g %.12g %.12g\n", $1, $2, $3, $4 }' "$work/by_command" >"$work/by_command_12"
ok "four seeds were run" test "$(wc -l <"$work/by_client")" = 4
ok "the library gives what the command gives" same "$work/by_client" "$work/by_command_12"

ok "make uninstall" unchecked_make uninstall
find "$root" ! -type d >"$work/left"
ok "nothing is left" test ! -s "$work/left"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
