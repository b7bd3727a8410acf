"""Meshes: every format to GLB, GLB to every format that is written, as still picture, turning, and in numbers.

GLB is the middle of all roads: it keeps materials, pictures and parts, and it is what viewers on the web open.
"""

from __future__ import annotations

from omnic_stream.converters.image import FITTING, PILLOW, STILLS, VIPS
from omnic_stream.model.contracts import Bound, Command, Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

NUMPY = Tool("numpy", pip="numpy", module=True)
TRIMESH = Tool("trimesh", pip="trimesh", module=True)
EMBREE = Tool("embreex", pip="embreex", module=True)
MESHIO = Tool("meshio", pip="meshio", module=True)
EARCUT = Tool("mapbox_earcut", pip="mapbox-earcut", module=True)
SIMPLIFY = Tool("fast_simplification", pip="fast-simplification", module=True)
CASCADIO = Tool("cascadio", pip="cascadio", module=True)
ASSIMP = Tool("assimp", debian="assimp-utils", probe=("version",))
OPENSCAD = Tool("openscad", debian="openscad", licence="GPL-2.0")
FFMPEG = Tool("ffmpeg", debian="ffmpeg", probe=("-version",))
FFMPEG_WHEEL = Tool("imageio_ffmpeg", pip="imageio-ffmpeg", module=True)
WARM = "omnic_stream.converters.warm"
LIMITS = Limits(seconds=120, stall=90, cpu=120, memory=3 * GiB, output=512 * MiB)
DRAWN = Limits(seconds=120, stall=60, cpu=120, memory=3 * GiB, output=64 * MiB)
PICTURED = (NUMPY, EMBREE, PILLOW, VIPS)

READ = ("STL", "OBJ", "PLY", "OFF", "3MF", "DAE")
"""What trimesh reads."""
ASSIMPED = ("FBX", "3DS", "LWO", "MS3D", "DIRECTX", "B3D", "ASE", "AC3D", "COB", "NFF", "OGEX")
SHAPES = ("STL", "OBJ", "PLY", "OFF", "3MF", "DAE")
"""What a GLB is written as. Most of them lose materials, all of them pictures and movement."""


def _to_glb(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    *tools: Tool,
    ms: float,
    specimen: str | None,
    loss: Loss = Loss.NONE,
    version: int = 1,
) -> Converter:
    return Converter(
        id=id,
        version=version,
        inputs=inputs,
        outputs=("GLB",),
        run=WarmCall(function=f"{WARM}.{function}", worker="heavy", limits=LIMITS, risky=ASSIMP in tools),
        cost=Cost(ms=ms, ms_per_mib=300),
        loss=loss,
        tools=tools,
        specimen=specimen,
        family="mesh",
    )


def scad_argv(bound: Bound) -> tuple[str, ...]:
    """openscad(1). A design reads files by ``include`` and ``import``: in its cage there are none but the fonts and libraries."""
    form = {"STL": "binstl", "OFF": "off", "SVG": "svg", "DXF": "dxf"}[bound.target]
    return ("openscad", "--quiet", "--export-format", form, "-o", bound.output, bound.input)


def _scad(id: str, outputs: tuple[str, ...], loss: Loss) -> Converter:
    return Converter(
        id=id,
        version=1,
        inputs=("SCAD",),
        outputs=outputs,
        run=Command(
            argv=scad_argv, limits=Limits(seconds=120, stall=120, cpu=110, memory=2 * GiB, address_space=None, output=256 * MiB)
        ),
        cost=Cost(ms=200, ms_per_mib=5000),
        loss=loss,
        tools=(OPENSCAD,),
        specimen="plate.scad" if "STL" in outputs else "badge.scad",
        family="mesh",
    )


def _rotating(id: str, encoder: Tool) -> Converter:
    return Converter(
        id=id,
        version=2,
        inputs=("GLB",),
        outputs=("rotating.webm",),
        run=WarmCall(function=f"{WARM}.views:rotating", worker="heavy", limits=DRAWN, risky=True),
        cost=Cost(ms=4000 if encoder is FFMPEG else 4300, ms_per_mib=400),
        loss=Loss.RASTERISES,
        tools=(NUMPY, EMBREE, encoder),
        specimen="pawn.glb",
        family="mesh",
    )


CONVERTERS: tuple[Converter, ...] = (
    _to_glb("mesh.read", "mesh:from_trimesh", READ, TRIMESH, ms=60, specimen="pawn.stl"),
    _to_glb("mesh.gltf", "glb:from_gltf", ("GLTF",), ms=20, specimen="pawn.gltf"),
    _to_glb(
        "mesh.cells", "mesh:from_cells", ("VTK", "VTU", "MSH"), TRIMESH, MESHIO, ms=80, specimen="beam.vtk", loss=Loss.RESTYLES
    ),
    _to_glb("mesh.web3d", "mesh:from_web3d", ("VRML", "X3D"), TRIMESH, EARCUT, ms=80, specimen="pawn.wrl"),
    _to_glb("mesh.amf", "mesh:from_amf", ("AMF",), TRIMESH, ms=60, specimen="pawn.amf"),
    _to_glb("mesh.assimp", "mesh:from_assimp", ASSIMPED, ASSIMP, ms=60, specimen="pawn.ac"),
    # most drawings are flat and have a road of their own to pictures; this is for solids in them
    _to_glb("mesh.dxf", "mesh:from_assimp", ("DXF",), ASSIMP, ms=60, specimen="pier.dxf", loss=Loss.RESTYLES),
    # what reads the same formats above (Blender's in blender.py) comes first; where it gives up, this is the second try
    _to_glb(
        "mesh.assimp-too",
        "mesh:from_assimp",
        (*READ, "GLTF", "X3D", "AMF", "BLEND"),
        ASSIMP,
        ms=400,
        specimen="pawn.stl",
        loss=Loss.RESTYLES,
    ),
    _to_glb(
        "mesh.step",
        "mesh:from_step",
        ("STEP", "IGES"),
        CASCADIO,
        TRIMESH,
        ms=300,
        specimen="wedge.step",
        loss=Loss.RESTYLES,
        version=2,
    ),
    Converter(
        id="mesh.step-shape",
        version=2,
        inputs=("STEP", "IGES"),
        outputs=("STL", "OBJ", "PLY", "OFF", "3MF"),
        run=WarmCall(function=f"{WARM}.mesh:from_step", worker="heavy", limits=LIMITS),
        cost=Cost(ms=350, ms_per_mib=300),
        loss=Loss.RESTYLES,
        tools=(CASCADIO, TRIMESH),
        specimen="wedge.step",
        family="mesh",
    ),
    _scad("mesh.scad", ("STL", "OFF"), Loss.NONE),
    # a flat design; where it is a solid, openscad says so and the road by STL is taken
    _scad("mesh.scad-flat", ("SVG",), Loss.EXTRACTS),
    Converter(
        id="mesh.shape",
        version=2,
        inputs=("GLB",),
        outputs=SHAPES,
        run=WarmCall(function=f"{WARM}.mesh_shapes:to_shape", worker="heavy", limits=LIMITS),
        cost=Cost(ms=60, ms_per_mib=200),
        loss=Loss.RESTYLES,
        tools=(TRIMESH,),
        specimen="pawn.glb",
        family="mesh",
    ),
    Converter(
        id="mesh.gltf-whole",
        version=2,
        inputs=("GLB",),
        outputs=("GLTF",),
        run=WarmCall(function=f"{WARM}.glb:to_gltf", worker="heavy", limits=LIMITS),
        cost=Cost(ms=20, ms_per_mib=30),
        specimen="pawn.glb",
        family="mesh",
    ),
    Converter(
        id="mesh.web",
        version=3,
        inputs=("GLB",),
        outputs=("web.glb",),
        run=WarmCall(function=f"{WARM}.web_model:slim", worker="heavy", limits=LIMITS),
        cost=Cost(ms=100, ms_per_mib=500),
        loss=Loss.REENCODES,
        tools=(NUMPY, SIMPLIFY, PILLOW),
        specimen="pawn.glb",
        family="mesh",
    ),
    Converter(
        id="mesh.picture",
        version=2,
        inputs=("GLB",),
        outputs=("PNG", *STILLS),
        run=WarmCall(function=f"{WARM}.views:picture", worker="heavy", limits=DRAWN),
        cost=Cost(ms=400, ms_per_mib=500),
        loss=Loss.RASTERISES,
        takes=FITTING,
        tools=PICTURED,
        specimen="pawn.glb",
        family="mesh",
    ),
    _rotating("mesh.rotating", FFMPEG),
    _rotating("mesh.rotating-wheel", FFMPEG_WHEEL),
    Converter(
        id="mesh.facts",
        version=2,
        inputs=("GLB",),
        outputs=("metadata.json",),
        run=WarmCall(function=f"{WARM}.model_facts:facts", worker="heavy", limits=LIMITS),
        cost=Cost(ms=60, ms_per_mib=200),
        loss=Loss.REENCODES,
        tools=(NUMPY,),
        specimen="pawn.glb",
        family="mesh",
    ),
)
