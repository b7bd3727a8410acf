"""Meshes inside a warm worker: every reader makes a GLB.

glTF is y up (2.0 specification, section 3.4). Formats whose z is up by convention are laid into it by one turn, which ``extras`` of its
``asset`` remember under ``up``, so that a way back to a format without a convention finds the coordinates as they were.
"""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import io
import os
import re
import zipfile
from typing import Any, Final

from omnic_stream.converters.warm import glb, programs, zips
from omnic_stream.converters.warm.files import read, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, OmnicError, TooExpensive

MOST_TEXT: Final = 64 * MiB
"""Of a format that spells its numbers out: some thirty times as much memory while it is read."""
Z_UP: Final = frozenset({"STL", "3MF", "VTK", "VTU", "MSH"})
Y_UP: Final = frozenset({"DAE"})
TEXTS: Final = frozenset({"OBJ", "OFF", "DAE", "VTU", "VTK", "MSH", "VRML"})


# --- into GLB ---------------------------------------------------------------------------------------------------------------


def from_trimesh(call: Call) -> None:
    """STL, OBJ, PLY, OFF, 3MF and DAE to GLB."""
    content = read(call.input, MOST_TEXT if call.source in TEXTS else glb.MOST_BYTES)
    _check(call.source, content)
    call.report(0.1)
    scene = _loaded(content, call.source)
    call.report(0.6)
    up = "y" if call.source in Y_UP else "z" if call.source in Z_UP else "any"
    if call.source == "DAE" and b"<up_axis>Z_UP" in content[: 1 << 16]:
        up = "z"
    written(call, scene, up)


def _loaded(content: bytes, source: str) -> Any:
    """A trimesh scene. What else a file names is never looked for: there is no resolver."""
    import trimesh

    try:
        return trimesh.load_scene(io.BytesIO(content), file_type=source.lower())
    except OmnicError:
        raise
    except MemoryError as error:
        raise TooExpensive("The model needs more memory than is allowed.") from error
    except Exception as error:
        raise Corrupt("The model is broken or cut short: it cannot be read.") from error


def _check(source: str, content: bytes) -> None:
    """What can be told of a file before it is expanded. Raises TooExpensive, Corrupt."""
    head = content[:4096]
    if source in {"DAE", "VTU"} and (b"<!ENTITY" in content or b"<!DOCTYPE" in head):
        raise Corrupt("The model's text declares entities, which are not expanded here.")
    if source == "DAE" and not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Corrupt("The model is no XML.")
    counts = {"STL": _stl_faces, "PLY": _ply_faces, "OFF": _off_faces}.get(source)
    if counts is not None and counts(content) > glb.MOST_FACES:
        raise TooExpensive(f"The model has more than {glb.MOST_FACES} faces.")
    if source == "3MF":
        _check_archive(content)


def _stl_faces(content: bytes) -> int:
    """Of a binary STL: its count, at offset 80, has to fit its size. Raises Corrupt."""
    text = content.lstrip()[:6].lower().startswith(b"solid") and b"facet" in content[:4096]
    if text:
        return content.count(b"endfacet")
    faces = int.from_bytes(content[80:84], "little")
    if len(content) < 84 or 84 + faces * 50 > len(content):
        raise Corrupt("The model is cut short: it promises more faces than it holds.")
    return faces


def _ply_faces(content: bytes) -> int:
    total = 0
    for line in content[: 1 << 16].partition(b"end_header")[0].splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == b"element" and words[2].isdigit():
            total = max(total, int(words[2][:12]) // (3 if words[1] == b"vertex" else 1))
    # the shortest element is one byte, or one digit and a line end
    if total > len(content):
        raise Corrupt("The model is cut short: it promises more than it holds.")
    return total


def _off_faces(content: bytes) -> int:
    words = [word for line in content[: 1 << 16].splitlines() for word in line.partition(b"#")[0].split() if word.isdigit()]
    most = max((int(word[:12]) for word in words[:2]), default=0)
    if most > len(content):
        raise Corrupt("The model is cut short: it promises more than it holds.")
    return most


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > 4096 or sum(each.file_size for each in members) > glb.MOST_BYTES:
                raise TooExpensive(f"The model unpacks to more than {glb.MOST_BYTES // MiB} MiB.")
            for each in members:
                if each.filename.lower().endswith((".model", ".rels", ".xml")) and b"<!" in archive.read(each)[:4096].replace(
                    b"<!--", b""
                ):
                    raise Corrupt("The model's text declares entities, which are not expanded here.")
    except zips.BROKEN as error:
        raise Corrupt("The model is broken or cut short: it cannot be unpacked.") from error


def from_cells(call: Call) -> None:
    """VTK, VTU and MSH (points and cells of simulations) to GLB: the surface, coloured by the first field of numbers."""
    from omnic_stream.converters.warm import cells

    content = read(call.input, MOST_TEXT)
    _check(call.source, content)
    with programs.scratch() as folder:
        path = programs.copied(call, folder, f"in.{call.source.lower()}")
        scene = cells.surface(path, {"MSH": "gmsh"}.get(call.source, call.source.lower()))
    call.report(0.6)
    written(call, scene, "z")


def from_amf(call: Call) -> None:
    """AMF to GLB."""
    from omnic_stream.converters.warm import amf

    written(call, amf.scene(read(call.input, MOST_TEXT)), "z")


def from_web3d(call: Call) -> None:
    """VRML 97 and X3D to GLB."""
    from omnic_stream.converters.warm import vrml, x3d

    content = read(call.input, MOST_TEXT)
    written(call, vrml.scene(content) if call.source == "VRML" else vrml.shown(x3d.nodes(content)), "y")


def from_assimp(call: Call) -> None:
    """What assimp reads to GLB."""
    if os.fstat(call.input).st_size > MOST_TEXT:
        raise TooExpensive(f"The file is longer than the {MOST_TEXT // MiB} MiB that are read for this type.")
    with programs.scratch() as folder:
        name = f"in.{EXTENSIONS.get(call.source, call.source.lower())}"
        programs.copied(call, folder, name)
        # its complaints are on stdout, and it ends well now and then without a result
        said = programs.run(("assimp", "export", name, "out.glb", "-fglb2"), folder=folder, good=range(256))
        made = folder / "out.glb"
        if not made.exists():
            raise _assimp_reason(said)
        if made.stat().st_size > glb.MOST_BYTES:
            raise TooExpensive(f"The model is larger than {glb.MOST_BYTES // MiB} MiB once it is unpacked.")
        content = made.read_bytes()
    call.report(0.8)
    described, binary = glb.taken_apart(content)
    glb.count(described, binary)
    glb.without_references(described)
    if call.source in LYING and not (call.source == "OGEX" and _ogex_is_y_up(call)):
        glb.turned(described)
    described["asset"]["extras"] = {"up": "z" if call.source in LYING | STOOD_UP else "y", "source": call.source}
    write(call.output, glb.put_together(described, binary))


LYING: Final = frozenset({"AMF", "BLEND", "NFF", "OGEX"})
"""z is up in these, and assimp leaves it so."""
STOOD_UP: Final = frozenset({"3DS", "ASE", "DXF"})
"""z is up in these, and assimp turns it."""


def _ogex_is_y_up(call: Call) -> bool:
    """OpenGEX section 2.4: ``Metric (key = "up") {string {"y"}}``; z where nothing is said."""
    return re.search(rb'"up"\s*\)\s*\{\s*string\s*\{\s*"y"', read(call.input, MOST_TEXT)) is not None


EXTENSIONS: Final = {"AC3D": "ac", "DIRECTX": "x"}


def _assimp_reason(said: bytes) -> OmnicError:
    words = said.decode("utf-8", "replace")
    start = words.find("Failed to load file: ")
    if start < 0:
        return ConverterFailed("assimp could not read this model.")
    return Corrupt(f"The model cannot be read: {words[start + 21 :].splitlines()[0][:200]}")


def from_step(call: Call) -> None:
    """STEP and IGES to GLB, or to a mesh in millimetres: solids become triangles, 0.25 radians of a curve at most each.

    What holds no faces keeps its curves as lines, what holds no curves its points.
    """
    import cascadio
    import numpy as np

    from omnic_stream.converters.warm import mesh_shapes

    content = read(call.input, MOST_TEXT)
    try:
        made = cascadio.load(
            content, file_type=call.source.lower(), tol_linear=0.01, tol_angular=0.25, tol_relative=True, use_parallel=False
        )
    except Exception as error:
        raise Corrupt("The solid is broken or cut short: it cannot be read.") from error
    call.report(0.7)
    described, binary = glb.taken_apart(made)
    if not glb.count(described, binary)[1]:
        raise ConverterFailed("There is no solid in this file.")
    scene = _loaded(glb.put_together(described, binary), "GLB")
    # glTF counts in metres, whoever prints in millimetres; of IGES cascadio 0.1 gives millimetres for metres
    metre = 1.0 if call.source == "STEP" else 1000.0
    scale = (1.0 if call.target == "GLB" else 1000.0) / metre
    scene.apply_transform(np.diag([scale, scale, scale, 1.0]))
    if call.target == "GLB":
        written(call, scene, "z")
    else:
        mesh_shapes.write_shape(call, scene)


def written(call: Call, scene: Any, up: str) -> None:
    """The scene as GLB. ``up``: which axis it has up; ``any`` where its format does not say."""
    import numpy as np
    import trimesh

    drawn = _drawn(scene)
    if drawn.is_empty or drawn.bounds is None:
        raise ConverterFailed("There is nothing to see in this model: it has neither faces nor lines nor points.")
    if not np.isfinite(drawn.bounds).all():
        raise Corrupt("The model's coordinates are no numbers.")
    size = np.ptp(drawn.bounds, axis=0)
    if up == "z" and size[2] > 1e-6 * size.max():  # a sheet is shown from in front, not lying
        drawn.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    elif up == "z":
        up = "any"
    for each in drawn.geometry.values():
        _recolour(each)
        if call.source == "OBJ" and hasattr(each, "visual") and each.visual.kind == "texture":
            each.visual.material = trimesh.visual.material.PBRMaterial()  # its own is in a file beside it, which nobody has
    call.report(0.8)
    described, binary = glb.taken_apart(trimesh.exchange.gltf.export_glb(drawn))
    described["asset"]["extras"] = {"up": up, "source": call.source}
    write(call.output, glb.put_together(described, binary))


def _drawn(scene: Any) -> Any:
    """Without what has no extent, and lines in space instead of in a plane."""
    import trimesh

    names = [name for name, each in scene.geometry.items() if not len(getattr(each, "vertices", ()))]
    if names:
        scene.delete_geometry(names)
    faces = 0
    for node in scene.graph.nodes_geometry:
        each = scene.geometry.get(scene.graph[node][1])
        faces += len(getattr(each, "faces", ())) if each is not None else 0
    if faces > glb.MOST_FACES:
        raise TooExpensive(f"The model has more than {glb.MOST_FACES} faces.")
    for name, each in scene.geometry.items():
        if isinstance(each, trimesh.path.Path2D):
            scene.geometry[name] = each.to_3D()
    return scene


def _recolour(each: Any) -> None:
    """Colours of points are sRGB in older formats and light in glTF (section 3.7.2.1)."""
    import numpy as np

    from omnic_stream.converters.warm.triangles import linear

    visual = getattr(each, "visual", None)
    if visual is None or getattr(visual, "kind", None) not in {"vertex", "face"}:
        return
    colours = np.asarray(visual.vertex_colors).copy()
    if colours.ndim != 2:  # points without any
        return
    turned = linear(colours[:, :3] / 255)
    colours[:, :3] = np.round(turned * 255)
    visual.vertex_colors = colours
