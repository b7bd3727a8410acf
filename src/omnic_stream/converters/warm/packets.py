"""Captured packets: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), read as far as a summary needs."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

LARGEST: Final = 256 * MiB
LONGEST_BLOCK: Final = 16 * MiB
MICRO, NANO = 1_000_000, 1_000_000_000
"""Ticks of a second."""
PCAP: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", MICRO),
    b"\xa1\xb2\xc3\xd4": (">", MICRO),
    b"\x4d\x3c\xb2\xa1": ("<", NANO),
    b"\xa1\xb2\x3c\x4d": (">", NANO),
}
LINKS: Final = {
    0: "loopback", 1: "Ethernet", 9: "PPP", 101: "raw IP", 105: "Wi-Fi", 113: "Linux cooked", 127: "Wi-Fi with radio", 189: "USB", 220: "USB",
    228: "raw IPv4", 229: "raw IPv6", 276: "Linux cooked 2",
}  # fmt: skip
PROTOCOLS: Final = {
    1: "ICMP",
    2: "IGMP",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    58: "ICMPv6",
    89: "OSPF",
    132: "SCTP",
}
ETHER: Final = {0x0806: "ARP", 0x8035: "RARP", 0x88CC: "LLDP", 0x888E: "802.1X", 0x8847: "MPLS", 0x8863: "PPPoE", 0x8864: "PPPoE"}


@dataclass(frozen=True, slots=True)
class Packet:
    moment: int | None
    """Nanoseconds since the epoch."""
    length: int
    """On the wire."""
    link: str
    protocol: str
    source: str
    target: str
    ports: tuple[int, int] | None


def packets(descriptor: int) -> Iterator[Packet]:
    """Raises Corrupt where not one packet can be read; what is cut short ends there."""
    if os.fstat(descriptor).st_size > LARGEST:
        raise TooExpensive(f"The capture has more than {LARGEST // MiB} MiB.")
    head = os.pread(descriptor, 24, 0)
    if head[:4] in PCAP:
        yield from _classic(descriptor, head)
    elif head.startswith(b"\n\r\r\n"):
        yield from _blocks(descriptor)
    else:
        raise Corrupt("This is no capture of packets.")


def _classic(descriptor: int, head: bytes) -> Iterator[Packet]:
    order, unit = PCAP[head[:4]]
    if len(head) < 24:
        raise Corrupt("The capture is cut short.")
    link = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
    at = 24
    while len(record := os.pread(descriptor, 16, at)) == 16:
        seconds, parts, kept, length = struct.unpack(order + "IIII", record)
        if kept > LONGEST_BLOCK:
            raise Corrupt("The capture is broken: a packet has an impossible length.")
        yield _packet(os.pread(descriptor, min(kept, 128), at + 16), link, length, seconds * NANO + parts * NANO // unit)
        at += 16 + kept


def _blocks(descriptor: int) -> Iterator[Packet]:
    order = "<"
    links = list[tuple[int, int]]()
    at = 0
    while len(head := os.pread(descriptor, 12, at)) == 12:
        if head[:4] == b"\n\r\r\n":  # section header: its third word tells the byte order
            order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
            links.clear()
        kind, size = struct.unpack(order + "II", head[:8])
        if size < 12 or size % 4 or size > LONGEST_BLOCK:
            raise Corrupt("The capture is broken: a block has an impossible length.")
        body = os.pread(descriptor, min(size - 12, 4096), at + 8)
        if kind == 1 and len(body) >= 8:
            links.append((struct.unpack(order + "H", body[:2])[0], _unit(body[8:], order)))
        elif kind == 6 and len(body) >= 20:
            place, high, low, _, length = struct.unpack(order + "IIIII", body[:20])
            known = links[int(place) : int(place) + 1]
            link, unit = known[0] if known else (1, MICRO)
            yield _packet(body[20:148], link, length, ((high << 32) + low) * NANO // unit)
        elif kind == 3 and len(body) >= 4:
            yield _packet(body[4:132], links[0][0] if links else 1, struct.unpack(order + "I", body[:4])[0], None)
        at += size


def _unit(options: bytes, order: str) -> int:
    """if_tsresol: the negative power of 10, or of 2 where the highest bit is set."""
    while len(options) >= 4:
        code, size = struct.unpack(order + "HH", options[:4])
        if code == 9 and size == 1 and len(options) > 4:
            power = options[4]
            return 1 << (power & 0x3F) if power & 0x80 else 10 ** min(power, 18)
        if code == 0:
            break
        options = options[4 + size + -size % 4 :]
    return MICRO


def _packet(data: bytes, link: int, length: int, moment: int | None) -> Packet:
    name = LINKS.get(link, f"link type {link}")
    kind, start = _network(data, link)
    if kind == 0x0800 and len(data) >= start + 20:
        protocol, source, target = (
            data[start + 9],
            IPv4Address(data[start + 12 : start + 16]),
            IPv4Address(data[start + 16 : start + 20]),
        )
        return _transport(data, start + (data[start] & 15) * 4, protocol, str(source), str(target), (moment, length, name))
    if kind == 0x86DD and len(data) >= start + 40:
        protocol, source, target = (
            data[start + 6],
            IPv6Address(data[start + 8 : start + 24]),
            IPv6Address(data[start + 24 : start + 40]),
        )
        start += 40
        while protocol in {0, 43, 60} and len(data) >= start + 8:  # extension headers (RFC 8200 section 4)
            protocol, start = data[start], start + (data[start + 1] + 1) * 8
        return _transport(data, start, protocol, str(source), str(target), (moment, length, name))
    protocol = ETHER.get(kind, f"0x{kind:04x}" if kind >= 0x600 else name)
    source, target = (_hardware(data[6:12]), _hardware(data[:6])) if link == 1 and len(data) >= 14 else ("", "")
    return Packet(moment, length, name, protocol, source, target, None)


def _network(data: bytes, link: int) -> tuple[int, int]:
    """The EtherType and where what it names begins; 0 for what is not looked into."""
    if link == 1 and len(data) >= 14:
        kind, at = int.from_bytes(data[12:14], "big"), 14
        while kind in {0x8100, 0x88A8} and len(data) >= at + 4:
            kind, at = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        return kind, at
    if link == 113 and len(data) >= 16:
        return int.from_bytes(data[14:16], "big"), 16
    if link == 276 and len(data) >= 20:
        return int.from_bytes(data[:2], "big"), 20
    if link in {12, 14, 101, 228, 229} and data:
        return (0x0800 if data[0] >> 4 == 4 else 0x86DD), 0
    if link == 0 and len(data) >= 5:
        return (0x0800 if data[4] >> 4 == 4 else 0x86DD), 4
    return 0, 0


def _transport(data: bytes, start: int, protocol: int, source: str, target: str, known: tuple[int | None, int, str]) -> Packet:
    name = PROTOCOLS.get(protocol, f"IP protocol {protocol}")
    ports = struct.unpack(">HH", data[start : start + 4]) if name in {"TCP", "UDP", "SCTP"} and len(data) >= start + 4 else None
    return Packet(*known, name, source, target, ports)


def _hardware(address: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in address)
