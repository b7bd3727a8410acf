from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import tempfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
from PIL import Image

from omnic_stream.converters.warm import chart, dialect, sheets, table
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive

TYPED = b"id,name,price,born,seen,here,code\n1,Ann,1.5,2001-02-03,2024-05-06T07:08:09,true,007\n2,,2,1999-12-31,2024-05-06T10:00:00,false,010\n"


def records(run, content, source: str, **arguments: str):
    return json.loads(run(table.convert, content, source, "JSON", **arguments).read())


def rows(run, content, source: str, **arguments: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(run(table.convert, content, source, "CSV", **arguments).read().decode())))


def workbook(content: bytes) -> dict[str, list[list[object]]]:
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def base_of(*statements: str) -> bytes:
    base = sqlite3.connect(":memory:")
    for statement in statements:
        base.execute(statement)
    base.commit()
    return base.serialize()


# --- dialects ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932", "cp1252"])
def test_a_text_is_read_in_its_delimiter_and_encoding(run, delimiter, encoding):
    word = "Müller été" if encoding == "cp1252" else "潮の満ち引き"
    lines = [["name", "height"], [word, "3"], [f'a{delimiter} "b"', "4"]]
    made = io.StringIO()
    csv.writer(made, delimiter=delimiter).writerows(lines)
    assert rows(run, made.getvalue().encode(encoding), "CSV") == lines


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("cp1251", "цена"), ("koi8_r", "цена"), ("euc_kr", "가격은 얼마"), ("gb18030", "这个的价格是一"), ("big5", "這個的價格是一")],
)
def test_a_table_is_read_in_the_encoding_that_a_text_would_be(run, encoding, word):
    lines = [["name", word], [word, "3"]]
    content = "".join(";".join(line) + "\r\n" for line in lines).encode(encoding)
    assert rows(run, content, "CSV") == lines


def test_a_decimal_comma_is_left_alone(run):
    assert records(run, b"name;price\nAnn;1,50\nBob;2,25\n", "CSV") == [
        {"name": "Ann", "price": "1,50"},
        {"name": "Bob", "price": "2,25"},
    ]


def test_single_quotes_a_line_for_excel_and_comments(run):
    assert rows(run, b"a,b\n'x, y','z'\n'1','2'\n", "CSV") == [["a", "b"], ["x, y", "z"], ["1", "2"]]
    assert rows(run, b"sep=|\na|b,c\n1|2\n", "CSV") == [["a", "b,c"], ["1", "2"]]
    assert rows(run, b"# made by hand\na,b,c\n1,2,3\n4,5,6\n", "CSV") == [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]]


def test_an_inch_mark_in_a_tsv_is_a_letter(run):
    assert rows(run, b'size\tname\n3" pipe\tx\n4" pipe\ty\n', "TSV")[1] == ['3" pipe', "x"]


def test_rows_of_unequal_width_are_filled_up(run):
    assert records(run, b"a,b\n1\n1,2,3\n", "CSV") == [{"a": 1, "b": None, "column 3": None}, {"a": 1, "b": 2, "column 3": 3}]


def test_a_table_without_names_keeps_its_first_row(run):
    assert rows(run, b"1,2.5\n3,4.5\n", "CSV") == [["1", "2.5"], ["3", "4.5"]]
    assert records(run, b"1,2.5\n3,4.5\n", "CSV")[0] == {"column 1": 1, "column 2": 2.5}
    assert list(records(run, b"country,1990,1991\nA,3,4\n", "CSV")[0]) == ["country", "1990", "1991"]


def test_cells_are_what_they_can_be_and_text_stays_as_it_is_written(run):
    first, second = records(run, TYPED, "CSV")
    assert first == {
        "id": 1,
        "name": "Ann",
        "price": 1.5,
        "born": "2001-02-03",
        "seen": "2024-05-06T07:08:09",
        "here": True,
        "code": "007",
    }
    assert second["name"] is None
    assert run(table.convert, TYPED, "CSV", "TSV").read() == TYPED.replace(b",", b"\t")
    assert [row["n"] for row in records(run, b"k,n\na,1\nb,NA\nc,3\n", "CSV")] == [1, None, 3]
    assert [row["n"] for row in records(run, b"k,n\na,x\nb,NA\n", "CSV")] == ["x", "NA"]


# --- from each to each ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["CSV", "TSV", "JSON", "NDJSON", "XLSX", "PARQUET", "ARROW", "SQLITE"])
@pytest.mark.parametrize("target", ["CSV", "JSON", "NDJSON", "XLSX", "PARQUET", "ARROW", "SQLITE"])
def test_each_becomes_each_with_all_its_values(run, source, target):
    given = TYPED if source == "CSV" else run(table.convert, TYPED, "CSV", source).read()
    made = given if source == target else run(table.convert, given, source, target).read()
    first, second = records(run, made, target)
    assert (first["id"], first["name"], first["price"], first["code"]) == (1, "Ann", 1.5, "007")
    assert (second["id"], second["name"], second["price"]) == (2, None, 2)
    assert first["born"].startswith("2001-02-03")
    assert re.match(r"2024-05-06[T ]07:08:09", first["seen"])
    assert first["here"] in {True, "true"}


@pytest.mark.parametrize(
    ("path", "source"),
    [("table/data.tsv", "TSV"), ("table/data.ndjson", "NDJSON"), ("table/data.parquet", "PARQUET"), ("table/d.feather", "ARROW"),
     ("table/d.sqlite", "SQLITE")],
)  # fmt: skip
def test_the_zoo_s_hundred_rows_come_out_whole(run, path, source):
    made = rows(run, path, source)
    assert made[0] == ["id", "name", "value"]
    assert len(made) == 101
    assert [row[0] for row in made[1:]] == [str(number) for number in range(100)]
    assert all(abs(float(row[2]) - int(row[0]) ** 2 / 7) < 0.001 for row in made[1:])


def test_a_semicolon_list_becomes_a_workbook(run, zoo):
    (sheet,) = workbook(run(table.convert, "table/whitelist.csv", "CSV", "XLSX").read()).values()
    lines = (zoo / "table/whitelist.csv").read_text().splitlines()
    assert sheet == [line.split(";") for line in lines]


def test_workbooks_of_others(run):
    assert rows(run, "table/chinese_spreadsheet.ods", "ODS") == [["test", "test", "test"]]
    made = rows(run, "table/array-intersection.xls", "XLS")
    assert made[1][:4] == ["1", "2", "3", "4"]
    assert made[0][0] == "true"


def test_apple_s_numbers(run, tmp_path):
    from numbers_parser import Document

    document = Document(num_rows=3, num_cols=2)
    cells = document.sheets[0].tables[0]
    for line, row in enumerate([["name", "height"], ["Ann", 3.25], ["Bob", 4]]):
        for place, value in enumerate(row):
            cells.write(line, place, value)
    document.save(tmp_path / "t.numbers")
    content = (tmp_path / "t.numbers").read_bytes()
    assert records(run, content, "NUMBERS") == [{"name": "Ann", "height": 3.25}, {"name": "Bob", "height": 4}]
    with pytest.raises(Corrupt, match="version of Numbers"):
        records(run, "table/numbers3-file.numbers", "NUMBERS")


def test_sheets_and_tables_are_all_there_or_the_one_that_is_asked_for(run):
    given = base_of(
        "CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1)", "CREATE TABLE b (y TEXT)", "INSERT INTO b VALUES ('z')"
    )
    assert records(run, given, "SQLITE") == {"a": [{"x": 1}], "b": [{"y": "z"}]}
    assert records(run, given, "SQLITE", sheet="2") == [{"y": "z"}]
    assert list(workbook(run(table.convert, given, "SQLITE", "XLSX").read())) == ["a", "b"]
    assert records(run, run(table.convert, given, "SQLITE", "XLSX").read(), "XLSX") == {"a": [{"x": 1}], "b": [{"y": "z"}]}
    page = run(table.page, given, "SQLITE", "HTML").read().decode()
    assert page.count("<section>") == 2
    assert '<a href="#t1">b</a>' in page
    with pytest.raises(ConverterFailed, match="2 tables"):
        rows(run, given, "SQLITE", sheet="3")


def test_column_stores_keep_every_type_between_them(run):
    schema = pa.schema(
        [
            ("d", pa.decimal128(9, 3)),
            ("t", pa.timestamp("ns", "Europe/Berlin")),
            ("l", pa.list_(pa.int8())),
            ("c", pa.dictionary(pa.int8(), pa.string())),
        ]
    )
    given = io.BytesIO()
    from decimal import Decimal

    pq.write_table(
        pa.Table.from_pydict({"d": [Decimal("1.250")], "t": [1_700_000_000_000_000_001], "l": [[1, 2]], "c": ["x"]}, schema), given
    )
    made = pa.ipc.open_file(run(table.convert, given.getvalue(), "PARQUET", "ARROW")).read_all()
    assert made.schema.types[:3] == schema.types[:3]
    assert made["t"][0].value == 1_700_000_000_000_000_001
    assert records(run, given.getvalue(), "PARQUET") == [{"d": 1.25, "t": "2023-11-14T23:13:20+01:00", "l": [1, 2], "c": "x"}]


def test_parquet_of_text_has_types(run):
    made = pq.read_table(run(table.convert, TYPED, "CSV", "PARQUET"))
    assert [str(kind) for kind in made.schema.types] == [
        "int64",
        "string",
        "double",
        "date32[day]",
        "timestamp[us]",
        "bool",
        "string",
    ]


def test_dbase(run):
    made = records(run, (table_samples() / "tides.dbf").read_bytes(), "DBF")
    assert len(made) == 48
    assert made[0] == {"HOUR": 0, "HEIGHT_M": 2.9, "TEMP_C": 8.2, "WIND": "N 2"}


def table_samples():
    from pathlib import Path

    return Path(table.__file__).parents[2] / "samples"


# --- to look at -------------------------------------------------------------------------------------------------------------


def test_a_page_has_rows_numbers_types_and_the_total(run):
    page = run(table.page, "table/data.parquet", "PARQUET", "HTML").read().decode()
    assert page.count("<tr>") == 101
    assert '<th class="r">value<small>number</small></th>' in page
    assert "<th>name<small>text</small></th>" in page
    assert "100 rows, 3 columns" in page
    assert "<tr><th>100</th>" in page
    long = "a,b\n" + "".join(f"{n},x\n" for n in range(7000))
    page = run(table.page, long.encode(), "CSV", "HTML").read().decode()
    assert page.count("<tr>") == 5001
    assert "7,000 rows, 2 columns. Shown: the first 5,000 rows." in page


def test_a_text_has_its_columns_side_by_side(run):
    made = run(table.convert, "name,height\n潮,3\nAnn  B,12.5\n".encode(), "CSV", "TXT").read().decode()
    assert made == "name   height\n-----  ------\n潮          3\nAnn B    12.5\n"
    given = base_of("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "CREATE TABLE b (y)", "INSERT INTO b VALUES ('z')")
    assert run(table.convert, given, "SQLITE", "TXT").read() == b"a\n\nx\n-\n1\n\nb\n\ny\n-\nz\n"


def test_markup_in_cells_is_shown_as_its_letters(run):
    page = run(table.page, b"x,<i>\n<script>alert(1)</script>,<b>\n", "CSV", "HTML").read().decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    drawing = run(table.plot, b"<a>,n\n<script>,1\n<b>,2\n", "CSV", "plot.svg").read().decode()
    assert "<script" not in drawing
    assert "&lt;script&gt;" in drawing


def dark(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    return sum(image.convert("L").crop(box).histogram()[:128])


def test_a_thumb_shows_the_head_and_the_first_rows(run):
    with Image.open(run(table.picture, "table/data.tsv", "TSV", "thumb.png", width="200", height="200")) as made:
        assert made.size == (200, 200)
        assert made.convert("RGB").getpixel((100, 3)) == (233, 238, 243)
        assert dark(made, (0, 0, 200, 14)) > 20
        assert dark(made, (0, 180, 200, 200)) > 20
    with Image.open(run(table.picture, "table/data.tsv", "TSV", "thumb.jpg", width="300", height="100")) as made:
        assert (made.format, made.size) == ("JPEG", (300, 100))
    with Image.open(run(table.picture, "table/whitelist.csv", "CSV", "PNG")) as made:
        assert made.width == 1200
        assert dark(made, (0, made.height - 26, 600, made.height)) > 50


def line_heights(image: Image.Image, colour: tuple[int, int, int], columns: tuple[int, ...]) -> list[float]:
    pixels = image.convert("RGB")
    found = []
    for x in columns:
        ys = [y for y in range(image.height) if max(abs(a - b) for a, b in zip(pixels.getpixel((x, y)), colour, strict=True)) < 40]
        found.append(sum(ys) / len(ys))
    return found


def test_a_rising_number_is_the_axis_of_a_line(run):
    with Image.open(run(table.plot, "table/data.parquet", "PARQUET", "plot.png")) as made:
        assert made.size == (960, 540)
        # value = id squared / 7 on 0 to 1600: at a quarter, a half and three quarters of the width
        heights = line_heights(made, (0x3D, 0x7F, 0xC1), (76 + 215, 76 + 430, 76 + 645))
    for height, part in zip(heights, (0.25, 0.5, 0.75), strict=True):
        assert abs(height - (482 - 426 * (99 * part) ** 2 / 7 / 1600)) < 4


def test_charts_fit_what_a_table_holds(run):
    def svg(content: bytes) -> str:
        return run(table.plot, content, "CSV", "plot.svg").read().decode()

    times = svg(b"when,a,b\n2024-01-31,1,1000\n2024-02-29,2,2000\n2024-03-31,3,4000\n2024-04-30,1,9000\n")
    assert "Mar 2024" in times
    assert times.count('stroke-width="2"') == 2
    assert "prefers-color-scheme:dark" in times
    bars = svg(b"fruit,kilos\napple,10\npear,5\nplum,-2\n")
    assert [float(w) for w in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" [^>]*rx="2"', bars)] == pytest.approx(
        [10 * 900 / 12 * k for k in (1, 0.5, 0.2)], rel=0.15
    )
    assert "plum" in bars
    counts = svg(b"a,b\nx,red\ny,red\nz,blue\n")
    assert "rows for each b" in counts
    with pytest.raises(ConverterFailed, match="no rows"):
        svg(b"a,b\n")


def test_long_series_keep_their_peaks():
    points = [(float(n), 0.0) for n in range(100_000)]
    points[54_321] = (54_321.0, 9.0)
    made = chart.thinned(points)
    assert len(made) < 2_000
    assert (54_321.0, 9.0) in made


def test_facts(run):
    schema = json.loads(run(table.facts, TYPED, "CSV", "schema.json").read())
    assert [(c["name"], c["type"]) for c in schema["tables"][0]["columns"]] == [
        ("id", "integer"), ("name", "text"), ("price", "number"), ("born", "date"), ("seen", "datetime"), ("here", "boolean"), ("code", "text"),
    ]  # fmt: skip
    (found,) = json.loads(run(table.facts, "table/data.ndjson", "NDJSON", "summary.json").read())["tables"]
    assert found["rows"] == 100
    id, name, value = found["columns"]
    assert (id["min"], id["max"], id["mean"], id["distinct"], id["nulls"]) == (0, 99, 49.5, 100, 0)
    assert name["type"] == "text"
    assert value["max"] == pytest.approx(1400.143)
    (found,) = json.loads(run(table.facts, b"a,b\nx,1\nx,\ny,3\n", "CSV", "summary.json").read())["tables"]
    assert found["columns"][0]["top"] == [{"value": "x", "count": 2}, {"value": "y", "count": 1}]
    assert (found["columns"][1]["nulls"], found["columns"][1]["mean"]) == (1, 2)
    (found,) = json.loads(run(table.facts, base_of("CREATE TABLE t (a VARCHAR(9))"), "SQLITE", "schema.json").read())["tables"]
    assert found == {"name": "t", "rows": 0, "columns": [{"name": "a", "type": "empty", "declared": "varchar(9)"}]}


# --- hostile ----------------------------------------------------------------------------------------------------------------


def test_no_formula_and_no_link_comes_alive(run):
    given = b'a,b\n=1+1,"=HYPERLINK(""https://evil.example/"")"\n+1+cmd|\' /C calc\'!A0,https://evil.example/\n@SUM(1),-2+3\n'
    made = run(table.convert, given, "CSV", "XLSX").read()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        texts = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels")))
    assert "<f>" not in texts
    assert "<hyperlink " not in texts
    assert "relationships/hyperlink" not in texts
    assert next(iter(workbook(made).values()))[1] == ["=1+1", '=HYPERLINK("https://evil.example/")']


def test_a_database_runs_nothing_of_its_own(run):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    given = base_of(
        "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", f"CREATE VIEW v AS {endless}",
        f"CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN {endless}; END",
    )  # fmt: skip
    assert records(run, given, "SQLITE") == [{"a": 1}]
    huge = base_of("CREATE TABLE t (a, b AS (length(zeroblob(900000000))))", "INSERT INTO t (a) VALUES (1)")
    with pytest.raises((Corrupt, TooExpensive)):
        run(table.convert, huge.replace(b"length(zeroblob(900000000))", b"hex(zeroblob(900000000))   "), "SQLITE", "CSV")
    with pytest.raises(Corrupt):
        records(run, given[:1500], "SQLITE")


def spread(reference: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(
            "xl/worksheets/sheet1.xml", f'<sheetData><row r="1"><c r="A1"/></row><row><c r="{reference}"/></row></sheetData>'
        )
    return made.getvalue()


def test_what_would_not_fit_is_refused_by_its_limit(run):
    with pytest.raises(TooExpensive, match="4,000,000 cells"):
        records(run, spread("XFD1048576"), "XLSX")
    with pytest.raises(TooExpensive, match="16384 columns"):
        records(run, b"a," * 20_000 + b"b\n", "CSV")
    with pytest.raises(TooExpensive, match="million characters"):
        records(run, b"a,b\n" + b"x" * (dialect.LONGEST_LINE + 5), "CSV")
    assert sheets.surveyed([("a", "b")] * 50, str, most=100)[1] == 50
    with pytest.raises(TooExpensive, match="more than 100 cells"):
        sheets.surveyed([("a", "b")] * 51, str, most=100)


@pytest.mark.parametrize(
    ("content", "source"),
    [(b"PAR1 nothing PAR1", "PARQUET"), (b"ARROW1\0\0 nothing", "ARROW"), (b"SQLite format 3\0 nothing", "SQLITE"), (b"PK\x03\x04 nothing", "XLSX"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nothing", "XLS"), (b"{]", "NDJSON"), (b"[" * 100_000, "JSON"), (b'{"a": 1}', "JSON"),
     (b"\x03nothing", "DBF"), (b"PK\x03\x04 nothing", "NUMBERS")],
)  # fmt: skip
def test_what_is_broken_is_corrupt(run, content, source):
    with pytest.raises(Corrupt):
        records(run, content, source)


def test_latin_text_is_not_taken_for_japanese():
    for text in ("Jérôme;Ünal;Ørsted\nà côté;ß;ÄÖÜ\n", "naïve,façade\n"):
        with tempfile.TemporaryFile() as file:
            file.write(text.encode("cp1252"))
            file.flush()
            assert dialect.encoding_of(file.fileno()) == "cp1252"
            assert os.fstat(file.fileno()).st_size > 0
