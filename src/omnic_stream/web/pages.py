"""The page at ``/``, the built viewers below ``/viewer/``, and the document that other sites frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from omnic_stream.model.errors import NotFound
from omnic_stream.model.formats import ArgumentRule
from omnic_stream.web.bundle import Asset, load, packed
from omnic_stream.web.conditions import decide
from omnic_stream.web.reply import NOSNIFF, Reply
from omnic_stream.web.site import Site

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
)


class Pages:
    """Documents of which only the facts differ, and the files that they load."""

    def __init__(self, site: Site) -> None:
        self._bundle = load(site.assets, site.viewers, site.formats)
        files = self._bundle.files
        origins = sorted(site.access.allow_origins)
        shells = Environment(loader=PackageLoader("omnic_stream.web"), autoescape=True, undefined=StrictUndefined)
        shell = shells.get_template("page.html")
        self._page = _document(shell, site, files, base="viewer/", own="'none'")
        self._framed = _document(shell, site, files, base="", own=" ".join(["'self'", *origins]), script="open")
        self._site, self._shell = site, shell
        self._demo = self._shown_demo()
        self._admin = _document(shell, site, files, base="../viewer/", own="'none'", script="admin") if site.admin else None

    def page(self, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        return _shown(self._page, method, fields, encodings)

    def demo(self, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        """Raises NotFound where there is nothing to show."""
        if not self._site.demo:
            raise NotFound("There is no demo here: results are at /media/<type>/?url=<address>.")
        signed = bool(self._site.access.signing_keys)  # then its links run out
        return _shown(self._shown_demo() if signed else self._demo, method, fields, encodings)

    def _shown_demo(self) -> Asset:
        return _document(self._shell, self._site, self._bundle.files, base="../viewer/", own="'none'", script="demo")

    def admin(self, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        """Raises NotFound where there is none."""
        if self._admin is None:
            raise NotFound("There is no admin page here.")
        return _shown(self._admin, method, fields, encodings)

    def viewer(self, name: str, method: str, fields: Mapping[bytes, bytes], encodings: str) -> Reply:
        """``open`` is the document to frame; everything else a built file. Raises NotFound."""
        asset = self._framed if name == "open" else self._bundle.assets.get(name)
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


def _demo_facts(site: Site) -> dict[str, object]:
    """Each file with its links (signed where they must be) and the category that its name tells."""
    shown: list[dict[str, str]] = []
    for address in site.demo:
        name = unquote(address.rpartition("/")[2])
        parts = name.lower().split(".")[1:]
        found = next((one for at in range(len(parts)) for one in site.formats.by_extension(".".join(parts[at:]))), None)
        shown.append(
            {
                "name": name,
                "url": address,
                "src": site.links.media("view", address),
                "thumb": site.links.media("thumb.webp:320x240", address),
                "format": found.title if found is not None else "",
                "category": found.category if found is not None else "",
            }
        )
    return {"files": shown}


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


def _document(
    shell: Template, site: Site, files: Mapping[str, Mapping[str, Any]], *, base: str, own: str, script: str = "page"
) -> Asset:
    """The shell; all else is made by the page's script. A data block is not run, so the policy lets it stand.

    ``base`` leads from the document to the viewers: a relative address, so that a proxy may put a prefix before all of it.
    """
    facts = {"open": dict[str, object], "demo": lambda: _demo_facts(site)}.get(script, lambda: _facts(site))()
    if script == "admin" and site.admin is not None:
        facts["admin"] = site.admin.facts()
    body = shell.render(files=files, site=facts, base=base, script=script)
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", _POLICY.format(ancestors=own).encode("latin-1")),
        (b"referrer-policy", b"no-referrer"),
        NOSNIFF,
    ]
    return packed(headers, body.encode())
