"""Formats with a mark of their own at a fixed place."""

from __future__ import annotations

from omnic_stream.detect.checks import CHECKED
from omnic_stream.detect.sample import Sample
from omnic_stream.detect.tagged import tagged

MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff\xf7", "JLS"),
    (0, b"\xff\xd8\xff", "JPG"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (0, b"II\xbc\1", "JXR"),
    (0, b"IIU\0", "RW2"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"\xff\x4f\xff\x51", "JP2"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"PF\n", "PFM"),
    (0, b"Pf\n", "PFM"),
    (0, b"BLP1", "BLP"),
    (0, b"BLP2", "BLP"),
    (0, b"\xb1\x68\xde\x3a", "DCX"),
    (0, b"VCLMTF", "SVM"),
    (0, b"AGD3", "FH"),
    (0, b"FHD2", "FH"),
    (2, b"MMXPR3", "QXP"),
    (2, b"IIXPR3", "QXP"),
    # a worksheet of Lotus 1-2-3 or Quattro Pro begins with a record of 2 or 26 bytes that tells its version
    *((0, b"\0\0\2\0" + version, "WK1") for version in (b"\6\4", b"\4\4")),
    *((0, b"\0\0\x1a\0" + version, "WK1") for version in (b"\0\x10", b"\2\x10", b"\3\x10", b"\5\x10")),
    *((0, b"\0\0\2\0" + version, "WB2") for version in (b"\1\x10", b"\2\x10", b"\x20\x51", b"\x21\x51")),
    (0, b"\0\0\2\0", "CUR"),
    (0, b"8BPS", "PSD"),
    (0, b"gimp xcf", "XCF"),
    (0, b"icns", "ICNS"),
    (40, b" EMF", "EMF"),  # the signature of the header record ([MS-EMF] 2.2.9)
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (0, b"\1\0\x09\0\0\3", "WMF"),
    (0, b"#?RADIANCE", "HDR"),
    (0, b"#?RGBE", "HDR"),
    (0, b"v/1\1", "EXR"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "DDS"),
    (0, b"\0\0\0\x0cjP  ", "JP2"),
    (0, b"\0\0\0\x0cJXL ", "JXL"),
    (0, b"\xff\x0a", "JXL"),
    (0, b"\x59\xa6\x6a\x95", "SUNRASTER"),
    (0, b"/* XPM */", "XPM"),
    (0, b"%PDF-", "PDF"),
    (0, b"AT&TFORM", "DJVU"),
    (0, b"{\\rtf", "RTF"),
    (0, b"WordPro", "LWP"),
    (0, b"HWP Document File", "HWP"),
    (0, b"\x31\xbe\0\0", "WRI"),
    (0, b"\x32\xbe\0\0", "WRI"),
    (4, b"BOBO", "CWK"),
    (0, b"ID;P", "SLK"),
    (0, b"TABLE\r\n0,1\r\n", "DIF"),
    (0, b"TABLE\n0,1\n", "DIF"),
    (0, b"\0\0\2\0\4\4", "WK1"),
    (0, b"\0\0\2\0\5\4", "WK1"),
    (0, b"\0\0\2\0\6\4", "WK1"),
    (0, b"\0\0\x1a\0\0\x10\4\0", "WK1"),
    (0, b"\0\0\x1a\0\2\x10\4\0", "WK1"),
    (0, b"\0\0\2\0\1\x10", "WB2"),
    (0, b"\0\0\2\0\2\x10", "WB2"),
    (0, b"\0\0\2\0\x20\x51", "WB2"),
    (0, b"bplist00", "PLIST"),
    (0, b"ITSF", "CHM"),
    (0, b"fLaC", "FLAC"),
    (0, b"MThd", "MIDI"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x7f\xfe\x80\x01", "DTS"),
    (0, b"wvpk", "WV"),
    (0, b"TTA1", "TTA"),
    (0, b"MAC ", "APE"),
    (0, b"tBaK", "TAK"),
    (0, b"DSD ", "DSF"),
    (0, b"MPCK", "MPC"),
    (0, b".snd", "AU"),
    (0, b"Creative Voice File", "VOC"),
    (0, b"caff", "CAF"),
    (0, b"FLV\1", "FLV"),
    (0, b"\x00\x00\x01\xba", "MPG"),
    (0, b"FWS", "SWF"),
    (0, b"CWS", "SWF"),
    (0, b"ZWS", "SWF"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "MXF"),
    (0, b".RMF", "RM"),
    (0, b"glTF", "GLB"),
    (0, b"Kaydara FBX Binary", "FBX"),
    (0, b"BLENDER", "BLEND"),
    (0, b"ply\n", "PLY"),
    (0, b"ply\r", "PLY"),
    (0, b"BB3D", "B3D"),
    (0, b"Caligari V", "COB"),
    (0, b"VjCD0100", "CDX"),
    (0, b"AutoCAD Binary DXF", "DXF"),
    (0, b"MS3D000000", "MS3D"),
    (0, b"#VRML", "VRML"),
    (0, b"ISO-10303-21", "STEP"),
    (0, b"\x00\x01\x00\x00\x00", "TTF"),
    (0, b"OTTO", "OTF"),
    (0, b"ttcf", "TTC"),
    (0, b"wOFF", "WOFF"),
    (0, b"wOF2", "WOFF2"),
    (0, b"SplineFontDB", "SFD"),
    (0, b"PAR1", "PARQUET"),
    (0, b"ARROW1", "ARROW"),
    (0, b"fgb\3", "FGB"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", "7Z"),
    (0, b"!<arch>\ndebian", "DEB"),
    (0, b"\xed\xab\xee\xdb", "RPM"),
    (0, b"MSCF", "CAB"),
    (0, b"\x7fELF", "ELF"),
    (0, b"\0asm", "WASM"),
    (0, b"\n\r\r\n", "PCAPNG"),
    (0x8001, b"CD001", "ISO"),
    (7, b"**ACE**", "ACE"),
    (0, b"ALZ\1", "ALZ"),
    (0, b"\x04\x22\x4d\x18", "LZ4"),
    (0, b"\x89LZO\0\r\n\x1a\n", "LZO"),
    (0, b"MSWIM\0\0\0", "WIM"),
    (20, b"\xdc\xa7\xc4\xfd", "ZOO"),
    (0, b"zPQ", "ZPAQ"),
    (0, b"7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3", "ZPAQ"),
    (0, b"LRZI", "LRZ"),
    (0, b"xar!", "XAR"),
    (0, b"070701", "CPIO"),
    (0, b"070702", "CPIO"),
    (0, b"070707", "CPIO"),
    (0, b"!<arch>\n", "AR"),
    (0, b"hsqs", "SQUASHFS"),
    (0, b"sqsh", "SQUASHFS"),
    (0, b"vhdxfile", "VHDX"),
    (0, b"conectix", "VHD"),
    (0, b"KDMV", "VMDK"),
    (0, b"# Disk DescriptorFile", "VMDK"),
    (64, b"\x7f\x10\xda\xbe", "VDI"),
    (3, b"NTFS    ", "NTFS"),
    (0, b"QFI\xfb", "QCOW2"),
    (4, b"\x0a\x09OSMHeader", "OSM.PBF"),  # the first BlobHeader's type (OSM wiki, PBF Format)
    (0, b"\xd4\xc3\xb2\xa1", "PCAP"),
    (0, b"\xa1\xb2\xc3\xd4", "PCAP"),
    (0, b"\x4d\x3c\xb2\xa1", "PCAP"),
    (0, b"\xa1\xb2\x3c\x4d", "PCAP"),
    (0, b"# v2 git bundle", "GIT.BUNDLE"),
    (0, b"# v3 git bundle", "GIT.BUNDLE"),
)
PNM = {b"P1": "PBM", b"P4": "PBM", b"P2": "PGM", b"P5": "PGM", b"P3": "PPM", b"P6": "PPM"}
FORM = {
    b"AIFF": "AIFF", b"AIFC": "AIFC", b"8SVX": "8SVX", b"ILBM": "ILBM", b"PBM ": "ILBM",
    b"LWO2": "LWO", b"LWOB": "LWO", b"LWO3": "LWO", b"LXOB": "LWO",
}  # fmt: skip
RIFF = {b"WEBP": "WEBP", b"WAVE": "WAV", b"AVI ": "AVI", b"CDXA": "MPG", b"RMID": "MIDI", b"sfbk": "SF2"}


def by_signature(sample: Sample) -> str | None:
    head = sample.head
    if head[128:132] == b"DICM":
        return "DICOM"  # its first 128 bytes are anybody's, another file's head among them (DICOM PS3.10 section 7.1)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "APNG" if b"acTL" in head[:4096].partition(b"IDAT")[0] else "PNG"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "GIF"
    if head[:4] in {b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return "WAV"  # of more than 4 GiB, or made to grow so far (EBU Tech 3306, ITU-R BS.2088)
    if head[:4] == b"RIFF":
        return "CDR" if head[8:11] in {b"CDR", b"CMX"} else RIFF.get(head[8:12])
    if head[:4] in {b"II*\0", b"MM\0*"}:
        return tagged(sample)
    if head[:4] == b"\xffWPC":
        return {b"\x0a": "WPD", b"\x16": "WPG"}.get(head[9:10])  # WordPerfect's prefix: the type of file at byte 9
    if head[:4] == b"FORM":
        return FORM.get(head[8:12])
    if head[:2] in PNM and head[2:3] in b" \t\r\n":
        return PNM[head[:2]]
    if head.startswith((b"%!PS-AdobeFont-1.", b"%!FontType1-1.")):
        return "PFB"  # without its segments' headers: a program whose pages would all be blank (Adobe Type 1 Font Format 2.1)
    if head.startswith(b"%!PS"):
        return "EPS" if b"EPSF" in head[:32] else "PS"
    if head.startswith(b"SQLite format 3\0"):
        return "GPKG" if head[68:72] == b"GPKG" else "SQLITE"
    if head[:1] == b"\x0a" and head[1:2] in b"\0\2\3\5" and head[2:3] == b"\1":
        return "PCX"
    for looks, name in CHECKED:
        if looks(sample):
            return name
    for offset, mark, name in MARKS:
        if (head[offset : offset + len(mark)] if offset + len(mark) <= len(head) else sample.read(offset, len(mark))) == mark:
            return name
    return None
