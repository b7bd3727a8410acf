"""Mail, calendars and contacts: a page, text, a card and JSON of each; what a mail carries as an archive's members."""

from __future__ import annotations

from omnic_stream.converters.archive import PICTURE, THUMBS, family
from omnic_stream.converters.image import PILLOW, VIPS
from omnic_stream.model.contracts import Command, Converter, Cost, Limits, Loss, MiB, Tool, WarmCall

WARM = "omnic_stream.converters.warm."
LIMITS = Limits(seconds=60, stall=60, memory=768 * MiB, output=128 * MiB)
NH3 = Tool("nh3", pip="nh3", module=True)
ICALENDAR = Tool("icalendar", pip="icalendar", module=True)
# msgconvert knows no option that ends with 0, so the modules that it needs are what is probed; the package forgets one of them
MSGCONVERT = Tool(
    "perl",
    debian="libemail-outlook-message-perl libemail-address-perl",
    probe=("-MEmail::Address", "-MEmail::Outlook::Message", "-e", "print $Email::Outlook::Message::VERSION"),
    licence="GPL-1.0-or-later OR Artistic-1.0-Perl",
)


def shown(name: str, module: str, inputs: tuple[str, ...], *tools: Tool, specimen: str, ms: float = 15) -> tuple[Converter, ...]:
    def one(function: str, outputs: tuple[str, ...], loss: Loss, takes: tuple[str, ...] = ()) -> Converter:
        return Converter(
            id=f"{name}.{function}",
            version=2 if (name, function) == ("mail", "picture") else 1,  # 2: no comma before a date that is not there
            family="mail",
            inputs=inputs,
            outputs=outputs,
            run=WarmCall(function=f"{WARM}{module}:{function}", limits=LIMITS),
            cost=Cost(ms=ms + (20 if takes else 0), ms_per_mib=40),
            loss=loss,
            takes=takes,
            tools=(*tools, *((PILLOW, VIPS) if takes else ())),
            specimen=specimen,
        )

    return (
        one("page", ("HTML",), Loss.RESTYLES),
        one("text", ("TXT",), Loss.EXTRACTS),
        # a card is drawn for its size: what the page's print would show of a mail in a thumb, nobody could read
        one("picture", ("PNG", *THUMBS), Loss.RASTERISES, PICTURE),
        one("metadata", ("metadata.json",), Loss.EXTRACTS),
    )


CONVERTERS: tuple[Converter, ...] = (
    *shown("mail", "mail", ("EML", "MBOX"), NH3, specimen="postcard.eml"),
    *family("attachments", ("EML", "MBOX"), specimen="postcard.eml", ms=30),
    *shown("calendar", "agenda", ("ICS",), ICALENDAR, specimen="tides.ics", ms=40),
    *shown("contacts", "contacts", ("VCF",), specimen="keeper.vcf"),
    Converter(
        id="mbox.message",
        version=1,
        family="mail",
        inputs=("MBOX",),
        outputs=("EML",),
        run=WarmCall(function=f"{WARM}letters:message", limits=LIMITS),
        cost=Cost(ms=8, ms_per_mib=20),
        loss=Loss.EXTRACTS,
        takes=("page",),
        specimen="postcards.mbox",
    ),
    Converter(
        id="msg.eml",
        version=1,
        family="mail",
        inputs=("MSG",),
        outputs=("EML",),
        run=Command(argv=("msgconvert", "--outfile", "{output}", "{input}"), limits=Limits(seconds=60, stall=60, memory=512 * MiB)),
        cost=Cost(ms=500, ms_per_mib=400),
        loss=Loss.REENCODES,
        tools=(MSGCONVERT,),
        specimen="lamp.msg",
    ),
)
