"""Servers with containers between which packets are sent, and the VPC that carries them (`fabric.py`).

    stage.py

Runs in the namespaces of `netns.ENTER`. Reads JSON, a line each, and answers each line with one. The first says what
there is, and is answered with the `containers`:

    {"state": what /_emulator/state lists, "servers": {ADDRESS: {"range": "10.0.2.0/24", ...}}}

A server may have `rules` of an engine and `restore`, by what they come into the kernel; `boot`, a script with that verb,
and `engine` and `version` for it to find; `commands` of the shell. The engine's rules are those of one whose containers
are in 10.0.2.0/24. Each range has a bridge on its server and a container, the second address of the range. Later lines
change and ask: `state`, `run`: [[namespace, command], ...], `probe`: [[container, container], ...], with the `patience`
to wait so many seconds for what does not come.
Namespaces are named by the address of the server or the container; that of the VPC is `vpc`.
"""

import concurrent.futures
import ipaddress
import json
import os
import pathlib
import sys

import fabric
import netns
import probes

RECORDED = "10.0.2."
STANDS_IN = '#!/bin/sh\ncase "$*" in --version) echo "Docker version {version}, build 0" ;; *) exit 1 ;; esac\n'


def main():
    netns.settle()
    play, sniffers = None, {}
    for line in sys.stdin:
        order, answer = json.loads(line), {}
        if play is None:
            play = order
            fabric.build(order["state"])
            for address, server in order["servers"].items():
                container = set_up(address, server)
                probes.serve(container)
                sniffers[container] = probes.Sniffer(container)
            answer["containers"] = list(sniffers)
        if "state" in order:
            fabric.apply(order["state"], order.get("checks_destinations", True))
        answer["run"] = at_once(order.get("run", []), lambda it: shell(*it))
        if "probe" in order:
            for sniffer in sniffers.values():
                sniffer.sources()
            hosts = {str(first_container(it["range"])): address for address, it in play["servers"].items()}
            patience = order.get("patience", probes.PATIENCE)
            answer["probe"] = at_once(order["probe"], lambda it: probes.probe(*it, hosts[it[1]], patience))
            for (_, to), probe in zip(order["probe"], answer["probe"]):
                probe["sources"] = sniffers[to].sources()
        print(json.dumps(answer), flush=True)


def set_up(address, server):
    """Gives a server its bridge, its container, what its engine writes into the kernel and its script. Returns the
    container's namespace."""
    network = ipaddress.ip_network(server["range"])
    gateway, container = network[1], str(first_container(server["range"]))
    netns.ip(
        address,
        "link add name br-hwvpc type bridge", f"addr add {gateway}/{network.prefixlen} dev br-hwvpc", "link set br-hwvpc up",
    )
    netns.make(container)
    netns.plug(address, "to-container", container, "eth0")
    netns.ip(address, "link set to-container master br-hwvpc")
    netns.ip(
        container, f"addr add {container}/{network.prefixlen} dev eth0", f"route add default via {gateway}",
    )
    netns.sysctl(address, "ip_forward", 1)
    if "rules" in server:
        rules = server["rules"].replace(RECORDED, str(network.network_address).rstrip("0123456789"))
        netns.run("sh", "-c", server["restore"], inside=address, stdin=rules)
    if "boot" in server:
        boot(address, server)
    for command in server.get("commands", []):
        shell(address, command)
    return container


def boot(address, server):
    """What happens of a server's script when the server starts. It finds the engine by its programs."""
    programs = pathlib.Path("/run/programs", address)
    programs.mkdir(parents=True)
    for program in {"docker": ["docker", "dockerd"]}.get(server.get("engine"), filter(None, [server.get("engine")])):
        (programs / program).write_text(STANDS_IN.format(version=server["version"]))
        (programs / program).chmod(0o755)
    if server.get("restore", "").startswith("iptables-legacy"):
        for program in ("iptables", "iptables-save", "iptables-restore"):
            legacy = netns.run("which", program.replace("iptables", "iptables-legacy")).strip()
            (programs / program).symlink_to(legacy)
    path = f"{programs}:{os.environ['PATH']}"
    netns.run("sh", "-s", "boot", inside=address, stdin=server["boot"], env={**os.environ, "PATH": path})


def first_container(cidr):
    return ipaddress.ip_network(cidr)[2]


def shell(namespace, command):
    """What a command has printed, whether it succeeds or not."""
    return netns.run("sh", "-c", f"{{ {command}; }} 2>&1 || :", inside=namespace)


def at_once(orders, act):
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(act, orders))


if __name__ == "__main__":
    main()
