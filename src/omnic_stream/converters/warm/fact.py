"""Facts about any file whatever: checksums, a hex dump, readable strings, and what exiftool knows."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import zlib
from collections.abc import Iterator
from typing import Any

from omnic_stream.converters.warm import programs
from omnic_stream.converters.warm.dossier import basics
from omnic_stream.converters.warm.pages import write
from omnic_stream.model.contracts import Call, KiB, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt

DUMPED = 64 * KiB
"""Bytes of a hex dump."""
SHORTEST = 4
"""Characters of a readable string, as strings(1) has it."""
LONGEST = 4096
MOST_SCANNED = 64 * MiB
MOST_STRINGS = 200_000
ASCII = re.compile(rb"[\x20-\x7e\t]{%d,%d}" % (SHORTEST, LONGEST))
WIDE = re.compile(rb"(?:[\x20-\x7e\t]\0){%d,%d}" % (SHORTEST, LONGEST))
WIDE_BIG = re.compile(rb"(?:\0[\x20-\x7e\t]){%d,%d}" % (SHORTEST, LONGEST))
UNTOLD = frozenset(
    {
        "SourceFile", "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate", "FileInodeChangeDate", "FilePermissions",
        "ExifToolVersion", "FilePath", "BaseName", "FileAttributes", "FileDeviceNumber", "FileInodeNumber", "FileHardLinks", "FileUserID",
        "FileGroupID", "FileDeviceID", "FileBlockSize", "FileBlockCount", "FileCreateDate",
    }
)  # fmt: skip
"""What exiftool tells of the file on this machine's disk, not of its content."""
NO_ANSWER = re.compile(r"unknown file type|file is empty|format error", re.IGNORECASE)


def parts(call: Call) -> Iterator[bytes]:
    at, size = 0, os.fstat(call.input).st_size
    while part := os.pread(call.input, MiB, at):
        at += len(part)
        yield part
        call.report(min(at / size, 1.0) if size else 1.0)


def checksum(call: Call) -> None:
    """Lines as ``sha256sum --tag`` writes them of its standard input, which ``sha256sum --check`` and its kin read."""
    sums = [hashlib.sha256(), hashlib.sha512(), hashlib.md5(usedforsecurity=False)]
    crc = 0
    for part in parts(call):
        for each in sums:
            each.update(part)
        crc = zlib.crc32(part, crc)
    lines = [f"{name} (-) = {each.hexdigest()}" for name, each in zip(("SHA256", "SHA512", "MD5"), sums, strict=True)]
    write(call, "\n".join([*lines, f"CRC32 (-) = {crc:08x}", ""]).encode())


def hexdump(call: Call) -> None:
    """As ``hexdump -C`` (hexdump(1)) writes it, of the first 64 KiB: equal lines are one asterisk, the last line is the length."""
    data, size = os.pread(call.input, DUMPED, 0), os.fstat(call.input).st_size
    lines: list[str] = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        if at >= 16 and len(row) == 16 and row == data[at - 16 : at]:
            if lines[-1] != "*":
                lines.append("*")
            continue
        words = " ".join(f"{byte:02x}" for byte in row[:8]), " ".join(f"{byte:02x}" for byte in row[8:])
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {words[0]:<23}  {words[1]:<23}  |{text}|")
    lines.append(f"{len(data):08x}")
    if size > len(data):
        lines.append(f"... the first {len(data):,} of {size:,} bytes")
    write(call, ("\n".join(lines) + "\n").encode())


def strings(call: Call) -> None:
    """Runs of readable characters with their offsets in hexadecimal, as ``strings -t x`` tells them; of one byte a character and of
    two (UTF-16 of either order), in the order of the file.
    """
    data = os.pread(call.input, MOST_SCANNED, 0)
    found = [(match.start(), match.end(), match[0].decode("ascii")) for match in _some(ASCII, data)]
    little = {match.start(): match for match in _some(WIDE, data)}
    big = {match.start(): match for match in _some(WIDE_BIG, data)}
    # the same letters are found in both orders, one byte apart: text begins at an even offset
    found += [(at, each.end(), each[0].decode("utf-16-le")) for at, each in little.items() if at % 2 == 0 or at - 1 not in big]
    found += [(at, each.end(), each[0].decode("utf-16-be")) for at, each in big.items() if at % 2 == 0 or at + 1 not in little]
    lines: list[str] = []
    last = 0
    for at, end, text in sorted(found, key=lambda each: (each[0], -each[1])):
        if at >= last:
            lines.append(f"{at:7x} {text}")
            last = end
    if not lines:
        lines = ["no readable strings"]
    # the heading keeps the strings of a table or a script from being taken for one
    write(call, ("\n".join(["# offset in hexadecimal, readable string", *lines[:MOST_STRINGS]]) + "\n").encode())


def _some(pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    for number, match in enumerate(pattern.finditer(data)):
        if number >= MOST_STRINGS:
            return
        yield match


def metadata(call: Call) -> None:
    """``format``, ``size`` and ``sha256``."""
    write(call, json.dumps(basics(call), indent=1).encode())


def exiftool(call: Call) -> None:
    """``metadata``, and ``facts``: by group (exiftool's family 1), name and value. exiftool(1): no configuration is read, nothing is
    extracted, and large binary values are only told by their length.
    """
    argv = (
        "exiftool", "-config", "", "-json", "-G1", "-struct", "-charset", "UTF8", "-api", "LargeFileSupport=1", "-api", "RequestAll=0",
        programs.path_of(call.input),
    )  # fmt: skip
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, pass_fds=(call.input,), check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", "TZ": "UTC"},
    )  # fmt: skip
    if len(done.stdout) > 32 * MiB:
        raise ConverterFailed("exiftool tells more than is read.")
    try:
        told: dict[str, Any] = json.loads(done.stdout)[0] if done.stdout.strip() else {}
    except (ValueError, IndexError, RecursionError) as error:
        raise Corrupt("What is known of this file cannot be read.") from error
    facts: dict[str, dict[str, Any]] = {}
    for key, value in told.items():
        group, colon, name = key.partition(":")
        if not colon or name in UNTOLD or group == "ExifTool":
            continue
        facts.setdefault(group, {})[name] = value
    warnings = [str(value) for key, value in told.items() if key in {"ExifTool:Warning", "ExifTool:Error"}]
    warnings = [text for text in warnings if not NO_ANSWER.search(text)]
    made = basics(call) | {"facts": facts} | ({"warnings": warnings} if warnings else {})
    write(call, json.dumps(made, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
