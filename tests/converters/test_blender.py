"""Blender's scenes: shapes, materials, the camera's view; and nothing of the Python that a file brings is run.

Collected where Blender is installed (``collect_ignore`` of the conftest): it weighs a gigabyte, so no profile of omnic-stream brings it, and its
absence is no fault of an installation as that of other tools is.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters.blender import CONVERTERS
from omnic_stream.converters.warm import blender, glb
from omnic_stream.model.contracts import Running, Work
from omnic_stream.model.errors import ConverterFailed
from omnic_stream.runner import open_runner

pytestmark = pytest.mark.full
SAMPLES = Path(next(iter(samples.__path__)))
BEACON = (SAMPLES / "beacon.blend").read_bytes()
Runs = Callable[..., io.BytesIO]
BITES = """
import bpy, sys
bpy.ops.wm.open_mainfile(filepath=sys.argv[-1], load_ui=False, use_scripts=True)
bpy.context.view_layer.update()
print("\\nFOUND", *(f"{each.name} {each.matrix_world.translation.x:g}" for each in bpy.data.objects if each.type == "MESH"))
"""


def described(content: bytes) -> dict[str, Any]:
    return glb.taken_apart(content)[0]


def test_a_model_has_its_shapes_and_materials(run: Runs):
    found = described(run(blender.to_glb, BEACON, "BLEND", "GLB").getvalue())
    (node,) = (each for each in found["nodes"] if "mesh" in each)
    assert node["name"] == "Beacon"
    (part,) = found["meshes"][0]["primitives"]
    assert found["accessors"][part["indices"]]["count"] == 3 * 12 * 3  # three cubes of twelve triangles: the array is applied
    low, high = (found["accessors"][part["attributes"]["POSITION"]][name] for name in ("min", "max"))
    assert [round(b - a, 3) for a, b in zip(low, high, strict=True)] == [2, 7, 2]  # y is up
    surface = found["materials"][part["material"]]["pbrMetallicRoughness"]
    assert surface["baseColorFactor"] == pytest.approx([0.8, 0.12, 0.02, 1])
    assert (surface["metallicFactor"], surface["roughnessFactor"]) == (pytest.approx(0.25), pytest.approx(0.6))


def test_an_old_file_too(run: Runs):
    found = described(run(blender.to_glb, "mesh/MirroredCube_252.blend", "BLEND", "GLB").getvalue())
    assert len(found["meshes"]) == 2
    corners = [found["accessors"][part["indices"]]["count"] for mesh in found["meshes"] for part in mesh["primitives"]]
    assert [count // 3 for count in corners] == [12, 96]  # a cube, and one that is mirrored by all three axes


def test_a_still_is_what_the_camera_sees(run: Runs):
    made = Image.open(run(blender.still, BEACON, "BLEND", "thumb.png", width="120", height="120")).convert("RGB")
    assert made.size == (120, 90)
    red, green, blue = made.getpixel((60, 45))  # type: ignore[misc]
    assert red > 150 > green > blue  # the cube in the middle
    red, green, blue = made.getpixel((5, 45))  # type: ignore[misc]
    assert blue > 150 > green > red  # what is behind


def test_python_that_a_file_brings_is_not_run(run: Runs, zoo: Path, tmp_path: Path):
    scene = zoo / "mesh/script.blend"
    (tmp_path / "bites.py").write_text(BITES)
    argv = ("blender", "--background", "--factory-startup", "--python", str(tmp_path / "bites.py"), "--", str(scene))
    told = subprocess.run(argv, check=True, capture_output=True, timeout=120).stdout
    assert b"\nFOUND ScriptRan 7\n" in told  # it would, where it may
    found = described(run(blender.to_glb, scene.read_bytes(), "BLEND", "GLB").getvalue())
    (node,) = (each for each in found["nodes"] if "mesh" in each)
    assert (node["name"], node.get("translation", [0, 0, 0])) == ("Beacon", [0, 0, 0])
    made = Image.open(run(blender.still, scene.read_bytes(), "BLEND", "thumb.png", width="60", height="60")).convert("RGB")
    beacon = Image.open(run(blender.still, BEACON, "BLEND", "thumb.png", width="60", height="60")).convert("RGB")
    assert max(abs(a - b) for a, b in zip(made.getpixel((30, 22)), beacon.getpixel((30, 22)), strict=True)) < 12  # type: ignore[arg-type]


def test_what_cannot_be_made_is_told_in_a_sentence(run: Runs, zoo: Path, tmp_path: Path):
    argv = (
        "blender",
        "--background",
        "--factory-startup",
        "--python",
        str(zoo / "make_scenes.py"),
        "--",
        str(tmp_path / "b.blend"),
    )
    subprocess.run((*argv, "blind"), check=True, capture_output=True, timeout=120)
    with pytest.raises(ConverterFailed, match=r"^The scene has no camera\.$"):
        run(blender.still, (tmp_path / "b.blend").read_bytes(), "BLEND", "PNG")
    for broken in (b"BLENDER-v304 and nothing more", BEACON[: len(BEACON) // 2], b"hello"):
        with pytest.raises(ConverterFailed, match=r"^The scene is broken"):
            run(blender.to_glb, broken, "BLEND", "GLB")


async def test_in_its_cage_it_tells_how_far_it_is(tmp_path: Path):
    told: list[float] = []

    def report(state: object) -> None:
        if isinstance(state, Running) and state.fraction is not None:
            told.append(state.fraction)

    async with open_runner(slots=1) as runner:
        for converter, target in zip(CONVERTERS, ("GLB", "preview.png"), strict=True):
            told.clear()
            (tmp_path / target).mkdir()
            work = Work(
                converter=converter,
                input=SAMPLES / "beacon.blend",
                source="BLEND",
                target=target,
                arguments={"width": "200", "height": "200"} if target != "GLB" else {},
                folder=tmp_path / target,
                output="made",
            )
            await runner.run(work, priority=lambda: 0, report=report)
    assert described((tmp_path / "GLB/made").read_bytes())["materials"]
    with Image.open(tmp_path / "preview.png/made") as picture:
        assert picture.size == (200, 150)
    assert told[-1] == 0.95
    assert told == sorted(told)


def test_the_progress_of_cycles():
    read = blender.sample_progress()
    assert (
        read(b"Fra:1 Mem:21.36M (Peak 31.91M) | Time:00:04.66 | Mem:6.64M, Peak:6.64M | Scene, RenderLayer | Sample 24/48\n")
        == 0.475
    )
    assert read(b"Fra:1 Mem:9.63M | Scene, RenderLayer | Updating Device\n") is None
