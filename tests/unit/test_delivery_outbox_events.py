"""The outbox: events that go, come back and change (R35), also where reports went out in parts (R36)."""

from __future__ import annotations

from delivery_outbox import Fleet, asked

from ven_actors.delivery.entries import ReportState
from ven_actors.model import Readings

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


# --- reports in parts


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
