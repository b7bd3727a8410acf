"""The one door to the network: whatever a Source fetches is dialled here, at an address that was looked at first.

A name is resolved once; every answer is judged; the literal that was judged is what gets dialled, so a second, different answer
(DNS rebinding) has nobody to be given to. Connections are made anew for each hop of a redirect, hence so is the judgement.
What is refused is refused with one sentence for all reasons: strangers cannot map a private network by asking.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from functools import partial
from typing import Any, cast

import httpcore2
import trio

from omnic_stream.model.errors import MisconfiguredError, OriginFailed, OriginTimeout, Refused
from omnic_stream.sources.sipping import SippingStream

REFUSAL = (
    "This service does not fetch from that address. Public addresses are open; "
    "private ones only where the operator allows them (OMNIC_ALLOW_ADDRESSES, OMNIC_ALLOW_HOSTS)."
)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to IP literals, in the order to try them. Raises OSError where the name does not exist."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_UNICAST = (ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("2000::/3"))
"""The only part of IPv6 that IANA has given out as global unicast: rules out ::/96, fc00::/7, fe80::/10, fec0::/10, ff00::/8."""

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        # RFC 6890 and the IANA special-purpose registries. Written out, because ``is_global`` of Python 3.11 says yes to
        # 192.0.0.8, 224.0.0.1 and several IPv6 forms, and other versions differ.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: a public number that only a guest of that cloud can reach
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # IETF assignments, Teredo (RFC 4380) among them: an IPv4 address hides inside
        "2001:db8::/32",
        "2002::/16",  # 6to4 (RFC 3056): the same
        "3fff::/20",
    )
)

_LOOPBACK = ("127.0.0.1", "::1")
"""What ``localhost`` and the names below it stand for, without asking anybody (RFC 6761 section 6.3)."""

_BLOCKED_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080}
)
"""Ports from 1024 up of which the Fetch standard (section "Port blocking") says that no HTTP may be spoken there."""


def effective(ip: IPAddress) -> IPAddress:
    """The IPv4 address that a v4-mapped (RFC 4291) or NAT64 (RFC 6052, well-known prefix) one really reaches, else itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def permitted(address: str) -> bool:
    """Whether an IP literal is public unicast, looking inside the IPv6 forms that carry an IPv4 address."""
    ip = effective(ipaddress.ip_address(address.partition("%")[0]))
    return (
        any(ip in network for network in _UNICAST)
        and not any(ip in network for network in _NEVER)
        and ip.is_global
        and not ip.is_multicast
    )


def usual_port(port: int) -> bool:
    """80, 443 and what an unprivileged server may listen at, without the ports of other protocols."""
    return port in {80, 443} or (1024 <= port <= 65535 and port not in _BLOCKED_PORTS)


def system_resolver(lookups: int = 16) -> Resolver:
    """The machine's own resolver, in threads of its own number: hung look-ups cannot starve the rest of the service."""
    limiter = trio.CapacityLimiter(lookups)

    async def resolve(host: str, port: int) -> Sequence[str]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        answers = await trio.to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=limiter)
        return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))

    return resolve


class Guard:
    """Which hosts, addresses and ports may be reached.

    ``addresses``: networks in CIDR form that are let through though private. ``hosts``: where given, only these may be fetched
    from: ``example.org`` itself, ``*.example.org`` for all names below it. ``ports``: those allowed; None stands for usual_port.
    """

    def __init__(
        self,
        *,
        addresses: Iterable[str] = (),
        hosts: Iterable[str] = (),
        ports: Container[int] | None = None,
        resolve: Resolver | None = None,
        resolve_seconds: float = 5.0,
    ) -> None:
        self._networks = tuple(_network(text) for text in addresses)
        self._hosts = tuple(_plain(host) for host in hosts)
        self._ports = ports
        self._resolve = resolve or system_resolver()
        self._resolve_seconds = resolve_seconds

    def check(self, host: str, port: int) -> None:
        """Raises Refused for a host or port that may not be asked at all. No I/O."""
        allowed_port = usual_port(port) if self._ports is None else port in self._ports
        if not host or not allowed_port or not self._may_name(_plain(host)):
            raise Refused(REFUSAL)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The literals that may be dialled for a host, in the order to try them.

        One answer that may not be reached spoils all others: nobody honest mixes public and private ones. Only where another
        answer lies in a network that the operator named (``localhost`` with 127.0.0.0/8 allowed and ::1 not) is it passed over.

        Raises Refused, OriginFailed (no such host), OriginTimeout.
        """
        self.check(host, port)
        answers = [literal] if (literal := _literal(host)) else await self._look_up(host, port)
        reachable = tuple(answer for answer in answers if permitted(answer) or self._named(answer))
        if not reachable or (len(reachable) < len(answers) and not any(map(self._named, reachable))):
            raise Refused(REFUSAL)
        return reachable

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        if f".{_plain(host)}".endswith(".localhost"):
            return _LOOPBACK
        try:
            with trio.fail_after(self._resolve_seconds):
                answers = await self._resolve(host, port)
        except trio.TooSlowError:
            raise OriginTimeout("The name of the origin could not be looked up in time.") from None
        except (OSError, UnicodeError):
            raise OriginFailed("The name of the origin cannot be found. Is the host spelt right?") from None
        if not answers:
            raise OriginFailed("The name of the origin cannot be found. Is the host spelt right?")
        return answers

    def _named(self, address: str) -> bool:
        ip = ipaddress.ip_address(address.partition("%")[0])
        forms = {ip, ip.ipv4_mapped or ip} if isinstance(ip, ipaddress.IPv6Address) else {ip}
        return any(form in network for form in forms for network in self._networks)

    def _may_name(self, host: str) -> bool:
        if not self._hosts:
            return True
        return any(host.endswith(rule[1:]) if rule.startswith("*.") else host == rule for rule in self._hosts)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """How httpcore gets its connections: through the Guard, and in no other way.

    TLS is begun by httpcore afterwards with the *name*, so that SNI, the certificate's check and Host stay right although a
    literal was dialled.
    """

    def __init__(self, guard: Guard, *, connect_seconds: float = 4.0) -> None:
        self._guard = guard
        self._connect_seconds = connect_seconds
        self._dialler = cast(httpcore2.AsyncNetworkBackend, httpcore2.TrioBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises Refused, OriginFailed, OriginTimeout; httpcore lets them pass."""
        failure: OriginFailed | OriginTimeout | None = None
        for address in (await self._guard.addresses(host, port))[:4]:
            try:
                stream = await self._dialler.connect_tcp(address, port, timeout=self._connect_seconds)
                return SippingStream(stream)
            except httpcore2.ConnectTimeout:
                failure = OriginTimeout("The origin does not answer: no connection came about in time.")
            except httpcore2.ConnectError:
                failure = OriginFailed("The origin cannot be reached: it refuses connections, or there is no way to it.")
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise Refused(REFUSAL)

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise MisconfiguredError(
            f"OMNIC_ALLOW_ADDRESSES: {text!r} is no network; write it as 10.0.0.0/8, 192.168.1.7 or fd00::/8."
        ) from None
