from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import DracoPy
import meshopt
import numpy as np
import pytest
import trimesh
from PIL import Image

from omnic_stream.converters.warm import glb, mesh, mesh_packing, mesh_shapes, model_facts, views, web_model
from omnic_stream.converters.warm.primitives import Model, Primitive
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

PACKED = {
    "BoxTextured.meshopt.glb": ("BoxTextured.glb", 24, 12),
    "spider.draco.glb": ("spider.obj", 954, 1312),  # the encoder left out faces without area
}
BALL = trimesh.creation.icosphere(subdivisions=2, radius=3)
FLOAT, SHORT, UNSIGNED = 5126, 5122, 5125


@pytest.fixture
def shown(run) -> Callable[[bytes], list[Primitive]]:
    def show(content: bytes) -> list[Primitive]:
        found: list[Primitive] = []
        run(lambda call: found.extend(Model(*glb.opened(call)).primitives()), content, "GLB", "GLB")
        return found

    return show


def spanned(primitives: list[Primitive]) -> np.ndarray:
    points = np.concatenate([each.points[each.faces].reshape(-1, 3) for each in primitives])
    return np.array([points.min(axis=0), points.max(axis=0)])


def packed_by_meshopt(
    parts: list[tuple[np.ndarray, str, int, str]], mode: str = "ATTRIBUTES", name: str = "KHR_meshopt_compression", version: int = 1
) -> bytes:
    """A ball whose attributes (values as they are packed, filter, component type, name) are packed by meshopt's own encoder."""
    indices = meshopt.encode_gltf_buffer(BALL.faces.astype(np.uint32).ravel(), "TRIANGLES")
    streams = [(indices, "TRIANGLES", "NONE", BALL.faces.size, 4)]
    streams += [
        (meshopt.encode_vertex_buffer_level(values, 2, version), "ATTRIBUTES", kind, len(values), values.nbytes // len(values))
        for values, kind, _, _ in parts
    ]
    views, binary, whole = [], b"", 0
    for content, kind, filtered, count, stride in streams:
        how = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(content), "byteStride": stride, "count": count}
        how |= {"mode": kind, "filter": filtered}
        views.append({"buffer": 1, "byteOffset": whole, "byteLength": count * stride, "extensions": {name: how}})
        binary += content + bytes(-len(content) % 4)
        whole += count * stride
    accessors = [{"bufferView": 0, "componentType": UNSIGNED, "count": BALL.faces.size, "type": "SCALAR"}]
    for number, (values, _, component, _) in enumerate(parts, 1):
        accessor = {"bufferView": number, "componentType": component, "count": len(values), "type": "VEC3"}
        accessors.append(accessor if component == FLOAT else accessor | {"type": "VEC4", "normalized": True})
    attributes = {attribute: number for number, (_, _, _, attribute) in enumerate(parts, 1)}
    described = {
        "asset": {"version": "2.0"},
        "extensionsUsed": [name],
        "extensionsRequired": [name],
        "buffers": [{"byteLength": len(binary)}, {"byteLength": whole, "extensions": {name: {"fallback": True}}}],
        "bufferViews": views,
        "accessors": accessors,
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 0}]}],
        "nodes": [{"mesh": 0}],
    }
    return glb.put_together(described, binary)


def packed_by_draco(content: bytes | None = None, **accessor: int | str) -> bytes:
    stream = DracoPy.encode(BALL.vertices.astype(np.float32), BALL.faces.astype(np.uint32)) if content is None else content
    described = {
        "asset": {"version": "2.0"},
        "extensionsUsed": [mesh_packing.DRACO],
        "extensionsRequired": [mesh_packing.DRACO],
        "buffers": [{"byteLength": len(stream)}],
        "bufferViews": [{"buffer": 0, "byteLength": len(stream)}],
        "accessors": [
            {"componentType": FLOAT, "count": len(BALL.vertices), "type": "VEC3"} | accessor,
            {"componentType": UNSIGNED, "count": BALL.faces.size, "type": "SCALAR"},
        ],
        "meshes": [
            {
                "primitives": [
                    {
                        "attributes": {"POSITION": 0},
                        "indices": 1,
                        "extensions": {mesh_packing.DRACO: {"bufferView": 0, "attributes": {"POSITION": 0}}},
                    }
                ]
            }
        ],
        "nodes": [{"mesh": 0}],
    }
    return glb.put_together(described, stream)


@pytest.mark.parametrize("file", PACKED)
def test_a_packed_model_is_seen_printed_and_counted_like_the_one_that_was_packed(run, zoo: Path, shown, file):
    source, vertices, faces = PACKED[file]
    content = (zoo / "mesh" / file).read_bytes()
    before = (zoo / "mesh" / source).read_bytes()
    before = before if source.endswith("glb") else run(mesh.from_trimesh, before, "OBJ", "GLB").getvalue()
    size = np.ptp(spanned(shown(before)), axis=0)
    assert np.abs(spanned(shown(content)) - spanned(shown(before))).max() < size.max() / 10_000
    told = json.loads(run(model_facts.facts, content, "GLB", "metadata.json").getvalue())
    assert (told["vertices"], told["faces"]) == (vertices, faces)
    printed = trimesh.load(run(mesh_shapes.to_shape, content, "GLB", "STL"), file_type="stl")
    assert len(printed.faces) == faces and np.allclose(np.sort(printed.extents), np.sort(size), rtol=1e-4)
    pictures = [
        np.asarray(Image.open(run(views.picture, each, "GLB", "PNG", width="160")).convert("RGBA")).astype(int)
        for each in (content, before)
    ]
    assert np.abs(pictures[0] - pictures[1]).mean() < 1, "what is packed loses a digit, not a colour nor a place on the picture"


@pytest.mark.parametrize("file", PACKED)
def test_the_web_gets_a_model_that_every_viewer_can_read(run, zoo: Path, file):
    made = run(web_model.slim, f"mesh/{file}", "GLB", "web.glb").getvalue()
    described, binary = glb.taken_apart(made)
    assert "compression" not in json.dumps(described), "nothing is packed any more"
    assert len(described["buffers"]) == 1 and 0 <= len(binary) - described["buffers"][0]["byteLength"] < 4
    for view in described["bufferViews"]:
        assert view["byteOffset"] % 4 == 0 and view.get("byteStride", 4) % 4 == 0
    for accessor in described["accessors"]:
        assert "bufferView" in accessor
    whole = run(glb.to_gltf, f"mesh/{file}", "GLB", "GLTF").getvalue()
    assert glb.count(*glb.taken_apart(run(glb.from_gltf, whole, "GLTF", "GLB").getvalue())) == PACKED[file][1:]


def test_a_gltf_whose_buffers_are_packed_is_read_too(run, shown):
    described, binary = glb.taken_apart(packed_by_meshopt([(BALL.vertices.astype(np.float32), "NONE", FLOAT, "POSITION")]))
    described["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    made = run(glb.from_gltf, json.dumps(described).encode(), "GLTF", "GLB").getvalue()
    assert np.allclose(shown(made)[0].points, BALL.vertices, atol=1e-6)


@pytest.mark.parametrize("name", mesh_packing.MESHOPT)
@pytest.mark.parametrize("version", [0, 1])
def test_both_bitstreams_and_their_filters_come_out_as_they_went_in(shown, name, version):
    exact = np.ascontiguousarray(BALL.vertices, np.float32)
    (found,) = shown(packed_by_meshopt([(exact, "NONE", FLOAT, "POSITION")], name=name, version=version))
    assert np.array_equal(found.points, exact) and np.array_equal(found.faces[:, 0] >= 0, np.ones(len(BALL.faces), bool))
    rough = meshopt.encode_filter_exp(exact, 15)
    shade = np.concatenate([(BALL.vertices + 3) / 6, np.full((len(exact), 1), 0.5)], axis=1).astype(np.float32)
    octets = meshopt.encode_filter_color(shade, 8, 12)
    (found,) = shown(
        packed_by_meshopt(
            [(rough, "EXPONENTIAL", FLOAT, "POSITION"), (octets, "COLOR", 5123, "COLOR_0")], name=name, version=version
        )
    )
    assert np.abs(found.points - exact).max() < 3 / 2**13
    assert np.abs(found.colours - shade).max() < 1 / 2**9


def test_points_of_whole_numbers_lie_where_their_node_puts_them(run, shown):
    steps = np.round(BALL.vertices / 3 * 32767).astype(np.int16)
    rows = np.pad(steps, ((0, 0), (0, 1)))
    described = {
        "asset": {"version": "2.0"},
        "extensionsRequired": ["KHR_mesh_quantization"],
        "buffers": [{"byteLength": rows.nbytes + BALL.faces.size * 4}],
        "bufferViews": [
            {"buffer": 0, "byteLength": rows.nbytes, "byteStride": 8},
            {"buffer": 0, "byteOffset": rows.nbytes, "byteLength": BALL.faces.size * 4},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": SHORT, "normalized": True, "count": len(rows), "type": "VEC3"},
            {"bufferView": 1, "componentType": UNSIGNED, "count": BALL.faces.size, "type": "SCALAR"},
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [{"mesh": 0, "scale": [3, 3, 3], "translation": [5, 0, 0]}],
    }
    content = glb.put_together(described, rows.tobytes() + BALL.faces.astype(np.uint32).tobytes())
    assert np.allclose(shown(content)[0].points, BALL.vertices + np.array((5, 0, 0)), atol=1e-3)
    printed = trimesh.load(run(mesh_shapes.to_shape, content, "GLB", "STL"), file_type="stl")
    assert np.allclose(printed.extents, 6, atol=1e-3) and printed.volume == pytest.approx(BALL.volume, rel=1e-3)


def test_two_parts_that_share_a_stream_or_an_accessor_keep_their_own_faces(shown):
    described, binary = glb.taken_apart(packed_by_draco())
    other = DracoPy.encode(BALL.vertices[BALL.faces[0]].astype(np.float32), np.array([[0, 1, 2]], np.uint32))
    described["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(other)})
    described["buffers"][0]["byteLength"] = len(binary) + len(other)
    first = described["meshes"][0]["primitives"][0]
    alone = json.loads(json.dumps(first))
    alone["extensions"][mesh_packing.DRACO]["bufferView"] = 1
    described["meshes"][0]["primitives"] += [json.loads(json.dumps(first)), alone]
    found = shown(glb.put_together(described, binary + other))
    assert [len(each.faces) for each in found] == [len(BALL.faces), len(BALL.faces), 1]


@pytest.mark.parametrize(
    "pack", [packed_by_draco, lambda: packed_by_meshopt([(BALL.vertices.astype(np.float32), "NONE", FLOAT, "POSITION")])]
)
def test_what_is_packed_and_broken_is_told_in_a_sentence(shown, pack):
    content = pack()
    described, binary = glb.taken_apart(content)
    seed, outcomes = np.random.default_rng(7), set()
    for number in range(300):
        bits = bytearray(binary)
        for at in seed.integers(len(bits), size=1 + number % 3):
            bits[at] ^= 1 << int(seed.integers(8))
        broken = bytes(bits) if number % 4 else bytes(bits[: int(seed.integers(len(bits)))]).ljust(len(bits), b"\0")
        try:
            shown(glb.put_together(described, broken))
            outcomes.add("shown")
        except (Corrupt, TooExpensive) as error:
            assert re.fullmatch(r"[A-Z][^/]*\.", error.message)
            outcomes.add(type(error).__name__)
    assert "Corrupt" in outcomes


def draco_promising(faces: int) -> bytes:
    """Of a Draco stream the beginning: a mesh by edgebreaker with so many points and faces, and nothing behind."""
    varint = b""
    while faces > 127:
        varint, faces = varint + bytes([faces & 127 | 128]), faces >> 7
    varint += bytes([faces])
    return b"DRACO\2\2\1\1\0\0\0" + varint + varint + bytes(100)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (packed_by_draco(draco_promising(2_000_000_000)), TooExpensive, "faces"),
        (packed_by_draco(draco_promising(100)), Corrupt, "Draco"),
        (packed_by_draco(b"nothing of Draco"), Corrupt, "Draco"),
        (packed_by_draco(DracoPy.encode(BALL.vertices.astype(np.float32))), Corrupt, "no mesh"),
        (packed_by_draco(type="VEC2"), Corrupt, "something else"),
        (packed_by_draco(count=2_000_000_000), TooExpensive, "numbers"),
    ],
)
def test_a_stream_of_draco_that_lies_is_refused(shown, content, error, words):
    with pytest.raises(error, match=words):
        shown(content)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"count": 2_000_000_000, "byteStride": 4}, Corrupt),  # the view is not as long
        ({"count": 0}, Corrupt),
        ({"byteStride": 5}, Corrupt),
        ({"byteLength": 2_000_000_000}, Corrupt),
        ({"byteOffset": 1 << 60}, Corrupt),
        ({"buffer": 7}, Corrupt),
        ({"mode": "WORDS"}, Corrupt),
        ({"filter": "QUATERNION"}, Corrupt),
        ({"count": -1}, Corrupt),
    ],
)
def test_a_view_of_meshopt_that_lies_is_refused(shown, change, error):
    described, binary = glb.taken_apart(packed_by_meshopt([(BALL.vertices.astype(np.float32), "NONE", FLOAT, "POSITION")]))
    described["bufferViews"][1]["extensions"]["KHR_meshopt_compression"] |= change
    with pytest.raises(error):
        shown(glb.put_together(described, binary))


def test_a_few_bytes_do_not_become_many(shown):
    described, binary = glb.taken_apart(packed_by_meshopt([(BALL.vertices.astype(np.float32), "NONE", FLOAT, "POSITION")]))
    described["bufferViews"][1]["byteLength"] = 12 * 400_000_000
    described["bufferViews"][1]["extensions"]["KHR_meshopt_compression"]["count"] = 400_000_000
    with pytest.raises(TooExpensive, match="256 MiB"):
        shown(glb.put_together(described, binary))


def test_without_its_unpacker_a_model_says_what_is_to_be_installed(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "DracoPy", None)
    monkeypatch.setitem(sys.modules, "meshopt", None)
    with pytest.raises(ConverterFailed, match="pip install DracoPy"):
        shown(packed_by_draco())
    with pytest.raises(ConverterFailed, match="pip install meshopt"):
        shown(packed_by_meshopt([(BALL.vertices.astype(np.float32), "NONE", FLOAT, "POSITION")]))


# --- at rest ----------------------------------------------------------------------------------------------------------------


def test_a_skin_lies_over_its_bones_as_they_stand(run, zoo: Path, shown):
    """The strip was drawn half a metre beside its bones; the second of them bends it about the point (0, 1)."""
    text = (zoo / "mesh/simple_skin.gltf").read_bytes()
    still = run(glb.from_gltf, text, "GLTF", "GLB").getvalue()
    assert np.allclose(spanned(shown(still)), [[-0.5, 0, 0], [0.5, 2, 0]])
    bent = json.loads(text)
    bent["nodes"][2]["rotation"] = [0, 0, np.sqrt(0.5), np.sqrt(0.5)]
    (found,) = shown(run(glb.from_gltf, json.dumps(bent).encode(), "GLTF", "GLB").getvalue())
    assert np.allclose(found.points[:2], [[-0.5, 0, 0], [0.5, 0, 0]]), "what follows the first bone stays"
    assert np.allclose(found.points[8:], [[-1, 0.5, 0], [-1, 1.5, 0]]), "what follows the second is turned with it"
    printed = trimesh.load(run(mesh_shapes.to_shape, still, "GLB", "OBJ"), file_type="obj")
    assert np.allclose(printed.bounds, [[-0.5, 0, 0], [0.5, 2, 0]])


def test_shapes_are_mixed_as_the_mesh_says_and_a_mirrored_node_stays_outside_out(run, shown):
    described, binary = glb.taken_apart(BALL.export(file_type="glb"))
    position = described["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    described["meshes"][0] |= {"weights": [1.0]}
    described["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": position}]
    assert np.allclose(np.ptp(spanned(shown(glb.put_together(described, binary))), axis=0), 12, atol=1e-3)
    described, binary = glb.taken_apart(BALL.export(file_type="glb"))
    next(node for node in described["nodes"] if "mesh" in node)["scale"] = [-1, 1, 1]
    printed = trimesh.load(run(mesh_shapes.to_shape, glb.put_together(described, binary), "GLB", "STL"), file_type="stl")
    assert printed.volume == pytest.approx(BALL.volume, rel=1e-3), "inside out it would be negative"


@pytest.mark.parametrize("change", [{"joints": [1, 99]}, {"joints": [1]}, {"inverseBindMatrices": 3}, {"joints": "x"}])
def test_a_skin_that_does_not_fit_is_told(run, zoo: Path, shown, change):
    described = json.loads((zoo / "mesh/simple_skin.gltf").read_bytes())
    described["skins"][0] |= change
    content = run(glb.from_gltf, json.dumps(described).encode(), "GLTF", "GLB").getvalue()
    with pytest.raises(Corrupt):
        shown(content)
