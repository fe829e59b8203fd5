"""Subscriptions of ours with something odd in them, and VTNs of 3.0.1 that want operations in HTTP's verbs."""

from collections.abc import Callable
from typing import Any

import pytest
from push_webhook_house import WebhookHouse, posts
from structlog.testing import capture_logs

from ven_actors.errors import VtnRefused
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.subscriptions import Callback
from ven_actors.push.channels import LOOK_AGAIN_S
from ven_actors.secret import Secret

PushSideOfVtn = Any

OURS = {"callbackUrl": "http://x/ven-actors/Herning", "objects": ["EVENT"], "operations": ["CREATE"]}


@pytest.mark.parametrize(
    "odd",
    [
        {"createdDateTime": 7},
        {"objectType": []},
        {"programID": ["p1"]},
        {"objectOperations": [OURS, 7, {"callbackUrl": 7}, {"objects": ["EVENT"]}]},
        {"objectOperations": [OURS | {"objects": "EVENT", "operations": [7], "bearerToken": {}}]},
    ],
    ids=str,
)
def test_r38_an_odd_subscription_of_ours_is_put_right_and_told_once(
    house: WebhookHouse, push_side: PushSideOfVtn, odd: dict[str, Any]
) -> None:
    push_side.subscriptions["broken"] = {"clientName": "Herning"}
    push_side.subscriptions["old"] = {"id": "old", "clientName": "Herning", "objectOperations": [OURS]} | odd
    with capture_logs() as logs:
        house.keep("p1")
        push_side.subscriptions["old"] |= {"createdDateTime": 7} if "createdDateTime" in odd else {}
        house.clock.advance(LOOK_AGAIN_S)
        house.keep("p1")
    assert posts(push_side) == ["PUT"]
    assert house.push.healthy()
    (notice,) = [entry["notice"] for entry in logs if entry["event"] == "vtn_notice"]
    assert "subscription 'old': " in notice


def test_r38_with_strict_parsing_an_odd_subscription_of_ours_is_the_reason_why_there_is_no_push(
    push_client: Callable[..., VtnClient], push_side: PushSideOfVtn
) -> None:
    strict = WebhookHouse(push_client(strict=True))
    push_side.subscriptions["old"] = {"id": "old", "clientName": "Herning", "objectOperations": [OURS, 7]}
    with capture_logs() as logs:
        strict.keep("p1")
    assert [entry["event"] for entry in logs] == ["push_trouble"]
    assert "as parsing is strict" in logs[0]["reason"]
    strict.desk.close()


VERBS = ["POST", "PUT", "DELETE"]


def test_r38_a_vtn_of_3_0_1_that_wants_verbs_is_offered_them_once(
    house301: WebhookHouse, push_side: PushSideOfVtn
) -> None:
    push_side.operations = VERBS
    house301.keep("p1", "p2")
    assert posts(push_side) == ["POST"] * 3, "the words that it takes are kept"
    for subscription in push_side.subscriptions.values():
        assert subscription["objectOperations"][0]["operations"] == VERBS
    assert house301.push.healthy()
    house301.restart()
    push_side.asked.clear()
    house301.keep("p1", "p2")
    assert posts(push_side) == ["PUT"] * 2


def test_r38_one_that_a_killed_run_left_is_put_right_in_verbs(house301: WebhookHouse, push_side: PushSideOfVtn) -> None:
    push_side.operations = VERBS
    left = OURS | {"callbackUrl": "http://x/ven-actors/Herning/p1", "operations": VERBS}
    push_side.subscriptions["old"] = {
        "id": "old", "clientName": "Herning", "programID": "p1", "objectOperations": [left]
    }  # fmt: skip
    house301.keep("p1")
    assert posts(push_side) == ["PUT"] * 2
    assert list(push_side.subscriptions) == ["old"]


def test_r38_verbs_and_narrow_objects_go_together(house301: WebhookHouse, push_side: PushSideOfVtn) -> None:
    push_side.operations, push_side.narrow_only = VERBS, True
    house301.keep("p1")
    (subscription,) = push_side.subscriptions.values()
    (operation,) = subscription["objectOperations"]
    assert (operation["objects"], operation["operations"]) == (["PROGRAM", "EVENT"], VERBS)


@pytest.mark.parametrize(("dialect", "asked"), [("openadr-3.1", 2), ("openadr-3.0.1", 4)])
def test_r38_a_400_that_no_words_help_is_said_as_it_was_first(
    push_client: Callable[..., VtnClient], push_side: PushSideOfVtn, dialect: str, asked: int
) -> None:
    push_side.refuse[("POST", "subscriptions")] = 400
    side = push_client(dialect).push_side
    assert side is not None
    with pytest.raises(VtnRefused, match=r"POST .*/subscriptions answers 400"):
        side.subscriber.keep({None: Callback("http://127.0.0.1:1/ven-actors/Herning", Secret("x"))}, frozenset())
    assert posts(push_side) == ["POST"] * asked
