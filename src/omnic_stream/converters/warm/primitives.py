"""What a GLB shows, as arrays: each primitive of each node of its scene, in the scene's own space (glTF 2.0, sections 3.5 to 3.9).

What moves is shown at rest: its nodes as they stand, its skin laid over them, its shapes mixed as the mesh says.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from omnic_stream.converters.warm import glb
from omnic_stream.model.errors import Corrupt

BENT_AT_ONCE: Final = 20_000
"""Points whose joints' matrices are held together: eight of each make 20 MB."""
POINTS, LINES, LOOP, LINE_STRIP, TRIANGLES, STRIP, FAN = range(7)


@dataclass(frozen=True, slots=True)
class Primitive:
    points: Any
    """(points, 3) float64, already placed"""
    faces: Any
    """(faces, 3) of triangles, (lines, 2) of lines, None of points"""
    colours: Any
    """(points, 4) linear, or None"""
    uv: Any
    """(points, 2), v from the top, or None"""
    material: Mapping[str, Any]


class Model:
    """A GLB that was counted (``glb.opened``)."""

    def __init__(self, described: glb.Json, binary: bytes) -> None:
        self.described = described
        self._nodes = glb.items(described, "nodes")
        self._meshes = glb.items(described, "meshes")
        self._materials = glb.items(described, "materials")
        self._accessors = glb.items(described, "accessors")
        self._views = glb.items(described, "bufferViews")
        self._buffers = [glb.data(str(each["uri"])) if "uri" in each else binary for each in glb.items(described, "buffers")]
        self._read: dict[int, Any] = {}

    def primitives(self) -> Iterator[Primitive]:
        """Raises Corrupt for what does not fit together."""
        import numpy as np

        try:
            stands = self._stands()
            for index, matrix in stands:
                node = self._nodes[index]
                bones = self._bones(node["skin"], stands) if "skin" in node else None
                mesh = self._meshes[node["mesh"]] if "mesh" in node else {}
                shares = node.get("weights", mesh.get("weights", ()))
                for primitive in glb.items(mesh, "primitives"):
                    made = self._primitive(primitive, matrix, bones, shares)
                    if made is not None:
                        yield made
        except (KeyError, IndexError, TypeError, ValueError, np.linalg.LinAlgError) as error:
            raise Corrupt("The model's description is broken.") from error

    def _stands(self) -> list[tuple[int, Any]]:
        """The nodes of the scene, each with its matrix; one below two parents twice."""
        import numpy as np

        found = list[tuple[int, Any]]()
        waiting = [(root, np.eye(4)) for root in glb.roots(self.described, self._nodes)]
        while waiting:
            index, above = waiting.pop()
            matrix = above @ placed(self._nodes[index])
            found.append((index, matrix))
            waiting += [(child, matrix) for child in reversed(self._nodes[index].get("children") or ())]
        return found

    def _bones(self, skin: int, stands: Sequence[tuple[int, Any]]) -> Any:
        """(joints, 4, 4): from where the skin was put on to where each joint stands (section 3.7.3.1)."""
        import numpy as np

        described, matrices = glb.items(self.described, "skins")[skin], dict(stands)
        joints = np.stack([matrices.get(joint, placed(self._nodes[joint])) for joint in described["joints"]])
        if "inverseBindMatrices" not in described:
            return joints
        inverse = self.accessor(described["inverseBindMatrices"])[: len(joints)].astype(np.float64)
        return joints @ inverse.reshape(-1, 4, 4).transpose(0, 2, 1)

    def _primitive(self, primitive: Mapping[str, Any], matrix: Any, bones: Any, shares: Sequence[float]) -> Primitive | None:
        import numpy as np

        attributes = primitive["attributes"]
        if "POSITION" not in attributes:
            return None
        with np.errstate(invalid="ignore", over="ignore"):  # what is no number is left out below
            points, mirrored = self._points(primitive, matrix, bones, shares)
        order = self.accessor(primitive["indices"]).ravel().astype(np.int64) if "indices" in primitive else np.arange(len(points))
        if len(order) and int(order.max()) >= len(points):
            raise Corrupt("The model names points that it does not have.")
        good = np.isfinite(points).all(axis=1)
        material = self._materials[primitive["material"]] if "material" in primitive else {}
        sheet = (material.get("pbrMetallicRoughness") or {}).get("baseColorTexture") or {}
        uv = attributes.get(f"TEXCOORD_{sheet.get('texCoord', 0)}") if sheet else None
        colours = attributes.get("COLOR_0")
        faces = _joined(order, primitive.get("mode", TRIANGLES), good)
        return Primitive(
            np.where(good[:, None], points, 0),
            faces[:, ::-1]
            if mirrored and faces is not None
            else faces,  # section 3.7.4: what is mirrored is still seen from outside
            None if colours is None else _with_alpha(self.accessor(colours)),
            None if uv is None else _moved(self.accessor(uv).astype(np.float32), sheet),
            material,
        )

    def _points(self, primitive: Mapping[str, Any], matrix: Any, bones: Any, shares: Sequence[float]) -> tuple[Any, bool]:
        """In the scene's space, and whether what they enclose is mirrored there."""
        import numpy as np

        attributes = primitive["attributes"]
        points = self.accessor(attributes["POSITION"]).astype(np.float64)
        for target, share in zip(primitive.get("targets", ()), shares, strict=False):
            if share and "POSITION" in target:
                points = points + share * self.accessor(target["POSITION"]).astype(np.float64)
        if bones is not None and "JOINTS_0" in attributes:
            return self._bent(points, attributes, bones), False
        return points @ matrix[:3, :3].T + matrix[:3, 3], bool(np.linalg.det(matrix[:3, :3]) < 0)

    def _bent(self, points: Any, attributes: Mapping[str, Any], bones: Any) -> Any:
        """Where the joints take the points: each goes with up to four of them, or eight."""
        import numpy as np

        sets = [number for number in (0, 1) if f"JOINTS_{number}" in attributes]
        joints = np.concatenate([self.accessor(attributes[f"JOINTS_{number}"]) for number in sets], axis=1)
        shares = np.concatenate([self.accessor(attributes[f"WEIGHTS_{number}"]) for number in sets], axis=1).astype(np.float64)
        whole = shares.sum(axis=1, keepdims=True)
        shares = np.where(whole > 0, shares / np.where(whole > 0, whole, 1), [1, *(0,) * (shares.shape[1] - 1)])
        made = np.zeros_like(points)
        for first in range(0, len(points), BENT_AT_ONCE):
            part = slice(first, first + BENT_AT_ONCE)
            turns = np.einsum("pj,pjrc->prc", shares[part], bones[joints[part]][:, :, :3])
            made[part] = np.einsum("prc,pc->pr", turns[:, :, :3], points[part]) + turns[:, :, 3]
        return made

    def accessor(self, index: int) -> Any:
        """(count, components); normalised integers as floats."""
        import numpy as np

        if index in self._read:
            return self._read[index]
        described = self._accessors[index]
        width, kind, count = glb.SIZES[described["type"]], np.dtype(glb.KINDS[described["componentType"]]), described["count"]
        if "bufferView" in described:
            values = self._viewed(described["bufferView"], described.get("byteOffset", 0), count, width, kind)
        else:
            values = np.zeros((count, width), kind)
        if "sparse" in described:
            sparse = described["sparse"]
            at, new = sparse["indices"], sparse["values"]
            where = self._viewed(
                at["bufferView"], at.get("byteOffset", 0), sparse["count"], 1, np.dtype(glb.KINDS[at["componentType"]])
            )
            values = values.copy()
            values[where.ravel()] = self._viewed(new["bufferView"], new.get("byteOffset", 0), sparse["count"], width, kind)
        if described.get("normalized") and kind.kind in "iu":
            values = np.clip(values.astype(np.float32) / np.iinfo(kind).max, -1, 1)
        self._read[index] = values
        return values

    def _viewed(self, view: int, offset: int, count: int, width: int, kind: Any) -> Any:
        import numpy as np

        described = self._views[view]
        start = described.get("byteOffset", 0) + offset
        step = described.get("byteStride") or width * kind.itemsize
        content = self._buffers[described["buffer"]]
        if count and start + (count - 1) * step + width * kind.itemsize > len(content):
            raise Corrupt("The model is cut short: its description asks for more than it holds.")
        return np.ndarray((count, width), kind, content, start, (step, kind.itemsize))

    def sheet(self, texture: int) -> Any | None:
        """The PIL image of a texture; None for one that cannot be read."""
        from PIL import Image

        described = glb.items(self.described, "textures")[texture]
        webp = ((described.get("extensions") or {}).get("EXT_texture_webp") or {}).get("source")
        source = described.get("source", webp)
        if source is None:
            return None
        image = glb.items(self.described, "images")[source]
        if "uri" in image:
            content = glb.data(image["uri"])
        else:
            view = self._views[image["bufferView"]]
            start = view.get("byteOffset", 0)
            content = self._buffers[view["buffer"]][start : start + view["byteLength"]]
        try:
            return Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP"))
        except OSError:
            return None


def placed(node: Mapping[str, Any]) -> Any:
    """A node's own matrix, given whole (by columns) or as translation, rotation (x, y, z, w) and scale."""
    import numpy as np

    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = (float(each) for each in node.get("rotation", (0, 0, 0, 1)))
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, :3] *= np.asarray(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _joined(order: Any, mode: int, good: Any) -> Any:
    """Indices by twos or threes, without what has a point that is no number."""
    import numpy as np

    if mode == POINTS:
        return None
    if mode == LINES:
        made = order[: len(order) // 2 * 2].reshape(-1, 2)
    elif mode in {LOOP, LINE_STRIP}:
        made = np.stack([order[:-1], order[1:]], axis=1)
        if mode == LOOP and len(order) > 1:
            made = np.concatenate([made, [[order[-1], order[0]]]])
    elif mode == TRIANGLES:
        made = order[: len(order) // 3 * 3].reshape(-1, 3)
    elif mode == STRIP:
        made = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
        made[1::2] = made[1::2, [1, 0, 2]]
    elif mode == FAN:
        made = np.stack([np.broadcast_to(order[:1], max(len(order) - 2, 0)), order[1:-1], order[2:]], axis=1)
    else:
        raise Corrupt("The model's description is broken.")
    return made if good.all() else made[good[made].all(axis=1)]


def _with_alpha(colours: Any) -> Any:
    import numpy as np

    colours = colours.astype(np.float32)
    return colours if colours.shape[1] == 4 else np.concatenate([colours, np.ones((len(colours), 1), np.float32)], axis=1)


def _moved(uv: Any, sheet: Mapping[str, Any]) -> Any:
    """KHR_texture_transform: scaled, turned, shifted."""
    import numpy as np

    moved = (sheet.get("extensions") or {}).get("KHR_texture_transform")
    if not moved:
        return uv
    angle = float(moved.get("rotation", 0))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return ((uv * np.asarray(moved.get("scale", (1, 1)))) @ turn.T + np.asarray(moved.get("offset", (0, 0)))).astype(np.float32)
