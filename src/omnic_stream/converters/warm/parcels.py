"""Debian and RPM packages: the archives within, and what their headers say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from omnic_stream.converters.warm.members import CHUNK, Held, Member, allowance
from omnic_stream.converters.warm.readers import BROKEN, opened, tar_stream, unpacked_stream
from omnic_stream.converters.warm.sections import ar_stream, cpio_stream, exactly
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_HEADER = 32 * MiB


# --- deb (deb(5)) -----------------------------------------------------------------------------------------------------------


def deb_files(call: Call) -> Iterator[Held]:
    """What ``dpkg-deb --raw-extract`` makes: the installed files, and below ``DEBIAN/`` what controls them."""
    with opened(call) as file:
        for member, content in ar_stream(file):
            if content is None or not member.name.startswith(("control.tar", "data.tar")):
                continue
            prefix = "DEBIAN/" if member.name.startswith("control.tar") else ""
            for inner, held in tar_stream(unpacked_stream(_buffered(content))):
                name = inner.name.removeprefix("./").removeprefix("/")
                if name and name != ".":
                    yield replace(inner, name=prefix + name), held


def deb_control(call: Call) -> dict[str, str]:
    """The fields of the control file (deb-control(5)); a folded field keeps its lines."""
    for member, content in deb_files(call):
        if member.name == "DEBIAN/control" and content is not None:
            return stanza(content.read(4 * MiB).decode("utf-8", "replace"))
    raise Corrupt("The package is broken: it has no control file.")


def stanza(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line[:1] in {" ", "\t"}:
            if name:
                fields[name] += "\n" + ("" if line.strip() == "." else line[1:])
        elif ":" in line:
            name, _, value = line.partition(":")
            fields.setdefault(name, value.strip())
    return fields


def _buffered(content: Any) -> Any:
    """With ``peek``, by which the compression is told."""
    import io

    class Raw(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            part = content.read(len(buffer))
            buffer[: len(part)] = part
            return len(part)

    return io.BufferedReader(Raw(), 1 << 16)


# --- rpm (rpm.org, "RPM file format") ---------------------------------------------------------------------------------------


TAGS = {
    1000: "name", 1001: "version", 1002: "release", 1003: "epoch", 1004: "summary", 1005: "description", 1006: "built", 1007: "host",
    1009: "size", 1011: "vendor", 1014: "licence", 1015: "packager", 1016: "group", 1020: "url", 1021: "os", 1022: "architecture",
    1044: "source", 1047: "provides", 1048: "require_flags", 1049: "requires", 1050: "require_versions", 1080: "change_times",
    1081: "change_names", 1082: "changes", 1113: "provide_versions", 1124: "payload_format", 1125: "payload_compressor",
}  # fmt: skip


def rpm_header(stream: Any) -> dict[str, Any]:
    """The facts of the main header; the stream stands at the payload then. Strings, numbers, and lists of both."""
    lead = exactly(stream, 96)
    if lead[:4] != b"\xed\xab\xee\xdb":
        raise Corrupt(BROKEN)
    _, size = _section(stream)
    exactly(stream, -size % 8)
    facts, _ = _section(stream)
    return facts


def _section(stream: Any) -> tuple[dict[str, Any], int]:
    intro = exactly(stream, 16)
    count, size = int.from_bytes(intro[8:12], "big"), int.from_bytes(intro[12:16], "big")
    if intro[:3] != b"\x8e\xad\xe8":
        raise Corrupt(BROKEN)
    if count > 1 << 16 or size > MOST_HEADER:
        raise TooExpensive("The package's header is larger than is read.")
    index, store = exactly(stream, 16 * count), exactly(stream, size)
    facts: dict[str, Any] = {}
    for at in range(0, 16 * count, 16):
        tag, kind, offset, number = (int.from_bytes(index[at + step : at + step + 4], "big") for step in (0, 4, 8, 12))
        if tag in TAGS:
            facts[TAGS[tag]] = _value(store, kind, offset, number)
    return facts, size


def _value(store: bytes, kind: int, offset: int, count: int) -> Any:
    """Types 2 to 5 are integers of 1, 2, 4, 8 bytes, 6 a string, 8 a list of strings, 9 one in several languages (the first is C)."""
    if kind in {2, 3, 4, 5}:
        width = 1 << (kind - 2)
        numbers = [
            int.from_bytes(store[offset + width * at : offset + width * (at + 1)], "big") for at in range(min(count, 100_000))
        ]
        return numbers[0] if len(numbers) == 1 else numbers
    if kind in {6, 8, 9}:
        words: list[str] = []
        for _ in range(min(count, 100_000) if kind == 8 else 1):
            end = store.find(b"\0", offset)
            if end < 0:
                raise EOFError
            words.append(store[offset:end].decode("utf-8", "replace"))
            offset = end + 1
        return words if kind == 8 else words[0]
    return None


def rpm_files(call: Call) -> Iterator[Held]:
    with opened(call) as file:
        rpm_header(file)
        for member, content in cpio_stream(unpacked_stream(file)):
            name = member.name.removeprefix("./").removeprefix("/")
            if name and name != ".":
                yield replace(member, name=name), content


def rpm_payload(call: Call) -> list[Member]:
    """The one archive within: its files are the listing's payload."""
    size, packed = 0, os.fstat(call.input).st_size
    with opened(call) as file:
        facts = rpm_header(file)
        at, content = file.tell(), unpacked_stream(file)
        while (part := content.read(CHUNK)) and size <= allowance(packed):
            size += len(part)
    name = f"{facts.get('name', 'payload')}-{facts.get('version', '')}.{facts.get('payload_format', 'cpio')}"
    return [Member(name=name, size=size if size <= allowance(packed) else None, packed=packed - at)]
