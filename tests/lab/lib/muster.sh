# Muster in the lab: an agent in each site, the server at the witness, and its command line.
# shellcheck shell=bash

MUSTER="${MUSTER:-$REPO/target/debug/muster}"
HERE="$LAB/muster"

# secrets: one authority, a certificate for each agent and one for the server; a token between the agents.
secrets() {
    local site number
    rm -rf "$HERE"
    mkdir -p "$HERE/data/secrets"
    chmod 700 "$HERE" "$HERE/data"
    authority
    for site in "${SITES[@]}"; do
        number="$(address_of "$site")"
        certificate "agent-$site" "IP:$number"
    done
    certificate server DNS:muster
    cat "$HERE/server.crt" "$HERE/server.key" >"$HERE/data/secrets/lab.pem"
    cp "$HERE/ca.crt" "$HERE/data/secrets/lab.ca.pem"
    openssl rand -hex 24 >"$HERE/peer.token"
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; }

authority() {
    key "$HERE/ca.key"
    openssl req -x509 -new -key "$HERE/ca.key" -days 30 -subj "/CN=lab" -out "$HERE/ca.crt" 2>/dev/null
}

# certificate NAME SUBJECT-ALTERNATIVE-NAME
certificate() {
    local file="$HERE/$1"
    key "$file.key"
    openssl req -new -key "$file.key" -subj "/CN=$1" -out "$file.csr" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" >"$file.ext"
    openssl x509 -req -in "$file.csr" -CA "$HERE/ca.crt" -CAkey "$HERE/ca.key" -CAcreateserial \
        -days 30 -extfile "$file.ext" -out "$file.crt" 2>/dev/null
}

# The agents are at the second machines of their sites.
address_of() { case "$1" in a) echo 10.77.0.11 ;; b) echo 10.77.0.12 ;; *) echo 10.77.0.3 ;; esac; }

# agent_file SITE PEER: what the agent of a site is told.
agent_file() {
    local site="$1" peer="$2"
    cat <<END
site: site-$site
data: agent-$site
listen: $(address_of "$site"):7900
tls: {cert: agent-$site.crt, key: agent-$site.key, clientCa: ca.crt, clientNames: [muster]}
links:
  - {site: site-$peer, address: "$(address_of "$peer"):7900", bandwidthMbps: 1000}
libvirt:
  cluster: $site-kvm
  hosts:
    - {id: $site-kvm-1, uri: "qemu+unix:///system?socket=$LAB/site-$site/libvirt-sock"}
  peers:
    - {site: site-$peer, hosts: [{id: $peer-kvm-1, uri: "qemu+tcp://mlab-$peer/system"}]}
  networks:
    - {name: prod, role: production, subnets: [10.10.0.0/24]}
    - {name: alt, role: production, subnets: [10.20.0.0/24]}
$(signs_in "$site")
$(storage_settings "$site" "$peer")
END
}

# agent SITE PEER: starts it; what it remembers is kept.
agent() {
    agent_file "$1" "$2" >"$HERE/agent-$1.yaml"
    start "$1-m" "$HERE/agent-$1.log" "$MUSTER" agent --config "$HERE/agent-$1.yaml"
}

server() {
    start w "$HERE/server.log" "$MUSTER" serve --data "$HERE/data" --listen 127.0.0.1:7878
}

# sign_in: for the first time; the token is kept for `muster`.
sign_in() {
    wait_for 20 "the server" grep -q "first start" "$HERE/server.log"
    sed -n 's/.*with the password //p' "$HERE/server.log" | head -1 >"$HERE/first"
    openssl rand -hex 16 >"$HERE/password"
    at w "$MUSTER" sign-in --url http://127.0.0.1:7878 --user admin --password-file "$HERE/first" \
        --new-password-file "$HERE/password" >"$HERE/token"
    chmod 600 "$HERE/token"
}

# muster COMMAND...: at the witness, where the server is.
muster() { at w "$MUSTER" "$@" --url http://127.0.0.1:7878 --token-file "$HERE/token"; }

# first_vm NAME UUID ADDRESS GROUP POLICY: defined and started at site a.
first_vm() {
    vm_disk "$@"
    make_vm "$@" "$(vm_source "$1" "$4")" >"$LAB/site-a/$1.xml"
    lab_virsh a define "$LAB/site-a/$1.xml" >/dev/null
    lab_virsh a start "$1" >/dev/null
}

# acked SITE VM: how many records of a VM were acknowledged at a site.
acked() { { wc -l <"$LAB/site-$1/vm/$2.ack.log"; } 2>/dev/null || echo 0; }

# writes SITE VM: whether it writes now.
writes() {
    local before
    before="$(acked "$1" "$2")"
    sleep 0.4
    [ "$(acked "$1" "$2")" -gt "$before" ]
}

# process SITE WORD: the process of Muster in a place whose command line has the word.
process() {
    local pid
    for pid in $(members "$1"); do
        if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "^$MUSTER $2"; then echo "$pid"; return; fi
    done
    die "no $2 runs at $1"
}
