"""``GET /media/<target>/?url=<address>``: the result, or a placeholder while it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import unquote

import trio

from omnic_stream.model.contracts import Artifact, Finished, Status, Wanted
from omnic_stream.model.errors import ERRORS, BadAddress, ConverterFailed, NotFound, OmnicError
from omnic_stream.model.events import SETTLED, Converting, Event, Failed, Logged, Ready
from omnic_stream.model.formats import Formats
from omnic_stream.model.target import Target
from omnic_stream.web.asked import Query, names
from omnic_stream.web.placeholders import placeholder
from omnic_stream.web.reply import NO_STORE, NOSNIFF, Reply, Result, answer, plain, result
from omnic_stream.web.site import Site
from omnic_stream.web.status import described

LEASE = 60.0
"""Seconds for which a 202 keeps the Job alive."""
USUAL = 1.0
"""Seconds that a Job is taken to last while nothing is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRequest:
    method: str
    target: str
    query: Query
    fields: Mapping[bytes, bytes]
    """The conditional header fields."""
    wait: int | None = None
    """Seconds of ``Prefer: wait``."""
    look: bool = False
    """``Cache-Control: no-cache``."""
    accept: str = ""
    """The Accept field, or empty."""

    @property
    def page(self) -> bool:
        """A browser asks for a document."""
        return "text/html" in self.accept


@dataclass(frozen=True, slots=True)
class Answered:
    reply: Reply
    result: Result | None = None
    """What the index may remember for this request line."""


class Settling:
    """A watcher that waits for the end of a Job's log."""

    def __init__(self) -> None:
        self._settled = trio.Event()

    def put(self, logged: Logged) -> None:
        if isinstance(logged.event, SETTLED):
            self._settled.set()

    async def within(self, seconds: int) -> None:
        with trio.move_on_after(seconds):
            await self._settled.wait()


async def media(request: MediaRequest, site: Site) -> Answered:
    """Raises OmnicError for whatever is a problem."""
    url = request.query.url
    if not url:
        raise BadAddress("Say which file: /media/<type>/?url=<address>.")
    asked = site.wanted(url, request.target, request.query.profile)  # 400
    allowed_until = site.access.check(target=request.target, url=url, signature=request.query.signature)  # 403
    wanted = negotiated(asked, request.accept, site.formats)
    if request.query.just_checking:
        return Answered(described(site, wanted, url=url, type=request.target))
    answered = await _answered(wanted, request, site, allowed_until)
    return answered if wanted is asked else _varying(answered)


async def _answered(wanted: Wanted, request: MediaRequest, site: Site, allowed_until: float) -> Answered:
    status = site.jobs.status(wanted)
    if not request.look and status.finished is not None:
        return finished(status.finished, request, site, allowed_until)
    watcher = Settling()
    with closing(site.jobs.watch(wanted, watcher, look=request.look)) as watch:  # 429
        await watcher.within(request.wait or 0)
        latest = watch.latest.event
        if isinstance(latest, Ready):
            return finished(_row(latest, wanted, site), request, site, allowed_until)
        if isinstance(latest, Failed):
            raise as_error(latest)
        return Answered(not_yet(latest, wanted, request, site))


def negotiated(wanted: Wanted, accept: str, formats: Formats) -> Wanted:
    """Itself, or what the Accept field makes of a wish that leaves the choice to it."""
    choices = formats.get(wanted.target.format).negotiated
    if not choices:
        return wanted
    chosen = next((name for name in choices if names(accept, formats.get(name).media_type)), choices[-1])
    taken = {rule.name for rule in formats.get(chosen).arguments}
    return replace(wanted, target=Target(chosen, tuple(pair for pair in wanted.target.arguments if pair[0] in taken)))


def _varying(answered: Answered) -> Answered:
    """Said to hang on Accept (RFC 9110 section 12.5.5), and not to be remembered by the request line alone."""
    reply = answered.reply
    headers = reply.headers if (b"vary", b"Accept") in reply.headers else [*reply.headers, (b"vary", b"Accept")]
    return Answered(replace(reply, headers=headers))


def finished(row: Finished, request: MediaRequest, site: Site, allowed_until: float) -> Answered:
    artifact = row.artifact
    if artifact.directory:
        location = site.links.artifact(artifact.key, artifact.entry, artifact.directory).encode()
        etag = (b"etag", b'"%s"' % artifact.sha256.encode())
        return Answered(Reply(303, [(b"location", location), etag, (b"content-length", b"0"), NO_STORE, NOSNIFF]))
    found = result(
        path=str(artifact.path),
        size=artifact.size,
        tag=artifact.sha256,
        created=artifact.created,
        media_type=artifact.media_type,
        name=saved_name(row, site),
        fresh_until=row.fresh_until,
        allowed_until=allowed_until,
    )
    return Answered(answer(found, request.method, request.fields, site.now()), found)


def not_yet(latest: Event, wanted: Wanted, request: MediaRequest, site: Site) -> Reply:
    """The 202; a lease on the Job that outlives the time after which the client is told to come back."""
    estimate = latest.eta if isinstance(latest, Converting) and latest.eta is not None else USUAL
    retry_after = max(1, math.ceil(1.5 * estimate))
    site.jobs.lease(wanted, max(LEASE, retry_after + 10.0))
    media_type, body = placeholder(wanted.target, site.formats, state=latest.name, retry_after=retry_after, page=request.page)
    headers = [(b"retry-after", b"%d" % retry_after), (b"omnic-state", latest.name.encode()), (b"vary", b"Accept")]
    if not media_type.startswith("image/"):
        headers.append((b"content-security-policy", b"default-src 'none'; sandbox"))
    return plain(202, media_type, body, *headers)


def as_error(failed: Failed) -> OmnicError:
    """The error that an event stands for."""
    kind = ERRORS.get(failed.code, ConverterFailed)
    return kind(failed.message, retry_after=failed.retry_after, extra=failed.extra)


def saved_name(row: Finished, site: Site) -> str:
    """What a download is called: the member's name or the address's last segment, with the result's extension."""
    address = site.address(row.address)
    where = address.member or address.argument("path") or ("" if address.scheme == "data" else unquote(address.path))
    stem = PurePosixPath(where.rstrip("/")).stem
    extension = row.artifact.entry.partition(".")[2]
    if not stem or address.scheme == "bytes":
        return row.artifact.entry
    return f"{stem}.{extension}" if extension else stem


def _row(ready: Ready, wanted: Wanted, site: Site) -> Finished:
    """The catalogue's row; where that is already stale, what was just made is still the answer, once."""
    status: Status = site.jobs.status(wanted)
    if status.finished is not None and status.finished.artifact.key == ready.artifact:
        return status.finished
    artifact: Artifact | None = site.store.artifact(ready.artifact)
    if artifact is None:
        raise NotFound("The result is gone again: ask once more.")
    return Finished(
        job_key=wanted.key,
        address=wanted.address.text,
        target=wanted.target.text,
        snapshot="",
        artifact=artifact,
        digest="",
        looked_at=site.now(),
        fresh_until=site.now(),
    )
