"""Triangles with all that is needed to draw them: of meshes, of lines (thin bars) and of points (small balls).

Colours are linear; normals are made here, for those that files bring are missing or wrong too often.
"""

# pyright: reportCallIssue=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

CREASE: Final = 0.72
"""Cosine of the angle (44 degrees) beyond which two faces meet in an edge instead of a curve."""
NEUTRAL: Final = (0.42, 0.50, 0.60)
"""A grey blue for what has no colour of its own, linear: it stands out from white and from black."""
MOST_PAIRS: Final = 40_000_000
"""Neighbours looked at for normals; beyond, all faces at a point count."""


@dataclass(frozen=True, slots=True)
class Soup:
    """Triangles with all that is needed to shade them. Arrays are float32 unless said otherwise."""

    corners: Any
    """(faces, 3, 3)"""
    normals: Any
    """(faces, 3, 3), unit length"""
    colours: Any
    """(faces, 3, 4), linear, alpha last"""
    uv: Any
    """(faces, 3, 2)"""
    texture: Any
    """(faces,) int: which of ``textures``, or -1"""
    textures: tuple[Any, ...] = ()
    """(height, width, 4) each, uint8, sRGB"""


def soup(vertices: Any, faces: Any, colours: Any, *, uv: Any = None, texture: Any = None, smooth: bool = True) -> Soup:
    """Of an indexed mesh. ``colours``: (4,) for all, or (faces, 3, 4). Faces without area are left out."""
    import numpy as np

    vertices = np.asarray(vertices, np.float64)
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    good = area > 1e-14 * max(float(np.ptp(vertices, axis=0).max()) ** 2, 1e-300) if len(vertices) else np.zeros(0, bool)
    corners, across, area, faces = corners[good], across[good], area[good], np.asarray(faces)[good]
    colours = np.asarray(colours, np.float32)
    whole = np.broadcast_to(colours, (len(corners), 3, 4)) if colours.ndim == 1 else colours[good]
    flat = across / area[:, None]
    normals = _corner_normals(vertices, faces, across, flat) if smooth else np.repeat(flat[:, None], 3, axis=1)
    return Soup(
        corners.astype(np.float32),
        normals.astype(np.float32),
        np.ascontiguousarray(whole),
        np.zeros((len(corners), 3, 2), np.float32) if uv is None else np.asarray(uv, np.float32)[faces],
        np.full(len(corners), -1 if texture is None else 0, np.int32),
        () if texture is None else (texture,),
    )


def _corner_normals(vertices: Any, faces: Any, across: Any, flat: Any) -> Any:
    """For each corner the mean, by area, of the faces around its point that meet this one in a curve."""
    import numpy as np

    if not len(faces):
        return np.zeros((0, 3, 3))
    steps = np.round((vertices - vertices.min(axis=0)) / max(float(np.ptp(vertices, axis=0).max()), 1e-300) * (1 << 20)).astype(
        np.int64
    )
    _, point = np.unique((steps[:, 0] << 42) | (steps[:, 1] << 21) | steps[:, 2], return_inverse=True)
    at = point.ravel()[faces].ravel()
    order = np.argsort(at, kind="stable")
    counts = np.bincount(at)
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    owner = np.repeat(np.arange(len(faces)), 3)[order]
    group = at[order]
    total = across[owner].copy()
    if int((counts.astype(np.int64) ** 2).sum()) > MOST_PAIRS or counts.max() > 512:
        sums = np.stack([np.bincount(group, weights=across[owner, axis], minlength=len(counts)) for axis in range(3)], axis=1)
        total = sums[group]
    else:
        total[:] = 0
        for shift in range(int(counts.max())):
            here = np.flatnonzero(counts[group] > shift)
            other = owner[first[group[here]] + shift]
            curved = np.einsum("ij,ij->i", flat[owner[here]], flat[other]) > CREASE
            total[here[curved]] += across[other[curved]]
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(length > 1e-12 * np.abs(across).max(), total / np.maximum(length, 1e-300), flat[owner])
    back = np.empty_like(total)
    back[order] = total
    return back.reshape(-1, 3, 3)


def joined(soups: Sequence[Soup]) -> Soup:
    import numpy as np

    textures: list[Any] = []
    which: list[Any] = []
    for each in soups:
        which.append(np.where(each.texture >= 0, each.texture + len(textures), -1))
        textures += each.textures
    return Soup(
        *(np.concatenate([getattr(each, name) for each in soups]) for name in ("corners", "normals", "colours", "uv")),
        np.concatenate(which),
        tuple(textures),
    )


def bars(starts: Any, ends: Any, radius: float, colours: Any, sides: int = 6) -> Soup:
    """Round bars from each start to its end. ``colours``: (4,) or (bars, 4)."""
    import numpy as np

    starts, ends = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    along = ends - starts
    length = np.linalg.norm(along, axis=1, keepdims=True)
    kept = length[:, 0] > 1e-9 * radius
    colours = np.broadcast_to(np.asarray(colours, np.float32), (len(starts), 4))[kept]
    starts, ends, along = starts[kept], ends[kept], along[kept] / length[kept]
    helper = np.where(np.abs(along[:, :1]) < 0.8, [[1.0, 0, 0]], [[0, 1.0, 0]])
    one = np.cross(along, helper)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    two = np.cross(along, one)
    angle = np.arange(sides) * (2 * np.pi / sides)
    out = np.cos(angle)[None, :, None] * one[:, None] + np.sin(angle)[None, :, None] * two[:, None]
    a, b = starts[:, None] + radius * out, ends[:, None] + radius * out
    after = np.roll(np.arange(sides), -1)
    corners = np.concatenate([np.stack([a, a[:, after], b], 2), np.stack([a[:, after], b[:, after], b], 2)], 1)
    normals = np.concatenate([np.stack([out, out[:, after], out], 2), np.stack([out[:, after], out[:, after], out], 2)], 1)
    return _plain(corners, normals, np.repeat(colours, 2 * sides, axis=0))


def balls(centres: Any, radii: Any, colours: Any, detail: int = 2) -> Soup:
    """A ball at each centre: 8 faces at detail 0, four times as many with each further one. ``radii``: (balls,), ``colours``: (balls, 4)."""
    import numpy as np

    corners = np.array(
        [
            [[x, 0, 0], [0, y, 0], [0, 0, z]] if x * y * z > 0 else [[x, 0, 0], [0, 0, z], [0, y, 0]]
            for x in (1, -1)
            for y in (1, -1)
            for z in (1, -1)
        ],
        np.float64,
    )
    for _ in range(detail):
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        ab, bc, ca = ((p + q) / np.linalg.norm(p + q, axis=1, keepdims=True) for p, q in ((a, b), (b, c), (c, a)))
        corners = np.concatenate([np.stack(three, 1) for three in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    centres, radii = np.asarray(centres, np.float64), np.asarray(radii, np.float64)
    placed = centres[:, None, None] + radii[:, None, None, None] * corners[None]
    normals = np.broadcast_to(corners[None], placed.shape)
    return _plain(
        placed, normals, np.repeat(np.broadcast_to(np.asarray(colours, np.float32), (len(centres), 4)), len(corners), axis=0)
    )


def _plain(corners: Any, normals: Any, colours: Any) -> Soup:
    import numpy as np

    corners = corners.reshape(-1, 3, 3).astype(np.float32)
    count = len(corners)
    return Soup(
        corners,
        normals.reshape(-1, 3, 3).astype(np.float32),
        np.repeat(np.asarray(colours, np.float32)[:, None], 3, axis=1),
        np.zeros((count, 3, 2), np.float32),
        np.full(count, -1, np.int32),
    )


def linear(colour: Any) -> Any:
    """sRGB (0 to 1) as light."""
    import numpy as np

    colour = np.asarray(colour, np.float32)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Any) -> Any:
    """Light as sRGB (0 to 1)."""
    import numpy as np

    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
