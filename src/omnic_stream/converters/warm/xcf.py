"""GIMP's own pictures: layers read and laid over each other, as its developers' documentation of XCF describes (versions 0 to 14).

Layers are blended in the way that most have (normal) and the common others; text layers and vectors lie there as pixels too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from omnic_stream.converters.warm import pixels
from omnic_stream.model.errors import Corrupt, TooExpensive

TILE = 64
MOST_LAYERS = 500
MOST_LAYER_PIXELS = 4 * pixels.MOST_PIXELS
END, COLORMAP, OPACITY, VISIBLE, APPLY_MASK, OFFSETS, MODE, COMPRESSION = 0, 1, 6, 8, 11, 15, 7, 17
GROUP_ITEM, ITEM_PATH, FLOAT_OPACITY = 29, 30, 33
NO_COMPRESSION, RLE, ZLIB = 0, 1, 2
GRAY, INDEXED = 1, 2
LONG_POINTERS = 11
"""Version from which pointers have 64 bits."""
WIDTHS = {100: ">u1", 150: ">u1", 200: ">u2", 250: ">u2", 300: ">u4", 350: ">u4", 500: ">f2", 550: ">f2", 600: ">f4", 650: ">f4"}
"""Of a channel, by the picture's precision; hundreds are linear light, fifties are gamma."""
EARLY_PRECISIONS = {0: 150, 1: 250, 2: 300, 3: 500, 4: 600}
"""Of versions 4 to 6."""

Array = Any
BLENDS: dict[int, Callable[[Array, Array, Any], Array]] = {
    3: lambda below, above, np: below * above,
    4: lambda below, above, np: 1 - (1 - below) * (1 - above),
    5: lambda below, above, np: np.where(below < 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above)),
    6: lambda below, above, np: abs(below - above),
    7: lambda below, above, np: np.minimum(below + above, 1),
    8: lambda below, above, np: np.maximum(below - above, 0),
    9: lambda below, above, np: np.minimum(below, above),
    10: lambda below, above, np: np.maximum(below, above),
}
"""Multiply, screen, overlay, difference, addition, subtract, darken, lighten."""
NEWER = {30: 3, 31: 4, 23: 5, 32: 6, 33: 7, 34: 8, 35: 9, 36: 10}
"""The same blends, as GIMP 2.10 numbers them."""


@dataclass(slots=True)
class Layer:
    width: int
    height: int
    channels: int
    hierarchy: int
    mask: int
    properties: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def number(self, kind: int, default: int) -> int:
        value = self.properties.get(kind, b"")
        return struct.unpack(">I", value[:4])[0] if len(value) >= 4 else default

    @property
    def opacity(self) -> float:
        value = self.properties.get(FLOAT_OPACITY, b"")
        return struct.unpack(">f", value[:4])[0] if len(value) >= 4 else self.number(OPACITY, 255) / 255

    @property
    def offsets(self) -> tuple[int, int]:
        value = self.properties.get(OFFSETS, b"")
        return struct.unpack(">ii", value[:8]) if len(value) >= 8 else (0, 0)


class _File:
    """A cursor over the bytes. Every read beyond their end raises struct.error or IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, form: str = ">I") -> int:
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise IndexError(count)
        self.at += count
        return self.data[self.at - count : self.at]

    def pointers(self, form: str) -> Iterator[int]:
        while pointer := self.number(form):
            yield pointer

    def properties(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while True:
            kind, size = self.number(), self.number()
            if kind == END:
                return found
            if kind == COLORMAP:  # version 0 wrote a wrong length
                found[kind] = self.take(4)
                found[kind] = self.take(3 * struct.unpack(">I", found[kind])[0])
            else:
                found[kind] = self.take(size)


def composed(data: bytes, report: Callable[[float], None]) -> Array:
    """All visible layers as one array of height, width, 4: 8 bits, not premultiplied. Raises Corrupt, TooExpensive."""
    try:
        return _composed(data, report)
    except (struct.error, IndexError, ValueError, zlib.error, KeyError, OverflowError) as error:
        raise Corrupt("The picture is broken or cut short: its layers cannot be read.") from error


def _composed(data: bytes, report: Callable[[float], None]) -> Array:
    import numpy as np

    if not data.startswith(b"gimp xcf "):
        raise Corrupt("This is no GIMP picture.")
    file = _File(data)
    file.at = 14
    version = 0 if data[9:13] == b"file" else int(data[10:13])
    width, height, base = file.number(), file.number(), file.number()
    pixels.check_size(width, height)
    precision = file.number() if version >= 4 else 150
    precision = EARLY_PRECISIONS[precision] if 4 <= version < 7 else precision
    form = ">Q" if version >= LONG_POINTERS else ">I"
    properties = file.properties()
    layers = [_layer(_at(file, pointer), form) for pointer in list(file.pointers(form))]
    if len(layers) > MOST_LAYERS or sum(layer.width * layer.height for layer in layers) > MOST_LAYER_PIXELS:
        raise TooExpensive(f"The picture has more than {MOST_LAYERS} layers or too many pixels in them.")
    reader = _Reader(file, form, base, precision, properties)
    canvas = np.zeros((height, width, 4), np.float32)
    hidden = [
        layer.properties.get(ITEM_PATH, b"") for layer in layers if GROUP_ITEM in layer.properties and not layer.number(VISIBLE, 1)
    ]
    shown = [
        layer
        for layer in layers
        if layer.number(VISIBLE, 1)
        and GROUP_ITEM not in layer.properties
        and not any(path and layer.properties.get(ITEM_PATH, b"").startswith(path) for path in hidden)
    ]
    for index, layer in enumerate(reversed(shown)):
        _lay(np, canvas, layer, reader)
        report(0.9 * (index + 1) / len(shown))
    alpha = canvas[:, :, 3:]
    np.divide(canvas[:, :, :3], alpha, out=canvas[:, :, :3], where=alpha > 0)
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def _at(file: _File, pointer: int) -> _File:
    other = _File(file.data)
    other.at = pointer
    return other


def _layer(file: _File, form: str) -> Layer:
    width, height, kind = file.number(), file.number(), file.number()
    pixels.check_size(width, height)
    file.take(file.number())
    found = file.properties()
    return Layer(width, height, (3, 4, 1, 2, 1, 2)[kind], file.number(form), file.number(form), found)


class _Reader:
    """Turns a hierarchy of tiles into an array of 0 to 1."""

    def __init__(self, file: _File, form: str, base: int, precision: int, properties: dict[int, bytes]) -> None:
        import numpy as np

        self.np, self.file, self.form, self.base = np, file, form, base
        self.kind, self.linear = np.dtype(WIDTHS[precision]), precision % 100 == 0
        self.compression = properties.get(COMPRESSION, b"\0")[0]
        self.palette = np.frombuffer(properties.get(COLORMAP, bytes(768)), np.uint8).reshape(-1, 3)

    def layer(self, layer: Layer) -> Array:
        """Height, width, 4."""
        np = self.np
        raw = self.tiles(layer.hierarchy, layer.width, layer.height, layer.channels)
        colour, alpha = (raw[:, :, :-1], raw[:, :, -1:]) if layer.channels in {2, 4} else (raw, None)
        if self.base == INDEXED:
            colour = self.palette[np.minimum(colour[:, :, 0], len(self.palette) - 1)]
        colour = self.scaled(colour) if self.base != INDEXED else colour.astype(np.float32) / 255
        if self.linear and self.base != INDEXED:
            colour = np.where(colour <= 0.0031308, colour * 12.92, 1.055 * np.maximum(colour, 0) ** (1 / 2.4) - 0.055)
        opaque = np.ones((*colour.shape[:2], 1), np.float32) if alpha is None else self.scaled(alpha)
        return np.concatenate([np.broadcast_to(colour, (*colour.shape[:2], 3)), opaque], axis=2).astype(np.float32)

    def mask(self, pointer: int) -> Array:
        file = _at(self.file, pointer)
        width, height = file.number(), file.number()
        pixels.check_size(width, height)
        file.take(file.number())
        file.properties()
        return self.scaled(self.tiles(file.number(self.form), width, height, 1))

    def scaled(self, values: Array) -> Array:
        top = 1.0 if self.kind.kind == "f" else float(self.np.iinfo(self.kind).max)
        return values.astype(self.np.float32) / top

    def tiles(self, hierarchy: int, width: int, height: int, channels: int) -> Array:
        file = _at(self.file, hierarchy)
        if (file.number(), file.number()) != (width, height) or file.number() != channels * self.kind.itemsize:
            raise ValueError(hierarchy)
        level = _at(file, file.number(self.form))
        level.at += 8  # its width and height once more
        made = self.np.zeros((height, width, channels), self.kind)
        places = ((top, left) for top in range(0, height, TILE) for left in range(0, width, TILE))
        for (top, left), pointer in zip(places, level.pointers(self.form), strict=False):
            high, wide = min(TILE, height - top), min(TILE, width - left)
            made[top : top + high, left : left + wide] = self.tile(pointer, wide * high, channels).reshape(high, wide, channels)
        return made

    def tile(self, pointer: int, count: int, channels: int) -> Array:
        np, size = self.np, channels * self.kind.itemsize
        if self.compression == RLE:
            planes = np.frombuffer(_unpacked(self.file.data, pointer, count, size), np.uint8).reshape(size, count)
            return np.ascontiguousarray(planes.T).view(self.kind)
        data = self.file.data[pointer:] if self.compression == NO_COMPRESSION else b""
        if self.compression == ZLIB:
            data = zlib.decompressobj().decompress(self.file.data[pointer : pointer + 2 * count * size + 1024], count * size)
        return np.frombuffer(data[: count * size], self.kind).reshape(count, channels)


def _unpacked(data: bytes, at: int, count: int, planes: int) -> bytes:
    """Each byte of the pixels as a plane of its own, run by run."""
    made = bytearray()
    for plane in range(1, planes + 1):
        while len(made) < plane * count:
            code = data[at]
            at += 1
            if code in {127, 128}:
                length = int.from_bytes(data[at : at + 2], "big")
                at += 2
            else:
                length = code + 1 if code < 127 else 256 - code
            if code < 128:
                made += data[at : at + 1] * length
                at += 1
            else:
                made += data[at : at + length]
                at += length
            if length == 0 or len(made) > plane * count or at > len(data):
                raise ValueError(at)
    return bytes(made)


def _lay(np: Any, canvas: Array, layer: Layer, reader: _Reader) -> None:
    """Over what is there; ``canvas`` is premultiplied (Porter and Duff's over, with the blend where both are)."""
    left, top = layer.offsets
    high, wide = canvas.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + layer.width, wide), min(top + layer.height, high)
    if x0 >= x1 or y0 >= y1:
        return
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    above = reader.layer(layer)[cut]
    alpha = above[:, :, 3:] * layer.opacity
    if layer.mask and layer.number(APPLY_MASK, 1):
        alpha = alpha * reader.mask(layer.mask)[cut]
    below = canvas[y0:y1, x0:x1]
    colour = above[:, :, :3]
    if (blend := BLENDS.get(NEWER.get(mode := layer.number(MODE, 0), mode))) is not None:
        under = below[:, :, 3:]
        plain = np.divide(below[:, :, :3], under, out=np.zeros_like(colour), where=under > 0)
        colour = colour * (1 - under) + blend(plain, colour, np) * under
    below[:, :, :3] = colour * alpha + below[:, :, :3] * (1 - alpha)
    below[:, :, 3:] = alpha + below[:, :, 3:] * (1 - alpha)
