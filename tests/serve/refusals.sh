#!/bin/bash
# What the daemon does not let happen: wrong input, wrong tokens, other users' jobs, slow clients, and
# machines that fail it.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
port=$((20000 + RANDOM % 20000))
cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock, http: "127.0.0.1:$port"}
store: {path: $D/state/state.db}
clusters:
  - {name: a, cpu: 4}
YAML
check "it starts" start_site
web=http://127.0.0.1:$port
web_status() { # wanted, curl arguments
    wanted=$1
    shift
    got=$(curl -sS -o /dev/null -w '%{http_code}' --path-as-is "$@")
    [ "$got" = "$wanted" ] || { echo "status $got, wanted $wanted"; return 1; }
}

check "TCP needs a token" web_status 401 "$web/v1/jobs"
check "a wrong token is refused" web_status 401 -H 'Authorization: Bearer tap_wrong' "$web/v1/jobs"
check "health is open" web_status 200 "$web/healthz"
me=$(id -un)
read_token=$(tapfinger token --add reader --user "$me" --role read)
submit_token=$(tapfinger token --add worker --user "$me" --role submit)
job='{"command":["true"]}'
check "a reader reads" web_status 200 -H "Authorization: Bearer $read_token" "$web/v1/jobs"
check "a reader does not submit" web_status 403 -H "Authorization: Bearer $read_token" --data "$job" "$web/v1/jobs"
check "a submitter submits" web_status 201 -H "Authorization: Bearer $submit_token" --data "$job" "$web/v1/jobs"
check "a submitter is no admin" web_status 403 -H "Authorization: Bearer $submit_token" "$web/v1/tokens"
check "the command line takes a token" env TAPFINGER_SITE="$web" TAPFINGER_TOKEN="$submit_token" "$tapfinger" ps --all
check "exit code 6 without one" code_is 6 env TAPFINGER_SITE="$web" "$tapfinger" ps
check "exit code 5 without a daemon" code_is 5 env TAPFINGER_SITE="$D/nowhere" "$tapfinger" ps
check "exit code 4 without such a job" code_is 4 "$tapfinger" show 99999
check "secrets are not in the store" sh -c "! grep -aq '$submit_token' $D/state/state.db*"
tapfinger token --revoke worker >/dev/null
check "a revoked token is refused" web_status 401 -H "Authorization: Bearer $submit_token" "$web/v1/jobs"

for body in '' '[]' '{' '{"command":[]}' '{"command":[1]}' '{"command":["x"],"nmae":"x"}' '{"command":["x"],"cwd":"rel"}' \
    '{"command":["x"],"array":"5-1"}' '{"command":["x"],"array":"1,1"}' '{"command":["x"],"request":{"cpu":-1}}' \
    '{"command":["x"],"request":{"tpu":1}}' '{"command":["x"],"priority":1e99}' '{"command":["x"],"timeout_s":"x"}' \
    '{"command":["x"],"reach":["nowhere"]}' '{"command":["x\u0000y"]}' '{"command":["x"],"name":"a\nb"}' \
    '{"command":["x"],"env":{"A=B":"c"}}' '{"command":["x"],"labels":[]}' '{"command":["x"],"type":"a b"}' \
    '{"command":["x"],"min":{"cpu":3},"max":{"cpu":2}}' '{"command":["x"],"after":"soon:1"}'; do
    check "refused: $body" status_is 400 POST /v1/jobs "$body"
done
check "refused: more than it could hold" status_is 422 POST /v1/jobs '{"command":["x"],"request":{"cpu":5}}'
head -c 5000000 /dev/zero | tr '\0' 'x' >"$D/large"
check "refused: a large body" web_status 413 --unix-socket "$D/sock" --data-binary "@$D/large" http://x/v1/jobs
check "refused: large headers" sh -c "! curl -sS -f --unix-socket $D/sock -H \"X: \$(head -c 60000 /dev/zero | tr '\0' y)\" http://x/v1/jobs"
check "refused: a path upwards" web_status 400 --unix-socket "$D/sock" 'http://x/v1/jobs/../../etc/passwd'
check "refused: a coded path upwards" web_status 400 --unix-socket "$D/sock" 'http://x/v1/jobs/%2e%2e%2f%2e%2e/logs'
check "refused: no such route" web_status 404 --unix-socket "$D/sock" http://x/v1/secrets
check "refused: the wrong method" web_status 405 --unix-socket "$D/sock" -X DELETE http://x/v1/jobs
check "refused: wrong numbers" web_status 400 --unix-socket "$D/sock" 'http://x/v1/jobs?limit=100000'
check "refused: no such state" web_status 400 --unix-socket "$D/sock" 'http://x/v1/jobs?state=DONE'
# Header injection: the name of a job comes back as JSON only, and Location holds a number.
check "no header is injected" sh -c "curl -sS -D - -o /dev/null --unix-socket $D/sock \
    --data '{\"command\":[\"true\"],\"name\":\"a\",\"labels\":{\"x\":\"\\r\\nX-Evil: 1\"}}' http://x/v1/jobs | grep -qi '^Location: /v1/jobs/[0-9]*' &&
    ! curl -sS -D - -o /dev/null --unix-socket $D/sock 'http://x/v1/jobs/1%0d%0aX-Evil:%201' | grep -qi '^x-evil'"

# A client that drips its request byte by byte is cut off, and does not keep others waiting.
perl -e 'use IO::Socket::INET; my $s = IO::Socket::INET->new("127.0.0.1:'"$port"'") or exit 1; $SIG{PIPE} = "IGNORE";
    my $t = time; print $s "GET /healthz HTTP/1.1\r\nHost: x\r\nX: "; $s->autoflush;
    while (time - $t < 40) { select undef, undef, undef, 0.5; last unless print $s "a";
        my $r = ""; vec($r, fileno $s, 1) = 1; last if select($r, undef, undef, 0) && !sysread $s, my $b, 100 }
    exit(time - $t < 35 ? 0 : 1)' &
drip=$!

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ TAPFINGER_SITE="$D/sock" "$@"; }
    cp "$tapfinger" "$D/tapfinger"
    secret=$(tapfinger submit --env SECRET=hidden -- sleep 30)
    check "another user sees the job" as_nobody "$D/tapfinger" show "$secret"
    check "but not its environment" sh -c "! setpriv --reuid=65534 --regid=65534 --clear-groups $D/tapfinger --json show $secret 2>&1 | grep -q hidden"
    check "nor its command" is null sh -c "curl -sS --unix-socket $D/sock http://x/v1/jobs/$secret >/dev/null; setpriv --reuid=65534 --regid=65534 --clear-groups curl -sS --unix-socket $D/sock http://x/v1/jobs/$secret | jq .command"
    check "cannot cancel it" code_is 6 as_nobody "$D/tapfinger" cancel "$secret"
    check "cannot read its output" code_is 6 as_nobody "$D/tapfinger" logs "$secret"
    check "cannot change the policy" code_is 6 as_nobody "$D/tapfinger" policy fair
    own=$(cd / && as_nobody "$D/tapfinger" submit -- sh -c 'id -u; cat /etc/shadow')
    check "its own job runs" sh -c "tapfinger wait $own; true"
    check "with its own rights only" is 65534 tapfinger logs "$own"
    check "an admin may cancel anybody's" tapfinger cancel "$secret"
    ln -s /etc "$D/link"
    check "a link as working directory gives no more rights" sh -c "
        id=\$(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups env TAPFINGER_SITE=$D/sock $D/tapfinger submit --cwd $D/link -- cat shadow); tapfinger wait \$id; [ -z \"\$(tapfinger logs \$id)\" ]"
else
    echo "SKIP other users: not root"
fi
check "a dripping client is cut off" wait "$drip"
check "the daemon still lives" web_status 200 "$web/healthz"

# Faults of the machine.
stop_site
check "a folder that is not there to be made" code_is 1 sh -c "sed 's|path: .*}|path: /proc/nowhere/state.db}|' $D/site.yaml >$D/bad.yaml; $tapfinger serve -c $D/bad.yaml"
check "an unknown key is refused with its line" sh -c "printf 'site: x\nclutsers: []\n' >$D/bad.yaml; $tapfinger serve -c $D/bad.yaml --check 2>&1 | grep -q 'bad.yaml:2: .*clusters'"
start_site
check "two daemons do not share a store" code_is 1 "$tapfinger" serve -c "$D/site.yaml"
stop_site
for at in 4096 8192 12288 16384 20480; do printf 'damage damage damage' | dd of="$D/state/state.db" bs=1 seek=$at conv=notrunc 2>/dev/null; done
check "a damaged store is refused, the backup offered" sh -c "$tapfinger serve -c $D/site.yaml 2>&1 | grep -q 'state.db.backup is sound'"
mv "$D/state/state.db.backup" "$D/state/state.db"
rm -f "$D"/state/state.db-*
check "and the backup works" start_site
check "with its jobs" sh -c "tapfinger ps --all -q | grep -q ."

# What cannot be done is refused by the check and by the daemon in the same words; what is doubtful is said.
stop_site
refuses() { # words, lines of a site file that are not right here
    printf 'listen: {unix: %s}\nstore: {path: %s/state.db}\n%s\n' "$D/other" "$D/other.state" "$2" >"$D/bad.yaml"
    case $2 in *store:*) sed -i '2s/.*/# a store of its own/' "$D/bad.yaml" ;; esac
    "$tapfinger" serve -c "$D/bad.yaml" --check >"$D/said" 2>&1
    [ $? = 2 ] && timeout 20 "$tapfinger" serve -c "$D/bad.yaml" >"$D/served" 2>&1
    [ $? = 2 ] && cat "$D/said" && diff "$D/said" "$D/served" && grep -qE "^tapfinger serve: $D/bad.yaml:$1" "$D/said"
}
groups() {
    find /sys/fs/cgroup -maxdepth 3 -name 'tapfinger-check*'
}
accepts() { # lines
    rm -rf "$D/other.state"
    printf 'listen: {unix: %s}\nstore: {path: %s/state.db}\n%s\n' "$D/other" "$D/other.state" "$1" >"$D/good.yaml"
    "$tapfinger" serve -c "$D/good.yaml" --check && [ ! -e "$D/other.state" ] && [ -z "$(groups)" ]
}
doubts() { # words, lines
    accepts "$2" 2>"$D/said" && cat "$D/said" && grep -qE "^tapfinger: warning: $D/good.yaml:$1" "$D/said"
}
first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
check "processors that are not there" refuses '3: clusters\[0\].cpus: processor 1023 is not there; expected some of ' "clusters: [{name: a, cpu: 1, cpus: \"$first,1023\"}]"
check "more processors than there are" doubts '3: clusters\[0\].cpu: 5000 processors, but there are ' 'clusters: [{name: a, cpu: 5000}]'
check "more processors than are listed" doubts '4: clusters\[0\].cpu: 2 processors, but cpus lists 1' "clusters:
  - {name: a, cpu: 2, cpus: \"$first\"}"
check "no list of processors" refuses '3: clusters\[0\].cpus: "0-": expected a list' 'clusters: [{name: a, cpu: 1, cpus: "0-"}]'
check "none listed" refuses '3: clusters\[0\].cpus: expected at least one' 'clusters: [{name: a, cpu: 1, cpus: ""}]'
check "one listed twice" refuses "3: clusters\\[0\\].cpus: processor $first is listed twice" "clusters: [{name: a, cpu: 1, cpus: \"$first,$first\"}]"
check "two clusters that share a processor" doubts "5: clusters\\[1\\].cpus: processor $first is offered by a already" "clusters:
  - {name: a, cpu: 1, cpus: \"$first\"}
  - {name: b, cpu: 1, cpus: \"$first\"}"
check "two that offer more than there is together" doubts "4: clusters\\[1\\].cpus: processor $first is offered by a already" "clusters: [{name: a, cpu: $(nproc)},
  {name: b, cpu: $(nproc)}]"
check "GPUs that are not there" doubts '6: clusters\[0\].gpu: GPU 999 is not there, NVML finds ' 'clusters:
  - name: a
    gpus: "999"
    gpu: 1'
check "no list of GPUs" refuses '3: clusters\[0\].gpus: "0;1": expected a list' 'clusters: [{name: a, cpu: 1, gpus: "0;1"}]'
check "GPUs in parts that nobody can make" refuses '3: clusters: cluster a: 4 GPUs, but 3 are listed' 'clusters: [{name: a, gpu: 4, gpus: "0-2"}]'
check "more memory than there is" doubts '3: clusters\[0\].mem: with this cluster [0-9.]* GiB are offered' 'clusters: [{name: a, mem: 1024TiB}]'
check "a token file that is not there" refuses '3: auth.tokens: .*nowhere: cannot read' "auth: {tokens: $D/nowhere}"
check "a model that is not there" refuses '3: policy: model "nowhere" is neither' 'policy: {name: "tapfinger:model=nowhere"}'
# What keys were called before, a store without a name, models of rules, slow fallbacks.
check "the folder of the store" refuses '3: store: unknown key "folder"; expected one of path, keep_finished' 'store: {folder: /x}'
check "a key that is near" refuses '3: store: unknown key "pathe"; did you mean "path"' 'store: {pathe: /x}'
check "a store that is a folder" refuses '3: path: "/x/": expected a file' 'store: {path: /x/}'
check "the budget of a decision" refuses '3: policy: unknown key "budget"; expected one of name, model, fallback, decide_timeout' 'policy: {budget: 5ms}'
check "a model of a rule" refuses '5: model: fair has none; only learned policies do' 'policy:
  name: fair
  model: x.tap'
check "two models" refuses '3: model: tapfinger:model=general says which one already' 'policy: {name: "tapfinger:model=general", model: x.tap}'
check "a model whose path cannot be written so" refuses '3: model: "a,b": expected a path' 'policy: {name: tapfinger, model: "a,b"}'
check "a fallback that there is not" refuses '3: fallback: unknown policy "fifo"; did you mean "fifo-min"' 'policy: {fallback: fifo}'
for slow in tapfinger knee oracle planner; do
    check "a fallback that may be late: $slow" refuses "3: fallback: $slow is learned or in need of speeds" "policy: {fallback: $slow}"
done
check "all of that at once" accepts 'clusters: [{name: a, cpu: 5000, mem: 1024TiB, gpu: 3}, {name: b, gpu: 1}]'
check "this machine as it is" accepts ''
check "nothing is doubtful about it" sh -c "! grep -q warning $D/check.log"

# Clusters of one machine have processors and GPUs of their own without a word about them, while there are enough.
site_file <<YAML
clusters: [{name: a, cpu: 1, gpu: 1}, {name: b, cpu: 1, gpu: 2}]
YAML
start_site
for cluster in a b; do
    # shellcheck disable=SC2016
    tapfinger submit --clean-env --wait --reach $cluster -r cpu=1,gpu=1 -- sh -c 'echo "$(taskset -cp $$ | sed "s/.*: //") $CUDA_VISIBLE_DEVICES"' >/dev/null
    tapfinger logs "$(tapfinger ps --all -q | sort -n | tail -1)" >"$D/own.$cluster"
done
check "two clusters, each with processors and GPUs of its own" sh -c "cat $D/own.a $D/own.b; [ -s $D/own.a ] && [ $(nproc) -lt 2 -o \"\$(cut -d' ' -f1 $D/own.a)\" != \"\$(cut -d' ' -f1 $D/own.b)\" ] && grep -q ' 0\$' $D/own.a && grep -q ' 1\$' $D/own.b"
finish
