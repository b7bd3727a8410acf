"""What the web is given: the doors to other rooms and plain values, nothing that decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omnic_stream.model.address import Address, SchemeRule, parse_address
from omnic_stream.model.contracts import Jobs, Shelves, Viewer, Wanted
from omnic_stream.model.errors import BadTarget
from omnic_stream.model.formats import Formats
from omnic_stream.model.target import parse_target
from omnic_stream.web.access import Access
from omnic_stream.web.admin import Admin
from omnic_stream.web.health import Metrics
from omnic_stream.web.links import Links
from omnic_stream.web.mailbox import Audience


def always_ready() -> Mapping[str, bool]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    jobs: Jobs
    store: Shelves
    formats: Formats
    schemes: Mapping[str, SchemeRule]
    access: Access = field(default_factory=Access)
    links: Links = field(default_factory=Links)
    audience: Audience = field(default_factory=Audience)
    """All live connections; ``audience.dismiss()`` when the service stops."""
    assets: Path | None = None
    """Folder of the built page and viewers, with its ``manifest.json``."""
    viewers: tuple[Viewer, ...] = ()
    """In the order in which they are offered."""
    profiles: frozenset[str] = frozenset()
    """Names that ``profile=`` may give."""
    common: tuple[str, ...] = ()
    """Formats that the page offers first."""
    samples: tuple[str, ...] = ()
    """Addresses that the page offers to click."""
    demo: tuple[str, ...] = ()
    """Addresses of the files that ``/demo/`` shows."""
    version: str = ""
    ready: Callable[[], Mapping[str, bool]] = always_ready
    """Parts by name, and whether each works; all must, for ``/readyz`` to be 200."""
    metrics: Metrics | None = None
    """None where ``/metrics`` is not for this bind."""
    admin: Admin | None = None
    """None where ``/admin/`` is not there."""
    now: Callable[[], float] = time.time

    def wanted(self, url: str, type: str, profile: str | None = None) -> Wanted:
        """Raises BadAddress and BadTarget."""
        target = parse_target(type, self.formats)
        if profile is not None and profile not in self.profiles:
            raise BadTarget("There is no such profile: the operator names them in omnic.toml.")
        return Wanted(address=parse_address(url, self.schemes), target=target, profile=profile)

    def address(self, url: str) -> Address:
        return parse_address(url, self.schemes)
