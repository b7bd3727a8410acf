"""Map tiles: which of them a box needs, a picture cut into them, and the index that names them."""

# pyright: reportUnknownMemberType=false
from __future__ import annotations

import io
import json
import math
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any, Final

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

TILE: Final = 256
MOST_TILES: Final = 256
DEEPEST: Final = 18


def levels(box: Box) -> list[tuple[int, int, int, int]]:
    """For each zoom the range of tiles that the box touches, as deep as a bounded number of tiles reaches."""
    found: list[tuple[int, int, int, int]] = []
    total = 0
    for zoom in range(DEEPEST + 1):
        x0, y0 = _tile(box[0], box[3], zoom)
        x1, y1 = _tile(box[2], box[1], zoom)
        total += (x1 - x0 + 1) * (y1 - y0 + 1)
        if total > MOST_TILES:
            break
        found.append((x0, y0, x1, y1))
    return found


def _tile(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames"""
    many = 2**zoom
    x = math.floor((lon + 180) / 360 * many)
    y = math.floor((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * many)
    return min(max(x, 0), many - 1), min(max(y, 0), many - 1)


def cut(whole: Any, zoom: int, x0: int, y0: int) -> Iterator[tuple[str, bytes]]:
    """``z/x/y`` and PNG of those tiles of an RGBA picture that show something."""
    for top in range(0, whole.height, TILE):
        for left in range(0, whole.width, TILE):
            tile = whole.crop((left, top, left + TILE, top + TILE))
            if tile.getextrema()[3][1]:
                buffer = io.BytesIO()
                tile.save(buffer, "PNG", optimize=False)
                yield f"{zoom}/{x0 + left // TILE}/{y0 + top // TILE}", buffer.getvalue()


def index(box: Box, many: int, present: Sequence[str]) -> bytes:
    """TileJSON 3.0.0, with the names of the tiles that are there: who asks for no other meets no 404."""
    told = {
        "tilejson": "3.0.0", "scheme": "xyz", "tiles": ["{z}/{x}/{y}.png"], "format": "png", "minzoom": 0, "maxzoom": many - 1,
        "bounds": list(box), "center": [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, max(many - 3, 0)], "tile_count": len(present),
        "present": list(present),
    }  # fmt: skip
    return (json.dumps(told, indent=1) + "\n").encode()


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    archive.addfile(info, io.BytesIO(content))
