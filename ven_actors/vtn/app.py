"""One VTN: its store, its clients and tokens, and the interfaces mounted beside each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from ven_actors.vtn.access import token_route
from ven_actors.vtn.clients import Client, Clients
from ven_actors.vtn.demo import Demo, DemoPlan
from ven_actors.vtn.energydesk import routes as energydesk
from ven_actors.vtn.energydesk.book import Book, Plan
from ven_actors.vtn.exchange import Desk, problem_answer
from ven_actors.vtn.facts import Clock, Role
from ven_actors.vtn.leniency import Lenient
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.push.house import Push, PushPlan
from ven_actors.vtn.quirks import TROUBLES, Quirk
from ven_actors.vtn.quirks.troubles import Emptyings, Troubled
from ven_actors.vtn.quirks.wrapper import Quirky
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.store.database import identity_of, lock_state, open_database
from ven_actors.vtn.store.objects import Objects
from ven_actors.vtn.store.reports import Reports
from ven_actors.vtn.store.worker import Worker
from ven_actors.vtn.tokens import Tokens
from ven_actors.vtn.v301 import access as access_301
from ven_actors.vtn.v301 import routes as v301
from ven_actors.vtn.v310 import access as access_310
from ven_actors.vtn.v310 import routes as v310

BASE_PATHS = {"3.0.1": v301.PREFIX, "3.1": v310.PREFIX, "energydesk": energydesk.PREFIX}
ALL_SCOPES = {role: tuple(dict.fromkeys(access_310.SCOPES[role] + access_301.SCOPES[role])) for role in Role}


@dataclass(frozen=True, slots=True)
class Limits:
    keep_bytes: int = 1024**3
    max_body_bytes: int = 8 * 1024**2
    token_life_s: int = 3600


class Vtn:
    """Everything of a VTN but its socket; `app` is the ASGI application.

    `state_dir` None keeps it all in memory. `now_s` is the VTN's time (object metadata, which events are over),
    `mono_s` judges the life of tokens and when webhooks are tried again. `strict` refuses what `leniency` names.
    Raises `StateUnusable`; a context manager that closes the store.
    """

    def __init__(
        self,
        *,
        clients: Iterable[Client],
        now_s: Clock,
        mono_s: Clock,
        state_dir: Path | None = None,
        limits: Limits | None = None,
        demo: DemoPlan | None = None,
        energydesk_plan: Plan | None = None,
        push_plan: PushPlan | None = None,
        quirks: frozenset[Quirk] = frozenset(),
        strict: bool = False,
    ) -> None:
        limits = limits or Limits()
        known = Clients(clients)
        with contextlib.ExitStack() as undo:
            if state_dir is not None:
                undo.enter_context(lock_state(state_dir))
            connection = open_database(state_dir)
            self.identity = identity_of(connection)
            reports = Reports(connection, limits.keep_bytes)
            if Quirk.UNIQUE_REPORT_NAMES in quirks:
                reports.find_by_name_fast()
            self.book = Book(connection, energydesk_plan or Plan(), limits.keep_bytes)
            push = Push(push_plan or PushPlan(), mono_s)
            undo.callback(push.close)
            rules = Rules(Objects(connection), reports, now_s, push.announcer.hear, quirks, known.role_of)
            push.tell(rules, known.role_of)
            self._announcer = push.announcer

            def undone() -> None:
                reports.recount()
                push.announcer.undone()

            self.worker = Worker(connection, rules, reset=undone, committed=push.announcer.committed)
            undo.callback(self.worker.close)
            self._closing = undo.pop_all()
        self.tokens = Tokens(limits.token_life_s, mono_s)
        self.desk = Desk(
            self.worker, known, self.tokens, now_s, limits.max_body_bytes, push.callbacks, push.mqtt, rules.privacy_301
        )
        self._demo = None if demo is None else Demo(self.worker, now_s, demo)
        self.app: ASGIApp = self._build_app() if strict else Lenient(self._build_app())
        if quirks - TROUBLES:
            self.app = Quirky(self.app, quirks)
        if quirks & TROUBLES:
            comes_back_empty = Quirk.COMES_BACK_EMPTY in quirks
            emptyings = Emptyings(self.empty, self._remake, mono_s) if comes_back_empty else None
            self.app = Troubled(self.app, quirks, emptyings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.close()

    async def empty(self) -> None:
        """As after a restart with another database: nothing but the reports is left, and no token is good.

        The reports stay, so that it can be said what of them was stored, and how often.
        """

        def forget(rules: Rules) -> None:
            rules.objects.forget_all()
            self.book.forget_all_but_reports()
            self._announcer.undone()

        await self.worker.run(forget)
        self.tokens.revoke_all()

    async def _remake(self) -> None:
        if self._demo is not None:
            await self._demo.refresh()

    def _build_app(self) -> Starlette:
        app = Starlette(
            routes=[
                Mount(v310.PREFIX, app=Router(v310.routes(self.desk), redirect_slashes=False)),
                Mount(v301.PREFIX, app=Router(v301.routes(self.desk), redirect_slashes=False)),
                Mount(energydesk.PREFIX, app=energydesk.application(self.desk, self.book)),
                token_route(self.desk, ALL_SCOPES),  # some clients look for it at the root
            ],
            exception_handlers={Problem: _on_problem, HTTPException: _on_http_error, Exception: _on_bug},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        if self._demo is None:
            yield
            return
        await self._demo.refresh()
        stop = asyncio.Event()
        keeping = asyncio.create_task(self._demo.keep(stop))
        yield
        stop.set()
        await keeping


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_answer(error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    """Starlette's own: no such path, no such method."""
    assert isinstance(error, HTTPException)
    what = f"{request.method} is not allowed here" if error.status_code == 405 else "there is nothing at this path"
    return problem_answer(Problem(error.status_code, what, headers=dict(error.headers or {})))


async def _on_bug(_request: Request, _error: Exception) -> Response:
    return problem_answer(Problem(500, "the VTN failed on this request; see its log"))
