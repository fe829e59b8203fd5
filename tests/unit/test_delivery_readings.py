"""Reports that go out reading by reading: streams in order and in parallel, and a ledger that is always right."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_readings import INF, T0, Chaos, Fleet, place

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.marks import FARTHEST_AHEAD
from ven_actors.delivery.restoring import Books
from ven_actors.model import Layout, Readings
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import STORE_NAME, read_recovery


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()


def test_each_reading_goes_out_once_and_counts_as_soon_as_it_is_accepted(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    assert fleet.readings == Readings(generated=8, queued=8)
    assert fleet.outbox.open_reports() == 8
    fleet.accept(fleet.send())
    assert fleet.readings == Readings(generated=8, queued=7, accepted=1)
    assert fleet.outbox.open_reports() == 7
    assert fleet.deliver() == ["0:01", "0:10", "0:11", "1:00", "1:01", "1:10", "1:11"]
    assert fleet.readings == Readings(generated=8, accepted=8)
    assert fleet.outbox.open_reports() == 0
    assert not fleet.ven.blocks


def test_streams_go_side_by_side_but_each_keeps_its_order(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    first = [fleet.send() for _ in range(4)]
    assert [place(reading) for reading in first] == ["0:00", "0:01", "0:10", "0:11"]
    assert fleet.ven.next_to_send() is None
    fleet.accept(first[2])
    assert place(fleet.send()) == "1:10"
    assert fleet.ven.next_to_send() is None


def test_a_reading_that_is_held_holds_up_its_own_stream_only_and_goes_first_when_its_time_has_come(
    fleet: Fleet,
) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    held = fleet.send()
    fleet.outbox.back(fleet.ven, held, 5.0, in_doubt=False)
    assert place(fleet.send()) == "0:01"
    waits = fleet.ven.next_to_send(5.0)
    assert waits is held
    assert not held.in_doubt
    again = fleet.send(5.0)
    assert again is held
    fleet.outbox.back(fleet.ven, held, 9.0, in_doubt=True)
    while (reading := fleet.ven.next_to_send()) is not held:
        assert reading is not None
        assert place(reading) != "1:00"
        fleet.accept(fleet.send())
    assert held.in_doubt
    assert held.next_try_s == 9.0


def test_no_stream_runs_further_ahead_of_another_than_the_bound(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(FARTHEST_AHEAD + 2, Layout(("r1",), ("load_0", "load_1")))
    fleet.flush()
    held = fleet.send()
    fleet.outbox.back(fleet.ven, held, 1e9, in_doubt=False)
    for _ in range(FARTHEST_AHEAD):
        fleet.accept(fleet.send())
    assert fleet.ven.next_to_send() is held


def test_a_refused_reading_is_quarantined_alone(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "422: no")
    assert fleet.readings == Readings(generated=4, queued=3, quarantined=1)
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=3, quarantined=1)
    fleet.restart()
    assert fleet.readings == Readings(generated=4, accepted=3, quarantined=1)


def test_after_a_kill_what_was_accepted_stays_so_and_what_may_have_been_sent_is_in_doubt(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    accepted, lost = fleet.send(), fleet.send()
    fleet.accept(accepted)
    fleet.store.commit()
    fleet.accept(lost)  # its verdict is not committed
    fleet.restart()
    assert fleet.readings == Readings(generated=8, queued=7, accepted=1)
    again = fleet.send()
    assert (place(again), again.in_doubt) == ("0:01", True)
    fresh = fleet.send()
    assert (place(fresh), fresh.in_doubt) == ("0:10", False)
    recovery = read_recovery(fleet.folder)
    assert recovery is not None
    assert Books(recovery, next_window).readings("Herning") == Readings(generated=8, queued=7, accepted=1)


def test_a_reading_goes_out_only_when_the_store_knows_that_it_may_arrive(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    reading = fleet.send()
    assert reading.marked
    fleet.store.commit()
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        assert database.execute("SELECT asked, accepted, maybe_sent FROM marks").fetchall() == [(b"\x0f", b"", b"\x01")]


def test_readings_of_resources_that_are_not_asked_for_are_unasked(fleet: Fleet) -> None:
    fleet.ask("r2")
    fleet.meter()
    fleet.flush()
    assert fleet.deliver() == ["0:10", "0:11"]
    assert fleet.readings == Readings(generated=4, accepted=2, unasked=2)


def test_a_resource_that_is_asked_for_no_longer_sends_nothing_more(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    flying = [fleet.send() for _ in range(3)]
    fleet.outbox.back(fleet.ven, flying[1], 5.0, in_doubt=False)
    fleet.ask("r2")
    fleet.flush()
    assert fleet.deliver() == ["0:11", "1:11"]
    fleet.outbox.back(fleet.ven, flying[0], 0.0, in_doubt=True)
    fleet.accept(flying[2])
    assert fleet.deliver() == ["1:10"]
    assert fleet.readings == Readings(generated=8, accepted=4, unasked=4)
    fleet.restart()
    assert fleet.readings == Readings(generated=8, accepted=4, unasked=4)


def test_a_reading_in_flight_when_its_resource_is_asked_for_no_longer_may_still_be_accepted(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    flying = fleet.send()
    fleet.ask("r2")
    fleet.accept(flying)
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=3, unasked=1)


def test_a_resource_that_is_asked_for_from_now_on_is_sent_from_then_on(fleet: Fleet) -> None:
    fleet.ask("r1")
    fleet.meter()
    fleet.flush()
    fleet.deliver()
    fleet.ask()
    fleet.meter()
    fleet.flush()
    assert fleet.deliver() == ["1:00", "1:01", "1:10", "1:11"]
    assert fleet.readings == Readings(generated=8, accepted=6, unasked=2)


def test_when_nobody_asks_any_more_what_was_accepted_stays_and_the_rest_is_unasked(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.accept(fleet.send())
    flying = fleet.send()
    fleet.outbox.take_requests(fleet.ven, [], INF)
    fleet.flush()
    assert fleet.ven.next_to_send() is None
    fleet.outbox.back(fleet.ven, flying, 0.0, in_doubt=False)
    fleet.flush()
    assert fleet.readings == Readings(generated=4, accepted=1, unasked=3)


def test_a_block_that_is_given_up_loses_only_what_was_not_delivered(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    block = next(iter(fleet.ven.blocks.values()))
    fleet.accept(fleet.send())
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "422: no")
    flying = fleet.send()
    assert fleet.outbox.evict(fleet.ven, block) == 0
    fleet.outbox.back(fleet.ven, flying, 0.0, in_doubt=False)
    assert fleet.outbox.evict(fleet.ven, block) == 2
    fleet.flush()
    said = Readings(generated=4, accepted=1, quarantined=1, evicted=2)
    assert fleet.readings == said
    assert fleet.ven.next_to_send() is None
    fleet.restart()
    assert fleet.readings == said


def test_marks_go_with_their_reports(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    fleet.deliver()
    fleet.store.drop_settled(T0 + 100, T0 + 100)
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        assert database.execute("SELECT count(*) FROM report").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM marks").fetchone() == (0,)
    assert fleet.readings == Readings(generated=8, accepted=8)


def test_marks_that_are_no_bytes_make_the_store_unreadable(fleet: Fleet) -> None:
    from ven_actors.errors import DataError

    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.store.close()
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        database.execute("UPDATE marks SET accepted = 'x'")
        database.commit()
    with pytest.raises(DataError, match="content cannot be read"):
        read_recovery(fleet.folder)


@pytest.mark.parametrize("seed", range(12))
def test_the_ledger_is_right_at_every_moment_whatever_happens(fleet: Fleet, seed: int) -> None:
    print(f"seed {seed}")
    chaos = Chaos(fleet, seed)
    fleet.ask()
    for _ in range(400):
        chaos.step()
    chaos.end()
    assert fleet.readings.queued == 0
    assert 0 < fleet.readings.accepted <= len(+chaos.stored)
    assert {name for name, count in chaos.stored.items() if count > 1} <= chaos.doubted
    accepted = fleet.readings
    fleet.restart()
    assert fleet.readings == accepted
