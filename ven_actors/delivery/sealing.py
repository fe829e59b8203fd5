"""Sealing: from a window and the blocks that lie in it to the reports that are owed, and their names."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ven_actors.delivery.chunks import layout_number_of, node_of
from ven_actors.delivery.placing import has_ambiguous_ids
from ven_actors.model import EventInterval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ven_actors.model import ReportRequest, Window

MISSING = "MISSING"
ESTIMATED = "ESTIMATED"
Stretch: TypeAlias = "tuple[float, float, int | None, str]"


class Covering(Protocol):
    """A metering interval that has data: its place in time and its layout."""

    @property
    def start_s(self) -> int: ...
    @property
    def end_s(self) -> int: ...
    @property
    def layout_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """One report's worth of a window: blocks of one layout, cut to what there is data for."""

    layout_id: int
    intervals: tuple[EventInterval, ...]
    periods: bool


def pieces(request: ReportRequest, window: Window, blocks: Sequence[Covering]) -> list[Piece]:
    """Cut `window` to the data there is; `blocks` are in order of time. One piece for each layout, none without data.

    An interval with a hole in it becomes several of the same id, each saying its own place in time, so that a mean
    never speaks for a time nobody metered; the sum of all resources is one interval all the same, and ESTIMATED. An
    interval without any data is MISSING (R34), in each piece. Each also says its own place in time where the ids do
    not.
    """
    by_layout: dict[int, list[EventInterval]] = {block.layout_id: [] for block in blocks}
    mode = request.descriptor.report_intervals
    exact = not request.plan.own and mode == "INTERVALS"
    whole = request.descriptor.aggregate and mode == "INTERVALS"
    ends_s = [block.end_s for block in blocks]
    number = 0
    for interval in window.intervals:
        stretches = list(_stretches(interval, blocks, ends_s, joined=mode == "INTERVALS"))
        if whole:
            stretches = _estimated(interval, stretches)
        for start_s, end_s, layout_id, quality in stretches or [(interval.start_s, interval.end_s, None, MISSING)]:
            interval_id = number if mode == "OPEN_INTERVALS" else interval.interval_id
            number += 1
            exact = exact and start_s == interval.start_s and end_s == interval.end_s
            for layout in by_layout if layout_id is None else (layout_id,):
                by_layout[layout].append(EventInterval(interval_id, start_s, end_s, quality))
    exact = exact and not has_ambiguous_ids(request.plan, window.intervals)
    return [
        Piece(layout_id, tuple(cut), not exact)
        for layout_id, cut in by_layout.items()
        if any(interval.quality != MISSING for interval in cut)
    ]


def _estimated(interval: EventInterval, stretches: list[Stretch]) -> list[Stretch]:
    """Have what was metered of an interval speak for all of it, unless its resources changed on the way."""
    layouts = {layout_id for _, _, layout_id, _ in stretches}
    metered_s = sum(end_s - start_s for start_s, end_s, _, _ in stretches)
    if len(layouts) != 1 or metered_s >= interval.end_s - interval.start_s:
        return stretches
    return [(interval.start_s, interval.end_s, layouts.pop(), ESTIMATED)]


def _stretches(
    interval: EventInterval, blocks: Sequence[Covering], ends_s: Sequence[int], *, joined: bool
) -> Iterator[Stretch]:
    current: Stretch | None = None
    for index in range(bisect_right(ends_s, interval.start_s), len(blocks)):
        block = blocks[index]
        start_s, end_s = max(interval.start_s, block.start_s), min(interval.end_s, block.end_s)
        if start_s >= end_s:
            break
        if joined and current is not None and current[1] == start_s and current[2] == block.layout_id:
            current = (current[0], end_s, current[2], "")
            continue
        if current is not None:
            yield current
        current = (start_s, end_s, block.layout_id, "")
    if current is not None:
        yield current


def report_name(ven_name: str, request: ReportRequest, start_s: float, end_s: float, chunk: int) -> str:
    """Name a report so that the same content has the same name for ever, and no other has it (protocol R35).

    `chunk` ends it: the number of the layout, and which part of the whole it is (see `chunks`).
    """
    digest = hashlib.blake2b(request.request_id.encode(), digest_size=4).hexdigest()
    name = f"{ven_name}.{request.event_id}.{digest}.{moment(start_s)}.{period(end_s - start_s)}"
    number, node = layout_number_of(chunk), node_of(chunk)
    return name + (f".{number}" if number else "") + (f".c{node}" if node > 1 else "")


def moment(at_s: float) -> str:
    """RFC 3339 in UTC, fractions only where there are any."""
    text = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="auto")
    return text.replace("+00:00", "Z")


def period(length_s: float) -> str:
    """ISO 8601 duration in seconds."""
    return f"PT{int(length_s)}S" if length_s == int(length_s) else f"PT{length_s:.6f}".rstrip("0") + "S"
