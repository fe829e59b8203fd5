"""Chunks: how the content of a report is cut by halves, the same way for ever.

Node 1 is the whole report, nodes 2n and 2n + 1 are the halves of node n. First the rows are halved, by their place in
the layout, and when one row is left, the window, by time. So a node's content follows from the layout and the window
alone, and a report that is sealed again is cut as it was before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ven_actors.model import EventInterval

_LAYOUT_BITS = 16
_DEEPEST_NODE = 2**46


class Content(NamedTuple):
    """What a chunk speaks about: rows of the layout, and intervals."""

    rows: tuple[int, ...]
    intervals: tuple[EventInterval, ...]

    def __bool__(self) -> bool:
        return bool(self.rows and self.intervals)


class Whole(NamedTuple):
    """A whole report: `layout_rows` is how many rows its layout has. The sum of all rows cannot be halved by rows."""

    layout_rows: int
    start_s: float
    end_s: float
    content: Content
    summed: bool

    def part(self, node: int) -> Content:
        """Return what of the report belongs to `node`."""
        first, last = 0, 1 if self.summed else max(1, self.layout_rows)
        start_s, end_s = float("-inf"), float("inf")
        from_s, to_s = self.start_s, self.end_s
        for bit in bin(node)[3:]:
            if last - first > 1:
                middle = (first + last) // 2
                first, last = (middle, last) if bit == "1" else (first, middle)
                continue
            middle_s = (from_s + to_s) / 2
            if bit == "1":
                start_s = from_s = middle_s
            else:
                end_s = to_s = middle_s
        rows, intervals = self.content
        return Content(
            rows if self.summed else tuple(row for row in rows if first <= row < last),
            tuple(interval for interval in intervals if start_s <= interval.start_s < end_s),
        )

    def halves(self, node: int) -> list[tuple[int, Content]]:
        """Return the next two nodes below `node` that both have content; none where it cannot be halved.

        Intervals that begin at the same time, or before the window's first one, stay together.
        """
        content = self.part(node)
        starts = {interval.start_s for interval in content.intervals}
        if len(starts) < 2 and (self.summed or len(content.rows) < 2):
            return []
        while node < _DEEPEST_NODE:
            halves = [(half, part) for half in (2 * node, 2 * node + 1) if (part := self.part(half))]
            if len(halves) == 2:
                return halves
            ((node, _),) = halves
        return []


def chunk_of(layout_number: int, node: int) -> int:
    """Number a chunk: `layout_number` is the place of its layout among those of the window."""
    return layout_number | (node - 1) << _LAYOUT_BITS


def layout_number_of(chunk: int) -> int:
    return chunk & (1 << _LAYOUT_BITS) - 1


def node_of(chunk: int) -> int:
    return (chunk >> _LAYOUT_BITS) + 1


def is_below(node: int, above: int) -> bool:
    """Say whether `node` is part of `above`, and not `above` itself."""
    depth = node.bit_length() - above.bit_length()
    return depth > 0 and node >> depth == above
