"""An ASGI wrapper that gives a VTN its quirks; what touches the store itself is done by the rules."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from ven_actors.vtn.faults import Answer
from ven_actors.vtn.quirks import Quirk
from ven_actors.vtn.quirks.documents import altered, nested, token_altered

_DEFAULT_LIMIT = 50
_LISTS = frozenset({"programs", "events", "reports", "vens", "resources", "subscriptions"})


class Page:
    """The rows that a client asked for, and those that the VTN has to be asked for instead."""

    def __init__(self, query: list[tuple[str, str]], quirks: frozenset[Quirk]) -> None:
        said = dict(query)
        skip, limit = said.get("skip", "0"), said.get("limit", str(_DEFAULT_LIMIT))
        self.is_plain = not (skip.isdecimal() and limit.isdecimal() and int(limit) <= _DEFAULT_LIMIT)
        if self.is_plain:
            return
        self.skip, self.limit = int(skip), int(limit)
        if Quirk.SHIFTING_PAGES in quirks and self.skip:
            self.skip -= 1
        self.times = 2 if Quirk.DOUBLED in quirks else 1

    def asked(self, query: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if self.is_plain:
            return query
        first, rows = divmod(self.skip, self.times)
        limit = -(-(rows + self.limit) // self.times)
        others = [(name, value) for name, value in query if name not in ("skip", "limit")]
        return [*others, ("skip", str(first)), ("limit", str(min(limit, _DEFAULT_LIMIT)))]

    def cut(self, found: list[Any]) -> list[Any]:
        if self.is_plain:
            return found
        rows = [each for each in found for _ in range(self.times)]
        first = self.skip % self.times
        return rows[first : first + self.limit]


class Quirky:
    """`app` with these quirks. An answer that is no JSON goes through as it is."""

    def __init__(self, app: ASGIApp, quirks: frozenset[Quirk]) -> None:
        self._app = app
        self._quirks = quirks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = None
        if scope["method"] == "GET" and scope["path"].rpartition("/")[2] in _LISTS:
            scope, page = self._asked(scope)
        answer = Answer()
        await self._app(scope, receive, answer.take)
        self._alter(answer, scope["method"], scope["path"], page)
        await answer.give(send)

    def _asked(self, scope: Scope) -> tuple[Scope, Page]:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if Quirk.IGNORED_FILTERS in self._quirks:
            query = [(name, value) for name, value in query if name in ("skip", "limit")]
        page = Page(query, self._quirks)
        return {**scope, "query_string": urlencode(page.asked(query)).encode()}, page

    def _alter(self, answer: Answer, method: str, path: str, page: Page | None) -> None:
        is_token = path.endswith("/auth/token")
        if Quirk.ACCEPTS_WITH_200 in self._quirks and answer.status == 201 and path.endswith("/reports"):
            answer.status = 200
        if answer.status == 401 and Quirk.FORBIDDEN_TOKEN in self._quirks and not is_token:
            answer.status = 403
            answer.headers = [header for header in answer.headers if header[0] != b"www-authenticate"]
        try:
            document = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            return
        if answer.status >= 400:
            document = [document] if Quirk.LIST_ERRORS in self._quirks else document
        elif is_token:
            document = token_altered(document, self._quirks)
        else:
            if Quirk.NESTED_TARGETS in self._quirks and method == "GET" and "/vens" in path:
                document = nested(document)
            document = altered(document, self._quirks, is_301="/3.0.1/" in path)
            document = document if page is None else page.cut(document)
        answer.body = msgspec.json.encode(document)
        others = [header for header in answer.headers if header[0] != b"content-length"]
        answer.headers = [*others, (b"content-length", str(len(answer.body)).encode())]
