"""The promise, attacked at random: whatever happens, every reading is accounted for and none is delivered twice."""

from __future__ import annotations

import pytest
from delivery_honesty import BEGIN_S, INF, LAYOUTS, REQUESTS, STEP_S, Truth, next_missed, picture, power_w
from delivery_honesty_machine import HonestFleet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ven_actors.delivery.ledger import total
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.restoring import Books
from ven_actors.errors import StateError
from ven_actors.model import Block, IntervalPlan, ReportRequest
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import Store, read_recovery


class Honesty(HonestFleet):
    """The reporter's part played by rules, over a real store."""

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

    @rule()
    def restored_is_what_was(self) -> None:
        self.commit()
        recovery = read_recovery(self.folder)
        assert recovery is not None
        books = Books(recovery, next_window)
        assert total(map(books.readings, books.vens)) == total(map(self.outbox.readings, self.outbox.vens))
        for name, outbox in self.outbox.vens.items():
            assert picture(books.vens[name], in_flight=None) == picture(outbox, in_flight=outbox.in_flight)


Honesty.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
TestHonesty = Honesty.TestCase
