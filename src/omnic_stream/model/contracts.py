"""The narrow waist of the house: the values that pass between rooms, and the protocols by which rooms use each other.

Rooms of one layer do not import one another; what they share stands here. All values are frozen. Sizes are bytes, times are
seconds, instants are seconds since the epoch, keys and digests are lower-case hex SHA-256, formats are Format names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

from omnic_stream.model.address import Address, SchemeRule
from omnic_stream.model.events import Logged
from omnic_stream.model.keys import job_key
from omnic_stream.model.target import Target

KiB = 1 << 10
MiB = 1 << 20
GiB = 1 << 30


# --- converters -------------------------------------------------------------------------------------------------------------


class Loss(IntEnum):
    """What a Converter gives up. The planner prefers any cost to a higher loss."""

    NONE = 0
    REENCODES = 1
    """Pixels or samples are compressed again."""
    RESTYLES = 2
    """Layout or styling is approximated."""
    RASTERISES = 4
    """Vectors and text become pixels."""
    EXTRACTS = 8
    """Only a part is kept: one page, the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Typical wall time on one core, warm."""

    ms: float
    ms_per_mib: float = 0.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program or Python module that a Converter needs, and the package that brings it."""

    name: str
    """The program, or the module where ``module`` is true."""
    debian: str | None = None
    pip: str | None = None
    probe: tuple[str, ...] = ("--version",)
    """Arguments that make the program print its version and end with 0."""
    module: bool = False
    python: str | None = None
    """For a module of another interpreter than the service's: its path (``/usr/bin/python3`` for LibreOffice's ``uno``)."""
    npm: str | None = None
    """The package of the npm registry that brings it: a module that Node.js finds in ``NODE_MODULES``."""
    licence: str = ""
    """SPDX identifier where the operator may want to refuse it (``refuse_licences``): ``AGPL-3.0``, ``GPL-2.0`` ..."""


NODE_MODULES = Path(sys.prefix) / "share" / "omnic-stream" / "javascript" / "node_modules"
"""Where the packages of npm are that converters run: beside the service's interpreter, so that its workers see it. ``scripts/tools`` fills it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond any of these the whole process tree is killed and the Step fails with ``too_expensive``."""

    seconds: float = 90
    stall: float = 30
    """Longest time with neither output nor progress."""
    cpu: int = 60
    memory: int = 1 * GiB
    """Resident memory of the whole tree."""
    address_space: int | None = 2 * GiB
    """RLIMIT_AS of each process; None where a tool reserves more than it uses (LibreOffice, node, Go)."""
    file_size: int = 512 * MiB
    output: int = 512 * MiB
    """Everything below the job folder."""
    open_files: int = 256
    processes: int = 64
    kept: int = 64 * KiB
    """Of stdout and stderr each; the middle of more is dropped."""
    flood: int = 8 * MiB
    """More than this on stdout or stderr together ends the tool (unless stdout is the output)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a Command's argv is rendered from: names as the tool sees them inside its sandbox."""

    input: str
    output: str
    folder: str
    source: str
    target: str
    arguments: Mapping[str, str]


ProgressReader = Callable[[bytes], "float | None"]
"""Fed one line of stdout or stderr at a time (split at newline, carriage return and backspace); answers the fraction done, if the line tells one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run once for a Step. Data, not a running thing.

    ``argv`` is a tuple of templates (``{input}``, ``{output}``, ``{folder}``, ``{source}``, ``{target}``, ``{arguments[page]}``) or a
    pure function of Bound; the first word is a program's name, looked up in the sandbox's PATH. What it holds is made by the
    server: no part of an address ever gets in.
    """

    argv: tuple[str, ...] | Callable[[Bound], tuple[str, ...]]
    limits: Limits = Limits()
    stdin: bool = False
    """The input is the tool's standard input."""
    stdout: bool = False
    """The tool's standard output is the output."""
    progress: Callable[[], ProgressReader] | None = None
    env: tuple[tuple[str, str], ...] = ()
    read_only: tuple[str, ...] = ()
    """Further paths of the machine that the tool must see."""
    risky: bool = True
    """Not started where no sandbox tier above plain rlimits is to be had."""
    sockets: bool = False
    """Its processes talk by Unix sockets (LibreOffice's do). Not started in a cage from which those of the machine are in reach."""

    def render(self, bound: Bound) -> tuple[str, ...]:
        if callable(self.argv):
            return self.argv(bound)
        values = {name: getattr(bound, name) for name in Bound.__slots__}
        return tuple(word.format_map(values) for word in self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmCall:
    """A call of a function in a warm worker: ``module:function``, importable there, given a Call.

    With ``directory`` the function writes an uncompressed tar of the output directory; the runner unpacks it with checks.
    """

    function: str
    worker: str = "python"
    limits: Limits = Limits()
    directory: bool = False
    risky: bool = False


class Call(Protocol):
    """What a warm function is given inside its worker: open descriptors, never paths. Raise an OmnicError to fail with its code."""

    input: int
    """Read-only descriptor at offset 0."""
    output: int
    """Empty file, open for reading and writing; -1 where the call makes none."""
    source: str
    target: str
    arguments: Mapping[str, str]

    def report(self, fraction: float) -> None:
        """Tell the fraction done; thinned by the worker, so it may be called often."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmWorker:
    """A kind of process that is started once, caged, and serves WarmCalls one at a time."""

    name: str
    argv: tuple[str, ...]
    """``{python}`` is the service's interpreter, ``{package}`` the folder that holds ``omnic_stream``."""
    limits: Limits = Limits(seconds=3600, cpu=3600)
    calls: int = 200
    """Recycled after so many."""
    memory: int = 300 * MiB
    """Recycled after a call that leaves the tree's resident memory above this."""
    most: int | None = None
    """At most so many processes; None means as many as there are slots."""
    ready_seconds: float = 20
    env: tuple[tuple[str, str], ...] = ()
    read_only: tuple[str, ...] = ()
    risky: bool = False
    sockets: bool = False
    """As for a Command."""
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """Turns Formats into Formats: its facts, and the Command or WarmCall that does it.

    ``inputs`` and ``outputs`` name Formats, or ``category:NAME`` for all Formats of a category; ``any`` among the inputs is every file.
    ``takes`` names the arguments that this Converter consumes, as declared by target Formats. ``version`` rises whenever the same
    input would give another output.
    """

    id: str
    version: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    run: Command | WarmCall
    cost: Cost
    loss: Loss = Loss.NONE
    takes: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    specimen: str | None = None
    """File below ``omnic_stream/samples``, or ``PACKAGE:PATH`` within another package, on which ``doctor`` runs it."""
    family: str = ""
    """Heading under which doctor and docs list it: ``image``, ``office`` ..."""
    name: str | None = None
    """Fixed name of the output file; None makes ``result.<extension>``."""
    index: str | None = None
    """For a directory output: the entry to open first."""


# --- runner -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One Step bound to files: the input read-only, an empty job folder, and the one name that may come out of it."""

    converter: Converter
    input: Path
    source: str
    """The Format as which the Converter reads the input: its own, or the nearest ancestor that the Converter declares."""
    target: str
    arguments: Mapping[str, str]
    folder: Path
    output: str
    """Name of the output within ``folder``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The work stands in line; 0 is next."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The work has its slot. ``fraction`` is what the tool measured, None where it tells nothing (yet)."""

    fraction: float | None = None


Report = Callable[[Waiting | Running], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the provenance keeps of a run that succeeded."""

    argv: tuple[str, ...]
    """As the tool saw it; for a warm call the function's name."""
    tier: str
    """Sandbox tier: ``bwrap+seccomp``, ``landlock+seccomp``, ``rlimits`` ..."""
    seconds: float
    """Wall time in the slot, waiting not counted."""
    peak_memory: int = 0
    messages: str = ""
    """The end of stderr, bounded, for the log of a suspicious result; never shown to strangers."""


class Runner(Protocol):
    """Runs Work in bounded slots. When a method returns or raises, no process of the work is left alive."""

    async def run(self, work: Work, *, priority: Callable[[], int], report: Report) -> Outcome:
        """Wait for a slot (highest ``priority()`` first, then oldest), run, and leave the output at ``work.folder / work.output``.

        Raises ConverterFailed, Corrupt, TooExpensive, SandboxUnavailable, DiskFull, or Busy when the line is full.
        """
        ...

    async def call(self, call: WarmCall, descriptors: Sequence[int], arguments: Mapping[str, str], *, source: str = "") -> Any:
        """A small warm call outside the slots (detection). ``descriptors`` are the input and, where one is made, the output."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolState:
    """What running a Tool's probe showed."""

    tool: Tool
    version: str | None
    """None: it is missing or does not run."""
    problem: str = ""


# --- sources ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What an origin gave to ask again with (RFC 9110 section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a Source learned while the content went into the Sink."""

    unchanged: bool = False
    """The origin said 304: nothing was written, what is there still holds."""
    validators: Validators = Validators()
    max_age: float | None = None
    """Freshness that the origin gives (RFC 9111), in seconds."""
    media_type: str | None = None
    """The server's word: a hint for detection, nothing more."""
    name: str | None = None
    """A file name as hint for detection: from Content-Disposition, else the last segment of the final URL."""


class Sink(Protocol):
    """Where fetched bytes go: hashed, counted and bounded on their way to disk."""

    async def write(self, chunk: bytes) -> None:
        """Raises TooLarge beyond the cap and DiskFull."""
        ...


class Source(Protocol):
    """Fetches the Addresses of some schemes."""

    @property
    def schemes(self) -> Mapping[str, SchemeRule]:
        """Each scheme with the arguments that its addresses may carry."""
        ...

    def locked(self, address: Address) -> bool:
        """Whether the address names content that can never change."""
        ...

    async def fetch(
        self, address: Address, sink: Sink, *, known: Validators | None, report: Callable[[int, int | None], None]
    ) -> Fetched:
        """Write the content into the sink, telling bytes so far and the total where known.

        Raises Refused, NotFound, TooLarge, OriginFailed, OriginTimeout, BadAddress.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the configuration lets sources do."""

    allow_addresses: tuple[str, ...] = ()
    """Networks (CIDR) that may be reached though they are private."""
    allow_hosts: tuple[str, ...] = ()
    """If given, only these; ``*.example.org`` stands for all below."""
    file_roots: Mapping[str, Path] = field(default_factory=dict[str, Path])
    max_bytes: int = 512 * MiB
    seconds: float = 300


OpenSource = Callable[[SourceSettings], AbstractAsyncContextManager[Source]]
"""How a source is declared: opened once at start, closed with the service."""


# --- detection --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What strangers say of a file; its content decides."""

    name: str | None = None
    media_type: str | None = None
    expected: str | None = None
    """The Format that a Converter promised, where its output is looked at again."""


class Detect(Protocol):
    async def __call__(self, file: Path, hints: Hints) -> str:
        """The Format's name; ``BIN`` for the unknown, ``EMPTY`` for zero bytes, ``DIRECTORY`` for one."""
        ...


# --- store ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A file as fetched at one moment."""

    address_key: str
    sha256: str
    size: int
    format: str
    name: str | None
    media_type: str | None
    validators: Validators
    looked_at: float
    """When the origin was last asked."""
    fresh_until: float
    """``inf`` for a locked address."""
    path: Path
    archive: str | None = None
    """Of a member, the address key of the archive that it was taken out of: forgotten with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """The finished, read-only output of a Step; of a Plan without Steps, the Snapshot itself."""

    key: str
    """Step key (or Snapshot hash)."""
    format: str
    media_type: str
    entry: str
    """Name of the file, or of the file to open first in a directory."""
    size: int
    sha256: str
    """Of the content; of a directory, of its sorted (path, hash) pairs."""
    directory: bool
    created: float
    path: Path
    """The file itself, or the directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A row of the catalogue: what answers a job key without work."""

    job_key: str
    address: str
    target: str
    snapshot: str
    artifact: Artifact
    digest: str
    """Of the graph that planned it: under another one, plan again."""
    looked_at: float
    fresh_until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How an Artifact came to be; kept as JSON beside it."""

    input: str
    converter: str
    version: int
    arguments: Mapping[str, str]
    source: str
    target: str
    argv: tuple[str, ...]
    tier: str
    seconds: float
    tools: Mapping[str, str] = field(default_factory=dict[str, str])


class Shelves(Protocol):
    """Look-ups: an indexed row each, some tens of microseconds, so they do not wait. What comes back exists on disk."""

    def finished(self, job_key: str) -> Finished | None: ...
    def artifact(self, key: str) -> Artifact | None: ...
    def snapshot(self, address_key: str) -> Snapshot | None: ...


class HashingSink(Sink, Protocol):
    """A Sink of the Store: closed, it tells what went in."""

    size: int
    sha256: str
    path: Path


class Workbench(Protocol):
    """Room to work in, below a folder that this process owns."""

    def folder(self) -> AbstractAsyncContextManager[Path]:
        """A fresh, empty folder (mode 0700), gone afterwards."""
        ...

    def sink(self, folder: Path) -> AbstractAsyncContextManager[HashingSink]:
        """A file ``folder/content`` to write into; size and hash are known once the block is left."""
        ...

    def claim(self, key: str) -> AbstractAsyncContextManager[None]:
        """The one right to make what ``key`` names, among all tasks and all processes on this store; waited for."""
        ...

    def hold(self, *keys: str) -> AbstractAsyncContextManager[None]:
        """What these keys (step keys, snapshot hashes) name is not evicted meanwhile, made yet or not."""
        ...


class Publishing(Protocol):
    """The way into the Store. Each is atomic: what has a row is whole. Raises DiskFull."""

    async def keep(self, content: HashingSink, snapshot: Snapshot) -> Snapshot:
        """Move fetched content in and write its row (``path`` is set by the store)."""
        ...

    async def renew(self, address_key: str, *, looked_at: float, fresh_until: float) -> Snapshot | None:
        """The origin said: unchanged."""
        ...

    async def publish(
        self, output: Path, *, key: str, format: str, media_type: str, index: str | None, provenance: Provenance
    ) -> Artifact:
        """Check (regular files, no links, one hard link each), make read-only, move in, write the row and the provenance."""
        ...

    async def finish(self, finished: Finished) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a Step that succeeded. ``size``: bytes of input."""

    size: int
    seconds: float
    wish: str = ""
    """The Format and arguments made, as ``Step.wish`` writes them; empty where it was not kept."""


class Durations(Protocol):
    """The history of Step durations, for estimates."""

    def recent(self, converter: str, source: str, wish: str) -> Sequence[Run]:
        """A few dozen at most: those of the same wish first, and in each part the newest first."""
        ...

    async def record(self, converter: str, source: str, run: Run) -> None: ...


class Store(Shelves, Workbench, Publishing, Durations, Protocol):
    """All of it, for the conveyor; others are given the part that they use."""


# --- jobs -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for; ``key`` joins those who ask for the same."""

    address: Address
    target: Target
    profile: str | None = None

    @property
    def key(self) -> str:
        return job_key(self.address, self.target, self.profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How it stands with something wanted, without starting anything. ``state`` is ``absent`` or an event's name."""

    state: str
    finished: Finished | None = None
    code: str | None = None
    retry_after: float | None = None


class Watcher(Protocol):
    """Told of each entry of a Job's log. Never waits, never raises."""

    def put(self, logged: Logged) -> None: ...


class Watch(Protocol):
    """One watcher's hold on a Job: while it is open, the Job lives."""

    @property
    def key(self) -> str: ...
    @property
    def latest(self) -> Logged:
        """The newest entry of the log."""
        ...

    def prioritise(self, priority: int) -> None:
        """1 visible, 0 normal, -1 background; the Job runs at the highest of its watchers'."""
        ...

    def close(self) -> None:
        """Idempotent, and may be called from within ``Watcher.put``. A Job that nobody watches or leases ends within a second."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleType:
    type: str
    steps: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """What an address's content can become."""

    format: str
    types: tuple[PossibleType, ...]


class Jobs(Protocol):
    """The door to the jobs room."""

    def status(self, wanted: Wanted) -> Status: ...

    def watch(self, wanted: Wanted, watcher: Watcher, *, priority: int = 0, since: int | None = None, look: bool = False) -> Watch:
        """Start or join the one Job; the current state is put at once (after ``since``: what the log still holds beyond it).

        ``look``: one look at the origin first, even if what is there is fresh (at most one per 5 s and address). Raises Busy.
        """
        ...

    def lease(self, wanted: Wanted, seconds: float = 60.0) -> None:
        """Keep a live Job alive so long though nobody watches; nothing where there is none."""
        ...

    async def types(self, address: Address) -> Possible:
        """Fetch and detect if it must, then answer what the content can become."""
        ...


# --- viewers ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A module of the browser's side that shows files, and which.

    For a file, those that open its Format are offered in the order of their declaration, each with the first of its types that the
    file can become; for a result that was asked for by type, those that show that type, then those that take its media type.
    """

    name: str
    title: str = ""
    """What its tab is called: a text, or a key of words that the viewers know. Without: the name."""
    opens: tuple[str, ...] = ()
    """What it is good for: Format names (their children too), ``category:NAME``, or ``*`` for whatever no other opens."""
    shows: tuple[str, ...]
    """Targets, best first, in one of which it takes a file; ``*``: the file as it is. What the file is already needs no making."""
    media_types: tuple[str, ...] = ()
    """Of results that it takes whatever they are called; ``image/*`` takes all pictures."""
    module: str
    """Its ES module with ``mount``: a file of ours (``viewer/pdf.js``), or the path of one inside ``folder``."""
    folder: Path | None = None
    """Of a viewer from elsewhere: all of it is served, so that the module may import and fetch what lies beside it."""
