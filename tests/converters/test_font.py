from __future__ import annotations

import io
import json
import re
import struct
import zlib
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables.sbixGlyph import Glyph
from fontTools.ttLib.tables.sbixStrike import Strike
from fontTools.ttLib.tables.TupleVariation import TupleVariation
from PIL import Image, ImageFont

from omnic_stream.converters.warm import font, font_pages
from omnic_stream.converters.warm.font_face import face
from omnic_stream.converters.warm.font_files import opened, saved, sfnt
from omnic_stream.converters.warm.font_specimen import initials, sheet
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

DEJAVU = "font/deja_vu_serif-2.7.ttf"
FONTS = {
    "font/TestTTF.ttf": ("TTF", "Test TTF", 6),
    "font/TestOTF.otf": ("OTF", "Test OTF", 6),
    "font/TestTTC.ttc": ("TTC", "Test TTF", 6),
    "font/TestWOFF.woff": ("WOFF", "Test OTF", 6),
    "font/CantarellMin.woff2": ("WOFF2", "Cantarell", 27),
    "font/TestDFONT.dfont": ("DFONT", "Test TTF", 7),
    DEJAVU: ("TTF", "DejaVu Serif", 1815),
}


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """The box of what is darker than paper."""
    return image.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox() or (0, 0, 0, 0)


def loaded(file: io.BytesIO) -> TTFont:
    return TTFont(file)


def bounds(given: TTFont, name: str) -> tuple[float, float, float, float]:
    drawn = given.getGlyphSet()
    pen = BoundsPen(drawn)
    drawn[name].draw(pen)
    return pen.bounds


@pytest.fixture
def faced(zoo, tmp_path):
    """A Face of a file of the zoo, or of bytes."""

    def make(content: str | bytes, source: str = "TTF"):
        path = zoo / content if isinstance(content, str) else tmp_path / "font"
        if isinstance(content, bytes):
            path.write_bytes(content)
        with path.open("rb") as file:

            class Given:
                input, arguments = file.fileno(), {}

            Given.source = source
            return face(opened(Given()))

    return make


@pytest.fixture
def built():
    """A font of squares: of each name its code points, an em of 1000."""

    def make(named: dict[str, int], *, empty: tuple[str, ...] = ()) -> bytes:
        builder = FontBuilder(1000, isTTF=True)
        order = [".notdef", *named]
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap({code: name for name, code in named.items() if code})
        pen = TTGlyphPen(None)
        pen.moveTo((100, 0))
        for point in ((100, 700), (800, 700), (800, 0)):
            pen.lineTo(point)
        pen.closePath()
        square = pen.glyph()
        builder.setupGlyf({name: TTGlyphPen(None).glyph() if name in empty else square for name in order})
        builder.setupHorizontalMetrics(dict.fromkeys(order, (900, 100)))
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
        builder.setupOS2()
        builder.setupPost()
        file = io.BytesIO()
        builder.save(file)
        return file.getvalue()

    return make


@pytest.mark.parametrize(("path", "facts"), FONTS.items())
def test_facts_are_those_of_the_font(run, path, facts):
    told = json.load(run(font_pages.facts, path, facts[0], "metadata.json"))
    assert (told["format"], told["family"], told["glyphs"]) == facts
    assert told["embedding"]["allowed"] in {"installable", "editable", "preview and print"}


def test_facts_of_a_large_font_tell_licence_scripts_and_embedding(run):
    told = json.load(run(font_pages.facts, DEJAVU, "TTF", "metadata.json"))
    assert told["version"] == "Version 2.7" and told["licence"].startswith("Fonts are (c) Bitstream")
    assert [script["script"] for script in told["scripts"][:3]] == ["Latin", "Greek", "Cyrillic"]
    assert told["ranges"][0] == [0x20, 0x7E]  # ASCII, and then a gap
    assert sum(last - first + 1 for first, last in told["ranges"]) == told["characters"]
    latin, greek = (next(one for one in told["samples"] if one["script"] == script) for script in ("Latin", "Greek"))
    assert latin["sentence"] == "The quick brown fox jumps over the lazy dog." and greek["alphabet"].startswith("ΑΒΓ")
    assert told["embedding"] == {"fsType": 0, "allowed": "installable", "subsetting": True, "bitmaps_only": False}
    assert told["outlines"] == "TrueType" and told["units_per_em"] == 2048 and not told["monospaced"]


@pytest.mark.parametrize(("path", "facts"), [(path, facts) for path, facts in FONTS.items() if path != DEJAVU])
@pytest.mark.parametrize("target", ["TTF", "OTF"])
def test_each_font_becomes_either_kind_of_outlines(run, zoo, path, facts, target):
    made = loaded(run(font.outlines, path, facts[0], target))
    assert made.sfntVersion == {"TTF": "\0\1\0\0", "OTF": "OTTO"}[target]
    assert ("glyf" in made, "CFF " in made) == (target == "TTF", target == "OTF")
    assert made["name"].getBestFamilyName() == facts[1] and len(made.getGlyphOrder()) == facts[2]


def test_outlines_keep_their_shape_and_width_there_and_back(run, zoo):
    before = TTFont(zoo / DEJAVU)
    cubic = run(font.outlines, DEJAVU, "TTF", "OTF")
    after = loaded(run(font.outlines, cubic.getvalue(), "OTF", "TTF"))
    for character in "Ag&Жé":
        name = before.getBestCmap()[ord(character)]
        here = loaded(io.BytesIO(cubic.getvalue()))
        same = here.getBestCmap()[ord(character)]
        assert bounds(here, same) == pytest.approx(bounds(before, name), abs=1)
        assert here["hmtx"][same][0] == after["hmtx"][same][0] == before["hmtx"][name][0]
        assert bounds(after, same) == pytest.approx(bounds(before, name), abs=4)
    assert after.getBestCmap().keys() == before.getBestCmap().keys()


@pytest.mark.parametrize(
    ("path", "source"), [("font/TestTTF.ttf", "TTF"), ("font/TestOTF.otf", "OTF"), ("font/TestWOFF.woff", "WOFF")]
)
@pytest.mark.parametrize("target", ["WOFF2", "WOFF"])
def test_packed_for_the_web_it_is_the_same_font(run, zoo, path, source, target):
    made = run(font.packed, path, source, target)
    assert made.getvalue()[:4] == {"WOFF2": b"wOF2", "WOFF": b"wOFF"}[target]
    before, after = TTFont(zoo / path), loaded(made)
    assert after.getBestCmap() == before.getBestCmap() and after.sfntVersion == before.sfntVersion
    assert bounds(after, "ellipsis") == bounds(before, "ellipsis")


def test_woff2_is_much_smaller_and_tells_how_far_it_is(zoo):
    heard: list[float] = []
    made = saved(TTFont(zoo / DEJAVU), "woff2", heard.append)
    assert len(made) < 0.45 * (zoo / DEJAVU).stat().st_size and len(loaded(io.BytesIO(made)).getGlyphOrder()) == 1815
    assert heard[0] == 0 and heard == sorted(heard) and heard[-1] > 0.5 and len(heard) >= 3


def test_a_font_of_more_glyphs_than_can_be_named_becomes_a_ttf(run):
    order = [".notdef", *(f"g{number}" for number in range(1, 33_000))]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({0x4E00: "g1"})
    pen = T2CharStringPen(500, None)
    builder.setupCFF("Many", {}, dict.fromkeys(order, pen.getCharString()), {})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Many", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=False)
    file = io.BytesIO()
    builder.save(file)
    made = loaded(run(font.outlines, file.getvalue(), "OTF", "TTF"))
    assert made["maxp"].numGlyphs == 33_000 and made["post"].formatType == 3 and list(made.getBestCmap()) == [0x4E00]


def test_a_type_1_font_keeps_outlines_widths_and_name(run, zoo):
    made = loaded(run(font.type1, "font/TestT1-Regular.pfb", "PFB", "OTF"))
    assert made.sfntVersion == "OTTO" and made["name"].getBestFamilyName() == "Test T1"
    assert made.getBestCmap() == {32: "space", 46: "period", 0x2026: "ellipsis"}
    independent = ImageFont.truetype(str(zoo / "font/TestT1-Regular.pfb"), 1000)  # FreeType reads the file itself
    for character, name in ((".", "period"), ("…", "ellipsis")):
        left, bottom, right, top = bounds(made, name)
        box = independent.getmask(character).getbbox()
        assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((right - left, top - bottom), abs=1)
        assert made["hmtx"][name][0] == independent.getlength(character)
    assert bounds(made, "ellipsis")[1] == 0


def test_a_fontforge_source_becomes_a_font(run):
    made = loaded(run(font.fontforge, "font/QuadOverlapBugs.sfd", "SFD", "TTF"))
    assert made["name"].getBestFamilyName() == "QuadOverlapBugs"
    assert sorted(made.getBestCmap()) == list(range(0x20, 0x2A))


@pytest.mark.parametrize("keyword", [b"PickledData", b"pickleddata", b"Pickl\\\nedData", b"P\\\r\ni\\\n\\\nckledData"])
def test_python_objects_in_a_fontforge_source_are_not_made(run, zoo, tmp_path, keyword):
    touched = tmp_path / "touched"
    pickled = f"cposix\nsystem\n(S'touch {touched}'\ntR."
    content = (zoo / "font/QuadOverlapBugs.sfd").read_bytes()
    hostile = content.replace(b"LayerCount: 2", keyword + b': "' + pickled.encode() + b'"\nLayerCount: 2', 1)
    assert hostile != content
    assert len(loaded(run(font.fontforge, hostile, "SFD", "TTF")).getGlyphOrder()) == 13
    assert not touched.exists()


def test_a_specimen_names_the_font_and_shows_every_script_that_it_has(faced):
    used = faced(DEJAVU)
    page = sheet(used)
    own = [piece.text for piece in page.pieces if piece.voice == "own"]
    assert own[0] == "DejaVu Serif"
    assert {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"} <= set(own)
    assert own.count("The quick brown fox jumps over the lazy dog.") == 5  # once in Latin, four sizes in full
    captions = [piece.text for piece in page.pieces if piece.voice == "caption"]
    assert "Book · Version 2.7 · 1815 glyphs" in captions and {"Latin", "Greek", "Cyrillic", "Sizes"} <= set(captions)
    assert "Arabic" not in captions


@pytest.mark.parametrize(("path", "facts"), FONTS.items())
def test_a_specimen_shows_nothing_that_the_font_does_not_have(faced, path, facts):
    used = faced(path, facts[0])
    for piece in sheet(used).pieces:
        if piece.voice == "own":
            assert all(used.glyphs[ord(c)] != ".notdef" for c in piece.text if c != " "), piece.text


def test_a_specimen_is_drawn_in_the_font_and_to_the_size_that_is_asked(run):
    image = Image.open(run(font.specimen, DEJAVU, "TTF", "specimen.png"))
    assert image.width == 1000 and ink(image.crop((0, 0, 1000, 120)))[2] > 400
    for size in ((600, 400), (300, 900), (900, 300)):
        small = Image.open(run(font.specimen, DEJAVU, "TTF", "specimen.png", width=str(size[0]), height=str(size[1])))
        assert small.size == size
        left, top, right, bottom = ink(small)
        assert left > 0 and right <= size[0] and right - left > 0.4 * size[0] and bottom - top > 0.5 * size[1] and bottom < size[1]
    tinted = Image.open(run(font.specimen, DEJAVU, "TTF", "specimen.png", bg="ffee00")).convert("RGB")
    assert tinted.getpixel((2, 2)) == (255, 238, 0)


def test_a_font_without_a_space_keeps_its_words_apart(run, faced):
    used = faced("font/CantarellMin.woff2", "WOFF2")
    assert "the quick brown fox jumps over the lazy dog" in [piece.text for piece in sheet(used).pieces]
    image = Image.open(run(font.specimen, "font/CantarellMin.woff2", "WOFF2", "specimen.png")).convert("L")
    line = next(piece for piece in sheet(used).pieces if piece.text.startswith("the quick") and piece.size == 30)
    row = image.crop((int(line.x), int(line.y) - 24, image.width, int(line.y) + 8))
    dark = [row.crop((x, 0, x + 1, row.height)).getextrema()[0] < 160 for x in range(row.width)]
    gaps = [len(gap) for gap in re.findall("0{9,}", "".join("01"[value] for value in dark).strip("0"))]
    assert len(gaps) == 8  # between nine words; a box where a space belongs would close them


def test_a_symbol_font_shows_its_glyphs(run, faced):
    content = TTFont(io.BytesIO(run(font.outlines, DEJAVU, "TTF", "TTF").getvalue()))
    table = next(t for t in content["cmap"].tables if t.isUnicode())
    table.platformID, table.platEncID = 3, 0
    table.cmap = {0xF000 + code: name for code, name in table.cmap.items() if 0x40 < code < 0x5B}
    content["cmap"].tables = [table]
    file = io.BytesIO()
    content.save(file)
    used = faced(file.getvalue())
    drawn = [piece.text for piece in sheet(used).pieces if piece.voice == "own"]
    assert drawn == [chr(0xF000 + code) for code in range(0x41, 0x5B)]
    assert "U+F041" in [piece.text for piece in sheet(used).pieces]
    assert initials(used) == "\uf041\uf042\uf043"
    image = Image.open(run(font.thumb, file.getvalue(), "TTF", "thumb.png"))
    assert ink(image)[2] - ink(image)[0] > 150


def test_glyphs_without_characters_are_shown_too(faced, built):
    page = sheet(faced(built({"one": 0, "two": 0})))
    assert len([piece for piece in page.pieces if piece.voice == "own"]) == 2


def test_a_blank_glyph_is_not_taken_for_a_letter(faced, built):
    used = faced(built({"A": 65, "B": 66}, empty=("B",)))
    assert used.draws("A") and not used.draws("B") and not used.draws("C")
    assert initials(used) == "A"


def test_a_font_of_pictures_shows_them_in_their_colours(run, built, faced):
    given = TTFont(io.BytesIO(built({"A": 65, "B": 66}, empty=(".notdef", "A", "B"))))
    picture = io.BytesIO()
    Image.new("RGBA", (48, 48), (0, 160, 60, 255)).save(picture, "PNG")
    strike = Strike(ppem=48, resolution=72)
    strike.glyphs = {name: Glyph(graphicType="png ", glyphName=name, imageData=picture.getvalue()) for name in "AB"}
    table = newTable("sbix")
    table.version, table.flags, table.strikes = 1, 1, {48: strike}
    given["sbix"] = table
    file = io.BytesIO()
    given.save(file)
    assert [piece.text for piece in sheet(faced(file.getvalue())).pieces if piece.voice == "own"] == ["A", "B"]
    image = Image.open(run(font.specimen, file.getvalue(), "TTF", "specimen.png")).convert("RGB")
    assert sum(count for count, colour in image.getcolors(1 << 20) if colour == (0, 160, 60)) > 20_000
    small = Image.open(run(font.thumb, file.getvalue(), "TTF", "thumb.png", width="64", height="64")).convert("RGB")
    assert small.getpixel((32, 32)) == (0, 160, 60) and small.getpixel((2, 2)) == (255, 255, 255)
    page = run(font_pages.glyphs, file.getvalue(), "TTF", "glyphs.html").getvalue().decode()
    assert page.count('<img alt="" src="data:image/png;base64,') == 2
    with pytest.raises(ConverterFailed, match="pictures instead of outlines"):
        run(font_pages.drawing, file.getvalue(), "TTF", "SVG")


@pytest.mark.parametrize("target", ["OTF", "TTF", "WOFF2"])
def test_a_variable_font_tells_its_axes_and_stands_still_only_where_it_must(run, built, target):
    given = TTFont(io.BytesIO(built({"A": 65, "B": 66})))
    builder = FontBuilder(font=given)
    builder.setupFvar([("wght", 100, 400, 900, "Weight")], [])
    wide = [(0, 0), (0, 0), (300, 0), (300, 0), (0, 0), (300, 0), (0, 0), (0, 0)]
    builder.setupGvar({"A": [TupleVariation({"wght": (0, 1, 1)}, wide)]})
    file = io.BytesIO()
    given.save(file)
    told = json.load(run(font_pages.facts, file.getvalue(), "TTF", "metadata.json"))
    assert told["axes"] == [{"tag": "wght", "name": "Weight", "least": 100, "default": 400, "most": 900}]
    function = font.packed if target == "WOFF2" else font.outlines
    made = loaded(run(function, file.getvalue(), "TTF", target))
    assert bounds(made, "A") == (100, 0, 800, 700)
    assert ("fvar" in made) == (target != "OTF")


def test_a_thumb_is_two_letters_in_the_middle(run):
    image = Image.open(run(font.thumb, DEJAVU, "TTF", "thumb.png"))
    assert image.size == (256, 256)
    left, top, right, bottom = ink(image)
    assert abs(left - (256 - right)) <= 4 and abs(top - (256 - bottom)) <= 4 and right - left > 140
    assert Image.open(run(font.thumb, DEJAVU, "TTF", "thumb.jpg", width="100", height="50")).size == (100, 50)
    assert Image.open(run(font.thumb, "font/TestTTF.ttf", "TTF", "thumb.webp", width="64", height="64")).size == (64, 64)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("noto/NotoSansArabic-Regular.ttf", "أب"),
        ("noto/NotoSansDevanagari-Regular.ttf", "अआ"),
        ("noto/NotoSansThai-Regular.ttf", "กข"),
        ("noto/NotoSansCherokee-Regular.ttf", "ᎠᎡ"),
    ],
)
def test_a_font_of_another_script_speaks_it(faced, path, expected):
    used = faced((Path("/usr/share/fonts/truetype") / path).read_bytes())
    assert initials(used) == expected
    page = sheet(used)
    words = "".join(piece.text for piece in page.pieces if piece.voice == "own")
    assert expected[1] in words


def test_a_member_of_a_collection_is_chosen(run):
    cjk = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").read_bytes()
    families = [json.load(run(font_pages.facts, cjk, "TTC", "metadata.json", page=page))["family"] for page in ("1", "3")]
    assert families == ["Noto Sans CJK JP", "Noto Sans CJK SC"]
    assert loaded(run(font.outlines, "font/TestTTC.ttc", "TTC", "TTF", page="2"))["name"].getBestFamilyName() == "Test TTF"
    with pytest.raises(ConverterFailed, match="holds 2 fonts"):
        run(font.outlines, "font/TestTTC.ttc", "TTC", "TTF", page="3")


def test_the_table_of_glyphs_comes_in_pages(run):
    first = run(font_pages.glyphs, DEJAVU, "TTF", "glyphs.html").getvalue().decode()
    assert "1815 glyphs" in first and "page 1 of 4" in first and first.count("<li ") == 480
    assert 'title="LATIN CAPITAL LETTER A"' in first and "<b>U+0041</b>A</li>" in first and "<script" not in first
    last = run(font_pages.glyphs, DEJAVU, "TTF", "glyphs.html", page="4").getvalue().decode()
    assert last.count("<li ") == 1815 - 3 * 480 and "no character" in last
    with pytest.raises(ConverterFailed, match="4 pages"):
        run(font_pages.glyphs, DEJAVU, "TTF", "glyphs.html", page="5")


def test_the_drawing_has_the_outlines_of_its_letters(run):
    import resvg_py

    drawing = run(font_pages.drawing, DEJAVU, "TTF", "SVG").getvalue().decode()
    assert drawing.startswith("<svg ") and "<title>DejaVu Serif</title>" in drawing
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=drawing))))
    exact = Image.open(run(font.specimen, DEJAVU, "TTF", "specimen.png"))
    for there, here in zip(ink(picture.crop((0, 0, 1000, 120))), ink(exact.crop((0, 0, 1000, 120))), strict=True):
        assert abs(there - here) <= 4


# --- what is broken, and what would be too much


def test_a_font_that_is_cut_short_is_said_to_be(run, zoo):
    content = (zoo / DEJAVU).read_bytes()
    for function, target in ((font.specimen, "specimen.png"), (font.packed, "WOFF2"), (font_pages.facts, "metadata.json")):
        with pytest.raises(Corrupt, match="cut short"):
            run(function, content[:100_000], "TTF", target)
    for path, source in (("font/CantarellMin.woff2", "WOFF2"), ("font/TestWOFF.woff", "WOFF"), ("font/TestDFONT.dfont", "DFONT")):
        with pytest.raises(Corrupt):
            run(font.thumb, (zoo / path).read_bytes()[:1200], source, "thumb.png")
    with pytest.raises(Corrupt):
        run(font.type1, (zoo / "font/TestT1-Regular.pfb").read_bytes()[:1500], "PFB", "OTF")
    with pytest.raises(Corrupt, match="EndSplineFont"):
        run(font.fontforge, (zoo / "font/QuadOverlapBugs.sfd").read_bytes()[:9000], "SFD", "TTF")


def test_a_table_that_unpacks_to_more_than_it_says_is_not_unpacked(run, zoo):
    content = bytearray((zoo / "font/TestWOFF.woff").read_bytes())
    bomb = zlib.compress(bytes(70 << 20), 1)
    struct.pack_into(">3I", content, 44 + 4, len(content), len(bomb), 70 << 20)
    with pytest.raises(TooExpensive, match="64 MiB"):
        run(font.thumb, bytes(content) + bomb, "WOFF", "thumb.png")
    struct.pack_into(">3I", content, 44 + 4, len(content), len(bomb), len(bomb) + 1)
    with pytest.raises(Corrupt, match="longer than it says"):
        run(font.thumb, bytes(content) + bomb, "WOFF", "thumb.png")


def test_a_brotli_bomb_is_counted_not_kept(run):
    import brotli

    stream = brotli.compress(bytes(66 << 20), quality=1)
    head = struct.pack(">4sIIHHIIHHIIIII", b"wOF2", 0x10000, 48 + 2 + len(stream), 1, 0, 1 << 10, len(stream), 1, 0, 0, 0, 0, 0, 0)
    with pytest.raises(TooExpensive, match="64 MiB"):
        run(font.thumb, head + b"\x00\x10" + stream, "WOFF2", "thumb.png")


def test_a_font_that_names_four_thousand_million_characters_is_refused(run, built):
    given = TTFont(io.BytesIO(built({"A": 65})))
    table = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + struct.pack(">HHIII", 12, 0, 28, 0, 1) + struct.pack(">III", 0, 0xFFFFFFFE, 1)
    with pytest.raises(TooExpensive, match="more characters"):
        run(font.thumb, sfnt(given, cmap=table), "TTF", "thumb.png")


@pytest.mark.parametrize("source", ["TTF", "OTF", "TTC", "WOFF", "WOFF2", "DFONT"])
def test_what_is_no_font_is_said_to_be_broken(run, source):
    marks = {"TTF": b"\0\1\0\0", "OTF": b"OTTO", "TTC": b"ttcf", "WOFF": b"wOFF", "WOFF2": b"wOF2", "DFONT": b"\0\0\1\0"}
    with pytest.raises((Corrupt, TooExpensive)):
        run(font.specimen, marks[source] + bytes(range(256)) * 4, source, "specimen.png")
