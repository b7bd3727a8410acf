"""Sound of the zoo: what comes out lasts as long, has the codec that was asked for, and looks like what is heard."""

from __future__ import annotations

import io
import json
import math
import struct
import wave
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image

from converters.media_support import decoded, made, probed
from omnic_stream.converters.warm import audio, media, video
from omnic_stream.model.errors import ConverterFailed, TooExpensive

Runs = Callable[..., io.BytesIO]
SAMPLES = files("omnic_stream").joinpath("samples")
ZOO = [
    ("audio/pluck-pcm16.wav", "WAV", 0.3),
    ("audio/pluck-pcm16.aiff", "AIFF", 0.3),
    ("audio/pluck-pcm16.au", "AU", 0.3),
    ("audio/pluck-ulaw.aifc", "AIFC", 0.3),
    ("audio/silence-44-s.mp3", "MP3", 3.77),
    ("audio/silence-44-s.flac", "FLAC", 3.68),
    ("audio/multipagecomment.ogg", "OGG", 3.68),
    ("audio/example.opus", "OPUS", 11.35),  # ffprobe adds what lies before its first moment
    ("audio/has-tags.m4a", "M4A", 3.71),
    ("audio/silence-1.wma", "WMA", 3.71),
    ("audio/silence-44-s.ac3", "AC3", 3.69),
    ("audio/silence-44-s.eac3", "EAC3", 3.7),
    ("audio/mac-399.ape", "APE", 3.68),
    ("audio/silence-44-s.wv", "WV", 3.68),
    ("audio/empty.tta", "TTA", 3.68),
    ("audio/multiplexed.spx", "SPX", 3.7),
    ("audio/has-tags.tak", "TAK", 0.08),
    ("audio/sv8_header.mpc", "MPC", 1.5),
    ("audio/empty.aac", "AAC", 3.68),
    ("audio/finished-3.webm", "WEBM", 2.08),
    ("video/clip.caf", "CAF", 1.0),
]
CODECS = {"MP3": "mp3", "OGG": "vorbis", "OPUS": "opus", "M4A": "aac", "AAC": "aac", "WAV": "pcm_s16le", "FLAC": "flac"}
FRAME = 0.12
"""Seconds that an MP3 may last longer: its frames, and the encoder's delay."""


def tone(seconds: float, loud: float = 0.5, rate: int = 8000) -> bytes:
    """A WAV of 440 Hz, silent in its second half."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        count = int(seconds * rate)
        heard = (math.sin(math.tau * 440 * n / rate) * loud if n < count // 2 else 0.0 for n in range(count))
        out.writeframes(b"".join(struct.pack("<h", round(value * 32767)) for value in heard))
    return file.getvalue()


@pytest.mark.parametrize(("path", "source", "seconds"), ZOO)
def test_mp3_of_the_zoo(run: Runs, path: str, source: str, seconds: float) -> None:
    found = probed(run(audio.transcode, path, source, "MP3").getvalue())
    assert found["audio"]["codec_name"] == "mp3"
    assert seconds * 0.95 <= found["duration"] <= seconds * 1.05 + FRAME


@pytest.mark.parametrize("target", CODECS)
def test_every_target(run: Runs, target: str) -> None:
    found = probed(run(audio.transcode, "audio/example.opus", "OPUS", target).getvalue())
    assert [stream["codec_name"] for stream in found["streams"]] == [CODECS[target]]
    assert found["duration"] == pytest.approx(11.35, rel=0.05)


def test_the_sound_is_the_same(run: Runs) -> None:
    """The loudness of tenths of a second follows the original's."""
    original = tone(1.0)
    heard = decoded(run(audio.transcode, original, "WAV", "OGG").getvalue(), "-f", "s16le", "-ar", "8000", "-ac", "1")
    samples = struct.unpack(f"<{len(heard) // 2}h", heard)
    loud = [max(map(abs, samples[n * 800 : n * 800 + 800])) for n in range(10)]
    assert all(13000 < value < 20000 for value in loud[:4])
    assert all(value < 800 for value in loud[6:])


def test_exact_formats_keep_every_sample(run: Runs) -> None:
    original = tone(0.2)
    flac = run(audio.transcode, original, "WAV", "FLAC").getvalue()
    assert decoded(run(audio.transcode, flac, "FLAC", "WAV").getvalue(), "-f", "s16le") == decoded(original, "-f", "s16le")


def test_tags_go_along(run: Runs) -> None:
    mp3 = SAMPLES.joinpath("chime.mp3").read_bytes()
    assert probed(run(audio.transcode, mp3, "MP3", "M4A").getvalue())["format"]["tags"]["title"] == "Chime"
    ogg = run(audio.transcode, mp3, "MP3", "OGG").getvalue()
    back = run(audio.transcode, ogg, "OGG", "MP3").getvalue()
    assert probed(back)["format"]["tags"]["artist"] == "Omnic"


def test_six_channels_become_two(run: Runs, tmp_path: Path) -> None:
    six = made(tmp_path, "six.flac", "-f", "lavfi", "-i", "anoisesrc=d=0.5:a=0.1,pan=5.1(side)|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0")
    found = probed(run(audio.transcode, six, "FLAC", "OPUS").getvalue())["audio"]
    assert (found["codec_name"], found["channels"]) == ("opus", 2)


@pytest.mark.parametrize("path", ["audio/nero-chapters.m4b", "audio/2822400-1ch-0s-silence.dsf"])
def test_a_header_without_sound_is_said_to_be_one(run: Runs, path: str) -> None:
    """The first promises 47 hours and holds none, the second says itself that it has no sample."""
    source = path.rpartition(".")[2].upper()
    for function, target in ((audio.transcode, "MP3"), (audio.transcode, "OGG"), (audio.waveform, "waveform.png")):
        with pytest.raises(ConverterFailed, match="no sound in it can be decoded"):
            run(function, path, source, target)


def test_dsd_and_tiny_sounds_come_out(run: Runs) -> None:
    found = probed(run(audio.transcode, "audio/dsd.wv", "WV", "MP3").getvalue())["audio"]
    assert (found["codec_name"], found["sample_rate"]) == ("mp3", "48000")
    for path, source in (("audio/sndhdr.voc", "VOC"), ("audio/sndhdr.8svx", "8SVX")):
        assert probed(run(audio.transcode, path, source, "OGG").getvalue())["audio"]["codec_name"] == "vorbis"


def test_peaks(run: Runs) -> None:
    """Half a second of 440 Hz at half of full scale, then silence."""
    found = json.loads(run(audio.peaks, tone(1.0), "WAV", "peaks.json").getvalue())
    assert {name: found[name] for name in ("version", "channels", "bits", "sample_rate")} == {
        "version": 2,
        "channels": 1,
        "bits": 8,
        "sample_rate": 8000,
    }
    assert found["length"] == math.ceil(8000 / found["samples_per_pixel"])
    assert len(found["data"]) == found["length"] * 2
    low, high = found["data"][::2], found["data"][1::2]
    assert (min(low), max(high)) == (-64, 64)
    assert set(low[found["length"] // 2 + 1 :]) == set(high[found["length"] // 2 + 1 :]) == {0}


def test_peaks_of_much_sound_are_bounded(run: Runs) -> None:
    found = json.loads(run(audio.peaks, tone(16.0), "WAV", "peaks.json").getvalue())
    each = found["samples_per_pixel"]
    assert found["length"] == math.ceil(16 * 8000 / each) <= 2 * audio.POINTS
    edge = 8 * 8000 // each
    assert found["data"][2 * edge - 1] > 30
    assert set(found["data"][2 * edge + 2 :]) == {0}


def test_waveform_shows_where_it_is_loud(run: Runs) -> None:
    picture = Image.open(run(audio.waveform, tone(1.0), "WAV", "waveform.png", width="400", height="100"))
    assert (picture.size, picture.mode) == ((400, 100), "RGBA")
    assert picture.getpixel((100, 50)) == (*audio.INK, 255)
    assert picture.getpixel((100, 15))[3] > 200
    assert picture.getpixel((300, 15))[3] == picture.getpixel((300, 85))[3] == 0
    assert picture.getpixel((300, 50))[3] > 100, "silence is a line, not nothing"


@pytest.mark.parametrize("ground", [(255, 255, 255), (21, 25, 29)])
def test_ink_is_seen_on_light_and_dark(ground: tuple[int, int, int]) -> None:
    """WCAG 2.2 asks 3 to 1 of graphics."""

    def luminance(colour: tuple[int, int, int]) -> float:
        linear = [c / 12.92 if (c := part / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for part in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(audio.INK), luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) > 3


def test_cover_and_thumb(run: Runs) -> None:
    mp3 = SAMPLES.joinpath("chime.mp3").read_bytes()
    cover = Image.open(run(audio.cover, mp3, "MP3", "cover.jpg"))
    assert (cover.format, cover.size) == ("JPEG", (48, 48))
    red, green, blue = cover.getpixel((24, 20))
    assert red > 220
    assert 170 < green < 230
    assert blue < 110
    assert Image.open(run(audio.thumb, mp3, "MP3", "thumb.png", width="24", height="24")).size == (24, 24)
    drawn = Image.open(run(audio.thumb, "audio/example.opus", "OPUS", "thumb.png", width="200", height="150"))
    assert (drawn.size, drawn.mode) == ((200, 150), "RGBA")
    with pytest.raises(ConverterFailed, match="no cover"):
        run(audio.cover, "audio/example.opus", "OPUS", "cover.jpg")


def test_audio_books_have_their_cover_chapters_and_facts(run: Runs) -> None:
    assert Image.open(run(audio.thumb, "audio/nero-chapters.m4b", "M4B", "thumb.jpg")).size == (256, 256)
    told = json.loads(run(audio.facts, "audio/nero-chapters.m4b", "M4B", "metadata.json").getvalue())
    assert told["duration"] == pytest.approx(169022.69)
    assert (told["tags"]["artist"], told["tags"]["genre"]) == ("Aleron Kong", "Audiobook")
    assert "Website: LitRPG.com" in told["tags"]["description"]
    assert len(told["chapters"]) == 112
    assert told["chapters"][1] == {"start": 17.507, "end": 1111.632, "title": "002"}
    assert [stream["type"] for stream in told["streams"]] == ["audio", "data", "cover"]
    cues = run(video.chapters, "audio/nero-chapters.m4b", "M4B", "chapters.vtt").getvalue().decode()
    assert cues.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:17.507\n001\n")
    assert cues.count("-->") == 112


def test_facts_of_ogg(run: Runs) -> None:
    told = json.loads(run(audio.facts, "audio/silence-44-s.flac", "FLAC", "metadata.json").getvalue())
    assert told["tags"]["artist"] == "piman;jzig"
    sound = next(stream for stream in told["streams"] if stream["type"] == "audio")
    assert sound == {"type": "audio", "codec": "flac", "sample_rate": 44100, "channels": 2, "bits": 16}


def test_the_wheel_does_the_same(run: Runs) -> None:
    found = probed(run(audio.WHEEL.transcode, "audio/pluck-pcm16.wav", "WAV", "MP3").getvalue())
    assert found["audio"]["codec_name"] == "mp3"
    told = [json.loads(run(way.facts, "audio/has-tags.m4a", "M4A", "metadata.json").getvalue()) for way in (audio, audio.WHEEL)]
    assert told[0]["tags"] == told[1]["tags"]
    assert told[0]["streams"] == told[1]["streams"]


def test_sound_alone_becomes_web_media(run: Runs) -> None:
    for target, codec in (("web.mp4", "aac"), ("web.webm", "opus")):
        found = probed(run(video.web, "video/clip.caf", "CAF", target).getvalue())
        assert [stream["codec_name"] for stream in found["streams"]] == [codec]
        assert found["duration"] == pytest.approx(1.0, rel=0.05)


def test_what_is_longer_than_is_converted_is_refused_by_its_header(run: Runs) -> None:
    """Seven hours at forty samples a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, 40, 0, "NONE", ""))
        out.writeframes(bytes(40 * 3600 * 7))
    with pytest.raises(TooExpensive, match="longer than 6 hours"):
        run(audio.transcode, file.getvalue(), "WAV", "MP3")
    assert media.spoken(3600) == "60 minutes"


def test_a_lying_length_is_not_believed(run: Runs) -> None:
    """A WAV whose header claims gigabytes is as long as its bytes."""
    content = bytearray(tone(0.5))
    content[40:44] = b"\xff\xff\xff\x7f"
    assert probed(run(audio.transcode, bytes(content), "WAV", "MP3").getvalue())["duration"] == pytest.approx(0.5, abs=FRAME + 0.05)


def test_broken_sound_is_said_to_be_broken(run: Runs) -> None:
    with pytest.raises(ConverterFailed, match="broken or cut short"):
        run(audio.transcode, b"fLaC" + bytes(400), "FLAC", "MP3")
