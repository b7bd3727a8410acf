"""A bar never goes back, is never full before ready, and says what it guesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnic_stream.jobs.estimate import Expectation, estimated_fraction, expectation, fitted_cost
from omnic_stream.jobs.gauge import ALMOST, Gauge, Leg
from omnic_stream.model.contracts import Cost, MiB, Run

legs = st.lists(st.builds(Leg, st.just("A"), st.just("B"), st.floats(0, 100), st.booleans()), min_size=1, max_size=4)
reports = st.lists(
    st.tuples(
        st.floats(0, 30),
        st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["wait", "step", "show", "replan"])),
    ),
    max_size=40,
)


@given(legs, reports)
def test_the_whole_never_goes_back_and_is_never_full(legs, reports):
    gauge, now, last, at = Gauge(0.0), 0.0, 0.0, 0
    gauge.plan(legs)
    for wait, told in reports:
        now += wait
        if told == "wait":
            gauge.waits(1, now)
        elif told == "step":
            at = min(at + 1, len(legs) - 1)
            gauge.step(at, now)
        elif told == "replan":
            gauge.plan(legs)
            at = 0
        elif told != "show":
            gauge.runs(told, now)
        shown = gauge.show(now)
        assert last <= shown.overall <= ALMOST < 1
        assert shown.fraction is None or 0 <= shown.fraction <= 1
        last = shown.overall


def test_a_measured_fraction_is_shown_as_measured_and_a_guess_is_marked():
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 4.0, known=True)])
    gauge.runs(None, 0.0)
    guessed = gauge.show(1.0)
    assert guessed.estimated and abs(guessed.fraction - 0.25) < 0.01 and abs(guessed.eta - 3.0) < 0.1
    gauge.runs(0.5, 1.0)
    measured = gauge.show(1.0)
    assert not measured.estimated and measured.fraction == 0.5


def test_without_history_there_is_no_fraction_and_no_time_left():
    gauge = Gauge(0.0)
    gauge.plan([Leg("A", "B", 4.0, known=False)])
    shown = gauge.show(1.0)
    assert shown.fraction is None and shown.eta is None and shown.estimated


def test_a_declared_cost_that_was_too_low_does_not_fill_the_bar():
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 0.2, known=False)])
    gauge.runs(None, 0.0)
    assert gauge.show(2.0).overall <= 0.5
    gauge.runs(0.6, 2.0)
    assert abs(gauge.show(2.0).overall - 0.6) < 0.02


def test_waiting_for_a_slot_does_not_move_the_bar():
    gauge = Gauge(0.0)
    gauge.plan([Leg("A", "B", 2.0, known=True)])
    gauge.waits(3, 0.0)
    gauge.runs(None, 60.0)
    assert gauge.show(60.0).overall == 0.0


def test_a_long_wait_is_no_progress_while_it_lasts_and_however_often_the_line_moves():
    gauge = Gauge(0.0)
    gauge.rests(0.0)  # before the download
    gauge.moves(30.0)
    gauge.plan([Leg("A", "B", 2.0, known=True)])
    gauge.step(0, 31.0)
    for position in range(30):
        gauge.waits(30 - position, 31.0 + position)
        assert gauge.show(31.5 + position).overall <= 1 / 3
    gauge.runs(None, 61.0)
    assert gauge.show(61.0).overall <= 1 / 3
    assert gauge.show(63.0).overall > 0.4


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0.01, 100))
def test_an_estimated_fraction_grows_and_never_arrives(one, other, expected):
    early, late = sorted((one, other))
    assert 0 <= estimated_fraction(early, expected) <= estimated_fraction(late, expected) < 1


@given(st.lists(st.tuples(st.integers(0, 10**9), st.floats(0.001, 100)), min_size=1), st.integers(0, 10**9))
def test_an_expectation_lies_within_what_was_seen(history, size):
    seconds = [s for _, s in history]
    runs = [Run(*run) for run in history]
    assert min(seconds) <= expectation(runs, size, "", Cost(ms=1)).seconds <= max(seconds)


def test_estimates_converge_after_five_runs():
    history = [Run(1000, 2.0)] * 5 + [Run(1000, 9.0)] * 2
    assert expectation(history, 1000, "", Cost(ms=50)) == Expectation(2.0, known=True)
    assert expectation([], 2 << 20, "", Cost(ms=50, ms_per_mib=100)) == Expectation(0.25, known=False)


def test_one_page_says_nothing_of_five_hundred_once_both_were_made():
    history = [Run(1000, 0.1, "PNG page=1")] * 20 + [Run(1000, 30.0, "PNG page=1-500")]
    assert expectation(history, 1000, "PNG page=1-500", Cost(ms=50)) == Expectation(30.0, known=True)
    assert expectation(history, 1000, "PNG page=1", Cost(ms=50)) == Expectation(0.1, known=True)
    assert expectation(history, 1000, "JPG", Cost(ms=50)) == Expectation(0.1, known=False), "a guess by its kin, and said to be one"


@given(st.floats(0, 2000), st.floats(0, 5000), st.lists(st.integers(1, 1 << 26), min_size=5, max_size=30, unique=True))
def test_a_fit_finds_the_line_and_a_stray_does_not_move_it(ms, ms_per_mib, sizes):
    runs = [(size, (ms + ms_per_mib * size / MiB) / 1000) for size in [1000, 8 << 20, 64 << 20, *sizes]]
    for history in (runs, [*runs, (4 << 20, 900.0)]):
        cost = fitted_cost(history)
        assert cost.ms >= 0 and cost.ms_per_mib >= 0
        for size, seconds in runs:
            assert abs((cost.ms + cost.ms_per_mib * size / MiB) / 1000 - seconds) <= 0.02 + 0.35 * seconds


def test_inputs_of_one_size_tell_no_slope():
    assert fitted_cost([(1000, 0.2), (1010, 0.4), (1005, 0.3)]) == Cost(ms=300.0)


def test_where_nothing_is_known_the_bar_begins_low():
    gauge = Gauge(0.0)
    gauge.plan([Leg("PDF", "pages.png", 0.2, known=False)])
    gauge.runs(None, 0.0)
    assert gauge.show(0.2).overall <= 0.25 and gauge.show(1.0).overall <= 0.25
    gauge.runs(0.3, 3.0)
    assert abs(gauge.show(3.0).overall - 0.3) < 0.02


def test_history_speaks_where_a_tool_that_measures_falls_silent():
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 10.0, known=True)])
    gauge.runs(0.1, 0.4)
    assert all(abs(gauge.show(now).overall - now / 10) < 0.05 for now in (2.0, 4.0, 6.0))


def test_the_pace_of_the_last_word_goes_on_where_nothing_else_is_known():
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 1.0, known=False)])
    gauge.runs(0.06, 0.2)
    shown = [gauge.show(now) for now in (1.0, 2.0, 3.0)]
    assert all(abs(one.overall - now / 5) < 0.1 and one.fraction == 0.06 for one, now in zip(shown, (1.0, 2.0, 3.0), strict=True))
    assert gauge.show(300.0).overall < 0.6, "a tool that has said nothing for minutes is not nearly done"


@pytest.mark.parametrize("known", [True, False])
def test_a_first_word_promises_nothing(known):
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 5.0, known=known)])
    gauge.runs(0.001, 0.01)
    assert gauge.show(0.01).overall < 0.01
    gauge.runs(0.04, 0.06)
    assert gauge.show(0.06).overall < 0.05


def test_the_start_of_a_tool_is_not_taken_for_its_pace():
    gauge = Gauge(0.0)
    gauge.plan([Leg("DOCX", "PDF", 0.5, known=False)])
    gauge.runs(None, 0.0)
    gauge.runs(0.001, 2.0)
    for fraction, now in ((0.1, 2.5), (0.4, 4.0), (0.8, 6.0)):
        gauge.runs(fraction, now)
        assert abs(gauge.show(now).overall - now / 7) < 0.05


def test_a_steady_measure_outweighs_a_history_of_other_inputs():
    for seconds in (5.0, 50.0):
        gauge = Gauge(0.0)
        gauge.plan([Leg("AVI", "WEBM", seconds, known=True)])
        for now in range(1, 10):
            gauge.runs(now / 10, float(now))
            if now >= 3:
                assert abs(gauge.show(float(now)).overall - now / 10) < 0.15


def test_runs_on_other_sizes_are_scaled_by_the_declared_cost():
    history = [Run(1 * MiB, 2.0)] * 3
    assert expectation(history, 10 * MiB, "", Cost(ms=0, ms_per_mib=100)).seconds == 20.0
    assert expectation(history, 10 * MiB, "", Cost(ms=500)) == Expectation(2.0, known=False), "a letter tells little of a book"
    assert expectation(history, 2 * MiB, "", Cost(ms=500)) == Expectation(2.0, known=True)
