"""Every way in which an actor can fail, on started actors: it ends alone, and its supervisor hears of it once."""

import threading
from typing import Any, Never

import pykka
import pytest

from ven_actors.actors.base import FleetActor
from ven_actors.errors import StateError
from ven_actors.messages import Down
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe


class Fragile(FleetActor):
    """Does what a callable message says."""

    def __init__(
        self, supervisor: Probe, on_start: Any = lambda: None, on_down: Any = lambda: None, name: Any = "fragile"
    ) -> None:
        super().__init__(name, 1, supervisor, ManualClock().monotonic)
        self.do_on_start = on_start
        self.do_on_down = on_down

    def on_start(self) -> None:
        self.do_on_start()

    def on_down(self) -> None:
        self.do_on_down()

    def receive(self, message: Any) -> Any:
        return message()


@pytest.fixture
def supervisor() -> Any:
    return Probe("supervisor")


def boom(error: Any = None) -> Any:
    def raises() -> Never:
        token = "hunter2"  # a local variable that no traceback may show
        assert token
        raise error or ZeroDivisionError("by nothing")

    return raises


def test_an_exception_in_a_told_message_is_one_down_with_reason_and_traceback(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor)
    ref.tell(boom())
    down = supervisor.expect(Down)
    assert (down.name, down.run, down.reason, down.dropped) == ("fragile", 1, "ZeroDivisionError: by nothing", 0)
    assert "in raises" in down.traceback
    assert "raise error or" in down.traceback
    assert not ref.is_alive()
    assert ref.stop(timeout=10) is False
    assert supervisor.of(Down) == [down]


def test_an_error_raised_on_purpose_needs_no_traceback(supervisor: Probe) -> None:
    Fragile.start(supervisor).tell(boom(StateError("store.db: the disk is full; make room")))
    down = supervisor.expect(Down)
    assert (down.reason, down.traceback) == ("StateError: store.db: the disk is full; make room", "")


def test_a_traceback_shows_no_local_variables(supervisor: Probe) -> None:
    Fragile.start(supervisor).tell(boom())
    assert "= 'hunter2'" not in supervisor.expect(Down).traceback


def test_a_very_long_reason_and_traceback_are_cut(supervisor: Probe) -> None:
    Fragile.start(supervisor).tell(boom(ValueError("x" * 100_000)))
    down = supervisor.expect(Down)
    assert len(down.reason) == 500
    assert len(down.traceback) == 8_000


def test_an_error_that_cannot_be_printed_is_still_a_down(supervisor: Probe) -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    Fragile.start(supervisor).tell(boom(UnprintableError()))
    assert "UnprintableError" in supervisor.expect(Down).reason


def test_an_exception_in_an_asked_message_is_returned_and_the_actor_goes_down(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor)
    with pytest.raises(ZeroDivisionError, match="by nothing"):
        ref.ask(boom(), timeout=10)
    assert supervisor.expect(Down).reason == "ZeroDivisionError: by nothing"
    assert not ref.is_alive()


def test_an_exception_in_on_start_is_a_down(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor, on_start=boom())
    assert supervisor.expect(Down).reason == "ZeroDivisionError: by nothing"
    assert not ref.is_alive()
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is None


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_system_exit_ends_this_actor_alone(supervisor: Probe, error: Any) -> None:
    other = Fragile.start(Probe(), name="other")
    Fragile.start(supervisor).tell(boom(error))
    assert supervisor.expect(Down).reason.startswith(type(error).__name__)
    assert other.ask(lambda: "alive", timeout=10) == "alive"
    other.stop(timeout=10)


def test_who_asks_for_a_system_exit_is_not_ended_by_it(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor)
    with pytest.raises(pykka.ActorDeadError, match="SystemExit"):
        ref.ask(boom(SystemExit(3)), timeout=10)
    assert supervisor.expect(Down).reason == "SystemExit: 3"


def test_a_thread_that_cannot_start_is_a_down_and_leaves_no_ghost(
    supervisor: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: Any) -> Never:
        raise RuntimeError("can't start new thread")

    cleaned_up = []
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    ref = Fragile.start(supervisor, on_down=lambda: cleaned_up.append(1))
    assert supervisor.last == Down("fragile", 1, "RuntimeError: can't start new thread", supervisor.last.traceback, 0)
    assert not ref.is_alive()
    assert pykka.ActorRegistry.get_by_urn(ref.actor_urn) is None
    assert cleaned_up == []
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")


def test_what_waited_in_a_crashed_actor_is_counted_and_its_askers_are_answered(supervisor: Probe) -> None:
    begun, go = threading.Event(), threading.Event()
    ref = Fragile.start(supervisor)
    ref.tell(lambda: (begun.set(), go.wait(10)))
    assert begun.wait(10)
    ref.tell(boom())
    ref.tell(boom())
    future = ref.ask(boom(), block=False)
    go.set()
    assert supervisor.expect(Down).dropped == 2
    with pytest.raises(pykka.ActorDeadError, match="ended before handling"):
        future.get(timeout=10)


def test_the_supervisor_hears_of_it_after_the_clean_up(supervisor: Probe) -> None:
    order = []
    cleaning, go = threading.Event(), threading.Event()

    def clean_up() -> None:
        cleaning.set()
        go.wait(10)
        order.append("cleaned up")

    class Listener(Probe):
        def tell(self, message: Any, /) -> None:
            order.append("down")
            super().tell(message)

    listener = Listener()
    ref = Fragile.start(listener, on_down=clean_up)
    ref.tell(boom())
    assert cleaning.wait(10)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("nobody handles this any more")
    go.set()
    listener.expect(Down)
    assert order == ["cleaned up", "down"]


def test_a_clean_up_that_fails_is_part_of_the_reason(supervisor: Probe) -> None:
    Fragile.start(supervisor, on_down=boom(OSError("disk full"))).tell(boom())
    down = supervisor.expect(Down)
    assert down.reason == "ZeroDivisionError: by nothing; clean-up failed: OSError: disk full"
    assert "ZeroDivisionError" in down.traceback
    assert "disk full" in down.traceback


def test_a_clean_up_that_fails_makes_an_orderly_stop_a_failure(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor, on_down=boom(SystemExit(1)))
    assert ref.stop(timeout=10)
    assert supervisor.last.reason == "clean-up failed: SystemExit: 1"


def test_an_exception_in_idle_is_a_down(supervisor: Probe) -> None:
    class Kind(Fragile):
        def idle(self) -> Never:
            raise ZeroDivisionError("by nothing")

    Kind.start(supervisor).tell(lambda: None)
    assert supervisor.expect(Down).reason == "ZeroDivisionError: by nothing"


def test_a_proxy_call_is_refused_like_any_unknown_message(supervisor: Probe) -> None:
    ref = Fragile.start(supervisor)
    with pytest.raises(TypeError):
        ref.proxy().on_down().get(timeout=10)
    assert supervisor.expect(Down).reason.startswith("TypeError")
