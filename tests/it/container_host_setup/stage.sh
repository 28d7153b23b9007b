# Two servers with a bridge and a container each, on one wire with the gateway, in network namespaces of their own.
# Read by stories, in a user, network and mount namespace (see stage.rs). $STORY is the folder with the scripts and rules.
#
#   c1 10.0.2.2 -- h1 192.168.0.2 --+-- gw 192.168.0.1, 198.51.100.1 (the Internet)
#   c2 10.0.3.2 -- h2 192.168.0.3 --+
set -eu

say() { printf '%s\n' "$*"; }

for program in ip nft iptables iptables-legacy ping traceroute nsenter sysctl; do
  command -v $program >/dev/null || { say "$program is not installed" >&2; exit 77; }
done

in_ns() {
  ns=$1
  shift
  nsenter --net="/run/netns/$ns" "$@"
}

# stage ENGINE VERSION RESTORE: what the servers run, and by what its rules come into the kernel.
stage() {
  mount -t tmpfs tmpfs /run
  mkdir /run/netns /run/bin /run/engine
  private_etc
  engine "$@"
  for ns in wire gw h1 h2 c1 c2; do
    ip netns add $ns
    ip -n $ns link set lo up
    in_ns $ns sysctl -qw net.ipv4.icmp_ratemask=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
  done
  ip -n wire link add name wire type bridge
  ip -n wire link set wire up
  plug gw 192.168.0.1/24
  plug h1 192.168.0.2/24
  plug h2 192.168.0.3/24
  ip -n gw addr add 198.51.100.1/32 dev lo
  in_ns gw sysctl -qw net.ipv4.ip_forward=1
  for n in 2 3; do ip -n gw route add 10.0.$n.0/24 via 192.168.0.$n; done
  server h1 c1 10.0.2
  server h2 c2 10.0.3
  # What a VPC does by its route table: on to the server, at no hop of its own.
  ip -n h1 route add 10.0.3.0/24 via 192.168.0.3
  ip -n h2 route add 10.0.2.0/24 via 192.168.0.2
  for ns in c1 c2 gw; do
    in_ns $ns nft -f - <<RULES
table ip seen {
  set sources { type ipv4_addr; flags dynamic; size 100; }
  chain input { type filter hook input priority 0; icmp type echo-request add @sources { ip saddr }; }
}
RULES
  done
}

# The programs of the engine are stand-ins; of iptables there are two kinds.
engine() {
  case $1 in docker) programs='docker dockerd' ;; *) programs=$1 ;; esac
  for program in $programs; do cp "$STORY/engine.sh" "/run/bin/$program"; done
  chmod 755 /run/bin/*
  echo "$2" >/run/engine/version
  : >/run/engine/asked
  case $3 in
    iptables-legacy-restore)
      for program in iptables iptables-save iptables-restore; do
        ln -s "$(command -v "iptables-legacy${program#iptables}")" /run/bin/$program
      done
      ;;
  esac
  PATH=/run/bin:$PATH
}

# A copy of what the programs need of /etc, to write into.
private_etc() {
  mkdir /run/etc
  for name in alternatives iproute2 ld.so.cache ld.so.conf ld.so.conf.d protocols services passwd group nsswitch.conf ethertypes; do
    [ ! -e /etc/$name ] || cp -dR /etc/$name /run/etc/
  done
  mkdir -p /run/etc/sysctl.d /run/etc/systemd/system
  mount --bind /run/etc /etc
}

plug() {
  ip link add name eth0 netns "$1" type veth peer name "to-$1" netns wire
  ip -n wire link set "to-$1" master wire up
  ip -n "$1" link set eth0 up
  ip -n "$1" addr add "$2" dev eth0
  [ "$1" = gw ] || ip -n "$1" route add default via 192.168.0.1
}

server() {
  ip -n "$1" link add name br-hwvpc type bridge
  ip -n "$1" addr add "$3.1/24" dev br-hwvpc
  ip -n "$1" link set br-hwvpc up
  ip link add name to-container netns "$1" type veth peer name eth0 netns "$2"
  ip -n "$1" link set to-container master br-hwvpc up
  ip -n "$2" addr add "$3.2/24" dev eth0
  ip -n "$2" link set eth0 up
  ip -n "$2" route add default via "$3.1"
}

# The rules of an engine, which were recorded for the range of h1, for both servers.
load() {
  # shellcheck disable=SC2086 # a program with its arguments
  in_ns h1 $2 <"$STORY/$1"
  # shellcheck disable=SC2086
  sed 's/10\.0\.2\./10.0.3./g' "$STORY/$1" | in_ns h2 $2
}

# A server's own script.
host() {
  server=$1
  shift
  in_ns "$server" sh "$STORY/$server" "$@"
}

# Every rule and route of a server, without counters.
kernel() {
  in_ns "$1" sh -c 'iptables-nft-save; iptables-legacy-save; nft list ruleset; ip -4 route show table all' 2>/dev/null |
    sed 's/\[[0-9]*:[0-9]*\]//; s/packets [0-9]* bytes [0-9]*//; /^#/d'
}

# alike WHAT FILE FILE
alike() { if cmp -s "$2" "$3"; then say "$1: the same"; else say "$1: differs"; diff "$2" "$3" || :; fi; }

# Whose requests have come in since this was last asked.
sources() {
  in_ns "$1" nft list set ip seen sources | tr -d '\n\t ' | sed -n 's/.*elements={\([^}]*\)}.*/, seen from \1/p'
  in_ns "$1" nft flush set ip seen sources
}

# reach FROM ADDRESS TO: how the answer comes, and whom the other end has seen.
reach() {
  ttl=$(in_ns "$1" ping -n -c1 -W1 "$2" 2>/dev/null | sed -n 's/.*\(ttl=[0-9]*\).*/\1/p')
  say "$1 to $2: ${ttl:-no answer}$(sources "$3")"
}

path() {
  say "$1 to $2 by $(in_ns "$1" traceroute -n -q1 -w1 -m5 "$2" | awk 'NR > 1 { printf "%s%s%s", (NR > 2 ? ", " : ""), $2, ($NF ~ /^!/ ? " " $NF : "") }')"
}

# Both ways, and to the Internet.
everywhere() {
  reach c1 10.0.3.2 c2
  reach c2 10.0.2.2 c1
  reach c1 198.51.100.1 gw
}
