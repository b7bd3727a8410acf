"""Packages: what their own description says (name, version, what they need), with what they hold."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from typing import Any

from omnic_stream.converters.warm import archive, parcels
from omnic_stream.converters.warm.axml import elements
from omnic_stream.converters.warm.cards import write_card
from omnic_stream.converters.warm.dossier import Dossier, Table, card_of, write_json, write_page
from omnic_stream.converters.warm.members import sized
from omnic_stream.converters.warm.readers import failures_in_plain_words, opened
from omnic_stream.converters.warm.sections import instant
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

LARGEST_DESCRIPTION = 4 * MiB
DEPENDENCIES = ("Pre-Depends", "Depends", "Recommends", "Suggests", "Enhances", "Breaks", "Conflicts", "Replaces", "Provides")
SENSES = ((2, "<"), (4, ">"), (8, "="))
"""Bits of an RPM dependency's flags: less, greater, equal."""


def dossier(call: Call) -> Dossier:
    """Raises Corrupt, TooExpensive."""
    with failures_in_plain_words():
        return DOSSIERS[call.source](call)


def metadata(call: Call) -> None:
    write_json(call, dossier(call))


def page(call: Call) -> None:
    """The description, then the tree of files."""
    told = archive.told(call)
    write_page(call, dossier(call), f"<h2>Files</h2>{archive.tree_table(call, told)}", archive.CSS)


def picture(call: Call) -> None:
    known = dossier(call)
    short = [(label, value) for label, value in known.facts if label not in {"Description", "Homepage", "Licence"} and value]
    rows = archive.tree_rows(archive.told(call).shown)
    write_card(call, card_of(replace(known, facts=short[:4]), rows))


# --- Debian -----------------------------------------------------------------------------------------------------------------


def deb(call: Call) -> Dossier:
    """deb-control(5)."""
    fields = parcels.deb_control(call)
    summary, _, more = fields.get("Description", "").partition("\n")
    needs = {name: _listed(fields[name]) for name in DEPENDENCIES if name in fields}
    size = fields.get("Installed-Size", "")
    return Dossier(
        title=f"{fields.get('Package', 'Package')} {fields.get('Version', '')}".strip(),
        badge="DEB",
        subtitle=summary,
        facts=[
            ("Architecture", fields.get("Architecture")),
            ("Section", fields.get("Section")),
            ("Installed size", sized(int(size) * 1024) if size.isdigit() else None),
            ("Maintainer", fields.get("Maintainer")),
            ("Source", fields.get("Source")),
            ("Homepage", fields.get("Homepage")),
            ("Description", more.strip()),
        ],
        tables=[Table(title=name, columns=("Package",), rows=[(word,) for word in words]) for name, words in needs.items()],
        data={
            "name": fields.get("Package"), "version": fields.get("Version"), "architecture": fields.get("Architecture"), "summary": summary,
            "dependencies": needs.get("Depends", []), "relations": needs, "fields": fields,
        },
        colour="#a80030",
    )  # fmt: skip


def _listed(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := " ".join(part.split()))]


# --- RPM --------------------------------------------------------------------------------------------------------------------


def rpm(call: Call) -> Dossier:
    with opened(call) as file:
        facts = parcels.rpm_header(file)
    version = f"{facts.get('version', '')}-{facts.get('release', '')}"
    needs = [
        f"{name} {_sense(flag)} {wanted}".strip() if wanted else name
        for name, flag, wanted in zip(
            _many(facts, "requires"), _many(facts, "require_flags"), _many(facts, "require_versions"), strict=False
        )
    ]
    provides = [
        f"{name} = {given}" if given else name
        for name, given in zip(_many(facts, "provides"), _many(facts, "provide_versions"), strict=False)
    ]
    changes = [
        (instant(when) or "", who, what)
        for when, who, what in zip(
            _many(facts, "change_times"), _many(facts, "change_names"), _many(facts, "changes"), strict=False
        )
    ]
    built = facts.get("built")
    return Dossier(
        title=f"{facts.get('name', 'Package')} {version}",
        badge="RPM",
        subtitle=str(facts.get("summary", "")),
        facts=[
            ("Architecture", facts.get("architecture")),
            ("Licence", facts.get("licence")),
            ("Installed size", sized(facts["size"]) if isinstance(facts.get("size"), int) else None),
            ("Vendor", facts.get("vendor")),
            ("Packager", facts.get("packager")),
            ("Group", facts.get("group")),
            ("Built", instant(built) if isinstance(built, int) else None),
            ("Source", facts.get("source")),
            ("Homepage", facts.get("url")),
            ("Description", facts.get("description")),
        ],
        tables=[
            Table(title="Requires", columns=("Capability",), rows=[(each,) for each in needs]),
            Table(title="Provides", columns=("Capability",), rows=[(each,) for each in provides]),
            Table(title="Changes", columns=("When", "Who", "What"), rows=changes[:50]),
        ],
        data={
            "name": facts.get("name"), "version": facts.get("version"), "release": facts.get("release"), "epoch": facts.get("epoch"),
            "architecture": facts.get("architecture"), "summary": facts.get("summary"), "licence": facts.get("licence"),
            "url": facts.get("url"), "built": instant(built) if isinstance(built, int) else None, "installed_size": facts.get("size"),
            "source": facts.get("source"), "dependencies": needs, "provides": provides,
            "payload": f"{facts.get('payload_format', 'cpio')}, {facts.get('payload_compressor', 'gzip')}",
        },
        colour="#7a2f55",
    )  # fmt: skip


def _many(facts: dict[str, Any], name: str) -> list[Any]:
    value = facts.get(name, [])
    return list(value) if isinstance(value, list) else [value]  # type: ignore[reportUnknownArgumentType]


def _sense(flags: int) -> str:
    return "".join(sign for bit, sign in SENSES if flags & bit)


# --- those that are ZIPs ----------------------------------------------------------------------------------------------------


def _member(file: zipfile.ZipFile, name: str) -> bytes | None:
    try:
        with file.open(name) as content:
            return content.read(LARGEST_DESCRIPTION)
    except KeyError:
        return None
    except (NotImplementedError, RuntimeError) as error:
        raise Corrupt("The package's description cannot be read.") from error


def manifest(text: str) -> dict[str, str]:
    """The main section of a JAR's manifest (JAR File Specification): lines of at most 72 bytes, continued by a space."""
    main = re.sub(r"\r\n?", "\n", text).split("\n\n")[0]
    pairs = (line.partition(":") for line in main.replace("\n ", "").splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def jar(call: Call) -> Dossier:
    with opened(call) as file, zipfile.ZipFile(file) as held:
        names = held.namelist()
        fields = manifest((_member(held, "META-INF/MANIFEST.MF") or b"").decode("utf-8", "replace"))
        poms = [name for name in names if name.startswith("META-INF/maven/") and name.endswith("/pom.properties")]
        pom = (_member(held, poms[0]) or b"").decode("utf-8", "replace") if len(poms) == 1 else ""
    maven = dict(line.split("=", 1) for line in pom.splitlines() if "=" in line and not line.startswith("#"))
    classes = sum(name.endswith(".class") for name in names)
    title = fields.get("Implementation-Title") or fields.get("Bundle-Name") or maven.get("artifactId") or "Java archive"
    version = fields.get("Implementation-Version") or fields.get("Bundle-Version") or maven.get("version")
    signed = any(re.fullmatch(r"META-INF/[^/]+\.(RSA|DSA|EC)", name) for name in names)
    services = sorted(name.removeprefix("META-INF/services/") for name in names if re.fullmatch(r"META-INF/services/[^/]+", name))
    return Dossier(
        title=f"{title} {version or ''}".strip(),
        badge="JAR",
        subtitle=f"{classes:,} classes" if classes != 1 else "1 class",
        facts=[
            ("Main class", fields.get("Main-Class")),
            ("Class path", fields.get("Class-Path")),
            ("Vendor", fields.get("Implementation-Vendor") or fields.get("Bundle-Vendor")),
            ("Built with", fields.get("Build-Jdk-Spec") or fields.get("Build-Jdk") or fields.get("Created-By")),
            ("Maven", ":".join(maven[name] for name in ("groupId", "artifactId", "version") if name in maven)),
            ("Signed", "has a signature, not checked" if signed else "no"),
            ("Services", "\n".join(services[:50])),
        ],
        tables=[Table(title="Manifest", columns=("Name", "Value"), rows=list(fields.items()))],
        data={
            "name": title, "version": version, "main_class": fields.get("Main-Class"), "classes": classes, "signed": signed,
            "maven": maven, "services": services, "dependencies": fields.get("Class-Path", "").split(), "manifest": fields,
        },
        colour="#b07219",
    )  # fmt: skip


def apk(call: Call) -> Dossier:
    """An Android app by its binary manifest. Names that stand in the resource table are not looked up."""
    with opened(call) as file, zipfile.ZipFile(file) as held:
        names = held.namelist()
        data = _member(held, "AndroidManifest.xml")
    if data is None:
        raise Corrupt("The app is broken: it has no manifest.")
    tree = elements(data)
    found: dict[str, list[dict[str, Any]]] = {}
    for name, attributes in tree:
        found.setdefault(name, []).append(attributes)
    top, sdk, app = ((found.get(name) or [{}])[0] for name in ("manifest", "uses-sdk", "application"))
    permissions = [str(each.get("name", "")) for each in found.get("uses-permission", [])]
    kinds = ("activity", "service", "receiver", "provider")
    components = {kind: [str(each.get("name", "")) for each in found.get(kind, [])] for kind in kinds}
    libraries = sorted({name.split("/")[1] for name in names if name.startswith("lib/") and name.count("/") > 1})
    label = str(app.get("label", ""))
    return Dossier(
        title=label if label and not label.startswith("@") else str(top.get("package", "Android app")),
        badge="APK",
        subtitle=f"{top.get('package', '')} {top.get('versionName', '')}".strip(),
        facts=[
            ("Package", str(top.get("package", ""))),
            ("Version", str(top.get("versionName", ""))),
            ("Version code", str(top.get("versionCode", ""))),
            ("Oldest Android API", str(sdk.get("minSdkVersion", ""))),
            ("Made for Android API", str(sdk.get("targetSdkVersion", ""))),
            ("Processors", ", ".join(libraries)),
            ("Debuggable", "yes" if app.get("debuggable") else None),
        ],
        tables=[
            Table(title="Permissions", columns=("Permission",), rows=[(each,) for each in permissions]),
            *(Table(title=kind.capitalize(), columns=("Name",), rows=[(each,) for each in words]) for kind, words in components.items()),
        ],
        data={
            "name": top.get("package"), "version": top.get("versionName"), "version_code": top.get("versionCode"), "label": label or None,
            "minimum_sdk": sdk.get("minSdkVersion"), "target_sdk": sdk.get("targetSdkVersion"), "permissions": permissions,
            "components": components, "architectures": libraries, "dependencies": [],
        },
        colour="#3a7d44",
    )  # fmt: skip


def wheel(call: Call) -> Dossier:
    """The metadata of a wheel (packaging.python.org, "Core metadata specifications")."""
    with opened(call) as file, zipfile.ZipFile(file) as held:
        inner = next((name for name in held.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)), None)
        if inner is None:
            raise Corrupt("The wheel is broken: it has no metadata.")
        fields = message_from_bytes(_member(held, inner) or b"")
        tags = message_from_bytes(_member(held, inner.replace("/METADATA", "/WHEEL")) or b"").get_all("Tag", [])
        points = (_member(held, inner.replace("/METADATA", "/entry_points.txt")) or b"").decode("utf-8", "replace")
    needs, name, version = list(fields.get_all("Requires-Dist", [])), str(fields.get("Name", "")), str(fields.get("Version", ""))
    commands = [line.strip() for line in points.partition("[console_scripts]")[2].split("\n[")[0].splitlines() if "=" in line]
    summary = str(fields.get("Summary", ""))
    links = [str(each) for each in fields.get_all("Project-URL", [])]
    return Dossier(
        title=f"{name} {version}".strip() or "Python wheel",
        badge="WHL",
        subtitle=summary,
        facts=[
            ("Python", fields.get("Requires-Python")),
            ("Licence", fields.get("License-Expression") or fields.get("License")),
            ("Author", fields.get("Author") or fields.get("Author-email")),
            ("Homepage", fields.get("Home-page")),
            ("Links", "\n".join(links)),
            ("Tags", ", ".join(map(str, tags[:20]))),
        ],
        tables=[
            Table(title="Requires", columns=("Requirement",), rows=[(str(each),) for each in needs]),
            Table(title="Commands", columns=("Entry point",), rows=[(each,) for each in commands]),
        ],
        data={
            "name": name, "version": version, "summary": summary, "requires_python": fields.get("Requires-Python"),
            "dependencies": [str(each) for each in needs], "extras": [str(each) for each in fields.get_all("Provides-Extra", [])],
            "licence": fields.get("License-Expression") or fields.get("License"), "tags": [str(each) for each in tags], "commands": commands,
        },
        colour="#2f6f9f",
    )  # fmt: skip


DOSSIERS: dict[str, Callable[[Call], Dossier]] = {"DEB": deb, "RPM": rpm, "JAR": jar, "APK": apk, "WHL": wheel}
