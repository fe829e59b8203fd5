"""The outbox: what a request that comes late is still owed (R33)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from delivery_outbox import T0, Fleet, asked

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.late_joining import last_missed_s
from ven_actors.model import EventInterval, IntervalPlan, Readings
from ven_actors.openadr.report_schedule import next_window


@pytest.mark.parametrize(("length_s", "sent"), [(10, "80+10"), (20, "60+20"), (30, "60+30"), (40, "40+40")])
def test_r33_a_request_that_comes_late_gets_only_the_last_window_it_missed(
    fleet: Fleet, length_s: float, sent: str
) -> None:
    fleet.ask()
    fleet.meter(9)
    fleet.flush()
    assert fleet.readings.unasked == 36
    fleet.ask(asked(length_s=length_s))
    assert fleet.flush() == [sent]
    fleet.deliver()
    assert fleet.readings.accepted == float(sent.split("+")[1]) / 10 * 4


def test_r33_a_request_that_comes_late_gets_all_since_the_oldest_block_that_waits(fleet: Fleet) -> None:
    fleet.ask(asked("e1"))
    fleet.meter(6)
    fleet.flush()
    for _ in range(2):
        fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask(asked("e1"), asked("e2"))
    assert fleet.flush() == ["20+10", "30+10", "40+10", "50+10"]


def test_the_last_missed_window_needs_its_settled_beginning_too(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(3)
    fleet.flush()
    fleet.ask(asked(length_s=40))
    fleet.meter(1)
    assert fleet.flush() == ["0+40"]
    assert not fleet.ven.queue[0].periods
    assert fleet.readings == Readings(generated=16, queued=16)


def test_two_requests_that_come_late_together_take_a_block_back_but_once(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(4)
    fleet.flush()
    fleet.ask(asked("e1"), asked("e2", 20), asked("e3", rows=("r1",)))
    assert fleet.readings == Readings(generated=16, queued=8, unasked=8)
    fleet.flush()
    fleet.deliver()
    assert fleet.readings == Readings(generated=16, accepted=8, unasked=8)
    assert fleet.restored().readings("Herning") == fleet.readings


def test_what_was_settled_a_moment_ago_and_not_yet_committed_is_taken_back_too(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.outbox.advance(fleet.ven)
    assert fleet.readings.unasked == 8
    fleet.ask(asked(length_s=20))
    assert fleet.flush() == ["0+20"]


def test_a_request_counts_before_it_is_sealed(fleet: Fleet) -> None:
    """A verdict between a crawl and the next flush must not settle what the crawl has just asked for."""
    fleet.ask(asked("e1"))
    fleet.meter()
    fleet.flush()
    report = fleet.send()
    fleet.ask(asked("e1"), asked("e2"))
    fleet.outbox.close(fleet.ven, report, ReportState.ACCEPTED)
    assert fleet.readings.queued == 4
    assert fleet.flush() == ["0+10"]


def test_an_accepted_report_stands_when_its_block_is_taken_back(fleet: Fleet) -> None:
    fleet.ask(asked("e1", rows=("r1",)))
    fleet.meter()
    fleet.flush()
    fleet.deliver()
    fleet.ask(asked("e1", rows=("r1",)), asked("e2", rows=("r2",)))
    assert fleet.flush() == ["0+10"]
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=4)


def test_r33_the_last_missed_window_is_owed_though_something_newer_waits(fleet: Fleet) -> None:
    fleet.ask(asked("e1"))
    fleet.meter(9)
    fleet.flush()
    for _ in range(8):
        fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    assert fleet.readings.queued == 4
    fleet.ask(asked("e1"), asked("e2", 40))
    assert fleet.flush() == ["40+40"]


def test_what_nobody_can_measure_takes_nothing_back(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.ask(asked(payload_type="STORAGE_CHARGE_LEVEL"))
    assert fleet.readings.queued == 0
    assert fleet.flush() == []
    assert fleet.readings.unasked == 4


@pytest.mark.parametrize("until", range(1, 300, 7))
def test_the_last_missed_window_is_what_looking_at_every_window_finds(until: int) -> None:
    starts = [0, 3, 4, 50, 51, 52, 53, 120, 180, 181, 240]
    intervals = tuple(EventInterval(index, T0 + at_s, T0 + at_s + 1) for index, at_s in enumerate(starts))
    plan = IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)
    request = replace(asked(frequency=1), plan=plan)
    ended = [interval for interval in intervals if interval.end_s <= T0 + until]
    cursor_s = last_missed_s(request, next_window, T0 - 100, T0 + until)
    window = next_window(request, cursor_s)
    if ended:
        assert window is not None
        assert window.intervals == (ended[-1],)
    else:
        assert cursor_s == T0 + until
