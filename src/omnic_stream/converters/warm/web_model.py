"""``web.glb``: a model that a telephone can turn. Few enough triangles, small enough pictures; what is slim already stays as it is."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, Final

from omnic_stream.converters.warm import glb, pixels
from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.primitives import Model, Primitive
from omnic_stream.model.contracts import Call, MiB

FACES: Final = 100_000
BYTES: Final = 4 * MiB
SIDE: Final = 1024
"""Pixels of a picture's longer side."""
FLOAT, UNSIGNED = 5126, 5125


def slim(call: Call) -> None:
    described, binary = glb.opened(call)
    if not glb.items(described, "scenes"):  # they may be left out (glTF 2.0, section 3.5.1), but then viewers show nothing
        described |= {"scene": 0, "scenes": [{"nodes": glb.roots(described, glb.items(described, "nodes"))}]}
    _, faces = glb.count(described, binary)
    whole = glb.put_together(described, binary)
    if faces <= FACES and len(whole) <= BYTES:
        write(call.output, whole)
        return
    model = Model(described, binary)
    primitives = list(model.primitives())
    triangles = sum(len(each.faces) for each in primitives if each.faces is not None and each.faces.shape[1] == 3)
    share = min(1.0, FACES / max(triangles, 1))
    packed = _Packed(model)
    for number, each in enumerate(primitives):
        packed.add(_simpler(each, share))
        call.report(0.1 + 0.8 * (number + 1) / len(primitives))
    write(call.output, packed.content(described["asset"].get("extras") or {}))


def _simpler(each: Primitive, share: float) -> Primitive:
    """With its share of the faces (quadric edge collapse); colours and places on the picture come from the points that stay nearest."""
    import fast_simplification
    import numpy as np

    if each.faces is None or each.faces.shape[1] != 3 or share >= 1 or len(each.faces) < 64:
        return each
    # points that only differ in colour or place on the picture are one, or the surface tears along its seams
    points, first, same = np.unique(np.round(each.points, 9), axis=0, return_index=True, return_inverse=True)
    faces = same.ravel()[each.faces]
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    if len(faces) < 64:
        return each
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-300)
    unit = ((points - low) / size).astype(np.float32)
    corners = faces.astype(np.int32)
    result: Any = fast_simplification.simplify(unit, corners, target_reduction=min(1 - share, 0.999), return_collapses=True)
    made, corners, where = fast_simplification.replay_simplification(unit, corners, result[2])
    kept = np.zeros(len(made), np.int64)
    apart = np.linalg.norm(unit - made[where], axis=1)
    order = np.argsort(-apart, kind="stable")  # the nearest is written last, and stays
    kept[where[order]] = first[order]
    return Primitive(
        made.astype(np.float64) * size + low,
        corners.astype(np.int64),
        None if each.colours is None else each.colours[kept],
        None if each.uv is None else each.uv[kept],
        each.material,
    )


class _Packed:
    """A GLB in the making: one mesh, a primitive for each that is added, materials and pictures as they are met."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._binary = bytearray()
        self._views: list[glb.Json] = []
        self._accessors: list[glb.Json] = []
        self._primitives: list[glb.Json] = []
        self._materials: dict[str, int] = {}
        self._pictures: dict[int, int | None] = {}
        self._images: list[glb.Json] = []

    def add(self, each: Primitive) -> None:
        import numpy as np

        if not len(each.points):
            return
        attributes = {"POSITION": self._accessor(each.points.astype(np.float32), "VEC3", bounds=True)}
        if each.colours is not None:
            attributes["COLOR_0"] = self._accessor(
                np.round(np.clip(each.colours, 0, 1) * 65535).astype(np.uint16), "VEC4", normalized=True
            )
        if each.uv is not None:
            attributes["TEXCOORD_0"] = self._accessor(each.uv.astype(np.float32), "VEC2")
        made: glb.Json = {"attributes": attributes, "mode": 0 if each.faces is None else {2: 1, 3: 4}[each.faces.shape[1]]}
        if each.faces is not None:
            made["indices"] = self._accessor(each.faces.astype(np.uint32).reshape(-1, 1), "SCALAR", target=34963)
        if each.material:
            made["material"] = self._material(each)
        self._primitives.append(made)

    def _accessor(self, values: Any, kind: str, *, bounds: bool = False, normalized: bool = False, target: int = 34962) -> int:
        self._view(values.tobytes(), target)
        made: glb.Json = {
            "bufferView": len(self._views) - 1,
            "componentType": {"f": FLOAT, "u": UNSIGNED if values.dtype.itemsize == 4 else 5123}[values.dtype.kind],
            "count": len(values),
            "type": kind,
        }
        if bounds:
            made |= {"min": [float(each) for each in values.min(axis=0)], "max": [float(each) for each in values.max(axis=0)]}
        if normalized:
            made["normalized"] = True
        self._accessors.append(made)
        return len(self._accessors) - 1

    def _view(self, content: bytes, target: int | None = None) -> int:
        self._binary += b"\0" * (-len(self._binary) % 4)
        view: glb.Json = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(content)}
        self._views.append(view if target is None else view | {"target": target})
        self._binary += content
        return len(self._views) - 1

    def _material(self, each: Primitive) -> int:
        surface = dict(each.material.get("pbrMetallicRoughness") or {})
        sheet = (surface.pop("baseColorTexture", None) or {}).get("index")
        surface.pop("metallicRoughnessTexture", None)
        if sheet is not None and each.uv is not None:
            if sheet not in self._pictures:
                self._pictures[sheet] = self._picture(sheet)
            if self._pictures[sheet] is not None:
                surface["baseColorTexture"] = {"index": self._pictures[sheet]}
        plain = {
            name: each.material[name]
            for name in ("name", "doubleSided", "alphaMode", "alphaCutoff", "emissiveFactor")
            if name in each.material
        }
        made = plain | {"pbrMetallicRoughness": surface}
        return self._materials.setdefault(json.dumps(made, sort_keys=True), len(self._materials))

    def _picture(self, number: int) -> int | None:
        from PIL import Image

        found = self._model.sheet(number)
        if found is None:
            return None
        pixels.check_size(*found.size)
        out = io.BytesIO()
        try:
            found.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            clear = "A" in found.getbands() or "transparency" in found.info
            found.convert("RGBA" if clear else "RGB").save(out, "PNG" if clear else "JPEG", **({} if clear else {"quality": 85}))
        except (OSError, ValueError, SyntaxError):
            return None
        self._images.append({"bufferView": self._view(out.getvalue()), "mimeType": "image/png" if clear else "image/jpeg"})
        return len(self._images) - 1

    def content(self, extras: Sequence[Any] | glb.Json) -> bytes:
        described: glb.Json = {
            "asset": {"version": "2.0", "generator": "omnic-stream", "extras": extras},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": self._primitives}],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._binary)}],
        }
        if self._materials:
            described["materials"] = [json.loads(text) for text in self._materials]
        if self._images:
            described |= {"images": self._images, "textures": [{"source": at} for at in range(len(self._images))]}
        return glb.put_together(described, bytes(self._binary))
