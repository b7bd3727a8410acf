from __future__ import annotations

import base64
import gzip
import io
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from omnic_stream import samples
from omnic_stream.converters.vector import CONVERTERS
from omnic_stream.converters.warm import svg, vector
from omnic_stream.model.contracts import Bound, Command
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

SAMPLES = Path(next(iter(samples.__path__)))
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


@pytest.mark.parametrize("content", [b"<svg broken", b"hello", b"\x1f\x8b\x08garbage", b"", b"<svg><g></svg>"])
def test_what_is_no_drawing_is_corrupt(run, content):
    with pytest.raises(Corrupt):
        run(svg.convert, content, "SVG", "PNG")


@pytest.mark.parametrize(
    ("content", "source"), [(b"%!PS\n0 0 1 setrgbcolor 0 0 100 100 rectfill showpage\n", "PS"), ("compass.eps", "EPS")]
)
def test_postscript_becomes_paper(run, tmp_path: Path, content, source):
    converter = next(each for each in CONVERTERS if each.id == "postscript.pdf")
    assert isinstance(converter.run, Command)
    (tmp_path / "in").write_bytes((SAMPLES / content).read_bytes() if isinstance(content, str) else content)
    bound = Bound(
        input=str(tmp_path / "in"), output=str(tmp_path / "out"), source=source, target="PDF", arguments={}, folder=str(tmp_path)
    )
    subprocess.run(converter.run.argv(bound), check=True, capture_output=True, timeout=60)
    sheet = pypdfium2.PdfDocument((tmp_path / "out").read_bytes())[0]
    drawn = sheet.render().to_pil().convert("RGB")
    if source == "EPS":  # cropped to its bounding box
        assert sheet.get_size() == (100, 60)
        assert (drawn.getpixel((10, 10)), drawn.getpixel((90, 10))) == ((255, 0, 0), (0, 0, 255))
    else:
        assert drawn.getpixel((50, drawn.height - 50)) == (0, 0, 255)


def test_entities_of_plain_text_are_read(run):
    made = drawn(run, b'<!DOCTYPE svg [<!ENTITY colour "red">]>' + RED.replace(b'"red"', b'"&colour;"'))
    assert made.convert("RGB").getpixel((20, 10)) == (255, 0, 0)


# --- librsvg, behind the same filter ------------------------------------------------------------------------------------------


def printed(run, content: bytes) -> Image.Image:
    """As PDF, seen through pdfium at 96 an inch."""
    sheet = pypdfium2.PdfDocument(run(svg.rsvg, content, "SVG", "PDF").getvalue())[0]
    return sheet.render(scale=96 / 72).to_pil().convert("RGB")


def test_librsvg_draws_the_same(run):
    made = Image.open(run(svg.rsvg, RED, "SVG", "PNG", width="400", height="400"))
    assert made.size == (400, 200)
    assert made.convert("RGB").getpixel((200, 100)) == (255, 0, 0)
    paper = printed(run, RED)
    assert paper.size == (40, 20)
    assert paper.getpixel((20, 10)) == (255, 0, 0)
    assert run(svg.rsvg, RED, "SVG", "EPS").getvalue().startswith(b"%!PS-Adobe-3.0 EPSF")


def test_sizes_in_any_unit(run):
    for size, wide in (('width="595pt" height="842pt"', 793), ('width="100mm" height="50mm"', 378), ('viewBox="0 0 30 10"', 30)):
        content = b'<svg %s %s><rect width="9" height="9"/></svg>' % (SPACES, size.encode())
        assert drawn(run, content).width == wide
        assert Image.open(run(svg.rsvg, content, "SVG", "PNG")).width == wide


@pytest.mark.parametrize("form", ['"{}"', "'{}'", '"file://{}"', '" {}"'])
@pytest.mark.parametrize(
    "element",
    [
        '<image xlink:href={} width="10" height="10"/>',
        "<style>@import url({});</style>",
        '<rect width="10" height="10" fill={} />',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href={} />',
    ],
)
def test_no_file_beside_the_drawing_is_printed(run, tmp_path: Path, form, element):
    Image.new("RGB", (10, 10), "red").save(tmp_path / "red.png")
    reference = form.format(tmp_path / "red.png")
    if "fill=" in element:
        reference = "'url(" + reference.strip("'\"") + ")'"
    content = b'<svg %s width="10" height="10">%s</svg>' % (SPACES, element.format(reference).encode())
    assert str(tmp_path) not in svg.enclosed(content.decode())
    assert (255, 0, 0) not in {colour for _, colour in printed(run, content).getcolors()}


def test_hostile_drawings_end_in_a_sentence(run):
    """What tests/zoo/make_hostile.py writes as svg-*.svg."""
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (k, b"&l%d;" % (k - 1) * 10 if k else b"lol") for k in range(10))
    for text in (laughs, b'<!ENTITY x SYSTEM "file:///etc/passwd">'):
        content = b"<!DOCTYPE s [%s]><svg %s width='9' height='9'><text>&l9;&x;</text></svg>" % (text, SPACES)
        for function, target in ((svg.convert, "PNG"), (svg.rsvg, "PNG"), (svg.rsvg, "PDF")):
            with pytest.raises(Corrupt, match="entities"):
                run(function, content, "SVG", target)
    uses = b"".join(b'<g id="a%d">%s</g>' % (k, b'<use xlink:href="#a%d"/>' % (k - 1) * 10) for k in range(1, 12))
    bomb = b'<svg %s width="9" height="9"><g id="a0"><rect width="1" height="1"/></g>%s</svg>' % (SPACES, uses)
    for function in (svg.convert, svg.rsvg):
        with pytest.raises((TooExpensive, ConverterFailed)):
            run(function, bomb, "SVG", "PNG")
    huge = b'<svg %s width="1000000" height="1000000"><rect width="9" height="9"/></svg>' % SPACES
    with pytest.raises(TooExpensive, match="million"):
        run(svg.rsvg, huge, "SVG", "PNG")
    assert max(pypdfium2.PdfDocument(run(svg.rsvg, huge, "SVG", "PDF").getvalue())[0].get_size()) <= svg.LONGEST_PAPER
    assert drawn(run, huge, "thumb.png").size == (256, 256)


def test_what_resvg_refuses_is_left_to_librsvg(run):
    """ConverterFailed, and not Corrupt, lets the planner take its next road."""
    with pytest.raises(ConverterFailed):
        run(svg.convert, b'<svg %s width="0" height="10"/>' % SPACES, "SVG", "PNG")


def test_letters_in_the_encoding_that_is_declared(run):
    for encoding in ("iso-8859-1", "windows-1252", "utf-8", "utf-16"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><svg xmlns="http://www.w3.org/2000/svg"><title>Ölfaß</title></svg>'
        seen = []
        run(lambda call, seen=seen: seen.append(svg.drawing(call)), text.encode(encoding), "SVG", "PNG")
        assert "<title>Ölfaß</title>" in seen[0]
        assert "encoding" not in seen[0]


def test_packed_and_unpacked(run):
    packed = run(svg.packed, RED, "SVG", "SVGZ").getvalue()
    assert gzip.decompress(packed) == RED
    assert run(svg.plain, packed, "SVGZ", "SVG").getvalue() == RED


# --- graphs and CAD -----------------------------------------------------------------------------------------------------------


def test_a_graph_is_laid_out(run):
    made = run(vector.graph, "vector/g.dot", "DOT", "SVG").getvalue()
    assert made.count(b'class="node"') == 3
    assert made.count(b'class="edge"') == 2
    image = drawn(run, made)
    assert image.convert("L").getextrema() == (0, 255)


def test_a_graph_opens_no_file(run, tmp_path: Path):
    Image.new("RGB", (50, 50), "red").save(tmp_path / "red.png")
    place = str(tmp_path / "red.png").encode()
    label = b'<<TABLE><TR><TD><IMG SRC="%s"/></TD></TR></TABLE>>' % place
    try:
        made = run(vector.graph, b'digraph{a[image="%s",shape=none];b[shape=none,label=%s]}' % (place, label), "DOT", "SVG")
    except ConverterFailed:
        return
    assert place not in made.getvalue()
    assert (255, 0, 0) not in {colour[:3] for _, colour in drawn(run, made.getvalue()).convert("RGB").getcolors(1 << 20)}
    with pytest.raises(ConverterFailed):
        run(vector.graph, b"digraph { a -> ", "DOT", "SVG")


def test_cad_lines_lie_where_they_should(run):
    made = run(vector.cad, (SAMPLES / "pier.dxf").read_bytes(), "DXF", "SVG").getvalue()
    image = drawn(run, made, width="600", height="600").convert("RGB")
    red = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (255, 0, 0)]
    blue = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == (0, 0, 255)]
    assert len({y for _, y in red}) <= 4  # a level line
    assert max(x for x, _ in red) - min(x for x, _ in red) > 0.9 * image.width
    assert max(y for _, y in blue) < min(y for _, y in red)  # y points up in CAD
    dark = [image.getpixel((x, y)) for x in range(60, 230) for y in range(10, 90)]
    assert any(max(pixel) < 60 for pixel in dark)  # the letters, black on white
    others = drawn(run, run(vector.cad, "mesh/lineTest.dxf", "DXF", "SVG").getvalue())
    assert others.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert min(others.size) > 500


def test_what_is_no_cad_drawing_is_called_broken(run):
    for content in (b"", b"hello", b"0\nSECTION\n2\nENTITIES\n0\nLINE\n"):
        with pytest.raises((Corrupt, ConverterFailed)):
            run(vector.cad, content, "DXF", "SVG")
