"""What a compressed stream holds, by as much of it as its first bytes expand to."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from importlib.util import find_spec

from omnic_stream.detect.checks import is_tar
from omnic_stream.detect.sample import Sample

FIRST = 2048
MEMORY = 80 << 20
"""Bytes for a decoder: xz -9 wants 65 MiB."""


def refined(sample: Sample) -> str | None:
    for mark, plain, tar, expand in KINDS:
        if sample.head.startswith(mark):
            try:
                inner = expand(sample.head)
            except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, MemoryError):
                return plain
            if is_tar(inner):
                return tar
            if inner.startswith(b"BLENDER") and plain in {"GZ", "ZST"}:  # the latter since Blender 3.0
                return "BLEND"
            return _gzipped(inner) if plain == "GZ" else plain
    return None


def _gzipped(inner: bytes) -> str:
    if b"<svg" in inner:
        return "SVGZ"
    if b"gnumeric.org" in inner or b"<gnm:Workbook" in inner:
        return "GNUMERIC"
    return "GZ"


def _gunzip(head: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(head, FIRST)


def _bunzip(head: bytes) -> bytes:
    """Nothing comes out before a whole block of up to 900 kB is read: a large archive stays a BZ2 unless its name says more."""
    return bz2.BZ2Decompressor().decompress(head, FIRST)


def _unxz(head: bytes) -> bytes:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY).decompress(head, FIRST)


def _lunzip(head: bytes) -> bytes:
    """LZMA with lc=3 lp=0 pb=2 behind a header of six bytes, the last of which codes the dictionary (lzip manual, 4)."""
    size = 1 << (head[5] & 31)
    if not 4096 <= size <= MEMORY:
        raise ValueError("the dictionary is too large")
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": size - size // 16 * (head[5] >> 5), "lc": 3, "lp": 0, "pb": 2}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(head[6:], FIRST)


def _unzstd(head: bytes) -> bytes:
    if find_spec("zstandard") is None:
        return b""
    import zstandard  # type: ignore[reportMissingImports]  # an extra of its own

    try:
        stream = zstandard.ZstdDecompressor(max_window_size=MEMORY).stream_reader(head)  # type: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return bytes(stream.read(FIRST))  # type: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    except zstandard.ZstdError as error:  # type: ignore[reportUnknownMemberType]
        raise ValueError("not zstd") from error


KINDS: tuple[tuple[bytes, str, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", "GZ", "TAR.GZ", _gunzip),
    (b"BZh", "BZ2", "TAR.BZ2", _bunzip),
    (b"\xfd7zXZ\0", "XZ", "TAR.XZ", _unxz),
    (b"LZIP", "LZ", "TAR.LZ", _lunzip),
    (b"\x28\xb5\x2f\xfd", "ZST", "TAR.ZST", _unzstd),
)
"""Mark, the Format of anything so packed, that of a tar, and who expands it."""
