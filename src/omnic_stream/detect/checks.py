"""Marks that are too short or too common to stand for themselves: a look at more of the file decides."""

from __future__ import annotations

import re
from typing import Literal

from omnic_stream.detect.sample import Sample


def _bitmap(sample: Sample) -> bool:
    """``BM``, and the size of a header that there is ([MS-WMF] 2.2.2.3, OS/2 included)."""
    return sample.head[:2] == b"BM" and sample.head[14:15] in {
        b"\x0c",
        b"\x10",
        b"\x28",
        b"\x34",
        b"\x38",
        b"\x40",
        b"\x6c",
        b"\x7c",
    }


def _icon(sample: Sample) -> bool:
    """A count, and a first picture that lies in the file behind the directory."""
    head, count = sample.head, int.from_bytes(sample.head[4:6], "little")
    offset = int.from_bytes(head[18:22], "little")
    return head[:4] == b"\0\0\1\0" and 0 < count <= 512 and 6 + 16 * count <= offset < sample.size


def _dfont(sample: Sample) -> bool:
    """A resource fork whose data and map fill it (Inside Macintosh, More Macintosh Toolbox, 1-121), and fonts in it."""
    data, map_, length, tail = (int.from_bytes(sample.head[i : i + 4], "big") for i in (0, 4, 8, 12))
    return data == 256 and map_ == data + length and map_ + tail == sample.size and b"sfnt" in sample.read(map_, min(tail, 4096))


def _targa(sample: Sample) -> bool:
    """By the footer of version 2, else by the name and a header whose every field is possible (Truevision TGA 2.0)."""
    if sample.size > 44 and sample.read(sample.size - 18, 16) == b"TRUEVISION-XFILE":
        return True
    head = sample.head
    if sample.extension != "tga" or len(head) < 18:
        return False
    return (
        head[1] in {0, 1}
        and head[2] in {1, 2, 3, 9, 10, 11}
        and head[16] in {8, 15, 16, 24, 32}
        and any(head[12:14])
        and any(head[14:16])
    )


def _studio(sample: Sample) -> bool:
    """A main chunk as long as the file, and a chunk of version or editor in it (3D Studio File Format, 1996)."""
    head = sample.head
    return head[:2] == b"MM" and int.from_bytes(head[2:6], "little") == sample.size and head[6:8] in {b"\2\0", b"==", b"\0\xb0"}


def by_size(sample: Sample) -> str | None:
    """A binary STL is 84 bytes and 50 for each triangle; nothing in it says so but its size."""
    count = int.from_bytes(sample.head[80:84], "little")
    return "STL" if count > 0 and sample.size == 84 + 50 * count else None


def _arj(sample: Sample) -> bool:
    """The mark, a basic header of possible size and the archive's own file type, 2 (UNARJ TECHNOTE)."""
    head = sample.head
    return head[:2] == b"\x60\xea" and 30 <= int.from_bytes(head[2:4], "little") <= 2600 and head[10:11] == b"\2"


def _lha(sample: Sample) -> bool:
    return re.match(rb"..-l[hz][0-9sd]-|..-pm[0-2s]-", sample.head, re.DOTALL) is not None


def _torrent(sample: Sample) -> bool:
    """A bencoded dictionary with ``info`` (BEP 3); keys are sorted, so that pieces stand far behind."""
    return re.match(rb"d\d{1,2}:[a-z]", sample.head) is not None and (
        b"4:infod" in sample.head or sample.head[:11] == b"d8:announce"
    )


def _class(sample: Sample) -> bool:
    """A Java class has a major version from 45 on where a fat Mach-O has a count of few (JVM specification, table 4.1-A)."""
    return sample.head[:4] == b"\xca\xfe\xba\xbe" and int.from_bytes(sample.head[6:8], "big") >= 45


def _tar(sample: Sample) -> bool:
    """By the checksum of the first header, which old archives without ``ustar`` have too (POSIX.1-1988, 10.1.1)."""
    block = sample.head[:512]
    return len(block) == 512 and is_tar(block)


def is_tar(block: bytes) -> bool:
    """Whether a tar begins with these bytes: 512 of them, or some 265 that hold the mark."""
    if block[257:262] == b"ustar":
        return True
    digits = block[148:156].strip(b"\0 ")
    if len(block) < 512 or not digits or not re.fullmatch(rb"[0-7]+", digits):
        return False
    return int(digits, 8) == sum(block[:148]) + sum(block[156:512]) + 8 * 32


def _silicon(sample: Sample) -> bool:
    """Storage, bytes a channel and dimensions of the SGI image file format 1.00."""
    head = sample.head
    return (
        head[:2] == b"\1\xda"
        and head[2:3] in {b"\0", b"\1"}
        and head[3:4] in {b"\1", b"\2"}
        and head[4:6] in {b"\0\1", b"\0\2", b"\0\3"}
    )


def _program(sample: Sample) -> bool:
    """The DOS header, and where it points, the PE header (PE format, section Signature)."""
    return sample.head[:2] == b"MZ" and sample.read(int.from_bytes(sample.head[60:64], "little"), 4) == b"PE\0\0"


def _type1(sample: Sample) -> bool:
    """A segment of text that begins as PostScript (Adobe Technical Note 5040)."""
    return sample.head[:2] == b"\x80\x01" and sample.head[6:8] == b"%!"


def _cpio(sample: Sample) -> bool:
    """The old binary header of 26 bytes, and a name as long as it says that ends in NUL (cpio(5))."""
    head = sample.head
    order: Literal["little", "big"] = "little" if head[:2] == b"\xc7\x71" else "big"
    length = int.from_bytes(head[20:22], order)
    return head[:2] in {b"\xc7\x71", b"\x71\xc7"} and 1 < length <= 1024 and head[25 + length : 26 + length] == b"\0"


def _dbase(sample: Sample) -> bool:
    """A version, a date, a header of whole fields that ends in a carriage return, and room for its records (dBASE level 5)."""
    head = sample.head
    size, record = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    return (
        head[:1]
        in {b"\x02", b"\x03", b"\x04", b"\x05", b"\x30", b"\x31", b"\x32", b"\x43", b"\x83", b"\x8b", b"\x8c", b"\xcb", b"\xf5"}
        and 1 <= int.from_bytes(head[2:3], "big") <= 12
        and 1 <= int.from_bytes(head[3:4], "big") <= 31
        and size % 32 in {1, 2, 8, 9}  # Visual FoxPro has 263 bytes more, some writers one
        and record > 1
        and (
            b"\r" in sample.read(size - 264, 264)
            if size >= 296
            else head[size - 1 : size] == b"\r" or head[size - 2 : size - 1] == b"\r"
        )
        and head[43:44] in {bytes([letter]) for letter in b"CNDLMFBGPYTIV@O+0WQ"}
    )


def _fat(sample: Sample) -> bool:
    """The signature of a boot sector, and the name that says which (Microsoft FAT specification, 3)."""
    head = sample.head
    return head[510:512] == b"\x55\xaa" and (head[54:59] in {b"FAT12", b"FAT16"} or head[82:87] == b"FAT32")


def _ext(sample: Sample) -> bool:
    """The superblock at byte 1024 with its magic, a block size and a state that there are."""
    block = sample.read(1024, 64)
    return (
        block[56:58] == b"\x53\xef"
        and int.from_bytes(block[24:28], "little") <= 6
        and block[58:60] in {b"\1\0", b"\2\0", b"\4\0", b"\5\0"}
    )


def _dmg(sample: Sample) -> bool:
    return sample.size >= 512 and sample.read(sample.size - 512, 4) == b"koly"


def _fixed_disk(sample: Sample) -> bool:
    """A virtual disk of fixed size has its footer at the end alone (VHD specification 1.0)."""
    return sample.size >= 1024 and sample.read(sample.size - 512, 8) == b"conectix"


CHECKED = (
    (_dfont, "DFONT"),
    (_icon, "ICO"),
    (_bitmap, "BMP"),
    (_targa, "TGA"),
    (_studio, "3DS"),
    (_arj, "ARJ"),
    (_lha, "LHA"),
    (_torrent, "TORRENT"),
    (_class, "CLASS"),
    (_silicon, "SGI"),
    (_program, "PE"),
    (_type1, "PFB"),
    (_cpio, "CPIO"),
    (_dbase, "DBF"),
    (_dmg, "DMG"),
    (_fixed_disk, "VHD"),
    (_fat, "FAT"),
    (_ext, "EXT"),
    (_tar, "TAR"),
)
"""In this order: a resource fork begins as an icon does, a disk of fixed size as what is on it."""
