"""The ledger of one VEN: what its checkpoints span, against what became of every reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ven_actors.model import Layout, Readings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ven_actors.delivery.entries import QueuedBlock
    from ven_actors.records import SpanRecord


@dataclass(slots=True)
class VenLedger:
    """Sums in readings. `generated` is never counted: it is what the spans cover, so a lost block shows."""

    accepted: int = 0
    unasked: int = 0
    quarantined: int = 0
    evicted: int = 0
    spans: list[SpanRecord] = field(default_factory=list)

    @property
    def settled(self) -> int:
        return self.accepted + self.unasked + self.quarantined

    def readings(
        self, layouts: dict[int, Layout], blocks: Collection[QueuedBlock], decided: tuple[int, int] = (0, 0)
    ) -> Readings:
        """`decided` readings of these blocks are accepted, or refused, though the blocks are not settled yet."""
        accepted, refused = decided
        return Readings(
            generated=self._spanned(layouts, gap=False),
            accepted=self.accepted + accepted,
            queued=self._queued(layouts, blocks) - accepted - refused,
            quarantined=self.quarantined + refused,
            evicted=self.evicted,
            unasked=self.unasked,
            gap=self._spanned(layouts, gap=True),
        )

    def _queued(self, layouts: dict[int, Layout], blocks: Collection[QueuedBlock]) -> int:
        used = {span.layout_id for span in self.spans}
        if len(used) == 1:  # after a day without a VTN there are thousands of blocks, and this is asked every second
            return len(blocks) * layouts[used.pop()].readings
        return sum(layouts[block.layout_id].readings for block in blocks)

    def _spanned(self, layouts: dict[int, Layout], *, gap: bool) -> int:
        return sum(
            (span.end_s - span.start_s) // span.interval_s * layouts[span.layout_id].readings
            for span in self.spans
            if span.gap is gap
        )


def total(of: Iterable[Readings]) -> Readings:
    """Add ledgers up."""
    sums = [0] * 7
    for one in of:
        parts = (
            one.generated, one.accepted, one.queued, one.quarantined, one.evicted, one.unasked, one.gap,
        )  # fmt: skip
        sums = [left + right for left, right in zip(sums, parts, strict=True)]
    return Readings(*sums)


def since(now: Readings, before: Readings) -> Readings:
    """Return what was added to the ledger since `before`; `queued` may be negative: a backlog that was delivered."""
    return Readings(
        now.generated - before.generated,
        now.accepted - before.accepted,
        now.queued - before.queued,
        now.quarantined - before.quarantined,
        now.evicted - before.evicted,
        now.unasked - before.unasked,
        now.gap - before.gap,
    )
