"""One error taxonomy: typed where it is known, mapped once at the edge (problem+json, JSON-RPC, the command line).

``code`` is the word on the wire, ``status`` its HTTP status; the message is for people and says what to do. A message never holds
a path, a secret or a digest: whoever raises writes it for a stranger to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class OmnicError(Exception):
    """A failure that has a name. ``extra`` holds further public members of the problem document (``possible``, ``missing``)."""

    code: ClassVar[str] = "converter_failed"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The work failed"

    def __init__(self, message: str, *, retry_after: float | None = None, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.extra: Mapping[str, object] = extra or {}


class BadAddress(OmnicError):
    code, status, title = "bad_address", 400, "The address cannot be read"


class BadTarget(OmnicError):
    code, status, title = "bad_target", 400, "The type cannot be read"


class Refused(OmnicError):
    code, status, title = "refused", 403, "Not allowed"


class NotFound(OmnicError):
    code, status, title = "not_found", 404, "Not found"


class TooLarge(OmnicError):
    code, status, title = "too_large", 413, "Too large"


class NoRoad(OmnicError):
    code, status, title = "no_road", 415, "No installed converter leads there"


class Corrupt(OmnicError):
    code, status, title = "corrupt", 422, "The content is broken"


class TooExpensive(OmnicError):
    code, status, title = "too_expensive", 422, "The content hit a limit"


class ConverterFailed(OmnicError):
    code, status, title = "converter_failed", 422, "The converter gave up"


class Busy(OmnicError):
    code, status, title = "busy", 429, "Too much work at once"


class OriginFailed(OmnicError):
    code, status, title = "origin_failed", 502, "The origin failed"


class OriginTimeout(OmnicError):
    code, status, title = "origin_timeout", 504, "The origin is too slow"


class SandboxUnavailable(OmnicError):
    code, status, title = "sandbox_unavailable", 503, "This converter needs a sandbox that the machine does not have"


class DiskFull(OmnicError):
    code, status, title = "disk_full", 507, "No room left in the store"


class MisconfiguredError(Exception):
    """The operator's settings, not a request, are wrong: one line, exit code 2."""


ERRORS: Mapping[str, type[OmnicError]] = {
    kind.code: kind
    for kind in (
        BadAddress,
        BadTarget,
        Refused,
        NotFound,
        TooLarge,
        NoRoad,
        Corrupt,
        TooExpensive,
        ConverterFailed,
        Busy,
        OriginFailed,
        OriginTimeout,
        SandboxUnavailable,
        DiskFull,
    )
}
"""Every code that may cross a process border (a warm worker's answer, a catalogue row) and the error that it stands for."""
