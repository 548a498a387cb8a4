#!/bin/bash
# Changing jobs: by number, in ranges, by what they are; again what failed; only what nobody else changed meanwhile
# (ETag, If-Match); dependencies member by member; waits between retries; and the history of it all. And how many
# requests one token may make.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
cat >"$D/site.yaml" <<YAML
site: lab
listen: {unix: $D/sock, http: "127.0.0.1:0"}
store: {path: $D/state/state.db}
policy: {name: fifo-min}
limits: {rate: 20}
clusters:
  - {name: edge-a, cpu: 4}
YAML
check "it starts" start_site
progress_of() {
    tapfinger show "$1" --json | jq .progress
}
web=$(sed -n 's/^ready \(http[^ ]*\) .*/\1/p' "$D/serve.out")
header() { # name method path [curl's arguments]
    wanted=$1 method=$2 path=$3
    shift 3
    curl -sS -o /dev/null -D - --unix-socket "$D/sock" -X "$method" "http://x$path" "$@" | tr -d '\r' | sed -n "s/^$wanted: //Ip"
}
conditional() { # wanted status, method, path, header, [body]
    got=$(curl -sS -o "$D/answer" -w '%{http_code}' --unix-socket "$D/sock" -X "$2" "http://x$3" -H "$4" ${5:+--data "$5"})
    [ "$got" = "$1" ] || { echo "status $got, wanted $1"; cat "$D/answer"; return 1; }
}

# What was read is named, and not sent twice.
id=$(tapfinger submit --hold -- true)
tag=$(header ETag GET "/v1/jobs/$id")
check "a job has a tag" test -n "$tag"
check "who has it is not sent it again" conditional 304 GET "/v1/jobs/$id" "If-None-Match: $tag"
check "a 304 has no body" test ! -s "$D/answer"
check "nor by a weak one in a list" conditional 304 GET "/v1/jobs/$id" "If-None-Match: \"x\", W/$tag"
check "lists, too" conditional 304 GET /v1/clusters "If-None-Match: $(header ETag GET /v1/clusters)"
check "what is asked for is in the order of time" sh -c "tapfinger show $id --json | jq -e '.uid | test(\"^[0-9A-HJKMNP-TV-Z]{26}\$\")'"
check "what is as it was may be changed" conditional 200 PATCH "/v1/jobs/$id" "If-Match: $tag" '{"priority":-3}'
check "then it is not as it was" conditional 412 PATCH "/v1/jobs/$id" "If-Match: $tag" '{"priority":-4}'
check "the reason is said" is changed jq -r .reason "$D/answer"
check "and a number to ask after" sh -c "jq -e '.request_id | length == 26' $D/answer"
check "nothing was changed" is -3 sh -c "tapfinger show $id --json | jq .priority"
check "who has the old one is sent the new one" conditional 200 GET "/v1/jobs/$id" "If-None-Match: $tag"
check "any will do, if it is there" conditional 200 PATCH "/v1/jobs/$id" 'If-Match: *' '{"priority":-5}'
check "what is not there matches nothing" conditional 412 POST /v1/jobs 'If-Match: *' '{"command":["true"]}'
tag=$(header ETag GET "/v1/jobs/$id")
check "to cancel is a change, too" conditional 202 POST "/v1/jobs/$id/cancel" "If-Match: $tag"
check "canceled, it is another" conditional 412 POST "/v1/jobs/$id/requeue" "If-Match: $tag"
tag=$(header ETag GET /v1/policies)
check "the policy" conditional 200 PUT /v1/policy "If-Match: $tag" '{"policy":"fair"}'
check "and not for a second who read it before" conditional 412 PUT /v1/policy "If-Match: $tag" '{"policy":"fifo-min"}'
tag=$(header ETag GET /v1/clusters/edge-a)
check "a cluster" conditional 200 PATCH /v1/clusters/edge-a "If-Match: $tag" '{"drain":true,"reason":"disk"}'
check "and not twice" conditional 412 PATCH /v1/clusters/edge-a "If-Match: $tag" '{"drain":true,"reason":"fan"}'
check "progress does not make it another" sh -c "tapfinger clusters --resume edge-a"
busy=$(tapfinger submit -- sh -c "tapfinger progress 0.1; while [ ! -e $D/more ]; do sleep 0.03; done; tapfinger progress 0.6; $(until_file busy)")
eventually 5 is 0.1 progress_of "$busy"
tag=$(header ETag GET "/v1/jobs/$busy")
touch "$D/more"
eventually 5 is 0.6 progress_of "$busy"
check "its answer is another" conditional 200 GET "/v1/jobs/$busy" "If-None-Match: $tag"
check "but it may be changed" conditional 200 PATCH "/v1/jobs/$busy" "If-Match: $tag" '{"priority":-1}'
touch "$D/busy"
tapfinger wait "$busy"

# PATCH.
id=$(tapfinger submit --hold -- true)
check "a deadline is set" status_is 200 PATCH "/v1/jobs/$id" '{"deadline":"2031-01-02T03:04:05Z"}'
check "and kept" is 2031-01-02T03:04:05.000Z sh -c "tapfinger show $id --json | jq -r .deadline"
for body in '{}' '[]' '{"priority":1.5}' '{"priority":5000}' '{"hold":1}' '{"deadline":7}' '{"deadline":"soon"}' '{"deadline":null,"name":"x"}'; do
    check "PATCH refuses $body" status_is 400 PATCH "/v1/jobs/$id" "$body"
done
stop_site
check "it starts again" start_site
check "a deadline outlives it" is 2031-01-02T03:04:05.000Z sh -c "tapfinger show $id --json | jq -r .deadline"
check "a version of the daemon before is not this one's" conditional 412 PATCH "/v1/jobs/$id" "If-Match: $tag" '{"priority":-1}'
check "a deadline is taken back" status_is 200 PATCH "/v1/jobs/$id" '{"deadline":null}'
check "there is none" is null sh -c "tapfinger show $id --json | jq .deadline"
tapfinger cancel "$id" >/dev/null

# Which: ranges, and what they are.
array=$(tapfinger submit --hold -n hp-a --array 1-6 -- true)
other=$(tapfinger submit --hold -n hp-b -- true)
third=$(tapfinger submit --hold -n else -t other -- true)
check "a dry run says what would be" is "would cancel $array hp-a: 6 tasks
would cancel $other hp-b: 1 task" tapfinger cancel --name 'hp-*' --dry-run
check "as JSON" is "[\"$array\",\"$other\"]" sh -c "tapfinger cancel --name 'hp-*' --dry-run --json | jq -c .items"
check "nothing was canceled" is "HELD HELD" echo "$(state_of "$array") $(state_of "$other")"
check "members in a range" is "canceled $array.3-5 (3 tasks: 0 being stopped, 3 not running)" tapfinger cancel "$array.3-5"
check "a second time it is no error" is "over already: $array.3-5" tapfinger cancel "$array.3-5"
check "jobs in a range" is "$array hp-a
$other hp-b" sh -c "tapfinger cancel --dry-run --name 'hp-*' | sed 's/would cancel //; s/:.*//'"
check "only tasks in a state: there are none" is "there are none" tapfinger cancel --state RUNNING
check "by state and name" is "canceled $array.1-2 $array.6 $other (4 tasks: 0 being stopped, 4 not running)" tapfinger cancel --state HELD --name 'hp-*'
check "others stay" is HELD state_of "$third"
check "by type" is "canceled $third" tapfinger cancel -t other -y
check "no such state" code_is 2 tapfinger cancel --state DONE
check "not everything by mistake" code_is 2 tapfinger cancel
check "not both" code_is 2 tapfinger cancel 1 --state PENDING
check "no range backwards" code_is 2 tapfinger cancel 5-3
check "not half a million" code_is 2 tapfinger cancel 1-500000
check "no such job" code_is 4 tapfinger cancel 99999
check "several are one document" is "[\"$array.1\",\"$array.2\"]" sh -c "tapfinger cancel $array.1-2 --json | jq -c .already_final"
if script -qec true /dev/null >/dev/null 2>&1; then
    two="$(tapfinger submit --hold -n ask -- true) $(tapfinger submit --hold -n ask -- true)"
    check "on a terminal it asks" sh -c "printf 'n\n' | script -qec 'tapfinger cancel --name ask' /dev/null | tee $D/asked | grep -q 'cancel 2 jobs with 2 tasks?'"
    check "no is no" is "HELD HELD" echo "$(for i in $two; do state_of "$i"; done | xargs)"
    check "yes is yes" sh -c "printf 'y\n' | script -qec 'tapfinger cancel --name ask' /dev/null"
    check "and then they are" is "CANCELED CANCELED" echo "$(for i in $two; do state_of "$i"; done | xargs)"
else
    echo "SKIP changes.sh: no pseudo-terminal to ask on"
fi
stubborn=$(tapfinger submit --clean-env --grace 1h -- sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done")
until_state RUNNING "$stubborn"
eventually 5 has_logged "$stubborn" ready
check "a shorter grace than it was submitted with" is "canceled $stubborn" tapfinger cancel "$stubborn" --grace 0.2s
check "ends it" until_state CANCELED "$stubborn"

# A very large array is one job as any other.
large=$(tapfinger submit --clean-env --array 1-50000%1 --hold -- true)
tapfinger release "$large" >/dev/null
check "50000 members are canceled at once" timeout 60 "$tapfinger" cancel "$large"
check "all of them" sh -c "tapfinger show $large --json | jq -e '(.counts.PENDING // 0) == 0 and (.counts.CANCELED // 0) > 49000'"

# Again what failed, and only that.
mixed=$(tapfinger submit --array 1-4 -- sh -c "echo x >>$D/ran.\$TAP_ARRAY_INDEX; [ \$TAP_ARRAY_INDEX -gt 2 ] || [ -e $D/mended ]")
tapfinger wait "$mixed" 2>/dev/null
touch "$D/mended"
check "what failed is tried again" is "retried $mixed.1-2 (2 tasks)
not failed: $mixed.3-4" tapfinger retry "$mixed"
check "and goes well" tapfinger wait "$mixed"
check "nothing else ran again" is "2 2 1 1" echo "$(for i in 1 2 3 4; do wc -l <"$D/ran.$i"; done | xargs)"
check "nothing is left that failed" is "there are none" tapfinger retry --name 'no-such-*'

# Held and released by name.
id=$(tapfinger submit --hold -n nap -- true)
check "released by name" is "released $id" tapfinger release --name nap
check "and runs" until_state SUCCEEDED "$id"

# Waits between retries: each twice as long.
id=$(tapfinger submit --retries 2 --backoff 400ms -- sh -c "date +%s.%N >>$D/times; false")
tapfinger wait "$id" 2>/dev/null
check "it ran three times" is 3 sh -c "wc -l <$D/times"
check "after 0.4 s and 0.8 s" awk 'NR > 1 { d = $1 - last; if (d < 0.39 * NR - 0.39 || d > 3) bad = 1; gap[NR] = d } { last = $1 }
    END { print gap[2], gap[3]; exit bad || gap[2] < 0.39 || gap[3] < 0.79 }' "$D/times"
check "a wait that is none" code_is 2 tapfinger submit --backoff soon -- true

# Member by member.
up=$(tapfinger submit --clean-env --array 1-3 -- sh -c "while [ ! -e $D/up.\$TAP_ARRAY_INDEX ]; do sleep 0.03; done; [ \$TAP_ARRAY_INDEX != 2 ]")
down=$(tapfinger submit --clean-env --array 1-3 --after "corr:$up" -- true)
check "members wait for their own" is dependency sh -c "tapfinger why $down.3 --json | jq -r .reason"
touch "$D/up.1"
check "the first need not wait for the others" until_state SUCCEEDED "$down.1"
check "which still wait" is "PENDING PENDING" echo "$(state_of "$down.2") $(state_of "$down.3")"
touch "$D/up.2"
check "what waits for one that failed is called off" until_state CANCELED "$down.2"
check "and says why" is dependency-failed sh -c "tapfinger show $down.2 --json | jq -r .task.message"
stop_site
check "it starts again" start_site
touch "$D/up.3"
check "after a new start, too" until_state SUCCEEDED "$down.3"
check "an array that lacks members" code_is 2 tapfinger submit --array 1-4 --after "corr:$up" -- true
check "no array at all" code_is 2 tapfinger submit --after "corr:$up" -- true
check "a kind of dependency that there is not" code_is 2 tapfinger submit --after "maybe:$up" -- true

# What happened, and for what it waited when.
fill=$(tapfinger submit --clean-env -r cpu=4 -- sh -c "$(until_file fill)")
until_state RUNNING "$fill"
late=$(tapfinger submit --clean-env -- true)
check "why it waits is noted" sh -c "for i in \$(seq 60); do tapfinger why $late --history | grep 'job.waits .*no-cpu' && exit; sleep 0.1; done; tapfinger why $late --history; exit 1"
noted=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
touch "$D/fill"
tapfinger wait "$late"
check "its history has it all in order" sh -c "tapfinger why $late --history >$D/history && cat $D/history &&
    grep -o 'job\.[a-z]*\|decision' $D/history | xargs | grep -qx 'job.submitted job.waits decision job.starting job.started job.ended'"
check "how it stood then" sh -c "tapfinger why $late --at $noted >$D/then && cat $D/then && grep -q no-cpu $D/then && ! grep -q 'job.ended' $D/then"
check "before its time" is "nothing is known of it that early" tapfinger why "$late" --at 2001-01-01T00:00:00Z
check "no time" code_is 2 tapfinger why "$late" --at noon
check "of one cluster" sh -c "tapfinger why $late --cluster edge-a"
check "of none" code_is 4 tapfinger why "$late" --cluster edge-z
check "a member's history is its own" sh -c "tapfinger why $up.1 --history >$D/own && grep -q '$up\.1' $D/own && ! grep -q '$up\.2' $D/own"

# Lists.
check "by name" is "$mixed" echo "$(api GET "/v1/jobs?name=*&fields=id,tasks" | head -1 | jq -r '[.items[] | select(.tasks == 4)][0].id')"
check "only what was asked for" is '["id","state"]' sh -c "curl -sS --unix-socket $D/sock 'http://x/v1/jobs?fields=state,id&limit=3' | jq -c '[.items[] | keys] | unique[0]'"
check "by cluster" status_is 200 GET '/v1/jobs?cluster=edge-a&since=1h'
check "no such cluster" status_is 400 GET '/v1/jobs?cluster=edge-z'
check "no such age" status_is 400 GET '/v1/jobs?since=yesterday'
check "one cluster" is edge-a sh -c "curl -sS --unix-socket $D/sock http://x/v1/clusters/edge-a | jq -r .name"
check "no such cluster" status_is 404 GET /v1/clusters/edge-z

# One token: 20 requests per second.
web=$(sed -n 's/^ready \(http[^ ]*\) .*/\1/p' "$D/serve.out")
first=$(tapfinger token --add first --user "$(id -un)" --role read)
second=$(tapfinger token --add second --user "$(id -un)" --role read)
many() { # token: how often each status came
    for _ in $(seq 60); do printf 'url = "%s/v1/whoami"\noutput = /dev/null\n' "$web"; done >"$D/urls"
    curl -sS -K "$D/urls" -H "Authorization: Bearer $1" -w '%{http_code}\n' | sort | uniq -c | awk '{print $2 "=" $1}' | xargs
}
check "too many are refused" sh -c "echo '$(many "$first")' | grep -E '^200=2[0-9] 429=[0-9]+\$'"
check "when to come again is said" sh -c "curl -sS -K $D/urls -H 'Authorization: Bearer $first' -D $D/refused >/dev/null; tr -d '\r' <$D/refused | grep -qx 'Retry-After: 1'"
check "another token is not hindered" is 200 curl -sS -o /dev/null -w '%{http_code}' "$web/v1/whoami" -H "Authorization: Bearer $second"
sleep 1.1
check "it may come again" is 200 curl -sS -o /dev/null -w '%{http_code}' "$web/v1/whoami" -H "Authorization: Bearer $first"
check "guessing tokens is slow" sh -c "echo '$(many tap_guess)' | grep -E '^401=2[0-9] 429=[0-9]+\$'"
check "this machine's users are not counted" is "200=60" echo "$(for _ in $(seq 60); do printf 'url = "http://x/v1/whoami"\noutput = /dev/null\n'; done >"$D/urls"; curl -sS --unix-socket "$D/sock" -K "$D/urls" -w '%{http_code}\n' | sort | uniq -c | awk '{print $2 "=" $1}')"
finish
