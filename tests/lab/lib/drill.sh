# What is done to a lab on Ceph, and what must be true after it.
# shellcheck shell=bash

# seen SITE: until the plan can be run from there, with all its VMs.
seen() { wait_for 60 "the plan to be ready" ready; }
ready() { muster plan show lab | grep -qE "^lab: .* 3 VMs, "; }

# live_moves: there and back while the guests run.
live_moves() {
    local from
    from="$(date +%s.%N)"
    step "planned migration, alive" run planned
    all_write b
    none_write a
    judge "live migration" b --cut "$from" --lost-at-most 0
    moved_alive
    step "reprotect" run reprotect
    from="$(date +%s.%N)"
    step "planned migration back, alive" run planned
    all_write a
    none_write b
    judge "live migration back" a --cut "$from" --lost-at-most 0
    moved_alive
    step "reprotect" run reprotect
}

# moved_alive: what the newest run says of how its VMs moved.
moved_alive() {
    muster run show "$(newest id)" | grep -oE "Move [^ ]+ live to .* done .*" | tr -s ' ' >"$HERE/moved.txt" || true
    cat "$HERE/moved.txt"
    [ "$(wc -l <"$HERE/moved.txt")" -eq "${#vms[@]}" ] || die "not all VMs moved alive"
}

# cut_off_alive: site a is alone with its guests alive; they are recovered at b, and then the link is mended.
cut_off_alive() {
    local cut
    cut_off
    step "failover, once site a is known to be dead" failover_when_sure
    all_write b
    judge "the site cut off" b --cut "$cut" --lost-at-most 0
    mended
}

# fence_refused: the same, and the cluster does not let b's agent fence: Muster stops and asks, until it may.
fence_refused() {
    local cut
    caps_of_b without
    cut_off
    if failover_when_sure; then die "a failover without its fence"; fi
    say "the failover stops: $(grep -m 1 why: "$HERE/last-run.txt")"
    [ "$(newest state)" = halted ] || die "the run is $(newest state)"
    none_write b
    caps_of_b
    step "failover, now that the fence is let" muster run resume "$(newest id)" --wait
    all_write b
    judge "the fence refused at first" b --cut "$cut" --lost-at-most 0
    mended
}

# caps_of_b [without]: what b's agent may ask the monitors for: what `ceph-caps` says; or that without fencing.
caps_of_b() {
    local rights
    rights="$(awk '$1 == "muster-SITE" && $2 == "mon" { sub(/^[^ ]+ +mon +/, ""); print }' "$LAB_SOURCE/ceph-caps")"
    [ -z "${1:-}" ] || rights='allow r, allow command "config-key get" with key prefix muster/, allow command "config-key set" with key prefix muster/'
    as_admin metro ceph auth caps client.muster-b mon "$rights" osd "profile rbd pool=metro" mgr "profile rbd pool=metro" 2>/dev/null
}

# cut_off: the link of site a is cut; its guests live.
cut_off() {
    sleep 3
    cut="$(date +%s.%N)"
    set_link a down
    say "site a is cut off; its guests live"
}

# failover_when_sure: asks for it until it is not refused any more, as long as nobody knows that site a is dead and
# Ceph answers nobody; then to its end.
failover_when_sure() {
    local end=$((SECONDS + 120))
    until run failover >/dev/null; do
        ! grep -q "^run " "$HERE/last-run.txt" || return 1
        [ "$SECONDS" -lt "$end" ] || { cat "$HERE/last-run.txt"; return 1; }
        sleep 2
    done
}

# mended: the old guests write nothing; everything is brought back to site a.
mended() {
    set_link a up
    wait_for 60 "site a to be seen" back_again
    sleep 10
    lab_virsh a list | sed 's/^/    at a: /'
    none_write a
    say "the link is mended for 10 s: the old guests write nothing"
    step "what is owed to site a" run failover
    step "reprotect, when site a is back in the cluster" run reprotect
    all_write b
    judge "the return" b --cut "$cut" --lost-at-most 0
    step "planned migration back" run planned
    all_write a
    step "reprotect" run reprotect
}
back_again() { muster plan show lab | grep -q "owes steps to site-a, which is back"; }

# planned_and_back: by shutting down and starting; on the way back the server and an agent are killed.
planned_and_back() {
    step "planned migration" run planned
    all_write b
    none_write a
    judge "planned migration" b --lost-at-most 0
    step "reprotect" run reprotect
    step "planned migration back, server and agent killed on the way" back
    all_write a
    none_write b
    judge "the way back with kills" a --lost-at-most 0
    step "reprotect" run reprotect
}

# power_lost: site a has lost its power, which nobody can prove from b; it comes back, and is the replica.
power_lost() {
    local cut
    sleep 10
    cut="$("$LAB_SOURCE/power" a off)"
    if muster run start lab --kind failover --wait >"$HERE/refused.txt" 2>&1; then die "a failover without evidence"; fi
    grep -q "nothing proves that site-a cannot write" "$HERE/refused.txt" || { cat "$HERE/refused.txt"; exit 1; }
    say "the failover is refused: $(sed -n 2p "$HERE/refused.txt")"
    none_write b
    step "failover" run failover --attest "the lab has cut its power"
    all_write b
    judge "failover" b --cut "$cut" --lost-at-most 2000
    "$LAB_SOURCE/power" a on
    "$LAB_SOURCE/ceph" restart a
    agent a b
    wait_for 90 "site a to be seen" back_again
    step "what is owed to site a" run failover
    none_write a
    step "reprotect" run reprotect
    all_write b
    judge "the whole" b --cut "$cut" --lost-at-most 2000
}
