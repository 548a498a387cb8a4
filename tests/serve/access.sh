#!/bin/bash
# Who may do what over TCP and why not: sessions by cookie, pages of other sites, roles and tokens of the site
# file, anonymous callers.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
me=$(id -un)
hash_of() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
site() { # listen address, lines of auth
    cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock, http: "$1"}
store: {path: $D/state/state.db}
policy: {name: fifo-min}
auth: {$2}
clusters: [{name: edge, cpu: 2}]
YAML
}
look_up() { # where it listens
    web=$(sed -n 's/^ready \(http[^ ]*\) .*/\1/p' "$D/serve.out")
    port=${web##*:}
}
web_status() { # wanted, curl's arguments
    wanted=$1
    shift
    got=$(curl -sS -m 10 -o "$D/body" -D "$D/head" -w '%{http_code}' "$@")
    [ "$got" = "$wanted" ] || { echo "status $got, wanted $wanted"; cat "$D/body"; return 1; }
}
job='{"command":["true"]}'

# Sessions.
site 127.0.0.1:0 "session: 1h"
check "it starts" start_site
look_up
submit_token=$(tapfinger token --add page --user "$me" --role submit)
jar=$D/jar
page=(-H 'Sec-Fetch-Site: same-origin')
sign_in() { # wanted status, token, more of curl's arguments
    wanted=$1 token=$2
    shift 2
    web_status "$wanted" -c "$jar" "$@" --data "{\"token\":\"$token\"}" "$web/v1/session"
}
check "nobody comes in without a token" web_status 401 "$web/v1/jobs"
check "a wrong token does not sign in" sign_in 401 tap_wrong "${page[@]}"
check "and no cookie is given" sh -c "! grep -qi set-cookie $D/head"
check "nor by a page of another site" sign_in 403 "$submit_token" -H 'Sec-Fetch-Site: cross-site'
check "a token signs in" sign_in 201 "$submit_token" "${page[@]}"
check "by a cookie that no script reads and no other site sends" grep -qi "^set-cookie: tapfinger-$port=tap_[0-9a-f]*; Max-Age=3600; HttpOnly; SameSite=Strict" "$D/head"
check "which is another secret than the token" sh -c "! grep -q $submit_token $D/head $D/body $jar"
check "it says who one is" jq -e ".user == \"$me\" and .way == \"session\" and .role == \"submit\" and (.ends_at | length) > 10" "$D/body"
check "the cookie comes in" web_status 200 -b "$jar" "$web/v1/jobs"
check "and goes to the API alone, whatever is before it" sh -c "! grep -qi 'set-cookie.*path=' $D/head"
check "a page submits" web_status 201 -b "$jar" "${page[@]}" --data "$job" "$web/v1/jobs"
check "by its origin, where the browser says no more" web_status 201 -b "$jar" -H "Origin: $web" --data "$job" "$web/v1/jobs"
for header in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Sec-Fetch-Site: none' 'Origin: http://evil.example' 'Origin: null' "Origin: https://evil.example/$web" 'X: y'; do
    check "a cookie with $header changes nothing" web_status 403 -b "$jar" -H "$header" --data "$job" "$web/v1/jobs"
done
check "it says why" jq -e '.reason == "cross-origin"' "$D/body"
check "a page of another site is not told anything either" sh -c "! grep -qi access-control $D/head"
check "another port's cookie is not ours" web_status 401 -H "Cookie: tapfinger-1=$(awk '/tapfinger/ {print $7}' "$jar")" "$web/v1/jobs"
check "nor half of one" web_status 401 -H "Cookie: tapfinger-$port=$(awk '/tapfinger/ {print substr($7, 1, 30)}' "$jar")" "$web/v1/jobs"
check "the token does not serve as a cookie" web_status 401 -H "Cookie: tapfinger-$port=$submit_token" "$web/v1/jobs"
check "nor the cookie as a token" web_status 401 -H "Authorization: Bearer $(awk '/tapfinger/ {print $7}' "$jar")" "$web/v1/jobs"
check "among other cookies it is found" web_status 200 -H "Cookie: a=b; tapfinger-$port=$(awk '/tapfinger/ {print $7}' "$jar"); c=d" "$web/v1/jobs"
stop_site
port_was=$port
site "127.0.0.1:$port" "session: 1h"
check "it starts again" start_site
check "who was signed in is signed in" web_status 200 -b "$jar" "$web/v1/jobs"
cp "$jar" "$D/old"
curl -sS -N -m 20 -b "$jar" "$web/v1/events" >"$D/events" 2>&1 &
stream=$!
check "signing out is a change, too" web_status 403 -b "$jar" -X DELETE "$web/v1/session"
check "signed out" web_status 200 -b "$jar" -c "$jar" "${page[@]}" -X DELETE "$web/v1/session"
check "the browser forgets it" grep -qi "^set-cookie: tapfinger-$port=; Max-Age=0" "$D/head"
check "and so does the daemon" web_status 401 -b "$D/old" "$web/v1/jobs"
check "who listened to events hears no more" timeout 18 tail --pid=$stream -f /dev/null
check "a token signs in again" sign_in 201 "$submit_token" "${page[@]}"
tapfinger token --revoke page >/dev/null
check "a session ends with its token" web_status 401 -b "$jar" "$web/v1/jobs"
check "no secret is in the store or said" sh -c "! grep -aq 'tap_[0-9a-f]' $D/state/state.db* $D/serve.err $D/serve.out"
stop_site
site "127.0.0.1:$port_was" "session: 1s"
check "it starts with short sessions" start_site
short=$(tapfinger token --add short --user "$me" --role submit)
check "one signs in" sign_in 201 "$short" "${page[@]}"
cp "$jar" "$D/old"
sed -i 's/\t[0-9]*\ttapfinger/\t0\ttapfinger/' "$D/old" # a browser that does not forget
check "and is out when the time is over" eventually 10 web_status 401 -b "$D/old" "$web/v1/jobs"
stop_site

# The site's tokens and roles.
cat >"$D/tokens" <<TOKENS
# name   user  role   sha256 of the secret
file-a   $me   submit $(hash_of secret-a)
file-b   $me   admin  $(hash_of secret-b) # a comment
TOKENS
site "127.0.0.1:$port_was" "tokens: \"file:$D/tokens\", roles: {$me: submit}"
check "the file of tokens is checked" "$tapfinger" serve -c "$D/site.yaml" --check
chmod 666 "$D/tokens"
check "one that others may write is refused" code_is 2 "$tapfinger" serve -c "$D/site.yaml" --check
chmod 644 "$D/tokens"
check "it starts with it" start_site
check "a token of the file comes in" web_status 201 -H 'Authorization: Bearer secret-a' --data "$job" "$web/v1/jobs"
check "a role bounds a token" web_status 403 -H 'Authorization: Bearer secret-b' "$web/v1/tokens"
check "the daemon's own user stays admin on its socket" status_is 200 GET /v1/tokens
check "tokens tell where they are from" sh -c "curl -sS --unix-socket $D/sock http://x/v1/tokens | jq -e 'any(.items[]; .name == \"file-a\" and .from == \"file\") and any(.items[]; .name == \"short\" and .from == \"store\")'"
check "one of the file is not revoked here" status_is 409 DELETE /v1/tokens/file-a
check "nor is its name given twice" status_is 422 POST /v1/tokens "{\"name\":\"file-a\",\"user\":\"$me\",\"role\":\"read\"}"
check "it signs in" sign_in 201 secret-a "${page[@]}"
sed -i '/file-a/d' "$D/tokens"
kill -HUP "$server"
check "taken out of the file it is worth nothing after a reload" eventually 10 web_status 401 -H 'Authorization: Bearer secret-a' "$web/v1/jobs"
check "nor is its session" web_status 401 -b "$jar" "$web/v1/jobs"
echo "broken line" >>"$D/tokens"
kill -HUP "$server"
check "a broken file changes nothing" eventually 10 grep -q "tokens:3: expected a name, a user, a role" "$D/serve.err"
check "the others stay" web_status 200 -H 'Authorization: Bearer secret-b' "$web/v1/jobs"
: >"$D/serve.err"
stop_site
for wrong in 'anonymous: viewer' 'roles: {ann: operator}' 'roles: [ann]' 'session: 0s' 'tokens: /nowhere/tokens' 'user: x'; do
    site 127.0.0.1:0 "$wrong"
    check "refused: $wrong" code_is 2 "$tapfinger" serve -c "$D/site.yaml" --check
done
check "with the line" sh -c "grep -q 'site.yaml:4: ' $D/code.log"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    site 127.0.0.1:0 "roles: {nobody: none}"
    check "it starts with roles" start_site
    check "who may do nothing comes in nowhere" is 403 setpriv --reuid=65534 --regid=65534 --clear-groups \
        curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$D/sock" http://x/v1/jobs
    stop_site
else
    echo "SKIP roles of other users: not root"
fi

# Anonymous callers.
site "127.0.0.1:$port_was" "anonymous: read"
check "it starts for anonymous readers" start_site
check "they read" web_status 200 "$web/v1/jobs"
check "as what they are" sh -c "curl -sS $web/v1/whoami | jq -e '.user == \"anonymous\" and .way == \"anonymous\" and .role == \"read\"'"
check "they do not submit" web_status 403 --data "$job" "$web/v1/jobs"
check "a wrong token is still wrong" web_status 401 -H 'Authorization: Bearer tap_wrong' "$web/v1/jobs"
check "another name that leads here reads nothing" web_status 403 -H 'Host: evil.example' "$web/v1/jobs"
check "it says why" jq -e '.reason == "host"' "$D/body"
check "localhost does" web_status 200 -H "Host: localhost:$port" "$web/v1/jobs"
check "nor over a socket that is forwarded" web_status 403 --unix-socket "$D/sock" http://evil.example/v1/jobs
check "where a page of another site changes nothing either" web_status 403 --unix-socket "$D/sock" -H 'Sec-Fetch-Site: cross-site' --data "$job" http://x/v1/jobs
check "the dashboard does, over such a socket" web_status 201 --unix-socket "$D/sock" -H 'Sec-Fetch-Site: same-origin' -H "Origin: http://localhost:7979" --data "$job" http://localhost:7979/v1/jobs
check "as the user who forwards it" web_status 200 --unix-socket "$D/sock" http://localhost:7979/v1/whoami
check "whom the kernel knows" jq -e ".user == \"$me\" and .way == \"socket\"" "$D/body"
stop_site
site "127.0.0.1:$port_was" "anonymous: submit"
check "it starts for anonymous submitters" start_site
check "they submit" web_status 201 --data "$job" "$web/v1/jobs"
check "as nobody in particular" sh -c "tapfinger show \$(jq -r .id $D/body) --json | jq -e '.user == \"anonymous\"'"
[ "$(id -u)" -ne 0 ] || check "with no rights of the daemon's" sh -c "curl -sS $web/v1/jobs --data '{\"command\":[\"id\",\"-un\"],\"cwd\":\"/\"}' >$D/made &&
    tapfinger wait \$(jq -r .id $D/made) && tapfinger logs \$(jq -r .id $D/made) | grep -qx nobody"
check "a page of another site cannot" web_status 403 -H 'Origin: http://evil.example' --data "$job" "$web/v1/jobs"
check "nor the policy" web_status 403 -X PUT --data '{"policy":"fair"}' "$web/v1/policy"
check "no warning on this machine alone" sh -c "! grep -q anonymous $D/serve.err"
stop_site
site 0.0.0.0:0 "anonymous: submit"
check "beyond this machine it is warned of" sh -c "$tapfinger serve -c $D/site.yaml --check 2>&1 | grep -q 'auth.anonymous is submit'"
check "it starts all the same" start_site
check "and warns again" grep -q '^<4>.*whoever is on that network may run anything here' "$D/serve.err"
stop_site
: >"$D/serve.err"
site "[::]:0" "anonymous: read"
check "who may only look is no reason to warn" sh -c "! $tapfinger serve -c $D/site.yaml --check 2>&1 | grep -q auth.anonymous"
finish
