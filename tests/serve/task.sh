#!/bin/bash
# What a task finds and hears: the C header as one would use it, a resize while it runs (announced, and in force within
# 100 ms), a word before it is stopped, its own rights and nobody else's, and an output that is cut where it is too long.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
cat >"$D/site.yaml" <<YAML
listen: {unix: $D/sock}
store: {path: $D/state/state.db, log_size: 64KiB, keep_events: 1s}
policy: {name: fifo-min}
clusters: [{name: edge-a, cpu: 2}]
types: [{name: elastic, min: {cpu: 1}, max: {cpu: 2}}]
YAML
check "it starts" start_site

# The header: in C and in C++, nothing to link, no warning.
cat >"$D/task.c" <<'C'
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "tapfinger_task.h"

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Says when it heard of another allocation, and when the machine gave it. */
int main(void)
{
    struct tap_task task;
    int had = 0, step = 0;

    signal(SIGTERM, SIG_IGN); /* it comes with the word on the socket */
    tap_task_open(&task);
    had = task.cpus;
    printf("begins with %d\n", task.cpus);
    fflush(stdout);
    for (step = 0; step < 20000 && !task.stop; step++) {
        struct timespec pause = {0, 1000000};
        cpu_set_t own;

        nanosleep(&pause, NULL);
        tap_task_progress(&task, (double)step / 20000);
        if (tap_task_poll(&task) && task.cpus != had) {
            had = task.cpus;
            sched_getaffinity(0, sizeof own, &own);
            printf("heard %d %.6f processors %d\n", task.cpus, now_s(), CPU_COUNT(&own));
            fflush(stdout);
        }
    }
    printf("asked to stop %d, to save %d\n", task.stop, task.checkpoint);
    fflush(stdout);
    tap_task_close(&task);
    return 0;
}
C
check "the header compiles as C99 without a warning" ${CC:-cc} -std=c99 -Wall -Wextra -Werror -Wshadow -Wconversion -pedantic -Iinclude -o "$D/task" "$D/task.c"
if command -v c++ >/dev/null; then
    cp "$D/task.c" "$D/task.cpp"
    check "and as C++" c++ -Wall -Wextra -Werror -Iinclude -o "$D/task++" "$D/task.cpp"
fi
chmod 755 "$D/task"
id=$(tapfinger submit --clean-env -t elastic --grace 5s -- "$D/task")
until_state RUNNING "$id"
eventually 5 has_logged "$id" begins
check "it knows what it has" is "begins with 1" tapfinger logs "$id"
tapfinger policy fair >/dev/null
eventually 5 has_logged "$id" 'heard 2'
check "it hears that it has more" sh -c "tapfinger logs $id | grep -q '^heard 2 '"
resized() { # how long after a resize was recorded the task heard of it, in ms
    at=$(curl -sS --unix-socket "$D/sock" "http://x/v1/jobs/$id/events?limit=1000" | jq -r '[.items[] | select(.event == "job.resized")][-1].at | capture("(?<s>.*)\\.(?<f>[0-9]*)Z") | "\((.s + "Z") | fromdate).\(.f)"')
    tapfinger logs "$id" | grep heard | tail -1 | awk -v at="$at" '{ printf "%.1f", 1000 * ($3 - at) }'
}
echo "heard of a resize after $(resized) ms"
check "within 100 ms" awk -v ms="$(resized)" 'BEGIN { exit !(ms > -2 && ms < 100) }'
check "and then the machine gives it" sh -c "tapfinger logs $id | grep -q '^heard 2 .* processors 2\$'"
other=$(tapfinger submit --clean-env -t elastic -- sh -c "$(until_file other)")
until_state RUNNING "$other"
eventually 5 has_logged "$id" 'heard 1'
echo "heard of giving back after $(resized) ms"
check "it hears within 100 ms that it has less" awk -v ms="$(resized)" 'BEGIN { exit !(ms > -2 && ms < 100) }'
check "which the machine enforces" sh -c "tapfinger logs $id | grep -q '^heard 1 .* processors [12]\$'"
touch "$D/other"
tapfinger cancel "$id" >/dev/null
check "it is canceled" until_state CANCELED "$id"
check "and was asked before" sh -c "tapfinger logs $id | tail -1 | grep -qx 'asked to stop 1, to save 1'"
check "its progress was kept" sh -c "tapfinger show $id --json | jq -e '.progress > 0'"

# Output that is too long loses its oldest part; what is left can be read from where it begins.
id=$(tapfinger submit --clean-env --wait -- sh -c 'i=0; while [ $i -lt 40000 ]; do echo "line $i"; i=$((i+1)); done')
tapfinger logs "$id" >"$D/log"
check "the last line is there" is "line 39999" tail -1 "$D/log"
check "not more than was allowed" awk -v n="$(wc -c <"$D/log")" 'BEGIN { print n; exit !(n <= 65536 && n >= 32000) }'
check "lines in their order, none missing" awk 'NR > 1 { if (last >= 0 && $2 != last + 1) bad = 1; last = $2 } NR == 1 { last = -1 } END { exit bad }' "$D/log"
check "on disk neither" sh -c "n=\$(cat $D/state/tasks/$id/*/stdout* | wc -c); echo \$n; [ \$n -le 140000 ]"
range() { # wanted status, header
    got=$(curl -sS -o "$D/part" -D "$D/head" -w '%{http_code}' --unix-socket "$D/sock" "http://x/v1/jobs/$id/logs" -H "Range: $2")
    [ "$got" = "$1" ] || { echo "status $got, wanted $1"; return 1; }
}
check "a part of it, as HTTP has it" range 206 bytes=-11
check "the last bytes" is "line 39999" cat "$D/part"
check "which they are" sh -c "tr -d '\r' <$D/head | grep -Eq '^Content-Range: bytes [0-9]+-[0-9]+/[0-9]+\$'"
check "behind the end there is nothing" range 416 bytes=99999999-
check "what is no range is all" range 200 lines=1-2

# Rights.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null && getent group 12 >/dev/null; then
    cp "$tapfinger" "$D/tapfinger"
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ TAPFINGER_SITE="$D/sock" "$@"; }
    id=$(cd / && as_nobody "$D/tapfinger" submit -- sh -c 'id -u; id -g; id -G; grep -E "^(CapEff|NoNewPrivs)" /proc/self/status; touch /root/x || echo no; kill -0 1 || echo no; cat /proc/1/environ || echo no')
    tapfinger wait "$id"
    check "user, groups and capabilities are the submitter's" is "65534 65534 65534 CapEff: 0000000000000000 NoNewPrivs: 1 no no no" sh -c "tapfinger logs $id | xargs"
    check "its folder is not for others" sh -c "! setpriv --reuid=65533 --regid=65533 --clear-groups cat $D/state/tasks/$id/*/stdout* 2>/dev/null"
fi

# Events that are no longer kept: who comes late is told, and goes on from what there is.
sleep 1.2
stop_site
check "it starts again" start_site
tapfinger submit --wait -- true >/dev/null
check "a gap is told" sh -c "curl -sS --unix-socket $D/sock -N --max-time 1 -H 'Last-Event-ID: 1' http://x/v1/events 2>/dev/null >$D/sse; grep -q '^event: reset' $D/sse && grep -q '^event: job.ended' $D/sse"
check "and counted" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'tapfinger_events_dropped_total [1-9]'"
check "numbers go on" sh -c "sed -n 's/^id: //p' $D/sse | sort -n -c && [ \$(sed -n 's/^id: //p' $D/sse | head -1) -gt 10 ]"
finish
