"""What `FleetActor` needs of Pykka, and the failures of plain Pykka that it is there to close.

A new Pykka release that changes any of this fails here first.
"""

import importlib.metadata
import inspect
import threading
from typing import Any, Never

import pykka
import pytest
from pykka import _actor
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from ven_actors.actors.base import FleetActor


@pytest.fixture(autouse=True)
def nobody_left() -> Any:
    yield
    for ref in pykka.ActorRegistry.get_all():
        ref.stop(block=False)
        pykka.ActorRegistry.unregister(ref)


class Plain(pykka.ThreadingActor):
    """A plain Pykka actor that does what the message says and notes which hooks ran."""

    use_daemon_thread = True

    def __init__(self, hooks: Any) -> None:
        super().__init__()
        self.hooks = hooks

    def on_stop(self) -> None:
        self.hooks.append("on_stop")

    def on_failure(self, *_: Any) -> None:
        self.hooks.append("on_failure")

    def on_receive(self, message: Any) -> Any:
        return message()


def boom() -> Never:
    raise ZeroDivisionError


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert importlib.metadata.version("pykka").split(".")[:2] == ["4", "5"]


def test_the_hooks_for_new_actor_types_are_there() -> None:
    for hook in ("_create_actor_inbox", "_create_future", "_start_actor_loop", "_actor_loop", "on_start", "on_receive"):
        assert callable(getattr(pykka.ThreadingActor, hook))
        assert hook in vars(pykka.ThreadingActor) or hook in vars(_actor.Actor)
    assert pykka.ThreadingActor.use_daemon_thread is False


def test_starting_registers_first_and_then_calls_the_loop_hook() -> None:
    seen = []

    class Kind(Plain):
        def _start_actor_loop(self) -> None:
            seen.append(pykka.ActorRegistry.get_by_urn(self.actor_urn))

    ref = Kind.start([])
    assert seen == [ref]
    pykka.ActorRegistry.unregister(ref)
    pykka.ActorRegistry.unregister(ref)  # twice does no harm


def test_the_constructor_asks_the_hook_for_the_inbox_and_shares_it_with_the_ref() -> None:
    actor = Plain([])
    ref = pykka.ActorRef(actor)
    assert ref.actor_inbox is actor.actor_inbox
    assert ref.actor_stopped is actor.actor_stopped
    assert ref._actor_weakref() is actor
    assert isinstance(vars(_actor.Actor)["actor_ref"], property)
    assert "_actor_ref" in vars(actor)


def test_an_envelope_has_a_message_that_may_be_replaced_and_a_future_or_none() -> None:
    envelope = Envelope("one")
    envelope.message = "two"
    assert (envelope.message, envelope.reply_to) == ("two", None)


def test_tell_and_ask_put_envelopes_and_stop_asks_a_stop_message() -> None:
    actor = Plain([])
    ref = pykka.ActorRef(actor)
    ref.tell("told")
    future = ref.ask("asked", block=False)
    ref.stop(block=False)
    told, asked, stop = (actor.actor_inbox.get() for _ in range(3))
    assert (told.message, told.reply_to) == ("told", None)
    assert (asked.message, asked.reply_to) == ("asked", future)
    assert isinstance(stop.message, _ActorStop)


def test_a_dead_actor_raises_on_tell_answers_an_ask_and_ignores_a_stop() -> None:
    actor = Plain([])
    actor.actor_stopped.set()
    ref = pykka.ActorRef(actor)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("x")
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("x", block=False).get(timeout=0)
    assert ref.stop(block=True, timeout=0) is False


def test_a_future_takes_an_exception_and_a_future_as_its_value() -> None:
    future, inner = pykka.ThreadingFuture(), pykka.ThreadingFuture()
    future.set(inner)
    assert future.get(timeout=0) is inner
    inner.set_exception((ValueError, ValueError("no"), None))
    with pytest.raises(ValueError, match="no"):
        inner.get(timeout=0)
    with pytest.raises(pykka.Timeout):
        pykka.ThreadingFuture().get(timeout=0)


def test_the_base_overrides_the_whole_loop_and_calls_no_private_step_of_pykkas() -> None:
    source = inspect.getsource(inspect.getmodule(FleetActor))
    for step in ("_actor_loop_running", "_handle_receive", "_handle_failure", "_actor_loop_teardown", "self._stop("):
        assert step not in source


# --- the middle column of the table in the design: if one of these no longer fails, the base has less to do ---------


def test_plain_an_asked_exception_leaves_the_actor_alive() -> None:
    hooks = []
    ref = Plain.start(hooks)
    with pytest.raises(ZeroDivisionError):
        ref.ask(boom, timeout=10)
    assert ref.ask(lambda: "alive", timeout=10) == "alive"
    assert hooks == []


def test_plain_an_exception_in_on_start_runs_no_other_hook() -> None:
    class Kind(Plain):
        def on_start(self) -> None:
            boom()

    hooks = []
    ref = Kind.start(hooks)
    assert ref.actor_stopped.wait(10)
    assert hooks == []


def test_plain_a_system_exit_stops_every_actor() -> None:
    other = Plain.start([])
    ref = Plain.start([])

    def leave() -> Never:
        raise SystemExit

    ref.tell(leave)
    assert other.actor_stopped.wait(10)


def test_plain_an_actor_without_a_thread_stays_registered_and_claims_to_be_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_thread(_: Any) -> Never:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(RuntimeError):
        Plain.start([])
    (ghost,) = pykka.ActorRegistry.get_by_class(Plain)
    assert ghost.is_alive()


def test_plain_a_stop_waits_behind_the_queue() -> None:
    handled = []
    begun, go = threading.Event(), threading.Event()
    ref = Plain.start([])
    ref.tell(lambda: (begun.set(), go.wait(10)))
    begun.wait(10)
    ref.tell(lambda: handled.append(1))
    stopped = ref.stop(block=False)
    go.set()
    assert stopped.get(timeout=10)
    assert handled == [1]
