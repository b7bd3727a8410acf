"""Points and cells of simulations (meshio): their surface, coloured by a field."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any, Final

from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_CELLS: Final = 1_000_000
FACES: Final = {
    "tetra": ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)),
    "pyramid": ((0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)),
    "wedge": ((0, 1, 2), (3, 5, 4), (0, 3, 4, 1), (1, 4, 5, 2), (2, 5, 3, 0)),
    "hexahedron": ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
}
"""The sides of a solid cell, seen from outside (VTK file formats, linear cells). Curved cells are drawn by their corners."""
SOLID: Final = {
    "tetra10": "tetra",
    "hexahedron20": "hexahedron",
    "hexahedron27": "hexahedron",
    "wedge15": "wedge",
    "pyramid13": "pyramid",
}
FLAT: Final = {"triangle": 3, "triangle6": 3, "triangle7": 3, "quad": 4, "quad8": 4, "quad9": 4}
LINES: Final = {"line": 2, "line3": 2}
# viridis (CC0, Nathaniel Smith and Stéfan van der Walt), at eighths
SCALE: Final = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)


def surface(path: Path, kind: str) -> Any:
    """A trimesh scene. Raises Corrupt, TooExpensive."""
    import meshio
    import numpy as np
    import trimesh

    with contextlib.redirect_stdout(io.StringIO()):
        try:
            mesh = meshio.read(path, file_format=kind)
        except MemoryError as error:
            raise TooExpensive("The mesh needs more memory than is allowed.") from error
        except (Exception, SystemExit) as error:
            raise Corrupt("The mesh is broken, cut short or of a kind that cannot be read.") from error
    points = np.zeros((len(mesh.points), 3))
    given = np.asarray(mesh.points, np.float64)
    points[:, : min(3, given.shape[1])] = given[:, :3]
    if sum(len(block.data) for block in mesh.cells) > MOST_CELLS:
        raise TooExpensive(f"The mesh has more than {MOST_CELLS} cells.")
    faces = _faces(mesh.cells)
    if any(
        len(block.data) and int(np.max(block.data)) >= len(points)
        for block in mesh.cells
        if block.type not in {"polygon", "polyhedron"}
    ):
        raise Corrupt("The mesh names points that it does not have.")
    scene = trimesh.Scene()
    if len(faces):
        colours = _colours(mesh, len(points))
        scene.add_geometry(trimesh.Trimesh(points, faces, vertex_colors=colours, process=False, validate=False).copy())
        for each in scene.geometry.values():
            each.remove_unreferenced_vertices()
        return scene
    lines = [block.data[:, :2] for block in mesh.cells if block.type in LINES]
    if lines:
        segments = np.concatenate(lines)
        entities = [trimesh.path.entities.Line(pair) for pair in segments]
        scene.add_geometry(trimesh.path.Path3D(entities=entities, vertices=points, process=False))
    elif len(points):
        scene.add_geometry(trimesh.PointCloud(points))
    return scene


def _faces(blocks: Any) -> Any:
    """Triangles: of flat cells all, of solid cells those that only one cell has."""
    import numpy as np

    flat: list[Any] = []
    sides: dict[int, list[Any]] = {3: [], 4: []}
    for block in blocks:
        cells = np.asarray(block.data) if block.type not in {"polygon", "polyhedron"} else block.data
        if block.type in FLAT:
            flat.append(_triangles(cells[:, : FLAT[block.type]]))
        elif block.type == "polygon":
            flat += [_triangles(np.asarray([cell])) for cell in cells if len(cell) >= 3]
        elif block.type.startswith("polygon"):
            flat.append(_triangles(cells))
        else:
            for side in FACES.get(SOLID.get(block.type, block.type), ()):
                sides[len(side)].append(cells[:, side])
    for count, each in sides.items():
        if not each:
            continue
        together = np.concatenate(each)
        _, first, counts = np.unique(np.sort(together, axis=1), axis=0, return_index=True, return_counts=True)
        flat.append(_triangles(together[first[counts == 1]]) if count == 4 else together[first[counts == 1]])
    return np.concatenate(flat).astype(np.int64) if flat else np.zeros((0, 3), np.int64)


def _triangles(polygons: Any) -> Any:
    import numpy as np

    count = polygons.shape[1]
    return np.concatenate([polygons[:, [0, second, second + 1]] for second in range(1, count - 1)])


def _colours(mesh: Any, count: int) -> Any:
    """By the first field with one number a point, else by the first with one a cell; None where there is none that varies."""
    import numpy as np

    for values in mesh.point_data.values():
        values = np.asarray(values)
        if values.size == count and values.dtype.kind == "f" and np.isfinite(values).all() and np.ptp(values) > 0:
            return _scaled(values.reshape(count))
    for name, parts in mesh.cell_data.items():
        if name.startswith("gmsh:geometrical") or any(np.asarray(part).ndim != 1 for part in parts):
            continue
        total, times = np.zeros(count), np.zeros(count)
        for block, part in zip(mesh.cells, parts, strict=True):
            if block.type in {"polygon", "polyhedron", "vertex"} or block.type in LINES:
                continue
            data = np.asarray(block.data)
            np.add.at(total, data, np.asarray(part, np.float64)[:, None])
            np.add.at(times, data, 1.0)
        values = total / np.maximum(times, 1)
        if np.isfinite(values).all() and np.ptp(values[times > 0] if (times > 0).any() else values) > 0:
            return _scaled(values)
    return None


def _scaled(values: Any) -> Any:
    import numpy as np

    at = (values - values.min()) / np.ptp(values) * (len(SCALE) - 1)
    steps = np.arange(len(SCALE))
    channels = [np.interp(at, steps, [colour[channel] for colour in SCALE]) for channel in range(3)]
    return np.round(np.stack([*channels, np.full(len(values), 255)], axis=1)).astype(np.uint8)
