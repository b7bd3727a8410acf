"""Signed requests: an unpadded base64url of HMAC-SHA-256 over the length-prefixed kid, exp, target as sent and decoded url."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest, new

from omnic_stream.model.errors import Refused
from omnic_stream.model.keys import framed

REFUSAL = "The signature is missing, wrong or expired: ask whoever gave you this address for a new one."


def sign(secret: bytes, kid: str, exp: int, target: str, url: str) -> str:
    """``exp`` in seconds since the epoch; ``target`` as it stands in the request, ``url`` decoded."""
    mac = new(secret, framed(kid, str(exp), target, url), sha256).digest()
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def verify(
    keys: Mapping[str, bytes], *, kid: str | None, exp: str | None, sig: str | None, target: str, url: str, now: float
) -> int:
    """The expiry that was signed. Raises Refused, in the same words for every cause, and tells no digest."""
    if kid is None or exp is None or sig is None or not exp.isascii() or not exp.isdigit() or len(exp) > 12:
        raise Refused(REFUSAL)
    if str(int(exp)) != exp:
        raise Refused(REFUSAL)
    known = keys.get(kid)
    right = sign(known if known is not None else b"\0" * 32, kid, int(exp), target, url)
    same = compare_digest(right.encode(), sig.encode("utf-8", "surrogatepass"))
    if known is None or not same or now >= int(exp):
        raise Refused(REFUSAL)
    return int(exp)
