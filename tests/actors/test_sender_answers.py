"""The sender: every answer of a VTN to a report has one verdict, 409 among them."""

import dataclasses
import json

import pytest
from sender_desk import HOLD, Answer, Desk, Found, Vtn, verdict_of

from ven_actors.errors import VtnRefused, VtnUnreachable
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, SenderReady

HOLD_SLOWLY = [301, 302, 303, 307, 308, 401, 402, 403, 405, 406, 410, 418, 451, 501]


def test_a_sender_says_that_it_is_ready_and_who_it_is() -> None:
    desk = Desk(Vtn())
    desk.actor.on_start()
    assert desk.reporter.messages == (SenderReady("sender-1", 4, desk.actor.actor_ref),)


# --- the table of answers


def test_201_with_a_whole_object_is_accepted() -> None:
    vtn = Vtn()
    assert verdict_of(vtn) == Accepted("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post"]
    body = json.loads(vtn.bodies[0])
    assert (body["reportName"], body["clientName"], "programID" in body) == ("Herning.e1.0", "Herning", False)
    assert body["resources"][0]["intervals"][0]["payloads"][0] == {"type": "DEMAND", "values": [1.5]}


def test_a_dialect_that_wants_the_program_named_gets_it_and_its_own_successes_count() -> None:
    vtn = Vtn(Answer(200), reports_name_program=True, report_success=frozenset({200, 201}))
    assert isinstance(verdict_of(vtn), Accepted)
    assert json.loads(vtn.bodies[0])["programID"] == "p1"


@pytest.mark.parametrize(
    "body",
    [b"", b'{"id":"r-', b"<html>welcome</html>", b"[]", b"{}", b'{"id":1}', b'{"id":"\xff"}', b"[" * 200_000],
    ids=["empty", "cut", "html", "list", "no id", "number", "no text", "deep"],
)
def test_201_with_anything_else_is_ambiguous(body: bytes) -> None:
    verdict = verdict_of(Vtn(Answer(201, body)))
    assert isinstance(verdict, Ambiguous)
    assert verdict.posts == 1


@pytest.mark.parametrize("status", [200, 202, 204, 206, 226])
def test_any_other_2xx_is_ambiguous(status: int) -> None:
    assert isinstance(verdict_of(Vtn(Answer(status))), Ambiguous)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_r41_a_report_that_the_vtn_cannot_take_is_refused_with_its_words(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b'{"detail":\n "no such\x1b unit"}')))
    assert isinstance(verdict, Refused)
    assert verdict.body_bytes > 100
    assert dataclasses.replace(verdict, body_bytes=0) == Refused(
        "sender-1", 4, 7, status, '{"detail": "no such? unit"}', posts=1
    )


def test_a_refusal_without_words_says_so_and_a_long_one_is_cut() -> None:
    assert verdict_of(Vtn(Answer(400, b""))).words == "no words"
    assert len(verdict_of(Vtn(Answer(400, b"x" * 10_000))).words) == 300


@pytest.mark.parametrize("status", HOLD)
def test_r41_what_may_pass_is_held_and_retry_after_is_handed_on(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b"later", 17.0)))
    assert verdict == Held("sender-1", 4, 7, f"the VTN answers {status}: later", 17.0, slow=False, posts=1)


@pytest.mark.parametrize("status", HOLD_SLOWLY)
def test_what_only_an_operator_can_mend_is_held_slowly(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b"no")))
    assert verdict == Held("sender-1", 4, 7, f"the VTN answers {status}: no", None, slow=True, posts=1)


def test_r41_404_of_an_event_that_is_gone_withdraws_the_report() -> None:
    vtn = Vtn(Answer(404, b"event not found"), knows_event=False)
    assert verdict_of(vtn) == EventGone("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post", "event"]


def test_404_although_the_event_is_there_is_held_slowly() -> None:
    verdict = verdict_of(Vtn(Answer(404, b"what?")))
    assert verdict == Held("sender-1", 4, 7, "the VTN answers 404: what?", slow=True, posts=1)


def test_404_is_held_when_the_event_cannot_be_asked_for() -> None:
    trouble = VtnRefused("GET /events/e1 answers 503", status=503, retry_after_s=9.0)
    verdict = verdict_of(Vtn(Answer(404), knows_event=trouble))
    assert verdict == Held("sender-1", 4, 7, str(trouble), 9.0, posts=1)


# --- 409


def test_r35_edge_case_22_409_where_an_equal_report_stands_is_accepted() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    vtn.asked.clear()
    vtn.answer, vtn.found = Answer(409, b"exists"), Found(vtn.bodies[0])
    assert verdict_of(vtn) == Accepted("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post", "find"]


def test_r35_edge_case_22_409_where_a_different_report_stands_is_refused() -> None:
    verdict = verdict_of(Vtn(Answer(409), Found(b'{"eventID":"e1","clientName":"Herning","resources":[]}')))
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.posts) == (409, 1)
    assert verdict.words == "the VTN holds a report named Herning.e1.0 with other content"


def test_409_without_such_a_report_and_without_its_event_withdraws_it() -> None:
    vtn = Vtn(Answer(409), knows_event=False)
    assert verdict_of(vtn) == EventGone("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post", "find", "event"]


def test_409_without_such_a_report_although_the_event_is_there_is_what_it_says() -> None:
    assert verdict_of(Vtn(Answer(409, b"no"))) == Refused("sender-1", 4, 7, 409, "no", posts=1)


def test_409_that_cannot_be_settled_is_no_reason_to_give_readings_up() -> None:
    verdict = verdict_of(Vtn(Answer(409, b"no"), Found(settled=False)))
    assert isinstance(verdict, Held)
    assert (verdict.slow, verdict.posts) == (True, 1)


def test_409_is_held_when_the_look_up_fails_and_the_post_is_counted() -> None:
    verdict = verdict_of(Vtn(Answer(409), VtnUnreachable("gone")))
    assert verdict == Held("sender-1", 4, 7, "gone", posts=1)
