"""An ASGI wrapper for quirks that show at times or over time; `Quirky` has those of every answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from ven_actors.vtn.facts import Clock
from ven_actors.vtn.faults import Answer, replay, whole_body
from ven_actors.vtn.problems import Problem, problem_json
from ven_actors.vtn.quirks import Quirk

EMPTY_AFTER_S = 8.0
EMPTY_AGAIN_AFTER_S = 10.0
REMADE_AFTER_S = 3.0
EACH_TAKES_S = 0.3
_EVERY = 3
_MOST_REMEMBERED = 100_000

Step = Callable[[], Awaitable[None]]


class Emptyings:
    """When a VTN is emptied, and when its own programs and events are created again; checked with each request.

    `empty` and `remake` are called in turn, twice: the times count from the first request (`mono_s`, in seconds).
    """

    def __init__(self, empty: Step, remake: Step, mono_s: Clock) -> None:
        self._mono_s = mono_s
        self._due: list[tuple[float, Step]] | None = None
        self._steps = (empty, remake)
        self._doing = asyncio.Lock()

    async def look(self) -> None:
        if self._due is None:
            first_s = self._mono_s() + EMPTY_AFTER_S
            empty, remake = self._steps
            self._due = [
                step
                for at_s in (first_s, first_s + EMPTY_AGAIN_AFTER_S)
                for step in ((at_s, empty), (at_s + REMADE_AFTER_S, remake))
            ]
        async with self._doing:
            while self._due and self._mono_s() >= self._due[0][0]:
                _, step = self._due.pop(0)
                await step()


async def _take(seconds: float) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    await done.wait()


class Troubled:
    """`app` with those of its quirks that are troubles; `emptyings` None for one that is not emptied."""

    def __init__(
        self,
        app: ASGIApp,
        quirks: frozenset[Quirk],
        emptyings: Emptyings | None = None,
        take: Callable[[float], Awaitable[None]] = _take,
    ) -> None:
        self._app = _StoredThen500(app) if Quirk.STORED_THEN_500 in quirks else app
        self._emptyings = emptyings
        self._take = take
        self._serial = asyncio.Lock() if Quirk.SLOW_AND_SERIAL in quirks else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._serial is None:
            await self._serve(scope, receive, send)
        else:
            async with self._serial:
                await self._take(EACH_TAKES_S)
                await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._emptyings is not None:
            await self._emptyings.look()
        await self._app(scope, receive, send)


class _StoredThen500:
    """The answer to every third report that was stored is a 500, but once for each report."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._stored = 0
        self._doubted: OrderedDict[bytes, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/reports"):
            await self._app(scope, receive, send)
            return
        body = await whole_body(receive)
        if body is None:
            return
        answer = Answer()
        await self._app(scope, replay(body, receive), answer.take)
        if answer.status in (200, 201) and self._is_doubted(hashlib.sha256(body).digest()):
            problem = problem_json(Problem(500, "the VTN failed on this request"))
            answer.status, answer.body = 500, problem
            others = [header for header in answer.headers if header[0] != b"content-length"]
            answer.headers = [*others, (b"content-length", str(len(problem)).encode())]
        await answer.give(send)

    def _is_doubted(self, name: bytes) -> bool:
        self._stored += 1
        if self._stored % _EVERY or name in self._doubted:
            return False
        self._doubted[name] = None
        if len(self._doubted) > _MOST_REMEMBERED:
            self._doubted.popitem(last=False)
        return True
