"""The columns of reports: the newest blocks from memory, the rest from the store."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from ven_actors.delivery.restoring import block_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ven_actors.delivery.entries import QueuedBlock, Sendable
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.model import Block, Layout
    from ven_actors.records import BlockRecord


class ColumnStore(Protocol):
    def blocks(self, records: Sequence[BlockRecord], layouts: dict[int, Layout]) -> list[Block | None]: ...


class Columns:
    """Keeps the newest `most` blocks at hand, so that a report that goes out at once costs no read."""

    def __init__(self, store: ColumnStore, layouts: dict[int, Layout], most: int = 4096) -> None:
        self._store = store
        self._layouts = layouts
        self._most = most
        self._newest: OrderedDict[int, Block] = OrderedDict()

    def remember(self, block_id: int, block: Block) -> None:
        self._newest[block_id] = block
        if len(self._newest) > self._most:
            self._newest.popitem(last=False)

    def of(self, outbox: VenOutbox, report: Sendable) -> tuple[tuple[Block, ...], list[QueuedBlock]]:
        """Return the report's blocks in order of time, and those whose columns are lost (missing or damaged)."""
        found: list[Block] = []
        lost: list[QueuedBlock] = []
        for queued in report.blocks:
            block = self._newest.get(queued.block_id)
            if block is None:
                (block,) = self._store.blocks([block_record(outbox, queued)], self._layouts)
                if block is not None and report.component is not None:
                    self.remember(queued.block_id, block)  # its other readings come next
            if block is None:
                lost.append(queued)
            else:
                found.append(block)
        return tuple(found), lost
