"""The outbox, case by case: what is owed, to whom, from when, and what stays true over a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ven_actors.delivery.entries import OutboxReport, ReportState
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.late_joining import last_missed_s
from ven_actors.delivery.ledger import since
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.rendering import render
from ven_actors.delivery.restoring import Books, block_record
from ven_actors.delivery.sealing import moment, period, report_name
from ven_actors.model import (
    Block,
    EventInterval,
    IntervalPlan,
    Layout,
    Readings,
    ReportDescriptor,
    ReportRequest,
    SealedReport,
)
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import Store, read_recovery

T0 = 1_800_000_000
STEP_S = 10
TWO = Layout(("r1", "r2"), ("load_0", "load_1"))
THREE = Layout(("r1", "r2", "r3"), ("load_0", "load_1"))
INF = float("inf")


def asked(
    name: str = "e1", length_s: float = STEP_S, rows: tuple[str, ...] | None = None, start_s: float = 0, **more: Any
) -> ReportRequest:
    """A request of endless windows of `length_s`."""
    descriptor = ReportDescriptor(**({"payload_type": "DEMAND", "repeat": -1, "num_intervals": 1} | more))
    first = EventInterval(0, T0 + start_s, T0 + start_s + length_s)
    plan = IntervalPlan((first,), length_s, INF, implied=True)
    return ReportRequest(f"{name}.x.0", name, "p1", descriptor, plan, rows)


class Fleet:
    """A fleet outbox over a real store, driven by hand, with one VEN."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)

    def restart(self) -> None:
        self.store.close()
        self.open()

    @property
    def ven(self) -> VenOutbox:
        return self.outbox.ven("Herning")

    @property
    def readings(self) -> Readings:
        readings = self.outbox.readings("Herning")
        assert readings.unaccounted == 0, readings
        return readings

    def meter(self, count: int = 1, layout: Layout = TWO, **extras: Any) -> None:
        layout_id = self.outbox.layout_id(self.ven, layout)
        for _ in range(count):
            start_s = T0 if self.ven.closed_until_s is None else self.ven.closed_until_s
            watts = np.full((len(layout.resource_names), len(layout.components)), start_s - T0, dtype=np.int32)
            columns = {name: np.array(values) for name, values in extras.items()}
            self.outbox.add_block(self.ven, Block(start_s, STEP_S, watts, columns), layout_id)

    def ask(self, *requests: ReportRequest, as_of_s: float = INF) -> None:
        self.outbox.take_requests(self.ven, requests, as_of_s)

    def flush(self) -> list[str]:
        """Advance and commit; returns the times and lengths of newly sealed reports."""
        sealed = self.outbox.advance(self.ven)
        self.store.commit()
        return [brief(report) for report in sealed]

    def send(self) -> OutboxReport:
        report = self.ven.next_to_send()
        assert report is not None
        self.ven.sending(report)
        self.outbox.mark_sent(report)
        self.store.commit()
        return report

    def deliver(self, state: ReportState = ReportState.ACCEPTED) -> list[str]:
        """Give every report in the queue the same verdict."""
        done = []
        while self.ven.next_to_send() is not None:
            report = self.send()
            self.outbox.close(self.ven, report, state, "words")
            done.append(brief(report))
        assert self.flush() == []
        return done

    def restored(self) -> Books:
        recovery = read_recovery(self.folder)
        assert recovery is not None
        return Books(recovery, next_window)


def brief(report: OutboxReport) -> str:
    return f"{report.start_s - T0:g}+{report.end_s - report.start_s:g}"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()


# --- the plain way


def test_what_is_asked_is_sealed_sent_and_accepted(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter(2)
    assert fleet.flush() == ["0+10", "10+10"]
    assert fleet.readings == Readings(generated=8, queued=8)
    assert fleet.deliver() == ["0+10", "10+10"]
    assert fleet.readings == Readings(generated=8, accepted=8)
    assert fleet.ven.known_reports("e1") == 2
    assert fleet.ven.known_reports("e2") == 0


def test_readings_wait_for_the_first_crawl_and_are_then_unasked(fleet: Fleet) -> None:
    fleet.meter(2)
    fleet.flush()
    assert fleet.readings.queued == 8
    fleet.ask(as_of_s=T0 + 10)
    fleet.flush()
    assert (fleet.readings.unasked, fleet.readings.queued) == (4, 4)


def test_a_block_is_settled_only_when_every_window_that_needs_it_is(fleet: Fleet) -> None:
    fleet.ask(asked("e1"), asked("e2", 20))
    fleet.meter()
    fleet.flush()
    fleet.deliver()
    assert fleet.readings.queued == 4
    fleet.meter()
    assert fleet.flush() == ["0+20", "10+10"]
    fleet.deliver()
    assert fleet.readings == Readings(generated=8, accepted=8)


def test_a_subset_of_the_resources_leaves_the_rest_unasked(fleet: Fleet) -> None:
    fleet.ask(asked(rows=("r2", "r9")))
    fleet.meter()
    fleet.flush()
    assert [report.rows for report in fleet.ven.queue] == [(1,)]
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=2, unasked=2)


def test_a_ven_without_resources_sends_no_empty_report(fleet: Fleet) -> None:
    fleet.ask(asked(), asked("e2", rows=("r9",)))
    fleet.meter(1, Layout((), ("load_0",)))
    assert fleet.flush() == []
    assert not fleet.ven.blocks


def test_what_one_report_refuses_is_quarantined_though_another_is_accepted(fleet: Fleet) -> None:
    fleet.ask(asked("e1"), asked("e2", rows=("r1",)))
    fleet.meter()
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    second = fleet.send()
    fleet.outbox.close(fleet.ven, second, ReportState.REFUSED, "no")
    refused = 4 if second.rows is None else 2
    assert fleet.readings == Readings(generated=4, accepted=4 - refused, quarantined=refused)


def test_a_report_of_something_else_keeps_the_block_but_delivers_no_reading(fleet: Fleet) -> None:
    fleet.ask(asked("e1", payload_type="SIMPLE_LEVEL"), asked("e2", rows=("r1",)))
    fleet.meter()
    fleet.flush()
    first = fleet.send()
    assert fleet.readings.queued == 4
    fleet.outbox.close(fleet.ven, first, ReportState.ACCEPTED)
    assert fleet.readings.queued == 4
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    assert fleet.readings == Readings(generated=4, accepted=2, unasked=2)


def test_a_gap_is_no_reading_and_no_window_speaks_for_it(fleet: Fleet) -> None:
    fleet.ask(asked(length_s=30))
    fleet.meter()
    layout_id = fleet.outbox.layout_id(fleet.ven, TWO)
    fleet.outbox.add_gap(fleet.ven, layout_id, T0 + 10, T0 + 90, STEP_S)
    fleet.outbox.add_gap(fleet.ven, layout_id, T0 + 10, T0 + 90, STEP_S)
    fleet.meter(3)
    assert fleet.flush() == ["0+30", "90+30"]
    assert [report.intervals[0].end_s - T0 for report in fleet.ven.queue] == [10, 120]
    assert fleet.ven.queue[0].periods
    assert fleet.readings.gap == 8 * 4


def test_a_gap_that_is_told_too_late_changes_nothing(fleet: Fleet) -> None:
    fleet.meter(5)
    fleet.outbox.add_gap(fleet.ven, fleet.outbox.layout_id(fleet.ven, TWO), T0 + 10, T0 + 30, STEP_S)
    assert fleet.ven.closed_until_s == T0 + 50
    assert fleet.readings.gap == 0


def test_a_gap_makes_no_report_of_its_layout(fleet: Fleet) -> None:
    fleet.ask(asked(length_s=20))
    fleet.outbox.add_gap(fleet.ven, fleet.outbox.layout_id(fleet.ven, THREE), T0, T0 + 10, STEP_S)
    fleet.meter(1, TWO)
    fleet.flush()
    assert fleet.ven.queue[0].name.endswith(".PT20S")


def test_a_gap_at_the_very_beginning_is_recorded(fleet: Fleet) -> None:
    fleet.outbox.add_gap(fleet.ven, fleet.outbox.layout_id(fleet.ven, TWO), T0, T0 + 20, STEP_S)
    fleet.meter()
    assert (fleet.readings.gap, fleet.readings.generated) == (8, 4)
    assert fleet.ven.closed_until_s == T0 + 30


# --- two layouts in one window


def test_one_window_of_two_layouts_is_two_reports_whose_names_never_change(fleet: Fleet) -> None:
    """Seal both, deliver the first, take the second back: it must not come again under the name of the first."""
    fleet.ask(asked(length_s=20))
    fleet.meter(1, TWO)
    fleet.meter(1, THREE)
    fleet.flush()
    first, second = (report.name for report in fleet.ven.queue)
    assert second == first + ".1"
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask()
    assert not fleet.ven.queue
    fleet.ask(asked(length_s=20))
    fleet.flush()
    assert [report.name for report in fleet.ven.queue] == [second]
    fleet.restart()
    assert [report.name for report in fleet.ven.queue] == [second]
    fleet.ask(asked(length_s=20))
    fleet.deliver()
    assert fleet.readings == Readings(generated=10, accepted=10)


# --- late joining (R33)


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


# --- events that go, come back and change


def test_r35_an_event_that_goes_takes_its_reports_along_and_brings_them_back(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter(3)
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask()
    fleet.flush()
    assert fleet.readings == Readings(generated=12, accepted=4, unasked=8)
    fleet.restart()
    fleet.ask(asked())
    assert fleet.flush() == ["10+10", "20+10"]
    fleet.deliver()
    assert fleet.readings == Readings(generated=12, accepted=12)


def test_r35_a_report_that_may_have_arrived_is_in_doubt_when_it_is_sealed_again(fleet: Fleet) -> None:
    """Handed out, withdrawn, and the process dies: the VTN may still have it under this name."""
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    report = fleet.send()
    fleet.outbox.back(fleet.ven, report, 0.0, in_doubt=True)
    fleet.ask()
    fleet.store.commit()
    fleet.restart()
    fleet.ask(asked())
    fleet.flush()
    assert [(again.name, again.in_doubt) for again in fleet.ven.queue] == [(report.name, True)]


def test_the_same_without_a_restart(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    report = fleet.send()
    fleet.outbox.back(fleet.ven, report, 0.0, in_doubt=True)
    fleet.ask()
    fleet.ask(asked())
    fleet.flush()
    assert [again.in_doubt for again in fleet.ven.queue] == [True]


def test_a_report_in_the_air_when_its_event_goes_is_withdrawn_when_it_comes_back(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter(2)
    fleet.flush()
    report = fleet.send()
    fleet.ask()
    fleet.flush()
    fleet.outbox.back(fleet.ven, report, 0.0, in_doubt=False)
    assert fleet.flush() == []
    fleet.restart()
    fleet.ask(asked())
    assert fleet.flush() == ["0+10", "10+10"], "the store has to know how far back it is owed"


def test_an_event_that_the_vtn_knows_no_more_is_withdrawn_until_a_crawl_shows_it(fleet: Fleet) -> None:
    fleet.ask(asked("e1"), asked("e2"))
    fleet.meter()
    fleet.flush()
    report = fleet.send()
    fleet.outbox.event_gone(fleet.ven, report)
    fleet.flush()
    assert len(fleet.ven.queue) == 1
    assert fleet.ven.in_flight is None
    assert fleet.ven.queue[0].request.request.event_id != report.request.request.event_id
    fleet.ask(asked("e1"), asked("e2"))
    fleet.flush()
    assert sorted(each.in_doubt for each in fleet.ven.queue) == [False, True]
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=4)


def test_an_event_that_changes_its_plan_has_no_window_twice_and_none_forgotten(fleet: Fleet) -> None:
    fleet.ask(asked(length_s=20))
    fleet.meter(3)
    fleet.flush()
    fleet.deliver()
    fleet.ask(asked(length_s=30))
    assert fleet.flush() == ["0+30"]
    fleet.meter(3)
    assert fleet.flush() == ["30+30"]
    fleet.deliver()
    assert fleet.readings == Readings(generated=24, accepted=24)


def test_a_sliding_window_that_is_taken_back_does_not_repeat_the_one_before(fleet: Fleet) -> None:
    sliding = asked(length_s=10, num_intervals=2, frequency=1)
    fleet.ask(sliding)
    fleet.meter(4)
    assert fleet.flush() == ["0+20", "10+20", "20+20"]
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask()
    fleet.ask(sliding)
    assert fleet.flush() == ["10+20", "20+20"]


# --- giving blocks up


def test_a_block_that_is_given_up_leaves_the_rest_of_its_window_to_be_sent(fleet: Fleet) -> None:
    fleet.ask(asked(length_s=30))
    fleet.meter(6)
    fleet.flush()
    assert fleet.outbox.evict(fleet.ven, fleet.ven.blocks[T0 + 10]) == 4
    assert fleet.flush() == ["0+30"]
    assert [brief(report) for report in fleet.ven.queue] == ["0+30", "30+30"], "the later one stands, in order"
    assert [(cut.start_s - T0, cut.end_s - T0) for cut in fleet.ven.queue[0].intervals] == [(0, 10), (20, 30)]
    fleet.restart()
    fleet.ask(asked(length_s=30))
    assert fleet.deliver() == ["0+30", "30+30"]
    assert fleet.readings == Readings(generated=24, accepted=20, evicted=4)


def test_a_verdict_after_a_block_is_given_up_does_not_settle_what_is_to_be_sealed_anew(fleet: Fleet) -> None:
    fleet.ask(asked("e1"), asked("e2", 20))
    fleet.meter(2)
    fleet.flush()
    while (report := fleet.send()).start_s != T0 + 10 or report.request.request.event_id != "e1":
        report.next_try_s = INF
        fleet.ven.in_flight = None
        fleet.ven.queue.append(report)
    assert fleet.outbox.evict(fleet.ven, fleet.ven.blocks[T0]) == 4
    fleet.outbox.close(fleet.ven, report, ReportState.ACCEPTED)
    assert fleet.readings.queued == 4
    assert fleet.flush() == ["0+20"]


def test_a_block_on_its_way_is_not_given_up_and_none_is_twice(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter(2)
    fleet.flush()
    flying = fleet.send()
    assert fleet.outbox.evict(fleet.ven, flying.blocks[0]) == 0
    waiting = fleet.ven.blocks[T0 + 10]
    assert fleet.outbox.evict(fleet.ven, waiting) == 4
    assert fleet.outbox.evict(fleet.ven, waiting) == 0
    assert fleet.readings == Readings(generated=8, queued=4, evicted=4)


def test_the_oldest_blocks_of_all_vens_go_first(fleet: Fleet) -> None:
    fleet.meter(3)
    other = fleet.outbox.ven("Aalborg")
    layout_id = fleet.outbox.layout_id(other, TWO)
    fleet.outbox.add_block(other, Block(T0 - 10, STEP_S, np.zeros((2, 2), dtype=np.int32)), layout_id)
    chosen = fleet.outbox.oldest_blocks(2)
    assert [(each.name, [block.start_s - T0 for block in blocks]) for each, blocks in chosen] == [
        ("Aalborg", [-10]),
        ("Herning", [0]),
    ]


# --- restarts


def test_a_restart_finds_everything_as_it_was(fleet: Fleet) -> None:
    fleet.ask(asked("e1"), asked("e2", 30, ("r1",)))
    fleet.meter(5)
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    flying, waiting = fleet.send(), [report.name for report in fleet.ven.queue]
    fleet.store.commit()
    readings = fleet.readings
    fleet.restart()
    assert fleet.readings == readings
    assert [report.name for report in fleet.ven.queue] == [flying.name, *waiting]
    assert [report.in_doubt for report in fleet.ven.queue] == [True] + [False] * len(waiting)
    assert fleet.restored().open_reports() == len(waiting) + 1
    assert fleet.flush() == []


def test_what_was_not_committed_is_made_again_under_the_same_names(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    fleet.meter(2)
    fleet.outbox.advance(fleet.ven)
    names = [report.name for report in fleet.ven.queue]
    fleet.restart()
    assert fleet.ven.closed_until_s == T0 + STEP_S
    fleet.meter(2)
    fleet.flush()
    assert [report.name for report in fleet.ven.queue] == names


def test_the_newest_cursor_wins_however_it_was_written(fleet: Fleet) -> None:
    """A cursor and then, in the same commit, the request itself with an older cursor."""
    fleet.ask(asked())
    fleet.meter(2)
    fleet.outbox.advance(fleet.ven)
    fleet.ask()
    fleet.store.commit()
    fleet.restart()
    fleet.ask(asked())
    assert fleet.flush() == ["0+10", "10+10"]


def test_blocks_dropped_after_the_keep_leave_the_ledger_as_it_was(fleet: Fleet) -> None:
    fleet.ask(asked(rows=("r1",)))
    fleet.meter(4)
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "no")
    fleet.store.commit()
    before = fleet.readings
    fleet.store.drop_settled(T0 + 100, T0 + 20)
    assert fleet.readings == before
    assert fleet.restored().readings("Herning") == before
    assert fleet.restored().vens["Herning"].known_reports("e1") == 1
    fleet.store.drop_quarantined()
    assert fleet.restored().readings("Herning") == before


def test_accepted_reports_are_kept_while_a_block_of_theirs_is_open(fleet: Fleet) -> None:
    fleet.ask(asked("e1", rows=("r1",)), asked("e2", rows=("r2",)))
    fleet.meter()
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.store.drop_settled(T0 + 100, T0)
    fleet.restart()
    fleet.ask(asked("e1", rows=("r1",)), asked("e2", rows=("r2",)))
    fleet.flush()
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=4)


def test_what_is_taken_back_and_not_yet_committed_is_not_dropped(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    fleet.ask(asked(length_s=20))
    fleet.store.drop_settled(T0 + 100, T0 + 100)
    assert fleet.flush() == ["0+20"]
    fleet.restart()
    assert fleet.readings == Readings(generated=8, queued=8)


def test_quarantined_readings_that_are_final_are_not_taken_back(fleet: Fleet) -> None:
    """Half of the block was accepted in a report that is dropped; taken back it would be counted as never asked."""
    fleet.ask(asked("e1", rows=("r1",)), asked("e2", rows=("r2",)))
    fleet.meter()
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "no")
    fleet.store.commit()
    fleet.store.drop_settled(T0 + 100, T0 + 100)
    fleet.ask(asked("e1", rows=("r1",)), asked("e2", rows=("r2",)), asked("e3"))
    assert fleet.flush() == []
    assert fleet.readings == Readings(generated=4, accepted=2, quarantined=2)


# --- names and differences


def test_names_differ_for_every_ven_event_descriptor_window_and_chunk() -> None:
    requests = [asked("e1"), asked("e2"), replace(asked("e1"), request_id="e1.y.0")]
    names = [
        report_name(ven, request, T0 + start_s, T0 + end_s, chunk)
        for ven in ("Herning", "Aalborg")
        for request in requests
        for start_s, end_s in ((0, 10), (0, 20), (10, 20))
        for chunk in (0, 1)
    ]
    assert len(set(names)) == len(names)
    assert names[0] == "Herning.e1.0646776f.2027-01-15T08:00:00Z.PT10S"


def test_times_are_written_as_short_as_they_are() -> None:
    assert moment(T0 + 0.5) == "2027-01-15T08:00:00.500000Z"
    assert (period(15.0), period(2.5)) == ("PT15S", "PT2.5S")


def test_what_was_added_since_is_the_difference_of_two_ledgers() -> None:
    now, before = Readings(10, 6, 2, 1, 1, 0, 5), Readings(4, 1, 3, 0, 0, 0, 5)
    assert since(now, before) == Readings(6, 5, -1, 1, 1, 0, 0)


# --- what was not metered (R34)


def rendered(fleet: Fleet, report: OutboxReport) -> dict[str, Any]:
    request = report.request.request
    records = [block_record(fleet.ven, block) for block in report.blocks]
    blocks = [block for block in fleet.store.blocks(records, fleet.outbox.layouts) if block is not None]
    sealed = SealedReport(
        1, report.name, "Herning", request.event_id, request.program_id, request.descriptor,
        report.intervals, report.rows, report.periods, report.in_doubt,
    )  # fmt: skip
    body: dict[str, Any] = json.loads(render(sealed, fleet.outbox.layouts[report.layout_id], blocks))
    return body


def said(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What each interval of the first resource says, by payload type, load components apart."""
    return [
        {each["type"]: each["values"][0] for each in interval["payloads"] if not each["type"].startswith("LOAD")}
        for interval in body["resources"][0]["intervals"]
    ]


def listed(count: int, length_s: float, **more: Any) -> ReportRequest:
    """A request for one report on `count` intervals."""
    cut = tuple(EventInterval(n, T0 + n * length_s, T0 + (n + 1) * length_s) for n in range(count))
    return replace(asked(num_intervals=-1, repeat=1, **more), plan=IntervalPlan(cut, None, cut[-1].end_s, False))


def meter_with_a_gap(fleet: Fleet, before: int, gap: int, after: int, layout: Layout = THREE) -> None:
    fleet.meter(before, layout)
    start_s = fleet.ven.closed_until_s
    assert start_s is not None
    layout_id = fleet.outbox.layout_id(fleet.ven, layout)
    fleet.outbox.add_gap(fleet.ven, layout_id, start_s, start_s + gap * STEP_S, STEP_S)
    fleet.meter(after, layout)


def test_r34_an_interval_that_nobody_metered_is_reported_as_missing(fleet: Fleet) -> None:
    fleet.ask(listed(4, 10))
    meter_with_a_gap(fleet, 1, 2, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert not report.periods
    missing = {"DATA_QUALITY": "MISSING"}
    assert said(rendered(fleet, report)) == [{"DEMAND": 0.0}, missing, missing, {"DEMAND": 0.06}]
    fleet.deliver()
    assert fleet.readings == Readings(generated=12, accepted=12, gap=12)


def test_r34_a_part_of_an_interval_says_which_part_it_is(fleet: Fleet) -> None:
    fleet.ask(listed(2, 20))
    meter_with_a_gap(fleet, 1, 2, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert report.periods
    intervals = rendered(fleet, report)["resources"][0]["intervals"]
    assert [(each["id"], each["intervalPeriod"]["duration"]) for each in intervals] == [(0, "PT10S"), (1, "PT10S")]


@pytest.mark.parametrize(("mode", "ids"), [("SUB_INTERVALS", [0, 0, 1]), ("OPEN_INTERVALS", [0, 1, 2])])
def test_r34_a_missing_interval_stands_whole_among_those_of_the_ven(fleet: Fleet, mode: str, ids: list[int]) -> None:
    fleet.ask(listed(2, 20, report_intervals=mode))
    meter_with_a_gap(fleet, 2, 2, 0)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert [interval.interval_id for interval in report.intervals] == ids
    assert [interval.quality for interval in report.intervals] == ["", "", "MISSING"]


@pytest.mark.parametrize(("kind", "value"), [("DEMAND", 0.09), ("USAGE", 0.09 * 30 / 3600)])
def test_edge_case_21_the_sum_of_three_resources_over_a_meter_gap_is_estimated(
    fleet: Fleet, kind: str, value: float
) -> None:
    fleet.ask(listed(2, 30, payload_type=kind, aggregate=True))
    meter_with_a_gap(fleet, 4, 1, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    body = rendered(fleet, report)
    assert [entry["resourceName"] for entry in body["resources"]] == ["AGGREGATED_REPORT"]
    whole, estimated = said(body)
    assert whole == {kind: pytest.approx(value * 2 / 3)}
    assert estimated == {kind: pytest.approx(value * (3 + 5) * 2 / 6), "DATA_QUALITY": "ESTIMATED"}
    assert "intervalPeriod" not in body["resources"][0]["intervals"][1]
    fleet.deliver()
    assert fleet.readings.accepted == 5 * 6


def test_edge_case_21_a_sum_over_other_resources_is_not_estimated_but_said_apart(fleet: Fleet) -> None:
    fleet.ask(listed(1, 20, aggregate=True))
    fleet.meter(1, TWO)
    fleet.meter(1, THREE)
    fleet.flush()
    assert [[each.quality for each in report.intervals] for report in fleet.ven.queue] == [[""], [""]]
    assert all(report.periods for report in fleet.ven.queue)


def test_r36_what_may_be_there_in_part_is_sealed_again_in_the_same_parts(fleet: Fleet) -> None:
    """One half may have arrived when its event goes; when it is back, nothing that half has may go out in another."""
    fleet.outbox.width.max_resources = 1
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    first = fleet.send()
    fleet.outbox.back(fleet.ven, first, 0.0, in_doubt=True)
    names = [report.name for report in fleet.ven.queue]
    fleet.ask()
    fleet.flush()
    fleet.outbox.width.max_resources = None
    fleet.ask(asked())
    fleet.flush()
    assert [(report.name, report.in_doubt) for report in fleet.ven.queue] == [(names[0], True), (names[1], False)]


def test_r36_a_whole_that_may_be_there_is_not_sealed_again_in_parts(fleet: Fleet) -> None:
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    report = fleet.send()
    fleet.outbox.back(fleet.ven, report, 0.0, in_doubt=True)
    fleet.ask()
    fleet.outbox.width.max_resources = 1
    fleet.ask(asked())
    fleet.flush()
    assert [(again.name, again.in_doubt) for again in fleet.ven.queue] == [(report.name, True)]


def test_r36_what_is_left_of_a_report_in_parts_is_sealed_again_as_it_was(fleet: Fleet) -> None:
    fleet.outbox.width.max_resources = 1
    fleet.ask(asked())
    fleet.meter()
    fleet.flush()
    names = [report.name for report in fleet.ven.queue]
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask()
    fleet.outbox.width.max_resources = None
    fleet.ask(asked())
    fleet.flush()
    assert [(report.name, report.rows) for report in fleet.ven.queue] == [(names[1], (1,))]
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=4)


# --- whose intervals (R29, R32)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("INTERVALS", [(0, None), (1, None)]),
        ("SUB_INTERVALS", [(0, "PT10S"), (0, "PT10S"), (1, "PT10S"), (1, "PT10S")]),
        ("OPEN_INTERVALS", [(0, "PT10S"), (1, "PT10S"), (2, "PT10S"), (3, "PT10S")]),
    ],
)
def test_r32_a_report_is_on_the_intervals_of_the_event_parts_of_them_or_those_of_the_ven(
    fleet: Fleet, mode: str, told: list[tuple[int, str | None]]
) -> None:
    fleet.ask(listed(2, 20, report_intervals=mode))
    fleet.meter(4)
    fleet.flush()
    intervals = rendered(fleet, fleet.ven.queue[0])["resources"][0]["intervals"]
    assert [(each["id"], each.get("intervalPeriod", {}).get("duration")) for each in intervals] == told


def test_r29_the_intervals_of_the_ven_itself_say_where_they_lie(fleet: Fleet) -> None:
    request = asked()
    fleet.ask(replace(request, plan=replace(request.plan, own=True)))
    fleet.meter()
    fleet.flush()
    (interval,) = rendered(fleet, fleet.ven.queue[0])["resources"][0]["intervals"]
    assert interval["intervalPeriod"]["duration"] == "PT10S"


def test_r30_targets_choose_the_resources_of_a_report(fleet: Fleet) -> None:
    fleet.ask(asked(rows=("r2",)))
    fleet.meter(1, THREE)
    fleet.flush()
    assert [entry["resourceName"] for entry in rendered(fleet, fleet.ven.queue[0])["resources"]] == ["r2"]


@pytest.mark.parametrize(("reading", "watts"), [("DIRECT_READ", 30), ("MEAN", 30), ("AVERAGE", 30), ("PEAK", 60)])
def test_r30_a_reading_type_says_how_an_interval_is_read(fleet: Fleet, reading: str, watts: float) -> None:
    fleet.ask(asked(length_s=40, reading_type=reading, units="W"))
    fleet.meter(4)
    fleet.flush()
    assert said(rendered(fleet, fleet.ven.queue[0])) == [{"DEMAND": watts}]


# --- at the VEN's own cause (R31, frequency 0)


def levels(fleet: Fleet) -> list[tuple[str, int]]:
    return [(brief(report), said(rendered(fleet, report))[0]["SIMPLE_LEVEL"]) for report in fleet.ven.queue]


def test_r31_a_state_is_reported_when_it_is_asked_for_and_whenever_it_changes(fleet: Fleet) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0)
    fleet.meter(2)
    fleet.ask(request)
    for level in (None, None, 2, 2, 1, None):
        fleet.meter(1, **({} if level is None else {"simple_level": [level, level], "baseline_w": [[1, 2], [3, 4]]}))
        fleet.flush()
    assert levels(fleet) == [("20+10", 0), ("40+10", 2), ("60+10", 1), ("70+10", 0)]
    assert all(report.periods for report in fleet.ven.queue)
    fleet.restart()
    assert [brief(report) for report in fleet.ven.queue] == ["20+10", "40+10", "60+10", "70+10"]
    fleet.ask(request)
    fleet.meter()
    assert fleet.flush() == []
    fleet.deliver()
    assert fleet.readings == Readings(generated=36, unasked=36)


def test_r31_a_state_that_changed_while_its_event_was_away_is_told_when_it_is_back_and_never_twice(
    fleet: Fleet,
) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0)
    fleet.ask(request)
    fleet.meter()
    fleet.meter(1, simple_level=[1, 1])
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask(as_of_s=T0)
    fleet.meter(1, simple_level=[1, 1])
    fleet.flush()
    fleet.ask(request, as_of_s=T0)
    fleet.meter(1, simple_level=[2, 1])
    fleet.flush()
    names = [report.name for report in fleet.ven.queue]
    assert len(names) == len(set(names))
    assert levels(fleet)[-1] == ("30+10", 2)


def test_r31_no_state_is_told_before_its_event_begins_or_after_it_ends(fleet: Fleet) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0, start_s=20)
    fleet.ask(replace(request, plan=replace(request.plan, end_s=T0 + 40.0)))
    for level in range(6):
        fleet.meter(1, simple_level=[level, level])
        fleet.flush()
    assert levels(fleet) == [("20+10", 2), ("30+10", 3)]
