"""Addresses on this service: of finished Artifacts, signed where signing is on, and of what may be asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from omnic_stream.model.signing import sign
from omnic_stream.web.access import ARTIFACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """``signing_key``: (key id, secret) to sign with, or None where signing is off.

    A link lives between one and two ``life`` (seconds): ends are rounded, so that all who are told of an Artifact
    within one ``life`` are told the same link, and it is encoded once.
    """

    signing_key: tuple[str, bytes] | None = None
    life: int = 24 * 3600
    now: Callable[[], float] = time.time

    def artifact(self, key: str, entry: str, directory: bool = False) -> str:
        """``/artifact/<key>/<entry>``, with a signature that covers the key.

        In a directory it stands in the path (RFC 3986 section 3.3), so that the links from one file within to another keep it.
        """
        if directory:
            return f"/artifact/{key}{self._signed(ARTIFACT, key, ';', ';')}/{quote(entry)}"
        return f"/artifact/{key}/{quote(entry)}{self._signed(ARTIFACT, key, '?')}"

    def media(self, target: str, url: str) -> str:
        """``/media/<target>/?url=<url>``, both as texts, not yet encoded."""
        return f"/media/{quote(target, safe=':,=')}/?url={quote(url, safe='')}{self._signed(target, url, '&')}"

    def _signed(self, target: str, url: str, joint: str, between: str = "&") -> str:
        if self.signing_key is None:
            return ""
        kid, secret = self.signing_key
        exp = (int(self.now()) // self.life + 2) * self.life
        fields = {"kid": kid, "exp": str(exp), "sig": sign(secret, kid, exp, target, url)}
        return joint + between.join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
