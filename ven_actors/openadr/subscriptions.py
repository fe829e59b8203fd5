"""Subscriptions of one VEN at its VTN: found, put right or created, and removed at the end (R38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.model import Secret
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.paging import pages
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.salvage import said, salvaged
from ven_actors.openadr.wire import Identified, Named

MARK = "/ven-actors/"
_OPERATIONS = ("CREATE", "UPDATE", "DELETE")
_WIDE = ("PROGRAM", "EVENT", "VEN", "RESOURCE")
_NARROW = ("PROGRAM", "EVENT")
_NOT_SO_WIDE = frozenset({400, 403, 422})


def callback_path(ven_name: str, program_id: str | None) -> str:
    """The end of every callback URL of ours, by which a subscription is known again."""
    own = MARK + quote(ven_name, safe="")
    return own if program_id is None else f"{own}/{quote(program_id, safe='')}"


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the VTN is to call, and by which bearer it shows that it is the VTN."""

    url: str
    bearer: Secret


class _Operations(msgspec.Struct, rename="camel"):
    callback_url: str
    objects: list[str] | None = None
    operations: list[str] | None = None


class _Subscription(msgspec.Struct, rename="camel"):
    """An id is all that it needs; ours is known by what it calls."""

    id: Named
    client_name: str = ""
    program_id: str | None = msgspec.field(name="programID", default=None)
    object_operations: list[_Operations] | None = None
    created_date_time: str | None = None
    modification_date_time: str | None = None
    object_type: str | None = None

    def is_of(self, ven_name: str) -> bool:
        """Whether this fleet, in this run or an earlier one, made it: it calls a path that only we have."""
        own = callback_path(ven_name, None)
        paths = [urlsplit(each.callback_url).path for each in self.object_operations or ()]
        return self.client_name == ven_name and bool(paths) and all(_belongs(path, own) for path in paths)

    def calls(self, url: str) -> bool:
        return {each.callback_url for each in self.object_operations or ()} == {url}


def _belongs(path: str, own: str) -> bool:
    _, mark, rest = path.rpartition(MARK)
    return bool(mark) and (mark + rest == own or (mark + rest).startswith(f"{own}/"))


class Subscriber:
    """Subscribes over one `Api`. Every method may be repeated after a failure. All raise `VtnError`.

    `odd` has one line for each part of our own subscriptions that could not be read and was left out; if parsing is
    `strict`, it is `VtnNonsense` instead.
    """

    def __init__(self, api: Api, dialect: StandardDialect, ven_name: str, *, strict: bool = False) -> None:
        self._api = api
        self._reader = Reader(strict=strict)
        self._words: tuple[str, ...] = _OPERATIONS
        self.odd: tuple[str, ...] = ()
        self._path = dialect.subscriptions_path
        self._dialect = dialect
        self._ven_name = ven_name

    @property
    def uses_verbs(self) -> bool:
        """Whether the VTN has taken operations as HTTP verbs only."""
        return self._words is not _OPERATIONS

    def keep(self, wanted: Mapping[str | None, Callback], known_ids: frozenset[str]) -> frozenset[str]:
        """Have one subscription for each program of `wanted` (None: for all), and none else of this VEN of ours.

        `known_ids` are those that this run made or put right: they are left alone while they call the same URL.
        Returns the ids. The VTN calls `?echo=` of each URL before it answers, so somebody has to listen by then.
        """
        left = self._ours()
        ids: set[str] = set()
        for program_id, callback in wanted.items():
            found = next((each for each in left if each.program_id == program_id), None)
            if found is None:
                ids.add(self._create(program_id, callback))
                continue
            left.remove(found)
            if found.id in known_ids and found.calls(callback.url):
                ids.add(found.id)
            else:
                ids.add(self._put_right(found.id, program_id, callback))
        for stale in left:
            self.remove(stale.id)
        return frozenset(ids)

    def remove(self, subscription_id: str) -> None:
        """Delete one; that it is gone already is fine."""
        path = self._path_of(subscription_id)
        answer = self._api.request("DELETE", path)
        if not 200 <= answer.status < 300 and answer.status != 404:
            raise self._api.refused(answer, "DELETE", path)

    def _ours(self) -> list[_Subscription]:
        """Our subscriptions among the readable ones; a broken one of another client does not matter."""
        query, odd, ours = [("clientName", self._ven_name)], list[str](), list[_Subscription]()

        def get_page(skip: int) -> bytes:
            return self._api.get(self._path, query + self._dialect.page_query(skip, self._dialect.page_limit))

        for raw in (raw for page in pages(get_page, "subscriptions") for raw in page):
            try:
                found, left_out = salvaged(raw, _Subscription, "a subscription")
            except VtnNonsense:
                continue
            if found.is_of(self._ven_name):
                if self._reader.strict:
                    self._reader.read(raw, _Subscription, "subscription", self._dialect.strict_subscription)
                odd += [f"subscription {found.id!r}: {said(left_out)}"] if left_out else []
                ours.append(found)
        self.odd = tuple(odd)
        return ours

    def _create(self, program_id: str | None, callback: Callback) -> str:
        try:
            return self._sent("POST", self._path, program_id, callback, _WIDE)
        except VtnRefused as error:
            # Not every VTN lets a VEN hear of vens and resources; events are what matters.
            if error.status not in _NOT_SO_WIDE:
                raise
            return self._sent("POST", self._path, program_id, callback, _NARROW)

    def _put_right(self, subscription_id: str, program_id: str | None, callback: Callback) -> str:
        """Replace what an earlier run left, whose bearer is no longer ours; by a new one where that cannot be done."""
        try:
            return self._sent("PUT", self._path_of(subscription_id), program_id, callback, _WIDE)
        except VtnRefused:
            self.remove(subscription_id)
            return self._create(program_id, callback)

    def _sent(
        self, method: str, path: str, program_id: str | None, callback: Callback, objects: tuple[str, ...]
    ) -> str:
        """The id. After a 400 the request is sent once more with HTTP verbs as operations, where the dialect has them.

        The words that a VTN takes are kept.
        """
        answer = self._asked(method, path, program_id, callback, objects)
        other_words = self._dialect.operation_verbs if self._words is _OPERATIONS else _OPERATIONS
        if answer.status == 400 and other_words:
            words, self._words = self._words, other_words
            again = self._asked(method, path, program_id, callback, objects)
            if 200 <= again.status < 300:
                answer = again
            else:
                self._words = words
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, method, path)
        return decode(created(answer, f"{method} of a subscription"), Identified, "the subscription").id

    def _asked(
        self, method: str, path: str, program_id: str | None, callback: Callback, objects: tuple[str, ...]
    ) -> Answer:
        operations = {
            "objects": objects,
            "operations": self._words,
            "callbackUrl": callback.url,
            "bearerToken": callback.bearer.reveal(),
        }
        request: dict[str, Any] = {"clientName": self._ven_name, "objectOperations": [operations]}
        if program_id is not None:
            request["programID"] = program_id
        return self._api.request(method, path, body=msgspec.json.encode(request))

    def _path_of(self, subscription_id: str) -> str:
        return f"{self._path}/{quote(subscription_id, safe='')}"
