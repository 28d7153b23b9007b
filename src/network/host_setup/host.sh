set -euf
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

FIRST=${OWN%/*}
FOLDER=/etc/huaweivpc
SCRIPT=$FOLDER/host
SYSCTL=/etc/sysctl.d/60-huaweivpc.conf
UNIT=huaweivpc-host.service
UNITS=/etc/systemd/system
# By these the routes of this script are told from all others.
METRIC=4278198272
PROTOCOL=118

say() { printf '%s\n' "$*"; }
give_up() { say "$2" >&2; exit "$1"; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---- What this host is

# Who runs the containers: docker, podman or nobody known. The program `docker` alone may be Podman's, or lead elsewhere.
engine() {
  if [ -n "$ENGINE" ]; then say "$ENGINE"
  elif have dockerd; then say docker
  elif have podman; then say podman
  elif have docker; then say docker
  fi
}

# The major version of Docker. At boot only the program is asked: a question to the daemon's socket would start the
# daemon, which waits for this script.
major() {
  version=
  [ "$VERB" = boot ] || version=$(docker version -f '{{.Server.Version}}' 2>/dev/null) || version=
  [ -n "$version" ] || version=$(dockerd --version 2>/dev/null | sed -n 's/^Docker version //p') || version=
  [ -n "$version" ] || version=$VERSION
  say "${version%%.*}"
}

is_docker_up_to_27() {
  [ "$(engine)" = docker ] || return 1
  case $(major) in '' | *[!0-9]*) return 1 ;; *) [ "$(major)" -lt 28 ] ;; esac
}

# Of the first route that comes in.
device_of() { sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1; }

# The bridge on which the range is, whoever named it.
bridge() { ip -4 route show exact "$OWN" | device_of; }

# The interface that leads to an address.
way_to() { ip -4 route get "$1" 2>/dev/null | device_of; }

# The interface that leads to the other hosts.
nic() {
  for range in $PEERS $VPC; do
    device=$(way_to "${range%/*}")
    case $device in '' | lo | "$(bridge)") ;; *) say "$device"; return ;; esac
  done
}

mtu() {
  device=$(nic)
  if [ -n "$MTU" ]; then say "$MTU"
  elif [ -n "$device" ]; then mtu_of "$device"
  fi
}

mtu_of() { ip -o link show dev "$1" | sed -n 's/.* mtu \([0-9]*\) .*/\1/p'; }

# The address at this place of the range.
address() { say "${FIRST%.*}.$((${FIRST##*.} + $1))"; }

# What the rule that keeps the source stands for; the kernel keeps it as the comment of the rule.
terms() { say "$OWN $PEERS" | cksum | tr ' ' -; }

# ---- What has to be in the kernel before the engine starts

boot() {
  forward
  guard
  admit
  keep_source
}

# On before Docker starts: a Docker that switches it on itself, up to 27, also lets nothing be forwarded by default; and
# with its nftables rules Docker 29 does not start without it.
forward() {
  for device in ip_forward "conf/$(nic)/forwarding" "conf/$(bridge)/forwarding"; do
    setting=/proc/sys/net/ipv4/$device
    [ ! -e "$setting" ] || [ "$(cat "$setting")" = 1 ] || echo 1 >"$setting"
  done
}

# A connection is translated once. Docker masks every packet that leaves its bridge; a translation of the address to
# itself, made just before that, leaves nothing to mask, in whatever order other rules come and go.
keep_source() {
  if [ "$SOURCE" != kept ] || [ -z "$PEERS" ]; then
    forget_source
    return
  fi
  have nft || give_up 4 "nft is missing: install the package nftables, or set source = \"host\""
  # Before Linux 5.8 or nftables 0.9.5 there is no translation of a whole range, only one of each address.
  translate "snat ip prefix to ip saddr map { $OWN : $OWN }" 2>/dev/null || translate "snat to ip saddr map { $(each_address) }"
}

translate() {
  nft -f - <<RULES
table ip huaweivpc
delete table ip huaweivpc
table ip huaweivpc {
  chain keep_source {
    type nat hook postrouting priority 99; policy accept;
    ip saddr $OWN ip daddr != $OWN ip daddr { $(say "$PEERS" | sed 's/ /, /g') } $1 comment "$(terms)"
  }
}
RULES
}

each_address() {
  say "$OWN" | awk -F '[./]' '{
    first = (($1 * 256 + $2) * 256 + $3) * 256 + $4
    for (size = 1; $5 < 32; $5++) size *= 2
    for (n = first; n < first + size; n++) {
      a = int(n / 16777216) "." int(n / 65536) % 256 "." int(n / 256) % 256 "." n % 256
      printf "%s%s : %s", (n > first ? ", " : ""), a, a
    }
  }'
}

forget_source() { ! have nft || nft delete table ip huaweivpc 2>/dev/null || :; }

# While the bridge is missing, packets for the range would go back to where they came from, and come again.
guard() {
  ip -4 route replace unreachable "$OWN" metric $METRIC proto $PROTOCOL
  unguard "$OWN"
}

# Takes the routes of this script away, but the one for this range.
unguard() {
  ip -4 route show type unreachable proto $PROTOCOL | while read -r _ range _; do
    [ "$range" = "$1" ] || ip -4 route del unreachable "$range" metric $METRIC proto $PROTOCOL
  done
}

# Up to 27 Docker may have set that nothing is forwarded by default. DOCKER-USER is its place for the rules of others; it
# may be there before Docker. Since 28 the mode of the network decides, and Podman drops nothing.
admit() {
  if ! is_docker_up_to_27; then
    dismiss
    return
  fi
  iptables -w -n -L DOCKER-USER >/dev/null 2>&1 || iptables -w -N DOCKER-USER
  {
    say '*filter'
    say ':HUAWEIVPC - [0:0]'
    for range in $VPC $PEERS; do say "-A HUAWEIVPC ! -i $BRIDGE -s $range -d $OWN -j ACCEPT"; done
    say COMMIT
  } | iptables-restore -w -n
  iptables -w -C DOCKER-USER -j HUAWEIVPC 2>/dev/null || iptables -w -I DOCKER-USER -j HUAWEIVPC
}

dismiss() {
  iptables-save 2>/dev/null | grep -q '^:HUAWEIVPC ' || return 0
  while iptables -w -D DOCKER-USER -j HUAWEIVPC 2>/dev/null; do :; done
  iptables -w -F HUAWEIVPC
  iptables -w -X HUAWEIVPC
  # Goes if nothing is in it and nothing leads to it: then it is from here.
  iptables -w -X DOCKER-USER 2>/dev/null || :
}

# ---- What the rules in the kernel do with packets between containers here and other hosts

UNJUDGED='not judged'

# dropped IN OUT SOURCES DESTINATIONS: prints the rule that drops packets from one interface to the other, from one of
# these ranges to another, if there is one. Rules that are about some of these packets only, such as those of one port,
# are the business of whoever made them; but in `raw`, Docker drops for each container.
dropped() {
  {
    for tables in iptables-save iptables-nft-save iptables-legacy-save; do
      have $tables || continue
      verdict=$($tables 2>/dev/null | awk -v way_in="$1" -v way_out="$2" -v sources="$3" -v destinations="$4" "$WALK") || verdict=
      case $verdict in 'let through') ;; *) say "${verdict:-$UNJUDGED}" ;; esac
    done
    ! have nft || nft list table ip docker-bridges 2>/dev/null | awk -v chain="filter-forward-in__$2" -v other="iifname != \"$2\"" "$SEEK"
  } | head -n 1
}

# In the tables that Docker writes where its rules are those of nftables.
# shellcheck disable=SC2016 # the dollars are awk's
SEEK='
$1 == "chain" { inside = $2 }
/ drop/ && (inside == chain || inside == "raw-PREROUTING" && index($0, other)) {
  sub(/^[ \t]*/, ""); sub(/counter packets [0-9]* bytes [0-9]* /, ""); print "docker-bridges " inside ": " $0; exit
}'

# shellcheck disable=SC2016 # the dollars are awk's
WALK='
function number(address, p) { split(address, p, "."); return ((p[1] * 256 + p[2]) * 256 + p[3]) * 256 + p[4] }
function power(n, product) { for (product = 1; n > 0; n--) product *= 2; return product }
function holds(outer, inner, o, i, size) {
  if (split(outer, o, "/") < 2) o[2] = 32
  if (split(inner, i, "/") < 2) i[2] = 32
  size = power(32 - o[2])
  return o[2] + 0 <= i[2] + 0 && int(number(o[1]) / size) == int(number(i[1]) / size)
}
# Of the packets from or to `range`: "all", "some" or "no" are meant.
function range_meets(said, range, not) {
  if (holds(said, range)) return not ? "no" : "all"
  if (holds(range, said)) return "some"
  return not ? "all" : "no"
}
function device_meets(said, device, not, same) {
  same = said == device
  if (said ~ /\+$/) same = index(device, substr(said, 1, length(said) - 1)) == 1
  return same != not ? "all" : "no"
}
# Which of the packets the rule means; leaves what it does with them in `target`.
function meets(rule, w, n, i, not, one, all) {
  gsub(/--comment ("[^"]*"|[^ ]+)/, "", rule)
  n = split(rule, w, " "); all = "all"; not = 0; target = ""
  for (i = 3; i <= n; i++) {
    if (w[i] == "!") { not = 1; continue }
    if (w[i] == "-j" || w[i] == "-g") { target = w[i + 1]; break }
    one = "all"
    if (w[i] == "-s") one = range_meets(w[++i], source, not)
    else if (w[i] == "-d") { one = range_meets(w[++i], destination, not); if (table == "raw" && one == "some") one = "all" }
    else if (w[i] == "-i") one = device_meets(w[++i], way_in, not)
    else if (w[i] == "-o") one = device_meets(w[++i], way_out, not)
    else if (w[i] == "--ctstate") one = (w[++i] ~ /NEW/) != not ? "all" : "no"
    else if (w[i] == "-m" && w[i + 1] ~ /^(conntrack|comment)$/) i++
    else one = "some"
    if (one == "no") return "no"
    if (one == "some") all = "some"
    not = 0
  }
  return all
}
function walk(chain, depth, i, end, which) {
  for (i = 1; i <= count[table, chain] && depth < 20; i++) {
    which = meets(rules[table, chain, i])
    if (which != "all") continue
    if (target == "ACCEPT") return "accepted"
    if (target == "DROP" || target == "REJECT") return table ": " rules[table, chain, i]
    if (target == "RETURN") return ""
    end = walk(target, depth + 1)
    if (end != "") return end
  }
  return ""
}
/^\*/ { table = substr($1, 2) }
/^:/ { policy[table, substr($1, 2)] = $2 }
/^-A / { rules[table, $2, ++count[table, $2]] = $0 }
END {
  n = split(sources, from, " "); m = split(destinations, to, " ")
  for (s = 1; s <= n; s++) for (d = 1; d <= m; d++) {
    source = from[s]; destination = to[d]
    table = "raw"; end = walk("PREROUTING", 0)
    if (end == "" || end == "accepted") { table = "filter"; end = walk("FORWARD", 0) }
    if (end == "" && policy["filter", "FORWARD"] == "DROP") end = "filter: -P FORWARD DROP"
    if (end != "" && end != "accepted") { print end; exit }
  }
  print "let through"
}'

# The mode in which the engine made the network is what drops: one of Docker 28 or later.
is_of_the_network() {
  case $1 in 'docker-bridges '* | 'raw: -A PREROUTING '* | 'filter: -A DOCKER '*) return 0 ;; *) return 1 ;; esac
}

# ---- apply

apply() {
  have ip || give_up 4 "ip is missing: install the package iproute2 (or iproute)"
  install_files
  boot
  network "$@"
  check
}

install_files() {
  [ -f "$0" ] || give_up 1 "this script has to be a file: save it and run it again"
  mkdir -p "$FOLDER" "$UNITS/multi-user.target.wants"
  cp "$0" "$SCRIPT.new"
  chmod 755 "$SCRIPT.new"
  mv "$SCRIPT.new" "$SCRIPT"
  say 'net.ipv4.ip_forward = 1' >"$SYSCTL"
  cat >"$UNITS/$UNIT" <<'UNIT'
@UNIT@UNIT
  ln -sf "$UNITS/$UNIT" "$UNITS/multi-user.target.wants/$UNIT"
  reload
}

reload() { [ ! -d /run/systemd/system ] || systemctl daemon-reload; }

network() {
  run=$(engine)
  [ -n "$run" ] || give_up 2 "neither Docker nor Podman is here; when one of them is, run: $SCRIPT apply"
  $run version >/dev/null 2>&1 || give_up 2 "$run does not answer; when it does, run: $SCRIPT apply"
  made=$($run network inspect -f "$(ranges_of "$run")" "$NET" 2>/dev/null) || made=
  if [ -z "$made" ]; then
    create "$run" || give_up 3 "the network $NET could not be made"
    return
  fi
  case " $made " in *" $OWN "*) ;; *) give_up 3 "the network $NET has the range ${made% }, not $OWN: give one of them another name" ;; esac
  # Not by what the engine says of the network: it shows the mode also where it does not apply it.
  { [ "${1:-}" = --remake ] || is_of_the_network "$(dropped "$(nic)" "$(bridge)" "$VPC $PEERS" "$OWN")"; } || return 0
  attached=$($run ps -aq --filter "network=$NET")
  [ -z "$attached" ] || [ "${1:-}" = --remake ] || give_up 3 "the network $NET drops what other hosts send and has to be made anew. This cuts its containers off for a moment: $SCRIPT apply --remake"
  remake "$run"
}

ranges_of() {
  if [ "$1" = docker ]; then say '{{range .IPAM.Config}}{{.Subnet}} {{end}}'; else say '{{range .Subnets}}{{.Subnet}} {{end}}'; fi
}

create() {
  bytes=$(mtu)
  if [ "$1" = docker ]; then
    set -- docker -o "com.docker.network.bridge.name=$BRIDGE"
    [ -z "$bytes" ] || set -- "$@" -o "com.docker.network.driver.mtu=$bytes"
    # Since 28 Docker drops what comes for a container from another host; in this mode it does not. 27 does not take it.
    is_docker_up_to_27 || set -- "$@" -o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected
  else
    set -- podman
    [ -z "$bytes" ] || set -- "$@" --opt "mtu=$bytes"
  fi
  run=$1
  shift
  $run network create --subnet "$OWN" "$@" --label huaweivpc=host "$NET" >/dev/null
}

# Containers go back to where they were, with the addresses and names they had, even if the network has to stay.
remake() {
  mine="index .NetworkSettings.Networks \"$NET\""
  back=$(for id in $attached; do
    say "$($1 inspect -f "{{with $mine}}{{with .IPAddress}}--ip {{.}} {{end}}{{range .Aliases}}--alias {{.}} {{end}}{{end}}" "$id") $NET $id"
  done)
  for id in $attached; do $1 network disconnect -f "$NET" "$id"; done
  failed=
  { $1 network rm "$NET" >/dev/null && create "$1"; } || failed=yes
  # shellcheck disable=SC2086 # each line is the words of one command
  say "$back" | while read -r words; do
    [ -z "$words" ] || "$1" network connect $words || say "do this by hand: $1 network connect $words" >&2
  done
  [ -z "$failed" ] || give_up 3 "the network $NET could not be made anew"
}

# ---- check

# Says what is wrong, and which of boot (1), apply (2) and apply --remake (3) repairs it.
wrong() {
  say "BAD  $2"
  [ "$repair" -ge "$1" ] || repair=$1
}

# judge REPAIR WHAT COMMAND...: the command succeeds where all is well.
judge() {
  level=$1 what=$2
  shift 2
  if "$@" >/dev/null 2>&1; then say "ok   $what"; else wrong "$level" "$what"; fi
}

check() {
  repair=0 other='' device=$(nic) found=$(bridge)
  judge 1 "the kernel forwards" is_set 1 /proc/sys/net/ipv4/ip_forward
  [ -z "$device" ] || judge 1 "$device forwards" is_set 1 "/proc/sys/net/ipv4/conf/$device/forwarding"
  judge 1 "packets for $OWN do not go back while there is no bridge" is_guarded
  check_source
  check_bridge
  judge 2 "forwarding outlives a reboot" is_set 'net.ipv4.ip_forward = 1' $SYSCTL
  judge 2 "the rest does too, by $UNIT" test -x $SCRIPT -a -e $UNITS/$UNIT -a -L $UNITS/multi-user.target.wants/$UNIT
  case $repair in
    0) [ -z "$other" ] || say "repair: $other" ;;
    1) say "repair: $SCRIPT boot" ;;
    2) say "repair: $SCRIPT apply" ;;
    3) say "repair: $SCRIPT apply --remake" ;;
  esac
  [ "$repair" = 0 ] && [ -z "$other" ]
}

is_set() { [ "$(cat "$2")" = "$1" ]; }
is_guarded() { ip -4 route show type unreachable exact "$OWN" | grep -q "metric $METRIC"; }
is_kept() { nft list chain ip huaweivpc keep_source | grep -q "snat.*\"$(terms)\""; }

check_source() {
  if [ "$SOURCE" = kept ] && [ -n "$PEERS" ]; then judge 1 "containers of other hosts see the container's address" is_kept
  else say "ok   other hosts see this host's address"
  fi
}

# passes WHAT, and as for `dropped`
passes() {
  what=$1
  shift
  rule=$(dropped "$@")
  if [ -z "$rule" ]; then say "ok   $what is let through"
  elif [ "$rule" = "$UNJUDGED" ]; then
    say "BAD  whether $what is let through cannot be told: awk fails"
    other="install mawk or gawk"
  elif is_of_the_network "$rule"; then wrong 3 "$what is dropped by the engine ($rule)"
  elif is_docker_up_to_27 && ! iptables -w -C DOCKER-USER -j HUAWEIVPC 2>/dev/null; then wrong 1 "$what is dropped ($rule)"
  else
    case $rule in raw:*) chain=PREROUTING ;; *) chain=FORWARD ;; esac
    say "BAD  $what is dropped by a rule that is not the engine's ($rule)"
    other="iptables -t ${rule%%:*} -I $chain -i $1 -s $(listed "$3") -d $(listed "$4") -j ACCEPT"
  fi
}

# What is not written by iptables or an engine is not read here; that it is there is said.
others_that_filter() {
  ! have nft || nft list ruleset 2>/dev/null | awk '
    $1 == "table" { table = $2 " " $3 }
    / hook forward / && table ~ /^(ip|inet) / && table !~ /^(ip (filter|mangle|security|docker-bridges)|inet netavark)$/ && !told[table]++ {
      print "note what is forwarded also passes the table " table " of nftables, which is not judged here"
    }' || :
}

listed() { say "$1" | sed 's/ *$//; s/ /,/g'; }

check_bridge() {
  if [ -z "$found" ]; then
    # Podman takes the bridge away with the last container.
    if [ "$(engine)" = podman ] && podman network inspect "$NET" >/dev/null 2>&1; then say "ok   the network $NET waits for its first container"
    else wrong 2 "no bridge has the range $OWN: the network $NET is missing, or the engine does not run"
    fi
    return
  fi
  say "ok   $OWN is on $found"
  passes "what other hosts send to containers" "${device:-eth0}" "$found" "$VPC $PEERS" "$OWN"
  passes "what containers send to other hosts" "$found" "${device:-eth0}" "$OWN" "$VPC $PEERS"
  others_that_filter
  if [ -n "$device" ] && [ "$(way_to "${PEERS%%/*}")" = "$device" ]; then judge 1 "the route back to ${PEERS%% *} is by $device" ip -4 route get "$(address 2)" from "${PEERS%%/*}" iif "$device"; fi
  # A bridge without a container says nothing of the network's packets.
  if [ -n "$device" ] && [ -n "$(ip -o link show master "$found")" ]; then
    judge 3 "packets of containers are not longer than those of $device" test "$(mtu_of "$found")" -le "$(mtu_of "$device")"
  fi
}

# ---- undo

# Forwarding stays on until the next boot: an engine that runs needs it.
undo() {
  rm -f "$UNITS/multi-user.target.wants/$UNIT" "$UNITS/$UNIT" "$SYSCTL"
  reload
  forget_source
  unguard ''
  dismiss
  run=$(engine)
  if [ -n "$run" ] && [ "$($run network inspect -f '{{index .Labels "huaweivpc"}}' "$NET" 2>/dev/null)" = host ]; then
    $run network rm "$NET" >/dev/null 2>&1 || say "the network $NET has containers and stays"
  fi
  rm -rf "$FOLDER"
}

VERB=${1:-}
case $VERB in
  apply | check | boot | undo) shift ;;
  *) give_up 64 "usage: $0 apply [--remake] | check | boot | undo" ;;
esac
[ "$(id -u)" = 0 ] || give_up 1 "only root can do this"
"$VERB" "$@"
