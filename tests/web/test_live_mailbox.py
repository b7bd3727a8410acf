"""What one reader is told: fleeting things may be missed, others never, and time never runs backwards."""

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from omnic_stream.model.events import Converting, Downloaded, Downloading, Failed, Logged, Queued, Ready
from omnic_stream.web.mailbox import GOING_AWAY, NOT_TEXT, TRY_AGAIN_LATER, Audience, Ended, Mailbox
from omnic_stream.web.wire import Spelling, notification, params, sse

STEPS = st.lists(st.sampled_from(["kept", "fleeting", "other fleeting", "read"]), max_size=200)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.integers(1, 20))
def test_what_is_read_is_in_order_and_complete_but_for_the_fleeting(steps, most):
    mailbox, put, read = Mailbox(most_entries=most), [], []
    for number, step in enumerate(steps):
        if step == "read":
            read += mailbox.take_nowait()
        else:
            mailbox.put(b"%d" % number, None if step == "kept" else step)
            put.append((number, step))
        assert len(mailbox) <= most
    read += mailbox.take_nowait()
    numbers = [int(entry) for entry in read]
    assert numbers == sorted(set(numbers))
    if mailbox.code is None:
        missed = {number for number, _ in put} - set(numbers)
        assert all(step != "kept" for number, step in put if number in missed)
        for slot in ("fleeting", "other fleeting"):  # of each, the newest is always told
            assert not (last := [number for number, step in put if step == slot][-1:]) or last[0] in numbers
    else:
        assert mailbox.code == TRY_AGAIN_LATER


async def test_too_much_ends_it_and_only_the_code_is_told():
    mailbox = Mailbox(most_entries=2)
    for _ in range(3):
        mailbox.put(b"x")
    mailbox.put(b"after the end")
    with pytest.raises(Ended) as ended:
        await mailbox.take()
    assert ended.value.code == TRY_AGAIN_LATER
    mailbox = Mailbox(most_bytes=10)
    mailbox.put(b"12345", "slot")
    mailbox.put(b"1234567890", "slot")
    assert mailbox.code is None
    mailbox.put(b"1")
    assert mailbox.code == TRY_AGAIN_LATER


async def test_going_away_tells_what_waits_first():
    audience, mailbox, late = Audience(), Mailbox(), Mailbox()
    with audience.seat(mailbox):
        mailbox.put(b"last")
        audience.dismiss()
        assert await mailbox.take() == [b"last"]
        with pytest.raises(Ended) as ended:
            await mailbox.take()
        assert ended.value.code == GOING_AWAY
        with audience.seat(late):
            assert late.code == GOING_AWAY
    assert len(audience) == 0
    binary = Mailbox()
    binary.put(b"x")
    binary.end(NOT_TEXT)
    with pytest.raises(Ended):
        await binary.take()


async def test_a_waiting_reader_is_woken_and_a_greedy_asker_waits(autojump_clock):
    mailbox, got = Mailbox(most_entries=4), []

    async def reading():
        got.extend(await mailbox.take())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reading)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.put(b"x")
    assert got == [b"x"]
    for _ in range(3):
        mailbox.put(b"x")
    with trio.move_on_after(1) as waited:
        await mailbox.room()
    assert waited.cancelled_caught
    mailbox.take_nowait()
    await mailbox.room()


def href(key, entry, directory=False):
    return f"/artifact/{key}/{entry}"


@pytest.mark.parametrize(
    ("event", "name", "members"),
    [
        (Queued(position=3), "queued", {"position": 3}),
        (Downloading(bytes=1, total=None), "downloading", {"bytes": 1, "total": None}),
        (Downloaded(bytes=9, format="PDF"), "downloaded", {"bytes": 9, "format": "PDF"}),
        (
            Converting(step=1, steps=2, source="PDF", target="PNG", fraction=None, overall=0.1, estimated=True, eta=None),
            "converting",
            {
                "step": 1,
                "steps": 2,
                "from": "PDF",
                "to": "PNG",
                "fraction": None,
                "overall": 0.1,
                "estimated": True,
                "eta": None,
            },
        ),
        (
            Converting(
                step=1,
                steps=1,
                source="A",
                target="B",
                fraction=0.5,
                overall=0.5,
                estimated=False,
                eta=2.5,
                waiting=0,
            ),
            "converting",
            {
                "step": 1,
                "steps": 1,
                "from": "A",
                "to": "B",
                "fraction": 0.5,
                "overall": 0.5,
                "estimated": False,
                "eta": 2.5,
                "waiting": 0,
            },
        ),
        (
            Ready(artifact="a" * 64, entry="r.png", media_type="image/png", bytes=5, etag="e" * 64),
            "ready",
            {"href": f"/artifact/{'a' * 64}/r.png", "media_type": "image/png", "bytes": 5, "etag": "e" * 64},
        ),
        (
            Failed(code="no_road", message="Nothing leads there.", extra={"possible": []}, retry_after=9),
            "failed",
            {"code": "no_road", "message": "Nothing leads there."},
        ),
    ],
)
def test_an_event_on_the_wire_to_the_letter(event, name, members):
    told = params(Logged(4, 12.5, event), key="k", url="u<x:y>", type="png", href=href)
    assert told == {"key": "k", "url": "u<x:y>", "type": "png", "seq": 4, "at": 12.5, **members}
    assert list(told)[:5] == ["key", "url", "type", "seq", "at"]
    assert event.name == name


def test_an_event_is_encoded_once_for_all_who_asked_alike():
    logged = Logged(1, 1.0, Queued(position=0))
    first, second = (Spelling(key="k", url="u", type="png", href=href, form=notification) for _ in range(2))
    assert first.encoded(logged) is second.encoded(logged)
    other = Spelling(key="k", url="u", type="image/png", href=href, form=notification)
    assert b'"type":"image/png"' in other.encoded(logged)
    stream = Spelling(key="k", url="u", type="png", href=href, form=sse).encoded(logged)
    assert stream.startswith(b'event: queued\nid: 1\ndata: {"key":"k"')
    assert stream.endswith(b"}\n\n")
    assert stream.count(b"\n") == 4
