"""The door to the network: what it lets through, and that nothing else is ever dialled."""

import ipaddress
import json
import socket
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.model.errors import MisconfiguredError, OriginFailed, OriginTimeout, Refused
from omnic_stream.sources.guard import REFUSAL, Guard, permitted, usual_port
from omnic_stream.sources.http import open_http
from omnic_stream.testing.origin import open_origin

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "threats_vectors.json").read_text(encoding="utf-8"))
HOSTS = VECTORS["ssrf_hosts_all_must_403"]


class Names:
    """A resolver that answers a name with one list after the other, the last one for ever, and counts."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        await trio.lowlevel.checkpoint()
        self.asked.append(host)
        lists = self.answers[host]
        return lists.pop(0) if len(lists) > 1 else lists[0]


@pytest.mark.parametrize(
    "literal",
    [
        *VECTORS["python_3_11_is_global_wrongly_true"],
        *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0"),
        *("168.63.129.16", "192.0.0.192", "192.88.99.1", "240.0.0.1", "255.255.255.255", "239.1.1.1", "203.0.113.9"),
        *("::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "fe80::1%eth0"),
        *("2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1", "::808:808"),
        *("fd20:ce::254", "fec0::1", "ff0e::1", "4000::1", "5f00::1"),
    ],
)
def test_what_is_not_public_unicast_is_not_permitted(literal: str) -> None:
    assert not permitted(literal)


@pytest.mark.parametrize(
    "literal", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::1"]
)
def test_public_addresses_are_permitted(literal: str) -> None:
    assert permitted(literal)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_form_that_reaches_it(ip: ipaddress.IPv4Address) -> None:
    assert permitted(f"::ffff:{ip}") == permitted(f"64:ff9b::{ip}") == permitted(str(ip))
    assert not permitted(f"::{ip}")
    assert not permitted(str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80))))
    if not ip.is_global:
        assert not permitted(str(ip))


@pytest.mark.parametrize("host", HOSTS)
async def test_no_private_host_is_reached_however_it_is_written(host: str, take) -> None:
    async with open_origin() as canary, open_http(Guard()) as source:
        canary.serve("/", b"secret")
        with pytest.raises(Refused) as refused:
            await take(source, canary.url("/", host=host))
    assert canary.connections == 0
    assert refused.value.message == REFUSAL


def test_every_host_of_the_threat_list_is_tried() -> None:
    assert len(HOSTS) == 34


async def test_a_name_is_resolved_once_and_a_second_answer_reaches_nobody(origin, take) -> None:
    names = Names(pub_test=[["127.0.0.1"], ["10.0.0.1"]])
    origin.serve("/a", b"a", headers=[("Connection", "close")])
    async with open_http(Guard(addresses=["127.0.0.1/32"], resolve=names)) as source:
        assert (await take(source, origin.url("/a", host="pub.test"))).content == b"a"
        assert names.asked == ["pub.test"]
        with pytest.raises(Refused):
            await take(source, origin.url("/a", host="pub.test"))
    assert origin.connections == 1
    assert origin.last("/a").headers["host"] == f"pub.test:{origin.port}"


async def test_one_private_answer_among_public_ones_spoils_them_all() -> None:
    guard = Guard(resolve=Names(mixed_test=[["93.184.216.34", "10.0.0.1"]], v6_test=[["2606:4700::1", "::ffff:10.0.0.1"]]))
    for host in ("mixed.test", "v6.test"):
        with pytest.raises(Refused):
            await guard.addresses(host, 443)


async def test_where_the_operator_named_one_answer_the_others_are_passed_over() -> None:
    guard = Guard(addresses=["10.0.0.0/8"], resolve=Names(intra_test=[["fd00::1", "10.0.0.1"]]))
    assert await guard.addresses("intra.test", 8000) == ("10.0.0.1",)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost"])
async def test_localhost_is_loopback_whatever_a_resolver_says(host: str) -> None:
    assert await Guard(addresses=["127.0.0.0/8"], resolve=Names()).addresses(host, 8000) == ("127.0.0.1",)
    with pytest.raises(Refused):
        await Guard(resolve=Names()).addresses(host, 8000)


async def test_allowed_networks_count_for_mapped_forms_too() -> None:
    guard = Guard(addresses=["10.0.0.0/8", "fd00::/8"])
    assert await guard.addresses("::ffff:10.1.1.1", 80)
    assert await guard.addresses("[fd00::7]", 80)
    with pytest.raises(Refused):
        await guard.addresses("192.168.0.1", 80)


async def test_a_hanging_resolver_is_left_after_its_limit(autojump_clock) -> None:
    async def hang(host: str, port: int) -> list[str]:
        await trio.sleep_forever()
        return []

    started = trio.current_time()
    with pytest.raises(OriginTimeout):
        await Guard(resolve=hang).addresses("slow.test", 80)
    assert trio.current_time() - started == 5


async def test_a_name_that_does_not_exist_is_told_as_such() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(OriginFailed, match="cannot be found"):
        await Guard(resolve=unknown).addresses("no.test", 80)


@pytest.mark.parametrize("port", [0, 21, 22, 25, 111, 1023, 2049, 6000, 6667, 65536])
async def test_ports_of_other_protocols_are_refused(port: int) -> None:
    assert not usual_port(port)
    with pytest.raises(Refused):
        await Guard().addresses("93.184.216.34", port)


async def test_ports_can_be_configured() -> None:
    assert usual_port(80) and usual_port(443) and usual_port(8080)
    guard = Guard(ports={8443})
    assert await guard.addresses("93.184.216.34", 8443) == ("93.184.216.34",)
    with pytest.raises(Refused):
        await guard.addresses("93.184.216.34", 443)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("example.org", True),
        ("EXAMPLE.org.", True),
        ("a.example.org", False),
        ("a.example.net", True),
        ("a.b.example.net", True),
        ("example.net", False),
        ("evilexample.net", False),
        ("example.org.evil.test", False),
        ("93.184.216.34", False),
    ],
)
async def test_where_hosts_are_listed_only_these_are_asked(host: str, allowed: bool) -> None:
    async def public(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    guard = Guard(hosts=["example.org", "*.example.net"], resolve=public)
    if allowed:
        assert await guard.addresses(host, 443)
    else:
        with pytest.raises(Refused, match="does not fetch"):
            await guard.addresses(host, 443)


async def test_a_listed_host_with_a_private_address_is_still_refused() -> None:
    guard = Guard(hosts=["intra.test"], resolve=Names(intra_test=[["10.0.0.1"]]))
    with pytest.raises(Refused):
        await guard.addresses("intra.test", 80)


def test_a_network_that_is_none_is_the_operators_mistake() -> None:
    with pytest.raises(MisconfiguredError, match="OMNIC_ALLOW_ADDRESSES"):
        Guard(addresses=["localhost"])


async def test_proxy_variables_of_the_environment_are_not_obeyed(monkeypatch, origin, http, take) -> None:
    async with open_origin() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        origin.serve("/a", b"a")
        assert (await take(http, origin.url("/a"))).content == b"a"
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{canary}/",
        "//127.0.0.2:{canary}/",
        "http://[::ffff:127.0.0.2]:{canary}/",
        "http://2130706434:{canary}/",
        "http://localhost:{canary}/",
        "file:///etc/passwd",
        "gopher://127.0.0.2:{canary}/",
        "http://user:pw@127.0.0.1:{origin}/ok",
        "http://127.0.0.1:{origin}\\@127.0.0.2:{canary}/",
        "http://[half",
        "data:text/plain,x",
    ],
)
async def test_no_redirect_leads_past_the_guard(location: str, origin, take) -> None:
    async with open_origin(host="127.0.0.2") as canary, open_http(Guard(addresses=["127.0.0.1/32"])) as source:
        canary.serve("/", b"secret")
        origin.serve("/ok", b"ok")
        origin.redirect("/away", location.format(canary=canary.port, origin=origin.port))
        if "localhost" in location:  # may be asked: nobody listens at that port of 127.0.0.1
            with pytest.raises(OriginFailed):
                await take(source, origin.url("/away"))
        else:
            with pytest.raises(Refused):
                await take(source, origin.url("/away"))
        assert canary.connections == 0
        assert origin.hits("/ok") == 0
