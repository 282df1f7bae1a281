# What drives Muster in the lab step by step, and stops at the first thing that is not as it should be.
# shellcheck shell=bash

# turn ARGUMENTS...: there is one lab on a machine; whoever comes second waits for the first one's turn to end.
turn() {
    [ -z "${MUSTER_LAB_TURN:-}" ] || return 0
    export MUSTER_LAB_TURN=1
    exec flock -o -w 3000 /tmp/muster-lab.turn "$0" "$@"
}

vms=(shop-db shop-app mail)
finish() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        say "failed; last words of the server and of the agents:"
        tail -n 15 "$HERE"/*.log 2>/dev/null || true
    fi
    [ "$keep" = yes ] || "$LAB_SOURCE/down"
    exit "$status"
}
# step WORDS COMMAND...: with the time that it takes.
step() {
    local words="$1" from=$EPOCHREALTIME
    shift
    "$@"
    say "$words: $(echo "$EPOCHREALTIME $from" | awk '{printf "%.1f", $1 - $2}') s"
}

# run KIND ARGUMENTS...: to its end.
run() {
    muster run start lab --wait --kind "$@" >"$HERE/last-run.txt" 2>&1 || { cat "$HERE/last-run.txt"; return 1; }
}

# newest FIELD: of the newest run.
newest() { muster run list --output json | jq -r ".[0].$1"; }

all_write() { local vm; for vm in "${vms[@]}"; do wait_for 60 "$vm to write at $1" writes "$1" "$vm"; done; }

none_write() { local vm; for vm in "${vms[@]}"; do ! writes "$1" "$vm" || die "$vm writes at $1"; done; }

# judge WORDS SITE ARGUMENTS...: over everything that was written, with the disks of the site where the VMs are now.
judge() {
    local words="$1" site="$2" disks=() vm group place logs="$HERE/logs"
    shift 2
    # First the records, then the disks: what is acknowledged meanwhile is no matter of this judgement.
    rm -rf "$logs"
    mkdir "$logs"
    for place in "${SITES[@]}"; do cp -r "$LAB/site-$place/vm" "$logs/$place"; done
    for vm in "${vms[@]}"; do
        group=shop
        [ "$vm" = mail ] && group=mail
        disks+=(--disk "$vm=$(disk_file "$site" "$vm" "$group")")
    done
    say "the judge on $words"
    at "$site" "$LAB/bin/muster-lab-judge" --logs "a=$logs/a" --logs "b=$logs/b" "${disks[@]}" \
        --json "$HERE/judged-${words// /-}.json" "$@"
}

# listen INTERFACE: counts frames of the guests on an interface of site b, until `heard` asks.
listen() {
    start b "$HERE/frames-$1.txt" tcpdump -n -e -l -i "$1" 'ether[6:4] = 0x52540010 or ether[0:4] = 0x52540010'
}
heard() { grep -c '52:54:00:10' "$HERE/frames-$1.txt" || true; }

# test_and_cleanup: while frames of the guests are listened for outside the bubble.
test_and_cleanup() {
    local frames=(br-prod br-alt wan0) interface bubble
    for interface in "${frames[@]}"; do listen "$interface"; done
    step "test" run test
    bubble="$(at b ip -o link show type bridge | grep -o 'mbub[0-9a-f]*' | head -1)"
    listen "$bubble"
    sleep 3
    all_write a
    step "cleanup" run cleanup
    for interface in "${frames[@]}"; do
        [ "$(heard "$interface")" -eq 0 ] || die "$(heard "$interface") frames of test copies on $interface"
    done
    say "frames of test copies: $(heard "$bubble") in the bubble, 0 on ${frames[*]}"
    [ "$(heard "$bubble")" -gt 0 ] || die "nothing was heard in the bubble either: this proves nothing"
    at b sh -c '! ip -o link show type bridge | grep -q mbub' || die "the bubble is still there"
}

# back: a planned migration while the server is killed on the way, and the agent of a.
back() {
    muster run start lab --kind planned >/dev/null
    sleep 4
    kill -9 "$(process w serve)"
    sleep 1
    server
    sleep 6
    "$LAB_SOURCE/restart" a
    wait_for 120 "the run to end" ended
}
ended() {
    local state
    state="$(newest state)"
    case "$state" in halted | undone) die "the run is $state" ;; esac
    [ "$state" = succeeded ]
}
