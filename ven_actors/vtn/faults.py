"""Faults on request: an ASGI wrapper that makes a VTN misbehave, one exchange at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_WAIT_S = 60.0


class Drop(StrEnum):
    """How much of the answer is sent before the connection is dropped."""

    NOTHING_SENT = "nothing sent"
    HALF_SENT = "half sent"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one exchange, in this order.

    `wait_before`: hold the request until the event is set (at most `MOST_WAIT_S`). `act` False: the VTN never sees
    it. `wait_after`: hold the answer. `drop`: cut the connection. `status`, `headers`, `body`: answer this instead;
    what is None stays as the VTN said it (status 500 and an empty body where it was not asked).
    """

    act: bool = True
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drop: Drop | None = None
    wait_before: threading.Event | None = None
    wait_after: threading.Event | None = None


Choose = Callable[[str, str, bytes], Fault | None]


class Faulty:
    """Asks `choose(method, path, body)` about every request; None lets it through."""

    def __init__(self, app: ASGIApp, choose: Choose) -> None:
        self._app = app
        self._choose = choose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await whole_body(receive)
        if body is None:
            return
        fault = self._choose(scope["method"], scope["path"], body)
        if fault is None:
            await self._app(scope, replay(body, receive), send)
            return
        await _wait(fault.wait_before)
        answer = Answer()
        if fault.act:
            await self._app(scope, replay(body, receive), answer.take)
        await _wait(fault.wait_after)
        _alter(answer, fault)
        if fault.drop is None:
            await answer.give(send)
        else:
            await _drop(fault.drop, answer, scope, receive, send)


class Answer:
    """A whole answer, taken from an application and given on later."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        await self.give_start(send)
        await send({"type": "http.response.body", "body": self.body})

    async def give_start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})


async def whole_body(receive: Receive) -> bytes | None:
    """None if the client went away in the middle."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        more = message["more_body"]
    return body


def replay(body: bytes, receive: Receive) -> Receive:
    """`receive` as it was before the body was read from it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _alter(answer: Answer, fault: Fault) -> None:
    if fault.status is not None:
        answer.status = fault.status
    if fault.body is not None:
        answer.body = fault.body
    given = {name.lower().encode(): value.encode() for name, value in fault.headers.items()}
    given.setdefault(b"content-length", str(len(answer.body)).encode())
    answer.headers = [(name, value) for name, value in answer.headers if name not in given] + list(given.items())


async def _drop(drop: Drop, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    transport: asyncio.Transport = scope["state"]["transport"]
    if drop is Drop.HALF_SENT:
        await answer.give_start(send)
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _wait(event: threading.Event | None) -> None:
    """In a thread of its own: the loop's pool is small, and many requests may be held at once."""
    if event is None or event.is_set():
        return
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def watch() -> None:
        event.wait(MOST_WAIT_S)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=watch, name="vtn-fault", daemon=True).start()
    await done.wait()
