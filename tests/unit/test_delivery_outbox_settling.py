"""The outbox: what is asked is sealed, sent and settled, what is not metered is a gap, and each report has its name."""

from __future__ import annotations

from dataclasses import replace

from delivery_outbox import STEP_S, T0, THREE, TWO, Fleet, asked

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.ledger import since
from ven_actors.delivery.sealing import moment, period, report_name
from ven_actors.model import Layout, Readings

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
