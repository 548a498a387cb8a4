#!/bin/sh
# Episodes whose every bit is kept; golden_episodes.c says how to refresh them.
cd "$(dirname "$0")/../.." || exit 1
exec "${BUILD:-build}/tests/golden_episodes" tests/golden/episodes.txt
