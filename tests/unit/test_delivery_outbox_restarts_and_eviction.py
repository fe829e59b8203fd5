"""The outbox: blocks that are given up, and what stays true over a restart."""

from __future__ import annotations

import numpy as np
from delivery_outbox import INF, STEP_S, T0, TWO, Fleet, asked, brief

from ven_actors.delivery.entries import ReportState
from ven_actors.model import Block, Readings

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
