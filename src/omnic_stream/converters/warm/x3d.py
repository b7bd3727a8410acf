"""X3D (ISO/IEC 19776-1) in XML, and the extrusions of both X3D and VRML 97 (ISO/IEC 14772-1, 6.18)."""

# pyright: reportUnknownVariableType=false
from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree

from omnic_stream.converters.warm.vrml import DEEPEST, NUMBER, Node
from omnic_stream.model.errors import Corrupt, TooExpensive

FIELDS: Final = {
    "Appearance": "appearance",
    "Material": "material",
    "Coordinate": "coord",
    "CoordinateDouble": "coord",
    "Color": "color",
    "ColorRGBA": "color",
    "Normal": "normal",
    "TextureCoordinate": "texCoord",
}
GEOMETRY: Final = frozenset(
    {
        *("IndexedFaceSet", "IndexedTriangleSet", "IndexedLineSet", "PointSet", "ElevationGrid", "Extrusion"),
        *("Box", "Sphere", "Cylinder", "Cone", "Text"),
    }
)


def nodes(content: bytes) -> list[Node]:
    """The scene's nodes, as VRML's reader gives them. Raises Corrupt, TooExpensive."""
    if b"<!ENTITY" in content:
        raise Corrupt("The scene's text declares entities, which are not expanded here.")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - entities are refused above, and expat fetches nothing
    except (ElementTree.ParseError, ValueError) as error:
        raise Corrupt("The scene is broken or cut short: it is no XML.") from error
    named: dict[str, Node] = {}
    scene = next((each for each in root.iter() if _bare(each) == "Scene"), root)
    return [node for child in scene for node in _node(child, named, 0)]


def _bare(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _node(element: Any, named: dict[str, Node], depth: int) -> list[Node]:
    if depth > DEEPEST:
        raise TooExpensive(f"The scene is nested deeper than {DEEPEST} levels.")
    kind = _bare(element)
    if kind in {"", "Inline", "Script", "ProtoDeclare", "ExternProtoDeclare"}:
        return []
    if "USE" in element.attrib:
        found = named.get(element.attrib["USE"])
        return [found] if found is not None else []
    node = Node(
        kind, {name: _value(text) for name, text in element.attrib.items() if name not in {"DEF", "containerField", "class"}}
    )
    for child in element:
        name = child.get("containerField") or FIELDS.get(_bare(child)) or ("geometry" if _bare(child) in GEOMETRY else "children")
        for made in _node(child, named, depth + 1):
            if name == "children":
                node.fields.setdefault("children", []).append(made)
            else:
                node.fields[name] = made
    if kind == "LOD":
        node.fields["level"] = node.fields.get("children")
    elif kind == "Switch":
        node.fields["choice"] = node.fields.get("children")
    if "DEF" in element.attrib:
        named[element.attrib["DEF"]] = node
    return [node]


def _value(text: str) -> Any:
    import numpy as np

    words = text.replace(",", " ").split()
    if words and all(NUMBER.match(word) for word in words[:64]):
        try:
            return np.array([float(word) for word in words])
        except ValueError:
            return text
    return text.upper() if text.lower() in {"true", "false"} else text


def extrusion(node: Node) -> Any | None:
    """A cross-section carried along a spine: a trimesh mesh, or None where it has no length.

    Each section stands in the plane halfway between the spine's two directions there; its x axis is carried on from the section
    before, so that it does not twist.
    """
    import numpy as np
    import trimesh

    section = _rows(node, "crossSection", (1, 1, 1, -1, -1, -1, -1, 1, 1, 1), 2)
    spine = _rows(node, "spine", (0, 0, 0, 0, 1, 0), 3)
    scale = _rows(node, "scale", (1, 1), 2)
    turns = _rows(node, "orientation", (0, 0, 1, 0), 4)
    if len(section) < 2 or len(spine) < 2:
        return None
    if len(section) * len(spine) > 1_000_000:
        raise TooExpensive("The scene holds an extrusion of more than a million points.")
    closed = bool(np.allclose(section[0], section[-1])) and len(section) > 3
    ring = section[:-1] if closed else section
    tube = bool(np.allclose(spine[0], spine[-1])) and len(spine) > 3
    axes = _axes(spine, tube)
    points: list[Any] = []
    for number, place in enumerate(spine):
        size = scale[min(number, len(scale) - 1)]
        turn = turns[min(number, len(turns) - 1)]
        local = np.column_stack([ring[:, 0] * size[0], np.zeros(len(ring)), ring[:, 1] * size[1]])
        if np.linalg.norm(turn[:3]) > 0:
            local = local @ trimesh.transformations.rotation_matrix(turn[3], turn[:3])[:3, :3].T
        points.append(local @ axes[number] + place)
    count, steps = len(ring), len(spine)
    across = np.arange(count if closed else count - 1)
    after = (across + 1) % count
    faces: list[Any] = []
    for step in range(steps - 1):
        low, high = step * count, (step + 1) * count
        faces.append(np.stack([low + across, high + after, low + after], axis=1))
        faces.append(np.stack([low + across, high + across, high + after], axis=1))
    if closed and not tube:
        cap = _cap(ring)
        if node.fields.get("beginCap") != "FALSE":
            faces.append(cap)
        if node.fields.get("endCap") != "FALSE":
            faces.append(cap[:, ::-1] + (steps - 1) * count)
    return trimesh.Trimesh(np.concatenate(points), np.concatenate(faces), process=False)


def _rows(node: Node, name: str, usual: tuple[float, ...], width: int) -> Any:
    import numpy as np

    value = node.fields.get(name)
    if not isinstance(value, np.ndarray) or value.size < width:
        value = np.array(usual, np.float64)
    return value[: value.size // width * width].reshape(-1, width)


def _axes(spine: Any, tube: bool) -> list[Any]:
    """For each point of the spine the rows x, y (along it) and z of its section."""
    import numpy as np

    steps = np.diff(spine, axis=0)
    length = np.linalg.norm(steps, axis=1, keepdims=True)
    steps = np.divide(steps, length, out=np.zeros_like(steps), where=length > 0)
    along = np.concatenate([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    if tube:
        along[0] = along[-1] = steps[0] + steps[-1]
    z_before = np.array([0.0, 0.0, 1.0])
    made: list[Any] = []
    for direction in along:
        size = np.linalg.norm(direction)
        y = direction / size if size > 1e-12 else np.array([0.0, 1.0, 0.0])
        z = z_before - y * float(z_before @ y)
        if np.linalg.norm(z) < 1e-6:
            z = np.cross(np.array([1.0, 0.0, 0.0]), y)
        z = z / max(float(np.linalg.norm(z)), 1e-12)
        made.append(np.stack([np.cross(y, z), y, z]))
        z_before = z
    return made


def _cap(ring: Any) -> Any:
    import mapbox_earcut
    import numpy as np

    made = mapbox_earcut.triangulate_float64(ring.astype(np.float64), np.array([len(ring)], np.uint32))
    return np.asarray(made, np.int64).reshape(-1, 3)
