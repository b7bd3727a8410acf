"""AMF (ISO/ASTM 52915): objects of volumes, their colours, and constellations that place them; zipped or plain."""

# pyright: reportAttributeAccessIssue=false, reportUnknownVariableType=false
from __future__ import annotations

import io
import zipfile
from typing import Any, Final
from xml.etree import ElementTree

from omnic_stream.converters.warm import glb, zips
from omnic_stream.converters.warm.triangles import linear
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_TEXT: Final = 64 * MiB
DEEPEST: Final = 16
TURNS: Final = (("rx", (1, 0, 0)), ("ry", (0, 1, 0)), ("rz", (0, 0, 1)))


def scene(content: bytes) -> Any:
    """A trimesh scene. Raises Corrupt, TooExpensive."""
    import numpy as np
    import trimesh

    try:
        root = ElementTree.fromstring(_plain(content))  # noqa: S314 - entities are refused before, and expat fetches nothing
    except (ElementTree.ParseError, ValueError) as error:
        raise Corrupt("The model is broken or cut short: it is no XML.") from error
    colours = {each.get("id"): _colour(each) for each in root.findall("material")}
    objects = {each.get("id"): _volumes(each, colours) for each in root.findall("object")}
    groups = {each.get("id"): each.findall("instance") for each in root.findall("constellation")}
    used = {instance.get("objectid") for each in groups.values() for instance in each}
    made = trimesh.Scene()
    placed: list[tuple[str | None, Any]] = [(name, np.eye(4)) for name in (*objects, *groups) if name not in used]
    depth = {name: 0 for name, _ in placed}
    count = faces = 0
    while placed:
        name, matrix = placed.pop()
        for instance in groups.get(name, ()):
            if depth.get(name, 0) >= DEEPEST or len(placed) + count > glb.MOST_NODES:
                raise TooExpensive(f"The model has more than {glb.MOST_NODES} parts, or they are nested too deep.")
            child = instance.get("objectid")
            depth[child] = max(depth.get(child, 0), depth.get(name, 0) + 1)
            placed.append((child, matrix @ _matrix(instance)))
        for number, mesh in enumerate(objects.get(name, ())):
            count += 1
            faces += len(mesh.faces)
            if faces > glb.MOST_FACES:
                raise TooExpensive(f"The model has more than {glb.MOST_FACES} faces.")
            key = f"object {name} volume {number}"
            if key in made.geometry:
                made.graph.update(frame_to=f"again {count}", matrix=matrix, geometry=key)
            else:
                made.add_geometry(mesh, node_name=key, geom_name=key, transform=matrix)
    return made


def _plain(content: bytes) -> bytes:
    if content[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                first = archive.infolist()[0]
                if first.file_size > MOST_TEXT:
                    raise TooExpensive(f"The model unpacks to more than {MOST_TEXT // MiB} MiB.")
                with archive.open(first) as file:
                    content = file.read(MOST_TEXT)
        except (*zips.BROKEN, IndexError) as error:
            raise Corrupt("The model is broken or cut short: it cannot be unpacked.") from error
    if b"<!ENTITY" in content:
        raise Corrupt("The model's text declares entities, which are not expanded here.")
    return content


def _number(element: Any, name: str, usual: float = 0.0) -> float:
    try:
        return float(element.findtext(name, str(usual)))
    except ValueError as error:
        raise Corrupt("The model holds numbers that are none.") from error


def _colour(element: Any) -> Any:
    """Linear red, green, blue and alpha, 0 to 255; None where it says none. A formula of the position is not followed."""
    import numpy as np

    found = element.find("color")
    if found is None:
        return None
    try:
        red, green, blue, alpha = (_number(found, name, usual) for name, usual in (("r", 0), ("g", 0), ("b", 0), ("a", 1)))
    except Corrupt:
        return None
    light = linear(np.clip([red, green, blue], 0, 1))
    return [round(float(each) * 255) for each in (*light, min(max(alpha, 0.0), 1.0))]


def _matrix(instance: Any) -> Any:
    """Turned about x, y, z by degrees, then moved."""
    import math

    import trimesh

    matrix = trimesh.transformations.translation_matrix([_number(instance, name) for name in ("deltax", "deltay", "deltaz")])
    for name, axis in reversed(TURNS):
        matrix = matrix @ trimesh.transformations.rotation_matrix(math.radians(_number(instance, name)), axis)
    return matrix


def _volumes(element: Any, colours: dict[Any, Any]) -> list[Any]:
    import numpy as np
    import trimesh

    own = _colour(element)
    made: list[Any] = []
    for mesh in element.findall("mesh"):
        corners = list(mesh.iterfind("vertices/vertex/coordinates"))
        points = np.array([[_number(each, axis) for axis in "xyz"] for each in corners]).reshape(-1, 3)
        for volume in mesh.findall("volume"):
            triangles = volume.findall("triangle")
            faces = np.array([[int(_number(each, name, -1)) for name in ("v1", "v2", "v3")] for each in triangles]).reshape(-1, 3)
            if len(faces) and (int(faces.min()) < 0 or int(faces.max()) >= len(points)):
                raise Corrupt("The model names points that it does not have.")
            part = trimesh.Trimesh(points, faces.astype(np.int64), process=False)
            part.remove_unreferenced_vertices()
            colour = _colour(volume) or colours.get(volume.get("materialid")) or own
            if colour is not None:
                part.visual = trimesh.visual.TextureVisuals(material=_material(colour))
            if len(faces):
                made.append(part)
    return made


def _material(colour: list[int]) -> Any:
    import trimesh

    return trimesh.visual.material.PBRMaterial(
        baseColorFactor=colour,
        metallicFactor=0.0,
        roughnessFactor=0.8,
        doubleSided=True,
        alphaMode="BLEND" if colour[3] < 255 else "OPAQUE",
    )
