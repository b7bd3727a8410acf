"""A WebAssembly module: its sections, imports and exports (WebAssembly Core Specification 2.0, section 5.5)."""

from __future__ import annotations

from typing import Any

from omnic_stream.converters.warm.dossier import Dossier, Table
from omnic_stream.model.errors import Corrupt

SECTIONS = (
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data count",
    "tag",
)
KINDS = ("function", "table", "memory", "global", "tag")
VALUES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x70: "funcref", 0x6F: "externref"}
MOST = 100_000


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise Corrupt("The module is broken: it ends too early.")
        self.at += count
        return part

    def number(self) -> int:
        """LEB128, unsigned, at most 64 bits."""
        value = shift = 0
        while shift < 70:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise Corrupt("The module is broken: a number has no end.")

    def count(self) -> int:
        if (count := self.number()) > MOST:
            raise Corrupt("The module is broken, or has more parts than are read.")
        return count

    def name(self) -> str:
        return self.take(self.number()).decode("utf-8", "replace")


def wasm_dossier(data: bytes) -> Dossier:
    """Raises Corrupt."""
    reader = Bytes(data)
    if reader.take(4) != b"\0asm":
        raise Corrupt("This is no WebAssembly module.")
    version = int.from_bytes(reader.take(4), "little")
    if version != 1:
        raise Corrupt(f"This is WebAssembly of version {version & 0xFFFF}; modules of version 1 are read.")
    sections: list[dict[str, Any]] = []
    found: dict[str, Any] = {"types": [], "imports": [], "exports": [], "functions": 0, "memories": [], "producers": {}}
    while reader.at < len(data):
        kind = reader.byte()
        content = Bytes(reader.take(reader.number()))
        name = SECTIONS[kind] if kind < len(SECTIONS) else f"section {kind}"
        size = len(content.data)
        if kind == 0:
            name = f"custom: {content.name()}"
        sections.append({"name": name, "size": size})
        _section(kind, name, content, found)
    types: list[str] = found.pop("types")
    for each in found["imports"]:
        if each["kind"] == "function":
            each["type"] = types[each["type"]] if each["type"] < len(types) else "?"
    pages = found["memories"][0] if found["memories"] else None
    return Dossier(
        title="WebAssembly module",
        badge="WASM",
        subtitle=f"{found['functions']:,} functions, {len(found['imports'])} imports, {len(found['exports'])} exports",
        facts=[
            ("Functions", found["functions"]),
            ("Types", len(types)),
            ("Memory", f"{pages['minimum']} to {pages['maximum'] or 'any number of'} pages of 64 KiB" if pages else None),
            *((name.capitalize(), ", ".join(words)) for name, words in found["producers"].items()),
        ],
        tables=[
            Table(title="Exports", columns=("Name", "Kind"), rows=[(each["name"], each["kind"]) for each in found["exports"]]),
            Table(title="Imports", columns=("Module", "Name", "Kind", "Type"),
                  rows=[(each["module"], each["name"], each["kind"], str(each.get("type") or "")) for each in found["imports"]]),
            Table(title="Sections", columns=("Name", "Bytes"), rows=[(each["name"], each["size"]) for each in sections]),
        ],
        data={"version": version, **found, "sections": sections},
        colour="#654ff0",
    )  # fmt: skip


def _section(kind: int, name: str, content: Bytes, found: dict[str, Any]) -> None:
    if kind == 1:
        found["types"] = _types(content)
    elif kind == 2:
        found["imports"] = [_import(content) for _ in range(content.count())]
        found["memories"] += [each["type"] for each in found["imports"] if each["kind"] == "memory"]
    elif kind == 3:
        found["functions"] = content.count()
    elif kind == 5:
        found["memories"] += [_limits(content) for _ in range(content.count())]
    elif kind == 7:
        found["exports"] = [_export(content) for _ in range(content.count())]
    elif name == "custom: producers":
        for _ in range(min(content.count(), 10)):
            field = content.name()
            found["producers"][field] = [f"{content.name()} {content.name()}".strip() for _ in range(min(content.count(), 50))]


def _types(content: Bytes) -> list[str]:
    """Function types; of what later proposals add, none."""
    types: list[str] = []
    for _ in range(content.count()):
        if content.byte() != 0x60:
            break
        given, result = ([VALUES.get(content.byte(), "?") for _ in range(content.count())] for _ in range(2))
        types.append(f"({', '.join(given)}) → ({', '.join(result)})")
    return types


def _import(content: Bytes) -> dict[str, Any]:
    told: dict[str, Any] = {"module": content.name(), "name": content.name()}
    kind = content.byte()
    told["kind"] = KINDS[kind] if kind < len(KINDS) else "unknown"
    if kind == 0:
        told["type"] = content.number()
    elif kind == 1:
        told["type"] = {"of": VALUES.get(content.byte(), "?"), **_limits(content)}
    elif kind == 2:
        told["type"] = _limits(content)
    elif kind == 3:
        told["type"] = ("mutable " if content.take(2)[1] else "") + VALUES.get(content.data[content.at - 2], "?")
    elif kind == 4:
        content.byte()
        told["type"] = content.number()
    else:
        raise Corrupt("The module is broken: it imports something of an unknown kind.")
    return told


def _limits(content: Bytes) -> dict[str, int | None]:
    bounded = content.byte() & 1
    return {"minimum": content.number(), "maximum": content.number() if bounded else None}


def _export(content: Bytes) -> dict[str, str]:
    name, kind = content.name(), content.byte()
    content.number()
    return {"name": name, "kind": KINDS[kind] if kind < len(KINDS) else "unknown"}
