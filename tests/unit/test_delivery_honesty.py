"""The promise, attacked at random: whatever happens, every reading is accounted for and none is delivered twice."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ven_actors.delivery.entries import OutboxReport, ReportState
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.ledger import total
from ven_actors.delivery.measures import measure_of
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.rendering import render
from ven_actors.delivery.restoring import Books, block_record
from ven_actors.delivery.width import Width
from ven_actors.errors import StateError
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest, SealedReport
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import Store, read_recovery

INF = float("inf")
STEP_S = 10
BEGIN_S = 1_800_000_000
LAYOUTS = (
    Layout(("r1", "r2", "r3"), ("load_0", "load_1")),
    Layout(("r2", "r3", "r4", "r5"), ("load_0", "load_1")),
)


def _request(name: str, plan: IntervalPlan, rows: tuple[str, ...] | None = None, **more: Any) -> ReportRequest:
    descriptor = ReportDescriptor(**({"payload_type": "DEMAND", "repeat": -1} | more))
    return ReportRequest(f"{name}.d.0", name.split("-", maxsplit=1)[0], "p", descriptor, plan, rows)


def _implied(length_s: float, start_s: float = BEGIN_S, end_s: float = INF, *, own: bool = False) -> IntervalPlan:
    first = EventInterval(0, start_s, start_s + length_s)
    return IntervalPlan((first,), length_s, end_s, implied=True, own=own)


def _listed(count: int, length_s: float, start_s: float) -> IntervalPlan:
    starts = [start_s + index * length_s for index in range(count)]
    intervals = tuple(EventInterval(index * 5, at_s, at_s + length_s) for index, at_s in enumerate(starts))
    return IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)


def _apart(count: int, length_s: float, step_s: float, start_s: float) -> IntervalPlan:
    intervals = tuple(
        EventInterval(index, start_s + index * step_s, start_s + index * step_s + length_s) for index in range(count)
    )
    return IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)


REQUESTS = (
    _request("own", _implied(STEP_S, own=True), num_intervals=1),
    _request("some", _implied(STEP_S), ("r2",), num_intervals=1),
    _request("long", _implied(30), num_intervals=1),
    _request("long-late", _implied(30, BEGIN_S + 30), ("r1", "r3"), num_intervals=1),
    _request("askew", _implied(25, BEGIN_S - 7), num_intervals=2),
    _request("sliding", _implied(20), num_intervals=2, frequency=1),
    _request("sliding-some", _implied(STEP_S), ("r3", "r4"), num_intervals=3, frequency=1),
    _request("finite", _listed(4, 20, BEGIN_S + 20), num_intervals=1, frequency=1),
    _request("whole", _listed(5, STEP_S, BEGIN_S + 30), payload_type="USAGE"),
    _request("open", _implied(20), num_intervals=1, report_intervals="OPEN_INTERVALS"),
    _request("sum", _implied(40), num_intervals=1, aggregate=True),
    _request("foreign", _implied(STEP_S), num_intervals=1, payload_type="STORAGE_CHARGE_LEVEL"),
    _request("fine", _listed(6, 4, BEGIN_S + 13)),
    _request("holed", _apart(3, 10, 30, BEGIN_S)),
    _request("level", _implied(STEP_S), num_intervals=1, payload_type="SIMPLE_LEVEL"),
    _request("cause", _implied(STEP_S), payload_type="SIMPLE_LEVEL", frequency=0),
    _request("nobody", _implied(STEP_S), ("r9",), num_intervals=1),
)


@dataclass
class Truth:
    """What the test itself knows of one VEN, committed or not."""

    layout: int = 0
    closed_s: int | None = None
    blocks: dict[int, int] = field(default_factory=dict)
    asked: dict[str, ReportRequest] = field(default_factory=dict)
    owed_since: dict[str, float] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    evicted: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    def copy(self) -> Truth:
        parts = (self.blocks, self.asked, self.owed_since, self.changed, self.evicted, self.dropped)
        return Truth(self.layout, self.closed_s, *(part.copy() for part in parts))  # type: ignore[arg-type]


@dataclass
class Vtn:
    """A VTN that never forgets: `cells` are what was posted, by (request, window, row name, block)."""

    contents: dict[str, bytes] = field(default_factory=dict)
    cells: dict[tuple[Any, ...], str] = field(default_factory=dict)
    refused: set[tuple[Any, ...]] = field(default_factory=set)


def power_w(start_s: int, layout: int) -> Any:
    shape = (len(LAYOUTS[layout].resource_names), len(LAYOUTS[layout].components))
    return np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape) + (start_s - BEGIN_S) * 10 - 900


class Honesty(RuleBasedStateMachine):
    """The reporter's part played by rules, over a real store."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="honesty"))
        self.truth = {"A": Truth(), "B": Truth()}
        self.vtn = {"A": Vtn(), "B": Vtn()}
        self.kept = {name: truth.copy() for name, truth in self.truth.items()}
        self.flying: dict[str, OutboxReport] = {}
        self.marked: set[str] = set()
        self.width = Width()
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window, self.width)
        self.flying = {}

    def teardown(self) -> None:
        try:
            self.deliver_everything()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    # --- helpers

    def ven(self, name: str) -> tuple[VenOutbox, Truth]:
        return self.outbox.ven(name), self.truth[name]

    def commit(self) -> None:
        for outbox in self.outbox.vens.values():
            self.outbox.advance(outbox)
        self.store.commit()
        self.kept = {name: truth.copy() for name, truth in self.truth.items()}

    def content(self, outbox: VenOutbox, report: OutboxReport) -> bytes:
        records = [block_record(outbox, block) for block in report.blocks]
        blocks = self.store.blocks(records, self.outbox.layouts)
        assert None not in blocks
        request = report.request.request
        sealed = SealedReport(
            1, report.name, outbox.name, request.event_id, request.program_id, request.descriptor,
            report.intervals, report.rows, report.periods, report.in_doubt,
        )  # fmt: skip
        return render(sealed, self.outbox.layouts[report.layout_id], [block for block in blocks if block is not None])

    def cells(self, report: OutboxReport) -> set[tuple[Any, ...]]:
        names = self.outbox.layouts[report.layout_id].resource_names
        rows = range(len(names)) if report.rows is None else report.rows
        request_id = report.request.request.request_id
        return {
            (request_id, report.start_s, report.end_s, names[row], block.start_s, max(block.start_s, interval.start_s))
            for interval in report.intervals
            for block in report.blocks
            if interval.start_s < block.end_s and block.start_s < interval.end_s
            for row in rows
        }

    def split(self, name: str, report: OutboxReport) -> bool:
        """Halve a report that is in flight; between them, the halves have all of its cells, and none has one twice."""
        outbox, cells = self.ven(name)[0], self.cells(report)
        before = {id(each) for each in outbox.queue}
        gone = report.request.gone
        if not self.outbox.split(outbox, report, "too large"):
            return False
        halves = [self.cells(each) for each in outbox.queue if id(each) not in before]
        assert gone or (len(halves) == 2 and halves[0] | halves[1] == cells and not halves[0] & halves[1])
        return True

    def send(self, name: str) -> OutboxReport | None:
        """What a flush does: advance, choose, mark, commit, hand out."""
        outbox, _ = self.ven(name)
        self.outbox.advance(outbox)
        while (report := outbox.next_to_send()) is not None:
            outbox.sending(report)
            if report.in_doubt or not outbox.sealer.is_too_wide(report) or not self.split(name, report):
                break
        if report is None:
            return None
        self.outbox.mark_sent(report)
        self.commit()
        self.marked.add(report.name)
        self.flying[name] = report
        return report

    def post(self, name: str, report: OutboxReport) -> str:
        """What a sender does with a VTN that takes everything: look up if in doubt, else POST."""
        vtn, content = self.vtn[name], self.content(self.ven(name)[0], report)
        if report.in_doubt and report.name in vtn.contents:
            return "accepted" if vtn.contents[report.name] == content else "refused"
        assert report.name not in vtn.contents, "posted again without a look"
        for cell in self.cells(report):
            assert cell not in vtn.cells, f"{cell} went out in {vtn.cells[cell]} and again in {report.name}"
            vtn.cells[cell] = report.name
        vtn.contents[report.name] = content
        return "accepted"

    def close(self, name: str, verdict: str) -> None:
        outbox, report = self.ven(name)[0], self.flying.pop(name)
        if verdict == "refused":
            self.vtn[name].refused |= self.cells(report)
        state = ReportState.ACCEPTED if verdict == "accepted" else ReportState.REFUSED
        self.outbox.close(outbox, report, state, "because")

    # --- what a VEN does

    @initialize(
        names=st.sets(st.sampled_from(range(len(REQUESTS))), min_size=1, max_size=4),
        most=st.sampled_from((None, 1, 2)),
    )
    def first_crawl(self, names: set[int], most: int | None) -> None:
        self.width.max_resources = most
        self.take_requests("A", names, 0)

    @rule(name=st.sampled_from("AB"), count=st.integers(1, 5))
    def meter(self, name: str, count: int) -> None:
        outbox, truth = self.ven(name)
        layout_id = self.outbox.layout_id(outbox, LAYOUTS[truth.layout])
        for _ in range(count):
            start_s = BEGIN_S if truth.closed_s is None else truth.closed_s
            block = Block(start_s, STEP_S, power_w(start_s, truth.layout))
            self.outbox.add_block(outbox, block, layout_id)
            truth.blocks[start_s] = truth.layout
            truth.closed_s = block.end_s

    @rule(name=st.sampled_from("AB"), count=st.integers(1, 6))
    def gap(self, name: str, count: int) -> None:
        outbox, truth = self.ven(name)
        if truth.closed_s is None:
            return
        layout_id = self.outbox.layout_id(outbox, LAYOUTS[truth.layout])
        end_s = truth.closed_s + count * STEP_S
        self.outbox.add_gap(outbox, layout_id, truth.closed_s, end_s, STEP_S)
        truth.closed_s = end_s

    @rule(name=st.sampled_from("AB"))
    def other_resources(self, name: str) -> None:
        self.truth[name].layout = 1 - self.truth[name].layout

    @rule(
        name=st.sampled_from("AB"),
        wanted=st.sets(st.sampled_from(range(len(REQUESTS))), max_size=4),
        ago=st.integers(0, 3),
    )
    def take_requests(self, name: str, wanted: set[int], ago: int) -> None:
        outbox, truth = self.ven(name)
        asked = {REQUESTS[index].request_id: REQUESTS[index] for index in sorted(wanted)}
        for request in asked.values():
            if request.request_id not in truth.owed_since:
                truth.owed_since[request.request_id] = self.owed_since(outbox, truth, request)
        truth.asked = asked
        now_s = BEGIN_S if truth.closed_s is None else truth.closed_s
        self.outbox.take_requests(outbox, asked.values(), now_s - ago * STEP_S)

    @rule(name=st.sampled_from("AB"), shift_s=st.sampled_from((-STEP_S, 5, STEP_S, 45)))
    def events_change(self, name: str, shift_s: int) -> None:
        """The plan of everything asked moves in time."""
        outbox, truth = self.ven(name)
        for request_id, request in truth.asked.items():
            truth.changed.add(request_id)
            moved = tuple(
                each._replace(start_s=each.start_s + shift_s, end_s=each.end_s + shift_s)
                for each in request.plan.intervals
            )
            plan = IntervalPlan(
                moved, request.plan.period_s, request.plan.end_s + shift_s, request.plan.implied, own=request.plan.own
            )
            truth.asked[request_id] = ReportRequest(
                request_id, request.event_id, request.program_id, request.descriptor, plan, request.resource_names
            )
        self.outbox.take_requests(outbox, truth.asked.values(), truth.closed_s or BEGIN_S)

    def owed_since(self, outbox: VenOutbox, truth: Truth, request: ReportRequest) -> float:
        """R33 by looking at every window: all since the oldest that waits, and the last that was missed."""
        if truth.closed_s is None:
            return -INF
        owed_s = INF if not outbox.blocks else float(min(outbox.blocks))
        at_s: float = BEGIN_S
        while (window := next_window(request, at_s)) is not None and window.end_s <= truth.closed_s:
            last_s, at_s = at_s, window.end_s
            owed_s = min(owed_s, last_s) if next_missed(request, at_s, truth.closed_s) is None else owed_s
        return owed_s

    @rule(most=st.sampled_from((None, None, 1, 2, 3)))
    def other_width(self, most: int | None) -> None:
        self.width.max_resources = most

    # --- what the reporter does

    @rule()
    def flush(self) -> None:
        self.commit()

    @precondition(lambda self: len(self.flying) < 2)
    @rule(name=st.sampled_from("AB"))
    def hand_out(self, name: str) -> None:
        if name not in self.flying:
            self.send(name)

    @precondition(lambda self: self.flying)
    @rule(
        data=st.data(),
        verdict=st.sampled_from(
            (
                "accepted",
                "accepted",
                "accepted",
                "refused",
                "held",
                "no answer",
                "lost",
                "event gone",
                "sender lost",
                "halved",
                "halved",
            )
        ),
    )
    def answer(self, data: st.DataObject, verdict: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.flying)))
        outbox, report = self.ven(name)[0], self.flying[name]
        match verdict:
            case "accepted":
                self.close(name, self.post(name, report))
                return
            case "refused":
                there = self.vtn[name].contents.get(report.name)
                self.close(name, "accepted" if there == self.content(outbox, report) else "refused")
                return
            case "halved":
                if report.in_doubt or not self.split(name, report):
                    self.outbox.back(outbox, report, 0.0, in_doubt=False)
            case "event gone":
                self.outbox.event_gone(outbox, report)
                event_id = report.request.request.event_id
                asked = self.truth[name].asked
                self.truth[name].asked = {key: each for key, each in asked.items() if each.event_id != event_id}
            case "held":
                self.outbox.back(outbox, report, 0.0, in_doubt=False)
            case "no answer":
                self.post(name, report)
                self.outbox.back(outbox, report, 0.0, in_doubt=True)
            case _:
                self.outbox.back(outbox, report, 0.0, in_doubt=True)
        del self.flying[name]

    @rule(name=st.sampled_from("AB"), newest=st.booleans())
    def evict(self, name: str, newest: bool) -> None:
        outbox, truth = self.ven(name)
        blocks = list(outbox.blocks.values())
        if not blocks:
            return
        block = blocks[-1 if newest else 0]
        lost = self.outbox.evict(outbox, block)
        assert lost in {0, LAYOUTS[truth.blocks[block.start_s]].readings}
        if lost:
            truth.evicted.add(block.start_s)
        self.outbox.advance(outbox)

    @rule(keep=st.integers(0, 4), quarantined=st.booleans())
    def drop(self, keep: int, quarantined: bool) -> None:
        now_s = max((truth.closed_s or BEGIN_S) for truth in self.truth.values())
        oldest = [outbox.oldest_unsettled_s() for outbox in self.outbox.vens.values()]
        before_s = now_s - keep * STEP_S
        self.store.drop_settled(before_s, min((at_s for at_s in oldest if at_s is not None), default=now_s))
        if quarantined:
            self.store.drop_quarantined()
        for name, truth in self.truth.items():
            opened = self.outbox.vens[name].blocks if name in self.outbox.vens else {}
            truth.dropped |= {start_s for start_s in truth.blocks if start_s < before_s and start_s not in opened}
        self.kept = {name: truth.copy() for name, truth in self.truth.items()}

    @rule()
    def crash(self) -> None:
        """What was not committed is gone; VENs meter it again from their checkpoints, with the same result."""
        flown = {name: report.name for name, report in self.flying.items()}
        closed = {name: report.name for name, report in self.flying.items() if report.request.gone}
        self.store.close()
        self.truth = {name: truth.copy() for name, truth in self.kept.items()}
        self.open()
        for name, outbox in self.outbox.vens.items():
            assert outbox.closed_until_s == self.truth[name].closed_s
            doubted = {report.name for report in outbox.queue if report.in_doubt}
            doubted |= {each for state in outbox.requests.values() for each in state.doubted}
            if name in flown and name not in closed:
                assert flown[name] in doubted

    @precondition(lambda self: not self.flying)
    @rule()
    def taken_over(self) -> None:
        """A second store of the same folder: the first writes nothing any more."""
        other = Store(self.folder)
        before = read_recovery(self.folder)
        self.store.keep_meta("late", "1")
        with pytest.raises(StateError):
            self.store.commit()
        with pytest.raises(StateError):
            self.store.drop_settled(BEGIN_S * 2, BEGIN_S * 2)
        assert read_recovery(self.folder) == before
        other.close()
        self.crash()

    # --- what must hold

    @invariant()
    def every_reading_is_accounted_for(self) -> None:
        for name, outbox in self.outbox.vens.items():
            readings = self.outbox.readings(name)
            blocks = self.truth[name].blocks.values()
            assert readings.unaccounted == 0, readings
            assert readings.generated == sum(LAYOUTS[layout].readings for layout in blocks)
            assert min(readings.queued, readings.accepted, readings.unasked, readings.quarantined) >= 0
            assert list(outbox.blocks) == sorted(outbox.blocks)
            names = [report.name for report in outbox.queue]
            assert len(names) == len(set(names))

    @rule()
    def restored_is_what_was(self) -> None:
        self.commit()
        recovery = read_recovery(self.folder)
        assert recovery is not None
        books = Books(recovery, next_window)
        assert total(map(books.readings, books.vens)) == total(map(self.outbox.readings, self.outbox.vens))
        for name, outbox in self.outbox.vens.items():
            assert _picture(books.vens[name], in_flight=None) == _picture(outbox, in_flight=outbox.in_flight)

    def deliver_everything(self) -> None:
        """At last the VTN takes all: nothing that is owed may be missing, nothing may be left but unended windows."""
        for name in list(self.flying):
            self.close(name, self.post(name, self.flying[name]))
        for name, truth in self.truth.items():
            outbox, _ = self.ven(name)
            self.outbox.take_requests(outbox, truth.asked.values(), truth.closed_s or BEGIN_S)
            while (report := self.send(name)) is not None:
                self.close(name, self.post(name, report))
            self.outbox.advance(outbox)
            self.every_reading_is_accounted_for()
            measured = [request for request in truth.asked.values() if measure_of(request.descriptor) is not None]
            for block in outbox.blocks.values():
                cursors = [outbox.requests[request.request_id].sealed_until_s for request in measured]
                upcoming = [next_window(*pair) for pair in zip(measured, cursors, strict=True)]
                assert any(window is not None and window.start_s < block.end_s for window in upcoming)
            for request in measured:
                if request.request_id not in truth.changed:
                    self.nothing_owed_is_forgotten(name, truth, request)

    def nothing_owed_is_forgotten(self, name: str, truth: Truth, request: ReportRequest) -> None:
        at_s = truth.owed_since[request.request_id]
        while (window := next_window(request, at_s)) is not None and window.end_s <= (truth.closed_s or 0):
            for start_s, layout in truth.blocks.items():
                parts = [
                    max(start_s, each.start_s)
                    for each in window.intervals
                    if start_s < each.end_s and start_s + STEP_S > each.start_s
                ]
                if start_s in truth.evicted | truth.dropped:
                    continue
                for row in LAYOUTS[layout].resource_names:
                    if request.resource_names is None or row in request.resource_names:
                        for part_s in parts:
                            cell = (request.request_id, window.start_s, window.end_s, row, start_s, part_s)
                            assert cell in self.vtn[name].cells or cell in self.vtn[name].refused
            at_s = window.end_s


def next_missed(request: ReportRequest, after_s: float, until_s: float) -> Any:
    window = next_window(request, after_s)
    return window if window is not None and window.end_s <= until_s else None


def _picture(outbox: VenOutbox, in_flight: OutboxReport | None) -> Any:
    reports = sorted([*outbox.queue, *([in_flight] if in_flight else [])], key=lambda report: report.order)
    return (
        outbox.closed_until_s,
        [(block.block_id, block.start_s, block.end_s, block.layout_id) for block in outbox.blocks.values()],
        {
            name: (state.request_key, state.request, state.sealed_until_s, state.accepted, state.gone)
            for name, state in outbox.requests.items()
        },
        [
            (r.name, r.chunk, r.intervals, r.rows, r.periods, r.marked, [block.block_id for block in r.blocks])
            for r in reports
        ],
        [sorted(report.name for report in block.reports) for block in outbox.blocks.values()],
    )


Honesty.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
TestHonesty = Honesty.TestCase
