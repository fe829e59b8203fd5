"""`FleetActor`, the base of all actors: every way to end is told to the supervisor, once, after clean-up.

It stands on the hooks that Pykka keeps for new actor types (`_create_actor_inbox`, `_start_actor_loop`,
`_actor_loop`); `tests/actors/test_pykka_contract.py` holds what it needs of them.
"""

from __future__ import annotations

import abc
import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self, TypeVar

import pykka
from pykka.messages import _ActorStop

from ven_actors.actors.inbox import Inbox
from ven_actors.errors import FleetError
from ven_actors.messages import Down, Peer

A = TypeVar("A", bound="FleetActor")
M = TypeVar("M")

_acting = threading.local()
_REASON_CHARS = 500
_TRACEBACK_CHARS = 8_000


class Finish(NamedTuple):
    """Stop when everything that was told before has been handled."""


class Activity:
    """What an actor is doing; its own thread writes, any thread reads.

    `busy_since` is the monotonic time at which the message in hand was begun, None while waiting for one;
    `last_progress` the monotonic time at which the last one was done, None before the first.
    """

    __slots__ = ("busy_since", "last_progress")

    def __init__(self) -> None:
        self.busy_since: float | None = None
        self.last_progress: float | None = None


@contextlib.contextmanager
def resting() -> Iterator[None]:
    """Within it this thread's actor waits for its turn and is not busy: the supervisor must not see that as hanging."""
    actor: FleetActor | None = getattr(_acting, "actor", None)
    if actor is None:
        yield
        return
    actor.activity.busy_since = None
    try:
        yield
    finally:
        actor.activity.busy_since = actor.monotonic()


class FleetRef(pykka.ActorRef[A]):
    """A Pykka ref that also shows what its actor is doing, even when the actor hangs."""

    def __init__(self, actor: A) -> None:
        super().__init__(actor)
        self._activity = actor.activity

    @property
    def busy_since(self) -> float | None:
        return self._activity.busy_since

    @property
    def last_progress(self) -> float | None:
        return self._activity.last_progress

    def end(self) -> None:
        """Ask it to stop, ahead of everything that waits; never blocks, never raises."""
        self.stop(block=False)

    def finish(self) -> None:
        """Ask it to stop after everything that waits now; never blocks, never raises."""
        with contextlib.suppress(pykka.ActorDeadError):
            self.tell(Finish())

    def abort(self) -> None:
        """Break off what it hangs in (see `FleetActor.abort`)."""
        actor = self._actor_weakref()
        if actor is not None:
            actor.abort()


class FleetActor(pykka.ThreadingActor):
    """An actor with its own inbox, whose every end is one `Down` to its supervisor.

    Subclasses write `receive` as a `match`; their `__init__` only stores arguments (it runs in the thread of whoever
    starts them). Hooks: `on_start`, `on_down` (clean-up, whatever the end was), `idle`, `abort`. Pykka's `on_stop` and
    `on_failure` are not called. A test without threads builds the actor and calls `on_receive`.
    """

    use_daemon_thread = True

    def __init__(self, name: str, run: int, supervisor: Peer[Down], monotonic: Callable[[], float]) -> None:
        self.name = name
        self.run = run
        self.supervisor = supervisor
        self.monotonic = monotonic
        self.activity = Activity()
        self.undeliverable = 0
        super().__init__()
        self._actor_ref: FleetRef[Any] = FleetRef(self)

    @classmethod
    def start(cls, *args: Any, **kwargs: Any) -> FleetRef[Self]:
        """Build the actor and start its thread. No thread to be had: a dead ref, and a `Down` to the supervisor."""
        ref = super().start(*args, **kwargs)
        assert isinstance(ref, FleetRef)
        return ref

    @property
    def actor_ref(self) -> FleetRef[Self]:
        return self._actor_ref

    # --- what subclasses write -----------------------------------------------------------------------------------

    @abc.abstractmethod
    def receive(self, message: Any) -> Any:
        """Handle one message; what it returns answers an ask. Whatever it raises ends this life of the actor."""

    def on_down(self) -> None:
        """Clean up, in the actor's own thread, before the supervisor hears of the end; `send` still works."""

    def idle(self) -> None:
        """The inbox has become empty after messages were handled (and once more before a `Finish`)."""

    def abort(self) -> None:
        """Close what the actor may be hanging in. Called from another thread: must not block."""

    def send(self, peer: Peer[M], message: M) -> bool:
        """Tell `peer`; False, and counted in `undeliverable`, if it is dead."""
        try:
            peer.tell(message)
        except pykka.ActorDeadError:
            self.undeliverable += 1
            return False
        return True

    # --- the loop ------------------------------------------------------------------------------------------------

    def on_receive(self, message: Any) -> Any:
        self.activity.busy_since = self.monotonic()
        try:
            return self.receive(message)
        finally:
            self._rest()

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    def _start_actor_loop(self) -> None:
        thread = threading.Thread(target=self._actor_loop, name=f"{self.name}#{self.run}", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            # No clean-up: nothing has begun, and this is the starter's thread.
            self._end_life(_reason(error), _traceback_text(error))

    def _actor_loop(self) -> None:
        reason = trace = ""
        _acting.actor = self
        self.activity.busy_since = self.monotonic()
        try:
            self.on_start()
            self._rest()
            self._handle_until_told_to_stop()
        except BaseException as error:  # noqa: BLE001 - a SystemExit here must not end the other actors
            reason, trace = _reason(error), _traceback_text(error)
        self.activity.busy_since = self.monotonic()
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        try:
            self.on_down()
        except BaseException as error:  # noqa: BLE001 - as above
            reason = "; ".join(filter(None, (reason, f"clean-up failed: {_reason(error)}")))
            trace += _traceback_text(error)
        self._end_life(reason, trace)
        self._rest()

    def _handle_until_told_to_stop(self) -> None:
        inbox = self.actor_inbox
        while True:
            envelope = inbox.get()
            if isinstance(envelope.message, _ActorStop):
                inbox.put(envelope)
                return
            if not isinstance(envelope.message, Finish):
                self._answer(envelope)
            if inbox.empty() or isinstance(envelope.message, Finish):
                self.activity.busy_since = self.monotonic()
                self.idle()
                self._rest()
            if isinstance(envelope.message, Finish):
                return

    def _answer(self, envelope: Any) -> None:
        try:
            answer = self.on_receive(envelope.message)
        except Exception:
            if envelope.reply_to is not None:
                envelope.reply_to.set_exception()
            raise
        except BaseException as error:
            # The asker must not get a SystemExit: it would end the asker as well.
            if envelope.reply_to is not None:
                dead = pykka.ActorDeadError(f"{self.name} was ended by {_reason(error)}")
                envelope.reply_to.set_exception((pykka.ActorDeadError, dead, None))
            raise
        if envelope.reply_to is not None:
            envelope.reply_to.set(answer)

    def _rest(self) -> None:
        self.activity.last_progress = self.monotonic()
        self.activity.busy_since = None

    def _end_life(self, reason: str, trace: str) -> None:
        """Refuse what comes, answer who waits, and tell the supervisor."""
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        inbox = self.actor_inbox
        assert isinstance(inbox, Inbox)
        left = inbox.close()
        stops = [envelope for envelope in left if isinstance(envelope.message, _ActorStop)]
        dropped = [e for e in left if not isinstance(e.message, (_ActorStop, Finish))]
        for envelope in dropped:
            if envelope.reply_to is not None:
                dead = pykka.ActorDeadError(f"{self.name} ended before handling the message")
                envelope.reply_to.set_exception((pykka.ActorDeadError, dead, None))
        self.send(self.supervisor, Down(self.name, self.run, reason, trace, len(dropped)))
        for envelope in stops:
            if envelope.reply_to is not None:
                envelope.reply_to.set(None)


def _reason(error: BaseException) -> str:
    if isinstance(error, FleetError):
        return f"{type(error).__name__}: {error}"[:_REASON_CHARS]
    return "".join(traceback.format_exception_only(error)).strip()[:_REASON_CHARS]


def _traceback_text(error: BaseException) -> str:
    """The traceback as text, without local variables; of a very long one its end, which names the place.

    Empty for what was raised on purpose: that says itself what is wrong and what to do.
    """
    if isinstance(error, FleetError):
        return ""
    return "".join(traceback.format_exception(error))[-_TRACEBACK_CHARS:]
