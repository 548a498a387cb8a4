#!/bin/bash
# Runs as a service of the container that tests/serve/systemd.sh boots: the service files, used as an operator would.
# Each line of /out/results is "ok NAME" or "FAILED NAME"; then the container is switched off.
set -u
[ -e /out/results ] && systemd-detect-virt --quiet --container || {
    echo "$0: not in the container that is made for it; it would switch this machine off" >&2
    exit 1
}
exec >/out/inside.log 2>&1
check() { # name, command...
    name=$1
    shift
    if "$@" >/out/check.log 2>&1; then echo "ok $name"; else
        echo "FAILED $name"
        sed 's/^/    /' /out/check.log | head -20
    fi >>/out/results
}
eventually() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { "$@"; return 1; }
        sleep 0.1
    done
}
property() { systemctl show --value -p "$1" "${2:-tapfinger.service}"; }
state() { tapfinger show --json "$1" | jq -r '(.task // .).state'; }
is() { # wanted, command...
    local wanted=$1 got
    shift
    got=$("$@")
    [ "$got" = "$wanted" ] || { echo "got $got, wanted $wanted"; return 1; }
}
cd /
export PATH=/usr/local/bin:$PATH

# Socket activation.
check "the socket is there before the daemon" sh -c "systemctl start tapfinger.socket && test -S /run/tapfinger/sock && ! systemctl is-active tapfinger.service"
check "who asks first starts it" timeout 30 tapfinger clusters
check "it says that it is ready" is active property ActiveState
check "and keeps the watchdog quiet" test "$(property WatchdogUSec)" != 0

# A user's task.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"; }
id=$(as_nobody tapfinger submit --clean-env -- sh -c 'id -un; cat /proc/self/cgroup; grep -E "Seccomp:|NoNewPrivs:" /proc/self/status; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo done')
check "a user's task runs" eventually 20 is RUNNING state "$id"
check "as that user" eventually 10 sh -c "tapfinger logs $id | grep -qx nobody"
check "below the service's control group" sh -c "tapfinger logs $id | grep -q 'tapfinger.service/'"
check "it can gain no rights" sh -c "tapfinger logs $id | grep -qE 'NoNewPrivs:\s1'"
check "nor make system calls that are not for services" sh -c "tapfinger logs $id | grep -qE 'Seccomp:\s2'"

# The daemon dies, is restarted, is upgraded.
pid=$(property MainPID)
kill -9 "$pid"
check "killed, it is started again" eventually 20 sh -c "[ \$(systemctl show --value -p MainPID tapfinger.service) != $pid ] && systemctl is-active tapfinger.service"
check "systemd has counted it" is 1 property NRestarts
check "the task was not disturbed" is RUNNING state "$id"
pid=$(property MainPID)
check "restarted by hand" systemctl restart tapfinger.service
check "it is another process" test "$(property MainPID)" != "$pid"
check "the task was not disturbed by that either" is RUNNING state "$id"
check "nobody is refused meanwhile" sh -c "systemctl restart tapfinger.service & sleep 0.05; timeout 20 tapfinger ps --all -q | grep -qx $id; wait"
check "reloaded" systemctl reload tapfinger.service
sed -i 's/name: tapfinger/name: fifo-min/' /etc/tapfinger/site.yaml
check "with another policy in the site file" sh -c "systemctl reload tapfinger.service && tapfinger policy | grep -q fifo-min"
pid=$(property MainPID)
kill -STOP "$pid"
check "one that hangs is replaced by the watchdog" eventually 60 sh -c "[ \$(systemctl show --value -p MainPID tapfinger.service) != $pid ] && timeout 5 tapfinger ps --all -q"
touch /tmp/go
check "the task ends well" eventually 20 is SUCCEEDED state "$id"
check "after one attempt" sh -c "tapfinger show --json $id | jq -e '(.task // .).attempts == 1'"
check "its output is whole" is "done" sh -c "tapfinger logs $id | tail -1"
check "the journal has how the daemon ended" sh -c "journalctl -u tapfinger.service | grep -q 'ended without a word'"

# Stopped.
id=$(tapfinger submit --clean-env -- sleep 1000)
eventually 20 is RUNNING state "$id"
check "stopped" systemctl stop tapfinger.socket tapfinger.service
check "tasks go on" pgrep -x sleep
check "and are found again" sh -c "systemctl start tapfinger.service && tapfinger show --json $id | jq -e '(.task // .).state == \"RUNNING\"'"
tapfinger cancel "$id"
systemctl stop tapfinger.socket tapfinger.service

# As one user for all.
check "the other unit starts" sh -c "useradd --system tapfinger && rm -rf /var/lib/tapfinger && systemctl start tapfinger-account.service"
cat >/tmp/own.sh <<'OWN'
id=$(tapfinger submit --clean-env -- sh -c 'id -un; touch /tmp/mine') && tapfinger wait "$id" && tapfinger logs "$id" | grep -qx tapfinger
OWN
check "it runs a task as its own user" setpriv --reuid=tapfinger --regid=tapfinger --clear-groups env HOME=/ TAPFINGER_SITE=/run/tapfinger/sock sh /tmp/own.sh
check "which may write to /tmp" test "$(stat -c %U /tmp/mine)" = tapfinger
systemctl stop tapfinger-account.service
journalctl -u tapfinger.service -u tapfinger-account.service >/out/journal
systemctl poweroff
