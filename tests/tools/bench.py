"""How many calls, how much time and memory the provider takes: real Terraform, release build, a slow emulator.

    bench.py [--write] [--only N] [--sets] [--latency TIME]

Prints its tables in Markdown; `--write` puts them between the markers of `docs/guides/performance.md`. Times and
memory are those of this machine; the counts hardly depend on it. Takes a few minutes and is no test.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import demo
import mirror
import terraform

PAGE = mirror.REPOSITORY / "docs" / "guides" / "performance.md"
MARKERS = ("<!-- measured by `make bench` -->\n", "<!-- end of what was measured -->\n")
SERVERS = 4
STARTS = 40
BLOCK = 100
ROUNDS = 3
SINGLES, SET, BY_ADDRESS = "single routes", "routes in sets", "single routes by `host_ip`"
SET_TYPE = "huaweivpc_container_routes"
HOSTS_IN_SETS, SINGLE_HOSTS = "hosts in two sets", "hosts by single resources"
# What the official provider took for 100 routes in one table at 50 ms with Terraform 1.11.4 on a quiet machine.
OFFICIAL = {"create": (302, 4.0), "refresh": (101, 2.3), "destroy": (203, 3.7)}
COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
# What Terraform shows who it is with: P-521, self-signed. Nobody has the key; nobody connects here.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIICRDCCAaagAwIBAgIUO6e0szf+5XXBLeV0o9ppfRVAIpIwCgYIKoZIzj0EAwIw
KDESMBAGA1UECgwJSGFzaGlDb3JwMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcNMjYx
MTIzMDQzNDQwWhgPMjEyNjEwMzAwNDM0NDBaMCgxEjAQBgNVBAoMCUhhc2hpQ29y
cDESMBAGA1UEAwwJbG9jYWxob3N0MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB
P1DvWYyksSVClGpc6XLlnjmN5FPPkFMu0n8FG37bK4WJDxo5EMjGQgD6ISTtQRc6
B1lPKUSon9ZFUUSQCuus6q0ApVCZR1BHbZEkoXYBozRHaIMlOJxPl53vQ1nep6RY
87c7LouUWcAMIbZCcgIcdIRgpSDscyNGLYHxBhnXlkuCypyjaTBnMB0GA1UdDgQW
BBScNZ0ocDB2w8Oi8W3ABwFc4mOzgDAfBgNVHSMEGDAWgBScNZ0ocDB2w8Oi8W3A
BwFc4mOzgDAPBgNVHRMBAf8EBTADAQH/MBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAK
BggqhkjOPQQDAgOBiwAwgYcCQgE/Zy4kY0a4eErL7UHGdyV3QaI91D6TUC6BgFW0
b/UMCDCF1dmQ2L4X6md7h+eb8bpcWCUzXUnr3df5DmykhkdJoQJBJ8tkdR/LQzfM
JTrhjNRA8ds4YNVd61fcN18oqbz3AcT1UaLT1lef2vcSqTwBrJOCcfjvXBBUxn2+
y0EVUcvzPtY=
-----END CERTIFICATE-----
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    parser.add_argument("--only", type=int, metavar="N", help="no other number of routes")
    parser.add_argument("--sets", action="store_true", help="no single routes")
    parser.add_argument("--latency", default="50ms", metavar="TIME", help="of every call, default 50ms")
    wanted = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="huaweivpc-bench-") as folder:
            report = measure(Bench(pathlib.Path(folder), wanted.latency), wanted.only, wanted.sets)
    except demo.Failed as problem:
        raise SystemExit(f"\n{problem}") from problem
    print(report)
    if wanted.write:
        write(report)


def measure(bench, only, only_sets):
    """Everything, as the Markdown that goes between the markers."""
    numbers = [(count, tables) for count, tables in ((1, 1), (10, 1), (100, 1), (200, 1), (1000, 5))
               if only in (None, count)]
    kinds = [SET] if only_sets else [SINGLES, SET] if bench.offers(SET_TYPE) else [SINGLES]
    rows = [row for kind in kinds for count, tables in numbers for row in bench.life(kind, count, tables)]
    if only in (None, 100) and SINGLES in kinds:
        rows += bench.life(BY_ADDRESS, 100, 1)
    lines = [surroundings(bench), ""]
    lines += table(Row.HEAD, [row.cells() for row in rows])
    hosts = [(HOSTS_IN_SETS, 10), (HOSTS_IN_SETS, 100), (HOSTS_IN_SETS, 1000)]
    hosts += [] if only_sets else [(SINGLE_HOSTS, 10), (SINGLE_HOSTS, 100)]
    rows = [row for kind, count in hosts if only in (None, count) for row in bench.life_of_hosts(kind, count)]
    lines += ["", *table(["source checks and routes", *Row.HEAD[1:-1]], [row.cells()[:-1] for row in rows])]
    if only in (None, 200):
        lines += ["", *rate_limited(bench, kinds)]
    if only is None:
        lines += ["", *time_of_an_apply(bench)]
    lines += ["", *footprint(bench)]
    return "\n".join(lines) + "\n"


def surroundings(bench):
    cores, load = os.cpu_count(), os.getloadavg()[1]
    return (
        f"{bench.client['name'].capitalize()} {bench.client['version']} at its default parallelism, release build of "
        f"version {mirror.version()}, {bench.latency} for every call, `project_id` set; {platform.machine()}, {cores} "
        f"cores, load {load:.1f} over the last five minutes."
    )


def rate_limited(bench, kinds):
    """200 routes made, planned, moved and destroyed where 200 calls may be made in five minutes."""
    rows = []
    for kind in kinds:
        life = list(bench.life(kind, 200, 1, "--rate-limit", "200/5m"))
        calls = sum(row.writes + row.table_reads + row.other_reads for row in life)
        rows.append([f"200 {kind}", str(calls), str(sum(row.refused for row in life)),
                     f"{sum(row.seconds for row in life):.1f} s"])
    head = ["at 200 calls per 5 minutes, whole life", "calls", "refused", "time"]
    return table(head, rows)


def time_of_an_apply(bench):
    """Where the time of one apply goes, by taking things away one after the other."""
    def create(count, latency):
        with contextlib.closing(bench.life(SINGLES, count, 1, latency=latency)) as life:
            return next(life)

    def seconds(count, latency):
        return statistics.median(create(count, latency).seconds for _ in range(ROUNDS))

    bare = statistics.median(bench.bare() for _ in range(ROUNDS))
    one, many, slow = seconds(1, "0ms"), seconds(100, "0ms"), seconds(100, bench.latency)
    alone, together = create(1, "0ms"), create(100, "0ms")
    starts, ours = alone.starts, together.computed - alone.computed
    rows = [
        ["Terraform itself: the same command without any provider", f"{bare:.2f} s"],
        [f"one route more: {starts} starts of the provider, schemas, plugin protocol", f"{one - bare:.2f} s"],
        ["99 routes more: Terraform's graph and state, our planning and applying", f"{many - one:.2f} s"],
        ["of these, a core worked for the provider", f"{ours:.2f} s"],
        [f"the cloud: {bench.latency} for every call", f"{slow - many:.2f} s"],
        ["altogether", f"{slow:.2f} s"],
    ]
    return table(["where the time of an apply of 100 single routes goes", "time"], rows)


def footprint(bench):
    starts = sorted(start(bench.provider) for _ in range(STARTS))
    ready = statistics.median(seconds for seconds, _ in starts)
    resident = statistics.median(memory for _, memory in starts)
    size = bench.provider.stat().st_size / 1e6
    rows = [
        [f"from start to handshake line with TLS, median of {STARTS}", f"{ready * 1e3:.1f} ms"],
        ["memory at that moment", f"{resident:.1f} MB"],
        ["size of the binary", f"{size:.1f} MB"],
    ]
    return table(["the provider itself", ""], rows)


class Bench:
    """Programs, mirror and client settings that all measurements share."""

    def __init__(self, folder, latency):
        self.folder = folder
        self.latency = latency
        self.client = terraform.find(False)[0]
        self.provider, self.emulator = build()
        self.starts = folder / "starts"
        # Between the client and the provider: notes the process and becomes the provider.
        wrapper = folder / "wrapper"
        wrapper.write_text(f'#!/bin/sh\necho $$ >> "{self.starts}"\nexec "{self.provider}" "$@"\n')
        wrapper.chmod(0o755)
        mirror.fill(folder / "mirror", wrapper)
        path = json.dumps(str(folder / "mirror"))
        settings = f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"
        (folder / "cli.tfrc").write_text(settings)

    def offers(self, resource):
        """Whether the provider has this type."""
        module = self.module({"terraform": {"required_providers": {"huaweivpc": {"source": mirror.SOURCE}}}})
        schemas = json.loads(self.run(module, "providers", "schema", "-json"))
        return any(resource in provider["resource_schemas"] for provider in schemas["provider_schemas"].values())

    def bare(self):
        """Seconds of an apply without any provider."""
        module = self.module({"output": {"nothing": {"value": 1}}})
        began = time.monotonic()
        self.run(module, "apply", "-auto-approve", "-no-color")
        return time.monotonic() - began

    def life(self, kind, count, tables, *arguments, latency=None):
        """Create, refresh, move one, destroy; yields a row for each."""
        latency = latency or self.latency
        note(f"{count} {kind} in {tables} table(s), {latency}, {' '.join(arguments)}")
        scenario = self.folder / "scenario.json"
        scenario.write_text(json.dumps(world(tables)))
        with running([str(self.emulator), "--scenario", str(scenario), "--latency", latency, *arguments]) as url:
            state = demo.state(url)
            module = self.module(configuration(kind, url, state, routes(count, tables)))
            steps = [("create", ["apply", "-auto-approve"], routes(count, tables)),
                     ("refresh", ["plan", "-detailed-exitcode"], routes(count, tables)),
                     ("move one", ["apply", "-auto-approve"], routes(count, tables, moved=True)),
                     ("destroy", ["destroy", "-auto-approve"], routes(count, tables, moved=True))]
            for step, command, wanted in steps:
                fill(module, configuration(kind, url, state, wanted))
                row = self.row(module, url, command)
                check(step, demo.state(url), count)
                what = f"{count} {kind}" + f", {tables} tables" * (tables > 1)
                yield dataclasses.replace(row, what=what, step=step, official=count == 100 and tables == 1)

    def life_of_hosts(self, kind, count):
        """Source checks and routes of so many hosts: create, refresh, destroy; yields a row for each."""
        note(f"{count} {kind}, {self.latency}")
        scenario = self.folder / "scenario.json"
        scenario.write_text(json.dumps(world(1, count)))
        with running([str(self.emulator), "--scenario", str(scenario), "--latency", self.latency]) as url:
            state = demo.state(url)
            module = self.module(configuration_of_hosts(kind, url, state))
            for step, command in (("create", ["apply", "-auto-approve"]), ("refresh", ["plan", "-detailed-exitcode"]),
                                  ("destroy", ["destroy", "-auto-approve"])):
                row = self.row(module, url, command)
                check(step, demo.state(url), count)
                yield dataclasses.replace(row, what=f"{count} {kind}", step=step)

    def row(self, module, url, command):
        call(url, "DELETE")
        self.starts.write_text("")
        with sampled(self.starts) as (peaks, computed):
            began = time.monotonic()
            self.run(module, *command, "-no-color")
            seconds = time.monotonic() - began
        asked = [entry for entry in call(url, "GET")["requests"] if not entry["path"].startswith("/_emulator")]
        reads = [entry for entry in asked if entry["method"] == "GET"]
        of_table = [entry for entry in reads if re.search(r"/routetables/[^/]+$", entry["path"])]
        return Row(
            writes=len(asked) - len(reads), table_reads=len(of_table), other_reads=len(reads) - len(of_table),
            at_once=max((entry["in_flight"] for entry in asked), default=0), seconds=seconds, peak=max(peaks, default=0),
            computed=sum(computed.values()),
            refused=sum(entry["status"] == 429 for entry in asked), starts=len(self.starts.read_text().split()),
        )

    def module(self, contents):
        """A fresh folder with this configuration, initialized."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        fill(folder, contents)
        self.run(folder, "init", "-no-color")
        return folder

    def run(self, folder, *arguments):
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": "/tmp",
            "TF_CLI_CONFIG_FILE": str(self.folder / "cli.tfrc"), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        return demo.output([*self.client["command"], *arguments], cwd=folder, env=environment)


@dataclasses.dataclass
class Row:
    """What one command took. Seconds, `computed` those that a core worked for the provider; MB of its largest process."""

    writes: int
    table_reads: int
    other_reads: int
    at_once: int
    seconds: float
    peak: float
    computed: float
    refused: int
    starts: int
    what: str = ""
    step: str = ""
    official: bool = False

    HEAD = ["routes", "step", "writes", "table reads", "other reads", "most at once", "refused", "time", "peak memory",
            "starts", "the official provider"]

    def cells(self):
        calls, seconds = OFFICIAL.get(self.step, (None, None)) if self.official else (None, None)
        return [
            self.what, self.step, str(self.writes), str(self.table_reads), str(self.other_reads), str(self.at_once),
            str(self.refused), f"{self.seconds:.1f} s", f"{self.peak:.1f} MB", str(self.starts),
            f"{calls} calls, {seconds} s" if calls else "",
        ]


def build():
    """The release build of both programs."""
    note("cargo build --release")
    command = ["cargo", "build", "--locked", "--release", "--bins", "--message-format=json-render-diagnostics"]
    built = {}
    for message in map(json.loads, demo.output(command, cwd=mirror.REPOSITORY).splitlines()):
        if message["reason"] == "compiler-artifact" and message["executable"]:
            built[message["target"]["name"]] = pathlib.Path(message["executable"])
    return built["terraform-provider-huaweivpc"], built["huaweivpc-emulator"]


def world(tables, servers=SERVERS):
    """A scenario with room for all servers and routes."""
    scenario = json.loads(demo.SCENARIO.read_text())
    vpc, subnet = scenario["vpcs"][0]["name"], scenario["subnets"][0]["name"]
    server = {"nics": [{"subnet": subnet, "security_groups": [scenario["security_groups"][0]["name"]]}]}
    return scenario | {
        "quotas": {"vpcContainRoutetable": 10, "routetableContainRoutes": 1000},
        "subnets": [{**scenario["subnets"][0], "cidr": "192.168.0.0/16"}],
        "servers": [{**server, "name": f"host-{number}"} for number in range(servers)],
        "route_tables": [{"name": f"table-{number}", "vpc": vpc} for number in range(tables)],
    }


def routes(count, tables, moved=False):
    """(table, destination, host) as numbers. `moved` sends the last one to another host."""
    hosts = [number % SERVERS for number in range(count)]
    hosts[-1] = (hosts[-1] + moved) % SERVERS
    return [(number % tables, f"10.{number // 256}.{number % 256}.0/24", host) for number, host in enumerate(hosts)]


def configuration(kind, url, state, wanted):
    """The configuration of routes as Terraform's JSON."""
    tables = [next(table["id"] for table in state["route_tables"] if table["name"] == f"table-{number}")
              for number in range(1 + max(table for table, _, _ in wanted))]
    servers = [server["id"] for server in state["servers"]]
    addresses = {port["device_id"]: port["ip_address"] for port in state["ports"] if port["device_id"] in servers}

    def hop(host):
        return {"host_ip": addresses[servers[host]]} if kind == BY_ADDRESS else {"ecs_id": servers[host]}

    if kind == SET:
        resources = {SET_TYPE: {
            f"table-{number}": {
                "route_table_id": table_id,
                "routes": {destination: hop(host) for table, destination, host in wanted if table == number},
            } for number, table_id in enumerate(tables)
        }}
    else:
        # Terraform itself takes a time that grows with the square of the instances of one block.
        resources = {"huaweivpc_container_route": {
            f"routes-{first}": {
                "for_each": {destination: {"table": tables[table], **hop(host)}
                             for table, destination, host in wanted[first:first + BLOCK]},
                "route_table_id": "${each.value.table}",
                "destination": "${each.key}",
                **{name: f"${{each.value.{name}}}" for name in hop(0)},
            } for first in range(0, len(wanted), BLOCK)
        }}
    return block(url) | {"resource": resources}


def configuration_of_hosts(kind, url, state):
    """The README's configuration, or that of `examples/guide`, for all servers."""
    vpc = state["vpcs"][0]["id"]
    servers = {server["id"] for server in state["servers"]}
    owned = [port["ip_address"] for port in state["ports"] if port["device_id"] in servers]
    hosts = {address: f"10.{number // 256}.{number % 256}.0/24" for number, address in enumerate(owned)}
    if kind == HOSTS_IN_SETS:
        checks = {"huaweivpc_ecs_port_source_checks": {"this": {"vpc_id": vpc, "hosts": list(hosts)}}}
        routes = {"routes": {destination: {"host_ip": address} for address, destination in hosts.items()}}
    else:
        checks = {"huaweivpc_ecs_port_source_check": {
            "this": {"for_each": {address: address for address in hosts}, "vpc_id": vpc, "host_ip": "${each.key}"},
        }}
        routes = {"for_each": {destination: address for address, destination in hosts.items()},
                  "destination": "${each.key}", "host_ip": "${each.value}"}
    resource = SET_TYPE if kind == HOSTS_IN_SETS else "huaweivpc_container_route"
    routes |= {"vpc_id": vpc, "depends_on": [f"{next(iter(checks))}.this"]}
    return block(url) | {"resource": checks | {resource: {"this": routes}}}


def block(url):
    """The provider with its settings."""
    scenario = json.loads(demo.SCENARIO.read_text())
    keys = scenario["access_keys"][0]
    return {
        "terraform": {"required_providers": {"huaweivpc": {"source": mirror.SOURCE}}},
        "provider": {"huaweivpc": {
            "region": scenario["region"], "project_id": scenario["project"]["id"],
            "access_key": keys["access_key"], "secret_key": keys["secret_key"],
            "endpoints": {service: url for service in ("iam", "vpc", "ecs")},
        }},
    }


def fill(folder, contents):
    (folder / "main.tf.json").write_text(json.dumps(contents, indent=1))


def check(step, state, count):
    """A figure of a command that did not do its work is worth nothing."""
    found = sum(len(table["routes"]) for table in state["route_tables"])
    if found != (0 if step == "destroy" else count):
        raise demo.Failed(f"After `{step}` the cloud holds {found} routes.")


@contextlib.contextmanager
def running(command):
    """A process that says where it listens."""
    process = demo.start(command, stderr=None)
    try:
        yield json.loads(process.stdout.readline())["listening"]
    finally:
        demo.stop(process)


@contextlib.contextmanager
def sampled(starts):
    """Of every process whose number is in the file, as the kernel keeps it: peak memory (MB), seconds of computing."""
    peaks, computed, done = [], {}, threading.Event()

    def sample():
        while not done.wait(0.01):
            for process in starts.read_text().split():
                with contextlib.suppress(OSError):
                    peaks.extend(memory(process, "VmHWM"))
                    computed[process] = computing(process)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peaks, computed
    finally:
        done.set()
        sampler.join()


def memory(process, what):
    """A figure of `/proc/PID/status` in MB, none if the process is about to end."""
    status = pathlib.Path("/proc", str(process), "status").read_text()
    return [int(size) * 1024 / 1e6 for size in re.findall(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)]


def computing(process):
    """Seconds that a process has kept a core busy."""
    fields = pathlib.Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def start(provider):
    """Seconds from start to the handshake line with TLS, and the memory (MB) at that moment."""
    environment = {
        "PATH": os.environ["PATH"], "TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "5,6",
        "PLUGIN_CLIENT_CERT": CERTIFICATE, "TMPDIR": "/tmp",
    }
    began = time.monotonic()
    process = subprocess.Popen([str(provider)], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline()
        seconds = time.monotonic() - began
        if line.count("|") < 5 or not line.split("|")[5].strip():
            raise demo.Failed(f"No handshake line with a certificate but {line!r}.")
        return seconds, memory(process.pid, "VmRSS")[0]
    finally:
        process.terminate()
        process.wait()


def call(url, method):
    request = urllib.request.Request(f"{url}/_emulator/requests", method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def write(report):
    before, rest = PAGE.read_text().split(MARKERS[0])
    after = rest.split(MARKERS[1])[1]
    PAGE.write_text(before + MARKERS[0] + "\n" + report + "\n" + MARKERS[1] + after)


def note(text):
    demo.waiting("")
    print(f"bench.py: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
