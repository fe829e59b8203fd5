"""The inbox: stop overtakes, ticks coalesce, putting never blocks and never loses silently."""

import threading
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from ven_actors.actors.inbox import Inbox
from ven_actors.messages import Advance, Drain, Hint, Pulse, Tick


def taken(inbox: Inbox) -> list[object]:
    messages = []
    while not inbox.empty():
        messages.append(inbox.get().message)
    return messages


def put(inbox: Inbox, *messages: object) -> None:
    for message in messages:
        inbox.put(Envelope(message))


def test_messages_come_out_in_the_order_they_went_in() -> None:
    inbox = Inbox()
    put(inbox, "a", "b", "c")
    assert taken(inbox) == ["a", "b", "c"]


def test_a_stop_overtakes_what_waits() -> None:
    inbox = Inbox()
    stop = _ActorStop()
    put(inbox, "a", "b", stop)
    assert taken(inbox) == [stop, "a", "b"]


def test_waiting_ticks_become_one_with_the_latest_time_and_all_jobs() -> None:
    inbox = Inbox()
    put(inbox, Tick(10, 1, frozenset({"metering"})), Drain(5), Tick(25, 2, frozenset({"polling"})))
    assert taken(inbox) == [Tick(25, 2, frozenset({"metering", "polling"})), Drain(5)]


@pytest.mark.parametrize("kind", [Pulse, Advance])
def test_of_waiting_pulses_the_latest_wins(kind: Any) -> None:
    inbox = Inbox()
    put(inbox, kind(1, 1), kind(2, 2), kind(3, 3))
    assert taken(inbox) == [kind(3, 3)]


def test_a_tick_does_not_melt_into_one_that_is_already_taken() -> None:
    inbox = Inbox()
    put(inbox, Tick(10, 1, frozenset({"metering"})))
    first = inbox.get().message
    put(inbox, Tick(25, 2, frozenset({"polling"})))
    assert first == Tick(10, 1, frozenset({"metering"}))
    assert taken(inbox) == [Tick(25, 2, frozenset({"polling"}))]


def test_an_asked_message_never_melts_because_somebody_waits_for_its_answer() -> None:
    inbox = Inbox()
    put(inbox, Pulse(1, 1))
    inbox.put(Envelope(Pulse(2, 2), reply_to=pykka.ThreadingFuture()))
    assert taken(inbox) == [Pulse(1, 1), Pulse(2, 2)]


def test_getting_waits_for_somebody_to_put() -> None:
    inbox = Inbox()
    got = []
    thread = threading.Thread(target=lambda: got.append(inbox.get().message), daemon=True)
    thread.start()
    put(inbox, "late")
    thread.join(10)
    assert got == ["late"]


def test_closing_returns_what_was_left() -> None:
    inbox = Inbox()
    put(inbox, "a", Pulse(1, 1))
    assert [envelope.message for envelope in inbox.close()] == ["a", Pulse(1, 1)]
    assert inbox.empty()


def test_after_closing_a_tell_raises_and_an_ask_is_answered_with_the_same() -> None:
    inbox = Inbox()
    inbox.close()
    with pytest.raises(pykka.ActorDeadError, match="ended before"):
        put(inbox, "too late")
    future = pykka.ThreadingFuture()
    inbox.put(Envelope("too late", reply_to=future))
    with pytest.raises(pykka.ActorDeadError, match="ended before"):
        future.get(timeout=0)


def test_many_threads_put_and_nothing_is_lost() -> None:
    inbox = Inbox()
    threads = [
        threading.Thread(target=lambda mine=mine: put(inbox, *[(mine, n) for n in range(500)])) for mine in range(4)
    ]
    for thread in threads:
        thread.start()
    got = [inbox.get().message for _ in range(2_000)]
    for thread in threads:
        thread.join(10)
    assert sorted(got) == [(mine, n) for mine in range(4) for n in range(500)]
    assert [n for mine, n in got if mine == 1] == list(range(500))


def test_of_waiting_hints_one_is_left() -> None:
    inbox = Inbox()
    put(inbox, Hint(), Tick(10, 1, frozenset({"polling"})), Hint(), Hint())
    assert taken(inbox) == [Hint(), Tick(10, 1, frozenset({"polling"}))]
