"""The page at ``/``, the built viewers below ``/viewer/``, and the document that other sites frame."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from omnic_stream.model.errors import NotFound
from omnic_stream.model.formats import ArgumentRule
from omnic_stream.web.conditions import decide
from omnic_stream.web.reply import NOSNIFF, Reply, charset
from omnic_stream.web.site import Site

_HASHED = re.compile(r".+-[A-Z0-9]{8}\.[a-z0-9.]+")
_TYPES = {
    "js": "text/javascript",
    "css": "text/css",
    "json": "application/json",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "wasm": "application/wasm",
    "png": "image/png",
    "woff2": "font/woff2",
    "map": "application/json",
}
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)
WORTH = 512
"""Smaller files are not compressed."""


@dataclass(frozen=True, slots=True)
class Asset:
    headers: tuple[tuple[bytes, bytes], ...]
    etag: bytes
    body: bytes
    packed: bytes | None
    """The body in gzip, where that is smaller."""


class Pages:
    """All of it in memory, read once: some hundred kilobytes."""

    def __init__(self, site: Site) -> None:
        self._assets = _load(site.assets) if site.assets is not None else {}
        origins = sorted(site.access.allow_origins)
        shells = Environment(loader=PackageLoader("omnic_stream.web"), autoescape=True, undefined=StrictUndefined)
        shell = shells.get_template("page.html")
        self._page = _document(shell, site, base="viewer/", own="'none'")
        self._framed = _document(shell, site, base="", own=" ".join(["'self'", *origins]))
        self._admin = _document(shell, site, base="../viewer/", own="'none'", script="admin") if site.admin is not None else None

    def page(self, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        return _shown(self._page, method, fields, encodings)

    def admin(self, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        """Raises NotFound where there is none."""
        if self._admin is None:
            raise NotFound("There is no admin page here.")
        return _shown(self._admin, method, fields, encodings)

    def viewer(self, name: str, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        """``open`` is the document to frame; everything else a built file. Raises NotFound."""
        asset = self._framed if name == "open" else self._assets.get(name)
        if asset is None:
            raise NotFound("There is no such file among the viewers.")
        return _shown(asset, method, fields, encodings)


def _shown(asset: Asset, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
    packed = asset.packed if asset.packed is not None and _takes_gzip(encodings) else None
    body = asset.body if packed is None else packed
    # two encodings are two representations, and a strong tag names one of them (RFC 9110 section 8.8.3)
    etag = asset.etag if packed is None else asset.etag[:-1] + b'-gzip"'
    conditions = {name: value for name, value in fields.items() if name in {b"if-none-match", b"if-match"}}
    status = decide(method, conditions, etag=etag, modified=0, size=len(body)).status
    headers = [*asset.headers, (b"etag", etag), (b"vary", b"Accept-Encoding")]
    if status != 200:
        return Reply(status, headers)
    if packed is not None:
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", b"%d" % len(body)))
    return Reply(200, headers, b"" if method == "HEAD" else body)


def _takes_gzip(encodings: str) -> bool:
    for offered in encodings.lower().split(","):
        name, _, weight = offered.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _load(folder: Path) -> dict[str, Asset]:
    return {path.name: _asset(path.name, path.read_bytes()) for path in sorted(folder.glob("*")) if path.is_file()}


def _asset(name: str, body: bytes) -> Asset:
    cache = b"public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else b"no-cache"
    media_type = charset(_TYPES.get(name.rpartition(".")[2], "application/octet-stream"))
    headers = [(b"content-type", media_type.encode()), (b"cache-control", cache), NOSNIFF]
    if name.endswith((".svg", ".html")):
        headers.append((b"content-security-policy", b"sandbox; default-src 'none'; style-src 'unsafe-inline'"))
    return _packed(headers, body)


def _packed(headers: list[tuple[bytes, bytes]], body: bytes) -> Asset:
    packed = gzip.compress(body, 9, mtime=0) if len(body) > WORTH else None
    smaller = packed if packed is not None and len(packed) < len(body) else None
    return Asset(tuple(headers), b'"%s"' % sha256(body).hexdigest().encode(), body, smaller)


def _manifest(folder: Path | None) -> Mapping[str, Mapping[str, object]]:
    """The built files' names and digests by their logical names, as the build wrote them down."""
    if folder is None or not (manifest := folder / "manifest.json").is_file():
        return {}
    return msgspec.json.decode(manifest.read_bytes())["files"]


def _facts(site: Site) -> dict[str, object]:
    """What the page's script is told once: the samples, and of every Format what the picker shows and asks for."""
    formats = [
        {
            "name": format.name,
            "title": format.title,
            "category": format.category,
            "arguments": [_argument(rule) for rule in format.arguments],
        }
        for format in site.formats
    ]
    return {"samples": list(site.samples), "common": list(site.common), "formats": formats, "version": site.version}


def _argument(rule: ArgumentRule) -> dict[str, object]:
    """``low`` and ``high`` are null where the value is no number."""
    bounded = rule.kind in {"int", "float"}
    return {
        "name": rule.name,
        "kind": rule.kind,
        "low": rule.low if bounded else None,
        "high": rule.high if bounded else None,
        "choices": list(rule.choices),
    }


def _document(shell: Template, site: Site, *, base: str, own: str, script: str = "page") -> Asset:
    """The shell; all else is made by the page's script. A data block is not run, so the policy lets it stand.

    ``base`` leads from the document to the viewers: a relative address, so that a proxy may put a prefix before all of it.
    """
    facts = _facts(site)
    if script == "admin" and site.admin is not None:
        facts["admin"] = site.admin.facts()
    body = shell.render(files=_manifest(site.assets), site=facts, base=base, script=script)
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", _POLICY.format(ancestors=own).encode("latin-1")),
        (b"referrer-policy", b"no-referrer"),
        NOSNIFF,
    ]
    return _packed(headers, body.encode())
