"""The ways by which one VEN hears of changes, and what keeps them up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Protocol

import pykka
import structlog

from ven_actors.errors import VtnError
from ven_actors.messages import Hint, Peer
from ven_actors.openadr.push_side import PushSide
from ven_actors.openadr.salvage import said
from ven_actors.openadr.subscriptions import Callback
from ven_actors.push.callbacks import CallbackServer

log = structlog.get_logger()

LOOK_AGAIN_S = 600.0


def hinting(peer: Peer[Hint]) -> Callable[[], None]:
    """What tells `peer` a hint; one whose actor is dead is lost, as its successor reads everything anyway."""

    def tell() -> None:
        with contextlib.suppress(pykka.ActorDeadError):
            peer.tell(Hint())

    return tell


class Channel(Protocol):
    """One way to hear of changes. Its VEN's thread alone calls `keep`."""

    name: str

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...], mono_s: float, /) -> None:
        """Arrange what is missing; nothing to do is the usual case. Raises `VtnError`."""

    def healthy(self) -> bool: ...

    def close(self) -> None:
        """Undo at the VTN what `keep` did. Raises `VtnError`."""


class VenPush:
    """All channels of one VEN: trouble with one is said once, tried again later, and never disturbs the VEN."""

    def __init__(self, ven: str, channels: Sequence[Channel], monotonic: Callable[[], float]) -> None:
        self._ven = ven
        self._channels = tuple(channels)
        self._monotonic = monotonic
        self._not_before_s: dict[str, float] = {}

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...]) -> None:
        for channel in self._channels:
            mono_s = self._monotonic()
            if mono_s < self._not_before_s.get(channel.name, mono_s):
                continue
            try:
                channel.keep(peer, ven_id, program_ids, mono_s)
            except VtnError as error:
                if channel.name not in self._not_before_s:
                    log.warning("push_trouble", ven=self._ven, channel=channel.name, reason=str(error))
                self._not_before_s[channel.name] = mono_s + LOOK_AGAIN_S
            else:
                if self._not_before_s.pop(channel.name, None) is not None:
                    log.info("push_back", ven=self._ven, channel=channel.name)

    def healthy(self) -> bool:
        return any(channel.healthy() for channel in self._channels)

    def close(self) -> dict[str, str]:
        """Undo what was arranged at the VTN, as far as possible; returns what failed, by VEN."""
        left = {}
        for channel in self._channels:
            try:
                channel.close()
            except VtnError as error:
                left[self._ven] = f"{channel.name}: {error}"
        return left


class WebhookChannel:
    """Subscriptions that call our server: one for all programs, or one for each where the VTN wants that."""

    name = "webhook"

    def __init__(self, ven: str, server: CallbackServer, side: PushSide) -> None:
        self._ven = ven
        self._server = server
        self._side = side
        self._wanted: tuple[str | None, ...] = ()
        self._ven_id = ""
        self._callbacks: dict[str | None, Callback] = {}
        self._ids: frozenset[str] = frozenset()
        self._odd: tuple[str, ...] = ()
        self._looked_s = float("-inf")
        self._closed = False

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...], mono_s: float) -> None:
        wanted: tuple[str | None, ...] = program_ids if self._side.subscriptions_name_program else (None,)
        is_as_before = wanted == self._wanted and ven_id == self._ven_id  # a VTN that lost the ven lost more
        if self._closed or (is_as_before and mono_s < self._looked_s + LOOK_AGAIN_S):
            return
        for each in set(wanted) - self._callbacks.keys():
            self._callbacks[each] = self._server.open(self._ven, each, hinting(peer))
        subscriber = self._side.subscriber
        before = self._ids
        self._ids = subscriber.keep({each: self._callbacks[each] for each in wanted}, before)
        self._wanted, self._ven_id, self._looked_s = wanted, ven_id, mono_s
        if self._ids - before:
            hinting(peer)()  # changes between the last reading and the new subscription were not announced
        if subscriber.odd and subscriber.odd != self._odd:
            notice = f"parts of our own subscriptions cannot be read and are left out: {said(subscriber.odd)}"
            log.warning("vtn_notice", ven=self._ven, notice=notice)
        self._odd = subscriber.odd

    def healthy(self) -> bool:
        """Only what has called is known to call."""
        return bool(self._ids) and all(self._server.has_called(self._ven, each) for each in self._wanted)

    def close(self) -> None:
        self._closed = True
        for subscription_id in self._ids:
            self._side.subscriber.remove(subscription_id)
        self._ids = frozenset()
