"""The runner's decisions, as tables."""

import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.model.contracts import Limits
from omnic_stream.model.errors import Busy
from omnic_stream.model.progress import ffmpeg_progress, percent_progress, poppler_progress
from omnic_stream.runner.cage import Cage, bwrap_argv, input_name, outermost
from omnic_stream.runner.reasons import LONGEST, clean, said, signal_of, why
from omnic_stream.runner.slots import Line, Place
from omnic_stream.runner.streams import Kept, Lines


def read_all(reader, *lines):
    return [reader(line) for line in lines]


def test_ffmpeg_tells_its_duration_and_then_its_time():
    lines = (
        b"  Duration: 00:00:10.00, start: 0",
        b"out_time_us=2500000",
        b"out_time=00:00:05",
        b"out_time_ms=N/A",
        b"progress=end",
    )
    assert read_all(ffmpeg_progress(), *lines) == [None, 0.25, None, None, 1.0]
    assert read_all(ffmpeg_progress(20.0), b"out_time_us=5000000", b"out_time_us=99000000") == [0.25, 1.0]
    assert read_all(ffmpeg_progress(), b"out_time_us=5000000", b"  Duration: N/A, bitrate") == [None, None]


def test_poppler_counts_pages_from_the_first_of_the_range():
    assert read_all(poppler_progress(), b"1 4 out-1.png", b"2 4 out-2.png", b"Syntax Error", b"4 4 out-4.png") == [
        0.25,
        0.5,
        None,
        1.0,
    ]
    assert read_all(poppler_progress(), b"3 4 x", b"4 4 x", b"9 4 x") == [0.5, 1.0, None]


@pytest.mark.parametrize(
    ("line", "fraction"),
    [
        (b" 42% 3 + a.txt", 0.42),
        (b"Receiving objects:   7% (1/14)", 0.07),
        (b"12.5 %", 0.125),
        (b"100%", 1.0),
        (b"400%", None),
        (b"no number", None),
        (b"10% of 50%", 0.5),
    ],
)
def test_percentages(line, fraction):
    assert percent_progress()(line) == (pytest.approx(fraction) if fraction is not None else None)


@given(st.lists(st.binary(max_size=30)), st.binary(max_size=200))
def test_readers_take_any_line(lines, more):
    for reader in (ffmpeg_progress(), poppler_progress(), percent_progress()):
        for line in (*lines, more):
            fraction = reader(line)
            assert fraction is None or 0 <= fraction <= 1


@given(st.binary(max_size=300), st.integers(1, 40))
def test_lines_are_the_same_however_they_are_cut(text, step):
    whole, cut = Lines(), Lines()
    expected = whole.feed(text) + whole.last()
    assert [line for at in range(0, len(text), step) for line in cut.feed(text[at : at + step])] + cut.last() == expected
    assert not any(end in line for line in expected for end in (b"\n", b"\r", b"\b"))


@given(st.lists(st.binary(max_size=50)), st.integers(2, 64))
def test_kept_is_bounded_and_has_both_ends(chunks, limit):
    kept = Kept(limit)
    for chunk in chunks:
        kept.feed(chunk)
    text = b"".join(chunks)
    assert kept.seen == len(text) and len(kept.value()) <= limit
    assert kept.value().startswith(text[: limit // 2]) and kept.value().endswith(
        text[-(limit // 2) :] if len(text) > limit else text[-1:]
    )


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        (b"Syntax Warning: x\nSyntax Error: Couldn't find trailer dictionary\n", "Syntax Error: Couldn't find trailer dictionary"),
        (b"[mov,mp4 @ 0x5581f0] moov atom not found\n/w/in/input.mp4: Invalid data found", "the file: Invalid data found"),
        (b'Traceback (most recent call last):\n  File "/usr/x.py", line 3\nValueError: bad size', "ValueError: bad size"),
        (b"error at https://user:pass@host/x?sig=1", "error at …"),
        (b"key 0123456789abcdef0123456789abcdef is wrong, failed", "key … is wrong, failed"),
        (b"frame=  10 fps=0\nprogress=continue\n42%\n", ""),
        (b"\x1b[31mfailed\x1b[0m to open", "failed to open"),
        (b"", ""),
    ],
)
def test_what_a_tool_said(printed, sentence):
    assert said(printed) == sentence


@given(st.text(max_size=600))
def test_a_sentence_is_short_and_has_no_path(text):
    assert len(clean(text)) <= LONGEST and "/etc/passwd" not in clean(f"{text} /etc/passwd")


def test_a_signal_is_told_as_one():
    assert signal_of(-11) == signal_of(139) == signal.SIGSEGV and signal_of(1) == signal_of(128) == 0
    assert why("gs", 139, b"") == "gs crashed on this content (SIGSEGV)."


def test_the_input_is_named_for_its_format_only():
    assert [input_name(name) for name in ("PDF", "min.js", "../x", "a b", "", "x" * 99)] == [
        "input.pdf",
        "input.min.js",
        *["input"] * 4,
    ]


def words_after(argv, flag):
    return [tuple(argv[at + 1 : at + 3]) for at, word in enumerate(argv) if word == flag]


CAGE = Cage(
    argv=("tool", "--flag"),
    limits=Limits(cpu=7, address_space=None),
    folder=Path("/store/job"),
    input=Path("/store/file"),
    input_name="input.pdf",
    read_only=("/opt/fonts", "/opt/fonts/more", "/usr/share", "/"),
)


def test_bubblewrap_for_root_drops_to_the_uid_inside():
    argv = bwrap_argv(CAGE, uid=60706, info=5, rules=6)
    assert argv[-2:] == ["tool", "--flag"] and "--unshare-net" in argv and "--unshare-user" not in argv
    inside = argv[argv.index("--") + 1 :]
    assert inside[:3] == ["/usr/bin/nice", "-n", "10"] and "--cpu=7:8" in inside and not any("--as" in word for word in inside)
    assert "--reuid=60706" in inside and "--no-new-privs" in inside
    assert ("/store/file", "/in/input.pdf") in words_after(argv, "--ro-bind") and ("/store/job", "/w") in words_after(
        argv, "--bind"
    )
    assert words_after(argv, "--seccomp")[0][0] == "6" and words_after(argv, "--info-fd")[0][0] == "5"


def test_bubblewrap_for_a_user_unshares_everything():
    argv = bwrap_argv(CAGE, uid=None)
    assert {"--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--clearenv"} <= set(argv)
    assert not any("setpriv" in word for word in argv)


def test_parents_of_binds_are_made_open():
    argv = bwrap_argv(CAGE, uid=None)
    at = argv.index("/opt/fonts")
    assert argv[at - 4 : at] == ["0755", "--dir", "/opt", "--ro-bind-try"]


def test_binds_within_binds_and_whole_roots_are_left_out():
    assert outermost(("/a/b/c", "/a/b", "/usr/lib", "/", "/tmp", "/home", "/etc/x")) == ("/etc/x", "/a/b") or set(
        outermost(("/a/b/c", "/a/b", "/usr/lib", "/", "/tmp", "/home", "/etc/x"))
    ) == {"/a/b", "/etc/x"}


class Story:
    """Places that note what they are told."""

    def __init__(self, slots, limit, lanes=None):
        self.line, self.going, self.moves = Line(slots, limit, lanes), [], []

    def join(self, name, priority=0, lane=""):
        box = [priority]
        place = Place(
            priority=lambda: box[0],
            moved=lambda at: self.moves.append((name, at)),
            go=lambda: self.going.append(name),
            lane=lane,
        )
        self.line.join(place)
        return place, box


def test_the_highest_priority_at_that_moment_goes_first_then_the_oldest():
    story = Story(1, 9)
    first, _ = story.join("first")
    for name in ("old", "new"):
        story.join(name)
    _, raised = story.join("raised", -1)
    assert story.going == ["first"] and story.moves == [("old", 0), ("new", 1), ("raised", 2)]
    raised[0] = 1
    story.line.leave(first)
    assert story.going == ["first", "raised"] and story.line.running == 1 and story.line.waiting == 2


def test_twenty_at_capacity_nine():
    story, refused = Story(2, 7), 0
    for number in range(20):
        try:
            story.join(number)
        except Busy as busy:
            refused += 1
            assert busy.retry_after
    assert (story.line.running, story.line.waiting, refused) == (2, 7, 11)


def test_a_full_lane_does_not_hold_up_the_others():
    story = Story(2, 9, {"office": 1})
    office, _ = story.join("office 1", lane="office")
    story.join("office 2", lane="office")
    story.join("light")
    assert story.going == ["office 1", "light"]
    story.line.leave(office)
    assert story.going == ["office 1", "light", "office 2"]


@given(st.lists(st.tuples(st.integers(-1, 1), st.booleans()), max_size=40), st.integers(1, 3), st.integers(0, 5))
def test_slots_and_line_are_never_overfull_and_nobody_is_forgotten(steps, slots, limit):
    story, places, refused = Story(slots, limit), [], 0
    for number, (priority, leaves) in enumerate(steps):
        try:
            places.append(story.join(number, priority)[0])
        except Busy:
            refused += 1
        if leaves and places:
            story.line.leave(places.pop(0))
        assert story.line.running <= slots and story.line.waiting <= limit
        assert not (story.line.waiting and story.line.running < slots)
    while places:
        story.line.leave(places.pop())
    assert story.line.running == story.line.waiting == 0
