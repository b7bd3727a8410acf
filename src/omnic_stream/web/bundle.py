"""The browser's side as files: what the build made, other people's viewers, and the manifest that lists both.

Each is read once and held in memory, some hundred kilobytes and the libraries of the larger viewers.
"""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any, Final

import msgspec

from omnic_stream.model.contracts import Viewer
from omnic_stream.model.errors import MisconfiguredError
from omnic_stream.model.formats import Formats
from omnic_stream.web.reply import NOSNIFF, charset

_HASHED = re.compile(r"(?:.+-[A-Z0-9]{8}\.[a-z0-9.]+|others/.+)")
_TYPES = {
    "js": "text/javascript",
    "mjs": "text/javascript",
    "css": "text/css",
    "json": "application/json",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "wasm": "application/wasm",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
    "map": "application/json",
}
WORTH: Final = 512
"""Smaller files are not compressed."""
MOST: Final = 64 << 20
"""Bytes of one foreign viewer's folder: a viewer, not a folder named by mistake."""


@dataclass(frozen=True, slots=True)
class Asset:
    headers: tuple[tuple[bytes, bytes], ...]
    etag: bytes
    body: bytes
    packed: bytes | None
    """The body in gzip, where that is smaller."""


@dataclass(frozen=True, slots=True)
class Bundle:
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What the build wrote down of its files: name, digest, integrity, by their logical names."""
    assets: Mapping[str, Asset] = field(default_factory=dict[str, Asset])
    """By their names below ``/viewer/``."""


def load(folder: Path | None, viewers: Sequence[Viewer], formats: Formats) -> Bundle:
    """Raises MisconfiguredError where a viewer's files are not there."""
    files: dict[str, Mapping[str, Any]] = {}
    assets: dict[str, Asset] = {}
    if folder is not None:
        found = {path.name: path for path in sorted(folder.glob("*")) if path.is_file()}
        for name, path in found.items():
            if not name.endswith(".gz"):
                small = found.get(f"{name}.gz")
                assets[name] = asset(name, path.read_bytes(), small.read_bytes() if small is not None else None)
        if (written := folder / "manifest.json").is_file():
            files = msgspec.json.decode(written.read_bytes())["files"]
    listed: list[dict[str, object]] = []
    shown = dict(files)
    # who brings a viewer of his own wants it to be asked first
    for viewer in (*(one for one in viewers if one.folder is not None), *(one for one in viewers if one.folder is None)):
        if viewer.folder is not None:
            module = _adopt(viewer, viewer.folder, assets, shown)
        elif viewer.module in files:
            module = str(files[viewer.module]["file"])
        else:
            continue  # not built
        listed.append(
            {
                "name": viewer.name,
                "title": viewer.title or viewer.name,
                "opens": _opened(viewer.opens, formats),
                "shows": list(viewer.shows),
                "media_types": list(viewer.media_types),
                "module": module,
            }
        )
    manifest = {"entry": "omnic.js", "files": shown, "viewers": listed}
    assets["manifest.json"] = asset("manifest.json", msgspec.json.encode(manifest))
    return Bundle(files, assets)


def _opened(words: Iterable[str], formats: Formats) -> list[str]:
    """The Formats that these words mean, by name."""
    named, categories = set[str](), set[str]()
    for word in words:
        kind, _, category = word.partition(":")
        if kind == "category":
            categories.add(category)
        elif word == "*":
            return ["*"]
        elif (found := formats.find(word)) is not None:
            named.add(found.name)
        else:
            raise MisconfiguredError(f"A viewer opens {word!r}, which is no format.")
    return [
        one.name for one in formats if one.category in categories or not named.isdisjoint((one.name, *formats.ancestors(one.name)))
    ]


def _adopt(viewer: Viewer, folder: Path, assets: dict[str, Asset], shown: dict[str, Mapping[str, Any]]) -> str:
    """Serve a folder below an address with its digest in it: immutable, and relative imports keep working."""
    root = folder.resolve()
    found = {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(root) and "node_modules" not in path.relative_to(root).parts
    }
    if viewer.module not in found:
        raise MisconfiguredError(f"The viewer {viewer.name!r} has no file {viewer.module!r} in its folder.")
    if sum(path.stat().st_size for path in found.values()) > MOST:
        raise MisconfiguredError(f"The folder of the viewer {viewer.name!r} is larger than {MOST >> 20} MiB.")
    contents = {name: path.read_bytes() for name, path in found.items()}
    digest = sha256()
    for name, body in contents.items():
        digest.update(b"%d %d " % (len(name.encode()), len(body)) + name.encode() + body)
    place = f"others/{viewer.name}-{digest.hexdigest()[:12]}"
    for name, body in contents.items():
        assets[f"{place}/{name}"] = asset(f"{place}/{name}", body)
    body = contents[viewer.module]
    shown[f"viewer/{viewer.name}.js"] = {
        "file": f"{place}/{viewer.module}",
        "hash": sha256(body).hexdigest(),
        "integrity": f"sha384-{b64encode(sha384(body).digest()).decode()}",
        "bytes": len(body),
        "gzip": len(gzip.compress(body, 9, mtime=0)),
        "imports": [],
    }
    return f"{place}/{viewer.module}"


def asset(name: str, body: bytes, small: bytes | None = None) -> Asset:
    """``small``: the body in gzip, where the build has packed it already."""
    cache = b"public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else b"no-cache"
    media_type = charset(_TYPES.get(name.rpartition(".")[2], "application/octet-stream"))
    headers = [(b"content-type", media_type.encode()), (b"cache-control", cache), NOSNIFF]
    if name.endswith((".svg", ".html")):
        headers.append((b"content-security-policy", b"sandbox; default-src 'none'; style-src 'unsafe-inline'"))
    return packed(headers, body, small)


def packed(headers: list[tuple[bytes, bytes]], body: bytes, small: bytes | None = None) -> Asset:
    if small is None:
        small = gzip.compress(body, 9, mtime=0) if len(body) > WORTH else None
    smaller = small if small is not None and len(small) < len(body) else None
    return Asset(tuple(headers), b'"%s"' % sha256(body).hexdigest().encode(), body, smaller)
