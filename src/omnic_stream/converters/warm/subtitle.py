"""Subtitles inside a warm worker: read into cues, written in another form. Times are kept to the millisecond; of styles, bold, italics
and underlining.

WebVTT (W3C), SubRip, SubViewer as YouTube writes it (SBV), Advanced SubStation Alpha, TTML 1 (W3C) and MicroDVD.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from omnic_stream.converters.warm.files import write
from omnic_stream.converters.warm.pages import document, read_text
from omnic_stream.model.contracts import Call
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_CUES: Final = 50_000
STYLES: Final = ("b", "i", "u")

Run = tuple[str, frozenset[str]]
"""Text, with newlines, and which of ``STYLES`` hold for it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Milliseconds from the start, and what is said then."""

    start: int
    end: int
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.runs)


def convert(call: Call) -> None:
    cues = read(read_text(call), call.source)
    write(call.output, WRITERS[call.target](cues).encode())


def page(call: Call) -> None:
    """A row for each cue: when, and what."""
    rows = "\n".join(
        f'<tr><th scope="row"><time>{clock(cue.start, ".")[:-4]}</time></th><td>{_marked(cue).replace(chr(10), "<br>")}</td></tr>'
        for cue in read(read_text(call), call.source)
    )
    css = "th{font-variant-numeric:tabular-nums;font-weight:normal;position:static;vertical-align:top}"
    write(call.output, document("Subtitles", f"<h1>Subtitles</h1><table><tbody>\n{rows}\n</tbody></table>", css=css))


def words(call: Call) -> None:
    """What is said, a paragraph for each cue; lines that scroll on into the next cue are told once."""
    said: list[str] = []
    for cue in read(read_text(call), call.source):
        text = "\n".join(line.strip() for line in cue.text.splitlines() if line.strip())
        if text and (not said or said[-1] != text):
            said.append(text)
    write(call.output, ("\n\n".join(said) + "\n").encode())


def read(text: str, source: str) -> list[Cue]:
    """Cues by their start. Raises Corrupt where there is none, TooExpensive beyond ``MOST_CUES``."""
    cues: list[Cue] = []
    for cue in READERS[source](text.replace("\r\n", "\n").replace("\r", "\n")):
        cues.append(cue)
        if len(cues) > MOST_CUES:
            raise TooExpensive(f"There are more than {MOST_CUES} cues in this file.")
    if not cues:
        raise Corrupt("There is not one cue with a time in this file.")
    return sorted(cues, key=lambda cue: cue.start)


# --- styled text ------------------------------------------------------------------------------------------------------------

_MARK: Final = re.compile(r"<(?:(/?)([a-zA-Z]+)[^>\n]*|[\d:.]+)>|\{\\([^}\n]*)\}")
_OVERRIDE: Final = re.compile(r"\\?(?:([biu])(\d+)|(r)(?![a-z]))")


def tagged(text: str, *, entities: bool) -> tuple[Run, ...]:
    """Text with ``<i>`` and the like, or SubStation's ``{\\i1}``; every other mark is dropped. ``entities``: ``&amp;`` is one sign."""
    runs: list[Run] = []
    styles: frozenset[str] = frozenset()
    at = 0
    for found in _MARK.finditer(text):
        _add(runs, text[at : found.start()], styles, entities=entities)
        at = found.end()
        closing, name, override = found.group(1), (found.group(2) or "").lower(), found.group(3)
        if override is not None:
            styles = _overridden(override, styles)
        elif name in STYLES:
            styles = styles - {name} if closing else styles | {name}
    _add(runs, text[at:], styles, entities=entities)
    return tuple(runs)


def _add(runs: list[Run], text: str, styles: frozenset[str], *, entities: bool = False) -> None:
    if text:
        runs.append((html.unescape(text) if entities else text, styles))


def _overridden(override: str, styles: frozenset[str]) -> frozenset[str]:
    for name, value, reset in _OVERRIDE.findall("\\" + override):
        if reset:
            styles = frozenset()
        elif name:
            styles = styles | {name} if int(value) else styles - {name}
    return styles


def _marked(cue: Cue, *, escaped: bool = True) -> str:
    parts: list[str] = []
    for text, styles in cue.runs:
        shown = html.escape(text, quote=False) if escaped else text
        for name in STYLES:
            if name in styles:
                shown = f"<{name}>{shown}</{name}>"
        parts.append(shown)
    return _solid("".join(parts))


def _solid(text: str) -> str:
    """Without empty lines, which end a cue."""
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


# --- times ------------------------------------------------------------------------------------------------------------------

_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?")


def milliseconds(text: str) -> int | None:
    """``[h:]mm:ss[.mmm]``, with a dot or a comma."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds, rest = found.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((rest or "0").ljust(3, "0"))


def clock(time: int, point: str, digits: int = 3, hours: int = 2) -> str:
    """``hh:mm:ss.mmm``; fewer digits cut it to tenths or hundredths."""
    seconds, rest = divmod(max(0, time), 1000)
    return f"{seconds // 3600:0{hours}}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{f'{rest:03}'[:digits]}"


# --- readers ----------------------------------------------------------------------------------------------------------------

_ARROW: Final = re.compile(r"^\s*([\d:.,]+)\s*-->\s*([\d:.,]+)")
_COMMA: Final = re.compile(r"^(\d+:\d\d:\d\d\.\d{3}),(\d+:\d\d:\d\d\.\d{3})\s*$")


def _blocks(text: str, timing: re.Pattern[str], *, entities: bool) -> Iterable[Cue]:
    """Cues that are a line of times and the lines below it up to an empty one (WebVTT, SubRip, SBV)."""
    lines = iter([*text.split("\n"), ""])
    for line in lines:
        found = timing.match(line)
        times = (milliseconds(found[1]), milliseconds(found[2])) if found else (None, None)
        if times[0] is None or times[1] is None:
            continue
        said: list[str] = []
        for below in lines:
            if not below.strip():
                break
            said.append(below)
        yield Cue(times[0], times[1], tagged("\n".join(said), entities=entities))


def _ass(text: str) -> Iterable[Cue]:
    """The lines ``Dialogue:`` of [Events], by the names that its ``Format:`` gives the fields; drawings are left out."""
    names = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    for line in text.split("\n"):
        kind, _, rest = line.partition(":")
        if kind.strip() == "Format" and "Text" in rest:
            names = [name.strip().lower() for name in rest.split(",")]
        if kind.strip() != "Dialogue":
            continue
        fields = dict(zip(names, rest.split(",", len(names) - 1), strict=False))
        start, end = milliseconds(fields.get("start", "")), milliseconds(fields.get("end", ""))
        said = fields.get("text", "")
        if start is None or end is None or re.search(r"\{[^}]*\\p[1-9]", said):
            continue
        said = re.sub(r"\{(?!\\)[^}]*\}", "", said)  # a comment
        said = said.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
        yield Cue(start, end, tuple(_literal(said)))


def _literal(text: str) -> Iterable[Run]:
    """SubStation's overrides alone: a ``<`` in it is a ``<``."""
    styles: frozenset[str] = frozenset()
    at = 0
    for found in re.finditer(r"\{\\([^}]*)\}", text):
        if text[at : found.start()]:
            yield text[at : found.start()], styles
        at, styles = found.end(), _overridden(found[1], styles)
    if text[at:]:
        yield text[at:], styles


USUAL_RATE: Final = 23.976
"""Frames a second of a MicroDVD file that does not tell."""


def _microdvd(text: str) -> Iterable[Cue]:
    rate = USUAL_RATE
    for number, line in enumerate(text.split("\n")):
        found = re.match(r"\s*\{(\d{1,9})\}\{(\d{1,9})\}(.*)", line)
        if not found:
            continue
        if number == 0 and re.fullmatch(r"\d{1,3}(\.\d+)?", found[3].strip()) and 0 < float(found[3]) <= 240:
            rate = float(found[3])
            continue
        styles = frozenset(style for group in re.findall(r"\{[yY]:([^}]*)\}", found[3]) for style in group.split(",")) & set(STYLES)
        said = re.sub(r"\{[^}]*\}", "", found[3]).replace("|", "\n")
        yield Cue(round(int(found[1]) / rate * 1000), round(int(found[2]) / rate * 1000), ((said, styles),) if said else ())


def _ttml(text: str) -> Iterable[Cue]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Corrupt("Timed text has no document type: this file is refused.")
    try:
        root = ElementTree.fromstring(re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text))  # noqa: S314 - without a DTD there are no entities
    except (ElementTree.ParseError, ValueError) as error:
        raise Corrupt("The timed text is broken: it is no XML.") from error
    rates = {_bare(name): value for name, value in root.attrib.items()}
    clocks = _Clocks(_number(rates.get("frameRate"), 30), _number(rates.get("tickRate"), 1))
    for body in root:
        if _bare(body.tag) == "body":
            yield from _timed(body, 0, clocks, 0)


@dataclass(frozen=True, slots=True)
class _Clocks:
    frames: float
    ticks: float

    def read(self, text: str | None) -> int | None:
        """TTML 1 section 10.3.1: clock times with fractions or frames, and counts of h, m, s, ms, f or t."""
        text = (text or "").strip()
        if found := re.fullmatch(r"(\d+):(\d\d):(\d\d)(?:(\.\d+)|:(\d+)(?:\.\d+)?)?", text):
            whole = (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])
            return round((whole + float(found[4] or 0) + int(found[5] or 0) / self.frames) * 1000)
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)", text):
            each = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / self.frames, "t": 1 / self.ticks}[found[2]]
            return round(float(found[1]) * each * 1000)
        return None


def _number(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text and float(text) > 0 else otherwise
    except ValueError:
        return otherwise


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _timed(element: ElementTree.Element, offset: int, clocks: _Clocks, depth: int) -> Iterable[Cue]:
    """Paragraphs with times; those of the elements around them are added."""
    if depth > 32:
        return
    begin = clocks.read(element.get("begin"))
    start = offset + (begin or 0)
    if _bare(element.tag) == "p" and begin is not None:
        length = clocks.read(element.get("dur"))
        end = clocks.read(element.get("end"))
        end = start + length if length is not None else offset + end if end is not None else start
        runs: list[Run] = []
        _spoken(element, frozenset(), runs, 0)
        yield Cue(start, end, tuple(runs))
        return
    for child in element:
        yield from _timed(child, start, clocks, depth + 1)


def _spoken(element: ElementTree.Element, styles: frozenset[str], runs: list[Run], depth: int) -> None:
    given = {_bare(name): value for name, value in element.attrib.items()}
    meant = (("b", given.get("fontWeight") == "bold"), ("i", given.get("fontStyle") == "italic"))
    styles |= {name for name, yes in (*meant, ("u", given.get("textDecoration") == "underline")) if yes}
    _add(runs, re.sub(r"\s+", " ", element.text or ""), styles)
    for child in element:
        if _bare(child.tag) == "br":
            _add(runs, "\n", styles)
        elif _bare(child.tag) == "span" and depth < 32:
            _spoken(child, styles, runs, depth + 1)
        _add(runs, re.sub(r"\s+", " ", child.tail or ""), styles)


READERS: Final[Mapping[str, Callable[[str], Iterable[Cue]]]] = {
    "VTT": lambda text: _blocks(re.sub(r"(?s)(?<=\n\n)(NOTE|STYLE|REGION)\b.*?(?=\n\n|\Z)", "", text), _ARROW, entities=True),
    "SRT": lambda text: _blocks(text, _ARROW, entities=False),
    "SBV": lambda text: _blocks(text, _COMMA, entities=False),
    "ASS": _ass,
    "TTML": _ttml,
    "MICRODVD": _microdvd,
}


# --- writers ----------------------------------------------------------------------------------------------------------------


def _vtt(cues: list[Cue]) -> str:
    said = (f"{clock(cue.start, '.')} --> {clock(cue.end, '.')}\n{_marked(cue)}\n" for cue in cues)
    return "WEBVTT\n\n" + "\n".join(said)


def _srt(cues: list[Cue]) -> str:
    return "\n".join(
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n{_marked(cue, escaped=False)}\n"
        for number, cue in enumerate(cues, 1)
    )


def _sbv(cues: list[Cue]) -> str:
    return "\n".join(f"{clock(cue.start, '.', hours=1)},{clock(cue.end, '.', hours=1)}\n{_solid(cue.text)}\n" for cue in cues)


ASS_HEAD: Final = """[Script Info]
ScriptType: v4.00+
PlayResX: 1280
PlayResY: 720

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, \
ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,48,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,1,2,40,40,40,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def _ass_text(cues: list[Cue]) -> str:
    """Hundredths of a second are all that SubStation knows."""
    lines: list[str] = []
    for cue in cues:
        said = ""
        for text, styles in cue.runs:
            marks = [name for name in STYLES if name in styles]
            plain = text.replace("{", "(").replace("}", ")").replace("\n", "\\N")
            said += "".join(f"{{\\{n}1}}" for n in marks) + plain + "".join(f"{{\\{n}0}}" for n in marks)
        lines.append(f"Dialogue: 0,{clock(cue.start, '.', 2, 1)},{clock(cue.end, '.', 2, 1)},Default,,0,0,0,,{said}\n")
    return ASS_HEAD + "".join(lines)


_TTS: Final = {"b": 'tts:fontWeight="bold"', "i": 'tts:fontStyle="italic"', "u": 'tts:textDecoration="underline"'}


def _ttml_text(cues: list[Cue]) -> str:
    rows: list[str] = []
    for cue in cues:
        said = ""
        for text, styles in cue.runs:
            plain = html.escape(text).replace("\n", "<br/>")
            said += f"<span {' '.join(_TTS[name] for name in STYLES if name in styles)}>{plain}</span>" if styles else plain
        rows.append(f'<p begin="{clock(cue.start, ".")}" end="{clock(cue.end, ".")}">{said}</p>\n')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="">'
        f"\n<body><div>\n{''.join(rows)}</div></body>\n</tt>\n"
    )


WRITTEN_RATE: Final = 25


def _microdvd_text(cues: list[Cue]) -> str:
    def frame(time: int) -> int:
        return round(time * WRITTEN_RATE / 1000)

    rows = (f"{{{frame(cue.start)}}}{{{frame(cue.end)}}}{_solid(cue.text).replace(chr(10), '|')}\n" for cue in cues)
    return f"{{1}}{{1}}{WRITTEN_RATE}\n" + "".join(rows)


WRITERS: Final[Mapping[str, Callable[[list[Cue]], str]]] = {
    "VTT": _vtt,
    "SRT": _srt,
    "SBV": _sbv,
    "ASS": _ass_text,
    "TTML": _ttml_text,
    "MICRODVD": _microdvd_text,
}
