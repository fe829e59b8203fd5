"""The events of the status view: what each says, when, and on how many VENs it is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from rich.console import RenderableType
from rich.text import Text

from ven_actors.cli.status_tables import clean, count_text, cut_text, table

IN_FORCE = "in force"
_STYLES = {"beaten": "yellow", "to come": "dim"}
_HEAD_LINES = 2
_MOST_PAYLOADS = 3
_MOST_NOTICES = 3
_LONGEST_PAYLOAD = 36


class _Row(NamedTuple):
    """One payload of an event; of further ones of the same event only `says` is filled in."""

    event: str
    says: str
    start: str = ""
    end: str = ""
    state: str = ""
    is_first: bool = False
    notices: tuple[str, ...] = ()


class EventRows:
    """The rows of a status document's events, in its order; `more` are events that it only counts."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self._events = [event for event in status.get("events") or () if isinstance(event, Mapping)]
        more = status.get("more_events")
        self._more = more if isinstance(more, int) else 0
        self._rows = [row for event in self._events for row in _rows(event, str(status.get("now") or "")[:11])]

    def lines(self, most: int) -> int:
        """How many lines `drawn` needs for at most so many rows."""
        shown = self._rows[:most]
        return _HEAD_LINES + len(shown) + bool(self._left(shown)) + len(_notices(shown)) + 1 if shown else 0

    def drawn(self, most: int | None = None) -> list[RenderableType]:
        """A table, below it how many events are not in it, what is not obeyed of those in it, and an empty line.

        Nothing where there are no events.
        """
        shown = self._rows[:most]
        if not shown:
            return []
        made = table("~event", "says", "from", "until", "in force on")
        for row in shown:
            state = Text(row.state, style=_STYLES.get(row.state, ""))
            made.add_row(cut_text(row.event), Text(row.says), row.start, row.end, state)
        left = self._left(shown)
        more = [Text(f"{left} more events", style="dim")] if left else []
        return [made, *more, *_notices(shown), Text("")]

    def in_a_line(self) -> list[RenderableType]:
        """The first of them, and how many more there are."""
        if not self._rows:
            return []
        first, left = self._rows[0], self._left(self._rows[:1])
        words = f"events    {first.event}: {first.says} ({first.state})"
        return [cut_text(words + (f"; {left} more events" if left else ""))]

    def _left(self, shown: Sequence[_Row]) -> int:
        return len(self._events) - sum(row.is_first for row in shown) + self._more


def _notices(rows: Sequence[_Row]) -> list[Text]:
    return [cut_text(f"{row.event}: {notice}", "yellow") for row in rows for notice in row.notices]


def _rows(event: Mapping[str, Any], today: str) -> Iterator[_Row]:
    payloads = event.get("payloads")
    says = [_says(each) for each in payloads if isinstance(each, Mapping)] if isinstance(payloads, list) else []
    if len(says) > _MOST_PAYLOADS:
        says = [*says[: _MOST_PAYLOADS - 1], f"and {len(says) - _MOST_PAYLOADS + 1} more"]
    state = clean(event.get("state") or "?")
    if state == IN_FORCE:
        state = f"{count_text(event.get('vens_in_force'))} of {count_text(event.get('vens'))}"
    name = clean(event.get("name") or event.get("id"))
    start, end = (_time(event.get(key), today) for key in ("start", "end"))
    notices = event.get("notices")
    told = tuple(map(clean, notices[:_MOST_NOTICES])) if isinstance(notices, list) else ()
    yield _Row(name, says[0] if says else "", start, end, state, is_first=True, notices=told)
    for further in says[1:]:
        yield _Row("", further)


def _says(payload: Mapping[str, Any]) -> str:
    values = payload.get("values")
    written = [
        each if isinstance(each, str) else msgspec.json.encode(each).decode()
        for each in (values if isinstance(values, list) else ())
    ]
    words = (clean(payload.get("type") or "?"), clean(" ".join(written)), clean(payload.get("units") or ""))
    text = " ".join(word for word in words if word)
    return text if len(text) <= _LONGEST_PAYLOAD else text[: _LONGEST_PAYLOAD - 1] + "…"


def _time(written: object, today: str) -> str:
    """The time of day, with month and day where it is not today; "-" where there is no end."""
    text = clean(written or "-")
    if len(today) == 11 and text.startswith(today):
        return text[11:19]
    return f"{text[5:10]} {text[11:16]}" if len(text) > 16 else text
