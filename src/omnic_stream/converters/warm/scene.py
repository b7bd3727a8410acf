"""Pictures of 3D scenes without a graphics card: rays are cast at triangles (embree), what they meet is shaded in numpy.

World space is y up, the camera looks along -z of its own space;
colours are linear while they are shaded and become sRGB at the end.
"""

# pyright: reportAttributeAccessIssue=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm.triangles import Soup, encoded, linear
from omnic_stream.model.errors import ConverterFailed, TooExpensive

FIELD: Final = 0.5
"""Of view, in radians, over the shorter side."""
FILLED: Final = 0.9
"""How much of the frame the object may take."""
LAYERS: Final = 4
"""See-through surfaces behind each other that are still told apart."""
BATCH: Final = 1 << 18
"""Rays at a time."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the eye is and how it is turned: ``turn`` rows are right, up and backward in world space."""

    turn: Any
    eye: Any
    width: int
    height: int


# --- the camera -------------------------------------------------------------------------------------------------------------


def outline(corners: Any, cells: int = 64) -> Any:
    """Some points that stand for all of them: one of each cell of a grid. (points, 3)"""
    import numpy as np

    points = corners.reshape(-1, 3)
    if len(points) <= 20_000:
        return points
    low = points.min(axis=0)
    step = np.minimum(((points - low) / max(float(np.ptp(points, axis=0).max()), 1e-30) * cells).astype(np.int64), cells)
    _, kept = np.unique((step[:, 0] << 40) | (step[:, 1] << 20) | step[:, 2], return_index=True)
    extremes = np.concatenate([points.argmin(axis=0), points.argmax(axis=0)])
    return points[np.concatenate([kept, extremes])]


def turned(azimuth: float, elevation: float) -> Any:
    """The rows right, up and backward of a camera that stands at these angles (radians) around the y axis and above the ground."""
    import numpy as np

    sa, ca, se, ce = np.sin(azimuth), np.cos(azimuth), np.sin(elevation), np.cos(elevation)
    return np.array([[ca, 0, -sa], [-sa * se, ce, -ca * se], [sa * ce, se, ca * ce]])


def elevation_for(points: Any) -> float:
    """Radians above the ground: the flatter a thing lies, the more from above it is shown."""
    import numpy as np

    size = np.ptp(points, axis=0)
    flat = 1 - min(1.0, float(size[1]) / (0.45 * max(float(size[0]), float(size[2]), 1e-30)))
    return 0.38 + 0.5 * flat


def framed(points: Any, width: int, height: int, azimuth: float, elevation: float) -> Camera:
    """The nearest camera of this direction that has all points in its frame, and them in the middle of it.

    A point p of camera space is inside where ``|p.x - x| <= (d - p.z) * a``; the largest of ``p.x + a p.z`` and of ``-p.x + a p.z``
    give the nearest distance d and the middle x at once, and the same for y.
    """
    import numpy as np

    turn = turned(azimuth, elevation)
    seen = points @ turn.T
    middle, reach = [0.0, 0.0], [0.0, 0.0]
    for axis, slope in enumerate(_slopes(width, height)):
        high = float((seen[:, axis] + slope * seen[:, 2]).max())
        low = float((-seen[:, axis] + slope * seen[:, 2]).max())
        middle[axis], reach[axis] = (high - low) / 2, (high + low) / (2 * slope)
    distance = max(reach)
    away = np.maximum(distance - seen[:, 2], 1e-9)
    for axis in (0, 1):
        # from further off than this axis asks for, its middle is not quite where it was: some steps find it
        for _ in range(6 if reach[axis] < distance else 0):
            at = (seen[:, axis] - middle[axis]) / away
            first, last = int(at.argmin()), int(at.argmax())
            middle[axis] += float(at[first] + at[last]) / 2 * float(away[first] + away[last]) / 2
    return Camera(turn, np.array([*middle, distance]) @ turn, width, height)


def orbit(points: Any, width: int, height: int, elevation: float, count: int) -> list[Camera]:
    """Cameras once around, all at the same distance, so that nothing grows or leaves the frame. The axis is the middle of the box."""
    import numpy as np

    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    turns = [turned(0.6 + 2 * np.pi * step / count, elevation) for step in range(count)]
    slopes = _slopes(width, height)
    wide, above, below = 0.0, -np.inf, -np.inf
    for turn in turns:
        seen = (points - middle) @ turn.T
        deep = seen[:, 2]
        wide = max(wide, float((np.abs(seen[:, 0]) + slopes[0] * deep).max()) / slopes[0])
        above = max(above, float((seen[:, 1] + slopes[1] * deep).max()))
        below = max(below, float((-seen[:, 1] + slopes[1] * deep).max()))
    distance = max(wide, (above + below) / (2 * slopes[1]))
    return [Camera(turn, middle + np.array([0, (above - below) / 2, distance]) @ turn, width, height) for turn in turns]


def _slopes(width: int, height: int) -> tuple[float, float]:
    import math

    unit = math.tan(FIELD / 2) * FILLED / min(width, height)
    return unit * width, unit * height


# --- rays -------------------------------------------------------------------------------------------------------------------


class Stage:
    """A soup that rays can be cast at; made once for a picture or for all frames of a video."""

    def __init__(self, soup: Soup) -> None:
        """Raises ConverterFailed where there is nothing to see, TooExpensive for coordinates beyond what floats tell apart."""
        import numpy as np
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh

        if not len(soup.corners):
            raise ConverterFailed("There is nothing to see in this model: it has neither faces nor lines nor points.")
        low, high = soup.corners.min(axis=(0, 1)).astype(np.float64), soup.corners.max(axis=(0, 1)).astype(np.float64)
        size = float((high - low).max())
        if not np.isfinite(size) or size <= 0:
            raise TooExpensive("The model's coordinates are too large to be drawn.")
        # about the origin and two units wide: what embree's single precision tells apart does not hang on the model's own units
        self.corners = ((soup.corners - (low + high) / 2) * (2 / size)).astype(np.float32)
        self.points = outline(self.corners)
        self.soup = soup
        self._scene = rtcore_scene.EmbreeScene()
        self._mesh = TriangleMesh(self._scene, self.corners)
        self._opaque = bool(soup.colours[..., 3].min() >= 0.999) and all(bool(each[..., 3].min() == 255) for each in soup.textures)

    def picture(self, camera: Camera) -> Any:
        """(height, width, 4) uint8 sRGB with alpha. Nine rays more where a neighbour differs: at edges."""
        import numpy as np

        whole = np.zeros((camera.height, camera.width, 4), np.uint8)
        left, top, right, bottom = self._box(camera)
        width, height = right - left, bottom - top
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        light, face = self._cast(camera, x.ravel(), y.ravel())
        light, face = light.reshape(height, width, 4), face.reshape(height, width)
        edge = _edges(light, face)
        rows, columns = np.nonzero(edge)
        if len(rows):
            total = np.zeros((len(rows), 4), np.float32)
            for down in (1 / 6, 0.5, 5 / 6):
                for across in (1 / 6, 0.5, 5 / 6):
                    total += self._cast(camera, columns + (left + across), rows + (top + down))[0]
            light[rows, columns] = total / 9
        alpha = np.clip(light[..., 3:], 0, 1)
        colour = encoded(light[..., :3] / np.maximum(alpha, 1e-6))
        whole[top:bottom, left:right] = np.round(np.concatenate([colour, alpha], axis=2) * 255)
        return whole

    def _box(self, camera: Camera) -> tuple[int, int, int, int]:
        """The part of the frame that holds the object: left, top, right, bottom."""
        import numpy as np

        seen = (self.points - camera.eye) @ camera.turn.T
        deep = np.maximum(-seen[:, 2], 1e-6)
        unit = 2 * np.tan(FIELD / 2) / min(camera.width, camera.height)
        # the outline stands for all points, to a sixty-fourth of the object's size
        spare = 2 + 2 / 64 / float(deep.min()) / unit if len(self.points) < self.corners.size // 3 else 2
        x, y = seen[:, 0] / deep / unit + camera.width / 2, camera.height / 2 - seen[:, 1] / deep / unit
        left, top = max(0, int(x.min() - spare)), max(0, int(y.min() - spare))
        right, bottom = min(camera.width, int(x.max() + spare) + 1), min(camera.height, int(y.max() + spare) + 1)
        return left, top, max(right, left + 1), max(bottom, top + 1)

    def _cast(self, camera: Camera, x: Any, y: Any) -> tuple[Any, Any]:
        """Light (premultiplied, linear, with alpha) and the face met at each place of the frame."""
        import numpy as np

        light, faces = np.zeros((len(x), 4), np.float32), np.full(len(x), -1, np.int32)
        for start in range(0, len(x), BATCH):
            part = slice(start, start + BATCH)
            light[part], faces[part] = self._batch(camera, x[part], y[part])
        return light, faces

    def _batch(self, camera: Camera, x: Any, y: Any) -> tuple[Any, Any]:
        import numpy as np

        unit = 2 * np.tan(FIELD / 2) / min(camera.width, camera.height)
        seen = np.stack([(x - camera.width / 2) * unit, (camera.height / 2 - y) * unit, np.full(len(x), -1.0)], axis=1)
        rays = (seen @ camera.turn).astype(np.float32)
        rays /= np.sqrt(np.einsum("ij,ij->i", rays, rays))[:, None]
        starts = np.broadcast_to(np.asarray(camera.eye, np.float32), rays.shape).copy()
        light = np.zeros((len(x), 4), np.float32)
        first = np.full(len(x), -1, np.int32)
        alive = np.arange(len(x))
        for layer in range(1 if self._opaque else LAYERS):
            found = self._scene.run(starts[alive], rays[alive], query="INTERSECT", output=1)
            hit = found["primID"] >= 0
            alive, face = alive[hit], found["primID"][hit]
            if not len(alive):
                break
            if layer == 0:
                first[alive] = face
            colour = self._shaded(camera, rays[alive], face, found["u"][hit], found["v"][hit])
            left = 1 - light[alive, 3:]
            light[alive, :3] += colour[:, :3] * colour[:, 3:] * left
            light[alive, 3:] += colour[:, 3:] * left
            if self._opaque:
                break
            starts[alive] += rays[alive] * (found["tfar"][hit] * 1.00001 + 1e-4)[:, None]
            alive = alive[light[alive, 3] < 0.98]
        return light, first

    def _shaded(self, camera: Camera, rays: Any, face: Any, u: Any, v: Any) -> Any:
        import numpy as np

        weight = np.stack([1 - u - v, u, v], axis=1)[:, :, None]
        colour = (self.soup.colours[face] * weight).sum(axis=1)
        textured = self.soup.texture[face]
        for number, texture in enumerate(self.soup.textures):
            mine = np.flatnonzero(textured == number)
            if len(mine):
                colour[mine] *= _sampled(texture, (self.soup.uv[face[mine]] * weight[mine]).sum(axis=1))
        normal = (self.soup.normals[face] * weight).sum(axis=1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
        toward = -rays
        facing = np.einsum("ij,ij->i", normal, toward)
        normal = np.where(facing[:, None] < 0, -normal, normal)
        facing = np.abs(facing)
        # three lights that stand with the camera (key, fill, rim), and a sky brighter than the ground
        lamps = np.array([[-0.45, 0.75, 0.62], [0.85, 0.12, 0.55], [0.1, 0.55, -0.85]])
        lamps = (lamps / np.linalg.norm(lamps, axis=1, keepdims=True)) @ camera.turn
        key, fill, rim = (np.clip(normal @ lamp.astype(np.float32), 0, None) for lamp in lamps)
        half = toward + lamps[0].astype(np.float32)
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine = np.clip(np.einsum("ij,ij->i", normal, half), 0, 1) ** 40 * 0.12
        sky = 0.20 + 0.09 * normal[:, 1]
        lit = sky + 0.78 * key + 0.22 * fill + 0.25 * rim
        brim = 0.06 * (1 - facing) ** 3
        colour[:, :3] = colour[:, :3] * lit[:, None] + (shine + brim)[:, None]
        return colour


def _edges(light: Any, face: Any) -> Any:
    """Pixels of which a neighbour shows something else: other light, or none."""
    import numpy as np

    edge = np.zeros(face.shape, bool)
    look = np.sqrt(np.clip(light, 0, 1))
    for axis in (0, 1):
        differs = np.abs(np.diff(look, axis=axis)).max(axis=2) > 0.04
        gone = np.diff((face >= 0).astype(np.int8), axis=axis) != 0
        differs |= gone
        if axis == 0:
            edge[1:] |= differs
            edge[:-1] |= differs
        else:
            edge[:, 1:] |= differs
            edge[:, :-1] |= differs
    return edge


def _sampled(texture: Any, uv: Any) -> Any:
    """The texture at these places, as light: repeated beyond its edges, between its pixels a mixture. v falls from the top."""
    import numpy as np

    height, width = texture.shape[:2]
    x = (uv[:, 0] % 1) * width - 0.5
    y = (uv[:, 1] % 1) * height - 0.5
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = (x - left)[:, None].astype(np.float32), (y - top)[:, None].astype(np.float32)
    total = np.zeros((len(uv), 4), np.float32)
    for down, part_down in ((0, 1 - fy), (1, fy)):
        for across, part_across in ((0, 1 - fx), (1, fx)):
            pixel = texture[(top + down) % height, (left + across) % width].astype(np.float32) / 255
            pixel[:, :3] = linear(pixel[:, :3])
            total += pixel * part_down * part_across
    return total
