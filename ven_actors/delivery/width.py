"""How wide a report may be: what a VTN takes in one body, and what a dialect allows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ven_actors.delivery.measures import Measure
    from ven_actors.model import Layout

DEFAULT_BYTES = 1_000_000
LEAST_BYTES = 1024

# Upper bounds of what rendering writes: longest numbers, with an intervalPeriod in each interval.
_HEAD_BYTES = 1024
_ENTRY_BYTES = 48
_INTERVAL_BYTES = 192
_VALUE_BYTES = 56
_encode = msgspec.json.Encoder().encode


class Width:
    """`max_bytes` of a report's body, and `max_resources` in it (None: any number); whole resources stay together."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES, max_resources: int | None = None) -> None:
        self.max_bytes = max_bytes
        self.max_resources = max_resources

    def fits(self, layout: Layout, measure: Measure, rows: int, intervals: int, *, summed: bool) -> bool:
        """Say whether a report of so many rows and intervals is certain to be no wider; `rows` of a sum are one."""
        entries = 1 if summed else rows
        if self.max_resources is not None and entries > self.max_resources:
            return False
        name_bytes, types_bytes = _longest(layout)
        columns = 1 + len(layout.components) if measure.parts else 1
        interval_bytes = _INTERVAL_BYTES + columns * _VALUE_BYTES + types_bytes
        size = _HEAD_BYTES + 4 * types_bytes + entries * (name_bytes + _ENTRY_BYTES + intervals * interval_bytes)
        return size <= self.max_bytes

    def too_wide(self, body_bytes: int) -> int:
        """The VTN took no body of so many bytes: half of that is the most from now on. Returns the new bound."""
        self.max_bytes = max(LEAST_BYTES, min(self.max_bytes, body_bytes // 2))
        return self.max_bytes


@lru_cache(maxsize=1024)
def _longest(layout: Layout) -> tuple[int, int]:
    """Bytes of the longest resource name, and of all component names."""
    names = max((len(_encode(name)) for name in layout.resource_names), default=0)
    return names, sum(len(_encode(name.upper())) for name in layout.components)
