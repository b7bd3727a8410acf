"""Formats with a mark of their own at a fixed place."""

from __future__ import annotations

from omnic_stream.detect.sample import Sample

MARKS: tuple[tuple[int, bytes, str], ...] = (
    (128, b"DICM", "DICOM"),  # its first 128 bytes are anybody's, another file's head among them (DICOM PS3.10 section 7.1)
    (0, b"\xff\xd8\xff", "JPG"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"\0\0\2\0", "CUR"),
    (0, b"8BPS", "PSD"),
    (0, b"gimp xcf", "XCF"),
    (0, b"icns", "ICNS"),
    (0, b"v/1\1", "EXR"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "DDS"),
    (0, b"\0\0\0\x0cjP  ", "JP2"),
    (0, b"\0\0\0\x0cJXL ", "JXL"),
    (0, b"\xff\x0a", "JXL"),
    (0, b"\x59\xa6\x6a\x95", "SUNRASTER"),
    (0, b"\1\xda", "SGI"),
    (0, b"/* XPM */", "XPM"),
    (0, b"%PDF-", "PDF"),
    (0, b"AT&TFORM", "DJVU"),
    (0, b"{\\rtf", "RTF"),
    (0, b"ITSF", "CHM"),
    (0, b"fLaC", "FLAC"),
    (0, b"MThd", "MIDI"),
    (0, b"wvpk", "WV"),
    (0, b"TTA1", "TTA"),
    (0, b"MAC ", "APE"),
    (0, b"tBaK", "TAK"),
    (0, b"DSD ", "DSF"),
    (0, b"MPCK", "MPC"),
    (0, b".snd", "AU"),
    (0, b"Creative Voice File", "VOC"),
    (0, b"caff", "CAF"),
    (0, b"ID3", "MP3"),
    (0, b"FLV\1", "FLV"),
    (0, b"\x00\x00\x01\xba", "MPG"),
    (0, b"FWS", "SWF"),
    (0, b"CWS", "SWF"),
    (0, b"glTF", "GLB"),
    (0, b"Kaydara FBX Binary", "FBX"),
    (0, b"BLENDER", "BLEND"),
    (0, b"MS3D000000", "MS3D"),
    (0, b"#VRML", "VRML"),
    (0, b"ISO-10303-21", "STEP"),
    (0, b"\x00\x01\x00\x00\x00", "TTF"),
    (0, b"OTTO", "OTF"),
    (0, b"ttcf", "TTC"),
    (0, b"wOFF", "WOFF"),
    (0, b"wOF2", "WOFF2"),
    (0, b"SplineFontDB", "SFD"),
    (0, b"\x80\x01", "PFB"),
    (0, b"PAR1", "PARQUET"),
    (0, b"ARROW1", "ARROW"),
    (0, b"fgb\3", "FGB"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", "7Z"),
    (0, b"!<arch>\ndebian", "DEB"),
    (0, b"\xed\xab\xee\xdb", "RPM"),
    (0, b"MSCF", "CAB"),
    (0, b"\x7fELF", "ELF"),
    (0, b"\xca\xfe\xba\xbe", "CLASS"),
    (0, b"\0asm", "WASM"),
    (0, b"MZ", "PE"),
    (0, b"\n\r\r\n", "PCAPNG"),
    (0, b"d8:announce", "TORRENT"),
    (257, b"ustar", "TAR"),
    (0x8001, b"CD001", "ISO"),
    (0, b"BZh", "BZ2"),
    (0, b"\xfd7zXZ\0", "XZ"),
    (0, b"\x28\xb5\x2f\xfd", "ZST"),
    (0, b"# v2 git bundle", "GIT.BUNDLE"),
    (0, b"# v3 git bundle", "GIT.BUNDLE"),
)
PNM = {b"P1": "PBM", b"P4": "PBM", b"P2": "PGM", b"P5": "PGM", b"P3": "PPM", b"P6": "PPM"}
BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC",
    b"qt  ": "MOV", b"M4A ": "M4A", b"M4B ": "M4B", b"M4V ": "M4V", b"M4VH": "M4V", b"M4VP": "M4V", b"3g2a": "3G2", b"3g2b": "3G2", b"3g2c": "3G2",
}  # fmt: skip
RIFF = {b"WEBP": "WEBP", b"WAVE": "WAV", b"AVI ": "AVI"}
FORM = {b"AIFF": "AIFF", b"AIFC": "AIFC", b"8SVX": "8SVX"}


def by_signature(sample: Sample) -> str | None:
    head = sample.head
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "APNG" if b"acTL" in head[:4096].partition(b"IDAT")[0] else "PNG"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "GIF"
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[:4] == b"FORM":
        return FORM.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _brand(head)
    if head[:2] in PNM and head[2:3] in b" \t\r\n":
        return PNM[head[:2]]
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "WEBM" if b"webm" in head[:64] else "MKV"
    if head.startswith(b"%!PS"):
        return "EPS" if b"EPSF" in head[:32] else "PS"
    if head.startswith(b"SQLite format 3\0"):
        return "GPKG" if head[68:72] == b"GPKG" else "SQLITE"
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head[:1] == b"\x0a" and head[1:2] in b"\0\2\3\5" and head[2:3] == b"\1":
        return "PCX"
    if head[4:5] == b"\0" and sample.extension == "dfont" and head[:4] == b"\0\0\1\0":
        return "DFONT"  # a resource fork begins with the offset of its data, 256, as an icon does with its count
    if head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] == b"\x47":
        return "MPEGTS"  # sync bytes at each packet of 188 (ISO/IEC 13818-1 section 2.4.3.2)
    if _targa(sample):
        return "TGA"
    for offset, mark, name in MARKS:
        if (head[offset : offset + len(mark)] if offset + len(mark) <= len(head) else sample.read(offset, len(mark))) == mark:
            return name
    return None


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


def _brand(head: bytes) -> str:
    """ISO/IEC 14496-12 section 4.3: the major brand, then the compatible ones."""
    length = min(int.from_bytes(head[:4], "big"), 256)
    for brand in (head[8:12], *(head[i : i + 4] for i in range(16, length, 4))):
        if brand in BRANDS:
            return BRANDS[brand]
        if brand[:3] == b"3gp":
            return "3GP"
    return "MP4"


def _ogg(head: bytes) -> str:
    first = head[:128]
    if b"OpusHead" in first:
        return "OPUS"
    if b"Speex" in first:
        return "SPX"
    return "OGV" if b"theora" in first else "OGG"
