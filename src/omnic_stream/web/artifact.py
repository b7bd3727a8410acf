"""``GET /artifact/<key>/<entry or path inside>``: one finished Artifact, immutable."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote_to_bytes

from omnic_stream.model.address import clean_path
from omnic_stream.model.contracts import Artifact
from omnic_stream.model.errors import BadAddress, NotFound
from omnic_stream.model.formats import Formats
from omnic_stream.web.access import ARTIFACT
from omnic_stream.web.asked import Query, read_query
from omnic_stream.web.media import Answered
from omnic_stream.web.reply import NO_STORE, NOSNIFF, Reply, answer, result
from omnic_stream.web.site import Site

_KEY = re.compile(rb"/artifact/([0-9a-f]{64})((?:;[a-z]{1,8}=[^/;]*){0,3})(?:/(.*))?", re.DOTALL)
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRequest:
    method: str
    path: bytes
    """As sent, from ``/artifact/`` on."""
    query: Query
    fields: Mapping[bytes, bytes]


def artifact(request: ArtifactRequest, site: Site) -> Answered:
    """Raises BadAddress, Refused, NotFound."""
    match = _KEY.fullmatch(request.path)
    if match is None:
        raise NotFound("There is no such result.")
    key = match[1].decode()
    inside = _inside(match[3]) if match[3] else ""  # 400
    signature = read_query(match[2][1:].replace(b";", b"&")).signature if match[2] else request.query.signature
    allowed_until = site.access.check(target=ARTIFACT, url=key, signature=signature)  # 403
    found = site.store.artifact(key)
    if found is None:
        raise NotFound("There is no such result, or it is gone: ask for it again.")
    if not inside:
        location = site.links.artifact(key, found.entry, found.directory).encode()
        return Answered(Reply(303, [(b"location", location), (b"content-length", b"0"), NO_STORE, NOSNIFF]))
    file = _file(found, inside)
    shown = result(
        path=str(file.path),
        size=file.size,
        tag=file.tag,
        created=found.created,
        media_type=media_type(inside, site.formats) if found.directory else found.media_type,
        name=inside.rpartition("/")[2],
        allowed_until=allowed_until,
        siblings=found.directory,
    )
    return Answered(answer(shown, request.method, request.fields, site.now()), shown)


def media_type(name: str, formats: Formats) -> str:
    """Of a file within a directory Artifact, by the longest extension that is known."""
    parts = name.rpartition("/")[2].lower().split(".")[1:]
    for start in range(len(parts)):
        for format in formats.by_extension(".".join(parts[start:])):
            return format.media_type
    return UNKNOWN


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    tag: str


def _file(found: Artifact, inside: str) -> _File:
    if not found.directory:
        if inside != found.entry:
            raise NotFound("The result has another name.")
        return _File(found.path, found.size, found.sha256)
    path = found.path / inside
    try:
        about = path.lstat()
        whole = path.resolve(strict=True) == found.path.resolve(strict=True) / inside
    except OSError:
        raise NotFound("There is no such file in the result.") from None
    if not stat.S_ISREG(about.st_mode) or not whole:
        raise NotFound("There is no such file in the result.")
    # the directory's hash covers every (path, hash) in it, so with the path it names the content
    return _File(path, about.st_size, sha256(f"{found.sha256}/{inside}".encode()).hexdigest())


def _inside(raw: bytes) -> str:
    try:
        return clean_path(unquote_to_bytes(raw).decode())
    except UnicodeDecodeError:
        raise BadAddress("A path within a result is UTF-8.") from None
