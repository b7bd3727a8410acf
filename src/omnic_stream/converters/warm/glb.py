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
KINDS: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
ELSEWHERE: Final = "The model keeps its shape in another file: only one that holds everything itself can be converted."
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
    """The call's GLB, unpacked, counted and without references: what every reader of GLB starts from."""
    from omnic_stream.converters.warm import mesh_packing

    described, binary = taken_apart(read(call.input, MOST_BYTES))
    without_references(described)
    if mesh_packing.packed(described):
        described, binary = mesh_packing.plain(described, _buffers(described, binary))
    count(described, binary)
    return described, binary


def without_references(described: Json) -> Json:
    """Pictures that lie elsewhere become white, buffers that do are refused: no reader is to look for either."""
    for image in items(described, "images"):
        if "uri" in image and not str(image["uri"]).startswith("data:"):
            image["uri"] = WHITE
    for buffer in items(described, "buffers"):
        if "uri" in buffer and not str(buffer["uri"]).startswith("data:"):
            raise ConverterFailed(ELSEWHERE)
    return described


def count(described: Json, binary: bytes) -> tuple[int, int]:
    """Vertices and faces (lines, points) of the scene as drawn. Raises TooExpensive, Corrupt, ConverterFailed for what cannot be read."""
    accessors = items(described, "accessors")
    check_values(accessors)
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
        if mesh is not None and 0 <= whole(mesh) < len(sizes):
            vertices += sizes[whole(mesh)][0]
            faces += sizes[whole(mesh)][1]
        waiting += [(whole(child), depth + 1) for child in nodes[index].get("children") or ()]
        if faces > MOST_FACES or vertices > 3 * MOST_FACES:
            raise TooExpensive(f"The model has more than {MOST_FACES} faces.")
    return vertices, faces


def check_values(accessors: Sequence[Json]) -> None:
    if sum(whole(each.get("count")) * SIZES.get(str(each.get("type")), 16) for each in accessors) > MOST_VALUES:
        raise TooExpensive(f"The model holds more than {MOST_VALUES // 1_000_000} million numbers.")


def _check_views(described: Json, binary: bytes) -> None:
    lengths = [_buffer_length(buffer, binary) for buffer in items(described, "buffers")]
    views = items(described, "bufferViews")
    for view in views:
        buffer = whole(view.get("buffer"))
        if buffer >= len(lengths) or whole(view.get("byteOffset", 0)) + whole(view.get("byteLength")) > lengths[buffer]:
            raise Corrupt("The model is cut short: its description asks for more than it holds.")
    for accessor in items(described, "accessors"):
        if "bufferView" not in accessor:
            continue
        index = whole(accessor["bufferView"])
        if index >= len(views):
            raise Corrupt("The model's description is broken.")
        width = SIZES.get(str(accessor.get("type")), 1) * int(KINDS.get(whole(accessor.get("componentType")), "<u1")[2])
        stride = whole(views[index].get("byteStride", 0)) or width
        needed = (whole(accessor.get("count")) - 1) * stride + width + whole(accessor.get("byteOffset", 0))
        if needed > whole(views[index].get("byteLength")) and whole(accessor.get("count")):
            raise Corrupt("The model is cut short: its description asks for more than it holds.")


def _buffer_length(buffer: Mapping[str, Any], binary: bytes) -> int:
    uri = buffer.get("uri")
    return (
        len(binary) if uri is None else whole(buffer.get("byteLength")) if not str(uri).startswith("data:") else len(data(str(uri)))
    )


def _mesh_size(mesh: Mapping[str, Any], accessors: Sequence[Json]) -> tuple[int, int]:
    vertices = faces = 0
    for primitive in items(mesh, "primitives"):
        points = _count_of(accessors, items_of(primitive.get("attributes")).get("POSITION"))
        corners = _count_of(accessors, primitive["indices"]) if "indices" in primitive else points
        mode = whole(primitive.get("mode", TRIANGLES))
        vertices += points
        faces += corners // 3 if mode == TRIANGLES else max(0, corners - 2) if mode in {STRIP, FAN} else corners
    return vertices, faces


def _count_of(accessors: Sequence[Json], index: Any) -> int:
    if index is None:
        return 0
    if whole(index) >= len(accessors):
        raise Corrupt("The model's description is broken.")
    return whole(accessors[whole(index)].get("count"))


def roots(described: Json, nodes: Sequence[Json]) -> list[int]:
    """The nodes from which the scene is drawn."""
    scenes = items(described, "scenes")
    chosen = whole(described.get("scene", 0))
    if chosen < len(scenes):
        return [whole(node) for node in scenes[chosen].get("nodes") or ()]
    below = {whole(child) for node in nodes for child in node.get("children") or ()}
    return [number for number in range(len(nodes)) if number not in below]


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


def whole(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise Corrupt("The model's description is broken.")
    return value


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
    from omnic_stream.converters.warm import mesh_packing

    described = tree(read(call.input, MOST_BYTES))
    version = str(items_of(described["asset"]).get("version", "2.0"))
    if not version.startswith("2"):
        raise ConverterFailed(f"The model is of glTF {version}: version 2 is what can be read here.")
    without_references(described)
    buffers = _buffers(described, None)
    if mesh_packing.packed(described):
        described, binary = mesh_packing.plain(described, buffers)
    else:
        binary = _joined(described, buffers)
    count(described, binary)
    write(call.output, put_together(described, binary))


def _joined(described: Json, buffers: Sequence[bytes]) -> bytes:
    binary, starts = bytearray(), list[int]()
    for part in buffers:
        binary += b"\0" * (-len(binary) % 4)
        starts.append(len(binary))
        binary += part
    for view in items(described, "bufferViews"):
        buffer = whole(view.get("buffer"))
        if buffer >= len(starts):
            raise Corrupt("The model's description is broken.")
        view["byteOffset"] = whole(view.get("byteOffset", 0)) + starts[buffer]
        view["buffer"] = 0
    if binary:
        described["buffers"] = [{"byteLength": len(binary)}]
    return bytes(binary)


def _buffers(described: Json, binary: bytes | None) -> list[bytes]:
    """The content of each buffer; of one that only says how large something is once it is unpacked, nothing."""
    found: list[bytes] = []
    for number, buffer in enumerate(items(described, "buffers")):
        if "uri" in buffer:
            part = data(str(buffer["uri"]))
            if len(part) < whole(buffer.get("byteLength")):
                raise Corrupt("The model is cut short: its description asks for more than it holds.")
        elif number == 0 and binary is not None:
            part = binary
        elif "extensions" in buffer:
            part = b""
        else:
            raise ConverterFailed(ELSEWHERE)
        found.append(part)
    return found


def to_gltf(call: Call) -> None:
    """GLB to one GLTF that holds everything itself: the binary chunk as a ``data:`` URI."""
    described, binary = opened(call)
    if binary:
        items(described, "buffers")[0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    write(call.output, json.dumps(described, separators=(",", ":")).encode())
