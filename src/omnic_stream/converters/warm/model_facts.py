"""What a model is, in numbers: ``metadata.json`` of a GLB."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import json
from typing import Any, Final

from omnic_stream.converters.warm import glb
from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.primitives import Model, Primitive
from omnic_stream.model.contracts import Call

MOST_LISTED: Final = 200
"""Names of materials and animations that are told."""


def facts(call: Call) -> None:
    described, binary = glb.opened(call)
    vertices, _ = glb.count(described, binary)
    primitives = list(Model(described, binary).primitives())
    call.report(0.5)
    asset, extras = described["asset"], described["asset"].get("extras") or {}
    told: dict[str, Any] = {
        "kind": "model",
        "read_from": extras.get("source", "GLB"),
        "up_axis": extras.get("up", "y"),
        "generator": asset.get("generator"),
        "vertices": vertices,
        "faces": sum(len(each.faces) for each in primitives if each.faces is not None and each.faces.shape[1] == 3),
        "lines": sum(len(each.faces) for each in primitives if each.faces is not None and each.faces.shape[1] == 2),
        "points": sum(len(each.points) for each in primitives if each.faces is None),
        "parts": len(primitives),
        "meshes": len(glb.items(described, "meshes")),
        **_extent(primitives),
        **_solid(primitives),
        "materials": [str(each.get("name", "")) for each in glb.items(described, "materials")][:MOST_LISTED],
        "textures": len(glb.items(described, "images")),
        "animations": [str(each.get("name", "")) for each in glb.items(described, "animations")][:MOST_LISTED],
        "cameras": len(glb.items(described, "cameras")),
        "skins": len(glb.items(described, "skins")),
    }
    write(
        call.output,
        json.dumps({key: value for key, value in told.items() if value is not None}, indent=1, ensure_ascii=False).encode(),
    )


def _extent(primitives: list[Primitive]) -> dict[str, Any]:
    import numpy as np

    used = [each.points[np.unique(each.faces)] if each.faces is not None else each.points for each in primitives]
    used = [points for points in used if len(points)]
    if not used:
        return {"bounds": None}
    low, high = np.min([each.min(axis=0) for each in used], axis=0), np.max([each.max(axis=0) for each in used], axis=0)
    return {"bounds": {"low": _short(low), "high": _short(high)}, "size": _short(high - low)}


def _short(values: Any) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def _solid(primitives: list[Primitive]) -> dict[str, Any]:
    """Watertight: each edge belongs to two faces that run along it in opposite directions. Then there is a volume too."""
    import numpy as np

    meshes = [each for each in primitives if each.faces is not None and each.faces.shape[1] == 3 and len(each.faces)]
    if not meshes:
        return {"watertight": None}
    starts = np.cumsum([0, *(len(each.points) for each in meshes)])
    points = np.concatenate([each.points for each in meshes])
    faces = np.concatenate([each.faces + start for each, start in zip(meshes, starts, strict=False)])
    low, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-300)
    steps = np.round((points - low) / size * (1 << 20)).astype(np.int64)
    _, same = np.unique((steps[:, 0] << 42) | (steps[:, 1] << 21) | steps[:, 2], return_inverse=True)
    joined = same.ravel()[faces]
    joined = joined[(joined[:, 0] != joined[:, 1]) & (joined[:, 1] != joined[:, 2]) & (joined[:, 2] != joined[:, 0])]
    edges = np.concatenate([joined[:, [0, 1]], joined[:, [1, 2]], joined[:, [2, 0]]])
    there, back = edges[:, 0] << 32 | edges[:, 1], edges[:, 1] << 32 | edges[:, 0]
    tight = bool(len(there)) and len(np.unique(there)) == len(there) and bool(np.array_equal(np.sort(there), np.sort(back)))
    corners = points[faces] - low
    area = float(np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2)
    volume = float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6) if tight else None
    return {
        "watertight": tight,
        "area": float(f"{area:.7g}"),
        "volume": None if volume is None else float(f"{abs(volume):.7g}"),
    }
