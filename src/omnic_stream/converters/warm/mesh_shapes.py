"""Meshes inside a warm worker, the other way: what a GLB shows as it stands, in every format that is written."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from typing import Any, Final

from omnic_stream.converters.warm import glb
from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.primitives import Model, Primitive
from omnic_stream.converters.warm.triangles import encoded
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import ConverterFailed

Y_UP: Final = frozenset({"DAE"})
Z_UP: Final = frozenset({"STL", "3MF"})
NO_FACES: Final = "The model has no faces, and this format can hold nothing else."


def to_shape(call: Call) -> None:
    """GLB to STL, OBJ, PLY, OFF, 3MF or DAE."""
    import numpy as np
    import trimesh

    described, binary = glb.opened(call)
    scene = scene_of(Model(described, binary))
    up = str((described["asset"].get("extras") or {}).get("up", "y"))
    call.report(0.4)
    if (up == "z" and call.target not in Y_UP) or (up == "y" and call.target in Z_UP):
        scene.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, (1, 0, 0)))
    write_shape(call, scene)


def scene_of(model: Model) -> Any:
    """A trimesh scene of all that the model shows, as it stands."""
    import trimesh

    scene = trimesh.Scene()
    for each in model.primitives():
        if not len(each.points):
            continue
        if each.faces is None:
            shown = trimesh.PointCloud(each.points, None if each.colours is None else _srgb(each.colours))
        elif each.faces.shape[1] == 2:
            lines = [trimesh.path.entities.Line(pair) for pair in each.faces]
            shown = trimesh.path.Path3D(entities=lines, vertices=each.points, process=False)
        else:
            shown = trimesh.Trimesh(each.points, each.faces, process=False, visual=_visual(each, model))
        scene.add_geometry(shown)
    return scene


def _visual(each: Primitive, model: Model) -> Any:
    import numpy as np
    import trimesh

    surface = each.material.get("pbrMetallicRoughness") or {}
    number = (surface.get("baseColorTexture") or {}).get("index")
    sheet = model.sheet(number) if number is not None and each.uv is not None else None
    if sheet is None and each.colours is not None:
        return trimesh.visual.ColorVisuals(vertex_colors=_srgb(each.colours))
    if not each.material:
        return None
    factor = _octets(np.array(surface["baseColorFactor"], np.float64)) if "baseColorFactor" in surface else None
    material = trimesh.visual.material.PBRMaterial(
        name=each.material.get("name"),
        baseColorFactor=factor,
        baseColorTexture=sheet,
        metallicFactor=surface.get("metallicFactor"),
        roughnessFactor=surface.get("roughnessFactor"),
    )
    uv = None if each.uv is None else each.uv * (1, -1) + (0, 1)
    return trimesh.visual.TextureVisuals(uv=uv, material=material)


def _srgb(colours: Any) -> Any:
    """Colours of points are light in glTF (section 3.7.2.1) and sRGB in older formats."""
    import numpy as np

    return _octets(np.concatenate([encoded(np.clip(colours[:, :3], 0, 1)), colours[:, 3:]], axis=1))


def _octets(colours: Any) -> Any:
    import numpy as np

    return np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def _export(mesh: Any, target: str) -> Any:
    import trimesh

    if target == "OBJ":
        return trimesh.exchange.obj.export_obj(mesh, include_texture=False, header="")
    if target == "PLY":
        # a picture has no place in a PLY; colours of points have
        return trimesh.exchange.ply.export_ply(_bare(mesh) if mesh.visual.kind == "texture" else mesh, include_attributes=False)
    return mesh.export(file_type=target.lower())


def _bare(mesh: Any) -> Any:
    import numpy as np
    import trimesh

    plain = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    factor = getattr(mesh.visual.material, "baseColorFactor", None)
    if factor is not None and getattr(mesh.visual.material, "baseColorTexture", None) is None:
        colour = np.round(np.append(encoded(np.asarray(factor[:3]) / 255) * 255, factor[3])).astype(np.uint8)
        plain.visual.vertex_colors = np.tile(colour, (len(plain.vertices), 1))
    return plain


def _as_dae(scene: Any) -> bytes:
    import trimesh

    for each in scene.geometry.values():
        material = getattr(each.visual, "material", None)
        if getattr(material, "roughnessFactor", None) is not None:
            material.roughnessFactor = max(material.roughnessFactor, 0.05)  # trimesh 5.2 divides by it
        each.vertex_normals = _normals(each.vertices, each.faces)
    return trimesh.exchange.dae.export_collada([part for part in scene.dump() if isinstance(part, trimesh.Trimesh)])


def _normals(points: Any, faces: Any) -> Any:
    """Of each point, by its faces' areas: trimesh wants SciPy for it, or takes them one by one."""
    import numpy as np

    corners = points[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).repeat(3, axis=0)
    summed = np.stack([np.bincount(faces.ravel(), across[:, axis], len(points)) for axis in range(3)], axis=1)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return np.where(length > 0, summed / np.where(length > 0, length, 1), (0, 0, 1))


def _lines_as_obj(parts: Any) -> bytes:
    """Points ``v`` and lines ``l`` (Wavefront OBJ, polyline and point elements); its numbers begin with 1."""
    text: list[str] = []
    start = 1
    for part in parts:
        text += [f"v {x:.8g} {y:.8g} {z:.8g}" for x, y, z in part.vertices]
        entities = getattr(part, "entities", None)
        if entities is None:
            text += [f"p {start + number}" for number in range(len(part.vertices))]
        else:
            text += ["l " + " ".join(str(start + int(node)) for node in entity.points) for entity in entities]
        start += len(part.vertices)
    return ("\n".join(text) + "\n").encode()


def _bytes(made: Any) -> bytes:
    return made.encode() if isinstance(made, str) else bytes(made)


def write_shape(call: Call, scene: Any) -> None:
    import trimesh

    if call.target in {"3MF", "DAE"}:
        if not any(isinstance(each, trimesh.Trimesh) for each in scene.geometry.values()):
            raise ConverterFailed(NO_FACES)
        lines = [name for name, each in scene.geometry.items() if not isinstance(each, trimesh.Trimesh)]
        scene.delete_geometry(lines)
        write(call.output, _as_dae(scene) if call.target == "DAE" else trimesh.exchange.threemf.export_3MF(scene))
        return
    parts = scene.dump()
    meshes = [part for part in parts if isinstance(part, trimesh.Trimesh)]
    if meshes:
        whole = trimesh.util.concatenate(meshes)
        call.report(0.7)
        write(call.output, _bytes(_export(whole, call.target)))
    elif call.target == "OBJ":
        write(call.output, _lines_as_obj(parts))
    elif call.target == "PLY":
        import numpy as np

        cloud = trimesh.PointCloud(np.concatenate([part.vertices for part in parts]))
        write(call.output, _bytes(cloud.export(file_type="ply")))
    else:
        raise ConverterFailed(NO_FACES)
