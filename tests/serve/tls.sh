#!/bin/bash
# TCP with TLS: who has a token comes in encrypted, and nobody otherwise; a wrong certificate is refused by
# the client, a wrong key by the daemon. Skipped, and said so, without the openssl program.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
if ! command -v openssl >/dev/null; then
    echo "SKIP tls.sh: there is no openssl here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
certificate() { # name
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$D/$1.key" -out "$D/$1.pem" 2>/dev/null
}
certificate own
certificate other
site() { # key
    cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock, http: "127.0.0.1:0", tls: {cert: $D/own.pem, key: "file:$D/$1"}}
store: {path: $D/state/state.db}
clusters: [{name: edge, cpu: 2}]
YAML
}
web_status() { # wanted, curl's arguments
    wanted=$1
    shift
    got=$(curl -sS -m 10 -o /dev/null -w '%{http_code}' "$@")
    [ "$got" = "$wanted" ] || { echo "status $got, wanted $wanted"; return 1; }
}
site none.key
check "a key that is not there" code_is 2 timeout 10 "$tapfinger" serve -c "$D/site.yaml"
check "is named" grep -q none.key "$D/code.log"
site other.key
check "a key of another certificate" code_is 1 timeout 10 "$tapfinger" serve -c "$D/site.yaml"
check "is said" grep -q "are certificate and key right" "$D/code.log"
site own.key
check "it starts" start_site
web=$(sed -n 's/^ready \(https[^ ]*\) .*/\1/p' "$D/serve.out")
token=$(tapfinger token --add far --user "$(id -un)" --role submit)
check "the address says https" test -n "$web"
check "a token comes in" web_status 200 --cacert "$D/own.pem" -H "Authorization: Bearer $token" "$web/v1/jobs"
check "a job is submitted" web_status 201 --cacert "$D/own.pem" -H "Authorization: Bearer $token" --data '{"command":["true"]}' "$web/v1/jobs"
check "a session's cookie is for TLS alone" sh -c "curl -sS -m 10 -D - -o /dev/null --cacert $D/own.pem -H 'Sec-Fetch-Site: same-origin' --data '{\"token\":\"$token\"}' $web/v1/session | grep -qi '^set-cookie: .*; Secure'"
check "no token, no entry" web_status 401 --cacert "$D/own.pem" "$web/v1/jobs"
check "another certificate is not believed" sh -c "! curl -sS -m 10 --cacert $D/other.pem $web/healthz"
check "plain text is not answered" sh -c "! curl -sS -m 10 ${web/https/http}/healthz | grep -q healthy"
check "TLS 1.1 is refused" sh -c "! curl -sS -m 10 --tls-max 1.1 --cacert $D/own.pem $web/healthz"
check "the command line does not talk to whom it does not know" code_is 5 \
    env TAPFINGER_SITE="$web" TAPFINGER_TOKEN="$token" "$tapfinger" ps
check "garbage does not hurt" bash -c "head -c 100000 /dev/urandom >/dev/tcp/127.0.0.1/${web##*:}; true"
check "it still answers" web_status 200 --cacert "$D/own.pem" "$web/healthz"
finish
