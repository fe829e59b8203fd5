"""Which subscriptions a change is for, and what each of them is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from ven_actors.vtn.facts import Change, Kind, Privacy, Query, Role, Stored, StoredReport, Viewer
from ven_actors.vtn.push.announcer import Message
from ven_actors.vtn.push.lanes import Lanes, Notice
from ven_actors.vtn.push.sight import Seen, as_seen
from ven_actors.vtn.rules import EVERYTHING, Rules, shown_with
from ven_actors.vtn.v301.notifications import notification_301
from ven_actors.vtn.v301.targets import Json, matches, value_text
from ven_actors.vtn.v310.notifications import notification_310

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription, ready to be held against changes.

    `entries` are its objectOperations. `maps` are its targets where it came through OpenADR 3.0.1 and is told in
    that version's words, None where it is one of 3.1.0.
    """

    id: str
    viewer: Viewer
    program_id: str | None
    targets: frozenset[str]
    maps: tuple[Json, ...] | None
    entries: tuple[Json, ...]


class Subscribers:
    """Runs in the store's thread, but for its making, which has to come before that thread."""

    def __init__(self, rules: Rules, role_of: Callable[[str], Role | None], lanes: Lanes) -> None:
        self._rules = rules
        self._role_of = role_of
        self._lanes = lanes
        self._known = self._load()

    def forget(self) -> None:
        self._known = self._load()

    def messages(self, change: Change) -> Iterable[Message]:
        yield from self._learnt(change)
        granted: dict[str, frozenset[str]] = {}
        for subscription in self._known.values():
            for notice in self._notices(subscription, change, granted):
                yield partial(self._lanes.put, notice)

    def _learnt(self, change: Change) -> Iterator[Message]:
        """What waits for a subscription that was changed or deleted is not sent; for one drawn along it still is."""
        for stored in (change.before, change.after):
            if isinstance(stored, Stored) and stored.draft.kind is Kind.SUBSCRIPTION:
                self._known.pop(stored.id, None)
                subscription = None if stored is change.before else self._subscription(stored)
                if subscription is not None:
                    self._known[stored.id] = subscription
                if stored is change.before and not change.drawn_along:
                    yield partial(self._lanes.forget, stored.id)

    def _notices(
        self, subscription: Subscription, change: Change, granted: dict[str, frozenset[str]]
    ) -> Iterator[Notice]:
        thing = change.after or change.before
        assert thing is not None
        if thing.id == subscription.id or not _is_of_program(change, thing, subscription):
            return
        kind = object_type(thing)
        entries = [entry for entry in subscription.entries if kind in entry["objects"]]
        if not entries:
            return
        viewer = subscription.viewer
        if viewer.client_id not in granted:
            given = frozenset[str]() if viewer.sees_all_targets else self._rules.objects.granted(viewer.client_id)
            granted[viewer.client_id] = given
        seen = as_seen(change, viewer, granted[viewer.client_id])
        if seen is None:
            return
        entries = [entry for entry in entries if seen.operation in entry["operations"]]
        body = self._body(subscription, seen, granted[viewer.client_id]) if entries else None
        if body is not None:
            targets = {entry["callbackUrl"]: entry.get("bearerToken") for entry in entries}
            for url, token in targets.items():
                yield Notice(subscription.id, url, token, body)

    def _body(self, subscription: Subscription, seen: Seen, granted: frozenset[str]) -> bytes | None:
        """None where the subscription's targets leave it out; reports have no targets that could."""
        if subscription.maps is not None:
            told = notification_301(seen.operation, seen.thing, self._rules, subscription.viewer)
            wanted = () if isinstance(seen.thing, StoredReport) else subscription.maps
            if not all(matches(told["targets"], each["type"], map(value_text, each["values"])) for each in wanted):
                return None
            return msgspec.json.encode(told)
        if isinstance(seen.thing, StoredReport):
            return notification_310(seen.operation, seen.thing)
        if not _within(subscription, seen.thing, granted):
            return None
        sees_all = subscription.viewer.sees_all_targets
        shown = shown_with(seen.thing, frozenset(seen.thing.draft.targets or ()) if sees_all else granted)
        return notification_310(seen.operation, shown)

    def _load(self) -> dict[str, Subscription]:
        found = self._rules.find(EVERYTHING, Kind.SUBSCRIPTION, Query(limit=_ALL))
        made = (self._subscription(shown.stored) for shown in found)
        return {subscription.id: subscription for subscription in made if subscription is not None}

    def _subscription(self, stored: Stored) -> Subscription | None:
        """None for one whose client is no more."""
        draft = stored.draft
        client_id = draft.client_id or ""
        role = self._role_of(client_id)
        if role is None:
            return None
        body: dict[str, Any] = msgspec.json.decode(draft.body)
        maps = None
        if draft.body_301 is not None:
            maps = tuple(msgspec.json.decode(draft.body_301).get("targets") or ())
        return Subscription(
            stored.id,
            Viewer(client_id, role, Privacy.WHOLE if maps is None else self._rules.privacy_301),
            draft.parent_id,
            frozenset(draft.targets or ()),
            maps,
            tuple(body["objectOperations"]),
        )


def object_type(thing: Stored | StoredReport) -> str:
    return "REPORT" if isinstance(thing, StoredReport) else thing.draft.kind.value


def _is_of_program(change: Change, thing: Stored | StoredReport, subscription: Subscription) -> bool:
    """Vens and resources belong to no program: a subscription for one hears of them all the same.

    One of 3.0.1, which has to be for one program, hears of new programs too: nobody could hear of them otherwise.
    """
    program_id = subscription.program_id
    if program_id is None:
        return True
    if isinstance(thing, StoredReport):
        return thing.program_id == program_id
    if thing.draft.kind is Kind.PROGRAM:
        return thing.id == program_id or (subscription.maps is not None and change.before is None)
    return thing.draft.kind in (Kind.VEN, Kind.RESOURCE) or thing.draft.parent_id == program_id


def _within(subscription: Subscription, stored: Stored, granted: frozenset[str]) -> bool:
    """As in queries: the targets asked for are cut down to those granted, and all that are left have to be there."""
    if not subscription.targets:
        return True
    wanted = subscription.targets if subscription.viewer.sees_all_targets else subscription.targets & granted
    return bool(wanted) and wanted <= set(stored.draft.targets or ())
