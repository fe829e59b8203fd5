"""A VTN within the test's own process: real HTTP on a free loopback port, everything in memory."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ven_actors.vtn.app import BASE_PATHS, Limits, Vtn
from ven_actors.vtn.clients import Client
from ven_actors.vtn.demo import DemoPlan
from ven_actors.vtn.energydesk.book import Plan
from ven_actors.vtn.facts import Clock, Kind, Query, ReportQuery, Role, Viewer
from ven_actors.vtn.faults import Drop, Fault, Faulty
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan
from ven_actors.vtn.quirks import Quirk
from ven_actors.vtn.rules import EVERYTHING, Rules
from ven_actors.vtn.server import VtnServer, listen, root_url
from ven_actors.vtn.v310 import drafts
from ven_actors.vtn.v310.routes import FAMILIES

__all__ = ["BL", "VEN", "Client", "DemoPlan", "Drop", "Exchange", "Fault", "InProcessVtn", "Role"]

VEN = Client("ven-1", "ven-1-secret", Role.VEN)
BL = Client("bl", "bl-secret", Role.BL)
LOOPBACK_PUSH = PushPlan(CallbackPlan(loopback_only=True))
_READY_WITHIN_S = 30.0
_ALL = 1_000_000

T = TypeVar("T")
FaultHook = Callable[[str, str, bytes], Fault | None]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what the client was sent; `status` 0 and an empty body where it was sent no answer."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes


class InProcessVtn:
    """A VTN for tests, as a context manager.

    `base_url` is that of OpenADR 3.1.0, `base_urls` has those of all interfaces, `requests` what has been answered
    so far, in order. `fault`, if set, is asked about each request (method, path, body) in the VTN's thread and may
    return a `Fault`. Webhooks go to this machine only, unless `push_plan` says otherwise. It refuses what the
    standard does not allow, as `vtn --strict` does, unless `strict` is False.
    """

    def __init__(
        self,
        clients: Iterable[Client] = (VEN, BL),
        *,
        demo: DemoPlan | None = None,
        now_s: Clock = time.time,
        mono_s: Clock = time.monotonic,
        limits: Limits | None = None,
        state_dir: Path | None = None,
        port: int = 0,
        energydesk_plan: Plan | None = None,
        push_plan: PushPlan = LOOPBACK_PUSH,
        quirks: frozenset[Quirk] = frozenset(),
        strict: bool = True,
    ) -> None:
        self.clients = tuple(clients)
        self.fault: FaultHook | None = None
        self.requests: list[Exchange] = []
        self.vtn = Vtn(
            clients=self.clients, now_s=now_s, mono_s=mono_s, state_dir=state_dir, limits=limits, demo=demo,
            energydesk_plan=energydesk_plan, push_plan=push_plan, quirks=quirks, strict=strict,
        )  # fmt: skip
        self.identity = self.vtn.identity
        self._ready = threading.Event()
        self._sock = listen("127.0.0.1", port)
        self.root_url = root_url(self._sock)
        self.base_urls = {version: self.root_url + path for version, path in BASE_PATHS.items()}
        self.base_url = self.base_urls["3.1"]
        app = _Recorder(Faulty(self.vtn.app, self._choose), self.requests.append)
        self._server = VtnServer(app, on_ready=self._ready.set)
        self._thread = threading.Thread(target=self._run, name="in-process-vtn", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_READY_WITHIN_S):
            self.close()
            raise RuntimeError(f"the in-process VTN was not ready within {_READY_WITHIN_S:g} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, as a VTN that goes away: connections are closed, the port is free."""
        self._server.stop()
        self._thread.join()
        self._sock.close()
        self.vtn.close()

    # --- what it holds, read past HTTP ---

    def programs(self) -> list[dict[str, Any]]:
        return self._objects(Kind.PROGRAM)

    def events(self) -> list[dict[str, Any]]:
        return self._objects(Kind.EVENT)

    def vens(self) -> list[dict[str, Any]]:
        return self._objects(Kind.VEN)

    def resources(self) -> list[dict[str, Any]]:
        return self._objects(Kind.RESOURCE)

    def reports(self) -> list[dict[str, Any]]:
        """All reports as business logic would read them, in the order of creation."""
        found = self._do(lambda rules: rules.find_reports(EVERYTHING, ReportQuery(limit=_ALL)))
        return [msgspec.json.decode(drafts.report_json(report)) for report in found]

    # --- what business logic does, past HTTP ---

    def create_program(self, **properties: Any) -> dict[str, Any]:
        """`create_program(programName="x")`: the stored program."""
        return self._create(Kind.PROGRAM, properties)

    def create_event(self, **properties: Any) -> dict[str, Any]:
        """`create_event(programID=..., ...)`: the stored event."""
        return self._create(Kind.EVENT, properties)

    def create_ven(self, **properties: Any) -> dict[str, Any]:
        """`create_ven(clientID=..., venName=..., targets=[...])`: as business logic does it."""
        return self._create(Kind.VEN, {"objectType": "BL_VEN_REQUEST", **properties})

    def create_resource(self, **properties: Any) -> dict[str, Any]:
        return self._create(Kind.RESOURCE, {"objectType": "BL_RESOURCE_REQUEST", **properties})

    def replace_event(self, event_id: str, **properties: Any) -> dict[str, Any]:
        draft = drafts.event_draft(msgspec.json.encode(properties), EVERYTHING, self.vtn.desk.now_s())
        return _decoded(drafts.object_json(self._do(lambda rules: rules.replace(EVERYTHING, event_id, draft))))

    def delete_event(self, event_id: str) -> None:
        self._do(lambda rules: rules.delete(EVERYTHING, Kind.EVENT, event_id))

    def clear(self) -> None:
        """Forget every object, report and recorded exchange; tokens stay good."""

        def forget(rules: Rules) -> None:
            for report in rules.find_reports(EVERYTHING, ReportQuery(limit=_ALL)):
                rules.delete_report(EVERYTHING, report.id)
            for kind in (Kind.SUBSCRIPTION, Kind.RESOURCE, Kind.VEN, Kind.EVENT, Kind.PROGRAM):
                for shown in rules.find(EVERYTHING, kind, Query(limit=_ALL)):
                    rules.delete(EVERYTHING, kind, shown.stored.id)

        self._do(forget)
        self.requests.clear()
        self.fault = None

    def revoke_tokens(self) -> None:
        """From now on every token given out so far is answered 401."""
        self.vtn.tokens.revoke_all()

    # --- inside ---

    def _objects(self, kind: Kind) -> list[dict[str, Any]]:
        found = self._do(lambda rules: rules.find(EVERYTHING, kind, Query(limit=_ALL)))
        return [_decoded(drafts.object_json(shown)) for shown in found]

    def _create(self, kind: Kind, properties: dict[str, Any]) -> dict[str, Any]:
        (family,) = (family for family in FAMILIES if family.kind is kind)
        viewer = Viewer("bl", Role.BL)
        draft = family.draft(msgspec.json.encode(properties), viewer, self.vtn.desk.now_s())
        return _decoded(drafts.object_json(self._do(lambda rules: rules.create(viewer, draft))))

    def _do(self, work: Callable[[Rules], T]) -> T:
        return self.vtn.worker.submit(work).result(_READY_WITHIN_S)

    def _choose(self, method: str, path: str, body: bytes) -> Fault | None:
        return None if self.fault is None else self.fault(method, path, body)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._sock]))


class _Recorder:
    """Writes down every exchange as the client saw it."""

    def __init__(self, app: ASGIApp, keep: Callable[[Exchange], None]) -> None:
        self._app = app
        self._keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent, answer, status, kept = bytearray(), bytearray(), 0, False

        def keep() -> None:
            nonlocal kept
            if not kept:
                kept = True
                self._keep(_exchange(scope, bytes(sent), status, bytes(answer)))

        async def listen_in() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            answer.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                keep()  # before the client can know, so that a test finds it
            await send(message)

        state = dict(scope.get("state", {}))
        if "transport" in state:
            state["transport"] = _Droppable(state["transport"], keep)
        await self._app({**scope, "state": state}, listen_in, note)
        keep()


class _Droppable:
    """The part of a transport that faults use; a dropped exchange, too, is kept before the client can know."""

    def __init__(self, transport: asyncio.Transport, keep: Callable[[], None]) -> None:
        self._transport = transport
        self._keep = keep

    def close(self) -> None:
        self._keep()
        self._transport.close()

    def abort(self) -> None:
        self._keep()
        self._transport.abort()


def _exchange(scope: Scope, body: bytes, status: int, answer: bytes) -> Exchange:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Exchange(scope["method"], scope["path"], query, headers, body, status, answer)


def _decoded(raw: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(raw)
    return decoded
