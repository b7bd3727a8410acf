"""Data that machines exchange, as pages that people read, and into each other where little is lost."""

from __future__ import annotations

from omnic_stream.model.contracts import Bound, Command, Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.data:"
YAML = Tool("yaml", pip="PyYAML", module=True)
TOML = Tool("tomli_w", pip="tomli-w", module=True)
TCPDUMP = Tool("tcpdump", debian="tcpdump")
PAGE = Loss.REENCODES
"""A page with a tree holds all that the file says, as a page of its source does, which costs as much but reads worse."""
LIMITS = Limits(seconds=90, stall=60, memory=768 * MiB)


def tcpdump_argv(bound: Bound) -> tuple[str, ...]:
    """tcpdump(1): ``-n`` asks no name server, ``-c`` bounds the text."""
    return ("tcpdump", "-n", "-tttt", "-c", "100000", "-r", bound.input)


def _converter(
    id: str,
    function: str,
    inputs: tuple[str, ...],
    output: str,
    loss: Loss,
    *tools: Tool,
    ms: float = 15,
    specimen: str | None = None,
) -> Converter:
    return Converter(
        id=f"data.{id}",
        version=1,
        family="data",
        inputs=inputs,
        outputs=(output,),
        run=WarmCall(function=WARM + function, limits=LIMITS),
        cost=Cost(ms=ms, ms_per_mib=ms * 30),
        loss=loss,
        tools=tools,
        specimen=specimen,
    )


CONVERTERS: tuple[Converter, ...] = (
    _converter("json-html", "page", ("JSON",), "HTML", PAGE, specimen="tides.json"),
    _converter("toml-html", "page", ("TOML",), "HTML", PAGE, specimen="buoy.toml"),
    _converter("yaml-html", "page", ("YAML",), "HTML", PAGE, YAML, specimen="buoy.yaml"),
    _converter("ini-html", "page", ("INI",), "HTML", PAGE, specimen="buoy.ini"),
    _converter("plist-html", "page", ("PLIST",), "HTML", PAGE, specimen="buoy.plist"),
    _converter("xml-html", "markup_page", ("XML",), "HTML", PAGE, specimen="isle.gpx"),
    _converter("bib-html", "bibliography", ("BIB",), "HTML", PAGE, specimen="tides.bib"),
    _converter("json-yaml", "convert", ("JSON",), "YAML", Loss.NONE, YAML, specimen="tides.json"),
    _converter("json-toml", "convert", ("JSON",), "TOML", Loss.RESTYLES, TOML, specimen="buoy.json"),
    _converter("yaml-json", "convert", ("YAML",), "JSON", Loss.REENCODES, YAML, specimen="buoy.yaml"),
    _converter("yaml-toml", "convert", ("YAML",), "TOML", Loss.RESTYLES, YAML, TOML, specimen="buoy.yaml"),
    _converter("toml-json", "convert", ("TOML",), "JSON", Loss.REENCODES, specimen="buoy.toml"),
    _converter("toml-yaml", "convert", ("TOML",), "YAML", Loss.REENCODES, YAML, specimen="buoy.toml"),
    _converter("settings-json", "convert", ("INI", "PLIST"), "JSON", Loss.RESTYLES, specimen="buoy.ini"),
    _converter("xml-json", "markup_convert", ("XML",), "JSON", Loss.RESTYLES, specimen="isle.gpx"),
    _converter("bib-json", "convert", ("BIB",), "JSON", Loss.RESTYLES, specimen="tides.bib"),
    _converter("torrent-html", "torrent_page", ("TORRENT",), "HTML", Loss.RESTYLES, specimen="tides.torrent"),
    _converter("torrent-facts", "torrent_facts", ("TORRENT",), "metadata.json", Loss.RESTYLES, specimen="tides.torrent"),
    _converter("packets-html", "packet_page", ("PCAP", "PCAPNG"), "HTML", Loss.RESTYLES, ms=30, specimen="ping.pcap"),
    Converter(
        id="data.packets-text",
        version=1,
        family="data",
        inputs=("PCAP", "PCAPNG"),
        outputs=("TXT",),
        run=Command(argv=tcpdump_argv, stdout=True, limits=LIMITS),
        cost=Cost(ms=30, ms_per_mib=200),
        loss=Loss.RESTYLES,
        tools=(TCPDUMP,),
        specimen="ping.pcap",
    ),
)
