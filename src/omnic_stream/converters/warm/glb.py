"""The GLB container (glTF 2.0 specification, chapter 4) and the JSON in it: taken apart, counted before anything is expanded, put together."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from omnic_stream.converters.warm.files import read, write
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MOST_BYTES: Final = 256 * MiB
MOST_FACES: Final = 2_000_000
"""Triangles (lines, points) of a whole scene, each use of a mesh counted."""
MOST_VALUES: Final = 60_000_000
"""Numbers of all accessors together."""
MOST_NODES: Final = 50_000
"""Nodes of a scene, a node below two parents counted twice."""
WHITE: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
)
"""One white pixel, in the place of a picture that lies elsewhere: the material's own colour stays as it is."""
TRIANGLES, STRIP, FAN = 4, 5, 6
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942
SIZES: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
BYTES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
PACKED: Final = {
    "KHR_draco_mesh_compression": "Draco",
    "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
}
Json = dict[str, Any]


def taken_apart(content: bytes) -> tuple[Json, bytes]:
    """The JSON and the binary chunk. Raises Corrupt."""
    if len(content) < 20 or content[:4] != b"glTF":
        raise Corrupt("The model is no GLB file, or it is cut short.")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise ConverterFailed(f"The GLB file is of version {version}: version 2 is what can be read.")
    if length > len(content):
        raise Corrupt("The model is cut short.")
    parts: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", content, at)
        if at + 8 + size > length:
            raise Corrupt("The model is cut short.")
        parts.setdefault(kind, content[at + 8 : at + 8 + size])
        at += 8 + size
    return tree(parts.get(JSON_CHUNK, b"")), parts.get(BIN_CHUNK, b"")


def tree(text: bytes) -> Json:
    """The glTF object. Raises Corrupt."""
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Corrupt("The model's description is broken.") from error
    if not isinstance(found, dict) or "asset" not in found:
        raise Corrupt("The model has no description.")
    return found


def put_together(described: Json, binary: bytes) -> bytes:
    text = json.dumps(described, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text
    if binary:
        binary += b"\0" * (-len(binary) % 4)
        chunks += struct.pack("<II", len(binary), BIN_CHUNK) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def opened(call: Call) -> tuple[Json, bytes]:
    """The call's GLB, counted and without references: what every reader of GLB starts from."""
    described, binary = taken_apart(read(call.input, MOST_BYTES))
    count(described, binary)
    return without_references(described), binary


def without_references(described: Json) -> Json:
    """Pictures that lie elsewhere become white, buffers that do are refused: no reader is to look for either."""
    for image in items(described, "images"):
        if "uri" in image and not str(image["uri"]).startswith("data:"):
            image["uri"] = WHITE
    for buffer in items(described, "buffers"):
        if "uri" in buffer and not str(buffer["uri"]).startswith("data:"):
            raise ConverterFailed(
                "The model keeps its shape in another file: only one that holds everything itself can be converted."
            )
    return described


def count(described: Json, binary: bytes) -> tuple[int, int]:
    """Vertices and faces (lines, points) of the scene as drawn. Raises TooExpensive, Corrupt, ConverterFailed for what cannot be read."""
    for name in _words(described.get("extensionsRequired")):
        if name in PACKED:
            raise ConverterFailed(f"The model is packed by {PACKED[name]}, which cannot be unpacked here.")
    accessors = items(described, "accessors")
    values = 0
    for accessor in accessors:
        values += _whole(accessor.get("count")) * SIZES.get(str(accessor.get("type")), 16)
    if values > MOST_VALUES:
        raise TooExpensive(f"The model holds more than {MOST_VALUES // 1_000_000} million numbers.")
    _check_views(described, binary)
    sizes = [_mesh_size(mesh, accessors) for mesh in items(described, "meshes")]
    vertices = faces = seen = 0
    nodes = items(described, "nodes")
    waiting: list[tuple[int, int]] = [(root, 0) for root in roots(described, nodes)]
    while waiting:
        index, depth = waiting.pop()
        seen += 1
        if seen > MOST_NODES:
            raise TooExpensive(f"The model has more than {MOST_NODES} parts.")
        if not 0 <= index < len(nodes) or depth > len(nodes):
            raise Corrupt("The model's parts do not fit together.")
        mesh = nodes[index].get("mesh")
        if mesh is not None and 0 <= _whole(mesh) < len(sizes):
            vertices += sizes[_whole(mesh)][0]
            faces += sizes[_whole(mesh)][1]
        waiting += [(_whole(child), depth + 1) for child in nodes[index].get("children") or ()]
        if faces > MOST_FACES or vertices > 3 * MOST_FACES:
            raise TooExpensive(f"The model has more than {MOST_FACES} faces.")
    return vertices, faces


def _check_views(described: Json, binary: bytes) -> None:
    lengths = [_buffer_length(buffer, binary) for buffer in items(described, "buffers")]
    views = items(described, "bufferViews")
    for view in views:
        buffer = _whole(view.get("buffer"))
        if buffer >= len(lengths) or _whole(view.get("byteOffset", 0)) + _whole(view.get("byteLength")) > lengths[buffer]:
            raise Corrupt("The model is cut short: its description asks for more than it holds.")
    for accessor in items(described, "accessors"):
        if "bufferView" not in accessor:
            continue
        index = _whole(accessor["bufferView"])
        if index >= len(views):
            raise Corrupt("The model's description is broken.")
        width = SIZES.get(str(accessor.get("type")), 1) * BYTES.get(_whole(accessor.get("componentType")), 1)
        stride = _whole(views[index].get("byteStride", 0)) or width
        needed = (_whole(accessor.get("count")) - 1) * stride + width + _whole(accessor.get("byteOffset", 0))
        if needed > _whole(views[index].get("byteLength")) and _whole(accessor.get("count")):
            raise Corrupt("The model is cut short: its description asks for more than it holds.")


def _buffer_length(buffer: Mapping[str, Any], binary: bytes) -> int:
    uri = buffer.get("uri")
    return (
        len(binary)
        if uri is None
        else _whole(buffer.get("byteLength"))
        if not str(uri).startswith("data:")
        else len(data(str(uri)))
    )


def _mesh_size(mesh: Mapping[str, Any], accessors: Sequence[Json]) -> tuple[int, int]:
    vertices = faces = 0
    for primitive in items(mesh, "primitives"):
        points = _count_of(accessors, items_of(primitive.get("attributes")).get("POSITION"))
        corners = _count_of(accessors, primitive["indices"]) if "indices" in primitive else points
        mode = _whole(primitive.get("mode", TRIANGLES))
        vertices += points
        faces += corners // 3 if mode == TRIANGLES else max(0, corners - 2) if mode in {STRIP, FAN} else corners
    return vertices, faces


def _count_of(accessors: Sequence[Json], index: Any) -> int:
    if index is None:
        return 0
    if _whole(index) >= len(accessors):
        raise Corrupt("The model's description is broken.")
    return _whole(accessors[_whole(index)].get("count"))


def roots(described: Json, nodes: Sequence[Json]) -> list[int]:
    """The nodes from which the scene is drawn."""
    scenes = items(described, "scenes")
    chosen = _whole(described.get("scene", 0))
    if chosen < len(scenes):
        return [_whole(node) for node in scenes[chosen].get("nodes") or ()]
    return list(range(len(nodes)))


def turned(described: Json) -> Json:
    """The scene under one more node that lays its z axis up."""
    nodes = items(described, "nodes")
    nodes.append({"children": roots(described, nodes), "matrix": [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]})
    described["scenes"] = [{"nodes": [len(nodes) - 1]}]
    described["scene"] = 0
    return described


def items(holder: Mapping[str, Any], name: str) -> list[Json]:
    """The objects of a list that ought to hold objects. Raises Corrupt."""
    found: Any = holder.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Corrupt("The model's description is broken.")
    return found


def items_of(found: Any) -> Json:
    if not isinstance(found, dict):
        raise Corrupt("The model's description is broken.")
    return found


def _whole(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise Corrupt("The model's description is broken.")
    return value


def _words(found: Any) -> list[str]:
    return [str(word) for word in found] if isinstance(found, list) else []


def data(uri: str) -> bytes:
    """The content of a ``data:`` URI (RFC 2397) in base64. Raises Corrupt."""
    head, _, text = uri.partition(",")
    if not head.endswith(";base64"):
        raise Corrupt("The model holds its shape in a way that cannot be read.")
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise Corrupt("The model holds its shape in a way that cannot be read.") from error


# --- glTF as text, and back -------------------------------------------------------------------------------------------------


def from_gltf(call: Call) -> None:
    """GLTF to GLB with nothing lost: the buffers of its ``data:`` URIs behind each other in one chunk (glTF 2.0, section 4.4)."""
    described = tree(read(call.input, MOST_BYTES))
    version = str(items_of(described["asset"]).get("version", "2.0"))
    if not version.startswith("2"):
        raise ConverterFailed(f"The model is of glTF {version}: version 2 is what can be read here.")
    without_references(described)
    binary, starts = bytearray(), list[int]()
    for buffer in items(described, "buffers"):
        binary += b"\0" * (-len(binary) % 4)
        starts.append(len(binary))
        if "uri" not in buffer:
            raise ConverterFailed(
                "The model keeps its shape in another file: only one that holds everything itself can be converted."
            )
        part = data(str(buffer["uri"]))
        if len(part) < _whole(buffer.get("byteLength")):
            raise Corrupt("The model is cut short: its description asks for more than it holds.")
        binary += part
    for view in items(described, "bufferViews"):
        buffer = _whole(view.get("buffer"))
        if buffer >= len(starts):
            raise Corrupt("The model's description is broken.")
        view["byteOffset"] = _whole(view.get("byteOffset", 0)) + starts[buffer]
        view["buffer"] = 0
    if binary:
        described["buffers"] = [{"byteLength": len(binary)}]
    count(described, bytes(binary))
    write(call.output, put_together(described, bytes(binary)))


def to_gltf(call: Call) -> None:
    """GLB to one GLTF that holds everything itself: the binary chunk as a ``data:`` URI."""
    described, binary = opened(call)
    if binary:
        items(described, "buffers")[0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    write(call.output, json.dumps(described, separators=(",", ":")).encode())
