"""Who may ask: signatures, and the pages of which origins. One door for HTTP, event streams and sockets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from urllib.parse import urlsplit

from omnic_stream.model.address import DEEPEST
from omnic_stream.model.errors import Refused
from omnic_stream.model.signing import verify

ANY = "*"
VIEW = "view"
"""A signature for this target opens all types of its address and of what is in it: a viewer shows all, in whatever types it wants."""
_MEMBER = re.compile(r"<member:[^<>]*>\Z")
ARTIFACT = "artifact"
"""What stands in a target's place when the address of a finished Artifact is signed. No Format has this name."""


@dataclass(frozen=True, slots=True)
class Signature:
    """``kid``, ``exp``, ``sig``, each as it was sent; all None where nothing was."""

    kid: str | None = None
    exp: str | None = None
    sig: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``signing_keys``: secrets by key id; with none, signing is off and everything may be asked.

    ``allow_origins``: ``scheme://host[:port]`` of pages that may open the socket and read answers; ``*`` for all.
    """

    signing_keys: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    allow_origins: frozenset[str] = frozenset()
    now: Callable[[], float] = time.time

    def check(self, *, target: str, url: str, signature: Signature) -> float:
        """Until when this may be asked, in seconds since the epoch. ``target`` and ``url`` as sent, decoded once.

        Where only an address is asked about, ``target`` is empty. Raises Refused, in the same words for every cause.
        """
        if not self.signing_keys:
            return inf

        def verified(target: str, url: str) -> float:
            kid, exp, sig = signature.kid, signature.exp, signature.sig
            return verify(self.signing_keys, kid=kid, exp=exp, sig=sig, target=target, url=url, now=self.now())

        try:
            return verified(target, url)
        except Refused:
            if target == ARTIFACT:
                raise
        for _ in range(DEEPEST):  # who may see all of an archive may see what is in it
            if (outer := _MEMBER.sub("", url)) == url:
                break
            try:
                return verified(VIEW, url)
            except Refused:
                url = outer
        return verified(VIEW, url)

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Programs send no Origin and are let in; a browser's page (RFC 6454 section 7.3) is ours, or configured."""
        if origin is None:
            return True
        if origin == "null":
            return False
        return self.origin_configured(origin) or _is_own(origin, host)

    def origin_configured(self, origin: str) -> bool:
        return origin != "null" and (ANY in self.allow_origins or origin in self.allow_origins)


def _is_own(origin: str, host: str | None) -> bool:
    """By host and port alone: behind a proxy that ends TLS, our scheme is not the one that the browser sees."""
    scheme, separator, place = origin.partition("://")
    if not separator or scheme not in {"http", "https"} or not host:
        return False
    return _named(scheme, place) == _named(scheme, host) is not None


def _named(scheme: str, place: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(f"{scheme}://{place}")
        if parts.hostname is None or parts.path or parts.query or parts.fragment or parts.username is not None:
            return None
        return parts.hostname, parts.port or {"http": 80, "https": 443}[scheme]
    except ValueError:
        return None
