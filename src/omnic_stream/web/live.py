"""What every live connection (socket, event stream) is given: a handful of functions, not the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from omnic_stream.model.address import Address
from omnic_stream.model.contracts import Jobs, Wanted
from omnic_stream.web.wire import Href


class CheckSignature(Protocol):
    def __call__(self, *, url: str, type: str, kid: str | None, exp: int | None, sig: str | None) -> None:
        """Whether this may be asked. ``type`` is empty where an address alone is asked about. Raises Refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    jobs: Jobs
    parse: Callable[[str, str], Wanted]
    """(url, type) as asked. Raises BadAddress, BadTarget, Refused."""
    parse_address: Callable[[str], Address]
    check_signature: CheckSignature
    origin_allowed: Callable[[str, str], bool]
    """(Origin, Host) of a request that has an Origin: the service's own, or one of the configured."""
    href: Href
