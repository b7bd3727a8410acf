"""By which curve an AVIF or HEIC is coded: its ``colr`` boxes of the type ``nclx`` (ISO/IEC 14496-12, 12.1.5), in the numbers of ITU-T H.273."""

from __future__ import annotations

import os
import re
from typing import Final

READ: Final = 1 << 20
"""Bytes in which the description of a picture ends, which stands first."""
CURVES: Final = {16: "smpte2084", 18: "arib-std-b67"}
"""Those of a high dynamic range, named as ffmpeg names them."""


def curve(descriptor: int) -> str:
    """Empty for pictures of the usual range, and for those that hold both (a usual one, and what more light does to it)."""
    found = {int.from_bytes(each[1], "big") for each in re.finditer(rb"colrnclx..(..)", _described(descriptor), re.DOTALL)}
    return CURVES.get(found.pop(), "") if len(found) == 1 else ""


def _described(descriptor: int) -> bytes:
    """What stands in the box ``meta``; nothing where there is none."""
    data, at = os.pread(descriptor, READ, 0), 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"meta":
            return data[at : at + size]
        if size < 8:
            break
        at += size
    return b""
