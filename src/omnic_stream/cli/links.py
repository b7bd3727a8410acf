"""``generate-url``."""

from __future__ import annotations

import sys
import time
from urllib.parse import quote, urlencode

from omnic_stream.cli.running import configured
from omnic_stream.model.address import parse_address
from omnic_stream.model.signing import sign
from omnic_stream.model.target import parse_target
from omnic_stream.plugins import collect
from omnic_stream.service import schemes


def run(address: str, type: str, server: str | None, valid: int) -> None:
    config = configured()
    parse_address(address, schemes(config))
    target = parse_target(type, collect(config.plugins).formats).text
    query = {"url": address}
    if config.signing_keys:
        kid, secret = next(iter(config.signing_keys.items()))
        expires = int(time.time()) + valid
        signature = sign(secret.encode(), kid, expires, target, address)
        query |= {"kid": kid, "exp": str(expires), "sig": signature}
    base = (server or config.public_url or f"http://{config.bind}").rstrip("/")
    sys.stdout.write(f"{base}/media/{quote(target, safe=':,=.')}/?{urlencode(query)}\n")
