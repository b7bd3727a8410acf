"""Addresses: where a file comes from. A URL (RFC 3986) and the arguments behind it, ``git+https://host/r.git<ref:main><path:a.png>``.

One file has one canonical text. Scheme and host are in lower case, the host as it will be dialled (IDNA, numeric IPv4 and
IPv6 written out), the default port is left out, dot segments are resolved, percent-encoding is normalised (section 6.2.2),
the fragment is dropped, the query is kept as it stands. Arguments hold decoded text and are sorted by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import NoReturn
from urllib.parse import quote, unquote_to_bytes, urlsplit

from omnic_stream.model.errors import BadAddress
from omnic_stream.model.hosts import canonical_host

LONGEST = 8 * 1024
"""Characters of an address, as given and in canonical form."""

LONGEST_INLINE = 64 * 1024
"""The same for a scheme without a host, whose address holds the content itself (RFC 2397)."""

DEFAULT_PORTS: Mapping[str, int] = {
    "http": 80,
    "https": 443,
    "git+http": 80,
    "git+https": 443,
    "ws": 80,
    "wss": 443,
    "ftp": 21,
    "ftps": 990,
    "sftp": 22,
    "ssh": 22,
    "git+ssh": 22,
    "git": 9418,
}
"""Schemes whose host is a machine to dial. The host of any other is a name of the configuration: a root, a bucket, a database."""

MEMBER = "member"
"""The argument by which an address names a file inside the archive that the rest of it leads to, as the archive's listing names it.

The only one that may be repeated: each names a file inside the archive that the ones before it lead to.
"""

DEEPEST = 4
"""Archives inside each other that an address may lead through."""

_ON_DISK = frozenset({"file"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_PORT = re.compile(r"0*([1-9][0-9]{0,4})")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_ARGUMENT = re.compile(r"<([a-z][a-z0-9_-]{0,31}):([^<>]+)>")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "%/:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"
_VALUE_SAFE = "/:@!$&'()*+,;=~?#"
_HEX = "0123456789ABCDEFabcdef"
_NORMAL = {f"%{a}{b}": chr(byte) if (byte := int(a + b, 16)) in _UNRESERVED else f"%{a}{b}".upper() for a in _HEX for b in _HEX}
_LEADS_OUT = re.compile(r"[/\\]|[A-Za-z]:(?:[/\\]|\Z)|(?:.*[/\\])?\.\.(?:[/\\]|\Z)", re.DOTALL)
_RESERVED_NAMES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:[.: ].*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeRule:
    """What a Source declares for one of its schemes."""

    arguments: tuple[str, ...] = ()
    host: bool = True
    """``//host`` must follow the scheme; without, what follows is opaque text (``data:``, ``bytes:``)."""
    query: bool = True
    """A ``?`` begins a query; where false it is refused, and a name that holds one needs ``%3F``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Immutable, canonical, hashable. Made by ``parse_address``."""

    scheme: str
    url: str
    """Canonical, without arguments."""
    arguments: tuple[tuple[str, str], ...] = ()
    """Decoded, sorted by name; members from the outside in."""

    @property
    def text(self) -> str:
        """Canonical and whole: parsing it gives this Address again."""
        return self.url + "".join(f"<{name}:{quote(value, safe=_VALUE_SAFE)}>" for name, value in self.arguments)

    @property
    def host(self) -> str | None:
        """As it is dialled: without brackets, an IPv6 zone behind a plain ``%``. None where the scheme has none."""
        host = urlsplit(self.url).hostname
        return host.replace("%25", "%") if host else None

    @property
    def port(self) -> int | None:
        """The port given, else the scheme's default where it has one."""
        return urlsplit(self.url).port or DEFAULT_PORTS.get(self.scheme)

    @property
    def path(self) -> str:
        """Still percent-encoded. Of an opaque address, all that follows the scheme."""
        if self.url.startswith(f"{self.scheme}://"):
            return urlsplit(self.url).path
        return self.url[len(self.scheme) + 1 :]

    def argument(self, name: str) -> str | None:
        return next((value for known, value in self.arguments if known == name), None)

    @property
    def member(self) -> str | None:
        """The file inside an archive, decoded, that is meant; None where it is the fetched file itself."""
        return next((value for known, value in reversed(self.arguments) if known == MEMBER), None)

    @property
    def outer(self) -> Address:
        """The archive that holds the member: the address without its last one."""
        last = max((at for at, (name, _) in enumerate(self.arguments) if name == MEMBER), default=len(self.arguments))
        return replace(self, arguments=self.arguments[:last] + self.arguments[last + 1 :])

    @property
    def fetched(self) -> Address:
        """What is fetched: the address without members."""
        return replace(self, arguments=tuple(pair for pair in self.arguments if pair[0] != MEMBER))

    def __str__(self) -> str:
        return self.text


def parse_address(text: str, schemes: Mapping[str, SchemeRule]) -> Address:
    """Read an address, given that the Sources of ``schemes`` are configured. Raises BadAddress, and nothing else."""
    if len(text) > LONGEST_INLINE:
        _bad(f"An address may be {LONGEST_INLINE} characters long at most.")
    if not (named := _SCHEME.match(text)):
        _bad("An address begins with its scheme, as in https://example.com/picture.png.")
    scheme = named[1].lower()
    if (rule := schemes.get(scheme)) is None:
        _bad(f"Addresses of the scheme {scheme!r} are not served here. Known: {', '.join(sorted(schemes)) or 'none'}.")
    longest = LONGEST if rule.host else LONGEST_INLINE
    if len(text) > longest:
        _bad(f"A {scheme} address may be {longest} characters long at most.")
    if " " in text or not text.isprintable():
        _bad("An address holds no spaces, line ends or control characters: write them percent-encoded.")
    if "\\" in text:
        _bad("An address holds no backslash: write %5C, or / where a separator is meant.")
    url, mark, behind = text[named.end() :].partition("<")
    arguments = _arguments(mark + behind, scheme, rule) if mark else ()
    if ">" in url:
        _bad("A > in an address has to be written %3E.")
    url = url.partition("#")[0]
    address = Address(scheme=scheme, url=(_located if rule.host else _opaque)(scheme, url, rule), arguments=arguments)
    if len(address.text) > longest:
        _bad(f"Percent-encoded, a {scheme} address may be {longest} characters long at most.")
    return address


def clean_path(path: str) -> str:
    """A relative path that stays where it begins, on any system, or BadAddress. ``path`` is decoded; it comes back as it is.

    Refused: nothing, a leading or trailing slash, empty, ``.`` and ``..`` segments, backslashes, control characters, names that Windows reserves.
    """
    for segment in path.split("/"):
        if segment in {"", ".", ".."}:
            _bad("A path has no empty, '.' or '..' part, no leading slash and no final one.")
        if "\\" in segment or any(ord(letter) < 32 or ord(letter) == 127 for letter in segment):
            _bad("A path holds no backslash and no control character.")
        if _RESERVED_NAMES.fullmatch(segment):
            _bad("A path holds no name that is reserved for a device.")
    return path


def _located(scheme: str, rest: str, rule: SchemeRule) -> str:
    if not rest.startswith("//"):
        _bad(f"A {scheme} address continues with // and a host.")
    end = min((at for at in (rest.find("/", 2), rest.find("?", 2)) if at >= 0), default=len(rest))
    authority, path, query_mark, query = rest[2:end], *rest[end:].partition("?")
    if query_mark and not rule.query:
        _bad(f"A {scheme} address has no query: a ? in a name is written %3F.")
    if scheme in _ON_DISK:
        clean_path(unquote_to_bytes(_normal(path, _PATH_SAFE).removeprefix("/")).decode("utf-8", "surrogateescape"))
    path = _without_dots(_normal(path, _PATH_SAFE))
    return f"{scheme}://{_authority(scheme, authority)}{path}{query_mark}{_normal(query, _QUERY_SAFE)}"


def _authority(scheme: str, authority: str) -> str:
    if "@" in authority:
        _bad("An address holds no user name and no password.")
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = authority, ""
    host = canonical_host(host, dialled=scheme in DEFAULT_PORTS)
    if not port:
        return host
    if scheme in _ON_DISK:
        _bad(f"A {scheme} address has no port.")
    if not (digits := _PORT.fullmatch(port)) or int(digits[1]) > 65535:
        _bad("The port of an address is a number from 1 to 65535.")
    return host if int(digits[1]) == DEFAULT_PORTS.get(scheme) else f"{host}:{digits[1]}"


def _opaque(scheme: str, rest: str, rule: SchemeRule) -> str:
    if not rest:
        _bad(f"Nothing follows {scheme}: in the address.")
    if scheme == "data" and "," not in rest:
        _bad("A data address has a comma before its content (RFC 2397).")
    return f"{scheme}:{_normal(rest, _QUERY_SAFE)}"


def _normal(text: str, safe: str) -> str:
    """Percent-encoding normalised: unreserved characters decoded, digits in upper case, the rest of what must be encoded so."""

    def replaced(escape: re.Match[str]) -> str:
        if escape[1] is None:
            _bad("A % in an address is followed by two hexadecimal digits; the character itself is written %25.")
        return _NORMAL[escape[0]]

    return quote(_ESCAPE.sub(replaced, text), safe=safe)


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, for a path that begins with a slash or is empty."""
    if "/." not in path:
        return path or "/"
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _arguments(text: str, scheme: str, rule: SchemeRule) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        if not (argument := _ARGUMENT.match(text, at)):
            _bad(
                "Behind the URL of an address come arguments of the form <name:value>; < and > inside a value are percent-encoded."
            )
        name, value = argument.groups()
        if name not in rule.arguments:
            known = ", ".join(rule.arguments) or "none"
            _bad(f"A {scheme} address has no argument {name!r}. Known: {known}.")
        times = sum(known == name for known, _ in found)
        if name != MEMBER and times:
            _bad(f"The argument {name!r} of an address may stand once only.")
        if times == DEEPEST:
            _bad(f"An address leads through {DEEPEST} archives inside each other at most.")
        decoded = _decoded(value)
        if name == MEMBER and _LEADS_OUT.match(decoded):
            _bad("A member of an archive is named by a relative path without '..' parts.")
        found.append((name, decoded))
        at = argument.end()
    return tuple(sorted(found, key=itemgetter(0)))


def _decoded(value: str) -> str:
    if any(escape[1] is None for escape in _ESCAPE.finditer(value)):
        _bad("A % in an address is followed by two hexadecimal digits; the character itself is written %25.")
    try:
        decoded = unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        _bad("The arguments of an address are UTF-8.")
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in decoded):
        _bad("The arguments of an address hold no control characters.")
    return decoded


def _bad(message: str) -> NoReturn:
    raise BadAddress(message)
