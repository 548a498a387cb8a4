#!/bin/bash
# The service files under a systemd of their own: a copy of this machine (an overlay, so that nothing is changed) is booted
# as a container, and tests/serve/systemd_inside.bash uses the service in it. Before that, systemd-analyze looks at the
# files. Skipped, and said so, as far as systemd-analyze, systemd-nspawn or root's rights are missing.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
skip() {
    echo "SKIP systemd.sh: $1"
    skipped=1
}
done_with_it() {
    trap - EXIT
    umount "$D/root" "$D/over" 2>/dev/null
    rm -rf "$D"
    if [ -n "${skipped:-}" ]; then echo "$passed passed, $failed failed, 1 skipped"; else echo "$passed passed, $failed failed"; fi
    [ "$failed" -eq 0 ]
    exit
}
trap done_with_it EXIT
if ! command -v systemd-analyze >/dev/null; then
    skip "there is no systemd-analyze here"
    done_with_it
fi

# What the files say, with the program that was built in place of the one that would be installed.
for unit in deploy/*.service deploy/*.socket; do
    sed "s|/usr/local/bin/tapfinger|$tapfinger|; s|%h/.local/bin/tapfinger|$tapfinger|; /^Documentation=/d" "$unit" >"$D/$(basename "$unit")"
done
check "systemd understands the service" systemd-analyze verify "$D/tapfinger.service" "$D/tapfinger.socket" "$D/tapfinger-account.service"
check "and has nothing to say" sh -c "! grep -q . $D/check.log"
check "and a user's own" env XDG_RUNTIME_DIR="$D" systemd-analyze --user verify "$D/tapfinger-user.service"
# The first runs what users of the machine submit, as them: what it may do, they need.
check "how exposed it is" systemd-analyze security --offline=true --threshold=50 "$D/tapfinger.service"
check "how exposed the one without rights is" systemd-analyze security --offline=true --threshold=30 "$D/tapfinger-account.service"

if [ "$(id -u)" -ne 0 ] || ! command -v systemd-nspawn >/dev/null; then
    skip "a container needs root and systemd-nspawn"
    done_with_it
fi
mkdir "$D/over" "$D/root" "$D/out"
if ! mount -t tmpfs tmpfs "$D/over" || ! mkdir "$D/over/upper" "$D/over/work" ||
    ! mount -t overlay overlay -o "lowerdir=/,upperdir=$D/over/upper,workdir=$D/over/work" "$D/root"; then
    skip "no overlay of this machine can be mounted here"
    done_with_it
fi
R=$D/root
install -D "$tapfinger" "$R/usr/local/bin/tapfinger"
install -D -m 644 deploy/tapfinger.service deploy/tapfinger.socket deploy/tapfinger-account.service -t "$R/etc/systemd/system"
mkdir -p "$R/etc/tapfinger" "$R/etc/systemd/system/tapfinger.service.d"
printf 'site: lab\npolicy: {name: tapfinger}\nclusters: [{name: edge, cpu: 2}]\n' >"$R/etc/tapfinger/site.yaml"
printf '[Service]\nWatchdogSec=4\n' >"$R/etc/systemd/system/tapfinger.service.d/sooner.conf"
# A program with sanitizers looks for leaks by ptrace, which the narrower unit does not let it.
mkdir -p "$R/etc/systemd/system/tapfinger-account.service.d"
printf '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n' >"$R/etc/systemd/system/tapfinger-account.service.d/leaks.conf"
rm -rf "$R"/etc/systemd/system/*.target.wants "$R/var/lib/tapfinger" "$R/var/log/journal"
rm -f "$R/etc/machine-id" && : >"$R/etc/machine-id"
cat >"$R/etc/systemd/system/inside.service" <<UNIT
[Service]
Type=oneshot
ExecStart=/bin/bash /out/inside.sh
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$R/etc/systemd/system/multi-user.target.wants"
ln -s ../inside.service "$R/etc/systemd/system/multi-user.target.wants/inside.service"
cp tests/serve/systemd_inside.bash "$D/out/inside.sh"
: >"$D/out/results"
timeout 300 systemd-nspawn --quiet --directory="$R" --register=no --keep-unit --private-network --link-journal=no --machine="tap$$" \
    --bind="$D/out:/out" --boot systemd.unit=multi-user.target </dev/null >"$D/boot.log" 2>&1
if [ ! -s "$D/out/results" ]; then
    tail -3 "$D/boot.log"
    skip "no container can be booted here"
    done_with_it
fi
while read -r verdict name; do
    case $verdict in
    ok) check "$name" true ;;
    FAILED) check "$name" false ;;
    esac
done <"$D/out/results"
check "all of it was tried" grep -q 'runs a task as its own user' "$D/out/results"
[ "$failed" -eq 0 ] || { grep -v '^ok' "$D/out/results"; tail -60 "$D/out/journal"; }
done_with_it
