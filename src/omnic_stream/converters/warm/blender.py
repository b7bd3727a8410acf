"""Blender inside a warm worker's cage: a scene to GLB, and as its camera sees it. ``converters/blender_scene.py`` is what it is told to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from omnic_stream import converters
from omnic_stream.converters.warm import glb, image, pixels, programs
from omnic_stream.converters.warm.files import write
from omnic_stream.model.contracts import Call, ProgressReader
from omnic_stream.model.errors import ConverterFailed, TooExpensive

SCRIPT: Final = Path(next(iter(converters.__path__))) / "blender_scene.py"
LONGEST: Final = 640
"""Pixels of a picture's longer side where no size is asked for."""
MOST: Final = 2048
SAMPLES: Final = 24
"""Rays for each pixel."""
OPTIONS: Final = (
    "--background",
    "--factory-startup",
    "--disable-autoexec",
    "-noaudio",
    "--threads",
    "2",
    "--python-exit-code",
    "1",
)


def to_glb(call: Call) -> None:
    """The shapes as they would be rendered, with their materials, pictures and movements."""
    with programs.scratch() as folder:
        made = _told(call, folder, "model", "out.glb")
        if made.stat().st_size > glb.MOST_BYTES:
            raise TooExpensive(f"The model is larger than {glb.MOST_BYTES >> 20} MiB once it is unpacked.")
        content = made.read_bytes()
    call.report(0.9)
    described, binary = glb.taken_apart(content)
    glb.count(described, binary)
    glb.without_references(described)
    described["asset"]["extras"] = {"up": "z", "source": call.source}  # Blender's own; its writer has turned it
    write(call.output, glb.put_together(described, binary))


def still(call: Call) -> None:
    """As the scene's camera sees it, by rays."""
    asked = image.boxed(call.target, call.arguments)
    sides = [int(asked[name]) for name in ("width", "height") if name in asked]
    longest = min(max(sides, default=LONGEST), MOST)
    with programs.scratch() as folder:
        made = _told(call, folder, "still", "out.png", str(longest), str(SAMPLES))
        with pixels.reading(made.read_bytes()) as picture:
            picture.load()
            image.picture(call, picture, image.kind_of(call.target))


def _told(call: Call, folder: Path, task: str, name: str, *more: str) -> Path:
    """The file that Blender made of the call's input."""
    given, made, reason = programs.copied(call, folder, "in.blend"), folder / name, folder / "reason"
    argv = ("blender", *OPTIONS, "--python", str(SCRIPT), "--", task, str(given), str(made), *more)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
    programs.run(argv, folder=folder, env=env, progress=sample_progress(), report=call.report, good=range(-64, 256))
    if made.exists():
        return made
    raise ConverterFailed(reason.read_text("utf-8") if reason.exists() else "Blender could not convert this scene.")


def sample_progress() -> ProgressReader:
    """Cycles says ``Fra:1 Mem:21.36M ... | Sample 16/32``."""

    def read(line: bytes) -> float | None:
        found = re.search(rb"\| Sample (\d+)/(\d+)", line)
        return min(1.0, int(found[1]) / int(found[2])) * 0.95 if found and int(found[2]) else None

    return read
