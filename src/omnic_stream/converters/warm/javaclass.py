"""A Java class file: its header, fields and methods (The Java Virtual Machine Specification, Java SE 21, chapter 4)."""

from __future__ import annotations

import struct
from typing import Any

from omnic_stream.converters.warm.dossier import Dossier, Table
from omnic_stream.model.errors import Corrupt

FLAGS = (
    (0x0001, "public"), (0x0002, "private"), (0x0004, "protected"), (0x0008, "static"), (0x0010, "final"), (0x0400, "abstract"),
)  # fmt: skip
METHOD_FLAGS = (*FLAGS, (0x0020, "synchronized"), (0x0100, "native"))
FIELD_FLAGS = (*FLAGS, (0x0040, "volatile"), (0x0080, "transient"))
SYNTHETIC = 0x1000
PRIMITIVES = {
    "B": "byte",
    "C": "char",
    "D": "double",
    "F": "float",
    "I": "int",
    "J": "long",
    "S": "short",
    "Z": "boolean",
    "V": "void",
}
WIDTHS = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes of a constant after its tag (section 4.4), of all but UTF-8 (1)."""


class Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise Corrupt("The class is broken: it ends too early.")
        self._at += count
        return part

    def number(self, width: int = 2) -> int:
        return int.from_bytes(self.take(width), "big")


def class_dossier(data: bytes) -> Dossier:
    """Raises Corrupt."""
    reader = Reader(data)
    if reader.take(4) != b"\xca\xfe\xba\xbe":
        raise Corrupt("This is no Java class.")
    minor, major = reader.number(), reader.number()
    pool = _pool(reader)
    flags, this, above = reader.number(), reader.number(), reader.number()
    interfaces = [_class_name(pool, reader.number()) for _ in range(reader.number())]
    fields = [_member(reader, pool, FIELD_FLAGS) for _ in range(reader.number())]
    methods = [_member(reader, pool, METHOD_FLAGS) for _ in range(reader.number())]
    attributes = _attributes(reader, pool)
    source = _text(pool, int.from_bytes(attributes["SourceFile"][:2], "big")) if "SourceFile" in attributes else None
    kind = (
        "annotation"
        if flags & 0x2000
        else "interface"
        if flags & 0x0200
        else "enum"
        if flags & 0x4000
        else "record"
        if "Record" in attributes
        else "class"
    )
    name, parent = _class_name(pool, this), _class_name(pool, above) if above else None
    words = [word for bit, word in FLAGS if flags & bit and not (word == "abstract" and kind == "interface")]
    release = _release(major)
    facts: dict[str, Any] = {
        "kind": kind, "name": name, "superclass": parent, "interfaces": interfaces, "modifiers": words, "java": release,
        "class_version": f"{major}.{minor}", "source_file": source, "fields": fields, "methods": methods,
    }  # fmt: skip
    return Dossier(
        title=name.rpartition(".")[2],
        badge="CLASS",
        subtitle=f"{' '.join((*words, kind))} {name}",
        facts=[
            ("Extends", parent),
            ("Implements", "\n".join(interfaces)),
            ("Source file", source),
            ("Compiled for", release),
            ("Class file version", f"{major}.{minor}"),
            ("Fields", len(fields)),
            ("Methods", len(methods)),
        ],
        tables=[
            Table(title="Fields", columns=("Modifiers", "Type", "Name"), rows=[(f["modifiers"], f["type"], f["name"]) for f in fields]),
            Table(title="Methods", columns=("Modifiers", "Signature", "Bytes of code"),
                  rows=[(m["modifiers"], m["signature"], m["code"]) for m in methods]),
        ],
        data=facts,
        colour="#b07219",
    )  # fmt: skip


def _release(major: int) -> str:
    return f"Java {major - 44}" if major >= 49 else f"Java 1.{major - 44}"


def _pool(reader: Reader) -> list[Any]:
    """Text for UTF-8 constants, the first index for classes, None for the rest. Long and double take two places (section 4.4.5)."""
    count = reader.number()
    pool: list[Any] = [None]
    while len(pool) < count:
        tag = reader.number(1)
        if tag == 1:
            pool.append(reader.take(reader.number()).decode("utf-8", "replace"))
        elif tag in WIDTHS:
            content = reader.take(WIDTHS[tag])
            pool.append(struct.unpack(">H", content)[0] if tag == 7 else None)
            if tag in {5, 6}:
                pool.append(None)
        else:
            raise Corrupt("The class is broken: it holds a constant of an unknown kind.")
    return pool


def _text(pool: list[Any], index: int) -> str:
    value = pool[index] if 0 < index < len(pool) else None
    if not isinstance(value, str):
        raise Corrupt("The class is broken: a name is missing.")
    return value


def _class_name(pool: list[Any], index: int) -> str:
    value = pool[index] if 0 < index < len(pool) else None
    if not isinstance(value, int):
        raise Corrupt("The class is broken: a name is missing.")
    return _text(pool, value).replace("/", ".")


def _attributes(reader: Reader, pool: list[Any]) -> dict[str, bytes]:
    return {_text(pool, reader.number()): reader.take(reader.number(4)) for _ in range(reader.number())}


def _member(reader: Reader, pool: list[Any], words: tuple[tuple[int, str], ...]) -> dict[str, Any]:
    flags, name, descriptor = reader.number(), _text(pool, reader.number()), _text(pool, reader.number())
    attributes = _attributes(reader, pool)
    told: dict[str, Any] = {"name": name, "modifiers": " ".join(word for bit, word in words if flags & bit)}
    if flags & SYNTHETIC:
        told["synthetic"] = True
    if not descriptor.startswith("("):
        return told | {"type": _types(descriptor)[0]}
    given, result = descriptor[1:].split(")", 1) if ")" in descriptor else (descriptor[1:], "V")
    code = attributes.get("Code")
    return told | {
        "signature": f"{_types(result)[0]} {name}({', '.join(_types(given))})",
        "code": int.from_bytes(code[4:8], "big") if code else None,
    }


def _types(descriptor: str) -> list[str]:
    """Field descriptors, one after the other (section 4.3.2)."""
    found: list[str] = []
    at = depth = 0
    while at < len(descriptor):
        letter = descriptor[at]
        if letter == "[":
            depth, at = depth + 1, at + 1
            continue
        end = descriptor.find(";", at) if letter == "L" else at
        if end < 0 or (letter != "L" and letter not in PRIMITIVES):
            raise Corrupt("The class is broken: a type cannot be read.")
        name = descriptor[at + 1 : end].replace("/", ".") if letter == "L" else PRIMITIVES[letter]
        short = name.removeprefix("java.lang.")
        found.append((name if "." in short else short) + "[]" * depth)
        depth, at = 0, end + 1
    return found or ["void"] if descriptor else []
