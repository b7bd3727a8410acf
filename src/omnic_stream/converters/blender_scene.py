"""What runs inside Blender (``--python``): a file of its own, which imports nothing of omnic_stream.

Words after ``--``: ``model IN OUT`` writes a GLB; ``still IN OUT LONGEST SAMPLES`` has the scene's camera see it. Where that cannot be, one
sentence stands in the file ``reason`` of the working folder.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

PATIENCE = 60
"""Seconds that a picture may take; what it is by then is what it will be."""
SMOOTHEST = 2
"""Times that a surface is divided: a file may ask for more than a machine can hold."""


def main(words: list[str]) -> None:
    os.dup2(2, 1)  # Blender tells its progress on standard output, of which nobody reads a line before its end
    bpy: Any = importlib.import_module("bpy")
    task, given, made, *more = words
    try:
        # what a file brings of Python is not run: neither its texts nor the expressions of its drivers
        bpy.ops.wm.open_mainfile(filepath=given, load_ui=False, use_scripts=False)
    except RuntimeError:
        give_up("The scene is broken, or of a newer Blender than the one that is installed.")
    scene = bpy.context.scene
    scene.render.use_simplify = True
    scene.render.simplify_subdivision = min(scene.render.simplify_subdivision, SMOOTHEST)
    scene.render.simplify_subdivision_render = min(scene.render.simplify_subdivision_render, SMOOTHEST)
    if task == "model":
        bpy.ops.export_scene.gltf(filepath=made, export_format="GLB", export_apply=True, use_renderable=True)
    else:
        still(bpy, scene, made, int(more[0]), int(more[1]))


def still(bpy: Any, scene: Any, made: str, longest: int, samples: int) -> None:
    if scene.camera is None:
        give_up("The scene has no camera.")
    render = scene.render
    scale = longest / max(render.resolution_x, render.resolution_y, 1)
    render.resolution_x, render.resolution_y = (max(4, round(side * scale)) for side in (render.resolution_x, render.resolution_y))
    render.resolution_percentage = 100
    render.use_border = False
    # Cycles, for the others need a graphics card; Debian's is built without what takes noise away
    render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples, cycles.time_limit = samples, PATIENCE
    cycles.use_adaptive_sampling = True
    cycles.use_denoising = False
    cycles.shading_system = False  # surfaces that are programs
    # nodes that write files of their own, clips on a time line
    render.use_compositing = render.use_sequencer = render.use_stamp = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    render.filepath = made
    bpy.ops.render.render(write_still=True)


def give_up(sentence: str) -> None:
    Path("reason").write_text(sentence, encoding="utf-8")
    sys.exit(1)


main(sys.argv[sys.argv.index("--") + 1 :])
