"""How long what was fetched may be served without asking again (the wire's section 'Freshness', RFC 9111). Pure."""

from __future__ import annotations

from math import inf

from omnic_stream.model.contracts import Fetched, Snapshot

DEFAULT = 60.0
LEAST = 5.0
"""No origin may make us ask more often, and neither may a client with ``no-cache``."""


def fresh_until(fetched: Fetched, *, locked: bool, now: float) -> float:
    if locked:
        return inf
    return now + (DEFAULT if fetched.max_age is None else max(fetched.max_age, LEAST))


def is_fresh(snapshot: Snapshot, *, look: bool, now: float) -> bool:
    """``look``: somebody wants the origin asked; it is, unless it was within the last five seconds."""
    if snapshot.fresh_until == inf:
        return True
    if look:
        return now - snapshot.looked_at < LEAST
    return now < snapshot.fresh_until
