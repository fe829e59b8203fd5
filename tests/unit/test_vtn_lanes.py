"""Background delivery: order within a lane, patience with bounds, no lane that waits for another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from ven_actors.vtn.push.lanes import Lanes, Notice, Outcome, Patience

WITHIN_S = 20.0


def notice(body: str, owner: str = "s", url: str = "u") -> Notice:
    return Notice(owner, url, None, body.encode())


class Post:
    """Writes down what is sent; `outcome` decides what comes of it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.changed = threading.Condition()
        self.outcome: Callable[[str, int], Outcome] = lambda _body, _attempt: Outcome.DELIVERED

    def __call__(self, notice: Notice) -> Outcome:
        body = notice.body.decode()
        with self.changed:
            self.sent.append(body)
            attempt = self.sent.count(body)
            self.changed.notify_all()
        return self.outcome(body, attempt)

    def wait_for(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.sent) >= count, WITHIN_S), self.sent
            return list(self.sent)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock() -> Clock:
    return Clock()


Make = Callable[..., Lanes]


@pytest.fixture
def make(post: Post, clock: Clock) -> Iterator[Make]:
    made: list[Lanes] = []

    def maker(**patience: object) -> Lanes:
        made.append(Lanes(post, clock, Patience(**patience)))  # type: ignore[arg-type] # as the test gives them
        return made[-1]

    yield maker
    for lanes in made:
        lanes.close()


def test_notices_of_a_lane_arrive_in_order_one_at_a_time(post: Post, make: Make) -> None:
    lanes = make()
    for number in range(200):
        lanes.put(notice(str(number)))
    assert post.wait_for(200) == [str(number) for number in range(200)]


def test_a_notice_that_fails_is_tried_again_before_the_next_and_given_up_in_the_end(post: Post, make: Make) -> None:
    post.outcome = lambda body, _attempt: Outcome.AGAIN if body == "bad" else Outcome.DELIVERED
    lanes = make(retry_after_s=(0.0, 0.0))
    for body in ("good", "bad", "after"):
        lanes.put(notice(body))
    assert post.wait_for(5) == ["good", "bad", "bad", "bad", "after"]


def test_the_next_notice_has_all_its_tries_again(post: Post, make: Make) -> None:
    post.outcome = lambda _body, attempt: Outcome.DELIVERED if attempt == 2 else Outcome.AGAIN
    lanes = make(retry_after_s=(0.0,))
    for body in ("a", "b"):
        lanes.put(notice(body))
    assert post.wait_for(4) == ["a", "a", "b", "b"]


def test_a_refused_notice_is_not_tried_again(post: Post, make: Make) -> None:
    post.outcome = lambda _body, _attempt: Outcome.REFUSED
    lanes = make(retry_after_s=(0.0, 0.0))
    for body in ("a", "b"):
        lanes.put(notice(body))
    assert post.wait_for(2) == ["a", "b"]


def test_a_retry_waits_for_its_time_and_other_lanes_do_not(post: Post, make: Make, clock: Clock) -> None:
    post.outcome = lambda body, attempt: Outcome.AGAIN if (body, attempt) == ("late", 1) else Outcome.DELIVERED
    lanes = make(retry_after_s=(60.0,), threads=1)
    lanes.put(notice("late"))
    lanes.put(notice("other", owner="t"))
    assert post.wait_for(2) == ["late", "other"]
    clock.now_s = 60.0
    lanes.put(notice("nudge", owner="t"))
    assert sorted(post.wait_for(4)[2:]) == ["late", "nudge"]


def test_a_callback_that_hangs_holds_up_only_its_own_lane(post: Post, make: Make) -> None:
    go_on = threading.Event()

    def hang(body: str, _attempt: int) -> Outcome:
        if body == "hangs":
            go_on.wait(WITHIN_S)
        return Outcome.DELIVERED

    post.outcome = hang
    lanes = make()
    lanes.put(notice("hangs"))
    post.wait_for(1)
    lanes.put(notice("behind"))
    lanes.put(notice("elsewhere", url="v"))
    assert post.wait_for(2) == ["hangs", "elsewhere"]
    go_on.set()
    assert post.wait_for(3)[2] == "behind"


def test_where_too_many_wait_the_oldest_that_is_not_on_its_way_goes(post: Post, make: Make) -> None:
    go_on = threading.Event()

    def hold(_body: str, _attempt: int) -> Outcome:
        go_on.wait(WITHIN_S)
        return Outcome.DELIVERED

    post.outcome = hold
    lanes = make(most_waiting=3)
    lanes.put(notice("0"))
    post.wait_for(1)
    for number in range(1, 6):
        lanes.put(notice(str(number)))
    go_on.set()
    assert post.wait_for(3) == ["0", "4", "5"]


def test_what_waits_for_a_forgotten_subscription_is_not_sent_nor_tried_again(post: Post, make: Make) -> None:
    go_on = threading.Event()

    def hold(body: str, _attempt: int) -> Outcome:
        if body == "on its way":
            go_on.wait(WITHIN_S)
            return Outcome.AGAIN
        return Outcome.DELIVERED

    post.outcome = hold
    lanes = make(retry_after_s=(0.0, 0.0))
    lanes.put(notice("on its way"))
    post.wait_for(1)
    lanes.put(notice("waits"))
    lanes.put(notice("other", owner="t"))
    lanes.forget("s")
    go_on.set()
    lanes.put(notice("new"))
    assert sorted(post.wait_for(3)) == ["new", "on its way", "other"]


def test_losing_and_finding_a_callback_is_logged_once_each(
    post: Post, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    post.outcome = lambda body, _attempt: Outcome.DELIVERED if body == "good" else Outcome.REFUSED
    with caplog.at_level(logging.WARNING, "ven_actors.vtn"):
        lanes = make()
        for body in ("bad", "bad", "good", "good", "last"):
            lanes.put(notice(body))
        post.wait_for(5)
        lanes.close()
    said = [record.getMessage().split()[0] for record in caplog.records]
    assert said == ["webhook_fails", "webhook_back", "webhook_fails"]


def test_closing_drops_what_waits_and_takes_nothing_more(post: Post, make: Make) -> None:
    post.outcome = lambda _body, _attempt: Outcome.AGAIN
    lanes = make(retry_after_s=(60.0,))
    lanes.put(notice("a"))
    post.wait_for(1)
    lanes.close()
    lanes.put(notice("b"))
    lanes.close()
    assert post.sent == ["a"]


def test_a_notice_shows_neither_token_nor_body(post: Post) -> None:
    assert "secret" not in repr(Notice("s", "u", "secret", b"secret"))


def test_closing_does_not_wait_for_a_callback_that_hangs(post: Post, make: Make) -> None:
    go_on = threading.Event()
    post.outcome = lambda _body, _attempt: Outcome.DELIVERED if go_on.wait(WITHIN_S) else Outcome.REFUSED
    lanes = make()
    lanes.put(notice("hangs"))
    post.wait_for(1)
    lanes.close()
    assert not go_on.is_set()
    go_on.set()
