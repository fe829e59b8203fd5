"""The matrix of dialect and quirk: which runs there are, what each is given, and what has to be true afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import truth_energydesk

from ven_actors.vtn.quirks import Quirk
from ven_actors.vtn.quirks.troubles import REMADE_AFTER_S

WITHIN_S = 30
"""In how many seconds a reading that is due is accepted: after the quirk's end, or, if it does not end, after that."""
SOON_S = 5
"""Within how many seconds a VEN sees that it is asked again, with polls each second, or begins and ends."""
DIALECTS = ("openadr-3.1", "openadr-3.0.1", "energydesk")
WITHOUT_MEANING = {
    ("openadr-3.1", Quirk.OPEN_301): "it concerns 3.0.1 alone",
    ("energydesk", Quirk.OPEN_301): "it concerns 3.0.1 alone",
    ("energydesk", Quirk.NESTED_TARGETS): "its vens have no targets",
    ("energydesk", Quirk.UNKNOWN_EVENT_400): "its reports belong to no event",
    ("energydesk", Quirk.ACCEPTS_WITH_200): "200 is its own word for an accepted report, too",
    ("energydesk", Quirk.UNIQUE_REPORT_NAMES): "its reports have names that nothing is found by",
    ("energydesk", Quirk.FOREIGN_KEYS): "nothing is deleted there",
    ("energydesk", Quirk.NULLS): "it says null for all that it does not know, with or without the quirk",
}
# What brings about what the quirk shows in.
_SHOWN_BY = {Quirk.UNKNOWN_EVENT_400: (Quirk.COMES_BACK_EMPTY,)}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One run, or two of them on one state folder, with these quirks."""

    dialect: str
    quirks: tuple[str, ...] = ()
    vens: tuple[str, ...] = ("Herning", "Aalborg", "Lemvig")
    approve: int = 20
    poll_every: str = "1s"
    duration_s: int = 6
    runs: int = 1

    def __str__(self) -> str:
        return f"{self.dialect} {'+'.join(self.quirks) or 'none'}"

    @property
    def is_emptied(self) -> bool:
        return Quirk.COMES_BACK_EMPTY in self.quirks

    @property
    def arguments(self) -> tuple[str, ...]:
        is_energydesk = self.dialect == "energydesk"
        pace = ("--interval", f"{truth_energydesk.STEP_S}s", "--rate", "0", "--senders", "8")
        own = pace if is_energydesk else ("--interval", "1s", "--report-every", "1s")
        return (
            "--vens", ",".join(self.vens), "--dialect", self.dialect, *own, "--approve", str(self.approve),
            "--poll-every", self.poll_every, "--noise", "0", "--drain", f"{WITHIN_S}s", "--headless",
            "--duration", f"{self.duration_s}s", *(("--quirk", ",".join(self.quirks)) if self.quirks else ()),
        )  # fmt: skip


def cell(dialect: str, quirk: str | None) -> Cell:
    """The run of one dialect with one quirk, or `all`, or none (None)."""
    if quirk is None:
        return Cell(dialect)
    if quirk == Quirk.SLOW_AND_SERIAL:
        few = 1 if dialect == "energydesk" else 5
        return Cell(dialect, (quirk,), ("Herning",), few, "5s", 12)
    quirks = (quirk, *_SHOWN_BY.get(Quirk(quirk) if quirk != "all" else Quirk.NULLS, ()))
    if Quirk.COMES_BACK_EMPTY in quirks:
        return Cell(dialect, quirks, duration_s=32)
    return Cell(dialect, quirks, runs=2 if quirk == Quirk.NESTED_TARGETS else 1)


def every_cell() -> list[Cell]:
    quirks = (None, "all", *Quirk)
    return [cell(dialect, quirk) for dialect in DIALECTS for quirk in quirks if (dialect, quirk) not in WITHOUT_MEANING]


def few_cells() -> list[Cell]:
    """All that shows in every answer, together with what can be had in a few seconds."""
    return [Cell(dialect, ("all", Quirk.STORED_THEN_500)) for dialect in DIALECTS]


def all_pages(base_url: str, token: str, path: str) -> list[dict[str, Any]]:
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    found: list[dict[str, Any]] = []
    while page := requests.get(f"{base_url}/{path}?skip={len(found)}&limit=50", **get).json():
        found += page
    return found


def check_readings(known: Any, said: dict[str, Any], stored: list[dict[str, Any]], vens: tuple[str, ...]) -> None:
    """energydesk, where nobody can look up: all is there, is true, and what is there twice was counted."""
    once = {(each["client_name"], each["report_name"], each["load_component"]): each for each in stored}
    assert len(stored) - len(once) <= said["reports"]["possibly_doubled"]
    assert sum(truth_energydesk.check(known, list(once.values()), vens).values()) == said["readings"]["generated"]


class Windows:
    """What reports of the standard dialects hold: each value against the truth, each window once for each event."""

    def __init__(self, known: Any, reports: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
        self._known = known
        self._events = {event["id"]: event for event in events}
        self.back_s = max(_moment(event["createdDateTime"]).timestamp() for event in events)
        seen: Counter[tuple[str, str, str, int]] = Counter()
        self.starts: dict[str, set[int]] = {ven: set() for ven in known.loads}
        self.latest_s: dict[int, float] = {}
        for report in reports:
            for resource, at_s, payloads in self._of(report):
                key = (report["clientName"], resource, at_s)
                seen[(report["eventID"], *key)] += 1
                known._check_values(key, payloads)
                self.starts[key[0]].add(at_s)
                created_s = _moment(report["createdDateTime"]).timestamp()
                self.latest_s[at_s] = max(created_s, self.latest_s.get(at_s, 0.0))
        assert set(seen.values()) == {1}, [key for key, count in seen.items() if count > 1][:5]
        self.count = len(seen)
        self._places = {key[1:] for key in seen}

    def _of(self, report: dict[str, Any]) -> Iterator[tuple[str, int, list[dict[str, Any]]]]:
        for entry in report["resources"]:
            for interval in entry["intervals"]:
                yield entry["resourceName"], self._place(interval, report), interval["payloads"]

    def _place(self, interval: dict[str, Any], report: dict[str, Any]) -> int:
        own = interval.get("intervalPeriod")
        if own is not None:
            return int(_moment(own["start"]).timestamp())
        event = self._events.get(report["eventID"])
        if event is not None:
            return int(_moment(event["intervalPeriod"]["start"]).timestamp()) + interval["id"]
        # One of the demo's that is gone: it began with a day, and nobody reports what is long to come.
        created = _moment(report["createdDateTime"])
        day = created.replace(hour=0, minute=0, second=0, microsecond=0)
        place = day + timedelta(seconds=interval["id"])
        return int((place if place < created + _DAY / 2 else place - _DAY).timestamp())

    def check_all_from(self, first_s: float) -> None:
        """Every resource of every VEN has every window from then on, or soon after, and each came in time."""
        last_s = max(self.latest_s)
        for ven, loads in self._known.loads.items():
            windows = [at_s for at_s in sorted(self.starts[ven]) if at_s >= first_s]
            assert windows, f"{ven} was not heard of again"
            assert last_s - windows[-1] <= SOON_S
            assert not first_s or windows[0] - first_s <= SOON_S
            assert windows == list(range(windows[0], windows[0] + len(windows))), f"{ven}: a hole in {windows}"
            missing = {(ven, resource, at_s) for resource in loads for at_s in windows} - self._places
            assert not missing, f"{len(missing)} windows are missing, such as {min(missing)}"
        unasked = max(len(range(min(seen), max(seen) + 1)) - len(seen) for seen in self.starts.values())
        assert unasked <= (2 * (REMADE_AFTER_S + SOON_S) if first_s else 0)
        late = {at_s: created_s - at_s - 1 for at_s, created_s in self.latest_s.items() if at_s >= first_s}
        assert max(late.values()) <= WITHIN_S, f"a report came {max(late.values()):.1f} s after its window"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
