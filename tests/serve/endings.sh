#!/bin/bash
# However the daemon ends, its log says so: asked, by a deadly signal, killed without a chance to speak.
# And what is not to end it does not.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
policy: {name: fifo-min}
clusters: [{name: edge, cpu: 2}]
YAML
ends() { # signal, wanted exit code
    kill "-$1" "$server"
    wait "$server" 2>/dev/null
    code=$?
    [ "$code" -eq "$2" ] || { echo "exit $code, wanted $2"; return 1; }
}
says() { # words in the log
    grep -q -- "$1" "$D/serve.err" || { cat "$D/serve.err"; return 1; }
}
export ASAN_OPTIONS=handle_segv=0:handle_abort=0:${ASAN_OPTIONS:-} # whose handlers would stay

check "it starts" start_site
check "the first of all has nothing to tell" sh -c "! grep . $D/serve.err"
id=$(tapfinger submit --clean-env -- sh -c "$(until_file go); echo lived")
until_state RUNNING "$id"
for signal in TERM INT; do
    check "SIG$signal ends it in order" ends $signal 0
    check "SIG$signal: who asked is told" says "<6>tapfinger: ends by SIG$signal from process $$ ([a-z.]*) of user $(id -u); tasks go on"
    check "it starts again" start_site
    check "an end in order is not told again" sh -c "! grep . $D/serve.err"
done
for signal in SEGV:139 ABRT:134 USR1:138 ALRM:142; do
    check "SIG${signal%:*} ends it" ends "${signal%:*}" "${signal#*:}"
    check "SIG${signal%:*}: a line says so" says "<2>tapfinger: process $server is killed by signal $((${signal#*:} - 128)) (SIG${signal%:*}), sent by process $$ of user $(id -u); tasks go on"
    check "it starts again" start_site
    check "and says that the one before did not end in order" says "process [0-9]*) ended without a word: it was killed"
done
dead=$server
check "SIGKILL ends it" ends KILL 137
check "of which its log has nothing" sh -c "! grep SIGKILL $D/serve.err"
check "but it starts again" start_site
check "and the next one's has" says "<5>tapfinger: the daemon before this one (process $dead) ended without a word: it was killed"

# A file that may not grow is an error, not the end.
prlimit --pid "$server" --fsize=4096:unlimited
api POST /v1/jobs '{"command":["true"],"hold":true}' >"$D/first" & # not answered before it is kept
first=$!
eventually 10 status_is 503 GET /readyz
check "what cannot be kept is not accepted" status_is 503 POST /v1/jobs '{"command":["true"],"hold":true}'
check "it lives" status_is 200 GET /healthz
check "and says why" says "<3>tapfinger: .*state.db: cannot write"
prlimit --pid "$server" --fsize=unlimited:unlimited
eventually 10 status_is 200 GET /readyz
check "it goes on by itself" status_is 201 POST /v1/jobs '{"command":["true"],"hold":true}'
check "and says so" says "<5>tapfinger: the store can be written again"
wait $first
check "what waited meanwhile was kept, too" is 201 tail -1 "$D/first"

# Opened for it beforehand, as a service manager does: who comes early waits and is not refused.
stop_site
if command -v perl >/dev/null; then
    perl -e 'use IO::Socket::UNIX; $^F = 10; my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 9, Type => SOCK_STREAM) or die;
        fileno $s == 3 or die "descriptor " . fileno $s; $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; sleep 2; shift; exec @ARGV' \
        "$D/passed" "$tapfinger" serve -c "$D/site.yaml" >>"$D/serve.out" 2>>"$D/serve.err" &
    server=$!
    eventually 5 test -S "$D/passed"
    check "who comes early is answered" is '{"healthy":true}' curl -sS -m 20 --unix-socket "$D/passed" http://x/healthz
    check "on that socket, not on another" sh -c "! curl -sS -m 5 --unix-socket $D/sock http://x/healthz 2>/dev/null | grep healthy"
    check "the task is still there" is RUNNING sh -c "tapfinger show $id --json --site $D/passed | jq -r .state"
    excuse '^<6>.*ends by SIGTERM'
    stop_site
fi
check "it starts again" start_site

touch "$D/go"
check "the task ended well through all of it" until_state SUCCEEDED "$id"
check "in one attempt" is "1 lived" sh -c "echo \$(tapfinger show $id --json | jq .attempts) \$(tapfinger logs $id)"
excuse '^<3>.*cannot write'
finish
