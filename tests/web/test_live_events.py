"""``/events/`` on a real server: the stream's form, resuming, errors before it begins."""

import json

import pytest
import trio

from omnic_stream.model.errors import Busy
from omnic_stream.model.events import Downloaded, Downloading, Failed, Ready
from omnic_stream.web import sse
from web.live_support import Answer, events_path, open_house

READY = Ready(artifact="a" * 64, entry="r.png", media_type="image/png", bytes=5, etag="e" * 64)


@pytest.fixture
async def house():
    async with open_house() as house:
        yield house


def events(body):
    """(event, id, data) of each event; comments left out."""
    found = []
    for block in body.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "event" in fields:
            found.append((fields["event"], int(fields["id"]), json.loads(fields["data"])))
    return found


async def watched(house, *headers, path=None):
    """The answer, once the job it started has gone to its end."""
    answers = []

    async def ask():
        answers.append(await house.get(path or events_path(), *headers))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        job = await house.jobs.started()
        while not job.watches:
            await trio.sleep(0.001)
        job.tell(Downloading(bytes=1, total=None))
        job.tell(Downloaded(bytes=1, format="PDF"))
        job.tell(READY)
    return answers[0]


async def test_a_stream_from_queued_to_ready(house):
    answer = await watched(house)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    told = events(answer.body)
    assert [(name, id) for name, id, _ in told] == [
        ("queued", 1),
        ("downloading", 2),
        ("downloaded", 3),
        ("ready", 4),
    ]
    assert all(data["seq"] == id for _, id, data in told)
    assert told[-1][2]["href"] == f"/artifact/{'a' * 64}/r.png"
    assert not house.jobs.live[told[0][2]["key"]].watches


async def test_it_resumes_after_the_last_event_id(house):
    answers = []

    async def ask(*headers):
        answers.append(await house.get(events_path(), *headers))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        job = await house.jobs.started()
        for number in range(5):
            job.tell(Downloaded(bytes=number, format="PDF"))
        nursery.start_soon(ask, "Last-Event-ID: 3")
        with trio.fail_after(5):
            while len(job.watches) < 2:
                await trio.sleep(0.001)
        job.tell(Failed(code="corrupt", message="Broken."))
    resumed = next(told for told in (events(answer.body) for answer in answers) if told[0][1] > 1)
    assert [id for _, id, _ in resumed] == [4, 5, 6, 7]
    # what has told all of it says so once more, and then: stay away
    assert (await house.get(events_path(), "Last-Event-ID: 7")).status == 204
    again = await house.get(events_path(), "Last-Event-ID: 99")
    assert [name for name, _, _ in events(again.body)] == ["failed"]
    assert [name for name, _, _ in events((await house.get(events_path(), "Last-Event-ID: x")).body)] == ["failed"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/events/", 400, "bad_address"),
        ("/events/?url=https%3A%2F%2Fx%2F", 400, "bad_target"),
        (events_path(more="&url=https://y/"), 400, "bad_address"),
        (events_path(more="&type=pdf"), 400, "bad_target"),
        (events_path(type="no-such"), 400, "bad_target"),
        (events_path(url="gopher://x/"), 400, "bad_address"),
        ("/events/?url=%ff&type=png", 400, "bad_address"),
        ("/events/?url=https://x/&type=%ff", 400, "bad_target"),
    ],
)
async def test_errors_come_before_the_stream(house, path, status, code):
    answer = await house.get(path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["code"] == code
    assert not house.jobs.live


async def test_busy_says_when_to_come_again(house):
    house.jobs.refusal = Busy("Too much at once.", retry_after=2.5)
    answer = await house.get(events_path())
    assert answer.status == 429
    assert answer.headers["retry-after"] == "3"


async def test_other_methods(house):
    head = await house.get(events_path(), method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert (await house.get("/events/", method="HEAD")).status == 400
    options = await house.get(events_path(), method="OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    post = await house.get(events_path(), method="POST")
    assert (post.status, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert json.loads(post.body)["status"] == 405
    assert not house.jobs.live


@pytest.mark.parametrize(("origin", "status"), [("https://friend.example", 200), ("null", 403), ("https://evil.example", 403)])
async def test_origins(house, origin, status):
    answer = await house.get(events_path(), f"Origin: {origin}", method="HEAD")
    assert answer.status == status
    assert answer.headers.get("access-control-allow-origin") == (origin if status == 200 else None)


async def test_signed():
    async with open_house(signed=True) as house:
        assert (await house.get(events_path())).status == 403
        assert (await house.get(events_path(more="&kid=k&exp=x&sig=y"))).status == 403
        assert not house.jobs.live


async def test_silence_is_filled_with_comments(autojump_clock):
    told = []

    async def send(message):
        told.append(message.get("body", b""))

    async def receive():
        await trio.sleep(50)
        return {"type": "http.disconnect"}

    with trio.fail_after(60):
        await sse._stream(sse.Mailbox(), receive, send)
    assert told == [b": still here\n\n"] * 3


async def test_a_reader_that_leaves_lets_go(house):
    stream = await trio.open_tcp_stream("127.0.0.1", house.port)
    await stream.send_all(f"GET {events_path()} HTTP/1.1\r\nHost: own\r\n\r\n".encode())
    job = await house.jobs.started()
    await stream.receive_some(100)
    await stream.aclose()
    with trio.fail_after(5):
        while job.watches:
            await trio.sleep(0.01)


async def test_shutdown_ends_the_stream(house):
    async with await trio.open_tcp_stream("127.0.0.1", house.port) as stream:
        await stream.send_all(f"GET {events_path()} HTTP/1.1\r\nHost: own\r\n\r\n".encode())
        await house.jobs.started()
        head = bytes(await stream.receive_some(4096))
        house.stopping.set()
        with trio.fail_after(2):
            whole = head + b"".join([bytes(chunk) async for chunk in stream])
            await house.stopped.wait()
    assert whole.endswith(b"0\r\n\r\n")  # a proper end of the answer, not a cut
    assert [name for name, _, _ in events(Answer.read(whole).body)] == ["queued"]
