"""Data files inside a warm worker: as pages with a tree that folds, into each other; torrents and captured packets."""

# JSON of strangers has no types: what is taken from it is checked where it is taken
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from omnic_stream.converters.warm import files, markup_tree, structures, torrents
from omnic_stream.converters.warm.markup_tree import Element
from omnic_stream.converters.warm.packets import Packet, packets
from omnic_stream.converters.warm.pages import document, write
from omnic_stream.converters.warm.sheets import shown
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, TooExpensive

MOST_SHOWN: Final = 60_000
"""Values on a page."""
MOST_OPEN: Final = 400
"""Values that are unfolded from the start."""
LONGEST_SHOWN: Final = 4_000
CSS: Final = """
body.wide{max-width:70rem;margin:0 auto}h1{font-size:1.3rem;margin:0 0 .4rem}
h2{font-size:1.1rem;margin:1.8rem 0 .4rem}.note{color:var(--soft);margin:0 0 1rem}
.tree{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:.88rem;line-height:1.55}
.tree ul{list-style:none;margin:0;padding-left:1.3rem;border-left:1px solid var(--line)}.tree>ul{border:0;padding-left:0}
.tree summary{cursor:pointer}.tree summary:hover{background:var(--code)}.tree li.v{padding-left:1.05rem}
.tree i{color:var(--soft);font-style:normal}.tree .t{white-space:pre-wrap}
.k{color:#7a3e9d}.s{color:#2d6a31}.n{color:#9a5b00}.c{color:#0b5cad}
@media(prefers-color-scheme:dark){.k{color:#d2a8ff}.s{color:#7ee787}.n{color:#f2cc60}.c{color:#79c0ff}}
table{display:table;font-size:.88rem}td.r,th.r{text-align:right;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0}dt{color:var(--soft)}dd{margin:0}
"""


# --- into each other --------------------------------------------------------------------------------------------------------


def convert(call: Call) -> None:
    """JSON, YAML, TOML."""
    write(call, structures.dumped(structures.load(call), call.target))


def markup_convert(call: Call) -> None:
    """XML as JSON: attributes are @name, text beside elements is #text."""
    root = markup_tree.parsed(call)
    value = {root.name: markup_tree.as_value(root)}
    structures.check(value)
    write(call, structures.dumped(value, call.target))


# --- pages ------------------------------------------------------------------------------------------------------------------


def page(call: Call) -> None:
    """Objects and lists as a tree."""
    value = structures.load(call)
    tree = _Tree()
    body = tree.values(value) if isinstance(value, (dict, list)) else f'<li class="v">{_scalar(value)}</li>'
    _page(call, f"{call.source} data", _count(value), body, tree)


def markup_page(call: Call) -> None:
    """An XML document as a tree of its elements."""
    root = markup_tree.parsed(call)
    tree = _Tree()
    _page(call, f"<{root.name}>", "", tree.element(root, 0), tree)


def _page(call: Call, title: str, note: str, body: str, tree: _Tree) -> None:
    cut = f"Shown: the first {MOST_SHOWN:,} values." if tree.shown >= MOST_SHOWN else ""
    told = " ".join(filter(None, (note, cut)))
    head = f"<h1>{html.escape(title)}</h1>" + (f'<p class="note">{told}</p>' if told else "")
    write(call, document(title, f'{head}<div class="tree"><ul>{body}</ul></div>', css=CSS, wide=True))


def _count(value: Any) -> str:
    if isinstance(value, dict):
        return f"{len(value):,} name{'' if len(value) == 1 else 's'}."
    return f"{len(value):,} item{'' if len(value) == 1 else 's'}." if isinstance(value, list) else ""


class _Tree:
    """Markup of nested values; beyond a number of them the rest is folded, beyond another left out."""

    def __init__(self) -> None:
        self.shown = 0
        self._open = 0

    def values(self, value: Any, depth: int = 0) -> str:
        pairs: Iterator[tuple[str, Any]] = (
            iter(value.items()) if isinstance(value, dict) else ((str(n), v) for n, v in enumerate(value))
        )
        parts: list[str] = []
        for name, part in pairs:
            if self.shown >= MOST_SHOWN:
                parts.append('<li class="v"><i>…</i></li>')
                break
            self.shown += 1
            parts.append(self._one(name, part, depth, named=isinstance(value, dict)))
        return "".join(parts)

    def _one(self, name: str, part: Any, depth: int, *, named: bool) -> str:
        label = f'<span class="k">{html.escape(name)}</span>' if named else f"<i>{name}</i>"
        if not isinstance(part, (dict, list)):
            return f'<li class="v">{label}: {_scalar(part)}</li>'
        size = f"{{{len(part)}}}" if isinstance(part, dict) else f"[{len(part)}]"
        if not part:
            return f'<li class="v">{label} <i>{size}</i></li>'
        opened = self._opened(depth, len(part))
        return (
            f"<li><details{opened}><summary>{label} <i>{size}</i></summary><ul>{self.values(part, depth + 1)}</ul></details></li>"
        )

    def _opened(self, depth: int, size: int) -> str:
        if depth >= 3 or self._open + size > MOST_OPEN:
            return ""
        self._open += size
        return " open"

    def element(self, element: Element, depth: int) -> str:
        self.shown += 1
        names = "".join(
            f' <span class="k">{html.escape(name)}</span>=<span class="s">"{html.escape(value[:LONGEST_SHOWN])}"</span>'
            for name, value in element.attributes.items()
        )
        head = f'<span class="c">&lt;{html.escape(element.name)}</span>{names}<span class="c">&gt;</span>'
        children = [child for child in element.children if isinstance(child, Element) or child.strip()]
        if not children:
            return f'<li class="v">{head}</li>'
        if len(children) == 1 and isinstance(children[0], str) and len(children[0]) < 200:
            return f'<li class="v">{head} <span class="t">{_words(children[0])}</span></li>'
        parts: list[str] = []
        opened = self._opened(depth, len(children))
        for child in children:
            if self.shown >= MOST_SHOWN:
                parts.append('<li class="v"><i>…</i></li>')
                break
            if isinstance(child, str):
                self.shown += 1
                parts.append(f'<li class="v t">{_words(child)}</li>')
            else:
                parts.append(self.element(child, depth + 1))
        return f"<li><details{opened}><summary>{head} <i>{len(children)}</i></summary><ul>{''.join(parts)}</ul></details></li>"


def _words(text: str) -> str:
    """Text of a document without the indentation of its file."""
    return html.escape(re.sub(r"\n[ \t]+", "\n", text.strip()[:LONGEST_SHOWN]))


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        text = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
        return f'<span class="s t">{html.escape(text)}</span>' if text else '<span class="s">""</span>'
    kind = "n" if isinstance(value, (int, float)) and not isinstance(value, bool) else "c"
    text = json.dumps(value) if value is None or isinstance(value, (bool, int, float)) else shown(value)
    return f'<span class="{kind}">{html.escape(text)}</span>'


def bibliography(call: Call) -> None:
    """BibTeX as a list of references."""
    entries = structures.load(call)
    items = "".join(f"<li>{_reference(entry)}</li>" for entry in entries[:5000])
    note = f'<p class="note">{len(entries):,} entr{"y" if len(entries) == 1 else "ies"}</p>'
    write(call, document("Bibliography", f"<h1>Bibliography</h1>{note}<ol>{items}</ol>", css=CSS + "ol li{margin:.7rem 0}"))


PLACES: Final = ("journal", "booktitle", "publisher", "school", "institution", "howpublished")


def _reference(entry: dict[str, str]) -> str:
    known = {name: html.escape(value) for name, value in entry.items()}
    place = next((known[name] for name in PLACES if name in known), "")
    numbers = (
        known.get("volume", ""),
        f"({known['number']})" if "number" in known else "",
        f"pp. {known['pages']}" if "pages" in known else "",
    )
    parts = (
        " and ".join(map(_person, known.get("author", known.get("editor", "")).split(" and "))),
        f"<b>{known['title']}</b>" if "title" in known else "",
        f"<em>{place}</em>" if place else "",
        " ".join(filter(None, numbers)),
        known.get("year", known.get("date", "")),
    )
    doi = f" · doi:{known['doi']}" if "doi" in known else ""
    return f'{". ".join(filter(None, parts))}. <span class="note">{known.get("key", "")} · {known.get("type", "")}{doi}</span>'


def _person(name: str) -> str:
    """Family, Given as Given Family."""
    return " ".join(reversed([part.strip() for part in name.split(",", 1)]))


# --- torrents ---------------------------------------------------------------------------------------------------------------


def torrent_page(call: Call) -> None:
    found = torrents.torrent(files.read(call.input, 64 * MiB))
    facts = [
        ("size", f"{_bytes(found.size)} ({found.size:,} bytes)"),
        ("files", f"{len(found.files):,}"),
        ("pieces", f"{found.pieces:,} of {_bytes(found.piece)}"),
        *((f"info hash {version}", digest) for version, digest in found.info),
        *(("private", "yes") for _ in [0] if found.private),
        *found.words,
    ]
    parts = [
        f"<h1>{html.escape(found.name)}</h1>",
        _facts(facts),
        "<h2>Files</h2>",
        _table(("path", "bytes"), found.files[:5000], (1,)),
    ]
    for title, lines in (("Trackers", found.trackers), ("Web seeds", found.seeds)):
        if lines:
            parts += [f"<h2>{title}</h2><ul>", *(f"<li><code>{html.escape(line)}</code></li>" for line in lines[:500]), "</ul>"]
    write(call, document(found.name or "Torrent", "".join(parts), css=CSS, wide=True))


def torrent_facts(call: Call) -> None:
    """metadata.json."""
    found = torrents.torrent(files.read(call.input, 64 * MiB))
    told: dict[str, Any] = {
        "format": "TORRENT", "name": found.name, "size": found.size, "info_hash": dict(found.info), "piece_length": found.piece,
        "pieces": found.pieces, "private": found.private, "trackers": found.trackers, "web_seeds": found.seeds, **dict(found.words),
        "files": [{"path": path, "size": size} for path, size in found.files],
    }  # fmt: skip
    write(call, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


# --- packets ----------------------------------------------------------------------------------------------------------------

MOST_PACKETS: Final = 2_000_000
MOST_LISTED: Final = 500


def packet_page(call: Call) -> None:
    """How much of which protocol, who talked with whom, and the first packets."""
    kinds, talks = Counter[str](), Counter[tuple[str, str]]()
    sizes: dict[str, int] = {}
    first: list[Packet] = []
    count = total = 0
    low = high = None
    for packet in packets(call.input):
        count += 1
        if count > MOST_PACKETS:
            raise TooExpensive(f"The capture has more than {MOST_PACKETS:,} packets.")
        total += packet.length
        kinds[packet.protocol] += 1
        sizes[packet.protocol] = sizes.get(packet.protocol, 0) + packet.length
        ends = sorted((packet.source, packet.target))
        if packet.source and (len(talks) < 50_000 or (ends[0], ends[1]) in talks):
            talks[ends[0], ends[1]] += 1
        if len(first) < MOST_LISTED:
            first.append(packet)
        if packet.moment is not None:
            low, high = min(low or packet.moment, packet.moment), max(high or packet.moment, packet.moment)
    if not count:
        raise Corrupt("The capture holds no packets.")
    facts = [("packets", f"{count:,}"), ("bytes", f"{total:,}"), ("link", ", ".join(sorted({packet.link for packet in first})))]
    if low is not None and high is not None:
        facts += [("from", _moment(low)), ("to", _moment(high)), ("duration", f"{(high - low) / 1e9:.3f} s")]
    start = first[0].moment or 0
    rows = [
        (
            number,
            f"{((packet.moment or start) - start) / 1e9:.6f}",
            _end(packet, 0),
            _end(packet, 1),
            packet.protocol,
            packet.length,
        )
        for number, packet in enumerate(first, 1)
    ]
    parts = ["<h1>Captured packets</h1>", _facts(facts), "<h2>Protocols</h2>"]
    parts.append(
        _table(("protocol", "packets", "bytes"), [(name, many, sizes[name]) for name, many in kinds.most_common(40)], (1, 2))
    )
    if talks:
        parts += ["<h2>Between</h2>", _table(("", "", "packets"), [(*ends, many) for ends, many in talks.most_common(40)], (2,))]
    listed = "Packets" if count <= MOST_LISTED else f"The first {MOST_LISTED} packets"
    parts += [f"<h2>{listed}</h2>", _table(("", "seconds", "from", "to", "protocol", "bytes"), rows, (0, 1, 5))]
    write(call, document("Captured packets", "".join(parts), css=CSS, wide=True))


def _end(packet: Packet, side: int) -> str:
    address = packet.target if side else packet.source
    if packet.ports is None:
        return address
    return f"[{address}]:{packet.ports[side]}" if ":" in address else f"{address}:{packet.ports[side]}"


def _moment(nanoseconds: int) -> str:
    seconds = nanoseconds // 1_000_000_000
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


# --- parts of pages ---------------------------------------------------------------------------------------------------------


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts) + "</dl>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], right: tuple[int, ...]) -> str:
    def line(tag: str, cells: Sequence[object]) -> str:
        inner = (
            f"<{tag}{' class=r' if place in right else ''}>{html.escape(f'{cell:,}' if isinstance(cell, int) else str(cell))}</{tag}>"
            for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(inner)}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', heads)}</thead><tbody>\n{body}\n</tbody></table>"


def _bytes(size: int) -> str:
    value, units = float(size), ("bytes", "KiB", "MiB", "GiB", "TiB")
    place = 0
    while value >= 1024 and place < len(units) - 1:
        value, place = value / 1024, place + 1
    return f"{value:.4g} {units[place]}"
