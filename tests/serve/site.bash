# Sourced by the tests of the daemon: a site in a folder of its own, and counted checks.
: "${BUILD:=build}"
tapfinger=$PWD/$BUILD/tapfinger
PATH=$PWD/$BUILD:$PATH
D=$(mktemp -d /tmp/tapserve.XXXXXX)
chmod 711 "$D"
export TAPFINGER_SITE=$D/sock
passed=0 failed=0 server=
unset TAPFINGER_TOKEN

check() { # name, command...
    name=$1
    shift
    if "$@" >"$D/check.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        head -20 "$D/check.log"
    fi
}

# The site file: a socket and a store in the test's folder, and what standard input says.
site_file() {
    {
        echo "listen: {unix: $D/sock}"
        echo "store: {path: $D/state/state.db}"
        cat
    } >"$D/site.yaml"
}

run_site() {
    : >"$D/serve.out" # of a server before this one
    : >"$D/serve.err"
    "$tapfinger" serve -c "$D/site.yaml" >>"$D/serve.out" 2>>"$D/serve.err" &
    server=$!
}

start_site() {
    run_site
    for _ in $(seq 1 200); do
        grep -q '^ready' "$D/serve.out" && return 0
        kill -0 $server 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

stop_site() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    [ -z "$server" ] || wait "$server" 2>/dev/null
    server=
}

# What still runs below the site's folder ends with the test.
clean_up() {
    stop_site
    for file in "$D"/state/tasks/*/*/claim; do
        [ -f "$file" ] || continue
        read -r pid start boot <"$file"
        [ "$(awk '{print $22}' "/proc/$pid/stat" 2>/dev/null)" = "$start" ] || continue
        [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || continue
        for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do kill -9 "$child" 2>/dev/null; done
    done
    sleep 0.1
    rm -rf "$D"
}
trap clean_up EXIT

# What the daemon complained of by now that it should.
excuse() { # pattern
    grep -v -- "$1" "$D/serve.err" >"$D/other.err"
    cat "$D/other.err" >"$D/serve.err" # the same file, which the daemon writes on
}

finish() {
    stop_site
    check "the daemon had nothing to complain of" sh -c "cat $D/serve.err; ! grep -v '^<[56]>' $D/serve.err"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

api() { # method path [body]: the answer; its status on the last line
    method=$1 path=$2
    shift 2
    [ $# -eq 0 ] || set -- --data "$1"
    curl -sS --unix-socket "$D/sock" -X "$method" "http://x$path" -w '\n%{http_code}\n' "$@"
}
status_is() { # status method path [body]
    wanted=$1
    shift
    got=$(api "$@" | tail -1)
    [ "$got" = "$wanted" ] || { echo "status $got, wanted $wanted"; return 1; }
}
is() { # wanted, command...
    wanted=$1
    shift
    got=$("$@" 2>&1)
    [ "$got" = "$wanted" ] || { printf 'got:\n%s\nwanted:\n%s\n' "$got" "$wanted"; return 1; }
}
code_is() { # wanted exit code, command...
    wanted=$1
    shift
    "$@" >"$D/code.log" 2>&1
    got=$?
    [ "$got" -eq "$wanted" ] || { cat "$D/code.log"; echo "exit $got, wanted $wanted"; return 1; }
}
state_of() {
    "$tapfinger" show --json "$1" | jq -r '(.task // .).state'
}
# A task's script that goes on when a file of the test's folder is there.
until_file() {
    echo "while [ ! -e $D/$1 ]; do sleep 0.03; done"
}
# Tries a command again until it succeeds, for so many seconds at most.
eventually() { # seconds, command...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}
has_logged() { # id, pattern
    tapfinger logs "$1" | grep -q "$2"
}
until_state() { # state, id
    eventually 30 is "$1" state_of "$2" && return 0
    echo "$2 is $(state_of "$2"), wanted $1"
    return 1
}
