"""Ping, traceroute and connections from one namespace, all at once: a second, or as long as one is patient, whatever
does not come back.

A process with `ping` and `traceroute` waits a second for each answer that does not come. The lines are those that
`traceroute -n -q1 -m6` prints, without its times.
"""

import itertools
import os
import select
import socket
import struct
import threading
import time

import netns

HOPS = 6
PATIENCE = 1.0
PATIENCE_OF_PING = 1.0
FIRST_PORT = 33434
ECHO_REPLY, UNREACHABLE, ECHO, TIME_EXCEEDED = 0, 3, 8, 11
UNREACHABLE_BY_CODE = {0: "!N", 1: "!H", 2: "!P", 3: "", 9: "!X", 10: "!X", 13: "!X"}
identifiers = itertools.count(os.getpid() % 1000 * 50 + 1)


def probe(source, target, published, patience=PATIENCE):
    """What `ping`, `traceroute` by UDP and by ICMP, and connections to `target` and to `published` show."""
    with netns.within(source):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        ping, trace = next(identifiers) & 0xFFFF, next(identifiers) & 0xFFFF
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(HOPS)]
        calls = {name: socket.socket() for name in ("tcp80", "tcp8081", "published")}
    try:
        # A server says of five packets at once that there is no way, and then of one in a second: first the near ones.
        send(raw, echo(ping, 0), (target, 0))
        for ttl, sender in enumerate(senders, 1):
            for each in (sender, raw):
                each.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            sender.bind(("", 0))
            send(sender, b"", (target, FIRST_PORT + ttl))
            send(raw, echo(trace, ttl), (target, 0))
        for name, address in (("tcp80", (target, 80)), ("tcp8081", (target, 8081)), ("published", (published, 8080))):
            calls[name].setblocking(False)
            calls[name].connect_ex(address)
        ports = {sender.getsockname()[1]: ttl for ttl, sender in enumerate(senders, 1)}
        return gathered(raw, calls, ping, trace, ports, target, patience)
    finally:
        for it in [raw, *senders, *calls.values()]:
            it.close()


def send(sender, data, address):
    """Nothing comes of what cannot be sent: an earlier error of the way is told here too."""
    try:
        sender.sendto(data, address)
    except OSError:
        pass


def gathered(raw, calls, ping, trace, ports, target, patience):
    """Waits until all has come, or nothing can come any more."""
    seen = {"ping": None, "ping_error": None}
    hops = {"udp": {}, "icmp": {}}
    open_calls, begin = dict(calls), time.monotonic()
    while (left := begin + patience - time.monotonic()) > 0:
        is_over = (seen["ping"] or seen["ping_error"]) and not open_calls
        if is_over and all(is_complete(of) for of in hops.values()):
            break
        for ready in select.select([raw, *open_calls.values()], [], [], left)[0]:
            if ready is raw:
                note(raw.recvfrom(2048), seen, hops, ping, trace, ports, target)
                if seen["ping_error"]:
                    seen.setdefault("ping_error_after", time.monotonic() - begin)
            else:
                name = next(name for name, call in open_calls.items() if call is ready)
                seen[name] = said(open_calls.pop(name))
    if seen.pop("ping_error_after", 0) > PATIENCE_OF_PING:
        seen["ping_error"] = None
    shown = {name: lines(of) for name, of in hops.items()}
    return {**dict.fromkeys(calls), **seen, **shown}


def note(received, seen, hops, ping, trace, ports, target):
    """Takes down an ICMP message, if it answers one of ours."""
    packet, (sender, _) = received
    message = packet[(packet[0] & 15) * 4:]
    kind, code, _, identifier, sequence = struct.unpack("!BBHHH", message[:8])
    if kind == ECHO_REPLY and sender == target:
        if identifier == ping:
            seen["ping"] = packet[8]
        elif identifier == trace:
            hops["icmp"][sequence] = (sender, True)
        return
    if kind not in (UNREACHABLE, TIME_EXCEEDED):
        return
    about = message[8:]
    inner = about[(about[0] & 15) * 4:]
    mark = UNREACHABLE_BY_CODE.get(code, f"!{code}") if kind == UNREACHABLE else ""
    line, is_last = f"{sender} {mark}".strip(), kind == UNREACHABLE
    if about[9] == socket.IPPROTO_UDP:
        ttl = ports.get(struct.unpack("!H", inner[:2])[0])
        if ttl:
            hops["udp"][ttl] = (line, is_last)
    elif about[9] == socket.IPPROTO_ICMP and inner[0] == ECHO:
        identifier, sequence = struct.unpack("!HH", inner[4:8])
        if identifier == trace:
            hops["icmp"][sequence] = (line, is_last)
        elif identifier == ping:
            what = "Destination Host Unreachable" if is_last else "Time to live exceeded"
            seen["ping_error"] = f"{what} from {sender}"


def is_complete(hops):
    """Whether every line up to the last one is there."""
    last = min((ttl for ttl, (_, is_last) in hops.items() if is_last), default=HOPS)
    return all(ttl in hops for ttl in range(1, last + 1))


def lines(hops):
    """As printed; of stars at the end only one."""
    shown = []
    for ttl in range(1, HOPS + 1):
        line, is_last = hops.get(ttl, ("*", False))
        shown.append(line)
        if is_last:
            break
    while shown[-2:] == ["*", "*"]:
        shown.pop()
    return shown


def said(call):
    """The address that the other end has seen, or None."""
    try:
        return call.recv(64).decode() or None
    except OSError:
        return None


def echo(identifier, sequence):
    message = struct.pack("!BBHHH", ECHO, 0, 0, identifier, sequence) + bytes(16)
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    return message[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + message[4:]


def serve(namespace):
    """Tells who calls on the ports 80 and 8081 of a namespace the address it has seen."""
    for port in (80, 8081):
        with netns.within(namespace):
            listener = socket.create_server(("", port))
        threading.Thread(target=answer, args=(listener,), daemon=True).start()


def answer(listener):
    while True:
        caller, (address, _) = listener.accept()
        with caller:
            caller.sendall(address.encode())


class Sniffer:
    """Whose requests reach a namespace, by protocol."""

    def __init__(self, namespace):
        with netns.within(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))

    def sources(self):
        """Since it was made or last asked."""
        seen = {}
        self.socket.setblocking(False)
        while True:
            try:
                packet, (_, _, kind, *_) = self.socket.recvfrom(2048)
            except BlockingIOError:
                break
            inner = packet[(packet[0] & 15) * 4:]
            is_request = {
                socket.IPPROTO_ICMP: lambda: inner[0] == ECHO,
                socket.IPPROTO_UDP: lambda: True,
                socket.IPPROTO_TCP: lambda: inner[13] & 0x12 == 0x02,
            }.get(packet[9])
            if kind != socket.PACKET_OUTGOING and is_request and is_request():
                name = {1: "icmp", 17: "udp", 6: "tcp"}[packet[9]]
                seen.setdefault(name, set()).add(socket.inet_ntoa(packet[12:16]))
        return {name: ",".join(sorted(addresses)) for name, addresses in sorted(seen.items())}
