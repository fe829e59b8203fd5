"""The desk and its dispatcher: which report goes out next, and with which columns."""

from __future__ import annotations

from pathlib import Path

from delivery_desk import INF, T0, Office, asked

# --- who goes next


def test_vens_take_turns_and_have_one_report_in_flight_each(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.meter(name, 3)
    sent = []
    for now_s in range(5):
        flights = office.go(now_s)
        sent.append([sealed.ven_name for _, sealed in flights])
        for flight, _ in flights:
            office.desk.accepted(office.land(flight), possibly_doubled=False)
            office.dispatcher.offer(flight.outbox)
    assert sent == [["a", "b"], ["c", "a"], ["b", "c"], ["a", "b"], ["c"]]
    assert office.names(9) == []


def test_a_ven_waits_for_its_own_report_even_if_senders_are_free(office: Office) -> None:
    office.meter("a", 3)
    ((flight, _),) = office.go(0)
    office.settle()
    assert office.go(1) == []
    office.desk.accepted(office.land(flight), possibly_doubled=False)
    office.dispatcher.offer(flight.outbox)
    ((_, sealed),) = office.go(2)
    assert sealed.intervals[0].start_s == T0 + 10


def test_a_report_goes_out_with_its_columns_and_what_the_vtn_holds(office: Office) -> None:
    office.meter("a", 2, asked(length_s=20))
    ((flight, sealed, blocks, known),) = office.desk.outgoing(0)
    assert sealed.name == flight.report.name
    assert [block.power_w.tolist() for block in blocks] == [[[0], [7]], [[10], [7]]]
    assert (known, flight.report.marked, sealed.in_doubt) == (0, True, False)


def test_a_sender_that_is_free_twice_gets_one_report(office: Office) -> None:
    office.dispatcher.sender_is_free("sender-0")
    for name in ("a", "b", "c"):
        office.meter(name)
    assert [flight.sender for flight, _ in office.go(0)] == ["sender-0", "sender-1"]


def test_a_verdict_counts_once(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    assert office.dispatcher.landed(flight.report_id) is flight
    assert office.dispatcher.landed(flight.report_id) is None


def test_what_a_dead_sender_had_in_hand_is_in_doubt(office: Office) -> None:
    office.meter("a")
    office.meter("b")
    first, second = (flight for flight, _ in office.go(0))
    assert office.dispatcher.lost_sender(first.sender) == [first]
    office.desk.holding.put_back(first, "its sender died", 0, in_doubt=True)
    office.dispatcher.sender_is_free(first.sender)
    office.settle()
    assert [(sealed.name, sealed.in_doubt) for _, sealed in office.go(1)] == [(first.report.name, True)]
    assert second.report_id in office.dispatcher.in_flight


def test_a_held_report_waits_and_lets_others_pass(office: Office) -> None:
    office.meter("a", 2)
    office.meter("b", 1)
    flights = {flight.outbox.name: flight for flight, _ in office.go(0)}
    office.desk.holding.put_back(office.land(flights["a"]), "not now", 100, in_doubt=False)
    office.desk.accepted(office.land(flights["b"]), possibly_doubled=False)
    office.meter("b", 1)
    office.settle()
    assert office.names(50) == ["b"]
    assert office.names(99.9) == []
    ((_, sealed),) = office.go(100)
    assert sealed.intervals[0].start_s == T0, "the order of a VEN's reports holds"


def test_a_ven_whose_held_report_is_withdrawn_does_not_wait_for_its_time(office: Office) -> None:
    outbox = office.meter("a", 1, asked("e1"), asked("e2"))
    ((flight, sealed),) = office.go(0)
    office.desk.holding.put_back(office.land(flight), "not now", 1000, in_doubt=False)
    office.settle()
    assert office.names(1) == []
    remaining = asked("e2" if sealed.event_id == "e1" else "e1")
    office.outbox.take_requests(outbox, [remaining], INF)
    office.settle()
    ((_, again),) = office.go(2)
    assert again.event_id == remaining.event_id
    assert office.go(1000) == [], "the time it was listed for first means nothing any more"


def test_many_offers_at_one_time_need_no_order_among_outboxes(office: Office) -> None:
    outbox = office.meter("a", 1, asked("e1"), asked("e2"))
    for wait_s in (50.0, 20.0, 50.0, 20.0, 50.0):
        ((flight, _),) = office.go(100)
        office.desk.holding.put_back(office.land(flight), "wait", wait_s, in_doubt=False)
        office.dispatcher.offer(outbox)
    assert office.names(100) == ["a"]


def test_a_ven_whose_reports_have_all_gone_is_passed_over(office: Office) -> None:
    outbox = office.meter("a")
    office.outbox.take_requests(outbox, [], INF)
    assert office.names(0) == []
    assert not office.dispatcher.has_work(0)


def test_a_report_that_became_due_later_than_offered_is_offered_again(office: Office) -> None:
    outbox = office.meter("a")
    outbox.queue[0].next_try_s = 10
    assert office.names(5) == []
    assert office.names(10) == ["a"]


# --- columns


def test_damaged_columns_cost_their_block_and_nothing_else(tmp_path: Path) -> None:
    office = Office(tmp_path, cached=0)
    office.meter("a", 3, asked(length_s=30))
    office.store._execute("UPDATE power SET watts = x'00000000' WHERE block_id = 2", ())
    ((_, sealed),) = office.go(0)
    assert [(cut.start_s - T0, cut.end_s - T0) for cut in sealed.intervals] == [(0, 10), (20, 30)]
    assert sealed.periods
    readings = office.accounts.status(0).readings
    assert (readings.evicted, readings.queued, readings.unaccounted) == (2, 4, 0)
    assert "checksum" in office.accounts.status(0).last_error_by_ven["a"]
    office.store.close()


def test_a_window_whose_only_columns_are_damaged_is_not_sent_and_its_sender_is_free(tmp_path: Path) -> None:
    office = Office(tmp_path, senders=1, cached=0)
    office.meter("a", 2)
    office.store._execute("DELETE FROM power WHERE block_id = 1", ())
    ((flight, sealed),) = office.go(0)
    assert (flight.sender, sealed.intervals[0].start_s) == ("sender-0", T0 + 10)
    assert office.accounts.status(0).readings.evicted == 2
    office.store.close()


def test_only_the_newest_columns_are_kept_at_hand(tmp_path: Path) -> None:
    office = Office(tmp_path, cached=1)
    outbox = office.meter("a", 2)
    office.store._execute("DELETE FROM power", ())
    first, second = outbox.queue
    assert office.columns.of(outbox, first) == ((), first.blocks)
    assert office.columns.of(outbox, second)[1] == []
    office.store.close()


def test_giving_up_nothing_says_nothing(office: Office) -> None:
    outbox = office.meter("a")
    office.go(0)
    office.desk.evict(outbox, list(outbox.blocks.values()), "no room")
    assert office.accounts.status(0).last_error_by_ven == {}
    assert office.accounts.status(0).readings.evicted == 0
