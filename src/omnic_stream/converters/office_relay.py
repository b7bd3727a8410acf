"""What runs beside LibreOffice in its cage, under the system's Python: a file of its own, which imports nothing of omnic_stream.

Without arguments it is a warm worker: it starts LibreOffice, which listens on a UNO pipe (a socket in the cage's own /tmp, no
port anywhere), and serves the calls that come as datagrams on descriptor 0. A request is JSON with ``source`` and ``target``,
Format names, and brings the input and the output as descriptors; the answers are ``{"at": fraction}``, then ``{"ok": facts}`` or
``{"error": sentence, "code": code}``. The first word is ``{"ready": pid}``.

With the words ``INPUT OUTPUT`` it converts one file to PDF by a fresh LibreOffice, without UNO.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LARGEST = 1 << 17
EVERY = 0.05
"""Seconds between two progress reports."""
RESTART = (79, 81)
"""Exit statuses by which LibreOffice asks to be started again, as it does on a fresh profile (desktop/source/inc/exithelper.h)."""

SECURITY = {
    "BlockUntrustedRefererLinks": "true",
    "DisableMacrosExecution": "true",
    "DisableActiveContent": "true",  # since LibreOffice 7.5; older ones skip what they do not know
    "MacroSecurityLevel": "3",
}
PROFILE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    + "".join(
        f'<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>\n"
        for name, value in SECURITY.items()
    )
    + "</oor:items>\n"
)
OPTIONS = (
    *("--headless", "--invisible", "--norestore", "--nologo", "--nodefault"),
    *("--nolockcheck", "--nofirststartwizard", "--nocrashreport"),
)

TEXT, SHEET, SLIDES = (
    "com.sun.star.text.TextDocument",
    "com.sun.star.sheet.SpreadsheetDocument",
    "com.sun.star.presentation.PresentationDocument",
)
DRAWING, WEB = "com.sun.star.drawing.DrawingDocument", "com.sun.star.text.WebDocument"
KINDS = (WEB, TEXT, SHEET, SLIDES, DRAWING)
"""Services that a loaded document may support. A Writer/Web document is a text document too, so the closer kind comes first."""

COMMA_SEPARATED = "44,34,76,1,,0,false,true,false,false,false,0"
"""Comma, quotes, UTF-8, cells as they are shown, the first sheet (the manual's "Filter Options for CSV Export")."""
WRITERS = {
    "PDF": {
        WEB: ("writer_web_pdf_Export", ""),
        TEXT: ("writer_pdf_Export", ""),
        SHEET: ("calc_pdf_Export", ""),
        SLIDES: ("impress_pdf_Export", ""),
        DRAWING: ("draw_pdf_Export", ""),
    },
    "DOCX": {TEXT: ("MS Word 2007 XML", "")},
    "DOC": {TEXT: ("MS Word 97", "")},
    "ODT": {TEXT: ("writer8", "")},
    "RTF": {TEXT: ("Rich Text Format", "")},
    "TXT": {TEXT: ("Text (encoded)", "UTF8,LF,,,")},
    "HTML": {
        TEXT: ("HTML (StarWriter)", "EmbedImages"),
        SHEET: ("HTML (StarCalc)", "EmbedImages"),
    },
    "XLSX": {SHEET: ("Calc MS Excel 2007 XML", "")},
    "XLS": {SHEET: ("MS Excel 97", "")},
    "ODS": {SHEET: ("calc8", "")},
    "CSV": {SHEET: ("Text - txt - csv (StarCalc)", COMMA_SEPARATED)},
    "PPTX": {SLIDES: ("Impress MS PowerPoint 2007 XML", "")},
    "PPT": {SLIDES: ("MS PowerPoint 97", "")},
    "ODP": {SLIDES: ("impress8", "")},
    "ODG": {DRAWING: ("draw8", "")},
    "SVG": {DRAWING: ("draw_svg_Export", "")},
}
"""For each target and kind of document: the filter that writes it, and its options."""
POLICY = (
    b"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
    b'<meta name="viewport" content="width=device-width, initial-scale=1">'
)
"""Stands first in the head of a page: what it lets through runs nothing and fetches nothing."""

PICTURES = frozenset({"EMF", "WMF"})
"""Drawings without a page: LibreOffice lays them on a sheet of A4, of which only they are wanted."""
SHEETS = frozenset(
    {"XLSX", "XLSM", "XLTX", "XLS", "XLSB", "ODS", "OTS", "FODS", "SXC", "NUMBERS", "GNUMERIC"}
    | {"CSV", "TSV", "DBF", "SLK", "DIF", "WK1", "WB2"}
)
ASKS_MORE = frozenset({"DIF", "DBF"})
"""Their readers ask for a character set, and take their own choice where nobody can be asked. They have no passwords."""
SHARES = {"printed": (0.13, 0.15), "sheet": (0.4, 0.5), "other": (0.07, 0.63)}
"""How far loading leads and where writing begins: of a sheet that becomes pages, of one that becomes another sheet, and of anything
else: a text is laid out between them, which takes longest and says nothing."""
TABLES = frozenset({"CSV", "TSV"})
CALC_TEXT = "Text - txt - csv (StarCalc)"
ANY_TEXT = frozenset({"Text", "Text (encoded)", CALC_TEXT})
"""Filters that LibreOffice falls back to for what it does not know: a broken document would come out as pages of noise."""


class Failed(Exception):
    """``args``: a sentence for strangers and an error code."""


def write_profile(folder: Path) -> str:
    """A fresh profile with the security settings, as the option that names it."""
    user = folder / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    return f"-env:UserInstallation=file://{folder}"


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"HOME": str(folder), "SAL_USE_VCLPLUGIN": "svp", "SAL_DISABLE_OPENCL": "1"}


def program(name: str) -> str:
    """LibreOffice's own programs lie beside the one that its launcher leads to. Raises Failed."""
    launcher = shutil.which("soffice")
    if launcher is None:
        raise Failed("LibreOffice is not installed on this machine.", "converter_failed")
    return str(Path(launcher).resolve().with_name(name))


def table_options(file: Path, source: str) -> str:
    """How Calc shall read a table of text: the manual's "Filter Options for CSV Import".

    Separator, quote, character set (UTF-8, else Windows-1252), first line; the 13th word keeps what looks like a formula as text.
    """
    with file.open("rb") as content:
        head = content.read(1 << 20)
    line = head.split(b"\n", 1)[0]
    separator = ord("\t") if source == "TSV" else max(b",;\t|", key=lambda byte: (line.count(byte), byte == ord(",")))
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
        charset = 76
    except UnicodeDecodeError:
        charset = 1
    return f"{separator},34,{charset},1,,0,false,false,false,false,false,0,false"


def gone(service: socket.socket) -> bool:
    """Whether the service's end is closed. One that is killed while this starts may not take the cage along (a death signal that
    came before bubblewrap had asked for it), and nothing is said to it before LibreOffice listens.
    """
    look = select.poll()
    look.register(service, select.POLLIN)
    return any(event & select.POLLHUP for _, event in look.poll(0))


class Office:
    """One LibreOffice process and the desktop behind its pipe."""

    def __init__(self, folder: Path, uno: Any, service: socket.socket) -> None:
        self._uno = uno
        self._unreadable = (uno.getClass("com.sun.star.lang.IllegalArgumentException"), uno.getClass("com.sun.star.io.IOException"))
        profile = write_profile(folder / "profile")
        pipe = f"omnic{os.getpid()}"
        argv = [program("soffice.bin"), profile, *OPTIONS, f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext"]
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        unreachable = uno.getClass("com.sun.star.connection.NoConnectException")
        self.process = self._start(argv, folder)
        while True:
            try:
                remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except unreachable:
                if gone(service):
                    raise SystemExit("The service has gone.") from None
                status = self.process.poll()
                if status in RESTART:
                    self.process = self._start(argv, folder)
                elif status is not None:
                    raise SystemExit(f"LibreOffice ended with status {status}") from None
                time.sleep(0.02)
        self._remote = remote
        self._desktop = self._service("com.sun.star.frame.Desktop")
        self._types = self._service("com.sun.star.document.TypeDetection")
        self._filters = self._service("com.sun.star.document.FilterFactory")

    def _service(self, name: str) -> Any:
        return self._remote.ServiceManager.createInstanceWithContext(name, self._remote)

    @staticmethod
    def _start(argv: list[str], folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(folder), cwd=folder)

    def properties(self, **values: Any) -> tuple[Any, ...]:
        made: list[Any] = []
        for name, value in values.items():
            one = self._uno.createUnoStruct("com.sun.star.beans.PropertyValue")
            one.Name, one.Value = name, value
            made.append(one)
        return tuple(made)

    def load(self, file: Path, source: str, target: str, indicator: Any, asked: Any = None) -> Any:
        """The document, which the caller closes. Raises Failed. ``asked`` is told what LibreOffice would ask a person.

        Hidden is more than tidy: Calc makes a window for a document that is not, and a timer of that window's cursor aborts the
        process (LibreOffice 7.4 without a display).
        """
        values: dict[str, Any] = {
            "URL": f"file://{file}",
            "Hidden": True,
            "ReadOnly": True,
            "MacroExecutionMode": 0,  # MacroExecMode.NEVER_EXECUTE
            "UpdateDocMode": 0,  # UpdateDocMode.NO_UPDATE: links keep what they last showed
            "StatusIndicator": indicator,
        }
        if asked is not None:
            values["InteractionHandler"] = asked
        if source in TABLES:
            values |= {"FilterName": CALC_TEXT, "FilterOptions": table_options(file, source)}
        try:
            document = None if source in SHEETS else self._text(values, target)
            if document is None:
                document = self._desktop.loadComponentFromURL(values["URL"], "_blank", 0, self.properties(**values))
        except self._unreadable:
            document = None
        if document is None and asked is not None and asked.locked:
            raise Failed("The document is protected by a password.", "converter_failed")
        if document is None:
            raise Failed("LibreOffice cannot read this content.", "corrupt")
        if source not in TABLES and self._filter(document) in ANY_TEXT:
            document.close(True)
            raise Failed(f"LibreOffice does not recognise this content as {source}.", "corrupt")
        return document

    def _text(self, values: Mapping[str, Any], target: str) -> Any:
        """A document of Writer, with a view only where it has no comments; None of any other kind.

        Each comment gets a window as soon as there is a view, even a hidden one, and a LibreOffice without the files of its windows (Debian's
        -nogui) aborts over it. Pages need a view, but show no comments; all other formats keep them, and need none.
        """
        kind, described = self._types.queryTypeByDescriptor(self.properties(**values), True)
        if not kind:
            return None
        facts = {one.Name: one.Value for one in (*self._types.getByName(kind), *described)}
        name = facts.get("FilterName") or facts["PreferredFilter"]
        if not name or not any(one.Value == TEXT for one in self._filters.getByName(name) if one.Name == "DocumentService"):
            return None
        document = self._service(TEXT)
        try:
            document.load(self.properties(**values, FilterName=name))
            fields = each(document.getTextFields().createEnumeration())
            comments = [one for one in fields if one.supportsService("com.sun.star.text.textfield.Annotation")]
            if target == "PDF":
                for comment in comments:
                    comment.dispose()
            if target == "PDF" or not comments:
                self._desktop.loadComponentFromURL("private:object", "_blank", 0, self.properties(Model=document, Hidden=True))
        except BaseException:
            document.close(True)
            raise
        return document

    @staticmethod
    def _filter(document: Any) -> str:
        return next((str(one.Value) for one in document.getArgs() if one.Name == "FilterName"), "")

    def write(self, document: Any, target: str, file: Path, indicator: Any) -> None:
        """Raises Failed where this kind of document does not become the target."""
        kind = next((kind for kind in KINDS if document.supportsService(kind)), None)
        written = WRITERS.get(target, {})
        filters = written.get(kind or "") or (written.get(TEXT) if kind == WEB else None)
        if filters is None:
            raise Failed(f"LibreOffice makes no {target} of this kind of document.", "converter_failed")
        name, options = filters
        more = {"FilterOptions": options} if options else {}
        document.storeToURL(f"file://{file}", self.properties(FilterName=name, Overwrite=True, StatusIndicator=indicator, **more))


def each(enumeration: Any) -> Iterator[Any]:
    while enumeration.hasMoreElements():
        yield enumeration.nextElement()


def cut_to_picture(uno: Any, document: Any) -> None:
    """Make the page as large as what is on it."""
    page = document.getDrawPages().getByIndex(0)
    shapes = [page.getByIndex(number) for number in range(page.getCount())]
    if not shapes:
        return
    left, top = (min(getattr(shape.Position, side) for shape in shapes) for side in ("X", "Y"))
    right = max(shape.Position.X + shape.Size.Width for shape in shapes)
    bottom = max(shape.Position.Y + shape.Size.Height for shape in shapes)
    for side in ("BorderLeft", "BorderRight", "BorderTop", "BorderBottom"):
        setattr(page, side, 0)
    page.Width, page.Height = max(right - left, 100), max(bottom - top, 100)
    for shape in shapes:
        place = uno.createUnoStruct("com.sun.star.awt.Point")
        place.X, place.Y = shape.Position.X - left, shape.Position.Y - top
        shape.setPosition(place)


def inert(page: bytes) -> bytes:
    """A page that LibreOffice wrote, with the policy first in its head."""
    head = page.find(b"<head>")
    return POLICY + page if head < 0 else page[: head + 6] + POLICY + page[head + 6 :]


class Told:
    """Tells the fraction done: loading fills the first part, writing the last; layout, between them, says nothing."""

    def __init__(self, service: socket.socket, call: str) -> None:
        self._service, self._call, self._best, self._at = service, call, 0.0, 0.0

    def part(self, low: float, high: float, done: float) -> None:
        fraction = low + (high - low) * min(max(done, 0.0), 1.0)
        now = time.monotonic()
        if fraction > self._best and (done >= 1 or now - self._at >= EVERY):
            self._best, self._at = fraction, now
            self._service.send(json.dumps({"at": round(fraction, 3), "call": self._call}).encode())


def indicators(uno: Any, unohelper: Any) -> Any:
    """The class of the XStatusIndicators that LibreOffice is given: made here, for its bases exist only where UNO does."""

    class Indicator(unohelper.Base, uno.getClass("com.sun.star.task.XStatusIndicator")):
        def __init__(self, told: Told, low: float, high: float) -> None:
            self._told, self._low, self._high, self._range = told, low, high, 0

        def start(self, text: str, range_: int) -> None:
            self._range = range_

        def setText(self, text: str) -> None: ...  # noqa: N802 - UNO's names

        def setValue(self, value: int) -> None:  # noqa: N802
            if self._range > 0:
                self._told.part(self._low, self._high, value / self._range)

        def end(self) -> None: ...

        def reset(self) -> None: ...

    return Indicator


def questions(uno: Any, unohelper: Any) -> Any:
    """The class of what answers LibreOffice's questions: always no, but it remembers whether one was for a password.

    A question is known by the answers that it takes: pyuno cannot hand on the question itself, which is an exception's value.
    """

    class Asked(unohelper.Base, uno.getClass("com.sun.star.task.XInteractionHandler2")):
        def __init__(self) -> None:
            self.locked = False

        def handleInteractionRequest(self, request: Any) -> bool:  # noqa: N802 - UNO's names
            answers = request.getContinuations()
            self.locked = self.locked or any(hasattr(answer, "setPassword") for answer in answers)
            for answer in answers:
                if "Abort" in str(answer) or "Disapprove" in str(answer):
                    answer.select()
                    break
            return True

        def handle(self, request: Any) -> None:
            self.handleInteractionRequest(request)

    return Asked


class Making:
    """What UNO must be there for: the classes of indicators and of answers."""

    def __init__(self, uno: Any, unohelper: Any) -> None:
        self.uno = uno
        self.indicator, self.asked = indicators(uno, unohelper), questions(uno, unohelper)


def convert(
    office: Office, making: Making, told: Told, request: Mapping[str, Any], descriptors: list[int], folder: Path
) -> dict[str, Any]:
    """One call: copy the input into the cage, load, write, copy the result out. Raises Failed and what UNO raises."""
    source, target = str(request["source"]), str(request["target"])
    extension = source.lower()
    if not (extension.isascii() and extension.isalnum()) or target not in WRITERS:
        raise Failed("LibreOffice does not know this format.", "converter_failed")
    read, written = folder / f"document.{extension}", folder / f"result.{target.lower()}"
    loading, writing = SHARES["other" if source not in SHEETS else "printed" if target == "PDF" else "sheet"]
    try:
        with open(descriptors[0], "rb", closefd=False) as given, read.open("wb") as copy:
            shutil.copyfileobj(given, copy, 1 << 20)
        started = time.monotonic()
        asked = None if source in ASKS_MORE else making.asked()
        document = office.load(read, source, target, making.indicator(told, 0.0, loading), asked)
        told.part(0.0, loading, 1.0)
        loaded = time.monotonic()
        try:
            if source in PICTURES and document.supportsService(DRAWING):
                cut_to_picture(making.uno, document)
            office.write(document, target, written, making.indicator(told, writing, 1.0))
        finally:
            document.close(True)
        if target == "HTML":
            written.write_bytes(inert(written.read_bytes()))
        elif target == "TXT":
            written.write_bytes(written.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        with written.open("rb") as result, open(descriptors[1], "wb", closefd=False) as out:
            shutil.copyfileobj(result, out, 1 << 20)
        return {"load": round(loaded - started, 3), "write": round(time.monotonic() - loaded, 3)}
    finally:
        read.unlink(missing_ok=True)
        written.unlink(missing_ok=True)


def serve() -> None:
    """Serve calls until the service closes its end, or LibreOffice dies."""
    service = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    folder = Path(tempfile.mkdtemp(prefix="office-"))
    import uno  # pyright: ignore[reportMissingImports] - a module of the system's Python
    import unohelper  # pyright: ignore[reportMissingImports]

    office = Office(folder, uno, service)
    making = Making(uno, unohelper)
    # The bridge to a dead process breaks before the process can be waited for.
    gone: Any = uno.getClass("com.sun.star.lang.DisposedException")  # pyright: ignore[reportUnknownVariableType]
    service.send(json.dumps({"ready": office.process.pid}).encode())
    while True:
        data, descriptors, _, _ = socket.recv_fds(service, LARGEST, 4)
        if not data:
            return
        request = json.loads(data)
        try:
            answer: dict[str, Any] = {"ok": convert(office, making, Told(service, request["call"]), request, descriptors, folder)}
        except Failed as error:
            answer = {"error": error.args[0], "code": error.args[1]}
        except Exception as error:  # whatever UNO raises over hostile content; stderr has it, strangers do not
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            if isinstance(error, gone):
                raise SystemExit("LibreOffice died") from None
            answer = {"error": "LibreOffice could not convert this content.", "code": "converter_failed"}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if office.process.poll() is not None:
            raise SystemExit(f"LibreOffice ended with status {office.process.returncode}")
        service.send(json.dumps({**answer, "call": request["call"]}).encode())


def once(source: Path, result: Path) -> None:
    """Convert one file with a LibreOffice of its own, which names its output for its input and ends with 0 after failures too."""
    with tempfile.TemporaryDirectory(prefix="office-", dir=result.parent.resolve()) as text:
        folder = Path(text)
        words = [program("soffice"), write_profile(folder / "profile"), *OPTIONS, "--convert-to", "pdf", "--outdir", text]
        ended = subprocess.run([*words, str(source.resolve())], env=environment(folder), check=False)
        made = folder / source.with_suffix(".pdf").name
        if ended.returncode != 0 or not made.is_file():
            raise SystemExit("LibreOffice could not convert this content.")
        made.rename(result)


if __name__ == "__main__":
    if sys.argv[1:]:
        once(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        serve()
