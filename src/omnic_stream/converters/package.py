"""Packages: their description and their files as a page, a card and JSON; what archives become; an RPM built from its spec."""

from __future__ import annotations

from omnic_stream.converters.archive import PICTURE, THUMBS, UNPACKING, ZSTANDARD, family
from omnic_stream.converters.image import PILLOW, VIPS
from omnic_stream.model.contracts import Bound, Command, Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm.package:"
LIMITS = Limits(seconds=120, stall=60, cpu=120, memory=768 * MiB, output=64 * MiB)
RPMBUILD = Tool("rpmbuild", debian="rpm", licence="GPL-2.0-or-later")


def described(name: str, format: str, *tools: Tool, specimen: str) -> tuple[Converter, ...]:
    def one(word: str, function: str, outputs: tuple[str, ...], takes: tuple[str, ...] = ()) -> Converter:
        return Converter(
            id=f"{name}.{word}",
            version=1,
            family="package",
            inputs=(format,),
            outputs=outputs,
            run=WarmCall(function=WARM + function, limits=LIMITS),
            cost=Cost(ms=10 + (20 if takes else 0), ms_per_mib=20),
            loss=Loss.EXTRACTS,
            takes=takes,
            tools=(*tools, *((PILLOW, VIPS) if takes else ())),
            specimen=specimen,
        )

    return (
        one("about", "page", ("HTML",)),
        one("facts", "metadata", ("metadata.json",)),
        one("card", "picture", ("PNG", *THUMBS), PICTURE),
    )


def rpmbuild_argv(bound: Bound) -> tuple[str, ...]:
    """rpmbuild(8). A spec is a program: it runs in a cage of its own, without a network, and everything is put below the job's folder.

    Of several packages that a spec makes, the last is kept: all get the one name that may come out.
    """
    folder, _, name = bound.output.rpartition("/")
    values = {
        "_topdir": f"{folder}/.build",
        "_tmppath": f"{folder}/.build",
        "_dbpath": f"{folder}/.build/db",
        "_rpmdir": folder or ".",
        "_rpmfilename": name,
        "_build_id_links": "none",
        "_smp_mflags": "-j1",
        "debug_package": "%{nil}",
        "_docdir": "/usr/share/doc",
        "source_date_epoch_from_changelog": "0",
        "use_source_date_epoch_as_buildtime": "1",
        "_buildhost": "sandbox",
    }
    defines = tuple(word for key, value in values.items() for word in ("--define", f"{key} {value}"))
    return ("rpmbuild", "-bb", "--quiet", "--nodeps", *defines, bound.input)


CONVERTERS: tuple[Converter, ...] = (
    *described("deb", "DEB", ZSTANDARD, specimen="parcel.deb"),
    *described("rpm", "RPM", ZSTANDARD, specimen="parcel.rpm"),
    *described("jar", "JAR", specimen="parcel.jar"),
    *described("apk", "APK", specimen="parcel.apk"),
    *described("wheel", "WHL", specimen="parcel.whl"),
    # their page and picture as archives are the poorer ones: those above come first, for they cost less
    *family("parcel", ("DEB", "RPM"), ZSTANDARD, specimen="parcel.deb", ms=60),
    Converter(
        id="spec.rpm",
        version=1,
        family="package",
        inputs=("SPEC",),
        outputs=("RPM",),
        run=Command(
            argv=rpmbuild_argv,
            limits=Limits(seconds=300, stall=120, cpu=240, memory=UNPACKING.memory, output=256 * MiB, processes=64),
            env=(("SOURCE_DATE_EPOCH", "1577836800"),),
        ),
        cost=Cost(ms=400),
        tools=(RPMBUILD,),
        specimen="parcel.spec",
    ),
)
