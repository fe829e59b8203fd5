"""From a window that has ended to the reports that are owed for it, and from a report to its halves."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ven_actors.delivery.chunks import Content, Whole, chunk_of, is_below, layout_number_of, node_of
from ven_actors.delivery.entries import OutboxReport
from ven_actors.delivery.measures import measure_of
from ven_actors.delivery.placing import has_ambiguous_ids
from ven_actors.delivery.sealing import Piece, pieces, report_name
from ven_actors.model import EventInterval, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ven_actors.delivery.entries import QueuedBlock, RequestState, Sendable
    from ven_actors.delivery.width import Width
    from ven_actors.model import Layout, ReportRequest
    from ven_actors.records import SpanRecord

_MOST_REMEMBERED = 1024


class Sealer:
    """Seals for one VEN; `layouts` is shared by the fleet, `spans` are the VEN's checkpoints."""

    def __init__(self, name: str, layouts: dict[int, Layout], spans: list[SpanRecord], width: Width) -> None:
        self.width = width
        self._name = name
        self._layouts = layouts
        self._spans = spans
        self._rows: dict[int, tuple[int, ...]] = {}
        self._fitting: dict[tuple[int, ...], bool] = {}

    def seal(self, state: RequestState, window: Window, blocks: list[QueuedBlock]) -> list[OutboxReport]:
        """Seal what of a window is not sealed: after a withdrawal, other reports of it or of later ones may stand."""
        place = window.start_s, window.end_s
        standing = [
            report
            for block in blocks
            for report in block.reports
            if report.request is state and (report.start_s, report.end_s) == place
        ]
        sealed: list[OutboxReport] = []
        for piece in pieces(state.request, window, blocks):
            there = {report.chunk: report for report in standing if report.layout_id == piece.layout_id}
            covered = [block for block in blocks if block.layout_id == piece.layout_id]
            number = self._layouts_within(window).index(piece.layout_id)
            sealed += self._seal_piece(state, window, piece, number, covered, there)
        return sealed

    def seal_state(self, state: RequestState, block: QueuedBlock) -> list[OutboxReport]:
        """Seal the state of the resources in a metering interval, which only the report can tell the VTN."""
        window = Window((EventInterval(0, block.start_s, block.end_s),))
        there = {report.chunk: report for report in block.reports if report.request is state}
        piece = Piece(block.layout_id, window.intervals, periods=True)
        return list(self._seal_piece(state, window, piece, 0, [block], there))

    def seal_forecast(
        self,
        state: RequestState,
        window: Window,
        intervals: tuple[EventInterval, ...],
        layout_id: int,
        blocks: list[QueuedBlock],
    ) -> list[OutboxReport]:
        """Seal what is expected of a window; `blocks` are its intervals."""
        plan = state.request.plan
        running = state.request.descriptor.report_intervals == "OPEN_INTERVALS"
        periods = running or plan.own or has_ambiguous_ids(plan, intervals)
        return list(self._seal_piece(state, window, Piece(layout_id, intervals, periods), 0, blocks, {}))

    def halve(self, report: OutboxReport) -> list[OutboxReport]:
        """Return the halves of a report as sealed reports; none where it stands for one cell alone."""
        whole = self._whole_of(report)
        number, node = layout_number_of(report.chunk), node_of(report.chunk)
        return [
            self._report(
                report.request, report.start_s, report.end_s, chunk_of(number, half), report.layout_id, content,
                overlapping(report.blocks, content.intervals), periods=report.periods,
            )
            for half, content in whole.halves(node)
        ]  # fmt: skip

    def rows(self, request: ReportRequest, layout_id: int) -> tuple[int, ...] | None:
        """Return the rows of a layout that a request asks for; None: all of them."""
        names = self._layouts[layout_id].resource_names
        if request.resource_names is None:
            return None if names else ()
        asked = set(request.resource_names)
        return tuple(row for row, name in enumerate(names) if name in asked)

    def can_halve(self, report: Sendable) -> bool:
        """Say whether it has halves; what goes out reading by reading never has."""
        if not isinstance(report, OutboxReport) or report.marks is not None:
            return False
        return bool(self._whole_of(report).halves(node_of(report.chunk)))

    def is_too_wide(self, report: Sendable) -> bool:
        if not isinstance(report, OutboxReport) or report.marks is not None:
            return False
        rows = len(self._all_rows(report.layout_id)) if report.rows is None else len(report.rows)
        return not self._fits(report.request, report.layout_id, rows, len(report.intervals))

    def _fits(self, state: RequestState, layout_id: int, rows: int, intervals: int) -> bool:
        key = (self.width.max_bytes, self.width.max_resources or 0, state.request_key, layout_id, rows, intervals)
        fits = self._fitting.get(key)
        if fits is None:
            descriptor = state.request.descriptor
            measure = measure_of(descriptor)
            assert measure is not None
            fits = self.width.fits(self._layouts[layout_id], measure, rows, intervals, summed=descriptor.aggregate)
            if len(self._fitting) >= _MOST_REMEMBERED:
                self._fitting.clear()
            self._fitting[key] = fits
        return fits

    def _all_rows(self, layout_id: int) -> tuple[int, ...]:
        rows = self._rows.get(layout_id)
        if rows is None:
            rows = self._rows[layout_id] = tuple(range(len(self._layouts[layout_id].resource_names)))
        return rows

    def _seal_piece(
        self,
        state: RequestState,
        window: Window,
        piece: Piece,
        number: int,
        blocks: list[QueuedBlock],
        there: dict[int, OutboxReport],
    ) -> Iterator[OutboxReport]:
        whole = self._whole(state.request, window, piece)
        if not whole.content.rows:
            return
        doubted = {
            node_of(chunk): periods
            for start_s, end_s, chunk, periods in state.doubted.values()
            if (start_s, end_s, layout_number_of(chunk)) == (window.start_s, window.end_s, number)
        }
        running = state.request.descriptor.report_intervals == "OPEN_INTERVALS"
        for node, content in self._nodes(state, whole, piece.layout_id, set(map(node_of, there)), set(doubted)):
            intervals = _without(content, there.values(), running=running) if there else content.intervals
            covered = overlapping(blocks, intervals)
            if covered:
                report = self._report(
                    state, window.start_s, window.end_s, chunk_of(number, node), piece.layout_id,
                    Content(content.rows, intervals), covered, periods=doubted.get(node, piece.periods),
                )  # fmt: skip
                report.in_doubt = report.marked = node in doubted
                yield report

    def _nodes(
        self, state: RequestState, whole: Whole, layout_id: int, there: set[int], doubted: set[int]
    ) -> Iterator[tuple[int, Content]]:
        """Yield the chunks to be sealed: as wide as may be, but cut wherever they were cut before."""
        waiting = [(1, whole.content)]
        while waiting:
            node, content = waiting.pop(0)
            if node in there:
                continue
            if any(is_below(each, node) for each in there | doubted):
                waiting += [(half, part) for half in (2 * node, 2 * node + 1) if (part := whole.part(half))]
                continue
            rows, intervals = len(content.rows), len(content.intervals)
            narrow = node in doubted or state.request.by_reading or self._fits(state, layout_id, rows, intervals)
            halves = [] if narrow else whole.halves(node)
            waiting += halves
            if not halves:
                yield node, content

    def _whole_of(self, report: OutboxReport) -> Whole:
        all_rows = self._all_rows(report.layout_id)
        content = Content(all_rows if report.rows is None else report.rows, report.intervals)
        return Whole(len(all_rows), report.start_s, report.end_s, content, report.request.request.descriptor.aggregate)

    def _whole(self, request: ReportRequest, window: Window, piece: Piece) -> Whole:
        all_rows, rows = self._all_rows(piece.layout_id), self.rows(request, piece.layout_id)
        content = Content(all_rows if rows is None else rows, piece.intervals)
        return Whole(len(all_rows), window.start_s, window.end_s, content, request.descriptor.aggregate)

    def _report(
        self,
        state: RequestState,
        start_s: float,
        end_s: float,
        chunk: int,
        layout_id: int,
        content: Content,
        blocks: list[QueuedBlock],
        *,
        periods: bool,
    ) -> OutboxReport:
        name = report_name(self._name, state.request, start_s, end_s, chunk)
        rows = None if len(content.rows) == len(self._all_rows(layout_id)) else content.rows
        report = OutboxReport(state, name, start_s, end_s, chunk, layout_id, content.intervals, rows, periods, blocks)
        for block in blocks:
            block.reports.append(report)
        return report

    def _layouts_within(self, window: Window) -> list[int]:
        """Layouts that metered in the window, in order; from the checkpoints, so that it is the same for ever."""
        found: list[int] = []
        for span in reversed(self._spans):
            if span.end_s <= window.start_s:
                break
            if span.start_s < window.end_s and not span.gap:
                found.append(span.layout_id)
        return list(dict.fromkeys(reversed(found)))


def overlapping(blocks: Sequence[QueuedBlock], intervals: Sequence[EventInterval]) -> list[QueuedBlock]:
    """Return the blocks, in order of time, that any of the intervals speaks about."""
    ends_s = [block.end_s for block in blocks]
    found: dict[int, QueuedBlock] = {}
    for interval in intervals:
        for index in range(bisect_right(ends_s, interval.start_s), len(blocks)):
            if blocks[index].start_s >= interval.end_s:
                break
            found[index] = blocks[index]
    return list(found.values()) if len(intervals) == 1 else [found[index] for index in sorted(found)]


def _without(content: Content, others: Iterable[OutboxReport], *, running: bool) -> tuple[EventInterval, ...]:
    """Return the chunk's intervals of which no other report of the window says anything in these rows.

    Where blocks were given up in the meantime, an interval may begin later, and so lie in another half, than when it
    was sealed first. `running`: ids are mere numbers and say nothing.
    """
    rows = set(content.rows)
    taken = [
        interval for report in others if report.rows is None or rows & set(report.rows) for interval in report.intervals
    ]
    return tuple(
        interval
        for interval in content.intervals
        if not any(
            (running or each.interval_id == interval.interval_id)
            and each.start_s < interval.end_s
            and interval.start_s < each.end_s
            for each in taken
        )
    )
