"""The public doubles: what users' own tests may rely on."""

import threading

import pykka
import pytest

from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import ChildProbe, Probe


def test_a_probe_records_what_it_is_told_in_order() -> None:
    probe = Probe()
    probe.tell(1)
    probe.tell("two")
    probe.tell(3)
    assert probe.messages == (1, "two", 3)
    assert probe.of(int) == [1, 3]
    assert probe.last == 3


def test_a_probe_that_was_told_nothing_has_no_last() -> None:
    with pytest.raises(AssertionError, match="clock was told nothing"):
        _ = Probe("clock").last


def test_a_dead_probe_behaves_like_the_ref_of_a_dead_actor() -> None:
    probe = Probe("gone")
    probe.die()
    with pytest.raises(pykka.ActorDeadError, match="gone not found"):
        probe.tell(1)
    assert probe.messages == ()


def test_expect_waits_for_another_thread() -> None:
    probe = Probe()
    threading.Thread(target=lambda: probe.tell("there"), daemon=True).start()
    assert probe.expect(str) == "there"


def test_expect_gives_each_message_of_a_type_once() -> None:
    probe = Probe()
    for message in (1, "a", 2):
        probe.tell(message)
    assert [probe.expect(int), probe.expect(int), probe.expect(str)] == [1, 2, "a"]
    with pytest.raises(AssertionError, match="no such int"):
        probe.expect(int, timeout_s=0)


def test_expect_skips_what_is_not_meant() -> None:
    probe = Probe()
    for message in (1, 2, 3):
        probe.tell(message)
    assert probe.expect(int, where=lambda n: n > 1) == 2


def test_a_cleared_probe_starts_anew() -> None:
    probe = Probe()
    probe.tell(1)
    probe.expect(int)
    probe.clear()
    probe.tell(2)
    assert probe.messages == (2,)
    assert probe.expect(int) == 2


def test_a_child_probe_shows_what_its_supervisor_did() -> None:
    child = ChildProbe()
    assert (child.ended, child.finished, child.aborted) == (False, False, False)
    child.end()
    child.finish()
    child.abort()
    assert (child.ended, child.finished, child.aborted) == (True, True, True)
    child.answer.set("bye")
    assert child.ask("last words?", block=False).get(timeout=0) == "bye"
    assert child.last == "last words?"


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(wall_s=100.0, mono_s=7.0)
    assert (clock.wall(), clock.monotonic()) == (100.0, 7.0)
    clock.advance(2.5)
    assert (clock.wall(), clock.monotonic()) == (102.5, 9.5)


def test_a_manual_clock_can_have_its_wall_set_back_but_not_its_monotonic_time() -> None:
    clock = ManualClock(wall_s=100.0, mono_s=7.0)
    clock.set_wall(50.0)
    assert (clock.wall(), clock.monotonic()) == (50.0, 7.0)
    with pytest.raises(ValueError, match="not back"):
        clock.advance(-1)
