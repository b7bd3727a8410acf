from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from omnic_stream.converters import mail as declared
from omnic_stream.converters.warm import agenda, archive, contacts, letters, mail, taken
from omnic_stream.model.contracts import Work
from omnic_stream.model.errors import ConverterFailed, Corrupt, TooExpensive
from omnic_stream.runner import open_runner

SAMPLES = Path(declared.__file__).parents[1] / "samples"
FETCHES = re.compile(
    r"""<(?:script|iframe|link|object|form|base|meta)\b|\bsrc=(?!["']?data:image/)|\bon\w+=|url\(|javascript:|style=""",
    re.IGNORECASE,
)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def page(run, content, source: str, module=mail) -> str:
    return run(module.page, content, source, "HTML").read().decode().partition("<body")[2]


def text(run, content, source: str, module=mail) -> str:
    return run(module.text, content, source, "TXT").read().decode()


def facts(run, content, source: str, module=mail) -> dict:
    return json.loads(run(module.metadata, content, source, "metadata.json").read())


# --- mail -------------------------------------------------------------------------------------------------------------------


def test_the_mail_of_the_zoo_with_its_picture(run):
    told = facts(run, "mail/msg_07.eml", "EML")
    assert (told["subject"], told["parts"]) == ("Here is your dingus fish", 3)
    assert told["attachments"] == [{"name": "dingusfish.gif", "type": "image/gif", "size": 3512}]
    made = page(run, "mail/msg_07.eml", "EML")
    assert "<h1>Here is your dingus fish</h1>" in made
    assert "Dingus Lovers &lt;cravindogs@cravindogs.com&gt;" in made
    assert "This is the dingus fish." in made
    assert '<img alt="dingusfish.gif" src="data:image/gif;base64,R0lGODdhAAEAAfAA' in made
    assert "Friday, 20 April 2001, 19:35 -0400" in made


def test_the_parts_of_a_mail_are_members(run):
    told = json.loads(run(archive.listing, "mail/msg_07.eml", "EML", "listing.json").read())
    assert [(each["name"], each["size"]) for each in told["members"]] == [("dingusfish.gif", 3512)]
    assert run(taken.member, "mail/msg_07.eml", "EML", "member", item="1").read().startswith(b"GIF87a")
    with zipfile.ZipFile(run(archive.zipped, sample("postcard.eml"), "EML", "ZIP")) as made:
        assert made.namelist() == ["part-1.png", "Gezeiten für Montag.csv"]


def test_headers_and_texts_in_every_encoding(run):
    made = text(run, sample("postcard.eml"), "EML")
    assert "From: Jürgen Hafenmeister <master@example.org>" in made
    assert "Subject: Grüße aus dem Hafen: 潮の満ち引き" in made
    assert "Grüße! High water at noon." in made
    assert "[Attachment: Gezeiten für Montag.csv, text/csv, 28 bytes]" in made
    raw = (
        "From: a@b.example\nSubject: 潮の満ち引きの表".encode("shift_jis")
        + b"\nContent-Type: text/plain; charset=unknown-8bit\n\n"
        + "満ち".encode()
    )
    told = text(run, raw, "EML")
    assert "Subject: 潮の満ち引きの表" in told
    assert "満ち" in told


def test_a_page_shows_pictures_of_the_mail_and_none_of_the_network(run):
    made = page(run, sample("postcard.eml"), "EML")
    assert '<img src="data:image/png;base64,iVBORw0KGgo' in made.replace('alt="lamp" ', "")
    assert "1 picture of the network is not shown." in made
    assert "tracker.example.org" not in made
    assert FETCHES.search(made) is None
    assert "2 attachments" not in made
    assert "1 attachment<ul><li>Gezeiten für Montag.csv (text/csv, 28 bytes)" in made


def test_hostile_markup_in_every_place_is_shown_as_letters(run):
    evil = "<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"
    raw = f'From: {evil} <a@b.example>\nSubject: {evil}\nContent-Type: text/plain\n\n{evil} https://a.example/?q="><script>\n'.encode()
    made = page(run, raw, "EML")
    assert "<script" not in made
    assert "<img" not in made
    assert 'href="https://a.example/?q="' in made
    html = f"Subject: x\nContent-Type: text/html\n\n<body background=http://127.0.0.1:9/ onload=x()>{evil}<a href=javascript:x()>a</a>".encode()
    assert FETCHES.search(page(run, html, "EML")) is None


def test_flowed_text_and_quotes(run):
    raw = b"Subject: x\nContent-Type: text/plain; format=flowed\n\nOne line \ngoes on.\n> quoted \n> too\nend\n"
    made = page(run, raw, "EML")
    assert "One line goes on.\n" in made
    assert '<span class="quote">&gt; quoted too</span>' in made


def test_a_forwarded_mail_is_within(run):
    inner = b"From: in@b.example\nSubject: Inner\n\ninner words\n"
    raw = (
        b'Subject: Outer\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nouter words\n--x\nContent-Type: message/rfc822\n\n'
        + inner
        + b"\n--x--\n"
    )
    made = page(run, raw, "EML")
    assert made.index("outer words") < made.index("Inner</h1>") < made.index("inner words")
    assert facts(run, raw, "EML")["forwarded"][0]["subject"] == "Inner"


def test_a_mailbox_and_its_messages(run):
    assert facts(run, "mail/m.mbox", "MBOX")["messages"][0]["subject"] == "This is a test message"
    content = sample("postcards.mbox")
    made = page(run, content, "MBOX")
    assert "<h1>2 messages</h1>" in made
    assert ">From here the lamp is dark." in made
    second = run(letters.message, content, "MBOX", "EML", page="2").read()
    assert second.startswith(b"From: keeper@example.org\n")
    assert b"\nFrom here the lamp is dark.\n" in second
    assert run(letters.message, "mail/m.mbox", "MBOX", "EML").read().startswith(b"Return-Path: <bbb@zzz.org>")
    with pytest.raises(ConverterFailed, match="has 2 messages"):
        run(letters.message, content, "MBOX", "EML", page="3")
    told = json.loads(run(archive.listing, content, "MBOX", "listing.json").read())
    assert [each["name"] for each in told["members"]] == ["0001 Grüße aus dem Hafen 潮の満ち引き.eml", "0002 Re lamp.eml"]


def test_a_mail_without_a_date_has_a_card_without_one(run):
    """The comma before the date stood there alone."""
    cards = []
    content = b"From: keeper@x.example\nSubject: Tide\n\nHigh water\n"
    run(lambda call: cards.append(mail.card_of(call, mail.letters(call)[0])), content, "EML", "PNG")
    assert [card.subtitle for card in cards] == ["keeper@x.example"]


def test_what_is_no_mail_is_corrupt_and_too_many_parts_too_expensive(run):
    with pytest.raises(Corrupt):
        page(run, b"\n\nwords\n", "EML")
    with pytest.raises(Corrupt):
        page(run, b"words\n", "MBOX")
    many = b'Subject: x\nContent-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\nhi\n" * 3000 + b"--x--\n"
    with pytest.raises(TooExpensive):
        page(run, many, "EML")
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(60))
    with pytest.raises(TooExpensive):
        page(run, b"Subject: x\n" + deep, "EML")


async def test_a_message_of_outlook_becomes_mail(run, tmp_path):
    converter = {each.id: each for each in declared.CONVERTERS}["msg.eml"]
    async with open_runner(slots=1) as runner:
        work = Work(
            converter=converter,
            input=SAMPLES / "lamp.msg",
            source="MSG",
            target="EML",
            arguments={},
            folder=tmp_path,
            output="made.eml",
        )
        await runner.run(work, priority=lambda: 0, report=lambda state: None)
    told = facts(run, (tmp_path / "made.eml").read_bytes(), "EML")
    assert (told["subject"], told["from"], told["to"]) == (
        "Lamp and tides",
        "Harbour Master <master@example.org>",
        "Keeper <keeper@example.org>",
    )
    assert told["attachments"] == [{"name": "tides.csv", "type": "text/csv", "size": 28}]
    assert "Keep the lamp lit." in text(run, (tmp_path / "made.eml").read_bytes(), "EML")


# --- calendars --------------------------------------------------------------------------------------------------------------


def test_the_calendars_of_the_zoo(run):
    told = facts(run, "calendar/c.ics", "ICS", agenda)
    assert told["count"] == 1
    assert (told["events"][0]["summary"], told["events"][0]["start"], told["events"][0]["end"]) == (
        "One event", "2026-01-02T10:00:00+00:00", "2026-01-02T11:00:00+00:00",
    )  # fmt: skip
    assert "Friday, 2 January 2026, 10:00 to 11:00 UTC" in page(run, "calendar/c.ics", "ICS", agenda)
    made = page(run, "calendar/alarm_thunderbird_snoozed_until_1457.ics", "ICS", agenda)
    assert "<h3>event with alarms</h3>" in made
    assert "Wednesday, 23 October 2024, 15:00 to 16:00 Europe/London" in made
    assert "Alarm: 15 minutes before, 45 minutes before" in made


def test_events_with_local_times_repetitions_and_whole_days(run):
    made = text(run, sample("tides.ics"), "ICS", agenda)
    assert made.startswith("Tides: 2 events, 1 to-do\n")
    assert (
        "Monday, 5 January 2026, 09:30 to 11:00 Europe/Berlin\nRepeats every 2 weeks on Monday and Friday until 1 June 2026\n"
        in made
    )
    assert "Saturday, 3 January 2026 to Sunday, 4 January 2026, all day" in made
    assert "due Saturday, 10 January 2026, 12:00 UTC" in made
    assert "Attendees: Keeper <keeper@example.org>" in made
    shown = page(run, sample("tides.ics"), "ICS", agenda)
    assert "Bring oil.\nAnd a &lt;cloth&gt;." in shown
    assert shown.index("Spring tide") < shown.index("Check the lamp") < shown.index("Paint the door")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"FREQ": ["DAILY"], "COUNT": [5]}, "every day, 5 times"),
        ({"FREQ": ["WEEKLY"], "BYDAY": ["MO", "TU", "WE", "TH", "FR"]}, "every working day"),
        ({"FREQ": ["MONTHLY"], "BYDAY": ["-1SU"]}, "every month on the last Sunday"),
        ({"FREQ": ["MONTHLY"], "BYMONTHDAY": [1, -1]}, "every month on day 1 and the last day"),
        ({"FREQ": ["YEARLY"], "BYMONTH": [3], "BYDAY": ["2MO"]}, "every year on the second Monday in March"),
        (
            {"FREQ": ["MONTHLY"], "INTERVAL": [3], "BYDAY": ["MO"], "BYSETPOS": [1]},
            "every 3 months on Monday (only the first of these)",
        ),
    ],
)
def test_recurrence_in_words(rule, words):
    assert agenda.in_words(rule) == words


def test_a_calendar_that_is_none(run):
    for content in (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;;;:x", b"", b"BEGIN:VCALENDAR"):
        with pytest.raises(Corrupt):
            page(run, content, "ICS", agenda)


# --- contacts ---------------------------------------------------------------------------------------------------------------


def test_contacts_with_photo_and_every_old_encoding(run):
    told = facts(run, sample("keeper.vcf"), "VCF", contacts)
    first, second = told["contacts"]
    assert (first["name"], first["work"], first["photo"]) == ("Jörg Keeper", "Keeper of the lamp, Harbour, Lights", True)
    assert ["Telephone (work)", "+49 40 1234"] in first["facts"]
    assert ["Address (home)", "Mole 1\nHafen, Nord\n20457\nGermany"] in first["facts"]
    assert ["Note", "Likes <oil>\nand quiet."] in first["facts"]
    assert (second["name"], second["photo"], second["facts"]) == ("Jörg Müller", False, [["Telephone (cell)", "0171 55"]])
    made = page(run, sample("keeper.vcf"), "VCF", contacts)
    assert 'src="data:image/png;base64,iVBORw0KGgo' in made
    assert "tracker.example.org" not in made
    assert "Likes &lt;oil&gt;" in made
    assert FETCHES.search(made) is None


def test_a_card_without_an_end_is_corrupt(run):
    with pytest.raises(Corrupt):
        page(run, b"BEGIN:VCARD\nFN:x\n", "VCF", contacts)


@pytest.mark.parametrize(
    ("module", "name", "source"),
    [
        (mail, "postcard.eml", "EML"),
        (mail, "postcards.mbox", "MBOX"),
        (agenda, "tides.ics", "ICS"),
        (contacts, "keeper.vcf", "VCF"),
    ],
)
def test_cards_are_drawn(run, module, name, source):
    made = Image.open(run(module.picture, sample(name), source, "thumb.png", width="300", height="200")).convert("L")
    assert made.size == (300, 200)
    below = made.crop((0, 80, 300, 200))
    assert sum(1 for value in below.tobytes() if value < 128) > 150
    assert Image.open(run(module.picture, sample(name), source, "PNG")).width == 1000
