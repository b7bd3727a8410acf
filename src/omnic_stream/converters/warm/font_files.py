"""Fonts opened from a Call, bounded before anything in them is expanded."""

# fontTools carries few types: what it answers is made plain values at once
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeArgument=false

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from omnic_stream.converters.warm import files
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError, TooExpensive

LARGEST = 64 * MiB
"""Bytes of a font file, and of all its tables together once they are unpacked; Noto Sans CJK has 20 MiB a font."""
MOST_CHARACTERS = 0x110000
"""Characters that a font's tables of characters may name: as many as Unicode has."""
FINEST, PIECE = 2 * MiB, MiB // 16
"""Bytes of a font that is packed as small as can be, and between two reports of how far that is."""
MOST_FONTS = 256
"""Fonts of one collection; the largest that is sold has 45."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One font (a fontTools ``TTFont``, read lazily), the file that holds it, and its place among those of the file, from 1."""

    font: Any
    data: bytes
    member: int
    members: int


@contextmanager
def readable() -> Iterator[None]:
    """What a parser raises over a broken font becomes Corrupt; an OmnicError and a lack of memory stay what they are."""
    try:
        yield
    except (OmnicError, MemoryError):
        raise
    except RecursionError as error:
        raise Corrupt("The font is broken: its parts refer to one another without end.") from error
    except Exception as error:  # fontTools meets hostile tables with every kind of error that Python has
        raise Corrupt("The font is broken or cut short: its tables cannot be read.") from error


def opened(call: Call, member: int = 0) -> Opened:
    """The font of the file; of a collection ``member`` (from 1), or the one that ``page`` names. Raises Corrupt, TooExpensive, ConverterFailed."""
    from fontTools.ttLib import TTFont

    data = files.read(call.input, LARGEST)
    asked = member or int(call.arguments.get("page", "1"))
    with readable():
        if data[:4] == b"ttcf":
            members = int.from_bytes(data[8:12], "big")
            _check_member(asked, members)
            font = TTFont(io.BytesIO(data), fontNumber=asked - 1, lazy=True)
            _check_whole(font, len(data))
        elif call.source == "DFONT":
            suits = _resources(data)
            members = len(suits)
            _check_member(asked, members)
            data = suits[asked - 1]
            font = TTFont(io.BytesIO(data), lazy=True)
            _check_whole(font, len(data))
        else:
            members = 1
            _check_member(asked, members)
            if data[:4] == b"wOFF":
                _check_woff(data)
            elif data[:4] == b"wOF2":
                _check_woff2(data)
            font = TTFont(io.BytesIO(data), lazy=True)
            if data[:3] != b"wOF":
                _check_whole(font, len(data))
        _check_characters(font)
        return Opened(font, data, asked, members)


def saved(font: Any, flavor: str | None = None, report: Callable[[float], None] = lambda fraction: None) -> bytes:
    """The font as a file: an sfnt, or ``woff`` or ``woff2``. ``report`` is told how far a ``woff2`` is."""
    from fontTools.ttLib import woff2

    module: Any = woff2
    brotli, module.brotli = module.brotli, _Brotli(module.brotli, report)
    try:
        font.flavor = flavor
        made = io.BytesIO()
        font.save(made, reorderTables=None)
        return made.getvalue()
    finally:
        module.brotli = brotli


class _Brotli:
    """Stands in for Brotli while fontTools saves: it compresses in pieces and tells how far it is, and large fonts less finely.

    At its finest Brotli takes 5 to 20 s a MiB, at 9 of 11 a tenth of that for 8 % more bytes.
    """

    def __init__(self, brotli: Any, report: Callable[[float], None]) -> None:
        self.MODE_FONT, self.MODE_TEXT, self._brotli, self._report = brotli.MODE_FONT, brotli.MODE_TEXT, brotli, report

    def compress(self, content: bytes, mode: int) -> bytes:
        packer: Any = self._brotli.Compressor(mode=mode, quality=11 if len(content) <= FINEST else 9)
        parts: list[bytes] = []
        for at in range(0, len(content), PIECE):
            parts.append(packer.process(content[at : at + PIECE]))
            self._report(at / len(content))
        return b"".join((*parts, packer.finish()))


def sfnt(font: Any, **replaced: bytes) -> bytes:
    """The font as an sfnt of its tables as they stand in the file, but for those in ``replaced``: nothing is parsed or compiled."""
    from fontTools.ttLib.sfnt import SFNTWriter

    made = io.BytesIO()
    tables = {tag: font.reader[tag] for tag in font.reader.keys()}  # noqa: SIM118 - the reader is no mapping
    tables |= replaced
    writer: Any = SFNTWriter(made, len(tables), font.sfntVersion)
    for tag, table in tables.items():
        writer[tag] = table
    writer.close()
    return made.getvalue()


def _check_member(asked: int, members: int) -> None:
    if members < 1:
        raise Corrupt("The file holds no font with outlines.")
    if members > MOST_FONTS:
        raise TooExpensive(f"The collection claims {members} fonts; more than {MOST_FONTS} are not looked at.")
    if asked > members:
        raise ConverterFailed(f"The file holds {members} font{'s' if members > 1 else ''}: ask for one of them.")


def _resources(data: bytes) -> list[bytes]:
    """The sfnt resources of a suitcase (Inside Macintosh: More Macintosh Toolbox, chapter 1), in order."""
    from fontTools.misc.macRes import ResourceReader

    reader: Any = ResourceReader(io.BytesIO(data))
    return [bytes(resource.data) for resource in reader.get("sfnt", [])]


def _check_whole(font: Any, size: int) -> None:
    """Raises Corrupt where a table ends beyond the file: FreeType would show what is left of it."""
    for tag, entry in font.reader.tables.items():
        if entry.offset + entry.length > size:
            raise Corrupt(f"The font is cut short: its table {str(tag).strip()!r} ends beyond the end of the file.")


def _check_woff(data: bytes) -> None:
    """WOFF 1.0 section 4: entries of 20 bytes after a header of 44; a table may claim one length and unpack to another."""
    unpacked = 0
    for at in range(44, 44 + 20 * int.from_bytes(data[12:14], "big"), 20):
        offset, packed, length = (int.from_bytes(data[at + skip : at + skip + 4], "big") for skip in (4, 8, 12))
        if offset + packed > len(data):
            raise Corrupt("The font is cut short: one of its tables ends beyond the end of the file.")
        unpacked += length
        _check_unpacked(unpacked)
        if packed < length and len(zlib.decompressobj().decompress(data[offset : offset + packed], length + 1)) > length:
            raise Corrupt("The font is broken: a table is longer than it says.")


def _check_woff2(data: bytes) -> None:
    """WOFF2 section 4: one Brotli stream for all tables, unpacked here in bounded pieces only to count its bytes."""
    import brotli
    from fontTools.ttLib.woff2 import WOFF2DirectoryEntry, woff2DirectorySize

    file = io.BytesIO(data)
    file.seek(woff2DirectorySize)
    for _ in range(int.from_bytes(data[12:14], "big")):
        WOFF2DirectoryEntry().fromFile(file)
    stream = data[file.tell() : file.tell() + int.from_bytes(data[20:24], "big")]
    unpacker: Any = brotli.Decompressor()
    unpacked = len(unpacker.process(stream, output_buffer_limit=MiB))
    while not unpacker.can_accept_more_data() and not unpacker.is_finished():
        unpacked += len(unpacker.process(b"", output_buffer_limit=MiB))
        _check_unpacked(unpacked)
    if not unpacker.is_finished():
        raise Corrupt("The font is cut short: its compressed tables have no end.")


def _check_unpacked(size: int) -> None:
    if size > LARGEST:
        raise TooExpensive(f"The font unpacks to more than {LARGEST // MiB} MiB.")


def _check_characters(font: Any) -> None:
    """Formats 8, 12 and 13 of ``cmap`` name ranges of any length in 12 bytes (OpenType, cmap): counted before they are expanded."""
    if "cmap" not in font:
        return
    table = font.reader["cmap"]
    for at in range(4, 4 + 8 * int.from_bytes(table[2:4], "big"), 8):
        offset = int.from_bytes(table[at + 4 : at + 8], "big")
        form = int.from_bytes(table[offset : offset + 2], "big")
        start = offset + (8208 if form == 8 else 12)
        if form not in {8, 12, 13}:
            continue
        groups = min(int.from_bytes(table[start : start + 4], "big"), len(table) // 12)
        named = 0
        for group in range(start + 4, start + 4 + 12 * groups, 12):
            first, last = (int.from_bytes(table[group + skip : group + skip + 4], "big") for skip in (0, 4))
            named += max(last - first + 1, 0)
            if named > MOST_CHARACTERS:
                raise TooExpensive("The font claims more characters than there are.")
