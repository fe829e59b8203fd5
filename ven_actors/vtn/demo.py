"""The demo's standing request: a program, and per simulated UTC day one event that only asks for reports."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from ven_actors.vtn.facts import Clock, Draft, Kind, Query
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import EVERYTHING, Rules, Shown
from ven_actors.vtn.store.worker import Worker
from ven_actors.vtn.v310.drafts import event_draft, program_draft

PROGRAM_NAME = "ven_actors demo"
CHECK_EVERY_S = 60.0
DAY_S = 86_400
_KEPT_PAST_DAYS = 7
_AHEAD_WALL_S = 600
_ALL = 1_000_000
_NAME_BEGINS = "demo "

log = logging.getLogger("ven_actors.vtn")


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Reports every `report_every_s` simulated seconds, which has to divide a day; time runs `speed` times as fast."""

    report_every_s: int = 15
    speed: float = 1.0

    @property
    def days_ahead(self) -> int:
        """Tomorrow, and what fast time passes through before the next look."""
        return 1 + math.ceil(self.speed * _AHEAD_WALL_S / DAY_S)


class Demo:
    """Keeps the program and its events in the store, from yesterday to some days ahead.

    Yesterday, because a VEN that starts just after midnight reports the interval that has just ended.
    """

    def __init__(self, worker: Worker[Rules], now_s: Clock, plan: DemoPlan) -> None:
        self._worker = worker
        self._now_s = now_s
        self._plan = plan

    async def refresh(self) -> None:
        now_s = self._now_s()
        await self._worker.run(lambda rules: _refresh(rules, now_s, self._plan))

    async def keep(self, stop: asyncio.Event) -> None:
        """Refresh now and then until `stop`."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), CHECK_EVERY_S)
            except TimeoutError:
                await self._refresh_or_say()

    async def _refresh_or_say(self) -> None:
        try:
            await self.refresh()
        except Problem as problem:
            log.error("demo_not_refreshed reason=%s", problem.detail)  # noqa: TRY400 - the reason says it all


def _refresh(rules: Rules, now_s: float, plan: DemoPlan) -> None:
    program_id = _program_id(rules, now_s)
    found = rules.find(EVERYTHING, Kind.EVENT, Query(parent_id=program_id, limit=_ALL))
    by_name = {name: shown for shown in found if (name := _event_name(shown)).startswith(_NAME_BEGINS)}
    today = datetime.fromtimestamp(now_s, UTC).date()
    for days in range(-1, plan.days_ahead + 1):
        day = today + timedelta(days=days)
        draft = event_draft(_event_json(program_id, day, plan.report_every_s), EVERYTHING, now_s)
        old = by_name.get(_name_of(day))
        if old is None:
            rules.create(EVERYTHING, draft)
        elif old.stored.draft.body != draft.body:
            rules.replace(EVERYTHING, old.stored.id, draft)
    oldest = _name_of(today - timedelta(days=_KEPT_PAST_DAYS))
    for name, shown in by_name.items():
        if name < oldest:
            rules.delete(EVERYTHING, Kind.EVENT, shown.stored.id)


def _program_id(rules: Rules, now_s: float) -> str:
    found = rules.find(EVERYTHING, Kind.PROGRAM, Query(name=PROGRAM_NAME))
    if found:
        return found[0].stored.id
    draft: Draft = program_draft(msgspec.json.encode({"programName": PROGRAM_NAME}), EVERYTHING, now_s)
    return rules.create(EVERYTHING, draft).stored.id


def _event_json(program_id: str, day: date, report_every_s: int) -> bytes:
    """An intervalPeriod without intervals means implied intervals of that duration, for as long as the event lasts.

    OpenADR 3.0.1 knows no duration of events, so the number of reports is limited to the day's too.
    """
    return msgspec.json.encode(
        {
            "programID": program_id,
            "eventName": _name_of(day),
            "duration": "P1D",
            "intervalPeriod": {"start": f"{day.isoformat()}T00:00:00Z", "duration": f"PT{report_every_s}S"},
            "reportDescriptors": [
                {
                    "payloadType": "DEMAND",
                    "readingType": "MEAN",
                    "units": "KW",
                    "aggregate": False,
                    "startInterval": -1,
                    "numIntervals": 1,
                    "historical": True,
                    "frequency": 1,
                    "repeat": DAY_S // report_every_s,
                    "reportIntervals": "INTERVALS",
                }
            ],
        }
    )


def _name_of(day: date) -> str:
    return _NAME_BEGINS + day.isoformat()


def _event_name(shown: Shown) -> str:
    name = msgspec.json.decode(shown.stored.draft.body).get("eventName")
    return str(name)
