"""What every live connection (socket, event stream) is given: a handful of values, not the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omnic_stream.model.address import Address
from omnic_stream.model.contracts import Jobs, Wanted
from omnic_stream.web.access import Access
from omnic_stream.web.wire import Href


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    jobs: Jobs
    parse: Callable[[str, str, str | None], Wanted]
    """(url, type, profile) as asked. Raises BadAddress, BadTarget."""
    parse_address: Callable[[str], Address]
    access: Access
    href: Href
