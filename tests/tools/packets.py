"""Lets containers call each other through the VPC that an emulator holds, and once more after each change of it.

    packets.py URL RANGE@SERVER RANGE@SERVER... [--script SERVER=FILE]... [--once]

    packets.py http://127.0.0.1:40551 10.0.2.0/24@192.168.0.2 10.0.3.0/24@192.168.0.3

Each server of the emulator becomes a network namespace, each RANGE a bridge on the server with that address and a
container, the second address of the range. The servers forward, and no engine runs on them; with `--script` a server
starts by that script of the data source `huaweivpc_container_host_setup`. What is in between is a model of the VPC
(`fabric.py`). No root is needed, but Linux with user namespaces, iproute2, iptables, nftables, ping and traceroute.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

import fabric
import netns

STAGE = pathlib.Path(__file__).resolve().parent / "stage.py"
PARTS = ("route_tables", "security_groups", "ports", "subnets")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="what the emulator prints as `listening`")
    parser.add_argument("ranges", nargs="+", metavar="RANGE@SERVER", help="10.0.2.0/24@192.168.0.2")
    parser.add_argument("--script", action="append", default=[], metavar="SERVER=FILE", help="the server's own script")
    parser.add_argument("--once", action="store_true", help="do not wait for changes")
    wanted = parser.parse_args()
    reason = netns.why_not()
    if reason:
        sys.exit(f"packets.py: no packets can be sent on this machine: {reason}")
    servers = {address: {"range": cidr} for cidr, _, address in (it.partition("@") for it in wanted.ranges)}
    for address, _, file in (it.partition("=") for it in wanted.script):
        servers[address]["boot"] = pathlib.Path(file).read_text()
    try:
        watch(wanted.url, servers, wanted.once)
    except KeyboardInterrupt:
        pass
    except (OSError, netns.Failed) as problem:
        sys.exit(f"packets.py: {problem}")


def watch(url, servers, once):
    session, known = None, None
    while True:
        state = state_of(url)
        about = [state[part] for part in PARTS]
        if about != known:
            interfaces = [nic.port["ip_address"] for nic in fabric.nics(state)]
            if session is None or session.interfaces != interfaces:
                if session:
                    session.end()
                session = Session(state, servers)
                print(f"Enter a container with: {session.entering('ADDRESS')}\n")
            show(session, state)
            known = about
        if once:
            session.end()
            return
        time.sleep(1)


def show(session, state):
    """What each container sees of each other one, a line each."""
    pairs = list(itertools.permutations(session.containers, 2))
    for (source, target), seen in zip(pairs, session.ask(state=state, probe=pairs)["probe"]):
        ping = f"ttl={seen['ping']}" if seen["ping"] else seen["ping_error"] or "no answer"
        seen_from = seen["sources"].get("icmp", "nobody")
        print(f"{source} to {target}: ping {ping}; traceroute {', '.join(seen['udp'])}; seen from {seen_from}")
    print(flush=True)


class Session:
    """The servers, the containers and the VPC, as processes in namespaces of their own."""

    def __init__(self, state, servers):
        self.interfaces = [nic.port["ip_address"] for nic in fabric.nics(state)]
        missing = sorted(set(servers) - set(self.interfaces))
        if missing:
            sys.exit(f"packets.py: no server of the emulator has the address {', '.join(missing)}")
        command = [*netns.ENTER, sys.executable, str(STAGE)]
        # In a session of its own: Ctrl-C is then for this program alone, with which the other one ends.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )
        self.containers = self.ask(state=state, servers=servers)["containers"]

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise netns.Failed("The namespaces are gone.")
        return json.loads(answer)

    def entering(self, address):
        """The command that opens a shell in a namespace."""
        inside = f"nsenter --target {self.process.pid} --user --mount --net --preserve-credentials"
        return f"{inside} ip netns exec {address} sh"

    def end(self):
        self.process.kill()
        self.process.wait()


def state_of(url):
    with urllib.request.urlopen(f"{url}/_emulator/state", timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
