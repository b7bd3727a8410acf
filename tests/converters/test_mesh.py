from __future__ import annotations

import base64
import io
import json
import re
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from omnic_stream.converters.mesh import CONVERTERS, scad_argv
from omnic_stream.converters.warm import (
    glb,
    mesh,
    mesh_shapes,
    model_facts,
    primitives,
    scene,
    triangles,
    views,
    vrml,
    web_model,
)
from omnic_stream.model.contracts import Bound, WarmCall
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.runner.inside import resolve

READERS = {
    source: resolve(converter.run.function)
    for converter in reversed(CONVERTERS)
    if isinstance(converter.run, WarmCall) and converter.outputs == ("GLB",)
    for source in converter.inputs
}
ZOO = {  # file: format, vertices, faces of the distinct meshes, as the manifest has them (or this file itself, where a tool misread it)
    "sphereWithHole.stl": ("STL", 146, 285),
    "spider.obj": ("OBJ", 946, 1368),
    "cube_binary.ply": ("PLY", 8, 12),
    "Cube.off": ("OFF", 8, 12),
    "box.3mf": ("3MF", 8, 12),
    "test_with_mat.amf": ("AMF", 8, 8),  # two volumes of four triangles; assimp 5.2 sees the first alone
    "sphere_triangulate.dae": ("DAE", 401, 760),
    "box.fbx": ("FBX", 24, 12),
    "fels.3ds": ("3DS", 386, 768),
    "ComputerKeyboard.x3d": ("X3D", 46, 80),  # base, key and bar; assimp 5.2 misses the bar and nearly every key
    "Wuson.wrl": ("VRML", 3205, 3732),
    "MirroredCube_252.blend": ("BLEND", 24, 36),
    "hierarchy_smoothed.lwo": ("LWO", 290, 564),
    "twospheres.ms3d": ("MS3D", 178, 240),
    "kwxport_test_cubewithvcolors.x": ("DIRECTX", 24, 12),
    "WusonBlitz.b3d": ("B3D", 2117, 3732),
    "CameraRollAnim.ase": ("ASE", 24, 12),
    "SphereWithLight.ac": ("AC3D", 8834, 17664),
    "molecule.cob": ("COB", 604, 896),  # 302 and 448, but one of its two balls is placed three times
    "lineTest.dxf": ("DXF", 7, 4),
    "camera.ogex": ("OGEX", 24, 12),
    "bun_zipper_res4.ply": ("PLY", 453, 948),
    "02_structured.vtk": ("VTK", 122, 240),
    "01_raw_binary_int64.vtu": ("VTU", 56, 108),
    "insulated-4.1.msh": ("MSH", 67, 111),
    "t.step": ("STEP", 120, 68),
    "text3d.obj": ("OBJ", 298, 576),
}


@pytest.fixture
def made(run):
    """A file of the zoo, or content, as GLB."""

    def make(file: str | bytes, source: str | None = None) -> bytes:
        kind = source or ZOO[str(file)][0]
        return run(READERS[kind], f"mesh/{file}" if isinstance(file, str) else file, kind, "GLB").getvalue()

    return make


def loaded(content: bytes, kind: str = "glb"):
    return trimesh.load_scene(io.BytesIO(content), file_type=kind)


def drawn(run, content: bytes, target: str = "PNG", **arguments: str) -> np.ndarray:
    picture = run(views.picture, content, "GLB", target, **({"width": "160", "height": "120"} | arguments))
    return np.asarray(Image.open(picture).convert("RGBA"))


@pytest.mark.parametrize("file", ZOO)
def test_every_model_is_read_with_its_points_and_faces_and_fills_its_picture(run, made, file):
    content = made(file)
    described, binary = glb.taken_apart(content)
    distinct = {}
    for number, each in enumerate(described["meshes"]):
        for part, primitive in enumerate(each["primitives"]):
            points = described["accessors"][primitive["attributes"]["POSITION"]]["count"]
            corners = described["accessors"][primitive["indices"]]["count"] if "indices" in primitive else points
            mode = primitive.get("mode", 4)
            distinct[number, part, points, corners] = (points, corners // 3 if mode == 4 else 1)
    assert tuple(map(sum, zip(*distinct.values(), strict=True))) == ZOO[file][1:]
    glb.count(described, binary)
    alpha = drawn(run, content)[..., 3]
    rows, columns = np.nonzero(alpha > 128)
    assert 0.02 < (alpha > 128).mean() < 0.95
    assert rows.min() > 0 and columns.min() > 0 and rows.max() < 119 and columns.max() < 159
    spare = (rows.min(), 119 - rows.max(), columns.min(), 159 - columns.max())
    assert abs(spare[0] - spare[1]) <= 4 and abs(spare[2] - spare[3]) <= 4, "it stands in the middle"
    assert min(spare[0], spare[2]) < 16, "and fills the frame one way"


def test_a_design_becomes_a_solid(tmp_path: Path, run, zoo, made):
    bound = Bound(
        input=str(zoo / "mesh/issue1089b.scad"),
        output=str(tmp_path / "o.stl"),
        folder=str(tmp_path),
        source="SCAD",
        target="STL",
        arguments={},
    )
    subprocess.run(scad_argv(bound), check=True, capture_output=True, timeout=60)
    solid = trimesh.load(tmp_path / "o.stl")
    assert solid.is_watertight and len(solid.faces) == 160
    assert (
        loaded(made((tmp_path / "o.stl").read_bytes(), "STL")).extents.round(3).tolist()
        == solid.extents[[0, 2, 1]].round(3).tolist()
    )


@pytest.mark.parametrize("file", ["sphereWithHole.stl", "box.3mf", "fels.3ds", "spider.obj", "bun_zipper_res4.ply", "molecule.cob"])
@pytest.mark.parametrize("target", ["STL", "OBJ", "PLY", "OFF", "3MF", "DAE"])
def test_shapes_keep_their_faces_and_their_size(run, made, file, target):
    content = made(file)
    before = loaded(content)
    after = loaded(run(mesh_shapes.to_shape, content, "GLB", target).getvalue(), target.lower())
    assert sum(len(part.faces) for part in after.dump()) == sum(len(part.faces) for part in before.dump())
    assert np.allclose(np.sort(after.extents), np.sort(before.extents), rtol=1e-4)


@pytest.mark.parametrize(
    ("file", "target"),
    [("sphereWithHole.stl", "STL"), ("box.3mf", "STL"), ("spider.obj", "OBJ"), ("Cube.off", "OFF"), ("box.3mf", "PLY")],
)
def test_what_comes_back_lies_where_it_lay(run, zoo, made, file, target):
    before = loaded((zoo / "mesh" / file).read_bytes(), ZOO[file][0].lower())
    after = loaded(run(mesh_shapes.to_shape, made(file), "GLB", target).getvalue(), target.lower())
    assert np.allclose(after.bounds, before.bounds, atol=1e-5)


def test_z_is_up_where_the_format_says_so_and_y_in_a_glb(made):
    assert np.allclose(loaded(made("box.3mf")).bounds, [[0, 0, -20], [10, 30, 0]])
    assert np.allclose(loaded(made("cube_binary.ply")).bounds, [[0, 0, 0], [1, 1, 1]])


def test_solids_are_printed_in_millimetres_and_shown_in_metres(run, zoo, made):
    step = (zoo / "mesh/t.step").read_bytes()
    printed = loaded(run(mesh.from_step, step, "STEP", "STL").getvalue(), "stl")
    assert np.allclose(printed.bounds, [[-4.16748, -3.46191, 0], [4.21143, 4.13574, 2]], atol=1e-3)
    assert np.allclose(loaded(made("t.step")).extents * 1000, printed.extents[[0, 2, 1]], atol=1e-3)


def iges(*entities: str, unit: str = "2,2HMM") -> bytes:
    """An IGES 5.3 file of these entities, each as its parameters: fixed lines of 80 columns, section letter and number at their end."""
    head = f"1H,,1H;,1Hx,5Hx.igs,5Homnic,3H1.0,32,38,6,308,15,1Hx,1.0,{unit},1,0.01,15H20260101.000000,1.0E-6,1000.0,1Hx,1Hx,11,0;"
    sections = {"S": [""], "G": [head[at : at + 72] for at in range(0, len(head), 72)], "D": [], "P": []}
    for number, text in enumerate(entities):
        first, words = 2 * number + 1, text.split(",")
        kind, lines = words[0], [",".join(words[at : at + 6]) + "," for at in range(0, len(words), 6)]
        lines[-1] = lines[-1][:-1] + ";"
        place = len(sections["P"]) + 1
        sections["P"] += [f"{line:<64}{first:8d}" for line in lines]
        sections["D"].append("".join(f"{each:>8}" for each in (kind, place, 0, 0, 0, 0, 0, 0, "00000000")))
        sections["D"].append("".join(f"{each:>8}" for each in (kind, 0, 0, len(lines), 0, "", "", "", 0)))
    sections["T"] = ["".join(f"{letter}{len(lines):7d}" for letter, lines in sections.items())]
    return "".join(
        f"{line:<72}{letter}{number:7d}\n" for letter, lines in sections.items() for number, line in enumerate(lines, 1)
    ).encode()


LINE, ARC = "110,0.,0.,0.,10.,0.,0.", "100,0.,0.,0.,5.,0.,0.,5."
SHEET = "128,1,1,1,1,0,0,1,0,0,0.,0.,1.,1.,0.,0.,1.,1.,1.,1.,1.,1.,0.,0.,0.,10.,0.,0.,0.,20.,0.,10.,20.,0.,0.,1.,0.,1."


def test_an_iges_of_curves_is_lines_one_of_surfaces_faces_one_of_points_points(run):
    curves = run(mesh.from_step, iges(LINE, ARC), "IGES", "GLB").getvalue()
    told = json.loads(run(model_facts.facts, curves, "GLB", "metadata.json").getvalue())
    assert told["lines"] > 5 and told["faces"] == 0 and told["size"] == pytest.approx([0.01, 0.005, 0], abs=1e-6), "in metres"
    assert 0.005 < (drawn(run, curves)[..., 3] > 128).mean() < 0.2
    sheet = run(mesh.from_step, iges(SHEET), "IGES", "STL").getvalue()
    assert np.allclose(loaded(sheet, "stl").extents, [10, 20, 0]), "in millimetres"
    inches = run(mesh.from_step, iges(SHEET, unit="1,4HINCH"), "IGES", "GLB").getvalue()
    assert np.allclose(loaded(inches).extents, [0.254, 0.508, 0])
    corners = run(mesh.from_step, "mesh/sample.igs", "IGES", "GLB").getvalue()
    told = json.loads(run(model_facts.facts, corners, "GLB", "metadata.json").getvalue())
    assert (told["points"], told["size"]) == (4, [1, 1, 0]), "a square metre's"
    assert 0.002 < (drawn(run, corners)[..., 3] > 128).mean() < 0.05


def test_colours_of_points_and_faces_and_pictures_are_shown(run, made, zoo):
    red = drawn(run, made("lineTest.dxf"))
    seen = red[red[..., 3] == 255][:, :3].astype(int)
    assert (seen[:, 0] > 80).all() and seen[:, 1:].max() < 60
    textured = drawn(run, (zoo / "mesh/BoxTextured.glb").read_bytes())
    colours = {tuple(each // 64) for each in textured[textured[..., 3] == 255][:, :3]}
    assert {(1, 1, 0), (3, 3, 3)} <= colours and any(blue > red for red, _, blue in colours)
    older = run(mesh.from_assimp, "mesh/BoxTextured.gltf", "GLTF", "GLB").getvalue()
    assert np.abs(drawn(run, older).astype(int) - textured.astype(int)).mean() < 3


def test_what_is_half_clear_lets_what_is_behind_shine_through(run, made):
    seen = drawn(run, made("test_with_mat.amf"))
    assert {128, 192} <= {int(each) // 64 * 64 for each in seen[..., 3].ravel()}


def test_a_picture_has_the_size_that_is_asked_for(run, zoo):
    box = (zoo / "mesh/BoxTextured.glb").read_bytes()
    assert Image.open(run(views.picture, box, "GLB", "thumb.png")).size == (256, 256)
    assert Image.open(run(views.picture, box, "GLB", "thumb.jpg", width="90", height="50")).size == (90, 50)
    assert Image.open(run(views.picture, box, "GLB", "PNG", width="320")).size == (320, 240)
    on_blue = Image.open(run(views.picture, box, "GLB", "thumb.png", bg="0000ff")).convert("RGBA")
    assert on_blue.getpixel((1, 1)) == (0, 0, 255, 255)
    with pytest.raises(TooExpensive):
        run(views.picture, box, "GLB", "PNG", width="8000", height="8000")


def test_it_turns_once_around_and_stays_in_its_frame(run, tmp_path: Path, made):
    video = tmp_path / "v.webm"
    video.write_bytes(run(views.rotating, made("text3d.obj"), "GLB", "rotating.webm").getvalue())
    ask = (
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        "stream=codec_name,pix_fmt,width,height,nb_read_frames:format=duration,format_name",
    )
    told = subprocess.run((*ask, "-of", "json", video), check=True, capture_output=True).stdout
    stream, form = json.loads(told)["streams"][0], json.loads(told)["format"]
    assert (stream["codec_name"], stream["pix_fmt"], stream["width"], stream["height"]) == ("vp9", "yuv420p", 480, 360)
    assert (
        int(stream["nb_read_frames"]) == 48
        and float(form["duration"]) == pytest.approx(3, abs=0.1)
        and "webm" in form["format_name"]
    )
    raw = subprocess.run(
        ("ffmpeg", "-v", "error", "-i", video, "-f", "rawvideo", "-pix_fmt", "gray", "-"), check=True, capture_output=True
    ).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(48, 360, 480).astype(int)
    edge = np.concatenate([frames[:, :3].reshape(48, -1), frames[:, -3:].reshape(48, -1), frames[:, :, :3].reshape(48, -1)], axis=1)
    assert edge.min() > 150, "nothing dark touches the frame"
    assert all((frame < 150).mean() > 0.005 for frame in frames)
    steps = [np.abs(frames[at] - frames[(at + 1) % 48]).mean() for at in range(48)]
    assert 0.5 < steps[47] < 1.5 * max(steps[:47]) and min(steps) > 0.5, "every step turns it, and the last leads to the first"


def test_facts_are_those_of_the_model(run, made):
    told = json.loads(run(model_facts.facts, made("text3d.obj"), "GLB", "metadata.json").getvalue())
    assert (told["faces"], told["vertices"], told["watertight"], told["read_from"]) == (576, 298, True, "OBJ")
    assert told["size"] == pytest.approx([31.045, 7.7406, 3], abs=1e-3) and told["volume"] == pytest.approx(190.98, abs=0.01)
    holed = json.loads(run(model_facts.facts, made("sphereWithHole.stl"), "GLB", "metadata.json").getvalue())
    assert holed["watertight"] is False and holed["up_axis"] == "z" and "volume" not in holed
    assert json.loads(run(model_facts.facts, made("lineTest.dxf"), "GLB", "metadata.json").getvalue())["lines"] == 1


def test_a_heavy_model_becomes_slim_and_keeps_its_shape_and_colours(run, made):
    ball = trimesh.creation.icosphere(subdivisions=7, radius=5)
    assert len(ball.faces) > 3 * web_model.FACES
    shade = np.where(ball.vertices[:, 2:] > 0, (255, 0, 0, 255), (0, 0, 255, 255)).astype(np.uint8)
    ball.visual.vertex_colors = shade
    slim = run(web_model.slim, ball.export(file_type="glb"), "GLB", "web.glb").getvalue()
    after = loaded(slim)
    assert (
        len(slim) < web_model.BYTES
        and 0.8 * web_model.FACES < sum(len(each.faces) for each in after.dump()) <= 1.05 * web_model.FACES
    )
    assert np.allclose(after.extents, 10, atol=0.05)
    found = next(primitives.Model(*glb.taken_apart(slim)).primitives())
    right = (found.colours[:, 0] > 0.5) == (found.points[:, 2] > 0)
    assert right.mean() > 0.99
    box = made("box.fbx")
    assert glb.taken_apart(run(web_model.slim, box, "GLB", "web.glb").getvalue()) == glb.taken_apart(box)


def test_gltf_and_glb_are_one_thing_in_two_covers(run, zoo):
    box = (zoo / "mesh/BoxTextured.glb").read_bytes()
    text = run(glb.to_gltf, box, "GLB", "GLTF").getvalue()
    assert json.loads(text)["buffers"][0]["uri"].startswith("data:")
    back = run(glb.from_gltf, text, "GLTF", "GLB").getvalue()
    before, after = glb.taken_apart(box), glb.taken_apart(back)
    assert before[1].rstrip(b"\0") == after[1].rstrip(b"\0") and before[0]["meshes"] == after[0]["meshes"]


def test_no_file_beside_a_model_is_read(run, zoo, made):
    outside = [{"uri": "../../../../etc/passwd", "byteLength": 100}, {"uri": "http://127.0.0.1:9/b.bin", "byteLength": 9}]
    with pytest.raises(ConverterFailed, match="in another file"):
        run(glb.from_gltf, hostile_gltf(buffers=outside), "GLTF", "GLB")
    alone = made(b"mtllib /etc/passwd\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "OBJ")
    assert glb.count(*glb.taken_apart(alone)) == (3, 1) and b"root" not in alone
    described, binary = glb.taken_apart((zoo / "mesh/BoxTextured.glb").read_bytes())
    described["images"] = [{"uri": "/etc/passwd"}, {"uri": "http://127.0.0.1:9/x.png"}]
    kept, _ = glb.taken_apart(run(mesh_whole, glb.put_together(described, binary), "GLB", "GLB").getvalue())
    assert {image["uri"] for image in kept["images"]} == {glb.WHITE}
    assert drawn(run, glb.put_together(described, binary))[..., 3].max() == 255


def mesh_whole(call):
    described, binary = glb.opened(call)
    from omnic_stream.converters.warm.files import write

    write(call.output, glb.put_together(described, binary))


def hostile_gltf(**parts) -> bytes:
    described = {
        "asset": {"version": "2.0"},
        "buffers": [
            {"byteLength": 36, "uri": "data:;base64," + base64.b64encode(struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)).decode()}
        ],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
    }
    return json.dumps(described | parts).encode()


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"accessors": [{"componentType": 5126, "count": 2_000_000_000, "type": "VEC3"}]}, TooExpensive),
        ({"accessors": [{"bufferView": 0, "componentType": 5126, "count": 900, "type": "VEC3"}]}, Corrupt),
        ({"nodes": [{"mesh": 0, "children": [0]}]}, Corrupt),
        ({"nodes": [{"children": [i + 1] * 10} for i in range(8)] + [{"mesh": 0}]}, TooExpensive),
        ({"nodes": [{"mesh": 0, "children": [7]}]}, Corrupt),
        ({"bufferViews": [{"buffer": 3, "byteLength": 36}]}, Corrupt),
        ({"asset": {"version": "1.0"}}, ConverterFailed),
        ({"meshes": "x"}, Corrupt),
    ],
)
def test_a_description_that_lies_is_refused_before_it_is_expanded(run, parts, error):
    with pytest.raises(error):
        run(glb.from_gltf, hostile_gltf(**parts), "GLTF", "GLB")
    assert run(glb.from_gltf, hostile_gltf(), "GLTF", "GLB").getvalue()[:4] == b"glTF"


@pytest.mark.parametrize(
    ("content", "source", "error"),
    [
        (b"\0" * 80 + b"\xff\xff\xff\xff" + b"\0" * 50, "STL", Corrupt),
        (b"ply\nformat ascii 1.0\nelement vertex 900000000\nproperty float x\nend_header\n0\n", "PLY", Corrupt),
        (b"OFF\n999999999 999999999 0\n0 0 0\n", "OFF", Corrupt),
        (b"v 0 0 0\nf 1 2 999999999\n", "OBJ", Corrupt),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><COLLADA>&x;</COLLADA>', "DAE", Corrupt),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><X3D><Scene/></X3D>', "X3D", Corrupt),
        (b"#VRML V2.0 utf8\n" + b"Group { children [ " * 200, "VRML", TooExpensive),
        (b"#VRML V1.0 ascii\nCube {}", "VRML", ConverterFailed),
        (
            b"#VRML V2.0 utf8\nShape { geometry IndexedFaceSet { coord Coordinate { point [0 0 0] } coordIndex [0 5 7 -1] } }",
            "VRML",
            Corrupt,
        ),
        (b"<X3D><Scene/></X3D>", "X3D", ConverterFailed),
        (b"not a model", "FBX", Corrupt),
        (b"ISO-10303-21;\nnothing", "STEP", Corrupt),
        (b"# vtk DataFile Version 3.0\nx\nASCII\nDATASET NONSENSE\n", "VTK", Corrupt),
        (
            b"<amf><object id='0'><mesh><vertices/><volume><triangle><v1>0</v1><v2>1</v2><v3>2</v3></triangle></volume></mesh></object></amf>",
            "AMF",
            Corrupt,
        ),
    ],
)
def test_broken_models_are_told_apart_in_plain_words(run, content, source, error):
    with pytest.raises(error) as raised:
        run(READERS[source], content, source, "GLB")
    assert re.fullmatch(r"[A-Z][^/]*\.?", raised.value.message), "a sentence without paths"


def test_an_archive_that_unpacks_to_too_much_is_refused(run):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3D/3dmodel.model", b"<model>" + b" " * (257 << 20), compresslevel=1)
    with pytest.raises(TooExpensive, match="256 MiB"):
        run(mesh.from_trimesh, packed.getvalue(), "3MF", "GLB")


def test_lines_and_points_are_seen_too(run):
    lines = b"#VRML V2.0 utf8\nShape { geometry IndexedLineSet { coord Coordinate { point [0 0 0, 1 0 0, 1 1 1] } coordIndex [0 1 2 0 -1] } }"
    content = run(mesh.from_web3d, lines, "VRML", "GLB").getvalue()
    assert 0.002 < (drawn(run, content)[..., 3] > 128).mean() < 0.2
    with pytest.raises(ConverterFailed, match="no faces"):
        run(mesh_shapes.to_shape, content, "GLB", "STL")
    assert b"\nl 1 2" in run(mesh_shapes.to_shape, content, "GLB", "OBJ").getvalue()
    cloud = trimesh.PointCloud(np.random.default_rng(1).random((200, 3))).export(file_type="ply")
    dots = run(mesh.from_trimesh, cloud, "PLY", "GLB").getvalue()
    assert 0.01 < (drawn(run, dots)[..., 3] > 128).mean() < 0.3


def test_a_shape_of_vrml_stands_where_its_transforms_put_it():
    text = b"""#VRML V2.0 utf8
    DEF B Shape { appearance Appearance { material Material { diffuseColor 1 0 0 } } geometry Box { size 2 4 6 } }
    Transform { translation 10 0 0 rotation 0 0 1 1.5707963 scale 2 1 1 children USE B } # the second
    PROTO Nothing [ field SFFloat x 1 ] { Group {} } Script { url "javascript:x" field SFBool b TRUE }"""
    shown = vrml.scene(text)
    assert len(shown.geometry) == 1 and len(shown.graph.nodes_geometry) == 2
    assert np.allclose(shown.bounds, [[-1, -2, -3], [12, 2, 3]])


def test_an_edge_stays_an_edge_and_a_curve_a_curve():
    box, ball = trimesh.creation.box(), trimesh.creation.icosphere(subdivisions=3)
    hard = triangles.soup(box.vertices, box.faces, (1, 1, 1, 1))
    assert np.allclose(np.abs(hard.normals).max(axis=2), 1, atol=1e-5)
    soft = triangles.soup(ball.vertices, ball.faces, (1, 1, 1, 1))
    assert np.einsum("fci,fci->fc", soft.normals, soft.corners).min() > 0.999


def test_the_camera_holds_every_point_and_no_more():
    points = np.random.default_rng(3).random((500, 3)) * (4, 1, 2)
    for width, height in ((160, 90), (90, 160), (100, 100)):
        camera = scene.framed(points, width, height, 0.6, 0.4)
        seen = (points - camera.eye) @ camera.turn.T
        unit = 2 * np.tan(scene.FIELD / 2) / min(width, height)
        x, y = seen[:, 0] / -seen[:, 2] / unit, seen[:, 1] / -seen[:, 2] / unit
        filled = max(np.abs(x).max() / (width / 2), np.abs(y).max() / (height / 2))
        assert 0.88 < filled < 0.905
        # symmetric slack: as much room left as right, above as below
        assert abs(x.max() + x.min()) < 0.02 * width and abs(y.max() + y.min()) < 0.02 * height


def test_a_model_without_scenes_shows_all_its_nodes_once(run, zoo):
    described, binary = glb.taken_apart((zoo / "mesh/BoxTextured.glb").read_bytes())
    whole = json.loads(run(model_facts.facts, glb.put_together(dict(described), binary), "GLB", "metadata.json").getvalue())
    bare = glb.put_together({name: value for name, value in described.items() if name not in {"scene", "scenes"}}, binary)
    assert json.loads(run(model_facts.facts, bare, "GLB", "metadata.json").getvalue()) == whole
    made, _ = glb.taken_apart(run(web_model.slim, bare, "GLB", "web.glb").getvalue())
    assert made["scenes"][made["scene"]]["nodes"] == described["scenes"][0]["nodes"]
