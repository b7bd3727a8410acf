"""What the operator may bend roads with, and the digest of all that decides which road is taken. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Protocol

from omnic_stream.model.contracts import Converter
from omnic_stream.model.formats import Formats


class ProfileLike(Protocol):
    """How a named profile bends roads: another name for one, Formats to pass through, or every Format on the way."""

    @property
    def alias(self) -> str | None: ...
    @property
    def via(self) -> tuple[str, ...]: ...
    @property
    def path(self) -> tuple[str, ...]: ...


def digest_of_graph(
    formats: Formats, converters: Iterable[Converter], profiles: Mapping[str, ProfileLike], preferred: Iterable[str]
) -> str:
    """Lower-case hex SHA-256: under another one, what was finished is planned again. The order of declarations does not count."""
    hasher = sha256()
    for one in sorted(converters, key=lambda converter: converter.id):
        hasher.update(repr((one.id, one.version, one.inputs, one.outputs, one.takes, one.cost, one.loss)).encode())
    for format in sorted(formats, key=lambda format: format.name):
        facts = (format.name, format.parent, format.category, format.stands_for, format.leaf, dict(format.wish))
        hasher.update(repr(facts).encode())
    hasher.update(repr(sorted((name, rule.alias, rule.via, rule.path) for name, rule in profiles.items())).encode())
    hasher.update(repr(sorted(preferred)).encode())
    return hasher.hexdigest()
