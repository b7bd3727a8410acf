"""Sound and moving pictures: chains of frames, and what the boxes of a container hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from omnic_stream.detect.sample import Sample

BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"heim": "HEIC", b"heis": "HEIC",
    b"qt  ": "MOV", b"M4A ": "M4A", b"M4B ": "M4B", b"M4V ": "M4V", b"M4VH": "M4V", b"M4VP": "M4V",
    b"3g2a": "3G2", b"3g2b": "3G2", b"3g2c": "3G2", b"jp2 ": "JP2", b"crx ": "CR3",
}  # fmt: skip
STILL = {b"mif1", b"msf1", b"miaf"}
"""Brands of any picture in such boxes: HEIC's where no other brand says more."""
MOST_BOXES = 64
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
KBIT = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
"""Bit rates of AC-3 (ATSC A/52 table 5.18)."""
LAYER3 = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
LAYER2 = {1: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384), 2: LAYER3[2]}
LAYER1 = {1: tuple(32 * i for i in range(15)), 2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)}
"""kbit/s by MPEG version (1, or 2 and 2.5) (ISO/IEC 11172-3 and 13818-3, table of bitrate_index)."""


def refined(sample: Sample) -> str | None:
    head = sample.head
    if head[4:8] == b"ftyp":
        return _boxes(sample)
    if head[4:8] in {b"moov", b"mdat", b"wide"} and any(kind == b"moov" for kind, _, _ in _children(sample, 0, sample.size)):
        return "MOV"  # QuickTime before it had brands
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "WEBM" if b"webm" in head[:64] else "MKV"
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head.startswith(ASF):
        return "WMV" if ASF_VIDEO in head else "WMA"
    if head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] == b"\x47":
        return "MPEGTS"  # sync bytes at each packet of 188 (ISO/IEC 13818-1 section 2.4.3.2)
    if head[4:5] == b"\x47" and head[196:197] == b"\x47" and head[388:389] == b"\x47":
        return "MPEGTS"  # the same behind a time stamp of four bytes, as Blu-ray discs have it
    return _framed(sample)


def _ogg(head: bytes) -> str:
    first = head[:4096]  # the first page of every stream comes before any other (RFC 3533 section 6)
    if b"theora" in first or b"\x80kate" in first:
        return "OGV"
    if b"OpusHead" in first:
        return "OPUS"
    return "SPX" if b"Speex" in first else "OGG"


def _framed(sample: Sample) -> str | None:
    """MPEG audio, AAC, AC-3: three frames, each where the one before said. An ID3 tag may stand in front."""
    start, head = 0, sample.head
    if head[:3] == b"ID3" and len(head) >= 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        if sample.read(start, 4) == b"fLaC":
            return "FLAC"
    for size, name in FRAMES:
        if _chain(sample, start, size):
            return name
    return "MP3" if head[:3] == b"ID3" else None


def _chain(sample: Sample, place: int, size: Callable[[bytes], int]) -> bool:
    """Two frames where the file ends after them; else three."""
    for number in range(3):
        header = sample.read(place, 8)
        if number == 2 and len(header) == 0:
            return True
        length = size(header) if len(header) >= 6 else 0
        if length <= 0 or place + length > sample.size + 8:
            return False
        place += length
    return True


def _mpeg(header: bytes) -> int:
    """Bytes of an MPEG audio frame, 0 where it is none."""
    if header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate, frequency = header[1] >> 3 & 3, header[1] >> 1 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 0 or rate in {0, 15} or frequency == 3:
        return 0
    hertz = (44100, 48000, 32000)[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    kind = 1 if version == 3 else 2
    padding = header[2] >> 1 & 1
    if layer == 3:
        return (12 * LAYER1[kind][rate] * 1000 // hertz + padding) * 4
    table, samples = (LAYER2, 144) if layer == 2 else (LAYER3, 144 if kind == 1 else 72)
    return samples * table[kind][rate] * 1000 // hertz + padding


def _adts(header: bytes) -> int:
    """ISO/IEC 14496-3 section 1.A.2.2: twelve bits of sync, layer 0, then a length of 13 bits."""
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5


def _ac3(header: bytes) -> int:
    """ATSC A/52 section 5.4.1; bsid above 10 is Enhanced AC-3."""
    if header[:2] != b"\x0b\x77" or header[5] >> 3 > 10:
        return 0
    frequency, code = header[4] >> 6, header[4] & 63
    if frequency == 3 or code > 37:
        return 0
    rate = KBIT[code // 2]
    return 2 * (2 * rate, rate * 96000 // 44100 + (code & 1), 3 * rate)[frequency]


def _eac3(header: bytes) -> int:
    """ATSC A/52 annex E, 2.3.1.3."""
    if header[:2] != b"\x0b\x77" or not 10 < header[5] >> 3 <= 16:
        return 0
    return 2 * (((header[2] & 7) << 8 | header[3]) + 1)


FRAMES: tuple[tuple[Callable[[bytes], int], str], ...] = ((_adts, "AAC"), (_mpeg, "MP3"), (_ac3, "AC3"), (_eac3, "EAC3"))


def _boxes(sample: Sample) -> str:
    """ISO/IEC 14496-12 section 4.3: the major brand, then the compatible ones; MP4's own by the tracks in it."""
    head = sample.head
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = (head[8:12], *(head[i : i + 4] for i in range(16, length, 4)))
    for brand in brands:
        if brand in BRANDS:
            return BRANDS[brand]
        if brand[:3] == b"3gp":
            return "3GP"
    if STILL.intersection(brands):
        return "HEIC"
    return _tracks(sample)


def _tracks(sample: Sample) -> str:
    """M4A for sound alone, M4B where it has chapters. A film without a brand of its own is an MP4."""
    kinds: set[bytes] = set()
    chapters = False
    for kind, start, end in _children(sample, 0, sample.size):
        if kind != b"moov":
            continue
        for inner, first, last in _children(sample, start, end):
            if inner == b"trak":
                kinds.add(_handler(sample, first, last))
            elif inner == b"udta":
                chapters = any(name == b"chpl" for name, _, _ in _children(sample, first, last))
    if b"soun" not in kinds or b"vide" in kinds:
        return "MP4"
    return "M4B" if chapters or b"text" in kinds else "M4A"


def _handler(sample: Sample, start: int, end: int) -> bytes:
    for kind, first, last in _children(sample, start, end):
        if kind == b"mdia":
            for inner, begin, _ in _children(sample, first, last):
                if inner == b"hdlr":
                    return sample.read(begin + 8, 4)
    return b""


def _children(sample: Sample, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of what each box between two places holds; at most MOST_BOXES of them."""
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        header = sample.read(start, 16)
        size, kind, skip = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 1:
            size, skip = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if size < skip or start + size > end:
            return
        yield kind, start + skip, start + size
        start += size
