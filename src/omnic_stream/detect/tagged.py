"""What a TIFF is: a picture, a map, or what a camera's sensor saw. Told by the tags of its first directory."""

from __future__ import annotations

import struct
from typing import Literal

from omnic_stream.detect.sample import Sample

MAKE, SUB_DIRECTORIES, GEO_KEYS, DNG_VERSION = 271, 330, 34735, 50706
MOST_TAGS = 256
CAMERAS = ((b"NIKON", "NEF"), (b"SONY", "ARW"), (b"PENTAX", "PEF"), (b"RICOH", "PEF"), (b"SAMSUNG", "SRW"))
"""A maker's raw pictures are TIFFs with pictures in directories below the first; what its software exports has none there."""


def tagged(sample: Sample) -> str:
    """TIFF 6.0 section 2, DNG 1.7 section 4, GeoTIFF 1.1 section 7.1.1."""
    head = sample.head
    order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
    if head[8:10] == b"CR":
        return "CR2"
    if len(head) < 8:
        return "TIFF"
    start = struct.unpack_from(order + "I", head, 4)[0]
    counted = sample.read(start, 2)
    if len(counted) < 2:
        return "TIFF"
    count = min(struct.unpack(order + "H", counted)[0], MOST_TAGS)
    directory = sample.read(start + 2, count * 12)
    tags = dict[int, tuple[int, int]]()
    for place in range(0, len(directory) - 11, 12):
        tag, _, length, value = struct.unpack_from(order + "HHII", directory, place)
        tags[tag] = (length, value)
    if DNG_VERSION in tags:
        return "DNG"
    if GEO_KEYS in tags:
        return "GEOTIFF"
    if MAKE in tags and SUB_DIRECTORIES in tags:
        make = sample.read(tags[MAKE][1], 16).upper()
        for name, format in CAMERAS:
            if make.startswith(name):
                return format
    return "TIFF"
