"""What `tests/soak.py` complains of, and what it makes its VTN do; the soak itself is a command of its own."""

from itertools import pairwise
from types import ModuleType

import pytest
from soak_watch import Silence, Watch

from ven_actors.vtn.quirks import Quirk


@pytest.fixture
def soak() -> ModuleType:
    import soak

    return soak


def test_a_ven_that_is_silent_for_too_long_is_complained_of_unless_it_is_the_refused_one() -> None:
    watch = Watch(("Herning", "Aalborg", "Lemvig"), silent_s=30)
    watch.look(5, {"Herning": 6, "Aalborg": 6}, "doubled")
    watch.look(20, {"Herning": 6, "Aalborg": 12, "Lemvig": 0}, "nulls")
    watch.look(36, {"Herning": 12, "Aalborg": 12, "Lemvig": 0}, "nulls")
    watch.end(50)
    assert watch.longest["Herning"] == Silence(31, 5, "doubled")
    assert watch.longest["Aalborg"] == Silence(30, 20, "nulls")
    (complaint,) = watch.complaints(besides="Lemvig")
    assert complaint == ("Herning was without an accepted report for 31.0 s, from 5 s on (doubled); the bound is 30 s")


def test_a_ven_that_never_begins_or_does_not_go_on_is_silent() -> None:
    watch = Watch(("Herning", "Aalborg"), silent_s=30)
    watch.look(5, {"Herning": 6}, "doubled")
    watch.end(40)
    assert watch.longest == {"Herning": Silence(35, 5, "doubled"), "Aalborg": Silence(40, 0, "at the start")}


@pytest.mark.parametrize("minutes", [2, 20])
def test_a_soak_empties_the_vtn_twice_replaces_an_event_each_30_s_and_shows_quirks(
    soak: ModuleType, minutes: int
) -> None:
    steps = soak.plan(minutes * 60.0, outage_s=0.0)
    assert [what for _, what, _ in steps].count("empty") == 2
    assert {what for _, what, _ in steps} == {"quirk", "event", "empty", "start", "publish"}
    events = [at_s for at_s, what, _ in steps if what == "event"]
    assert {later - earlier for earlier, later in pairwise(events)} == {30.0}
    empty = [at_s for at_s, what, _ in steps if what == "empty"]
    assert [at_s for at_s, what, _ in steps if what == "publish"] == [at_s + 5 for at_s in empty]


def test_a_long_soak_shows_every_quirk_but_that_which_the_restarts_are(soak: ModuleType) -> None:
    shown = {soak.QUIRKS[0], *(quirk for _, what, quirk in soak.plan(1200.0, 0.0) if what == "quirk")}
    assert shown == set(Quirk) - {Quirk.COMES_BACK_EMPTY}
