"""Who listens to what of one broker connection."""

from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from ven_actors.push.listeners import Listeners, matches


class Told:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def connected(*vens: str) -> tuple[Listeners, dict[str, Told]]:
    listeners, told = Listeners(), {ven: Told() for ven in vens}
    for ven, tell in told.items():
        listeners.attach(ven, tell)
    listeners.connected()
    return listeners, told


def answer(listeners: Listeners, number: int, *, granted: bool = True) -> str:
    """Ask for the first topic that is to be asked for, and answer."""
    topic = listeners.to_do()[0][0]
    listeners.asked(topic, number)
    return listeners.answered(number, granted=granted)


def test_a_ven_hears_once_all_its_topics_are_granted_and_is_told_so_once() -> None:
    listeners, told = connected("A")
    listeners.listen("A", 1, frozenset({"x", "y"}))
    assert answer(listeners, 1) == ""
    assert not listeners.hears("A")
    answer(listeners, 2)
    assert listeners.hears("A")
    assert listeners.to_do() == ([], [])
    assert told["A"].count == 2, "for the connect, and for having been deaf until now"


def test_a_topic_that_is_denied_is_named_and_the_ven_is_not_taken_to_hear() -> None:
    listeners, told = connected("A")
    listeners.listen("A", 1, frozenset({"x"}))
    assert answer(listeners, 1, granted=False) == "x"
    assert not listeners.hears("A")
    assert listeners.to_do() == ([], []), "not asked for again"
    assert told["A"].count == 1


def test_what_is_no_topic_at_all_is_as_good_as_denied() -> None:
    listeners, _ = connected("A")
    listeners.listen("A", 1, frozenset({"a/#/b"}))
    listeners.asked("a/#/b", None)
    assert listeners.to_do() == ([], [])
    assert not listeners.hears("A")


def test_topics_of_an_earlier_connection_are_not_taken() -> None:
    listeners, _ = connected("A")
    listeners.connected()
    listeners.listen("A", 1, frozenset({"x"}))
    assert listeners.to_do() == ([], [])
    listeners.listen("A", 2, frozenset({"x"}))
    assert listeners.to_do() == (["x"], [])


def test_r39_a_new_connection_starts_without_the_topics_of_the_last_one() -> None:
    listeners, told = connected("A")
    listeners.listen("A", 1, frozenset({"x"}))
    answer(listeners, 1)
    listeners.lost()
    listeners.connected()
    assert listeners.to_do() == ([], []), "they may have changed"
    assert not listeners.hears("A")
    listeners.listen("A", 2, frozenset({"x"}))
    answer(listeners, 1)
    assert told["A"].count == 4, "for each connect, and for each end of its deafness"


def test_a_topic_is_given_up_when_the_last_who_wants_it_goes() -> None:
    listeners, _ = connected("A", "B")
    for ven in "AB":
        listeners.listen(ven, 1, frozenset({"x"}))
    answer(listeners, 1)
    listeners.detach("A")
    assert listeners.to_do() == ([], [])
    listeners.detach("B")
    assert listeners.to_do() == ([], ["x"])
    assert not listeners.hears("A")
    listeners.listen("A", 1, frozenset({"x"}))
    assert listeners.to_do() == ([], [])


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    listeners, _ = connected("A")
    assert listeners.answered(99, granted=True) == ""
    assert listeners.answered(99, granted=False) == ""


def test_nobody_hears_when_the_connection_is_lost() -> None:
    listeners, _ = connected("A")
    listeners.listen("A", 1, frozenset({"x"}))
    answer(listeners, 1)
    assert listeners.lost()
    assert not listeners.hears("A")
    assert not listeners.lost()


LEVELS = st.lists(st.sampled_from(["", "a", "b", "+"]), min_size=1, max_size=4)


@given(LEVELS, st.booleans(), st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=5))
@example(["a"], True, ["a"])
def test_a_pattern_means_what_paho_takes_it_to_mean(levels: list[str], rest: bool, topic: list[str]) -> None:
    pattern, name = "/".join([*levels, *(["#"] if rest else [])]), "/".join(topic)
    assert matches(pattern, name) == topic_matches_sub(pattern, name)
