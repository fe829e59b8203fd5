"""Topics at a real broker: whom they concern, and what is re-read after each connect."""

from push_mqtt_house import WITHIN_S, House, Start, until
from structlog.testing import capture_logs

from ven_actors.messages import Hint
from ven_actors.push.channels import LOOK_AGAIN_S


def test_r39_a_ven_listens_to_the_topics_the_vtn_names_for_it(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", CREATE="a/1", UPDATE="a/2", DELETE="a/3", ALL="b/+")
    house.api.name("vens/id-Herning", UPDATE="v/2", DELETE="v/3")
    house.api.name("vens/id-Herning/resources", CREATE="r/1", UPDATE="r/2", DELETE="r/3")
    house.api.name("programs", CREATE="p/1", UPDATE="p/2", DELETE="p/3")
    ven = house.listening()
    for topic in ("a/1", "a/3", "b/whatever", "v/2", "r/1", "p/2"):
        broker.publish(topic, "not even JSON")
        ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == 2 + 6


def test_r39_what_concerns_others_is_not_heard(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    for name in ("Herning", "Aalborg"):
        house.api.name(f"vens/id-{name}/events", CREATE=f"{name}/create", UPDATE="u", DELETE="d")
    herning, aalborg = house.listening("Herning"), house.listening("Aalborg")
    assert house.brokers.connections == 1, "one for the fleet"
    before = len(aalborg.of(Hint))
    broker.publish("Herning/create")
    herning.expect(Hint, WITHIN_S)
    broker.publish("somebody/else")
    broker.publish("u")
    herning.expect(Hint, WITHIN_S)
    aalborg.expect(Hint, WITHIN_S)
    assert len(aalborg.of(Hint)) == before + 1


def test_r39_topics_of_the_programs_are_the_fallback(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.status = 403
    house.api.name("programs/p1/events", CREATE="p1/c", UPDATE="p1/u", DELETE="p1/d")
    house.api.name("programs/p2/events", CREATE="p2/c", UPDATE="p2/u", DELETE="p2/d")
    ven = house.ven()
    house.keep("Herning", "p1")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p1")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p1", "p2")
    ven.expect(Hint, WITHIN_S)
    broker.publish("p2/c")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p2")
    ven.expect(Hint, WITHIN_S)
    before = len(ven.of(Hint))
    broker.publish("p1/c")
    broker.publish("p2/c")
    ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == before + 1, "p1 is no program of ours any more"


def test_r39_a_ven_that_has_another_id_now_listens_to_its_topics(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", CREATE="old/c", UPDATE="old/u", DELETE="old/d")
    house.api.name("vens/anew/events", CREATE="new/c", UPDATE="new/u", DELETE="new/d")
    ven = house.listening()
    house.ids["Herning"] = "anew"
    house.keep()
    ven.expect(Hint, WITHIN_S)
    broker.publish("new/c")
    ven.expect(Hint, WITHIN_S)


def test_r39_a_ven_without_an_id_listens_to_the_topics_of_its_programs(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("programs/p1/events", CREATE="p1/c", UPDATE="p1/u", DELETE="p1/d")
    ven = house.ven()
    house.ids["Herning"] = ""
    for _ in range(2):
        house.keep("Herning", "p1")
        ven.expect(Hint, WITHIN_S)
    broker.publish("p1/c")
    ven.expect(Hint, WITHIN_S)


def test_r39_after_every_connect_all_is_read_again(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", CREATE="old/c", UPDATE="old/u", DELETE="old/d")
    ven = house.listening()
    house.api.name("vens/id-Herning/events", CREATE="new/c", UPDATE="new/u", DELETE="new/d")
    broker.stop()
    broker.start()
    ven.expect(Hint, WITHIN_S)
    assert not house.pushes["Herning"].healthy()
    house.keep()
    ven.expect(Hint, WITHIN_S)
    assert house.pushes["Herning"].healthy()
    before = len(ven.of(Hint))
    broker.publish("old/c")
    broker.publish("new/c")
    ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == before + 1


def test_a_lost_broker_is_no_push(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening()
    broker.stop()
    until(lambda: not house.pushes["Herning"].healthy())
    broker.start()


def test_keeping_up_what_stands_asks_for_nothing(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening()
    house.api.asked.clear()
    for _ in range(3):
        house.clock.advance(LOOK_AGAIN_S)
        house.keep()
    assert house.api.asked == []


def test_topics_that_are_none_leave_the_ven_to_its_polls(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    house.api.name("vens/id-Herning/events", UPDATE="a/#/b", DELETE="good")
    ven = house.ven()
    house.keep()
    ven.expect(Hint, WITHIN_S)
    house.keep()
    until(lambda: "good" in house.pushes["Herning"]._channels[0]._connection._listeners._now.granted)
    assert not house.pushes["Herning"].healthy()


def test_a_vtn_that_names_no_topics_is_said(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    ven = house.ven()
    with capture_logs() as logs:
        house.keep()
        ven.expect(Hint, WITHIN_S)
        house.keep()
    assert any("names no topics" in str(entry.get("reason")) for entry in logs)
