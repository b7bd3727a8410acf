"""VRML 97 (ISO/IEC 14772-1): the shapes of a scene, with their colours and places. Scripts, sensors and references do nothing here."""

# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from omnic_stream.converters.warm import glb
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

TOKEN: Final = re.compile(r'(?:[\s,]|#[^\n]*)*("(?:[^"\\]|\\.)*"|[\[\]{}]|[^\s,\[\]{}"#]+)')
NUMBER: Final = re.compile(r"[+-]?(?:\d|\.\d)")
NUMBERS: Final = re.compile(r"[\d\s,.eE+-]*")
SKIPPED: Final = frozenset({"Script", "Inline"})
DEEPEST: Final = 64
HOLDERS: Final = frozenset({"Group", "Transform", "Anchor", "Collision", "Billboard", "StaticGroup", "Scene", "Viewport"})
GREY: Final = (204, 204, 204, 255)
"""Material's diffuseColor where none is given (6.26): 0.8."""


@dataclass(slots=True)
class Node:
    kind: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


class Reader:
    """Nodes as they stand in the text; lists of numbers become arrays at once."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._named: dict[str, Node] = {}
        self._held: str | None = None

    def scene(self) -> list[Node]:
        """Raises Corrupt."""
        nodes: list[Node] = []
        while (word := self._next()) is not None:
            nodes += self._node(word, 0)
        return nodes

    def _next(self) -> str | None:
        if self._held is not None:
            word, self._held = self._held, None
            return word
        found = TOKEN.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[1]

    def _must(self) -> str:
        word = self._next()
        if word is None:
            raise Corrupt("The VRML scene is cut short.")
        return word

    def _node(self, word: str, depth: int) -> list[Node]:
        """One node, or none where it is a definition."""
        if depth > DEEPEST:
            raise TooExpensive(f"The VRML scene is nested deeper than {DEEPEST} levels.")
        if word == "NULL":
            return []
        if word == "ROUTE":
            for _ in range(3):
                self._must()
            return []
        if word in {"PROTO", "EXTERNPROTO"}:
            self._must()
            self._skip(self._must())
            follows = self._must()
            if follows in {"[", "{"}:
                self._skip(follows)
            return []
        if word == "USE":
            found = self._named.get(self._must())
            return [found] if found is not None else []
        name = self._must() if word == "DEF" else ""
        kind = self._must() if word == "DEF" else word
        brace = self._must()
        if brace != "{":
            raise Corrupt("The VRML scene is broken: a node does not begin with a brace.")
        node = Node(kind)
        if kind in SKIPPED:
            self._skip("{")
        else:
            while (name_of := self._must()) != "}":
                if name_of in {"ROUTE", "PROTO", "EXTERNPROTO"}:
                    self._node(name_of, depth + 1)
                else:
                    node.fields[name_of] = self._value(depth + 1)
        if name:
            self._named[name] = node
        return [node]

    def _value(self, depth: int) -> Any:
        import numpy as np

        word = self._must()
        if word == "[":
            found = NUMBERS.match(self._text, self._at)
            if found is not None and self._text[found.end() : found.end() + 1] == "]":
                self._at = found.end() + 1
                try:
                    return np.array(found[0].replace(",", " ").split(), np.float64)
                except ValueError as error:
                    raise Corrupt("The VRML scene holds numbers that are none.") from error
            return self._list(depth)
        if NUMBER.match(word):
            numbers: list[str] = []
            while word is not None and NUMBER.match(word):
                numbers.append(word)
                word = self._next()
            self._held = word
            return _floats(numbers)
        if word.startswith('"') or word in {"TRUE", "FALSE"}:
            return word
        if word == "IS":
            self._must()
            return None
        nodes = self._node(word, depth)
        return nodes[0] if nodes else None

    def _list(self, depth: int) -> Any:
        values: list[Any] = []
        while (word := self._must()) != "]":
            if NUMBER.match(word) or word.startswith('"') or word in {"TRUE", "FALSE"}:
                values.append(word)
            else:
                values += self._node(word, depth)
        return _floats(values) if values and all(isinstance(each, str) and NUMBER.match(each) for each in values) else values

    def _skip(self, opening: str) -> None:
        depth = 1 if opening in {"[", "{"} else 0
        while depth:
            word = self._must()
            depth += (word in {"[", "{"}) - (word in {"]", "}"})


def _floats(words: list[str]) -> Any:
    import numpy as np

    try:
        return np.array([int(word, 16) if word[:2].lower() == "0x" else float(word) for word in words])
    except ValueError as error:
        raise Corrupt("The VRML scene holds numbers that are none.") from error


def scene(content: bytes) -> Any:
    """A trimesh scene of what a VRML 97 text shows. Raises Corrupt, TooExpensive, ConverterFailed."""
    if content.startswith(b"#VRML V1"):
        raise ConverterFailed("The scene is in VRML 1.0: only VRML 97 (version 2.0) can be read.")
    return shown(Reader(content.decode("utf-8", "replace")).scene())


def shown(nodes: list[Node]) -> Any:
    """A trimesh scene of these nodes: a shape used twice is one geometry at two places."""
    import numpy as np
    import trimesh

    made = trimesh.Scene()
    names: dict[int, str | None] = {}
    faces = 0
    for number, (node, matrix) in enumerate(_shapes(nodes, np.eye(4), 0)):
        if number > glb.MOST_NODES:
            raise TooExpensive(f"The scene has more than {glb.MOST_NODES} parts.")
        if id(node) in names:
            name = names[id(node)]
            if name is not None:
                made.graph.update(frame_to=f"again {number}", matrix=matrix, geometry=name)
        else:
            geometry = _geometry(node)
            name = names[id(node)] = None if geometry is None else f"shape {number}"
            if geometry is not None:
                made.add_geometry(geometry, node_name=name, geom_name=name, transform=matrix)
        if name is not None:
            faces += len(getattr(made.geometry[name], "faces", ()))
        if faces > glb.MOST_FACES:
            raise TooExpensive(f"The scene has more than {glb.MOST_FACES} faces.")
    return made


def _shapes(nodes: Any, matrix: Any, depth: int) -> Iterator[tuple[Node, Any]]:
    if depth > DEEPEST:
        raise TooExpensive(f"The VRML scene is nested deeper than {DEEPEST} levels.")
    for node in nodes if isinstance(nodes, list) else [nodes]:
        if not isinstance(node, Node):
            continue
        if node.kind == "Shape":
            yield node, matrix
        elif node.kind in HOLDERS:
            here = matrix @ _placed(node) if node.kind == "Transform" else matrix
            yield from _shapes(node.fields.get("children"), here, depth + 1)
        elif node.kind == "LOD":
            yield from _shapes((_listed(node.fields.get("level")))[:1], matrix, depth + 1)
        elif node.kind == "Switch":
            chosen = int(_number(node, "whichChoice", -1))
            yield from _shapes(_listed(node.fields.get("choice"))[chosen : chosen + 1] if chosen >= 0 else [], matrix, depth + 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _placed(node: Node) -> Any:
    """T C R SR S -SR -C (6.52)."""
    import numpy as np
    import trimesh

    move, about = _vector(node, "translation", (0, 0, 0)), _vector(node, "center", (0, 0, 0))
    turn, skew = _turn(node, "rotation"), _turn(node, "scaleOrientation")
    to, back = trimesh.transformations.translation_matrix(about), trimesh.transformations.translation_matrix(-about)
    size = np.diag([*_vector(node, "scale", (1, 1, 1)), 1.0])
    return trimesh.transformations.translation_matrix(move) @ to @ turn @ skew @ size @ np.linalg.inv(skew) @ back


def _turn(node: Node, name: str) -> Any:
    import numpy as np
    import trimesh

    given = _vector(node, name, (0, 0, 1, 0))
    return trimesh.transformations.rotation_matrix(given[3], given[:3]) if np.linalg.norm(given[:3]) > 0 else np.eye(4)


def _vector(node: Node, name: str, usual: tuple[float, ...]) -> Any:
    import numpy as np

    value = node.fields.get(name)
    return value if isinstance(value, np.ndarray) and value.shape == (len(usual),) else np.array(usual, np.float64)


def _number(node: Node, name: str, usual: float) -> float:
    return float(_vector(node, name, (usual,))[0])


def _child(node: Node, name: str) -> Node:
    value = node.fields.get(name)
    return value if isinstance(value, Node) else Node("")


def _geometry(shape: Node) -> Any:
    """What a Shape shows, coloured; None for what is not known (text)."""
    import numpy as np
    import trimesh

    node = _child(shape, "geometry")
    material = _child(_child(shape, "appearance"), "material")
    colour = np.round(np.append(_vector(material, "diffuseColor", (0.8, 0.8, 0.8)), 1 - _number(material, "transparency", 0)) * 255)
    colour = np.clip(colour, 0, 255).astype(np.uint8) if material.kind else np.array(GREY, np.uint8)
    primitive = trimesh.creation
    along_y = trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0))
    if node.kind in {"IndexedFaceSet", "IndexedTriangleSet"}:
        return _faces(node, colour)
    if node.kind == "IndexedLineSet":
        points, runs = _points(node), _runs(node.fields.get("coordIndex"))
        _check_indices(runs, points)
        return trimesh.path.Path3D(
            entities=[trimesh.path.entities.Line(run) for run in runs if len(run) > 1], vertices=points, process=False
        )
    if node.kind == "PointSet":
        return trimesh.PointCloud(_points(node))
    if node.kind == "ElevationGrid":
        return _grid(node, colour)
    if node.kind == "Extrusion":
        from omnic_stream.converters.warm import x3d

        made = x3d.extrusion(node)
        return None if made is None else _painted(made, colour)
    if node.kind == "Box":
        made = primitive.box(extents=_vector(node, "size", (2, 2, 2)))
    elif node.kind == "Sphere":
        made = primitive.icosphere(subdivisions=3, radius=_number(node, "radius", 1))
    elif node.kind == "Cylinder":
        made = primitive.cylinder(radius=_number(node, "radius", 1), height=_number(node, "height", 2), transform=along_y)
    elif node.kind == "Cone":
        height = _number(node, "height", 2)
        made = primitive.cone(radius=_number(node, "bottomRadius", 1), height=height, transform=along_y)
        made.apply_translation((0, -height / 2, 0))
    else:
        return None
    return _painted(made, colour)


def _painted(made: Any, colour: Any) -> Any:
    import trimesh

    from omnic_stream.converters.warm.triangles import linear

    light = [round(float(value) * 255) for value in linear(colour[:3] / 255)]
    see_through = colour[3] < 255
    made.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(
            baseColorFactor=[*light, int(colour[3])],
            metallicFactor=0.0,
            roughnessFactor=0.8,
            doubleSided=True,
            alphaMode="BLEND" if see_through else "OPAQUE",
        )
    )
    return made


def _points(node: Node) -> Any:
    import numpy as np

    value = _child(node, "coord").fields.get("point")
    if not isinstance(value, np.ndarray):
        return np.zeros((0, 3))
    if value.size % 3:
        raise Corrupt("The VRML scene is broken: a point does not have three numbers.")
    return value.reshape(-1, 3)


def _runs(value: Any) -> list[Any]:
    """Indices between the -1 that end each polygon or line."""
    import numpy as np

    if not isinstance(value, np.ndarray) or not value.size:
        return []
    whole = value.astype(np.int64)
    parts = np.split(whole, np.flatnonzero(whole < 0) + 1)
    return [part[part >= 0] for part in parts if (part >= 0).any()]


def _polygons(node: Node) -> list[Any]:
    triples = node.fields.get("index") if node.kind == "IndexedTriangleSet" else None
    if triples is None:
        return _runs(node.fields.get("coordIndex"))
    return list(triples[: triples.size // 3 * 3].astype(int).reshape(-1, 3))


def _check_indices(runs: list[Any], points: Any) -> None:
    if any(int(run.max()) >= len(points) for run in runs):
        raise Corrupt("The VRML scene names points that it does not have.")


def _faces(node: Node, colour: Any) -> Any:
    import numpy as np
    import trimesh

    points, runs = _points(node), _polygons(node)
    _check_indices(runs, points)
    fans = [np.stack([np.full(len(run) - 2, run[0]), run[1:-1], run[2:]], axis=1) for run in runs if len(run) > 2]
    faces = np.concatenate(fans) if fans else np.zeros((0, 3), np.int64)
    made = trimesh.Trimesh(points, faces, process=False)
    given = _child(node, "color").fields.get("color")
    if not isinstance(given, np.ndarray) or given.size < 3:
        return _painted(made, colour)
    palette = given[: given.size // 3 * 3].reshape(-1, 3)
    paint = np.clip(np.round(np.column_stack([palette, np.ones(len(palette))]) * 255), 0, 255).astype(np.uint8)
    order = _runs(node.fields.get("colorIndex"))
    if node.fields.get("colorPerVertex") == "FALSE":
        chosen = np.concatenate(order) if order else np.arange(len(runs))
        of_face = np.repeat(np.arange(len(runs)), [max(len(run) - 2, 0) for run in runs])
        picked = chosen[np.minimum(of_face, len(chosen) - 1)]
        made.unmerge_vertices()
        made.visual.vertex_colors = np.repeat(paint[np.minimum(picked, len(paint) - 1)], 3, axis=0)
    elif not order and len(paint) >= len(points):
        made.visual.vertex_colors = paint[: len(points)]
    elif order:
        corner = [np.stack([np.full(len(run) - 2, run[0]), run[1:-1], run[2:]], axis=1) for run in order if len(run) > 2]
        index = np.minimum(np.concatenate(corner), len(paint) - 1) if corner else np.zeros((0, 3), np.int64)
        if len(index) != len(faces):
            return _painted(made, colour)
        made.unmerge_vertices()
        made.visual.vertex_colors = paint[index.ravel()]
    return made


def _grid(node: Node, colour: Any) -> Any:
    """Heights above a grid in x and z (6.17)."""
    import numpy as np
    import trimesh

    wide, deep = int(_number(node, "xDimension", 0)), int(_number(node, "zDimension", 0))
    heights = node.fields.get("height")
    if wide < 2 or deep < 2 or not isinstance(heights, np.ndarray) or heights.size < wide * deep:
        return None
    x, z = np.meshgrid(np.arange(wide) * _number(node, "xSpacing", 1), np.arange(deep) * _number(node, "zSpacing", 1))
    points = np.stack([x.ravel(), heights[: wide * deep], z.ravel()], axis=1)
    at = (np.arange(deep - 1)[:, None] * wide + np.arange(wide - 1)).ravel()
    faces = np.concatenate([np.stack([at, at + wide, at + 1], axis=1), np.stack([at + 1, at + wide, at + wide + 1], axis=1)])
    return _painted(trimesh.Trimesh(points, faces, process=False), colour)
