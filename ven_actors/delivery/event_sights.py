"""Whether the VTN was asked for an event of late, and what it said. Pure: monotonic time is a parameter."""

from __future__ import annotations

from ven_actors.model import EventSight

KEPT_S = 60.0
_MOST = 1024


class EventSights:
    """By VEN and event: what one VEN may see, another may not. What is older than a minute is asked again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[float, EventSight]] = {}

    def note(self, ven: str, event_id: str, sight: EventSight, now_s: float) -> None:
        if sight is EventSight.UNASKED:
            return
        if len(self._seen) >= _MOST:
            self._seen = {key: each for key, each in self._seen.items() if each[0] > now_s - KEPT_S}
        self._seen[ven, event_id] = now_s, sight

    def of(self, ven: str, event_id: str, now_s: float) -> EventSight:
        seen_s, sight = self._seen.get((ven, event_id), (float("-inf"), EventSight.UNASKED))
        return sight if seen_s > now_s - KEPT_S else EventSight.UNASKED
