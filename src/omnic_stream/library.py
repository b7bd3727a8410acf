"""The library's one-call face: a file or an address in, a finished result out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import trio

from omnic_stream.config import Config
from omnic_stream.model.address import MEMBER
from omnic_stream.model.contracts import Artifact
from omnic_stream.model.errors import ERRORS, ConverterFailed, NotFound, OmnicError
from omnic_stream.model.events import SETTLED, Event, Failed, Logged, Queued
from omnic_stream.service import Service, open_service

OnEvent = Callable[[Logged], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A finished result in the store. ``path`` is read-only and may be evicted later: copy what you keep with ``save``."""

    path: Path
    format: str
    media_type: str
    size: int
    etag: str
    directory: bool

    def read_bytes(self) -> bytes:
        return self.path.read_bytes()

    def save(self, to: str | os.PathLike[str]) -> Path:
        """Copy to a file or, for a directory result, a folder that does not exist yet. Answers where it went."""
        goal = Path(to)
        if self.directory:
            shutil.copytree(self.path, goal, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(self.path, goal)
        return goal


def converted(artifact: Artifact) -> Converted:
    return Converted(
        path=artifact.path,
        format=artifact.format,
        media_type=artifact.media_type,
        size=artifact.size,
        etag=artifact.sha256,
        directory=artifact.directory,
    )


def is_address(text: str) -> bool:
    """Whether a word names an Address rather than a file: it has a scheme."""
    scheme, found, _ = text.partition(":")
    return bool(found) and len(scheme) > 1 and scheme[0].isalpha() and all(c.isalnum() or c in "+-." for c in scheme)


def file_of(source: str) -> tuple[Path, str]:
    """The file that a word names, and the arguments behind it: ``box.zip<member:docs/report.docx>``. A file of the whole name comes first.

    Spaces, and whatever else an address does not hold, may stand in the arguments as they are; a ``%`` is written ``%25`` there too.
    """
    name, mark, behind = source.partition(f"<{MEMBER}:")
    if not mark or Path(source).is_file():
        return Path(source), ""
    return Path(name), quote(mark + behind, safe="<>%/:@!$&'()*+,;=~?#")


def address_of(service: Service, source: str) -> str:
    """The address itself, or one that is granted for a file. Raises NotFound and MisconfiguredError."""
    if is_address(source):
        return source
    file, arguments = file_of(source)
    try:
        return service.files.grant(file) + arguments
    except OSError as error:
        raise NotFound(f"{file.name} cannot be read: {error.strerror}.") from error


async def make(
    service: Service, source: str, type: str, *, profile: str | None = None, on_event: OnEvent | None = None
) -> Artifact:
    """One conversion in a service that runs. ``source`` is an address, or a file, which is granted by an open descriptor."""
    wanted = service.wanted(address_of(service, source), type, profile)
    with service.follow(wanted) as follower:
        event: Event = Queued(position=0)
        while not isinstance(event, SETTLED):
            logged = await follower.next()
            event = logged.event
            if on_event is not None:
                on_event(logged)
    if isinstance(event, Failed):
        raise ERRORS.get(event.code, ConverterFailed)(event.message, retry_after=event.retry_after, extra=event.extra)
    artifact = service.result(wanted)
    if artifact is None:
        raise ConverterFailed("The result was evicted at once: the store's size limit is too small for it.")
    return artifact


async def convert_async(
    source: str | os.PathLike[str],
    type: str,
    *,
    config: Config | None = None,
    profile: str | None = None,
    on_event: OnEvent | None = None,
) -> Converted:
    """Convert a file or an address within Trio. Raises OmnicError; each failure has a ``code`` and a ``message``.

    For more than one conversion keep a service open (``open_service``) and ask it: tools stay warm.
    """
    async with open_service(config) as service:
        try:
            return converted(await make(service, os.fspath(source), type, profile=profile, on_event=on_event))
        except OmnicError as error:
            failed = error
    raise failed  # out here, for the service's nurseries would hand it on as a group, which no `except OmnicError` catches


def convert(
    source: str | os.PathLike[str],
    type: str,
    *,
    config: Config | None = None,
    profile: str | None = None,
    on_event: OnEvent | None = None,
) -> Converted:
    """The same from code without Trio: ``convert("report.docx", "thumb.png:200x200").save("thumb.png")``."""

    async def main() -> Converted:
        return await convert_async(source, type, config=config, profile=profile, on_event=on_event)

    return trio.run(main)
