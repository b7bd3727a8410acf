"""Models that come packed (EXT_ and KHR_meshopt_compression, KHR_draco_mesh_compression), unpacked: who reads a GLB meets plain numbers only.

What a description promises is counted before any of it is unpacked.
"""

# pyright: reportMissingImports=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from omnic_stream.converters.warm import glb
from omnic_stream.model.contracts import MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

MESHOPT: Final = ("KHR_meshopt_compression", "EXT_meshopt_compression")
DRACO: Final = "KHR_draco_mesh_compression"
FILTERS: Final = {
    "NONE": range(4, 257, 4),
    "OCTAHEDRAL": (4, 8),
    "QUATERNION": (8,),
    "EXPONENTIAL": range(4, 257, 4),
    "COLOR": (4, 8),
}
"""Of attributes, with the bytes that an element may have (KHR_meshopt_compression, appendix B)."""
METADATA: Final = 0x8000
DESCRIBED: Final = "The model's description is broken."
MISSING: Final = "The model is packed by {}. To unpack it, {} has to be installed (pip install {})."


def packed(described: glb.Json) -> bool:
    used = described.get("extensionsUsed"), described.get("extensionsRequired")
    return any(name in (names or ()) for names in used if isinstance(names, list) for name in (*MESHOPT, DRACO))


def plain(described: glb.Json, buffers: Sequence[bytes]) -> tuple[glb.Json, bytes]:
    """The same model unpacked, its views behind each other in one buffer. Raises Corrupt, TooExpensive, ConverterFailed."""
    views = glb.items(described, "bufferViews")
    if sum(glb.whole(view.get("byteLength")) for view in views) > glb.MOST_BYTES:
        raise TooExpensive(f"The model is larger than {glb.MOST_BYTES // MiB} MiB once it is unpacked.")
    contents = [_content(view, buffers) for view in views]
    plain_views = [{name: view[name] for name in ("name", "byteStride", "target", "extras") if name in view} for view in views]
    described["bufferViews"] = plain_views
    _unpack_draco(described, contents)
    binary = bytearray()
    for view, content in zip(plain_views, contents, strict=True):
        binary += b"\0" * (-len(binary) % 4)
        view |= {"buffer": 0, "byteOffset": len(binary), "byteLength": len(content)}
        binary += content
    described["buffers"] = [{"byteLength": len(binary)}]
    for name in ("extensionsUsed", "extensionsRequired"):
        if left := [each for each in described.pop(name, []) if each not in {*MESHOPT, DRACO}]:
            described[name] = left
    return described, bytes(binary)


def _content(view: glb.Json, buffers: Sequence[bytes]) -> bytes:
    how = _extension(view, *MESHOPT)
    if how is None:
        return _slice(view, buffers)
    content, length = _slice(how, buffers), glb.whole(view.get("byteLength"))
    count, stride = glb.whole(how.get("count")), glb.whole(how.get("byteStride"))
    mode, kind = str(how.get("mode")), str(how.get("filter", "NONE"))
    fits = (
        stride in FILTERS.get(kind, ())
        if mode == "ATTRIBUTES"
        else stride in {2, 4} and kind == "NONE" and (mode == "INDICES" or (mode == "TRIANGLES" and count % 3 == 0))
    )
    if not fits or not count or count * stride != length:
        raise Corrupt("The model is packed by meshopt in a way that its description forbids.")
    try:
        import meshopt
    except ImportError as error:
        raise ConverterFailed(MISSING.format("meshopt", "meshopt", "meshopt")) from error
    codec: Any = meshopt
    try:
        return codec.decode_gltf_buffer(content, count, stride, mode, kind).tobytes()
    except ValueError as error:
        raise Corrupt("The model is packed by meshopt, and what is packed is broken or cut short.") from error


def _slice(view: glb.Json, buffers: Sequence[bytes]) -> bytes:
    number, start, length = (glb.whole(view.get(name, 0)) for name in ("buffer", "byteOffset", "byteLength"))
    if number >= len(buffers) or start + length > len(buffers[number]):
        raise Corrupt("The model is cut short: its description asks for more than it holds.")
    return buffers[number][start : start + length]


def _extension(holder: glb.Json, *names: str) -> glb.Json | None:
    found = glb.items_of(holder.get("extensions", {}))
    return next((glb.items_of(found[name]) for name in names if name in found), None)


# --- Draco ------------------------------------------------------------------------------------------------------------------


def _unpack_draco(described: glb.Json, contents: list[bytes]) -> None:
    """Each primitive gets accessors and views of what its stream holds; the stream itself is left empty."""
    accessors, meshes = glb.items(described, "accessors"), glb.items(described, "meshes")
    glb.check_values(accessors)
    unpacked: dict[int, Any] = {}
    placed: dict[tuple[int, int, int], int] = {}
    points = 0
    for primitive in (each for mesh in meshes for each in glb.items(mesh, "primitives")):
        how = _extension(primitive, DRACO)
        if how is None:
            continue
        del primitive["extensions"][DRACO]
        attributes, named = glb.items_of(primitive.get("attributes")), glb.items_of(how.get("attributes"))
        number = glb.whole(how.get("bufferView"))
        if number >= len(contents):
            raise Corrupt(DESCRIBED)
        if number not in unpacked:
            unpacked[number] = stream = _decoded(contents[number])
            points += len(stream["faces"]) + sum(each["data"].size for each in stream["attributes"])
            if points > glb.MOST_VALUES:
                raise TooExpensive(f"The model holds more than {glb.MOST_VALUES // 1_000_000} million numbers.")
        stream = unpacked[number]
        values = {glb.whole(each["unique_id"]): each["data"] for each in stream["attributes"]}
        for name, id in named.items():
            if name not in attributes or id not in values:
                raise Corrupt(DESCRIBED)
            attributes[name] = _placed(described, contents, placed, (number, id, glb.whole(attributes[name])), values[id])
        if "indices" in primitive:
            corners = stream["faces"].reshape(-1, 1)
            primitive["indices"] = _placed(described, contents, placed, (number, -1, glb.whole(primitive["indices"])), corners)
        primitive["mode"] = glb.TRIANGLES
    for number in unpacked:
        contents[number] = b"\0"


def _decoded(content: bytes) -> Any:
    """What a Draco stream holds. Raises Corrupt for a broken one, and for one without faces."""
    _check_promised(content)
    try:
        import DracoPy
    except ImportError as error:
        raise ConverterFailed(MISSING.format("Draco", "DracoPy", "DracoPy")) from error
    try:
        found = DracoPy.decode(content).data_struct
    except MemoryError as error:
        raise TooExpensive("The model needs more memory than is allowed.") from error
    except Exception as error:
        raise Corrupt("The model is packed by Draco, and what is packed is broken or cut short.") from error
    if not len(found.get("faces", ())):
        raise Corrupt("The model is packed by Draco, and what is packed is no mesh.")
    return found


def _check_promised(content: bytes) -> None:
    """A stream of nothing but repetition is short however much it stands for: its numbers of faces and of points come first.

    Draco bitstream specification 2.2, sections 3 and 4: magic, version, what kind of mesh, flags; then, without metadata, two varints.
    """
    edges, flags = content[8:9] == b"\x01", int.from_bytes(content[9:11], "little")
    if content[:7] != b"DRACO\x02\x02" or flags & METADATA:
        return
    at = 12 if edges else 11
    for _ in range(2):
        number = shift = 0
        for octet in content[at : at + 5]:
            at += 1
            number |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                break
        if number > 3 * glb.MOST_FACES:
            raise TooExpensive(f"The model has more than {glb.MOST_FACES} faces.")


def _placed(
    described: glb.Json, contents: list[bytes], placed: dict[tuple[int, int, int], int], key: tuple[int, int, int], values: Any
) -> int:
    """The accessor by which a primitive finds these values: its own, or a copy where that already finds another stream's."""
    import numpy as np

    accessors, views, (_, id, number) = described["accessors"], described["bufferViews"], key
    if key in placed:
        return placed[key]
    if number >= len(accessors):
        raise Corrupt(DESCRIBED)
    accessor = {name: value for name, value in accessors[number].items() if name not in {"byteOffset", "sparse"}}
    kind = glb.KINDS.get(glb.whole(accessor.get("componentType")))
    width = glb.SIZES.get(str(accessor.get("type")))
    if kind is None or values.shape[1:] != (width,):
        raise Corrupt("The model is packed by Draco, and its description speaks of something else than what is packed.")
    made = np.ascontiguousarray(values.astype(kind))
    row = made.itemsize * values.shape[1]
    if id >= 0 and row % 4:  # each element of an attribute begins at a multiple of four bytes (glTF 2.0, section 3.6.2.4)
        made = np.pad(made.view(np.uint8), ((0, 0), (0, -row % 4)))
    view: glb.Json = {"target": 34962, "byteStride": row + -row % 4} if id >= 0 else {"target": 34963}
    views.append(view)
    contents.append(made.tobytes())
    accessor |= {"bufferView": len(views) - 1, "count": len(values)}
    if any(other == number for _, _, other in placed):
        accessors.append(accessor)
        number = len(accessors) - 1
    else:
        accessors[number] = accessor
    placed[key] = number
    return number
