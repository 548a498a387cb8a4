#!/bin/sh
# The golden vectors of the paper's network, in float and in double, where the shared folder is.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=build}"
folder=${TAP_SHARED:-../shared}/golden/network
passed=0 failed=0

if [ ! -d "$folder" ]; then
    echo "SKIP network.sh: no $folder"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
for program in golden_network golden_network_double; do
    "$BUILD/tests/$program" "$folder" >"$BUILD/tests/$program.log"
    status=$?
    cat "$BUILD/tests/$program.log"
    line=$(tail -1 "$BUILD/tests/$program.log")
    p=${line%% passed*}
    f=${line#* passed, }
    f=${f%% failed*}
    case "$p$f" in
    '' | *[!0-9]*) p=0 f=1 ;;
    esac
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
