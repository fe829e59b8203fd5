"""Fates: what became of the readings of a block, from the reports that cover it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ven_actors.delivery.entries import ReportState, Settlement
from ven_actors.delivery.marks import bits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ven_actors.delivery.entries import OutboxReport, QueuedBlock
    from ven_actors.model import Layout


def fate(block: QueuedBlock, layout: Layout) -> tuple[int, int]:
    """Count the block's readings that are accepted by now, and those that are refused."""
    accepted = refused = 0
    for report in block.reports:
        accepted |= _brought(report, layout, ReportState.ACCEPTED)
        refused |= _brought(report, layout, ReportState.REFUSED)
    return (accepted & ~refused).bit_count(), refused.bit_count()


def settlement(block: QueuedBlock, layout: Layout, read_as_of_s: float) -> Settlement | None:
    """Return what became of a block that no report is open for; None while a crawl may still show who asks."""
    accepted, refused = fate(block, layout)
    unasked = layout.readings - accepted - refused
    if unasked and block.end_s > read_as_of_s:
        return None
    return Settlement(block, accepted, unasked, refused)


def decided(blocks: Iterable[QueuedBlock], layouts: Mapping[int, Layout]) -> tuple[int, int]:
    """Count the readings of open blocks that went out one by one: accepted, and refused."""
    accepted = refused = 0
    for block in blocks:
        if any(report.marks is not None for report in block.reports):
            more_accepted, more_refused = fate(block, layouts[block.layout_id])
            accepted += more_accepted
            refused += more_refused
    return accepted, refused


def _brought(report: OutboxReport, layout: Layout, state: ReportState) -> int:
    """Return the bits of the readings that this report has brought into `state` so far."""
    if report.marks is not None:
        return report.marks.accepted if state is ReportState.ACCEPTED else report.marks.refused
    return bits_of(report.rows, layout) if report.state is state and report.request.readings else 0
