"""The guide's topology from nothing to nothing, with real Terraform and the emulator on this machine.

    demo.py

Builds provider and emulator, starts the emulator with the guide's scenario, and runs init, apply, a second plan and
destroy on `examples/guide`. In between, containers on two servers ping each other, where this machine allows network
namespaces; where it does not, the provider foretells their path. Everything happens in a temporary folder that goes away
in the end, also on Ctrl-C.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import mirror
import netns
import packets
import terraform

REPOSITORY = mirror.REPOSITORY
SCENARIO = REPOSITORY / "examples" / "scenarios" / "guide.json"
GUIDE = REPOSITORY / "examples" / "guide"
RANGES = {"192.168.0.2": "10.0.2.0/24", "192.168.0.3": "10.0.3.0/24"}
FIRST, SECOND = "10.0.2.2", "10.0.3.2"

# By this script each server starts.
SCRIPTS = """
data "huaweivpc_container_host_setup" "host" {
  for_each       = var.hosts
  container_cidr = each.value.container_cidr
  peer_cidrs     = [for host in var.hosts : host.container_cidr]
  vpc_cidrs      = ["192.168.0.0/16"]
}

output "scripts" {
  value = {
    for name, host in var.hosts : host.host_ip => data.huaweivpc_container_host_setup.host[name].script
  }
}
"""

# What servers that were set up by the script are like.
PATH = """
data "huaweivpc_container_path" "between" {
  vpc_id = var.vpc_id
  from   = { host_ip = "192.168.0.2", container_ip = "10.0.2.2" }
  to     = { host_ip = "192.168.0.3", container_ip = "10.0.3.2" }

  hosts = {
    for host in var.hosts : host.host_ip => {
      engine_version = "28.5.2"
      gateway_mode   = "nat-unprotected"
      masquerade     = false
      forwarding     = true
    }
  }
}

output "path" {
  value = data.huaweivpc_container_path.between
}
"""


def main():
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, signal.default_int_handler)
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="huaweivpc-demo-") as folder:
            show(pathlib.Path(folder))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing is left behind.")
    except Failed as problem:
        sys.exit(f"\n{problem}\n\nThe demo ends here. Nothing is left behind.")
    print(f"\n{bold('Done')} in {time.monotonic() - started:.1f} s. Nothing is left behind.")


def show(folder):
    """The whole story."""
    client = terraform.find(False)[0]
    print(
        f"Containers on two servers reach each other by plain IP: {client['name']} {client['version']} sets it up,\n"
        "against a small Huawei Cloud that runs on this machine for as long as this takes."
    )

    step("Build the provider and the emulator", "the first time takes a few minutes")
    provider, emulator = build()

    step("Start the emulator: two servers, to which no containers are routed yet")
    with running(emulator) as url:
        print(f"   {url}")
        before = state(url)
        picture(before)
        module = Module(client, provider, folder, url, before)

        step(f"{client['name']} init")
        module.run("init", "-no-color")
        print("   found the provider")

        step(f"{client['name']} apply")
        for address in module.changed("apply", "-auto-approve", "-json"):
            print(f"   {green('+')} {address}")

        step(f"{client['name']} plan, once more")
        module.run("plan", "-detailed-exitcode", "-no-color")
        print("   no changes: what was asked for is what is there")

        step("What the cloud holds now", "+ is new")
        picture(state(url), before)

        why_not = netns.why_not()
        if why_not:
            step("The path from container to container, as the provider foretells it")
            print(f"   This machine allows no packets to be sent: {why_not}")
            foretell(module)
        else:
            step("Ping and traceroute from container to container")
            print(
                "   Two servers as network namespaces of this machine, each started by the script that the provider\n"
                "   writes for it, without a container engine. The VPC between them is a model that forwards by what\n"
                "   the emulator holds: route table, source/destination checks, security group."
            )
            servers = {address: {"range": cidr} for address, cidr in RANGES.items()}
            for address, script in module.output("scripts").items():
                servers[address]["boot"] = script
            session = packets.Session(state(url), servers)
            call(session, state(url), answers=True)

        step(f"{client['name']} destroy")
        for address in module.changed("destroy", "-auto-approve", "-json"):
            print(f"   {red('-')} {address}")

        step("Look again")
        if facts(state(url)) != facts(before):
            picture(state(url), before)
            raise Failed("The cloud is not as it was before.")
        print("   everything is as it was before")
        if not why_not:
            call(session, state(url), answers=False)
            session.end()


def call(session, world, answers):
    """Ping and traceroute both ways, as typed in the containers. Ends the demo if they do not show what they should."""
    session.ask(state=world)
    for source, target in ((FIRST, SECOND), (SECOND, FIRST)):
        commands = [f"ping -n -c 2 -i 0.2 -W 1 {target}", f"traceroute -n -q 1 -w 1 -m 4 {target}"]
        outputs = session.ask(run=[[source, command] for command in commands])["run"]
        for command, text in zip(commands, outputs):
            print(f"   {bold(f'{source} $')} {command}")
            print("".join(f"     {line}\n" for line in text.splitlines() if line), end="")
        if ("ttl=62" in outputs[0]) is not answers:
            raise Failed("This is not how it should be." if answers else "Packets still come through.")


def foretell(module):
    (module.folder / "path.tf").write_text(PATH)
    module.run("apply", "-auto-approve", "-json")
    path = module.output("path")
    for way, source, target in (("forward", FIRST, SECOND), ("return", SECOND, FIRST)):
        told = path[way]
        print(f"   {source} to {target}: {told['verdict']}, ping ttl={told['ttl']}, seen from {told['source_seen']}")
        print("".join(f"     {number}  {hop}\n" for number, hop in enumerate(told["traceroute"], 1)), end="")


class Module:
    """The guide's configuration in a folder of its own, and the client that runs in it."""

    def __init__(self, client, provider, folder, url, world):
        self.client = client
        self.folder = folder / "guide"
        shutil.copytree(GUIDE, self.folder)
        (self.folder / "scripts.tf").write_text(SCRIPTS)
        mirror.fill(folder / "mirror", provider)
        settings = folder / "cli.tfrc"
        path = json.dumps(str(folder / "mirror"))
        settings.write_text(f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n")
        keys = json.loads(SCENARIO.read_text())["access_keys"][0]
        port = next(port for port in world["ports"] if port["device_id"])
        # Of the machine's environment only the path: its settings for Terraform and its secrets are not for a demo.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "HW_REGION_NAME": world["region"],
            "HW_ACCESS_KEY": keys["access_key"],
            "HW_SECRET_KEY": keys["secret_key"],
            "TF_VAR_vpc_id": world["vpcs"][0]["id"],
            "TF_VAR_security_group_id": port["security_groups"][0],
            "TF_VAR_endpoints": json.dumps({service: url for service in ("iam", "vpc", "ecs")}),
        }

    def run(self, *arguments):
        """What the command wrote to stdout. Ends the demo if it fails."""
        return output([*self.client["command"], *arguments], cwd=self.folder, env=self.environment)

    def output(self, name):
        """The value of an output."""
        return json.loads(self.run("output", "-json", name))

    def changed(self, *arguments):
        """The addresses a command has made or taken away, in the order in which it did."""
        events = map(json.loads, self.run(*arguments).splitlines())
        return [event["hook"]["resource"]["addr"] for event in events if event["type"] == "apply_complete"
                and event["hook"]["action"] != "read"]


def build():
    """The two binaries, as cargo says where they are."""
    messages = output(["cargo", "build", "--bins", "--message-format=json-render-diagnostics"], cwd=REPOSITORY)
    built = {}
    for message in map(json.loads, messages.splitlines()):
        if message["reason"] == "compiler-artifact" and message["executable"]:
            built[message["target"]["name"]] = pathlib.Path(message["executable"])
    return built["terraform-provider-huaweivpc"], built["huaweivpc-emulator"]


@contextlib.contextmanager
def running(emulator):
    """The emulator as a process, and its address."""
    process = start([str(emulator), "--scenario", str(SCENARIO)], stderr=None)
    try:
        line = process.stdout.readline()
        if not line:
            raise Failed("The emulator did not start.")
        yield json.loads(line)["listening"]
    finally:
        stop(process)


def output(command, **options):
    """Runs a command quietly to its end. If it fails, what it said is the reason the demo ends with."""
    process = start(command, **options)
    began = time.monotonic()
    try:
        while True:
            try:
                stdout, stderr = process.communicate(timeout=1)
                break
            except subprocess.TimeoutExpired:
                waiting(f"{time.monotonic() - began:.0f} s")
    finally:
        waiting("")
        stop(process)
    if process.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}` failed:\n\n{readable(stdout)}{stderr}".rstrip())
    return stdout


def start(command, stderr=subprocess.PIPE, **options):
    # In a session of its own: Ctrl-C is then ours alone, and passed on once.
    return subprocess.Popen(
        command, start_new_session=True, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
        **options,
    )


def stop(process):
    """Asks a process that is still there to end, and sees to it that it does."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()


def readable(stdout):
    """The problems among the lines of a command with `-json`; any other output as it is."""
    lines = []
    for line in stdout.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            lines.append(line)
            continue
        if event.get("type") == "diagnostic":
            problem = event["diagnostic"]
            lines.append(f"{problem['severity']}: {problem['summary']}\n{problem.get('detail', '')}\n")
    return "".join(f"{line}\n" for line in lines)


def state(url):
    with urllib.request.urlopen(f"{url}/_emulator/state", timeout=10) as answer:
        return json.load(answer)


def facts(world):
    """What the guide is about, as lines under headings: where packets go, who may forward, what is let in."""
    servers = {server["id"]: server["name"] for server in world["servers"]}
    addresses = {port["device_id"]: port["ip_address"] for port in world["ports"] if port["device_id"] in servers}
    lines = []
    for table in world["route_tables"]:
        for route in sorted(table["routes"], key=lambda route: route["destination"]):
            hop = route["nexthop"]
            hop = f"{servers[hop]} ({addresses[hop]})" if hop in servers else f"{route['type']} {hop}"
            lines.append((f"Route table {table['name']}", f"{route['destination']:<15} to {hop}"))
        lines.append((f"Route table {table['name']}", f"{'the subnets':<15} inside the VPC"))
    for port in world["ports"]:
        if port["device_id"] in servers:
            is_off = any(pair["ip_address"] == "1.1.1.1/0" for pair in port["allowed_address_pairs"])
            check = "check off, may forward for its containers" if is_off else "check on"
            lines.append(("Network interfaces", f"{port['ip_address']:<15} {servers[port['device_id']]}: {check}"))
    for group in world["security_groups"]:
        for rule in group["rules"]:
            way = "in, from" if rule["direction"] == "ingress" else "out, to"
            where = rule["remote"]
            if isinstance(where, dict):
                where = "this group" if "group" in where else where["prefix"]
            what = rule["protocol"] or f"all {rule['ethertype']}"
            lines.append((f"Security group {group['name']}", f"{what:<15} {way} {where}"))
    return lines


def picture(world, before=None):
    """Shows the facts, those that are new marked as such."""
    known = facts(before) if before else facts(world)
    heading = None
    for place, line in facts(world):
        if place != heading:
            heading = place
            print(f"   {bold(place)}")
        print(f"     {line}" if (place, line) in known else f"   {green('+')} {line}")


STEPS = iter(range(1, 100))
IS_TERMINAL = sys.stdout.isatty()
HAS_COLOR = IS_TERMINAL and "NO_COLOR" not in os.environ


def step(what, note=""):
    print(f"\n{bold(f'{next(STEPS)}. {what}')}{f' ({note})' if note else ''}", flush=True)


def waiting(text):
    """How long a step has been at it, for those who watch; the line is taken back."""
    if IS_TERMINAL:
        print(f"\r   {text}\x1b[K" if text else "\r\x1b[K", end="", flush=True)


def bold(text):
    return f"\x1b[1m{text}\x1b[0m" if HAS_COLOR else text


def green(text):
    return f"\x1b[32m{text}\x1b[0m" if HAS_COLOR else text


def red(text):
    return f"\x1b[31m{text}\x1b[0m" if HAS_COLOR else text


class Failed(Exception):
    """A step that did not work out; its text is for the one who watches."""


if __name__ == "__main__":
    main()
