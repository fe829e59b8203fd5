"""`FleetActor` in its orderly life: by hand without a thread, and started."""

import gc
import threading
import weakref
from typing import Any

import pykka
import pytest

from ven_actors.actors.base import FleetActor, resting
from ven_actors.messages import Down, Pulse
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

STILL = ManualClock()


class Recorder(FleetActor):
    """Does what a callable message says; records everything else."""

    def __init__(self, supervisor: Probe, monotonic: Any = STILL.monotonic, run: Any = 1) -> None:
        super().__init__("recorder", run, supervisor, monotonic)
        self.handled = []
        self.idles = []
        self.aborted = False

    def receive(self, message: Any) -> Any:
        if callable(message):
            return message()
        self.handled.append(message)
        return message

    def idle(self) -> None:
        self.idles.append(tuple(self.handled))

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
def supervisor() -> Any:
    return Probe("supervisor")


def held(ref: Any) -> Any:
    """Hold the actor in one message; returns what lets it go on."""
    begun, go = threading.Event(), threading.Event()
    ref.tell(lambda: (begun.set(), go.wait(10)))
    assert begun.wait(10)
    return go


def test_building_an_actor_starts_and_registers_nothing(supervisor: Probe) -> None:
    threads = threading.active_count()
    actor = Recorder(supervisor)
    assert threading.active_count() == threads
    assert pykka.ActorRegistry.get_by_urn(actor.actor_urn) is None
    assert actor.handled == []
    assert supervisor.messages == ()


def test_without_a_thread_a_message_is_handled_by_on_receive(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    assert actor.on_receive("hello") == "hello"
    assert actor.handled == ["hello"]


def test_its_thread_is_a_daemon_and_carries_name_and_run(supervisor: Probe) -> None:
    ref = Recorder.start(supervisor, run=7)
    thread = ref.ask(threading.current_thread, timeout=10)
    ref.stop(timeout=10)
    assert thread.daemon
    assert thread.name == "recorder#7"


def test_an_orderly_stop_is_a_down_without_a_reason(supervisor: Probe) -> None:
    ref = Recorder.start(supervisor, run=3)
    assert ref.stop(timeout=10)
    assert supervisor.messages == (Down("recorder", 3, "", "", 0),)
    assert not ref.is_alive()
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is None


def test_a_stop_overtakes_and_what_was_dropped_is_counted_and_answered(supervisor: Probe) -> None:
    ref = Recorder.start(supervisor)
    go = held(ref)
    ref.tell("one")
    future = ref.ask("two", block=False)
    ref.end()
    again = ref.stop(block=False)
    go.set()
    assert supervisor.expect(Down).dropped == 2
    with pytest.raises(pykka.ActorDeadError, match="before handling"):
        future.get(timeout=10)
    assert again.get(timeout=10)


def test_a_finish_waits_for_what_was_told_before_and_drops_what_comes_after(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    pykka.ActorRegistry.register(actor.actor_ref)
    actor._start_actor_loop()
    ref = actor.actor_ref
    go = held(ref)
    ref.tell("before")
    ref.finish()
    ref.tell("after")
    go.set()
    assert supervisor.expect(Down) == Down("recorder", 1, "", "", 1)
    assert actor.handled == ["before"]
    assert actor.idles[-1] == ("before",)


def test_ending_a_dead_actor_again_does_nothing(supervisor: Probe) -> None:
    ref = Recorder.start(supervisor)
    ref.stop(timeout=10)
    ref.end()
    ref.finish()
    ref.abort()
    assert len(supervisor.messages) == 1


def test_idle_is_called_when_the_inbox_has_become_empty_and_not_before_the_first_message(supervisor: Probe) -> None:
    idle = threading.Event()

    class Flusher(Recorder):
        def idle(self) -> None:
            super().idle()
            probe.tell(self.idles[-1])
            idle.set()

    probe = Probe()
    ref = Flusher.start(supervisor)
    go = held(ref)
    for message in ("a", "b", "c"):
        ref.tell(message)
    go.set()
    assert idle.wait(10)
    ref.stop(timeout=10)
    assert probe.messages == (("a", "b", "c"),)


def test_busy_since_is_readable_from_outside(supervisor: Probe) -> None:
    clock = ManualClock(mono_s=50.0)
    ref = Recorder.start(supervisor, clock.monotonic)
    go = held(ref)
    clock.advance(5)
    assert ref.busy_since == 50.0
    go.set()
    ref.stop(timeout=10)
    assert ref.busy_since is None
    assert ref.last_progress == 55.0


def test_a_hang_in_idle_and_in_clean_up_is_seen_as_busy_too(supervisor: Probe) -> None:
    seen = []

    class Kind(Recorder):
        def on_start(self) -> None:
            seen.append(self.activity.busy_since)

        def idle(self) -> None:
            seen.append(self.activity.busy_since)

        def on_down(self) -> None:
            seen.append(self.activity.busy_since)

    clock = ManualClock(mono_s=50.0)
    ref = Kind.start(supervisor, clock.monotonic)
    ref.ask("x", timeout=10)
    ref.stop(timeout=10)
    assert seen == [50.0, 50.0, 50.0]


def test_busy_since_is_none_while_waiting(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    assert actor.activity.busy_since is None
    assert actor.on_receive(lambda: actor.activity.busy_since) is not None
    assert actor.activity.busy_since is None


def test_abort_reaches_the_actor_from_another_thread(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    actor.actor_ref.abort()
    assert actor.aborted


def test_the_other_hooks_do_nothing_by_default(supervisor: Probe) -> None:
    class Bare(FleetActor):
        def receive(self, message: Any) -> Any:
            return message

    ref = Bare.start("bare", 1, supervisor, ManualClock().monotonic)
    ref.abort()
    assert ref.ask(1, timeout=10) == 1
    ref.stop(timeout=10)
    assert supervisor.messages == (Down("bare", 1, "", "", 0),)


def test_sending_to_the_dead_is_counted_and_raises_nothing(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    dead, living = Probe(), Probe()
    dead.die()
    assert actor.send(living, "x")
    assert not actor.send(dead, "x")
    assert living.messages == ("x",)
    assert actor.undeliverable == 1


def test_a_dead_supervisor_hinders_nobody_from_ending(supervisor: Probe) -> None:
    supervisor.die()
    ref = Recorder.start(supervisor)
    assert ref.stop(timeout=10)


def test_pulses_that_wait_for_a_busy_actor_coalesce(supervisor: Probe) -> None:
    actor = Recorder(supervisor)
    pykka.ActorRegistry.register(actor.actor_ref)
    actor._start_actor_loop()
    go = held(actor.actor_ref)
    for second in range(5):
        actor.actor_ref.tell(Pulse(second, second))
    actor.actor_ref.finish()
    go.set()
    supervisor.expect(Down)
    assert actor.handled == [Pulse(4, 4)]


def test_a_restart_leaves_neither_thread_nor_memory_behind(supervisor: Probe) -> None:
    threads = threading.active_count()
    gone = []
    for run in range(20):
        ref = Recorder.start(supervisor, run=run)
        gone.append(weakref.ref(ref._actor_weakref()))
        thread = ref.ask(threading.current_thread, timeout=10)
        ref.end()
        thread.join(10)
        assert not thread.is_alive()
    gc.collect()
    assert threading.active_count() == threads
    assert [actor for actor in gone if actor() is not None] == []
    assert pykka.ActorRegistry.get_by_class(Recorder) == []


def test_an_actor_that_waits_for_its_turn_is_not_busy() -> None:
    clock, waits, goes = ManualClock(), threading.Event(), threading.Event()
    busy: list[float | None] = []

    def work() -> None:
        with resting():
            waits.set()
            goes.wait(5)
        busy.append(ref.busy_since)

    ref = Recorder.start(Probe(), clock.monotonic)
    ref.tell(work)
    assert waits.wait(5)
    assert ref.busy_since is None
    clock.advance(100)
    goes.set()
    ref.stop(timeout=5)
    assert busy == [clock.mono_s]


def test_a_thread_that_is_not_an_actor_may_rest_as_well() -> None:
    with resting():
        pass
