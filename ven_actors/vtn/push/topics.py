"""MQTT topics: their names, which clients are given which, and what is published there.

There are three views. Under `bl/` is everything, for business logic. Under `vens/<id>/` is what that ven's client
may see, with the targets that were granted to it. The rest is for every VEN: programs and events without targets, and
each program that it knows the id of, without its targets. So whoever has only the topics that the VTN gave it learns
nothing through MQTT that it could not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ven_actors.vtn.facts import Change, Kind, Operation, Query, Role, Stored, StoredReport, Viewer
from ven_actors.vtn.push.announcer import Message
from ven_actors.vtn.push.sight import Seen, as_seen
from ven_actors.vtn.rules import EVERYTHING, Rules, Shown, shown_with
from ven_actors.vtn.v310.notifications import notification_310

Publish = Callable[[str, bytes], None]
_NOBODY = Viewer("", Role.VEN)
_NOTHING: frozenset[str] = frozenset()
_ALL = 1_000_000
_PLURAL = {kind: f"{kind.lower()}s" for kind in Kind}


class Topics:
    """Roots of topics; an operation's topic is `<root>/create`, `<root>/update` or `<root>/delete`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def named(self, *steps: str, everything: bool = False) -> str:
        return "/".join((self._prefix, *(("bl",) if everything else ()), *steps))

    @staticmethod
    def operations(root: str, *, with_create: bool) -> dict[str, str]:
        """As the topics endpoints answer: one object by its id cannot be created any more."""
        names = ("CREATE", "UPDATE", "DELETE") if with_create else ("UPDATE", "DELETE")
        return {**{name: f"{root}/{name.lower()}" for name in names}, "ALL": f"{root}/+"}


class MqttTeller:
    """Runs in the store's thread."""

    def __init__(self, rules: Rules, topics: Topics, publish: Publish) -> None:
        self._rules = rules
        self._topics = topics
        self._publish = publish

    def forget(self) -> None:
        """It remembers nothing."""

    def messages(self, change: Change) -> Iterable[Message]:
        thing = change.after or change.before
        assert thing is not None
        for root, operation, body in self._told(change, thing):
            yield partial(self._publish, f"{root}/{operation.lower()}", body)

    def _told(self, change: Change, thing: Stored | StoredReport) -> Iterator[tuple[str, Operation, bytes]]:
        operation = change.operation
        if isinstance(thing, StoredReport):
            yield self._topics.named("reports", everything=True), operation, notification_310(operation, thing)
            return
        kind = thing.draft.kind
        whole = notification_310(operation, Shown(thing, thing.draft.targets))
        for steps in self._places(thing, operation):
            yield self._topics.named(*steps, everything=True), operation, whole
        if kind in (Kind.PROGRAM, Kind.EVENT):
            yield from self._for_all(change, thing)
            for ven in self._rules.find(EVERYTHING, Kind.VEN, Query(limit=_ALL)):
                yield from self._for_ven(change, ven.stored, _PLURAL[kind])
        elif kind is Kind.VEN and operation is not Operation.CREATE:
            yield self._topics.named("vens", thing.id), operation, whole
        elif kind is Kind.RESOURCE and thing.draft.parent_id is not None:
            yield self._topics.named("vens", thing.draft.parent_id, "resources"), operation, whole

    def _for_all(self, change: Change, thing: Stored) -> Iterator[tuple[str, Operation, bytes]]:
        if thing.draft.kind is Kind.PROGRAM and change.operation is not Operation.CREATE:
            shown = shown_with(thing, _NOTHING)
            yield self._topics.named("programs", thing.id), change.operation, notification_310(change.operation, shown)
        seen = as_seen(change, _NOBODY, _NOTHING)
        if seen is not None:
            steps = ("programs",) if thing.draft.kind is Kind.PROGRAM else _events_of(thing)
            yield self._topics.named(*steps), seen.operation, _body(seen, _NOTHING)

    def _for_ven(self, change: Change, ven: Stored, plural: str) -> Iterator[tuple[str, Operation, bytes]]:
        client_id = ven.draft.client_id or ""
        granted = self._rules.objects.granted(client_id)
        seen = as_seen(change, Viewer(client_id, Role.VEN), granted)
        if seen is not None:
            yield self._topics.named("vens", ven.id, plural), seen.operation, _body(seen, granted)

    @staticmethod
    def _places(thing: Stored, operation: Operation) -> Iterator[tuple[str, ...]]:
        yield (_PLURAL[thing.draft.kind],)
        if thing.draft.kind is Kind.EVENT:
            yield _events_of(thing)
        elif thing.draft.kind is Kind.PROGRAM and operation is not Operation.CREATE:
            yield "programs", thing.id


def _events_of(event: Stored) -> tuple[str, ...]:
    return "programs", event.draft.parent_id or "", "events"


def _body(seen: Seen, granted: frozenset[str]) -> bytes:
    thing = seen.thing
    return notification_310(seen.operation, thing if isinstance(thing, StoredReport) else shown_with(thing, granted))
