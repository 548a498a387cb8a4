#!/bin/bash
# Requests that are nearly right, for SECONDS_OF (10) seconds: the daemon answers each or hangs up, and lives. For
# more than that: SECONDS_OF=600 BUILD=build-address-undefined tests/serve/http.sh [SEED].
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
${CC:-cc} -std=gnu17 -O1 -o "$D/hammer" tests/serve/hammer.c || exit 1
site_file <<YAML
policy: {name: fifo-min}
clusters: [{name: a, cpu: 2}, {name: b, cpu: 2}]
YAML
check "it starts" start_site
tapfinger clusters --drain a --reason "nothing shall run" >/dev/null
tapfinger clusters --drain b --reason "nothing shall run" >/dev/null
"$D/hammer" "$D/sock" "${SECONDS_OF:-10}" "${1:-$$}" | tee "$D/hammered"
check "nearly right requests are answered" grep -q ' 400: ' "$D/hammered"
check "it is alive" status_is 200 GET /healthz
check "it still takes jobs" status_is 201 POST /v1/jobs '{"command":["true"],"hold":true}'
check "no request was the daemon's own fault" sh -c "! grep -q ' 500: ' $D/hammered"
kill "$server"
wait "$server" 2>/dev/null
check "it starts again with what was submitted" start_site
finish
