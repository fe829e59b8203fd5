"""What many VENs read alike is made once, and kept as long as one of them refers to it."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from ven_actors.openadr.alike import Alike


class Thing:
    pass


def test_all_that_ask_for_the_same_have_the_same_object() -> None:
    alike = Alike()
    first = alike.one("a", Thing)
    assert alike.one("a", Thing) is first
    assert alike.one("b", Thing) is not first


def test_what_nobody_holds_is_not_kept() -> None:
    alike = Alike()
    held = alike.one("a", Thing)
    alike.one("b", Thing)
    gc.collect()
    assert len(alike) == 1
    del held
    gc.collect()
    assert len(alike) == 0


def test_threads_that_ask_at_the_same_time_wait_for_the_first_to_make_it() -> None:
    alike, made, started = Alike(), [], threading.Barrier(8)

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    def ask(_: int) -> Thing:
        started.wait(10)
        return alike.one("a", make)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert found == set(made)
    assert len(made) == 1
