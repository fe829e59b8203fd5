"""The inbox of every actor: a deque and a condition, where stop overtakes and ticks coalesce."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop


class Inbox:
    """One actor's waiting messages; any thread puts, only the actor's own thread gets.

    - Putting never blocks: there is no bound, flow control is by credit.
    - A stop goes to the front.
    - A told message whose type has `merged_with(newer)` melts into one of its type that still waits, in that one's
      place in the queue.
    - After `close` a tell raises `pykka.ActorDeadError`, and an ask is answered with it.
    """

    __slots__ = ("_closed", "_envelopes", "_ready", "_waiting")

    def __init__(self) -> None:
        self._envelopes: deque[Envelope[Any]] = deque()
        self._waiting: dict[type, Envelope[Any]] = {}
        self._ready = threading.Condition(threading.Lock())
        self._closed = False

    def put(self, envelope: Envelope[Any], /) -> None:
        with self._ready:
            if not self._closed:
                if isinstance(envelope.message, _ActorStop):
                    self._envelopes.appendleft(envelope)
                elif not self._melted(envelope):
                    self._envelopes.append(envelope)
                self._ready.notify()
                return
        dead = pykka.ActorDeadError("the actor ended before the message reached it")
        if envelope.reply_to is None:
            raise dead
        envelope.reply_to.set_exception((pykka.ActorDeadError, dead, None))

    def get(self) -> Envelope[Any]:
        """Wait for the next message and take it."""
        with self._ready:
            while not self._envelopes:
                self._ready.wait()
            envelope = self._envelopes.popleft()
            if self._waiting.get(type(envelope.message)) is envelope:
                del self._waiting[type(envelope.message)]
            return envelope

    def empty(self) -> bool:
        return not self._envelopes

    def close(self) -> tuple[Envelope[Any], ...]:
        """Take nothing more from anybody; return what was left."""
        with self._ready:
            self._closed = True
            left = tuple(self._envelopes)
            self._envelopes.clear()
            self._waiting.clear()
            return left

    def _melted(self, envelope: Envelope[Any]) -> bool:
        """Merge a coalescing message into the waiting one of its type; False: it needs its own place."""
        kind = type(envelope.message)
        if envelope.reply_to is not None or not hasattr(kind, "merged_with"):
            return False
        waiting = self._waiting.get(kind)
        if waiting is None:
            self._waiting[kind] = envelope
            return False
        waiting.message = waiting.message.merged_with(envelope.message)
        return True
