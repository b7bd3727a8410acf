"""Programs beside a warm function: what can be told of one that tells nothing itself."""

import os

import pytest

from converters.conftest import ZOO, Handed
from converters.test_progress import paper
from omnic_stream.converters.warm import pdf, pdf_page, programs


def test_what_a_program_has_written_tells_how_far_it_is(tmp_path):
    """The program goes on only when its first half was told."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    told: list[float] = []

    def report(fraction: float) -> None:
        if fraction == 0.5 and fraction not in told:
            gate.write_text("go on\n")
        told.append(fraction)

    script = f"printf 'one</page>two</pa'; printf 'ge>'; read word < {gate}; printf '</page></page>'"
    made = programs.run(("timeout", "20", "sh", "-c", script), marks=(b"</page>", 4), report=report)
    assert made == b"one</page>two</page></page></page>"
    assert told[0] <= 0.5 and 0.5 in told and told == sorted(told)


@pytest.mark.parametrize(("function", "pages"), [(pdf.layout, 1200), (pdf_page.to_html, 120)])
def test_the_text_of_a_long_document_is_measured(tmp_path, function, pages):
    path, made = paper(tmp_path, pages), tmp_path / "made"
    with path.open("rb") as given, made.open("w+b") as output:
        call = Handed(given.fileno(), output.fileno(), "PDF", "TXT", {})
        function(call)
    assert call.told == sorted(call.told) and len(set(call.told)) >= 3
    assert all(0 <= fraction <= 1 for fraction in call.told) and any(0.02 < fraction < 0.78 for fraction in call.told)
    assert f"Page {pages}:".encode() in made.read_bytes()


def test_a_short_document_is_what_poppler_says_of_it(run):
    made = run(pdf.layout, "document/archive_write_new.3.pdf", "PDF", "TXT").read()
    assert made == programs.run(("pdftotext", "-layout", "-enc", "UTF-8", str(ZOO / "document/archive_write_new.3.pdf"), "-"))
