"""What a failed tool meant, in one sentence for a stranger: pure."""

from __future__ import annotations

import re
import signal
from typing import Final

LONGEST: Final = 200

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_PATH = re.compile(r"(?:file://)?(?<![\w<])/[^\s'\"`:;,()\[\]]*[^\s'\"`:;,.()\[\]]")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"]+", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\s*@)?\s*\b0x[0-9a-fA-F]+\b")
_LONG_HEX = re.compile(r"\b[0-9a-fA-F]{16,}\b")
_EMPTY_BRACKETS = re.compile(r"\[\s*\]|\(\s*\)")
_TRACEBACK = re.compile(r"^(Traceback \(most recent|File \"|at |~*\^+~*$|\d+: |#\d+ )")
_PROGRESS = re.compile(r"^(frame=|size=|progress=|out_time|\d+ \d+( |$)|[\d.\s%]+$)")
_TELLING = re.compile(
    r"error|fail|invalid|not |n't |cannot|unable|unsupported|unknown|corrupt|damaged|broken|missing|no such"
    r"|denied|refused|exceed|limit|too ",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """One line without escape codes, paths, addresses, long hex words or URLs, at most 200 characters."""
    text = _CONTROL.sub(" ", _ANSI.sub("", text))
    text = _URL.sub("…", text)
    text = _PATH.sub("the file", text)
    text = _LONG_HEX.sub("…", _ADDRESS.sub("", text))
    text = " ".join(_EMPTY_BRACKETS.sub("", text).split()).strip(" :;,-")
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def said(output: bytes) -> str:
    """The tool's last meaningful line, clean; empty where it said nothing that means anything."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").replace("\r", "\n").split("\n")]
    lines = [line for line in lines if line and not _TRACEBACK.match(line) and not _PROGRESS.match(line)]
    for line in reversed(lines[-40:]):
        if _TELLING.search(line) and (text := clean(line)):
            return text
    return next((text for line in reversed(lines[-5:]) if (text := clean(line))), "")


def why(tool: str, returncode: int, output: bytes) -> str:
    """The sentence for a tool that ended with ``returncode`` (negative or over 128: a signal)."""
    if number := signal_of(returncode):
        return f"{tool} crashed on this content ({_signal_name(number)})."
    text = said(output)
    return f"{tool} could not convert this content: {text}"[:LONGEST] if text else f"{tool} could not convert this content."


def signal_of(returncode: int) -> int:
    """The signal that ended the tool, 0 for none. bubblewrap and shells tell a signal as 128 + its number."""
    if returncode < 0:
        return -returncode
    return returncode - 128 if 128 < returncode < 128 + 65 else 0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
