"""Video of the zoo: stills that show what is there, files that browsers play, streams; and files that would make ffmpeg read others."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from converters.media_support import decoded, made, probed
from omnic_stream.converters.warm import audio, media, stills, video
from omnic_stream.model.errors import ConverterFailed, OmnicError, TooExpensive

Runs = Callable[..., io.BytesIO]
SAMPLES = files("omnic_stream").joinpath("samples")
BARS = ("clip.mov", "clip.webm", "clip.ts", "clip.3gp", "clip.m4v", "clip.vob", "clip.mxf")
"""The zoo's own two seconds of ffmpeg's ``testsrc2``: red, green, yellow, blue, magenta and cyan bars."""
WORDS = ("test.mp4", "test.mkv", "test.flv", "test.avi", "test.wmv", "test.3g2", "test.mpg")
"""White letters on black."""
SOURCES = {"ts": "MPEGTS", "oggtheora": "OGV"}
COLOURS = ((255, 0, 0), (0, 255, 0), (255, 255, 0), (0, 0, 255), (255, 0, 255), (0, 255, 255))


def source(name: str) -> str:
    extension = name.rpartition(".")[2]
    return SOURCES.get(extension, extension.upper())


def near(found: Any, wanted: tuple[int, int, int], off: int = 40) -> bool:
    return all(abs(a - b) <= off for a, b in zip(found[:3], wanted, strict=True))


def has_bars(picture: Image.Image) -> bool:
    """Each of the six colours somewhere along the lower quarter, where little passes over them."""
    row = [picture.convert("RGB").getpixel((x, int(picture.height * 0.97))) for x in range(picture.width)]
    return sum(any(near(pixel, colour) for pixel in row) for colour in COLOURS) >= 5


# --- stills -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BARS)
def test_thumb_has_the_colours(run: Runs, name: str) -> None:
    picture = Image.open(run(stills.thumb, f"video/{name}", source(name), "thumb.png"))
    assert picture.size == (160, 120)
    assert has_bars(picture)


@pytest.mark.parametrize("name", [*WORDS, "sample.oggtheora"])
def test_thumb_is_not_blank(run: Runs, name: str) -> None:
    picture = Image.open(run(stills.thumb, f"video/{name}", source(name), "thumb.png"))
    assert max(picture.size) == (192 if name == "test.3g2" else 256)
    assert ImageStat.Stat(picture.convert("L")).stddev[0] > 10
    assert picture.convert("L").getextrema()[1] > 150


def test_a_moment_and_a_number(run: Runs) -> None:
    """The beacon's light is on its left at first, on its right at last."""
    clip = SAMPLES.joinpath("beacon.mp4").read_bytes()
    early, late = (Image.open(run(stills.frame, clip, "MP4", "PNG", t=t)).convert("RGB") for t in ("0.1", "1.9"))
    assert near(early.getpixel((48, 60)), (220, 60, 50))
    assert near(early.getpixel((4, 60)), (16, 32, 72))
    assert near(early.getpixel((70, 19)), (16, 32, 72))
    assert near(late.getpixel((70, 19)), (255, 240, 160)), "the light has turned"
    third = Image.open(run(stills.frame, clip, "MP4", "PNG", page="3")).convert("RGB")
    assert (
        ImageStat.Stat(third).mean
        == ImageStat.Stat(Image.open(run(stills.frame, clip, "MP4", "PNG", t="0.166")).convert("RGB")).mean
    )
    with pytest.raises(ConverterFailed, match="lasts 2 s"):
        run(stills.frame, clip, "MP4", "PNG", t="99")
    with pytest.raises(ConverterFailed, match="no frame 500"):
        run(stills.frame, clip, "MP4", "PNG", page="500")


def test_a_still_looks_past_black(run: Runs, tmp_path: Path) -> None:
    """Twenty seconds black, then bars, one keyframe at the start."""
    words = ("-f", "lavfi", "-i", "color=black:s=320x240:r=10:d=20", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=20")
    dark = made(
        tmp_path, "dark.mp4", *words, "-filter_complex", "[0][1]concat", "-g", "250", "-preset", "ultrafast", "-pix_fmt", "yuv420p"
    )
    picture = Image.open(run(stills.frame, dark, "MP4", "poster.jpg"))
    assert picture.format == "JPEG"
    assert picture.size == (320, 240)
    assert has_bars(picture)


@pytest.mark.parametrize(("size", "matrix"), [("1280x720", "bt709"), ("640x360", "bt601")])
def test_colours_of_a_video_that_does_not_tell_its_matrix(run: Runs, tmp_path: Path, size: str, matrix: str) -> None:
    """As players take them: high definition by BT.709, the rest by BT.601; what is made of it says which."""
    words = ("-f", "lavfi", "-i", f"color=0x20c040:s={size}:r=5:d=0.4,format=gbrp,scale=out_color_matrix={matrix},format=yuv420p")
    plain = made(tmp_path, "plain.mp4", *words, "-qp", "4", "-preset", "ultrafast")
    assert near(Image.open(run(stills.frame, plain, "MP4", "PNG")).getpixel((50, 50)), (32, 192, 64), 2)
    moving = Image.open(run(video.animation, plain, "MP4", "GIF")).convert("RGB")
    assert near(moving.getpixel((50, 50)), (32, 192, 64), 6)
    clip = run(video.clip, plain, "MP4", "clip.mp4").getvalue()
    assert probed(clip)["video"]["color_space"] == ("bt709" if matrix == "bt709" else "smpte170m")
    assert near(decoded(clip, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24")[9000:9003], (32, 192, 64), 6)


def test_turned_and_stretched_videos_are_shown_upright(run: Runs, tmp_path: Path) -> None:
    words = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=5:d=1", "-vf", "setsar=2", "-pix_fmt", "yuv420p")
    wide = made(tmp_path, "wide.mp4", *words)
    assert Image.open(run(stills.frame, wide, "MP4", "PNG")).size == (320, 120)
    assert probed(run(video.web, wide, "MP4", "web.mp4").getvalue())["video"]["width"] == 320
    turned = made(tmp_path, "turned.mp4", "-i", str(tmp_path / "wide.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90")
    assert Image.open(run(stills.frame, turned, "MP4", "PNG")).size == (120, 320)
    found = probed(run(video.web, turned, "MP4", "web.webm").getvalue())["video"]
    assert (found["width"], found["height"]) == (120, 320)


def test_thumb_fits_as_asked(run: Runs) -> None:
    picture = Image.open(run(stills.thumb, "video/test.mpg", "MPG", "thumb.jpg", width="100", height="100", fit="crop"))
    assert (picture.format, picture.size) == ("JPEG", (100, 100))
    assert Image.open(run(stills.thumb, "video/test.mpg", "MPG", "preview.webp")).size == (1280, 720)


def test_sound_alone_is_shown_as_what_is_heard(run: Runs) -> None:
    picture = Image.open(run(stills.thumb, "audio/finished-3.webm", "WEBM", "thumb.png"))
    assert picture.getpixel((40, 128)) == (*audio.INK, 255)
    with pytest.raises(ConverterFailed, match="only sound"):
        run(stills.frame, "audio/finished-3.webm", "WEBM", "poster.jpg")


def test_sheet(run: Runs) -> None:
    picture = Image.open(run(stills.sheet, "video/clip.mov", "MOV", "sheet.jpg"))
    tile, gap = (320, 240), stills.GAP
    assert picture.size == (4 * (tile[0] + gap) + gap, 4 * (tile[1] + gap) + gap)
    for number in range(stills.TILES):
        left, top = gap + number % 4 * (tile[0] + gap), gap + number // 4 * (tile[1] + gap)
        assert near(picture.getpixel((left + 15, top + 140)), (255, 0, 0), 90) or number > 4
        assert ImageStat.Stat(picture.crop((left, top, left + tile[0], top + tile[1])).convert("L")).stddev[0] > 30


def test_sheet_of_a_long_video_is_sought(run: Runs, tmp_path: Path) -> None:
    long = made(
        tmp_path,
        "l.mp4",
        "-f",
        "lavfi",
        "-i",
        "testsrc=s=64x48:r=5:d=400",
        "-g",
        "25",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
    )
    picture = Image.open(run(stills.sheet, long, "MP4", "sheet.jpg", width="662"))
    assert picture.size == (662, 500)


# --- for the web ------------------------------------------------------------------------------------------------------------


def first_boxes(content: bytes) -> list[bytes]:
    """The names of an ISO file's outer boxes."""
    at, names = 0, list[bytes]()
    while at + 8 <= len(content):
        names.append(content[at + 4 : at + 8])
        at += max(8, int.from_bytes(content[at : at + 4], "big"))
    return names


@pytest.mark.parametrize(
    ("name", "seconds"),
    [(name, 2.0) for name in BARS] + [(name, 1.11 if name == "test.3g2" else 1.0) for name in WORDS] + [("sample.oggtheora", 5.6)],
)
def test_mp4_of_the_zoo(run: Runs, name: str, seconds: float) -> None:
    content = run(video.web, f"video/{name}", source(name), "web.mp4").getvalue()
    found = probed(content)
    assert (found["video"]["codec_name"], found["video"]["pix_fmt"]) == ("h264", "yuv420p")
    assert found.get("audio", {"codec_name": "aac"})["codec_name"] in {"aac", "mp3"}
    assert found["duration"] == pytest.approx(seconds, rel=0.1 if seconds < 2 else 0.05)
    boxes = first_boxes(content)
    assert boxes.index(b"moov") < boxes.index(b"mdat")


@pytest.mark.parametrize("name", ["clip.mov", "clip.mxf", "test.avi", "test.wmv", "test.flv"])
def test_webm_of_the_zoo(run: Runs, name: str) -> None:
    found = probed(run(video.web, f"video/{name}", source(name), "WEBM").getvalue())
    assert found["video"]["codec_name"] == "vp9"
    assert found.get("audio", {"codec_name": "opus"})["codec_name"] == "opus"
    assert ("audio" in found) == (name != "clip.mxf")


def test_what_browsers_play_is_packed_anew(run: Runs) -> None:
    """The samples of H.264 and AAC are the same bytes, and the index comes first."""
    kept = probed(run(video.web, "video/clip.mov", "MOV", "MP4").getvalue())
    assert [stream["codec_name"] for stream in kept["streams"]] == ["h264", "aac"]
    frames = [
        decoded(content, "-map", "0:v", "-f", "md5")
        for content in (run(video.web, "video/clip.mov", "MOV", "MP4").getvalue(), zoo_file("clip.mov"))
    ]
    assert frames[0] == frames[1]
    same = probed(run(video.web, "video/clip.webm", "WEBM", "web.webm").getvalue())
    assert [stream["codec_name"] for stream in same["streams"]] == ["vp8", "vorbis"]


def zoo_file(name: str) -> bytes:
    return (Path(__file__).parent.parent / "zoo" / "video" / name).read_bytes()


def test_size_is_bounded_or_as_asked(run: Runs, tmp_path: Path) -> None:
    large = made(
        tmp_path, "large.mp4", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=5:d=0.4", "-preset", "ultrafast", "-pix_fmt", "yuv420p"
    )
    found = probed(run(video.web, large, "MP4", "web.mp4").getvalue())["video"]
    assert (found["width"], found["height"]) == (1280, 720)
    found = probed(run(video.web, large, "MP4", "MP4", width="333").getvalue())["video"]
    assert (found["width"], found["height"]) == (332, 186)


@pytest.mark.parametrize(("target", "codec"), [("web.mp4", "h264"), ("web.webm", "vp9")])
def test_gif_becomes_a_video(run: Runs, target: str, codec: str) -> None:
    content = run(video.web, "image/anim.gif", "GIF", target).getvalue()
    found = probed(content)
    assert (found["video"]["codec_name"], found["video"]["width"], found["video"]["height"]) == (codec, 64, 64)
    assert found["duration"] == pytest.approx(0.6, rel=0.05)
    pixels = decoded(content, "-f", "rawvideo", "-pix_fmt", "gray")
    assert len(pixels) == 6 * 64 * 64
    assert pixels[32 * 64 + 32] > 230, "the middle is white"


@pytest.mark.parametrize("target", ["GIF", "WEBP", "APNG"])
def test_video_becomes_a_picture_that_moves(run: Runs, target: str) -> None:
    picture: Any = Image.open(run(video.animation, "video/clip.mov", "MOV", target))
    assert (picture.size, picture.n_frames) == ((160, 120), 24)
    picture.seek(12)
    assert has_bars(picture)


@pytest.mark.parametrize(("target", "codec"), [("clip.webm", "vp9"), ("clip.mp4", "h264")])
def test_clip_is_short_small_and_silent(run: Runs, tmp_path: Path, target: str, codec: str) -> None:
    words = ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=40", "-f", "lavfi", "-i", "sine", "-shortest", "-preset", "ultrafast")
    long = made(tmp_path, "long.mp4", *words, "-pix_fmt", "yuv420p")
    for arguments in ({}, {"t": "5"}):
        found = probed(run(video.clip, long, "MP4", target, **arguments).getvalue())
        assert [stream["codec_name"] for stream in found["streams"]] == [codec]
        assert (found["video"]["width"], found["video"]["height"]) == (480, 270)
        assert found["duration"] == pytest.approx(6, rel=0.05)


def test_hls(run: Runs, tmp_path: Path) -> None:
    """Two qualities of nine seconds: every playlist names files that are there, and what they name plays for nine seconds."""
    words = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10:d=9", "-f", "lavfi", "-i", "sine", "-shortest", "-preset", "ultrafast")
    long = made(tmp_path, "long.mkv", *words, "-pix_fmt", "yuv420p")
    with tarfile.open(fileobj=run(video.hls, long, "MKV", "hls")) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    master = (tmp_path / "out" / "master.m3u8").read_text()
    assert "RESOLUTION=640x360" in master
    assert "RESOLUTION=1280x720" in master
    assert 'CODECS="avc1.' in master
    for quality, height in (("q0", 360), ("q1", 720)):
        listed = (tmp_path / "out" / quality / "index.m3u8").read_text()
        named = [line for line in listed.splitlines() if not line.startswith("#")]
        assert len(named) == 3
        parts = (tmp_path / "out" / quality / listed.partition('URI="')[2].partition('"')[0]).read_bytes()
        parts += b"".join((tmp_path / "out" / quality / name).read_bytes() for name in named)
        found = probed(parts)
        assert (found["video"]["height"], found["video"]["codec_name"], found["audio"]["codec_name"]) == (height, "h264", "aac")
        assert found["duration"] == pytest.approx(9, rel=0.05)


# --- what is inside ---------------------------------------------------------------------------------------------------------


def test_sound_of_a_video(run: Runs) -> None:
    found = probed(run(audio.transcode, "video/clip.mov", "MOV", "MP3").getvalue())
    assert [stream["codec_name"] for stream in found["streams"]] == ["mp3"]
    assert found["duration"] == pytest.approx(2, rel=0.05)
    with pytest.raises(ConverterFailed, match="no sound"):
        run(audio.transcode, "video/clip.mxf", "MXF", "MP3")


def test_subtitles_inside(run: Runs) -> None:
    film = SAMPLES.joinpath("beacon.mkv").read_bytes()
    assert run(video.subtitles, film, "MKV", "SRT").getvalue().decode() == (
        "1\n00:00:00,200 --> 00:00:01,000\nThe beacon turns.\n\n2\n00:00:01,100 --> 00:00:01,900\nA ship passes.\n\n"
    )
    assert b"00:00.200 --> 00:01.000\nThe beacon turns." in run(video.subtitles, film, "MKV", "VTT").getvalue()
    with pytest.raises(ConverterFailed, match="no subtitles"):
        run(video.subtitles, "video/clip.mov", "MOV", "VTT")
    with pytest.raises(ConverterFailed, match="no chapters"):
        run(video.chapters, "video/clip.mov", "MOV", "chapters.vtt")


def test_subtitles_of_several_languages(run: Runs, tmp_path: Path) -> None:
    (tmp_path / "en.srt").write_text("1\n00:00:00,200 --> 00:00:01,000\nThe beacon turns.\n")
    (tmp_path / "de.srt").write_text("1\n00:00:00,200 --> 00:00:01,000\nDas Feuer dreht sich.\n")
    inputs = (word for name in ("en", "de") for word in ("-i", str(tmp_path / f"{name}.srt")))
    film = made(tmp_path, "two.mkv", *inputs, "-map", "0", "-map", "1", "-c", "copy", "-disposition:s:1", "default")

    def words(**arguments: str) -> str:
        return run(video.subtitles, film, "MKV", "VTT", **arguments).getvalue().decode()

    assert "The beacon turns." in words(item="1") and "Feuer" not in words(item="1")
    assert "Das Feuer dreht sich." in words(item="2")
    assert "Das Feuer dreht sich." in words(), "the file's own choice"
    with pytest.raises(ConverterFailed, match="only 2 subtitles"):
        words(item="3")


def test_the_wheel_does_the_same(run: Runs) -> None:
    assert has_bars(Image.open(run(stills.WHEEL.thumb, "video/clip.mov", "MOV", "thumb.png")))
    found = probed(run(video.WHEEL.web, "video/test.avi", "AVI", "web.mp4").getvalue())
    assert (found["video"]["codec_name"], found["video"]["width"]) == ("h264", 320)


def test_progress_is_measured(run: Runs, tmp_path: Path) -> None:
    told: list[float] = []
    long = made(
        tmp_path, "l.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=5", "-preset", "ultrafast", "-pix_fmt", "yuv420p"
    )

    def watched(call: Any) -> None:
        video.web(call)
        told.extend(call.told)

    run(watched, long, "MP4", "WEBM")
    assert told == sorted(told)
    assert len({round(fraction, 2) for fraction in told}) >= 3
    assert told[-1] == 1


# --- hostile ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port on this machine, and who came."""
    came: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def wait() -> None:
        try:
            server.accept()[0].close()
            came.append("somebody")
        except OSError:
            return

    thread = threading.Thread(target=wait)
    thread.start()
    yield server.getsockname()[1], came
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


SECRET = "omnic-marker-of-a-file-that-must-not-be-read"


@pytest.mark.parametrize("name", ["MP4", "MKV", "AVI", "WMV", "FLV", "MPG", "MPEGTS", "OGV", "MXF", "MP3", "WAV", "CAF", "GIF"])
def test_playlists_open_nothing(run: Runs, tmp_path: Path, listener: tuple[int, list[str]], name: str) -> None:
    """Whatever Format a playlist passes for, the demuxer that would follow it is not let in."""
    port, came = listener
    (tmp_path / "secret.txt").write_text(SECRET * 10)
    secret = tmp_path / "secret.txt"
    hostile = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXTINF:5,\nhttp://127.0.0.1:{port}/seg.ts\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{secret}'\nfile 'http://127.0.0.1:{port}/a.mp4'\n",
    )
    for text in hostile:
        for function, target in ((stills.thumb, "thumb.png"), (audio.transcode, "WAV")):
            with pytest.raises(OmnicError) as caught:
                run(function, text.encode(), name, target)
            assert SECRET not in caught.value.message
            assert "/" not in caught.value.message
    assert not came


def test_the_listener_would_notice(listener: tuple[int, list[str]]) -> None:
    port, came = listener
    socket.create_connection(("127.0.0.1", port)).close()
    for _ in range(1000):
        if came:
            break
        threading.Event().wait(0.005)
    assert came == ["somebody"]


def test_broken_videos_are_said_to_be_broken(run: Runs) -> None:
    whole = zoo_file("test.mp4")
    for content in (whole[: len(whole) // 2], b"RIFF\xff\xff\0\0AVI LIST#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"):
        for function, target in ((video.web, "web.mp4"), (stills.thumb, "thumb.png"), (video.hls, "hls")):
            with pytest.raises(ConverterFailed, match="broken or cut short"):
                run(function, content, "AVI" if content[:4] == b"RIFF" else "MP4", target)


def test_too_long_is_refused_before_it_is_encoded(run: Runs) -> None:
    """Three hours, by the header; the file has bytes for more."""
    held = media.Media(seconds=3 * 3600.0)

    def judged(call: Any) -> None:
        media.check_length(call, held, video.MOST_ENCODED)

    with pytest.raises(TooExpensive, match="longer than 60 minutes"):
        run(judged, bytes(500_000), "MP4", "MP4")
    run(judged, bytes(10_000), "MP4", "MP4")  # no bytes for three hours: what it claims is not believed


def test_the_banner_is_read() -> None:
    """A tag's own lines cannot pass for a stream."""
    held = media.read_banner(
        [
            "Input #0, matroska,webm, from 'x':",
            "  Metadata:",
            "    title           : One",
            "                    : Stream #0:7: Video: h264, yuv420p, 9x9",
            "  Duration: 01:02:03.50, start: 0.000000, bitrate: 169 kb/s",
            "  Stream #0:0(eng): Video: h264 (High), yuv420p(tv, bt709), 1440x1080 [SAR 4:3 DAR 16:9], 23.98 fps, 1k tbr (default)",
            "    Side data:",
            "      displaymatrix: rotation of -90.00 degrees",
            "  Stream #0:1[0x2]: Audio: pcm_s24le, 96000 Hz, 5.1(side), s32 (24 bit), 9 kb/s",
        ]
    )
    assert (held.seconds, held.bitrate, held.tags["title"]) == (3723.5, 169000, "One\nStream #0:7: Video: h264, yuv420p, 9x9")
    picture, sound = held.streams
    assert (picture.shown, picture.frames_a_second, picture.turned, picture.language) == ((1080, 1920), 23.98, 270, "eng")
    assert (sound.rate, sound.channels, sound.bits) == (96000, 6, 24)
