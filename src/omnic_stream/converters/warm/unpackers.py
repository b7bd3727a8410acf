"""Archives that programs unpack: 7-Zip, The Unarchiver, zpaq, lzop, lz4, lrzip, git; into the cage's own scratch folder.

A listing asks the program what it sees; contents are unpacked only after the sizes that it tells were found bearable, and only
regular files that really lie in the folder are taken from it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omnic_stream.converters.warm import programs
from omnic_stream.converters.warm.members import MOST_MEMBERS, Held, Member, allowance
from omnic_stream.converters.warm.readers import BROKEN, told_of
from omnic_stream.converters.warm.sections import Section, instant
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.model.progress import percent_progress

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}
SEVEN_TYPES = {
    "7Z": "7z", "CB7": "7z", "CAB": "cab", "WIM": "wim", "ISO": "iso", "DMG": "dmg", "VHD": "vhd", "VHDX": "vhdx", "VMDK": "vmdk",
    "QCOW2": "qcow", "VDI": "vdi", "SQUASHFS": "squashfs", "EXT": "ext", "FAT": "fat", "NTFS": "ntfs", "XAR": "xar", "MSI": "compound",
}  # fmt: skip
"""By Format, 7-Zip's name: it is told what to take the file for, and does not go by names or by what it finds further in."""
WITHIN = frozenset({"DMG", "VHD", "VHDX", "VMDK", "QCOW2", "VDI", "MSI"})
"""What nobody wants to see the outer layer of: a disk holds one file system, an installer its tables and one cabinet. 7-Zip is told to
open what is inside, too (``*.vhd``), and shows the outer layer where it knows nothing inside."""
NAMELESS = "disk.img"
"""The outer layer's one member has no name of its own: 7-Zip makes one of the file's, which is a descriptor here."""
UNPACKED = 0.3
"""Part of the work that is done when a program has put everything into its folder."""
PASSWORD = "The archive is encrypted, and nobody gave its password."  # noqa: S105 - a sentence
NEED_PASSWORD = re.compile(rb"wrong password|encrypted archive|enter password", re.IGNORECASE)


def followed(argv: Sequence[str], call: Call, *, folder: Path | None = None, env: dict[str, str] = ENVIRONMENT) -> bytes:
    """Run to the end, with the percentages on stderr as progress (7-Zip ends them by backspaces). Answers at most 64 MiB of stdout."""
    read = percent_progress()
    with subprocess.Popen(
        list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(call.input,), cwd=folder,
        env=env,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        said, out = _both(process.stdout.fileno(), process.stderr.fileno(), lambda line: _tell(call, read(line)))
    if process.returncode:
        if NEED_PASSWORD.search(said + out[-4096:]):
            raise ConverterFailed(PASSWORD)
        raise Corrupt(BROKEN)
    return out


def _tell(call: Call, fraction: float | None) -> None:
    if fraction is not None:
        call.report(fraction * UNPACKED)


def _both(out: int, err: int, line: Callable[[bytes], None]) -> tuple[bytes, bytes]:
    """Both pipes to their ends: what was said last, and what was written."""
    import selectors

    written, said, rest = bytearray(), b"", b""
    with selectors.DefaultSelector() as ready:
        for pipe in (out, err):
            ready.register(pipe, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                part = os.read(key.fd, 1 << 16)
                if not part:
                    ready.unregister(key.fd)
                elif key.fd == out:
                    written += part
                    if len(written) > 64 * MiB:
                        raise TooExpensive("The archive has more members than can be told.")
                else:
                    said = (said + part)[-4096:]
                    *lines, rest = re.split(rb"[\r\n\b]+", rest + part)
                    for each in lines:
                        line(each)
    return said, bytes(written)


def _bear(call: Call, members: Sequence[Member]) -> None:
    """Raises TooExpensive where the members are told to be larger than is allowed, before one is unpacked."""
    size = sum(member.size or 0 for member in members)
    most = allowance(os.fstat(call.input).st_size)
    if size > most:
        raise TooExpensive(
            f"The archive unpacks to more than the {most // MiB} MiB that are allowed for its size: it may be a bomb."
        )


@contextmanager
def _unpacked(call: Call, members: Sequence[Member], argv: Callable[[str, Path], Sequence[str]]) -> Iterator[Path]:
    """The folder in which the program unpacked everything."""
    if any(member.encrypted for member in members):
        raise ConverterFailed(PASSWORD)
    _bear(call, members)
    with programs.scratch() as folder:
        into = folder / "unpacked"
        into.mkdir()
        followed(argv(programs.path_of(call.input), into), call, folder=folder)
        yield into.resolve()


def _content(folder: Path, name: str) -> AbstractContextManager[Any]:
    """The file of this name, open, if it is a regular one in the folder; None within the block where it is not."""
    path = folder / name.replace("\\", "/").lstrip("/")
    try:
        real = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return nullcontext()
    return real.open("rb") if real.is_relative_to(folder) and real.is_file() and not path.is_symlink() else nullcontext()


class _Counted:
    def __init__(self, file: Any, report: Callable[[int], None]) -> None:
        self._file, self._report = file, report

    def read(self, size: int = -1, /) -> bytes:
        part = bytes(self._file.read(size))
        self._report(len(part))
        return part


# --- 7-Zip ------------------------------------------------------------------------------------------------------------------


def seven_listed(call: Call) -> list[Member]:
    return _seven_seen(call)[0]


def _seven_seen(call: Call) -> tuple[list[Member], str]:
    """What 7-Zip sees, and as which type it was told to open the file."""
    kind = SEVEN_TYPES[call.source]
    if call.source in WITHIN:
        with suppress(Corrupt):
            if within := _seven_listed(call, f"*.{kind}"):
                return within, f"*.{kind}"
    return _seven_listed(call, kind), kind


def _seven_listed(call: Call, kind: str) -> list[Member]:
    """``7zz l -slt``: blocks of ``Name = value`` lines after a rule of dashes."""
    argv = ("7zz", "l", "-slt", "-bd", "-sccUTF-8", "-spd", "-p", f"-t{kind}", "--", programs.path_of(call.input))
    text = followed(argv, call).decode("utf-8", "replace")
    members: list[Member] = []
    for block in text.partition("\n----------\n")[2].split("\n\n"):
        facts = {name: value for name, _, value in (line.partition(" = ") for line in block.splitlines())}
        if "Size" in facts and facts.get("Alternate Stream") != "+":
            members.append(_seven_member({"Path": NAMELESS, **facts}))
        if len(members) > MOST_MEMBERS:
            raise TooExpensive(f"The archive has more than {MOST_MEMBERS} members.")
    return members


def _seven_member(facts: dict[str, str]) -> Member:
    mode = facts.get("Mode") or facts.get("Attributes", "").rpartition(" ")[2]
    link = facts.get("Symbolic Link") or facts.get("Hard Link") or None
    folder = facts.get("Folder") == "+" or facts.get("Attributes", "").startswith("D") or mode.startswith("d")
    modified = facts.get("Modified", "").partition(".")[0].replace(" ", "T")
    return Member(
        name=facts["Path"],
        size=int(facts["Size"]) if facts.get("Size", "").isdigit() else 0 if folder else None,
        packed=int(facts["Packed Size"]) if facts.get("Packed Size", "").isdigit() else None,
        kind="directory" if folder else "link" if link or mode.startswith("l") else "special" if mode[:1] in {*"bcps"} else "file",
        modified=f"{modified}+00:00" if modified else None,
        encrypted=facts.get("Encrypted") == "+",
        target=link,
    )


def seven_members(call: Call) -> Iterator[Held]:
    members, kind = _seven_seen(call)

    def argv(archive: str, into: Path) -> Sequence[str]:
        # -aos: of two members with one name, the first; -spd: names are no patterns; links out of the folder are refused by itself
        return ("7zz", "x", "-y", "-aos", "-bso0", "-bsp2", "-spd", "-p", "-mmt1", f"-t{kind}", f"-o{into}", "--", archive)

    with _unpacked(call, members, argv) as folder:
        report = told_of(call, sum(member.size or 0 for member in members), UNPACKED)
        for member in members:
            name = member.name if member.name != NAMELESS or len(members) > 1 else next(folder.iterdir()).name
            with _content(folder, name) if member.kind == "file" else nullcontext() as content:
                yield member, _Counted(content, report) if content is not None else None


def seven_alone(call: Call, wanted: Callable[[Member], bool]) -> Iterator[Held]:
    """Only what is wanted: one file comes by standard output, so that neither the others nor a name on disk are made.

    7-Zip takes it by the name that it told itself; two of one name would come as one, so they are unpacked with all.
    """
    seen, kind = _seven_seen(call)
    members = [member for member in seen if wanted(member)]
    files = [member for member in members if member.kind == "file" and not member.encrypted]
    if len(files) > 1:
        yield from (held for held in seven_members(call) if wanted(held[0]))
        return
    yield from ((member, None) for member in members if member not in files)
    for member in files:
        _bear(call, files)
        options = ("-so", "-bd", "-spd", "-p", "-mmt1", f"-t{kind}")
        name = () if member.name == NAMELESS and len(seen) == 1 else (member.name,)
        argv = ("7zz", "x", *options, "--", programs.path_of(call.input), *name)
        with subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=(call.input,), env=ENVIRONMENT
        ) as process:  # fmt: skip
            try:
                yield member, _Counted(_Whole(process), told_of(call, member.size or 0))
            finally:
                process.kill()


# --- The Unarchiver -----------------------------------------------------------------------------------------------------------


def unar_listed(call: Call) -> list[Member]:
    with programs.scratch() as folder:
        return _unar_listed(call, programs.copied(call, folder, "in"), _somebody(folder))


def _somebody(folder: Path) -> dict[str, str]:
    """GNUstep, on which The Unarchiver is built, asks the user database for the home of whoever runs it, and reads no date without it; a
    cage's user is in none. libnss-wrapper (nss_wrapper(1)) answers from a file of ours.
    """
    (folder / "passwd").write_text(f"omnic:x:{os.getuid()}:0::{folder}:/bin/false\n")
    (folder / "group").write_text("omnic:x:0:\n")
    names = {"NSS_WRAPPER_PASSWD": str(folder / "passwd"), "NSS_WRAPPER_GROUP": str(folder / "group"), "HOME": str(folder)}
    return {**ENVIRONMENT, **names, "LD_PRELOAD": "libnss_wrapper.so"}


def _unar_listed(call: Call, archive: Path, env: dict[str, str]) -> list[Member]:
    """``lsar -j``: JSON of lsarFormatVersion 2. A copy with a name, for it looks for the folder in which its file lies. Archives within
    are left as they are (``-nr``).
    """
    text = followed(("lsar", "-j", "-nr", str(archive)), call, env=env).decode("utf-8", "replace")
    try:
        listed: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Corrupt(BROKEN) from error
    if "lsarContents" not in listed:
        raise Corrupt(BROKEN)
    return [_unar_member(entry) for entry in listed["lsarContents"][: MOST_MEMBERS + 1]]


def _unar_member(entry: dict[str, Any]) -> Member:
    size, packed = entry.get("XADFileSize"), entry.get("XADCompressedSize")
    kind = (
        "directory" if entry.get("XADIsDirectory") else "link" if entry.get("XADIsLink") or entry.get("XADIsHardLink") else "file"
    )
    modified = str(entry.get("XADLastModificationDate", ""))
    try:
        when = (
            datetime.strptime(modified, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC).isoformat(timespec="seconds") if modified else None
        )
    except ValueError:
        when = None
    return Member(
        name=str(entry.get("XADFileName", "")),
        size=size if isinstance(size, int) else None,
        packed=packed if isinstance(packed, int) else None,
        kind=kind,
        modified=when,
        encrypted=bool(entry.get("XADIsEncrypted")),
        target=str(entry["XADLinkDestination"]) if kind == "link" and "XADLinkDestination" in entry else None,
    )


def unar_members(call: Call, wanted: Callable[[Member], bool] = lambda member: True) -> Iterator[Held]:
    with programs.scratch() as folder:
        archive = programs.copied(call, folder, "in")
        env = _somebody(folder)
        yield from _unar_held(call, archive, _unar_listed(call, archive, env), env, wanted)


def _unar_held(
    call: Call, archive: Path, members: list[Member], env: dict[str, str], wanted: Callable[[Member], bool]
) -> Iterator[Held]:
    """Contents come one after the other on standard output: files are never made, so names lead nowhere. Sizes say where each ends."""
    files = [number for number, member in enumerate(members) if member.kind == "file" and wanted(member)]
    if not files:
        yield from ((member, None) for member in members if wanted(member))
        return
    if any(members[number].encrypted for number in files):
        raise ConverterFailed(PASSWORD)
    if any(members[number].size is None for number in files):
        raise ConverterFailed("The archive does not tell how long its files are.")
    _bear(call, [members[number] for number in files])
    # -nr: archives within are left as they are; -i: by number, unless there are more than a command line holds
    chosen = [str(number) for number in files] if len(files) < 10_000 else []
    argv = ("unar", "-q", "-nr", "-p", "", "-o", "-", *(("-i",) if chosen else ()), str(archive), *chosen)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env) as process:
        try:
            whole, report = _Whole(process), told_of(call, sum(members[number].size or 0 for number in files))
            for member in filter(wanted, members):
                content = Section(whole, member.size or 0) if member.kind == "file" else None
                yield member, _Counted(content, report) if content is not None else None
                if content is not None:
                    content.skip()
            if files and whole.read(1):
                raise Corrupt(BROKEN)
        finally:
            process.kill()


# --- zpaq, and programs that unpack one file ----------------------------------------------------------------------------------


def zpaq_members(call: Call) -> Iterator[Held]:
    """zpaq(1) tells sizes only where its index has them, so the files that come out are what is told."""
    with programs.scratch() as folder:
        programs.copied(call, folder, "in.zpaq")
        into, start = folder / "unpacked", time.time()
        into.mkdir()
        followed(("zpaq", "x", "in.zpaq", "-to", str(into), "-t1"), call, folder=folder)
        for path in sorted(into.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                continue
            status = path.stat()
            member = Member(
                name=str(path.relative_to(into)),
                size=0 if path.is_dir() else status.st_size,
                kind="directory" if path.is_dir() else "file",
                # where the archive tells no time, the file has the one at which it was made
                modified=instant(status.st_mtime) if status.st_mtime < start - 2 else None,
            )
            with nullcontext() if path.is_dir() else path.open("rb") as content:
                yield member, content


STREAMS = {
    "LZO": ("lzop", "-dc"),
    "LZ4": ("lz4", "-dc", "-q"),
    "LRZ": ("lrzip", "-d", "-q", "-o", "-"),
}
"""Programs that write the one file within to their output."""


def stream_members(call: Call) -> Iterator[Held]:
    """The content as the program writes it; the program is ended where more comes than is taken."""
    name = "content"
    with programs.scratch() as folder:
        suffix = call.source.lower()
        packed = programs.copied(call, folder, f"content.{suffix}")
        program, *options = STREAMS[call.source]
        with subprocess.Popen(
            [shutil.which(program, path=ENVIRONMENT["PATH"]) or program, *options, str(packed)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env={**ENVIRONMENT, "HOME": str(folder)},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            try:
                yield Member(name=name, size=None, packed=os.fstat(call.input).st_size), _Whole(process)
            finally:
                process.kill()


class _Whole:
    """A program's output, whose end counts only where the program ended well."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, size: int = -1, /) -> bytes:
        assert self._process.stdout is not None
        part = self._process.stdout.read(size)
        if not part and self._process.wait():
            raise Corrupt(BROKEN)
        return part


PROGRAMS: dict[str, Callable[[Call], Iterator[Held]]] = {
    **dict.fromkeys(SEVEN_TYPES, seven_members),
    **dict.fromkeys(("RAR", "CBR", "ALZ", "ARJ", "LHA", "ZOO"), unar_members),
    **dict.fromkeys(STREAMS, stream_members),
    "ZPAQ": zpaq_members,
}
ALONE: dict[str, Callable[[Call, Callable[[Member], bool]], Iterator[Held]]] = {
    **dict.fromkeys(SEVEN_TYPES, seven_alone),
    **dict.fromkeys(("RAR", "CBR", "ALZ", "ARJ", "LHA", "ZOO"), unar_members),
}
"""Where one member can be had without the others."""
LISTINGS: dict[str, Callable[[Call], list[Member]]] = {
    **dict.fromkeys(SEVEN_TYPES, seven_listed),
    **dict.fromkeys(("RAR", "CBR", "ALZ", "ARJ", "LHA", "ZOO"), unar_listed),
}
"""Where asking is cheaper than unpacking."""
