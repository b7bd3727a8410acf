"""Hosts as they are dialled, so that whoever guards the network sees what the resolver will see.

``①②⑦.1``, ``0x7f.1`` and ``2130706433`` all reach 127.0.0.1; here they all are ``127.0.0.1``.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NoReturn

from omnic_stream.model.errors import BadAddress

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")
_ZONED = re.compile(r"([0-9A-Fa-f:.]+)(?:%25([A-Za-z0-9._~-]{1,64}))?")
_NUMBER = re.compile(r"0[xX]([0-9A-Fa-f]*)|([0-9]+)")
_LONGEST = 253


def canonical_host(host: str, *, dialled: bool) -> str:
    """The one text for a host. A ``dialled`` one may be an IP address or an international name; any other is a plain name.

    Raises BadAddress.
    """
    if not host:
        _bad("The address names no host.")
    if len(host) > _LONGEST + 1:
        _bad(f"A host may be {_LONGEST} characters long at most.")
    if host.startswith("["):
        return _ipv6(host)
    if not host.isascii():
        host = _ascii(host)
    host = host.lower()
    if not _NAME.fullmatch(host) or len(host.removesuffix(".")) > _LONGEST:
        _bad("A host is made of letters, digits, dots and hyphens, and no part begins with a hyphen.")
    if not dialled:
        return host
    return _ipv4(host) or host


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        _bad("The international host name of the address is not valid (RFC 3490).")


def _ipv4(host: str) -> str | None:
    """A host whose last part is a number is an IPv4 address, in any notation that inet_aton knows (as in the WHATWG URL standard)."""
    parts = host.removesuffix(".").split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    numbers = [_number(part) for part in parts]
    *leading, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        _bad("The host of the address looks like an IPv4 address and is none.")
    value = last + sum(number << (8 * (3 - place)) for place, number in enumerate(leading))
    return str(ipaddress.IPv4Address(value))


def _number(part: str) -> int:
    if not (number := _NUMBER.fullmatch(part)) or len(part) > 32:
        _bad("The host of the address looks like an IPv4 address and is none.")
    if number[1] is not None:
        return int(number[1] or "0", 16)
    octal = len(part) > 1 and part.startswith("0")
    if octal and ("8" in part or "9" in part):
        _bad("The host of the address looks like an IPv4 address and is none.")
    return int(part, 8 if octal else 10)


def _ipv6(host: str) -> str:
    zoned = _ZONED.fullmatch(host[1:-1]) if host.endswith("]") else None
    try:
        address = ipaddress.IPv6Address(zoned[1] if zoned else "")
    except ValueError:
        _bad("The host of the address is in brackets and is no IPv6 address.")
    # Written the same under every Python: 3.13 shows mapped addresses in the mixed notation (RFC 5952 section 5), 3.11 does not.
    text = f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)
    zone = zoned[2] if zoned else None
    return f"[{text}%25{zone}]" if zone else f"[{text}]"


def _bad(message: str) -> NoReturn:
    raise BadAddress(message)
