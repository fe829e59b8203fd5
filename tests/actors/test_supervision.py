"""The pure rules of supervision."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.actors.children import Children, Phase
from ven_actors.actors.supervision import ChildSpec, CommonCause, CommonCausePolicy, RestartPolicy, Watch
from ven_actors.testing.probe import ChildProbe


def spec(name: str, group: str = "ven", **kwargs: str) -> ChildSpec:
    return ChildSpec(name, group, lambda _: ChildProbe(), **kwargs)


# --- restart delays --------------------------------------------------------------------------------------------


def test_delays_grow_twofold_up_to_the_cap() -> None:
    class NoJitter(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    delays = [RestartPolicy().delay_s(failures, 0, NoJitter()) for failures in range(1, 10)]
    assert delays == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


@given(st.integers(1, 10_000), st.integers(0, 1_000), st.integers())
def test_a_delay_is_between_half_and_all_of_its_length_and_never_overflows(
    failures: int, hanging: int, seed: int
) -> None:
    delay_s = RestartPolicy().delay_s(failures, hanging, random.Random(seed))
    longest_s = min(60.0, 0.5 * 2 ** min(failures - 1, 64)) * 2 ** min(hanging, 6)
    assert longest_s / 2 <= delay_s <= longest_s


def test_delays_of_many_children_are_spread() -> None:
    rng = random.Random(1)
    delays = [RestartPolicy().delay_s(5, 0, rng) for _ in range(100)]
    assert max(delays) - min(delays) > 3.0


def test_lives_that_still_hang_make_the_next_wait_longer() -> None:
    delays = [RestartPolicy().delay_s(20, hanging, random.Random(1)) for hanging in (0, 1, 2, 6, 50)]
    assert [round(delay / delays[0]) for delay in delays] == [1, 2, 4, 64, 64]


# --- common causes ---------------------------------------------------------------------------------------------


def test_half_of_the_vens_down_together_have_a_common_cause() -> None:
    cause = CommonCause(10, CommonCausePolicy())
    assert [cause.note(f"ven-{n}", float(n)) for n in range(5)] == [0, 0, 0, 0, 5]


def test_one_ven_down_over_and_over_is_its_own_trouble() -> None:
    cause = CommonCause(3, CommonCausePolicy())
    assert [cause.note("ven-1", n / 10) for n in range(50)] == [0] * 50


def test_two_of_two_vens_are_too_few_to_tell() -> None:
    cause = CommonCause(2, CommonCausePolicy())
    assert (cause.note("ven-1", 0.0), cause.note("ven-2", 0.0)) == (0, 0)


def test_vens_that_go_down_far_apart_have_no_common_cause() -> None:
    cause = CommonCause(4, CommonCausePolicy())
    assert [cause.note(f"ven-{n}", 6.0 * n) for n in range(20)] == [0] * 20


def test_a_ven_that_goes_down_again_counts_from_its_latest() -> None:
    cause = CommonCause(4, CommonCausePolicy())
    assert [cause.note(*down) for down in [("a", 0), ("b", 1), ("a", 9), ("c", 12)]] == [0, 0, 0, 0]
    assert cause.note("d", 12.5) == 3


def test_there_is_one_escalation_per_cool_down() -> None:
    cause = CommonCause(3, CommonCausePolicy(cooldown_s=100.0))
    at = [cause.note(f"ven-{n % 3}", n / 2) for n in range(1_000)]
    assert [n / 2 for n, count in enumerate(at) if count] == [1.0, 101.0, 201.0, 301.0, 401.0]


# --- who stands where ------------------------------------------------------------------------------------------


def test_the_core_comes_before_the_vens_in_the_order_given() -> None:
    children = Children((spec("ven-1"), spec("reporter", "core"), spec("ven-2"), spec("clock", "core")))
    assert [child.spec.name for child in children.all] == ["reporter", "clock", "ven-1", "ven-2"]
    assert [child.place for child in children.all] == [0, 1, 2, 3]


def test_two_children_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name: ven-1;"):
        Children((spec("ven-1"), spec("ven-2"), spec("ven-1")))


def test_the_last_level_is_stopped_together() -> None:
    children = Children(
        (spec("reporter", "core"), spec("s-1", "core", level="senders"), spec("s-2", "core", level="senders"))
    )
    for child in children.all:
        child.begin(child.place + 1, ChildProbe(), 0.0)
    assert [child.spec.name for child in children.last_level(0)] == ["s-2", "s-1"]
    assert [child.spec.name for child in children.last_level(2)] == ["s-2"]
    for child in children.all[1:]:
        child.forget()
    assert [child.spec.name for child in children.last_level(0)] == ["reporter"]
    assert list(children.last_level(1)) == []


def test_only_the_present_life_counts() -> None:
    children = Children((spec("reporter", "core"), spec("ven-1")))
    reporter = children.all[0]
    assert children.living("reporter", 0) is None
    reporter.begin(7, ChildProbe(), 0.0)
    assert children.living("reporter", 7) is reporter
    assert children.living("reporter", 6) is None
    assert children.living("nobody", 7) is None
    assert (children.core_lives(7), children.core_lives(6)) == (True, False)
    reporter.forget()
    assert reporter.phase is Phase.WAITING
    assert children.living("reporter", 7) is None
    assert not children.core_lives(7)


# --- the watch -------------------------------------------------------------------------------------------------


class Shown:
    def __init__(self, last_progress: float | None = None, busy_since: float | None = None) -> None:
        self.last_progress = last_progress
        self.busy_since = busy_since


def looks(watch: Watch, actor: Shown, times: range) -> list[tuple[str, ...]]:
    return [watch.stalled({"clock": actor}, float(mono_s)) for mono_s in times]


def test_who_makes_progress_is_not_stalled() -> None:
    watch, actor = Watch(30.0), Shown()
    for mono_s in range(100):
        actor.last_progress = float(mono_s)
        assert watch.stalled({"clock": actor}, float(mono_s)) == ()


def test_who_is_busy_with_one_message_for_too_long_is_stalled() -> None:
    *before, after = looks(Watch(30.0), Shown(1.0, busy_since=2.0), range(32))
    assert set(before) == {()}
    assert after == ("clock: no progress for 31 s (limit 30 s), busy with one message",)


def test_who_handles_nothing_at_all_is_stalled() -> None:
    (*_, after) = looks(Watch(30.0), Shown(), range(40))
    assert after == ("clock: no progress for 39 s (limit 30 s), not handling messages",)


def test_a_new_life_is_watched_anew() -> None:
    watch = Watch(30.0)
    looks(watch, Shown(), range(30))
    assert set(looks(watch, Shown(), range(30, 60))) == {()}
    assert watch.stalled({}, 60.0) == ()


def test_a_process_that_was_stopped_blames_nobody_for_that_time() -> None:
    watch, actor = Watch(30.0), Shown(1.0)
    looks(watch, actor, range(3))
    assert watch.stalled({"clock": actor}, 10_000.0) == ()
    actor.last_progress = 10_000.0
    assert watch.stalled({"clock": actor}, 10_001.0) == ()
