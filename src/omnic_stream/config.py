"""Configuration: frozen, validated once at start, from ``omnic.toml``, then ``OMNIC_*`` variables, then arguments.

Later ones win. A wrong setting is a MisconfiguredError: one line that says what to do.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from omnic_stream.model.errors import MisconfiguredError

MiB = 1 << 20
GiB = 1 << 30


class ProfileRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named profile: another name for one, Formats to pass through, or every Format from the first to the last."""

    alias: str | None = None
    via: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


class CostRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Converter costs on this machine, in the place of what it declares: wall time on one core, warm."""

    ms: float
    ms_per_mib: float = 0.0


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. Sizes are bytes, times are seconds. Each is also a variable: ``queue_limit`` is ``OMNIC_QUEUE_LIMIT``."""

    bind: str = "127.0.0.1:8800"
    store: str = ""
    """Folder; empty means the user's cache folder."""
    store_limit: int = 20 * GiB
    fsync: bool = False
    """Survive a power cut, at the price of slower publishing."""
    allow_addresses: tuple[str, ...] = ()
    """Networks (CIDR) that may be fetched from though they are private."""
    allow_hosts: tuple[str, ...] = ()
    """If given, only these hosts (``media.example``, ``*.media.example``) are fetched from."""
    allow_origins: tuple[str, ...] = ()
    """Pages of these origins may open the socket, read media and embed the viewers."""
    allow_unsigned: bool = False
    """Bind to other than loopback without signing."""
    signing_keys: Mapping[str, str] = {}
    """Key id to secret. With any, every request for media must be signed."""
    slots: int = 0
    """Conversions at once; 0 means one per core."""
    queue_limit: int = 64
    """Jobs that may wait beside those that run."""
    downloads: int = 16
    max_bytes: int = 512 * MiB
    """Largest source."""
    fetch_seconds: float = 300
    sandbox: Literal["auto", "bwrap", "landlock", "rlimits"] = "auto"
    file_roots: Mapping[str, str] = {}
    """Root name to folder: what ``file://NAME/path`` may read."""
    detect_content: bool = True
    """Look at a source's content; without it the name and the server's media type decide."""
    check_outputs: bool = True
    """Detect every output again before it is published."""
    door: bool = True
    """Answer the plainest finished requests in front of the HTTP server."""
    warm: bool = True
    """Start the workers before the first request needs them."""
    profiles: Mapping[str, ProfileRule] = {}
    common: tuple[str, ...] = (
        *("thumb.webp", "PDF", "PNG", "JPG", "WEBP", "HTML", "TXT", "MD", "DOCX", "CSV", "JSON", "MP4", "MP3", "GLB"),
    )
    """Formats that the page offers first, in this order."""
    costs: Mapping[str, CostRule] = {}
    """Converter id to its cost; ``omnic-stream calibrate`` says what to write."""
    refuse_licences: tuple[str, ...] = ()
    """Tools under these licences are not used: SPDX identifiers or their beginnings (``AGPL``, ``GPL-3.0``)."""
    prefer: tuple[str, ...] = ()
    """Converter ids to prefer wherever they can do the job."""
    plugins: tuple[str, ...] = ()
    """Modules beside omnic.toml (or anywhere on the path) that declare converters, sources, formats or viewers."""
    admin_token: str = ""
    """The password of ``/admin/``. Without one, the page is there for services on loopback only."""
    demo: str = ""
    """Folder of files that ``/demo/`` shows, each in its viewer; empty: the samples that travel with the package.

    With ``signing_keys`` there is a demo only where this names a folder: its page signs what it shows for everybody."""
    zoo_report: str = ""
    """A report of ``scripts/zoo --json``, shown on the admin page."""
    log: Literal["debug", "info", "warning", "error"] = "info"
    grace: float = 15
    """Seconds that running requests get at shutdown."""
    public_url: str = ""
    """How the outside sees the service (``https://media.example``), where a proxy stands in front."""

    @property
    def host(self) -> str:
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.bind.rpartition(":")[2])

    @property
    def on_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def cores(self) -> int:
        return self.slots or len(os.sched_getaffinity(0))

    @property
    def store_folder(self) -> Path:
        if self.store:
            return Path(self.store).expanduser()
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(cache).expanduser() / "omnic-stream"


PLACEHOLDER_SECRETS = frozenset({"", "secret", "changeme", "change-me", "password", "your-secret"})
LEAST_SECRET = 16


def load(
    arguments: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """Read the file in ``folder`` (default: here), the variables, then ``arguments`` (None means: not given)."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    file = (folder or Path()) / "omnic.toml"
    if file.is_file():
        try:
            values.update(tomllib.loads(file.read_text()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MisconfiguredError(f"omnic.toml cannot be read: {error}") from error
    values.update(_from_environment(environment))
    values.update({name: value for name, value in (arguments or {}).items() if value is not None})
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise MisconfiguredError(f"A setting is wrong: {error}. All settings are listed by: omnic-stream serve --help") from error
    return _validated(config)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Config):
        text = environment.get("OMNIC_" + field.name.upper())
        if text is None:
            continue
        if field.name in {"signing_keys", "file_roots"}:
            values[field.name] = _pairs(text, ":" if field.name == "signing_keys" else "=", field.name)
        elif field.name in {"profiles", "costs"}:
            raise MisconfiguredError(f"OMNIC_{field.name.upper()} is not read: {field.name} belong into omnic.toml.")
        elif field.type == tuple[str, ...]:
            values[field.name] = [word.strip() for word in text.split(",") if word.strip()]
        elif field.type is bool:
            if text.lower() not in {"0", "1", "true", "false", "yes", "no"}:
                raise MisconfiguredError(f"OMNIC_{field.name.upper()} is yes or no, not {text!r}.")
            values[field.name] = text.lower() in {"1", "true", "yes"}
        elif field.type in {int, float}:
            try:
                values[field.name] = field.type(text)
            except ValueError:
                raise MisconfiguredError(f"OMNIC_{field.name.upper()} is a number, not {text!r}.") from None
        else:
            values[field.name] = text
    return values


def _pairs(text: str, separator: str, name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        left, found, right = word.partition(separator)
        if not found or not left or left in pairs:
            raise MisconfiguredError(f"OMNIC_{name.upper()} is a list NAME{separator}VALUE,..., each name once.")
        pairs[left] = right
    return pairs


def _validated(config: Config) -> Config:
    host, _, port = config.bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise MisconfiguredError(f"bind is HOST:PORT, not {config.bind!r}.")
    for network in config.allow_addresses:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise MisconfiguredError(f"allow_addresses holds networks such as 10.0.0.0/8: {error}.") from error
    for origin in config.allow_origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
            raise MisconfiguredError(f"allow_origins holds origins such as https://wiki.example, not {origin!r}.")
    for kid, secret in config.signing_keys.items():
        if secret.lower() in PLACEHOLDER_SECRETS or len(secret) < LEAST_SECRET:
            raise MisconfiguredError(
                f"The secret of signing key {kid!r} is too short or a placeholder: take 16 random characters or more."
            )
    if not config.on_loopback and not config.signing_keys and not config.allow_unsigned:
        raise MisconfiguredError(
            f"{config.bind} is reachable by others: set signing_keys, or say allow_unsigned if everybody may convert anything."
        )
    if config.admin_token and (config.admin_token.lower() in PLACEHOLDER_SECRETS or len(config.admin_token) < LEAST_SECRET):
        raise MisconfiguredError("admin_token is too short or a placeholder: take 16 random characters or more.")
    for name, low in {
        "slots": 0,
        "queue_limit": 0,
        "downloads": 1,
        "max_bytes": 1,
        "store_limit": MiB,
        "grace": 0,
    }.items():
        if getattr(config, name) < low:
            raise MisconfiguredError(f"{name} is at least {low}.")
    if config.demo and not Path(config.demo).expanduser().is_dir():
        raise MisconfiguredError("The folder of demo does not exist.")
    for name, root in config.file_roots.items():
        if not Path(root).expanduser().is_dir():
            raise MisconfiguredError(f"The folder of file root {name!r} does not exist.")
    return config
