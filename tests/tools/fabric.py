"""A network namespace that forwards between servers as a VPC does, by what `/_emulator/state` lists.

| in the state | in the namespace |
|---|---|
| network interface of a server | a wire to the server; proxy ARP makes all of them look like one subnet |
| route table | a table of the kernel, chosen by the subnet of the interface a packet comes in by; what no route takes is dropped in silence |
| allowed address pairs | a filter of sources and destinations at the interface, unless a pair such as 1.1.1.1/0 is there |
| security groups | stateful rules at the interface, by priority, deny before allow |

Packets lose no TTL on the way. All of this is a model: it was not compared with a live cloud. IPv4 only; a route to a
virtual IP address or to anything that is not a server leads nowhere, and so does everything outside of the VPCs.
"""

import collections
import ipaddress

import netns

NAMESPACE = "vpc"
Nic = collections.namedtuple("Nic", "port subnet device")


def nics(state):
    """The IPv4 interfaces of servers, each with its subnet and the name its wire has in the namespace."""
    subnets = {subnet["id"]: subnet for subnet in state["subnets"]}
    servers = {server["id"] for server in state["servers"]}
    return [
        Nic(port, subnets[port["subnet_id"]], f"nic_{port['id'][:8]}")
        for port in state["ports"]
        if port["device_id"] in servers and is_ipv4(port["ip_address"])
    ]


def routes(state):
    """The lines for `ip`, and for each interface the number of its table."""
    everywhere, lines, numbers = nics(state), [], {}
    for number, table in enumerate(state["route_tables"], 100):
        numbers[table["id"]] = number
        lines.append(f"route replace blackhole default table {number}")
        for subnet in state["subnets"]:
            if subnet["vpc_id"] == table["vpc_id"]:
                lines.append(f"route replace blackhole {subnet['cidr']} table {number}")
        near = [nic for nic in everywhere if nic.subnet["vpc_id"] == table["vpc_id"]]
        lines += [f"route replace {nic.port['ip_address']}/32 dev {nic.device} table {number}" for nic in near]
        for route in table["routes"]:
            if is_ipv4(route["destination"]):
                hop = next_hop(route, near)
                via = f"via {hop.port['ip_address']} dev {hop.device} onlink" if hop else ""
                kind = "" if hop else "blackhole "
                lines.append(f"route replace {kind}{route['destination']} {via} table {number}")
    return lines, {nic.device: numbers[nic.subnet["route_table_id"]] for nic in everywhere}


def next_hop(route, near):
    """The interface that a route leads to: that of a server is its primary one."""
    named = [nic for nic in near if route["nexthop"] in (nic.port["id"], nic.port["device_id"])]
    return min(named, key=lambda nic: not nic.port["primary"], default=None)


def rules(state, checks_destinations=True):
    """The script for `nft`."""
    everywhere = nics(state)
    groups = {group["id"]: group["rules"] for group in state["security_groups"]}
    forward, chains = [], []
    for nic in everywhere:
        pairs = [pair["ip_address"] for pair in nic.port["allowed_address_pairs"]]
        if any(pair.endswith("/0") for pair in pairs):
            continue
        own = ", ".join([nic.port["ip_address"], *filter(is_ipv4, pairs)])
        forward.append(f'iifname "{nic.device}" ip saddr != {{ {own} }} drop')
        if checks_destinations:
            forward.append(f'oifname "{nic.device}" ip daddr != {{ {own} }} drop')
    forward.append("ct state established,related accept")
    # Out first: what one interface may send has still to be let in by the other.
    for way, device, verdict in (("egress", "iifname", "return"), ("ingress", "oifname", "accept")):
        for nic in everywhere:
            chain = f"{way}_{nic.device}"
            forward.append(f'{device} "{nic.device}" jump {chain}')
            chains.append((chain, [*listed(nic, groups, way, verdict, state), "drop"]))
    return (
        "table inet vpc\ndelete table inet vpc\ntable inet vpc {\n"
        + "".join(block(chain, lines) for chain, lines in chains)
        + block("forward", ["type filter hook forward priority 0; policy drop;", *forward])
        + "}\n"
    )


def listed(nic, groups, way, verdict, state):
    """The rules of an interface in the order in which they decide."""
    of_all = [rule for group in nic.port["security_groups"] for rule in groups[group]]
    counts = [rule for rule in of_all if rule["direction"] == way and rule["ethertype"] == "IPv4" and rule["enabled"]]
    counts.sort(key=lambda rule: (rule["priority"], rule["action"] != "deny"))
    for rule in counts:
        condition = condition_of(rule, state)
        if condition is not None:
            yield f"{condition} {'drop' if rule['action'] == 'deny' else verdict}"


def condition_of(rule, state):
    """What a rule is about. None: nobody."""
    parts, remote, ports = [], rule["remote"], rule["ports"]
    side = "saddr" if rule["direction"] == "ingress" else "daddr"
    if remote != "anyone" and "group" in remote:
        members = [nic.port["ip_address"] for nic in nics(state) if remote["group"] in nic.port["security_groups"]]
        if not members:
            return None
        parts.append(f"ip {side} {{ {', '.join(members)} }}")
    elif remote != "anyone":
        parts.append(f"ip {side} {remote['prefix']}")
    if rule["protocol"]:
        parts.append(f"meta l4proto {rule['protocol']}")
    if ports != "all" and "ranges" in ports:
        ranges = ", ".join(f"{first}-{last}" for first, last in ports["ranges"])
        parts.append(f"th dport {{ {ranges} }}")
    elif ports != "all":
        parts.append(f"icmp type {ports['icmp_type']['kind']}")
        if ports["icmp_type"]["code"] is not None:
            parts.append(f"icmp code {ports['icmp_type']['code']}")
    return " ".join(parts)


def block(chain, lines):
    return f"  chain {chain} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def is_ipv4(text):
    return ipaddress.ip_network(text, strict=False).version == 4


def build(state):
    """The namespace with the gateways' addresses and, for each interface, a namespace by its address with `eth0` in it."""
    netns.make(NAMESPACE)
    netns.sysctl(NAMESPACE, "ip_forward", 1)
    netns.run("iptables", "-t", "mangle", "-A", "PREROUTING", "-j", "TTL", "--ttl-inc", "1", inside=NAMESPACE)
    gateways = {subnet["gateway_ip"] for subnet in state["subnets"] if is_ipv4(subnet["cidr"])}
    netns.ip(NAMESPACE, *[f"addr add {gateway}/32 dev lo" for gateway in sorted(gateways)])
    for nic in nics(state):
        address, length = nic.port["ip_address"], nic.subnet["cidr"].split("/")[1]
        netns.make(address)
        netns.plug(NAMESPACE, nic.device, address, "eth0")
        netns.ip(address, f"addr add {address}/{length} dev eth0", f"route add default via {nic.subnet['gateway_ip']}")
        netns.ip(NAMESPACE, f"route add {address}/32 dev {nic.device}")
        netns.sysctl(NAMESPACE, f"conf/{nic.device}/proxy_arp", 1)
        netns.sysctl(NAMESPACE, f"neigh/{nic.device}/proxy_delay", 0)


def apply(state, checks_destinations=True):
    """Forwards by this state from now on. The interfaces have to be those it was built with."""
    lines, tables = routes(state)
    with_rule = netns.run("ip", "rule", inside=NAMESPACE)
    for number in sorted(set(tables.values())):
        netns.run("ip", "route", "replace", "blackhole", "default", "table", str(number), inside=NAMESPACE)
        netns.run("ip", "route", "flush", "table", str(number), inside=NAMESPACE)
    for device, number in tables.items():
        for line in with_rule.splitlines():
            if f"iif {device} " in line:
                lines.append(f"rule del pref {line.split(':')[0]}")
        lines.append(f"rule add iif {device} lookup {number}")
    netns.ip(NAMESPACE, *lines)
    netns.run("nft", "-f", "-", inside=NAMESPACE, stdin=rules(state, checks_destinations))
