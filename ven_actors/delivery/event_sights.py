"""Whether the VTN was asked for an event recently, and what it answered. Pure: monotonic time is a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ven_actors.model import EventSight

if TYPE_CHECKING:
    from collections.abc import Collection

KEPT_S = 60.0
DENIED_TOO_OFTEN = 2
_MOST = 1024


class EventSights:
    """By VEN and event: what one VEN may see, another may not. What is older than a minute is asked again.

    If a VTN denies an event and lists it afterwards, twice in a row, its list is believed from then on.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[float, EventSight]] = {}
        self._denials: dict[tuple[str, str], tuple[int, float]] = {}

    def note(self, ven: str, event_id: str, sight: EventSight, now_s: float) -> None:
        if sight is EventSight.UNASKED or self._seen.get((ven, event_id), (0.0,))[0] == float("inf"):
            return
        if len(self._seen) >= _MOST:
            self._seen = {key: each for key, each in self._seen.items() if each[0] > now_s - KEPT_S}
        self._seen[ven, event_id] = now_s, sight

    def denied(self, ven: str, event_id: str, sim_now_s: float) -> None:
        """The VTN says that there is no such event, in simulated time."""
        if len(self._denials) >= _MOST:
            self._denials.clear()
        times, _ = self._denials.get((ven, event_id), (0, 0.0))
        self._denials[ven, event_id] = times + 1, sim_now_s

    def listed(self, ven: str, event_ids: Collection[str], as_of_s: float) -> list[str]:
        """The VTN lists these, as of this simulated time; returns those that it has denied too often before that."""
        said = [
            each
            for each in event_ids
            for times, denied_s in (self._denials.get((ven, each), (0, as_of_s)),)
            if times >= DENIED_TOO_OFTEN and denied_s < as_of_s
        ]
        for event_id in said:
            self._seen[ven, event_id] = float("inf"), EventSight.THERE
        return said

    def accepted(self, ven: str, event_id: str) -> None:
        """The VTN has taken a report of this event: it is there, or there again."""
        self._denials.pop((ven, event_id), None)

    def of(self, ven: str, event_id: str, now_s: float) -> EventSight:
        seen_s, sight = self._seen.get((ven, event_id), (float("-inf"), EventSight.UNASKED))
        return sight if seen_s > now_s - KEPT_S else EventSight.UNASKED
