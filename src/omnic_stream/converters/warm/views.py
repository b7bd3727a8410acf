"""A model as a picture, and turning: what a GLB shows made into triangles that ``scene.py`` draws."""

# pyright: reportArgumentType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from typing import Any, Final

from omnic_stream.converters.warm import glb, image, pixels, programs
from omnic_stream.converters.warm import scene as drawing
from omnic_stream.converters.warm.primitives import Model, Primitive
from omnic_stream.converters.warm.triangles import NEUTRAL, Soup, balls, bars, joined, soup
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SIZES: Final = {"thumb": (256, 256), "icon": (64, 64), "preview": (1280, 960)}
"""By the first word of a target such as ``thumb.png``, where no size is asked for."""
USUAL: Final = (1024, 768)
MOST_PIXELS: Final = 4_000_000
"""Of a picture of a model: some ten seconds of rays."""
FRAMES: Final = 48
RATE: Final = 16
VIDEO: Final = (480, 360)
MOST_TEXTURE: Final = 1024
"""Pixels of a texture's longer side, once it is made smaller."""
MOST_LINES = MOST_POINTS = 100_000
NOTHING: Final = "There is nothing to see in this model: it has neither faces nor lines nor points."
AZIMUTH: Final = 0.6
FILMS: Final = frozenset({"rotating.webm"})


def picture(call: Call) -> None:
    """GLB to PNG, or to a thumb."""
    draw(call, stage_of(call))


def draw(call: Call, stage: drawing.Stage, *, azimuth: float = AZIMUTH, elevation: float | None = None) -> None:
    """A still of the size that is asked for, clear where nothing is."""
    from PIL import Image

    width, height = size_of(call, SIZES.get(call.target.partition(".")[0], USUAL))
    points = stage.points
    up = drawing.elevation_for(points) if elevation is None else elevation
    made = stage.picture(drawing.framed(points, width, height, azimuth, up))
    call.report(0.9)
    image.picture(call, Image.fromarray(made), call.target.rpartition(".")[2].upper(), width=width, height=height)


def size_of(call: Call, usual: tuple[int, int]) -> tuple[int, int]:
    """The asked for; one side alone brings the other in the usual shape. Raises TooExpensive."""
    width, height = (int(call.arguments.get(side, "0")) for side in ("width", "height"))
    if not width and not height:
        width, height = usual
    width, height = width or round(height * usual[0] / usual[1]), height or round(width * usual[1] / usual[0])
    pixels.check_size(max(width, 1), max(height, 1))
    if width * height > MOST_PIXELS:
        raise TooExpensive(f"A picture of a model may have {MOST_PIXELS // 1_000_000} million pixels.")
    return max(width, 1), max(height, 1)


def rotating(call: Call) -> None:
    """GLB to a video of one whole turn (VP9 in WebM)."""
    turning(call, stage_of(call), _opening(call))


def turning(call: Call, stage: drawing.Stage, start: float = 0.02) -> None:
    """``start``: the fraction that is done already."""
    points = stage.points
    cameras = drawing.orbit(points, *VIDEO, drawing.elevation_for(points), FRAMES)
    ground = _ground(*VIDEO)
    film(
        call,
        (over(stage.picture(camera), ground) for camera in cameras),
        VIDEO,
        len(cameras),
        lambda share: call.report(start + (0.95 - start) * share),
    )


def _ground(width: int, height: int) -> Any:
    """A soft light in the middle of a grey that is neither the page's white nor its black. (height, width, 3), 0 to 255."""
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    far = np.hypot((x - width / 2) / width, (y - height * 0.45) / height)[..., None]
    return np.array([238, 241, 245]) - np.clip(far, 0, 0.75) * np.array([62, 58, 50])


def over(frame: Any, ground: Any) -> Any:
    import numpy as np

    alpha = frame[..., 3:].astype(np.float32) / 255
    return np.round(frame[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)


def film(call: Call, frames: Iterable[Any], size: tuple[int, int], count: int, report: Callable[[float], None]) -> None:
    """Encode RGB frames as they come. Raises ConverterFailed with the encoder's last words."""
    argv = (
        *(_ffmpeg(), "-v", "error", "-y", "-threads", "2"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(RATE), "-i", "pipe:0"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
        *("-c:v", "libvpx-vp9", "-crf", "32", "-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-g", str(count)),
        *("-an", "-map_metadata", "-1", "-f", "webm", programs.path_of(call.output)),
    )
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=(call.output,)
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        try:
            for number, frame in enumerate(frames, 1):
                process.stdin.write(frame.tobytes())
                report(number / count)
            process.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            process.kill()
            raise
        said = process.stderr.read(4096).decode("utf-8", "replace").strip().splitlines()
    if process.returncode:
        raise ConverterFailed(f"The video could not be written: {said[-1]}" if said else "The video could not be written.")


def _ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found is None:
        import imageio_ffmpeg

        found = imageio_ffmpeg.get_ffmpeg_exe()
    return found


# --- a model as triangles ---------------------------------------------------------------------------------------------------


def stage_of(call: Call) -> drawing.Stage:
    """The call's GLB, ready to be drawn. Raises ConverterFailed where it shows nothing, TooExpensive, Corrupt."""
    share = _opening(call)
    model = Model(*glb.opened(call))
    call.report(share / 2)
    made = triangles(model)
    call.report(share)
    return drawing.Stage(made)


def _opening(call: Call) -> float:
    """The part that opening the model takes: 3 MB take a tenth of the time that their film takes."""
    return min(0.02 + os.fstat(call.input).st_size / (40 * MiB), 0.3) if call.target in FILMS else 0.2


def triangles(model: Model) -> Soup:
    import numpy as np

    found = list(model.primitives())
    used = [each.points[np.unique(each.faces)] if each.faces is not None else each.points for each in found]
    used = [points for points in used if len(points)]
    if not used:
        raise ConverterFailed(NOTHING)
    low, high = np.min([each.min(axis=0) for each in used], axis=0), np.max([each.max(axis=0) for each in used], axis=0)
    thin = float(np.linalg.norm(high - low)) * 0.004 or 1.0
    textures: dict[int, Any] = {}
    made = [_drawn(each, thin, model, textures) for each in found]
    made = [each for each in made if len(each.corners)]
    if not made:
        raise ConverterFailed(NOTHING)
    return joined(made)


def _drawn(each: Primitive, thin: float, model: Model, textures: dict[int, Any]) -> Soup:
    import numpy as np

    colour, texture = _material(each, model, textures)
    if each.faces is None:
        return _points(each.points, each.colours if each.colours is not None else colour[None], thin)
    if each.faces.shape[1] == 2:
        if len(each.faces) > MOST_LINES:
            raise TooExpensive(f"The model has more than {MOST_LINES} lines.")
        paint = each.colours[each.faces[:, 0]] * colour if each.colours is not None else colour
        return bars(each.points[each.faces[:, 0]], each.points[each.faces[:, 1]], thin, paint)
    corners = colour if each.colours is None else np.clip(each.colours, 0, 1)[each.faces] * colour
    return soup(each.points, each.faces, corners, uv=each.uv if texture is not None else None, texture=texture)


def _points(points: Any, colours: Any, thin: float) -> Soup:
    import numpy as np

    step = max(1, -(-len(points) // MOST_POINTS))
    few = len(points) < 500
    shown = points[::step]
    radii = np.full(len(shown), thin * (4.0 if len(points) < 50 else 2.0 if few else 1.0))
    return balls(shown, radii, colours[::step] if len(colours) == len(points) else colours[:1], detail=2 if few else 0)


def _material(each: Primitive, model: Model, textures: dict[int, Any]) -> tuple[Any, Any]:
    """The colour that everything is multiplied by, and the texture. What says nothing of its colour gets ours."""
    import numpy as np

    surface = each.material.get("pbrMetallicRoughness") or {}
    mode = each.material.get("alphaMode", "OPAQUE")
    number = (surface.get("baseColorTexture") or {}).get("index")
    sheet = model.sheet(number) if number is not None and each.uv is not None else None
    if "baseColorFactor" in surface:
        colour = np.asarray(surface["baseColorFactor"], np.float32)
    elif number is not None or each.colours is not None:
        colour = np.ones(4, np.float32)
    else:
        colour = np.array([*NEUTRAL, 1], np.float32)
    if mode == "OPAQUE":
        colour = np.array([*colour[:3], 1], np.float32)
    if sheet is None:
        return colour, None
    if number not in textures:
        textures[number] = _texture(sheet, mode, float(each.material.get("alphaCutoff", 0.5)))
    return colour, textures[number]


def _texture(sheet: Any, mode: str, cutoff: float) -> Any:
    import numpy as np

    pixels.check_size(*sheet.size)
    try:
        sheet.draft("RGB", (MOST_TEXTURE, MOST_TEXTURE))
        sheet.thumbnail((MOST_TEXTURE, MOST_TEXTURE))
        made = np.asarray(sheet.convert("RGBA")).copy()
    except (OSError, ValueError, SyntaxError) as error:
        raise Corrupt("A picture on the model is broken or cut short.") from error
    if mode == "OPAQUE":
        made[..., 3] = 255
    elif mode == "MASK":
        made[..., 3] = np.where(made[..., 3] >= cutoff * 255, 255, 0)
    return made
