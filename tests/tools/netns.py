"""Network namespaces without root: inside of a user namespace, which ends with the process that runs in it.

Every namespace has a name below /run/netns, so what is written for `ip netns` works in it.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import threading

# Where a user's PATH may not lead.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
PROGRAMS = ["unshare", "ip", "nft", "iptables", "iptables-restore", "ping", "traceroute"]
ENTER = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
NEW_NETWORK = 0x40000000
QUIET = {"conf/all/rp_filter": 0, "conf/default/rp_filter": 0, "conf/all/send_redirects": 0,
         "conf/default/send_redirects": 0, "icmp_ratemask": 0, "icmp_ratelimit": 0}

libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """Something that has to work for packets to be sent did not."""


def why_not():
    """Why this machine allows no namespaces, or None."""
    if sys.platform != "linux":
        return f"this is {sys.platform}, not Linux"
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return f"{', '.join(missing)}: not installed"
    attempt = [*ENTER, "sh", "-c", "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add a"]
    tried = subprocess.run(attempt, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return None if tried.returncode == 0 else tried.stderr.strip() or "no namespace could be made"


def settle():
    """The first thing to do in the new user namespace: a place for the names."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    os.mkdir("/run/netns")


def make(name):
    """A namespace in which packets are not filtered by their source, and errors are answered without a limit."""
    run("ip", "netns", "add", name)
    ip(name, "link set lo up")
    for setting, value in QUIET.items():
        sysctl(name, setting, value)


def plug(name, device, other, other_device):
    """A wire between two namespaces."""
    ip(name, f"link add {device} type veth peer name {other_device} netns {other}", f"link set {device} up")
    ip(other, f"link set {other_device} up")


def sysctl(name, setting, value):
    """Sets something below /proc/sys/net/ipv4, which shows the namespace of who asks."""
    with within(name):
        pathlib.Path("/proc/thread-self/root/proc/sys/net/ipv4", setting).write_text(f"{value}\n")


def ip(name, *lines):
    """Commands of `ip` in a namespace."""
    run("ip", "-n", name, "-batch", "-", stdin="\n".join(lines) + "\n")


def run(*command, inside=None, stdin="", env=None):
    """What a command prints that has to succeed."""
    with within(inside):
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


@contextlib.contextmanager
def within(name):
    """What this thread does meanwhile, and what it starts, is in that namespace."""
    if name is None:
        yield
        return
    with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as before, open(f"/run/netns/{name}") as there:
        enter(there)
        try:
            yield
        finally:
            enter(before)


def enter(namespace):
    if libc.setns(namespace.fileno(), NEW_NETWORK) != 0:
        raise Failed(f"setns: {os.strerror(ctypes.get_errno())}")
