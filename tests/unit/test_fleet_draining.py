"""When a drain is over, by what the fleet's statuses say."""

from __future__ import annotations

from dataclasses import replace

from ven_actors.fleet.draining import Draining
from ven_actors.model import FleetStatus, Readings, ReporterStatus, VenState, VenStatus

VEN = VenStatus("Herning", VenState.RUNNING, 120, 1, 30, 1, drained=True)


def status(
    ven: VenStatus = VEN, *, queued: int, closed_s: int | None = 30, reports: int = 0, flying: int = 0
) -> FleetStatus:
    reporter = ReporterStatus(
        Readings(generated=9, accepted=9 - queued, queued=queued),
        closed_until_by_ven={} if closed_s is None else {"Herning": closed_s},
        reports_open=reports,
        in_flight=flying,
    )
    return FleetStatus(31.0, {"Herning": ven}, {}, (), paused=False, reporter=reporter)


def test_it_is_over_when_all_is_closed_and_nothing_is_queued() -> None:
    assert Draining().is_over(status(queued=0))


def test_an_empty_queue_says_nothing_before_every_ven_has_closed_what_had_ended() -> None:
    assert not Draining().is_over(status(replace(VEN, drained=False), queued=0))


def test_an_empty_queue_of_before_the_last_interval_says_nothing() -> None:
    draining = Draining()
    assert not draining.is_over(status(queued=0, closed_s=15))
    assert not draining.is_over(status(queued=0, closed_s=None))
    assert not draining.is_over(status(queued=9, reports=1))
    assert draining.is_over(status(queued=0))


def test_a_ven_that_had_nothing_to_close_is_no_reason_to_wait() -> None:
    assert Draining().is_over(status(replace(VEN, closed_until_s=None), queued=0, closed_s=None))


def test_nobody_waits_for_readings_that_no_report_is_due_for() -> None:
    draining = Draining()
    assert [draining.is_over(status(queued=9)) for _ in range(2)] == [False, True]


def test_the_same_quiet_status_told_again_counts_once() -> None:
    draining, same = Draining(), status(queued=9)
    assert not any(draining.is_over(same) for _ in range(50))
    assert draining.is_over(status(queued=9))


def test_a_report_that_opens_or_flies_begins_the_quiet_anew() -> None:
    for busy in (status(queued=9, reports=1), status(queued=9, flying=1)):
        draining = Draining()
        said = [draining.is_over(each) for each in (status(queued=9), busy, status(queued=9), status(queued=9))]
        assert said == [False, False, False, True]


def test_a_ven_that_is_about_to_learn_what_is_asked_is_waited_for() -> None:
    for state in (VenState.STARTING, VenState.ENROLLING):
        draining = Draining()
        assert not any(draining.is_over(status(replace(VEN, state=state), queued=9)) for _ in range(9))
