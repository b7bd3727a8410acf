"""The picture that a camera puts into its raw file beside what its sensor saw: a JPEG, often of full size, in the camera's own colours.

Where it lies differs from maker to maker and from model to model; that it is a JPEG does not. So the file is searched for JPEGs, and the
largest that is whole is taken. Sensor data are JPEGs at times, too, but lossless ones (SOF3), which are passed over.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any, Final, Literal

from omnic_stream.converters.warm import image, pixels
from omnic_stream.converters.warm.files import read
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt

LARGEST: Final = 256 * MiB
START: Final = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
MOST_STARTS: Final = 2000
"""Three bytes are found by chance every 16 MiB; files that hold more are made to take long."""
MOST_SEGMENTS: Final = 200
MOST_TRIES: Final = 6
SHOWN: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive (ITU-T T.81, table B.1)."""
ORIENTATION: Final = 274


def thumb(call: Call) -> None:
    """``thumb.png``, ``preview.jpg`` and their kin."""
    picture = _picture(call)
    image.finish(call, image.fit(picture, image.boxed(call.target, call.arguments)), image.kind_of(call.target), call.arguments)


def convert(call: Call) -> None:
    """One of the everyday formats."""
    image.finish(call, image.fit(_picture(call), call.arguments), call.target, call.arguments)


def _picture(call: Call) -> Any:
    """The largest whole JPEG, upright. Raises Corrupt."""
    import pyvips

    if call.arguments.get("page", "1") != "1":
        raise pixels.no_such_page(1)
    data = read(call.input, LARGEST)
    call.report(0.1)
    for _, at in sorted(_jpegs(data), reverse=True)[:MOST_TRIES]:
        try:
            found: Any = pyvips.Image.new_from_buffer(data[at:], "", fail_on="truncated")
            pixels.check_size(found.width, found.height)
            told = found.get_typeof("orientation") != 0
            if not told and (turned := orientation(data)) != 1:
                found = found.copy()
                found.set_type(pyvips.GValue.gint_type, "orientation", turned)
            return found.autorot().copy_memory()
        except pyvips.Error:
            continue
    raise Corrupt("The camera's raw file cannot be read: no picture in it is whole.")


def _jpegs(data: bytes) -> Iterator[tuple[int, int]]:
    """Pixels and place of each."""
    for number, found in enumerate(START.finditer(data)):
        if number == MOST_STARTS:
            return
        if size := _size(data, found.start() + 2):
            yield size, found.start()


def _size(data: bytes, at: int) -> int:
    """Pixels of the JPEG whose first marker is here; 0 where it is none, or one of a kind that is not shown (T.81, B.1.1.4 and B.2.2)."""
    for _ in range(MOST_SEGMENTS):
        if len(data) < at + 9 or data[at] != 0xFF:
            return 0
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return height * width if marker in SHOWN and data[at + 4] == 8 else 0
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0


def orientation(data: bytes) -> int:
    """As the first directory says it (TIFF 6.0 section 8), 1 to 8: of a file that is a TIFF but for its third and fourth byte, or of Canon's
    box of them in a CR3."""
    box = data.find(b"CMT1", 0, 1 << 16) + 4 if data[4:11] == b"ftypcrx" else 0
    order: Literal["<", ">"] = ">" if data[box : box + 2] == b"MM" else "<"
    head = data[box : box + (1 << 20)]
    try:
        start = struct.unpack_from(order + "I", head, 4)[0]
        for number in range(struct.unpack_from(order + "H", head, start)[0]):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", head, start + 2 + 12 * number)
            if tag == ORIENTATION and kind == 3 and 1 <= value <= 8:
                return value
    except struct.error:
        pass
    return 1
