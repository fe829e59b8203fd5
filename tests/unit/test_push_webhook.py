"""Subscriptions of a VEN: found, put right, created, removed, whatever the VTN makes of them."""

from collections.abc import Callable
from typing import Any

import pytest
from push_webhook_house import WebhookHouse, posts
from structlog.testing import capture_logs

from ven_actors.errors import VtnRefused
from ven_actors.messages import Hint
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.subscriptions import Callback
from ven_actors.push.channels import LOOK_AGAIN_S
from ven_actors.secret import Secret
from ven_actors.testing.vtn import InProcessVtn

PushSideOfVtn = Any


def test_r38_a_subscription_is_listed_before_it_is_created_and_called_before_it_is_relied_on(
    house: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    assert not house.push.healthy()
    house.keep("p1")
    assert push_side.asked == [("GET", "subscriptions"), ("POST", "subscriptions")]
    (subscription,) = push_side.subscriptions.values()
    assert "programID" not in subscription
    (operations,) = subscription["objectOperations"]
    assert operations["objects"] == ["PROGRAM", "EVENT", "VEN", "RESOURCE"]
    assert operations["operations"] == ["CREATE", "UPDATE", "DELETE"]
    assert house.push.healthy()
    assert push_side.notify(subscription) == 200
    house.ven.expect(Hint)


def test_r38_what_was_made_is_deleted_at_the_end(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    house.desk.close()
    assert push_side.subscriptions == {}
    assert push_side.asked[-1][0] == "DELETE"


def test_keeping_up_what_stands_asks_for_nothing_and_later_looks_whether_it_stands(
    house: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    house.keep("p1")
    push_side.asked.clear()
    house.keep("p1")
    house.keep("p1", "p2")
    assert push_side.asked == []
    house.clock.advance(LOOK_AGAIN_S)
    house.keep("p1")
    assert set(push_side.asked) == {("GET", "subscriptions")}
    push_side.subscriptions.clear()
    house.clock.advance(LOOK_AGAIN_S)
    house.keep("p1")
    assert len(push_side.subscriptions) == 1


def test_r38_what_a_killed_run_left_is_put_right_not_doubled(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    left = {
        "callbackUrl": "http://127.0.0.1:1/old/ven-actors/Herning", "objects": ["EVENT"], "operations": ["CREATE"],
        "bearerToken": "old",
    }  # fmt: skip
    push_side.subscriptions["old"] = {"id": "old", "clientName": "Herning", "objectOperations": [left]}
    house.keep("p1")
    assert posts(push_side) == ["PUT"]
    assert list(push_side.subscriptions) == ["old"]
    assert push_side.notify(push_side.subscriptions["old"]) == 200
    assert push_side.notify(push_side.subscriptions["old"], bearer="old") == 401


def test_r38_a_restarted_ven_takes_its_subscription_over(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    house.restart()
    house.keep("p1")
    assert posts(push_side) == ["POST", "PUT"]
    assert len(push_side.subscriptions) == 1


def test_a_vtn_that_lost_the_ven_is_asked_at_once_for_its_subscription(
    house: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    house.keep("p1")
    push_side.subscriptions.clear()
    house.keep("p1")
    assert push_side.subscriptions == {}
    house.keep("p1", ven_id="v-2")
    house.keep("p1", ven_id="v-2")
    assert posts(push_side) == ["POST", "POST"]
    assert len(push_side.subscriptions) == 1


def test_r38_nobody_elses_subscription_is_touched(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    urls = ("https://else.example/x", "https://else.example/ven-actors/Herning2", "https://x/ven-actors/Aalborg", "")
    for number, url in enumerate(urls):
        operation = [{"callbackUrl": url, "objects": ["EVENT"], "operations": ["CREATE"]}]
        push_side.subscriptions[str(number)] = {
            "id": str(number),
            "clientName": "Herning",
            "objectOperations": operation,
        }
    push_side.subscriptions["none"] = {"id": "none", "clientName": "Herning", "objectOperations": []}
    ours = [{"callbackUrl": "https://x/ven-actors/Herning", "objects": ["EVENT"], "operations": ["CREATE"]}]
    push_side.subscriptions["name"] = {"id": "name", "clientName": "Other", "objectOperations": ours}
    before = dict(push_side.subscriptions)
    house.keep("p1")
    house.desk.close()
    assert push_side.subscriptions == before


def test_one_that_cannot_be_replaced_is_created_again(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    left = [{"callbackUrl": "http://x/ven-actors/Herning", "objects": ["EVENT"], "operations": ["CREATE"]}]
    push_side.subscriptions["old"] = {"id": "old", "clientName": "Herning", "objectOperations": left}
    push_side.refuse[("PUT", "subscriptions/old")] = 405
    house.keep("p1")
    assert posts(push_side) == ["PUT", "DELETE", "POST"]
    assert house.push.healthy()


def test_r38_in_3_0_1_there_is_one_subscription_for_each_program(
    house301: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    house301.keep()
    assert push_side.subscriptions == {}
    assert not house301.push.healthy()
    house301.keep("p1", "p2")
    assert sorted(each["programID"] for each in push_side.subscriptions.values()) == ["p1", "p2"]
    assert house301.push.healthy()
    push_side.asked.clear()
    house301.keep("p2", "p3")
    assert sorted(posts(push_side)) == ["DELETE", "POST"]
    assert sorted(each["programID"] for each in push_side.subscriptions.values()) == ["p2", "p3"]
    hints = len(house301.ven.of(Hint))
    for subscription in push_side.subscriptions.values():
        assert push_side.notify(subscription, operation="POST") == 200
    assert len(house301.ven.of(Hint)) == hints + 2


def test_r38_a_new_subscription_is_followed_by_one_reading_as_nobody_told_what_came_before(
    house301: WebhookHouse,
) -> None:
    hints = []
    for programs in (("p1", "p2"), ("p1", "p2"), ("p1", "p2", "p3"), ("p1",)):
        house301.keep(*programs)
        hints.append(len(house301.ven.of(Hint)))
    assert hints == [1, 1, 2, 2]


def test_a_vtn_that_lets_a_ven_hear_of_events_alone_gets_what_it_allows(
    house: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    push_side.narrow_only = True
    house.keep("p1")
    (subscription,) = push_side.subscriptions.values()
    assert subscription["objectOperations"][0]["objects"] == ["PROGRAM", "EVENT"]


def test_a_vtn_that_never_calls_is_not_taken_for_healthy(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    push_side.checks_echo = False
    house.keep("p1")
    assert not house.push.healthy()
    (subscription,) = push_side.subscriptions.values()
    assert push_side.notify(subscription) == 200
    assert house.push.healthy()


def test_trouble_is_said_once_and_tried_again_later_and_the_end_of_it_is_said(
    house: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    push_side.refuse[("POST", "subscriptions")] = 500
    with capture_logs() as logs:
        for _ in range(3):
            house.keep("p1")
            house.clock.advance(LOOK_AGAIN_S - 1)
            house.keep("p1")
            house.clock.advance(1)
    assert [entry["event"] for entry in logs] == ["push_trouble"]
    assert posts(push_side) == ["POST"] * 3
    push_side.refuse.clear()
    with capture_logs() as logs:
        house.keep("p1")
    assert [entry["event"] for entry in logs] == ["push_back"]
    assert house.push.healthy()


def test_a_vtn_that_is_away_at_the_end_does_not_hold_it_up(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    push_side.refuse[("DELETE", f"subscriptions/{next(iter(push_side.subscriptions))}")] = 503
    with capture_logs() as logs:
        house.desk.close()
    assert "push_left" in [entry["event"] for entry in logs]


def test_one_that_is_gone_already_needs_no_removal(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    push_side.subscriptions.clear()
    with capture_logs() as logs:
        house.desk.close()
    assert logs == []


def test_after_the_end_nothing_is_subscribed_again(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    house.desk.close()
    push_side.asked.clear()
    house.clock.advance(LOOK_AGAIN_S)
    house.keep("p1")
    assert push_side.asked == []


def test_a_hint_for_a_dead_ven_is_lost_without_harm(house: WebhookHouse, push_side: PushSideOfVtn) -> None:
    house.keep("p1")
    house.ven.die()
    (subscription,) = push_side.subscriptions.values()
    assert push_side.notify(subscription) == 200


def test_the_requests_are_what_the_official_file_says(
    house: WebhookHouse, push_side: PushSideOfVtn, push_vtn: InProcessVtn, spec31: Any
) -> None:
    push_vtn.requests.clear()
    house.keep("p1")
    (sent,) = [each for each in push_vtn.requests if each.method == "POST" and each.path.endswith("/subscriptions")]
    assert spec31.check_request("POST", "/subscriptions", sent.query, sent.headers, sent.body) == []


def test_a_refusal_names_the_path_and_the_words(
    push_client: Callable[..., VtnClient], push_side: PushSideOfVtn
) -> None:
    push_side.refuse[("POST", "subscriptions")] = 409
    side = push_client().push_side
    assert side is not None
    with pytest.raises(VtnRefused, match=r"POST .*/subscriptions answers 409"):
        side.subscriber.keep({None: Callback("http://127.0.0.1:1/ven-actors/Herning", Secret("x"))}, frozenset())
