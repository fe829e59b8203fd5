"""The reporter: what is dropped or evicted when it was kept long enough or the store is full."""

from collections.abc import Callable
from types import ModuleType

import pytest
from reporter_house import T0, accept, sends
from reporter_house import ReporterHouse as House
from structlog.testing import capture_logs

from ven_actors.messages import Refused, Send
from ven_actors.model import Readings


def test_accepted_blocks_are_dropped_when_they_have_been_kept_long_enough_and_stay_counted(
    reporting: Callable[..., House],
) -> None:
    house = reporting(keep_s=60)
    _, send = house.one_in_flight()
    accept(house, send)
    house.pulse()
    kept = house.store.settled_blocks(1, T0)[0]
    house.pulse(50)
    assert house.store.settled_blocks(1, T0)[0] == kept
    assert len(kept) == 1
    house.pulse(20)
    assert house.store.settled_blocks(1, T0)[0] == []
    assert house.status().readings == Readings(generated=4, accepted=4)


def test_a_block_that_a_late_request_has_just_taken_back_is_not_dropped_under_it(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    house = reporting(keep_s=5)
    sender, send = house.one_in_flight()
    accept(house, send)
    house.pulse()
    house.time.advance(30)
    house.read(metered.asked(), metered.asked("e2"), as_of_s=T0 + 20)
    house.pulse()
    house.pulse(11)
    assert [(each.report.event_id, len(each.blocks)) for each in sender.of(Send)] == [("e1", 1), ("e2", 1)]
    assert house.status().readings == Readings(generated=4, queued=4)


def test_a_store_that_is_full_gives_up_what_is_settled_before_what_is_open(
    reporting: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reporting(most_bytes=100)
    _, send = house.one_in_flight()
    accept(house, send)
    house.close(T0 + 10)
    house.pulse()
    monkeypatch.setattr(house.store, "used_bytes", lambda: 50 + 60 * len(house.store.settled_blocks(1, 0)[0]))
    house.pulse(11)
    assert house.store.settled_blocks(1, 0)[0] == []
    assert house.status().readings == Readings(generated=8, accepted=4, queued=4)


def test_a_store_that_is_full_gives_up_what_is_quarantined_before_what_is_open(
    reporting: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reporting()
    _, send = house.one_in_flight()
    house.tell(Refused("sender-1", 1, send.report.report_id, 409, "no"))
    house.close(T0 + 10)
    house.pulse()
    sizes = iter([200, 200, 200])
    house.actor._housekeeping._most_bytes = 100
    monkeypatch.setattr(house.store, "used_bytes", lambda: next(sizes, 50))
    given_up = []
    monkeypatch.setattr(house.store, "drop_quarantined", lambda: given_up.append("some") or True)
    house.pulse(11)
    assert given_up == ["some", "some"]
    assert house.status().readings == Readings(generated=8, quarantined=4, queued=4)


def test_a_store_that_has_outgrown_its_bound_evicts_the_oldest_open_blocks_and_says_so(
    reporting: Callable[..., House],
) -> None:
    house = reporting(most_bytes=1)
    house.ven()
    house.close(T0, 40)
    with capture_logs() as logs:
        house.pulse(11)
    house.pulse()
    assert house.status().readings == Readings(generated=160, queued=152, evicted=8)
    assert not house.store.uncommitted
    assert [entry["event"] for entry in logs] == ["readings_evicted"]
    assert "outbox_max_bytes" in house.status().last_error_by_ven["Herning"]
    assert reporting().status().readings == Readings(generated=160, queued=152, evicted=8)


def test_eviction_reaches_the_vens_that_do_not_run_but_sends_nothing_of_theirs(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(metered.asked())
    first.close(T0, 2)
    first.pulse()
    second = reporting(most_bytes=1)
    sender = second.sender()
    second.pulse(11)
    assert sends(second, sender, 1) == 0
    assert second.status().readings.evicted == 4
