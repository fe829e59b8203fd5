"""Push of a whole fleet: the parts that all VENs share, and what each VEN gets of them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

import structlog

from ven_actors.openadr.push_side import PushSide
from ven_actors.push.callbacks import CallbackServer
from ven_actors.push.channels import Channel, VenPush, WebhookChannel

log = structlog.get_logger()

_AT_ONCE = 8
CLOSE_WITHIN_S = 5.0


class Brokers(Protocol):
    """The MQTT connections of a fleet."""

    def channel(self, ven: str, side: PushSide, /) -> Channel: ...
    def stop(self) -> None: ...


class PushDesk:
    """Hands every VEN its channels, or those alone that `only` names.

    The callback server runs from the start, before anybody subscribes.
    """

    def __init__(
        self,
        callbacks: CallbackServer | None = None,
        brokers: Brokers | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        only: Collection[str] | None = None,
    ) -> None:
        self._callbacks = callbacks
        self._brokers = brokers
        self._monotonic = monotonic
        self._only = only
        self._vens: dict[str, VenPush] = {}
        if callbacks is not None:
            callbacks.start()

    def for_ven(self, ven: str, side: PushSide | None) -> VenPush:
        """Channels for a new life of a VEN, in place of an earlier one's; none where its dialect knows no push."""
        channels: list[Channel] = []
        if self._only is not None and ven not in self._only:
            side = None
        if self._brokers is not None and side is not None:
            channels.append(self._brokers.channel(ven, side))
        if self._callbacks is not None and side is not None:
            channels.append(WebhookChannel(ven, self._callbacks, side))
        self._vens[ven] = VenPush(ven, channels, self._monotonic)
        return self._vens[ven]

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Remove the subscriptions, as many as `within_s` allows, and stop. What is left the next run puts right.

        What could not be removed is said in one line, however many VENs it concerns.
        """
        waiting: queue.SimpleQueue[VenPush] = queue.SimpleQueue()
        for push in self._vens.values():
            waiting.put(push)
        failed: dict[str, str] = {}
        count = min(_AT_ONCE, len(self._vens)) if within_s else 0
        workers = [threading.Thread(target=_close_all, args=(waiting, failed), daemon=True) for _ in range(count)]
        for worker in workers:
            worker.start()
        end_s = time.monotonic() + within_s
        for worker in workers:
            worker.join(max(0.0, end_s - time.monotonic()))
        if failed:
            ven, reason = next(iter(failed.items()))
            log.warning("push_left", vens=len(failed), ven=ven, reason=reason)
        if not waiting.empty():
            log.warning("subscriptions_left", vens=waiting.qsize())
        if self._callbacks is not None:
            self._callbacks.stop()
        if self._brokers is not None:
            self._brokers.stop()


def _close_all(waiting: queue.SimpleQueue[VenPush], failed: dict[str, str]) -> None:
    while True:
        try:
            push = waiting.get_nowait()
        except queue.Empty:
            return
        failed |= push.close()
