from __future__ import annotations

import base64
import gzip
import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters.vector import CONVERTERS
from omnic_stream.converters.warm import svg
from omnic_stream.model.contracts import Bound, Command
from omnic_stream.model.errors import Corrupt, TooExpensive

SPACES = b'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
RED = b'<svg %s width="40" height="20"><rect width="40" height="20" fill="red"/></svg>' % SPACES


def drawn(run, content: bytes, target: str = "PNG", **arguments: str) -> Image.Image:
    image = Image.open(run(svg.convert, content, "SVG", target, **arguments))
    image.load()
    return image


@pytest.mark.parametrize("encoded", [RED, gzip.compress(RED), RED.decode().encode("utf-16")])
def test_a_drawing_has_its_size_and_colour(run, encoded):
    image = drawn(run, encoded)
    assert image.size == (40, 20)
    assert image.convert("RGB").getpixel((20, 10)) == (255, 0, 0)


def test_a_drawing_is_drawn_for_its_box(run):
    assert drawn(run, RED, "thumb.png").size == (256, 128)
    assert drawn(run, RED, "thumb.jpg", width="100", height="100").format == "JPEG"
    assert drawn(run, RED, "thumb.webp", width="100", height="100", fit="crop").size == (100, 100)
    padded = drawn(run, RED, "thumb.png", width="100", height="100", fit="pad", bg="00ff00")
    assert padded.size == (100, 100)
    assert padded.convert("RGB").getpixel((50, 2)) == (0, 255, 0)


def test_a_drawing_without_size_is_as_wide_as_we_say(run):
    assert drawn(run, b'<svg %s><rect width="1e5" height="1e5"/></svg>' % SPACES).size == (512, 512)


def test_too_many_pixels_are_refused_before_they_are_drawn(run):
    with pytest.raises(TooExpensive):
        run(svg.convert, b'<svg %s width="100000" height="100000"/>' % SPACES, "SVG", "PNG")
    with pytest.raises(TooExpensive):
        run(svg.convert, b'<!-- <svg width="1" height="1"> --><svg %s width="100000" height="100000"/>' % SPACES, "SVG", "PNG")
    with pytest.raises(TooExpensive):
        run(svg.convert, gzip.compress(b"<svg>" + b" " * (33 << 20)), "SVGZ", "PNG")


@pytest.mark.parametrize("form", ['"{}"', "'{}'", '"file://{}"', '" {}"'])
def test_no_file_beside_the_drawing_is_shown(run, tmp_path: Path, form):
    Image.new("RGB", (10, 10), "red").save(tmp_path / "red.png")
    reference = form.format(tmp_path / "red.png").encode()
    made = drawn(run, b'<svg %s width="10" height="10"><image xlink:href=%s width="10" height="10"/></svg>' % (SPACES, reference))
    assert made.convert("RGBA").getpixel((5, 5))[3] == 0


def test_pictures_within_the_drawing_are_shown(run):

    inside = io.BytesIO()
    Image.new("RGB", (10, 10), "red").save(inside, "PNG")
    data = b"data:image/png;base64," + base64.b64encode(inside.getvalue())
    made = drawn(run, b'<svg %s width="10" height="10"><image href="%s" width="10" height="10"/></svg>' % (SPACES, data))
    assert made.convert("RGBA").getpixel((5, 5)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    "entity",
    [
        b'SYSTEM "file:///etc/passwd"',
        b"\"<image href='/etc/x.png'/>\"",
        b'"><image href=&#34;/etc/x.png&#34;/>"',
        b"% b 'c'",
        b'"&#60;image href=&#34;/etc/x.png&#34;/>"',
    ],
)
def test_entities_that_hold_markup_or_files_are_refused(run, entity):
    with pytest.raises(Corrupt):
        run(svg.convert, b"<!DOCTYPE svg [<!ENTITY a %s>]><svg %s width='9' height='9'>&a;</svg>" % (entity, SPACES), "SVG", "PNG")


def test_a_script_does_nothing_and_the_rest_is_drawn(run):
    made = drawn(run, RED.replace(b"<rect", b"<script>alert(1)</script><rect"))
    assert made.convert("RGB").getpixel((20, 10)) == (255, 0, 0)


@pytest.mark.parametrize("content", [b"<svg broken", b"hello", b"\x1f\x8b\x08garbage", b""])
def test_what_is_no_drawing_is_corrupt(run, content):
    with pytest.raises(Corrupt):
        run(svg.convert, content, "SVG", "PNG")


@pytest.mark.parametrize(
    ("id", "content", "source", "target", "mark"),
    [
        ("svg.rsvg", RED, "SVG", "PNG", b"\x89PNG"),
        ("svg.pdf", RED, "SVG", "PDF", b"%PDF-"),
        ("postscript.pdf", b"%!PS\n0 0 100 100 rectfill showpage\n", "PS", "PDF", b"%PDF-"),
    ],
)
def test_commands_write_what_they_say(tmp_path: Path, id, content, source, target, mark):

    converter = next(each for each in CONVERTERS if each.id == id)
    assert isinstance(converter.run, Command)
    (tmp_path / "in").write_bytes(content)
    bound = Bound(
        input=str(tmp_path / "in"), output=str(tmp_path / "out"), source=source, target=target, arguments={}, folder=str(tmp_path)
    )
    with (tmp_path / "in").open("rb") as file:
        subprocess.run(converter.run.argv(bound), stdin=file, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "out").read_bytes().startswith(mark)


def test_entities_of_plain_text_are_read(run):
    made = drawn(run, b'<!DOCTYPE svg [<!ENTITY colour "red">]>' + RED.replace(b'"red"', b'"&colour;"'))
    assert made.convert("RGB").getpixel((20, 10)) == (255, 0, 0)
