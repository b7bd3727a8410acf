"""Archives: what they hold (JSON, a page, a picture), packed anew as a ZIP, unpacked, and one member of them."""

from __future__ import annotations

from omnic_stream.converters.image import PILLOW, VIPS
from omnic_stream.model.contracts import Bound, Command, Converter, Cost, GiB, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm."
THUMBS = ("thumb.png", "thumb.jpg", "thumb.webp", "thumb.avif")
PICTURE = ("width", "height", "fit", "focus", "bg", "quality")
LIMITS = Limits(seconds=120, stall=60, cpu=120, memory=768 * MiB, output=64 * MiB)
UNPACKING = Limits(seconds=300, stall=60, cpu=240, memory=1 * GiB, output=640 * MiB, file_size=640 * MiB)

ZSTANDARD = Tool("zstandard", pip="zstandard", module=True)
ACEFILE = Tool("acefile", pip="acefile", module=True)
SEVEN = Tool("7zz", debian="7zip", probe=("i",))
LSAR = Tool("lsar", debian="unar libnss-wrapper", probe=("-v",), licence="LGPL-2.1")
UNAR = Tool("unar", debian="unar libnss-wrapper", probe=("-v",), licence="LGPL-2.1")
LZOP = Tool("lzop", debian="lzop", licence="GPL-2.0")
LZ4 = Tool("lz4", debian="lz4", licence="GPL-2.0")
LRZIP = Tool("lrzip", debian="lrzip", licence="GPL-2.0")
ZPAQ = Tool("zpaq", debian="zpaq", probe=("a", "", "/dev/null"))
GIT = Tool("git", debian="git", licence="GPL-2.0")

DOCUMENTS = (
    "EPUB", "DOCX", "DOCM", "DOTX", "XLSX", "XLSM", "XLSB", "PPTX", "PPSX", "VSDX", "ODT", "OTT", "ODS", "ODP", "ODG", "SXW", "SXC", "SXI",
    "CBZ", "KMZ", "3MF", "XPS", "PAGES", "NUMBERS", "KEY",
)  # fmt: skip
"""ZIPs that are something else to everybody; their listing is still what they hold, and each member can be had."""
KIN = {"zip": DOCUMENTS, "tar": ("CBT",), "seven": ("CB7",), "unar": ("CBR",)}
"""The like of each family; of a comic that is no ZIP, too."""


def family(
    name: str, inputs: tuple[str, ...], *tools: Tool, specimen: str, ms: float = 6, programs: bool = False, version: int = 1
) -> tuple[Converter, ...]:
    """The six things that an archive becomes. ``programs``: some that run beside the warm function read it."""

    def one(word: str, function: str, outputs: tuple[str, ...], loss: Loss, **more: object) -> Converter:
        unpacks = function in {"zipped", "unpacked", "member"}
        takes: tuple[str, ...] = more.get("takes", ())  # type: ignore[assignment]
        return Converter(
            id=f"{name}.{word}",
            version=version + (word == "listing"),
            family="archive",
            inputs=inputs + (KIN.get(name, ()) if word in {"listing", "member"} else ()),
            outputs=outputs,
            run=WarmCall(
                function=f"{WARM}{'taken' if function == 'member' else 'archive'}:{function}",
                worker="heavy" if programs else "python",
                risky=programs,
                limits=UNPACKING if unpacks else LIMITS,
                directory=function == "unpacked",
            ),
            cost=Cost(ms=ms * (2 if unpacks else 1) + (20 if function == "picture" else 0), ms_per_mib=40 if unpacks else 8),
            loss=loss,
            takes=takes,
            tools=(*tools, *((PILLOW, VIPS) if function == "picture" else ())),
            specimen=specimen,
            index="index.html" if function == "unpacked" else None,
        )

    return (
        one("listing", "listing", ("listing.json",), Loss.EXTRACTS),
        one("page", "page", ("HTML",), Loss.EXTRACTS),
        one("picture", "picture", ("PNG", *THUMBS), Loss.EXTRACTS, takes=PICTURE),
        one("zip", "zipped", ("ZIP",), Loss.REENCODES),
        one("unpacked", "unpacked", ("unpacked",), Loss.REENCODES),
        one("member", "member", ("member",), Loss.EXTRACTS, takes=("item",)),
    )


def _plain(name: str, inputs: tuple[str, ...], *tools: Tool, specimen: str) -> Converter:
    """A tar without its compression: what members are taken out of one after another (``jobs.members``)."""
    return Converter(
        id=f"{name}.plain",
        version=1,
        family="archive",
        inputs=inputs,
        outputs=("TAR",),
        run=WarmCall(function=f"{WARM}taken:plain", limits=UNPACKING),
        cost=Cost(ms=10, ms_per_mib=60),
        tools=tools,
        specimen=specimen,
    )


def clone_argv(bound: Bound) -> tuple[str, ...]:
    """git-clone(1) of a bundle: bare, without templates, so without hooks; objects are checked on the way in."""
    return (
        "git", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "transfer.fsckObjects=true", "-c", "safe.directory=*",
        "clone", "--bare", "--quiet", "--template=", "--no-recurse-submodules", "--end-of-options", bound.input, bound.output,
    )  # fmt: skip


GIT_ENVIRONMENT = (
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ALLOW_PROTOCOL", "file"),
)

CONVERTERS: tuple[Converter, ...] = (
    *family("zip", ("ZIP",), specimen="parcel.zip", version=2),  # 2: names in the encodings of Windows
    *family(
        "tar",
        ("TAR", "TAR.GZ", "TAR.BZ2", "TAR.XZ", "TAR.LZ", "GZ", "BZ2", "XZ", "LZ", "AR", "CPIO", "SHAR"),
        specimen="parcel.tar.gz",
        ms=8,
    ),
    *family("zstd", ("TAR.ZST", "ZST"), ZSTANDARD, specimen="parcel.tar.zst", ms=8),
    _plain("tar", ("TAR.GZ", "TAR.BZ2", "TAR.XZ", "TAR.LZ"), specimen="parcel.tar.gz"),
    _plain("zstd", ("TAR.ZST",), ZSTANDARD, specimen="parcel.tar.zst"),
    *family("ace", ("ACE",), ACEFILE, specimen="parcel.ace", ms=30),
    *family(
        "seven",
        ("7Z", "CAB", "WIM", "ISO", "DMG", "VHD", "VHDX", "VMDK", "QCOW2", "VDI", "SQUASHFS", "EXT", "FAT", "NTFS", "XAR", "MSI"),
        SEVEN,
        specimen="parcel.7z",
        ms=50,
        programs=True,
        version=2,
    ),
    Converter(
        id="seven.plain",
        version=1,
        family="archive",
        inputs=("7Z",),
        outputs=("TAR",),
        run=WarmCall(function=f"{WARM}archive:tarred", worker="heavy", risky=True, limits=UNPACKING),
        cost=Cost(ms=100, ms_per_mib=60),
        loss=Loss.REENCODES,
        tools=(SEVEN,),
        specimen="parcel.7z",
    ),
    *family("unar", ("RAR", "ALZ", "ARJ", "LHA", "ZOO"), LSAR, UNAR, specimen="parcel.lha", ms=60, programs=True),
    *family("lzop", ("LZO",), LZOP, specimen="parcel.lzo", ms=20, programs=True),
    *family("lz4", ("LZ4",), LZ4, specimen="parcel.lz4", ms=20, programs=True),
    *family("lrzip", ("LRZ",), LRZIP, specimen="parcel.lrz", ms=60, programs=True),
    *family("zpaq", ("ZPAQ",), ZPAQ, specimen="parcel.zpaq", ms=60, programs=True),
    *family("git", ("GIT.BUNDLE",), GIT, specimen="parcel.bundle", ms=60, programs=True),
    Converter(
        id="git.clone",
        version=1,
        family="archive",
        inputs=("GIT.BUNDLE",),
        outputs=("DIRECTORY",),
        run=Command(argv=clone_argv, limits=Limits(seconds=120, stall=60), env=GIT_ENVIRONMENT),
        cost=Cost(ms=40, ms_per_mib=60),
        tools=(GIT,),
        specimen="parcel.bundle",
        name="repository",
        index="HEAD",
    ),
)
