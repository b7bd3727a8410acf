"""``omnic-stream VERB ...``. Each verb's module is imported when it is asked for, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Literal, cast

from cyclopts import App, CycloptsError, Parameter

from omnic_stream.model.errors import (
    BadAddress,
    BadTarget,
    MisconfiguredError,
    NoRoad,
    OmnicError,
    Refused,
    SandboxUnavailable,
)

HELP = """Give it the address of any file and the type you want.

Examples:

    omnic-stream convert report.docx report.pdf
    omnic-stream convert photo.heic thumb.png --type thumb.png:200x200
    omnic-stream convert-url https://example.org/a.svg PNG --output a.png
    omnic-stream serve --bind 127.0.0.1:8800
"""
USAGE = (BadAddress, BadTarget, NoRoad, Refused, SandboxUnavailable)
"""What a person can mend by asking for something else, or by installing something: exit code 2."""

app = App(name="omnic-stream", help=HELP, version=lambda: version("omnic-stream"), help_format="plaintext")

Store = Annotated[str | None, Parameter(name="--store", help="Folder that keeps snapshots and results.")]
Profile = Annotated[str | None, Parameter(help="A profile of omnic.toml, which bends the road.")]
Type = Annotated[str, Parameter(help="For instance PDF, PNG:800x600 or thumb.jpg:200x200.")]
Address = Annotated[str, Parameter(help="For instance https://example.org/report.docx.")]


def fail(message: str, code: int) -> None:
    sys.stderr.write(f"omnic-stream: {' '.join(message.split())}\n")
    raise SystemExit(code)


@app.command
def serve(
    *,
    bind: Annotated[str | None, Parameter(help="HOST:PORT; port 0 takes a free one.")] = None,
    store: Store = None,
    allow_addresses: Annotated[str | None, Parameter(help="Networks to fetch from though private: 10.0.0.0/8,...")] = None,
    allow_hosts: Annotated[str | None, Parameter(help="Fetch from these hosts only.")] = None,
    allow_origins: Annotated[str | None, Parameter(help="Pages of these origins may use the service.")] = None,
    allow_unsigned: Annotated[bool | None, Parameter(help="Bind beyond loopback without signing.", negative="")] = None,
    slots: Annotated[int | None, Parameter(help="Conversions at once; default: one per core.")] = None,
    queue_limit: Annotated[int | None, Parameter(help="Jobs that may wait.")] = None,
    sandbox: Literal["auto", "bwrap", "landlock", "rlimits"] | None = None,
    door: Annotated[
        bool | None, Parameter(help="Answer plain finished requests and sockets in front of the HTTP server (on unless --no-door).")
    ] = None,
    log: Literal["debug", "info", "warning", "error"] | None = None,
) -> None:
    """Run the service and its page. All settings are also OMNIC_* variables and lines of omnic.toml.

    Example: OMNIC_ALLOW_ADDRESSES=10.0.0.0/8 omnic-stream serve --bind 127.0.0.1:8800
    """
    from omnic_stream.cli.serve import run

    run(
        {
            "bind": bind,
            "store": store,
            "allow_addresses": _words(allow_addresses),
            "allow_hosts": _words(allow_hosts),
            "allow_origins": _words(allow_origins),
            "allow_unsigned": allow_unsigned,
            "slots": slots,
            "queue_limit": queue_limit,
            "sandbox": sandbox,
            "door": door,
            "log": log,
        }
    )


@app.command
def convert(
    source: Annotated[str, Parameter(help="A file here.")],
    output: Annotated[str, Parameter(help="The file to write; - for standard output.")],
    *,
    type: Annotated[str | None, Parameter(help="The type to make; default: by the output's name.")] = None,
    profile: Profile = None,
    store: Store = None,
) -> None:
    """Convert a file.

    Example: omnic-stream convert report.docx cover.png --type thumb.png:400x400
    """
    from omnic_stream.cli.convert import run

    run(source, output, type, store=store, profile=profile)


@app.command(name="convert-url")
def convert_url(
    address: Address,
    type: Type,
    *,
    output: Annotated[str, Parameter(help="Default: result.<extension>; - for standard output.")] = "",
    profile: Profile = None,
    store: Store = None,
) -> None:
    """Fetch an address and convert it.

    Example: omnic-stream convert-url https://example.org/report.docx PDF --output report.pdf
    """
    from omnic_stream.cli.convert import run

    run(address, output, type, store=store, profile=profile)


@app.command
def watch(
    address: Address,
    type: Type,
    *,
    server: Annotated[str, Parameter(help="The service to ask.")] = "http://127.0.0.1:8800",
) -> None:
    """Watch a running service make something, with a progress bar.

    Example: omnic-stream watch https://example.org/report.docx PDF
    """
    from omnic_stream.cli.watch import run

    run(address, type, server)


@app.command(name="generate-url")
def generate_url(
    address: Address,
    type: Type,
    *,
    server: Annotated[str | None, Parameter(help="Default: public_url, else the address it binds to.")] = None,
    valid: Annotated[int, Parameter(help="Seconds for which a signature holds.")] = 3600,
) -> None:
    """Print the media URL, signed where signing keys are set.

    Example: omnic-stream generate-url https://example.org/report.docx thumb.png:200x200
    """
    from omnic_stream.cli.links import run

    run(address, type, server, valid)


@app.command
def precache(
    *addresses: Address,
    type: Annotated[list[str], Parameter(help="May be given several times.")],
    force: Annotated[bool, Parameter(help="Look at the origin again first.", negative="")] = False,
    store: Store = None,
) -> None:
    """Make results before anybody asks.

    Example: omnic-stream precache https://example.org/a.docx --type PDF --type thumb.png:200x200
    """
    from omnic_stream.cli.cache import precache as run

    run(addresses, type, force=force, store=store)


@app.command
def clearcache(
    address: Annotated[str | None, Parameter(help="Forget what was made from it; default: everything.")] = None,
    *,
    type: Annotated[str | None, Parameter(help="Forget results of this format only.")] = None,
    store: Store = None,
) -> None:
    """Forget results, so that they are made anew.

    Example: omnic-stream clearcache https://example.org/a.docx
    """
    from omnic_stream.cli.cache import clear as run

    run(address, type, store=store)


@app.command
def types(source: Annotated[str, Parameter(help="A file, an address or a format name.")], *, store: Store = None) -> None:
    """List what a file, an address or a format can become.

    Example: omnic-stream types DOCX
    """
    from omnic_stream.cli.knowledge import types as run

    run(source, store=store)


@app.command
def graph(
    *,
    source: Annotated[str | None, Parameter(name="--from", help="Format to start from.")] = None,
    to: Annotated[str | None, Parameter(help="Target to reach.")] = None,
    form: Literal["text", "dot", "svg"] = "text",
    store: Store = None,
) -> None:
    """Show the roads between formats.

    Example: omnic-stream graph --from DOCX --to thumb.png:200x200
    """
    from omnic_stream.cli.knowledge import graph as run

    run(source, to, form, store=store)


@app.command
def calibrate(*, store: Store = None) -> None:
    """Fit the converters' costs to what they took on this machine, as lines for omnic.toml.

    Example: omnic-stream calibrate >> omnic.toml
    """
    from omnic_stream.cli.calibrate import calibrate as run

    run(store=store)


@app.command
def doctor(
    *,
    json: Annotated[bool, Parameter(help="For machines.", negative="")] = False,
    family: Annotated[str | None, Parameter(help="Only the converters of one family.")] = None,
    debian: Annotated[bool, Parameter(help="Only the command that installs Debian's missing packages.", negative="")] = False,
    store: Store = None,
) -> None:
    """Run every tool and every converter's specimen; say what works, what is missing, and which command adds it.

    Ends with 1 when something that is installed does not work.

    Example: sudo $(omnic-stream doctor --debian)
    """
    from omnic_stream.cli.doctor import run

    run(as_json=json, debian=debian, family=family, store=store)


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def main(argv: list[str] | None = None) -> None:
    """Run one verb and end with its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if not words:
        app.help_print([])
        raise SystemExit(2)
    try:
        app(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        fail(f"{error} See omnic-stream {words[0] if words[0] in app else ''} --help.", 2)
    except MisconfiguredError as error:
        fail(str(error), 2)
    except OmnicError as error:
        fail(_told(error), 2 if isinstance(error, USAGE) else 1)
    except BrokenPipeError:
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _told(error: OmnicError) -> str:
    possible = error.extra.get("possible")
    if isinstance(possible, (list, tuple)) and possible:
        words = [str(word) for word in cast("Sequence[object]", possible)]
        more = f" and {len(words) - 12} more" if len(words) > 12 else ""
        return f"{error.message} Possible: {', '.join(words[:12])}{more}."
    return error.message
