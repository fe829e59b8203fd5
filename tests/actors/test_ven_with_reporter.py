"""A VEN and a reporter together, every message delayed, lost or late as it likes: no hole, nothing twice."""

from collections import deque
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ven_actors.messages import Committed, IntervalClosed, Recovered, VenStarted
from ven_actors.model import Readings

T0 = 1_767_225_600


class Mailbox:
    """A peer whose messages are handed on when the test says so."""

    def __init__(self) -> None:
        self.waiting: deque[Any] = deque()

    def tell(self, message: Any, /) -> None:
        self.waiting.append(message)


class Pair:
    """A VEN and a reporter with a mailbox on either way between them."""

    def __init__(self, folder: Any, metered: ModuleType) -> None:
        self.reporter = metered.ReporterHouse(folder)
        self.reporter.store._database.execute_sql("PRAGMA synchronous = OFF")
        self.ven = metered.VenHouse(credit=4)
        self.to_reporter, self.to_ven = Mailbox(), Mailbox()
        self.ven.actor._reporter = self.to_reporter
        started = self.ven.reporter.messages[0]
        self.reporter.tell(VenStarted("Herning", 3, started.layout, self.to_ven))
        self.reporter.pulse()
        self.now_s = T0 + 5
        self.deliver_to_ven()

    def tick(self) -> None:
        self.now_s += 10
        self.ven.tick(self.now_s)

    def deliver_to_reporter(self) -> None:
        if self.to_reporter.waiting:
            message = self.to_reporter.waiting.popleft()
            if isinstance(message, VenStarted):
                message = VenStarted(message.ven, message.run, message.layout, self.to_ven)
            self.reporter.tell(message)

    def deliver_to_ven(self) -> None:
        if self.to_ven.waiting:
            self.ven.tell(self.to_ven.waiting.popleft())

    def lose_an_interval(self) -> None:
        if self.to_reporter.waiting and isinstance(self.to_reporter.waiting[0], IntervalClosed):
            self.to_reporter.waiting.popleft()

    def do(self, step: str) -> None:
        if step == "pulse":
            self.reporter.pulse()
        else:
            getattr(self, step)()

    def settle(self) -> None:
        """Lose and delay nothing more, until all that has ended is committed and the VEN knows."""
        for _ in range(20):
            self.tick()
            for _ in range(20):
                while self.to_reporter.waiting:
                    self.deliver_to_reporter()
                self.reporter.pulse()
                while self.to_ven.waiting:
                    self.deliver_to_ven()
                if self.ven.actor._committed_s == self.now_s // 10 * 10:
                    return
        raise AssertionError(f"it came to a stand at {self.ven.actor._committed_s}")


STEPS = st.sampled_from(["tick", "pulse", "deliver_to_reporter", "deliver_to_ven", "lose_an_interval"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=50))
def test_whatever_is_lost_or_late_the_store_has_every_interval_once(
    steps: list[str], metered: ModuleType, tmp_path_factory: Any
) -> None:
    pair = Pair(tmp_path_factory.mktemp("state"), metered)
    try:
        for step in steps:
            pair.do(step)
        pair.settle()
        recovery = pair.reporter.store.load()
        (span,) = recovery.spans
        starts = [block.start_s for block in recovery.blocks]
        assert starts == list(range(span.start_s, span.end_s, 10))
        kept = pair.reporter.store.blocks(recovery.blocks, pair.reporter.actor._outbox.layouts)
        assert all((block.power_w == metered.power_at(block.start_s)).all() for block in kept)
        assert pair.reporter.status().readings == Readings(generated=4 * len(starts), queued=4 * len(starts))
    finally:
        pair.reporter.end()


def test_being_told_twice_where_to_go_on_brings_nobody_to_a_stand(metered: ModuleType, tmp_path: Any) -> None:
    pair = Pair(tmp_path, metered)
    pair.tick()
    pair.settle()
    at_s = pair.ven.actor._committed_s
    for _ in range(4):
        pair.tick()
    pair.ven.tell(Recovered(3, at_s - 100, None, None))
    pair.ven.tell(Recovered(3, at_s - 100, None, None))
    for _ in range(60):
        pair.deliver_to_reporter()
        pair.deliver_to_ven()
        pair.reporter.pulse()
    assert pair.ven.actor._committed_s > at_s
    pair.reporter.end()


def test_committed_is_all_a_ven_needs_to_go_on(metered: ModuleType, tmp_path: Any) -> None:
    pair = Pair(tmp_path, metered)
    pair.ven.tick(T0 + 15)
    pair.ven.tick(T0 + 400)
    closed = len(pair.to_reporter.waiting)
    assert closed == 4
    while pair.to_reporter.waiting:
        pair.deliver_to_reporter()
    pair.reporter.pulse()
    (committed,) = pair.to_ven.waiting
    assert isinstance(committed, Committed)
    pair.deliver_to_ven()
    assert len(pair.to_reporter.waiting) == 4
    pair.reporter.end()


def test_a_ven_whose_whole_credit_got_lost_asks_where_to_go_on(metered: ModuleType, tmp_path: Any) -> None:
    pair = Pair(tmp_path, metered)
    for _ in range(4):
        pair.tick()
    for _ in range(4):
        pair.lose_an_interval()
    assert not pair.to_reporter.waiting
    pair.settle()
    assert len(pair.reporter.store.load().blocks) >= 5
    pair.reporter.end()
