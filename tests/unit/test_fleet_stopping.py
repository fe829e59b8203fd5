"""How a run is told to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from ven_actors.fleet.stopping import AGAIN_AFTER_S, Stopping, stopped_by_signals
from ven_actors.testing.clock import ManualClock

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(autouse=True)
def _handlers_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_the_first_signal_is_an_orderly_stop(clock: ManualClock, number: int) -> None:
    stopping = Stopping(monotonic=clock.monotonic)
    stopping.signalled(number)
    assert (stopping.stop.is_set(), stopping.hurry.is_set()) == (True, False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_doubled_signal_does_not_cancel_the_drain_and_a_later_one_does(clock: ManualClock, number: int) -> None:
    stopping = Stopping(monotonic=clock.monotonic)
    stopping.signalled(signal.SIGTERM)
    clock.advance(AGAIN_AFTER_S - 0.01)
    stopping.signalled(number)
    assert not stopping.hurry.is_set()
    clock.advance(0.01)
    stopping.signalled(number)
    assert stopping.hurry.is_set()


def test_the_first_signal_after_the_end_of_the_duration_does_not_cancel_the_drain_that_has_begun(
    clock: ManualClock,
) -> None:
    stop = threading.Event()
    stopping = Stopping(stop, clock.monotonic)
    stop.set()
    stopping.signalled(signal.SIGINT)
    assert not stopping.hurry.is_set()


def test_a_terminal_that_closes_says_so_twice_and_hurries_nobody(clock: ManualClock) -> None:
    stopping = Stopping(monotonic=clock.monotonic)
    stopping.signalled(signal.SIGHUP)
    clock.advance(60)
    stopping.signalled(signal.SIGHUP)
    assert not stopping.hurry.is_set()


@pytest.mark.parametrize("number", ENDING)
def test_signals_are_heard_for_as_long_as_the_run_lasts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stopping = Stopping()
    with stopped_by_signals(stopping):
        handler = signal.getsignal(number)
        assert callable(handler)
        handler(number, None)
    assert stopping.stop.is_set()
    assert signal.getsignal(number) == before


def test_under_nohup_a_terminal_that_closes_stops_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stopped_by_signals(Stopping()):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_in_a_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def run() -> None:
        with stopped_by_signals(Stopping()):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
