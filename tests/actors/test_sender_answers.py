"""The sender: every answer of a VTN to a report has one verdict, 409 among them."""

import dataclasses
import json

import pytest
from sender_desk import IN_DOUBT, Answer, Desk, Found, Vtn, a_send, verdict_of

from ven_actors.errors import VtnBusy, VtnRefused, VtnUnreachable
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, SenderReady
from ven_actors.model import EventSight

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
    asked = EventSight.THERE if status in {400, 422} else EventSight.UNASKED
    assert dataclasses.replace(verdict, body_bytes=0) == Refused(
        "sender-1", 4, 7, status, '{"detail": "no such? unit"}', posts=1, event=asked
    )


def test_a_refusal_without_words_says_so_and_a_long_one_is_cut() -> None:
    assert verdict_of(Vtn(Answer(400, b""))).words == "no explanation"
    assert len(verdict_of(Vtn(Answer(400, b"x" * 10_000))).words) == 300


@pytest.mark.parametrize("status", [429, 503])
def test_r41_a_vtn_that_asks_for_time_has_not_taken_the_report_and_gets_its_time(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b"later", 17.0)))
    assert verdict == Held("sender-1", 4, 7, f"the VTN answers {status}: later", 17.0, slow=False, posts=1)


@pytest.mark.parametrize("status", [403, 425])
def test_time_that_is_asked_for_with_another_status_is_the_vens_alone(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b"later", 17.0)))
    assert (verdict.retry_after_s, verdict.alone) == (17.0, True)


@pytest.mark.parametrize("status", IN_DOUBT)
def test_a_vtn_that_fails_over_a_report_may_have_stored_it_before(status: int) -> None:
    verdict = verdict_of(Vtn(Answer(status, b"oh")))
    reason = f"the VTN answers {status}: oh; it may still have stored the report"
    assert verdict == Ambiguous("sender-1", 4, 7, reason, posts=1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(204, b""), "the VTN answers 204 with an empty body"),
        (Answer(200, b" "), "the VTN answers 200 with an empty body"),
        (Answer(201, b"<html>"), "the VTN answers 201 with a body other than the stored report: <html>"),
    ],
)
def test_a_success_that_does_not_prove_itself_says_what_it_came_with(answer: Answer, said: str) -> None:
    assert verdict_of(Vtn(answer)) == Ambiguous("sender-1", 4, 7, said, posts=1, success=answer.status)


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
    there = EventSight.THERE
    assert verdict == Held("sender-1", 4, 7, "the VTN answers 404: what?", slow=True, posts=1, event=there)


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize(("asked", "slow"), [(503, False), (500, False), (403, True)])
def test_a_refused_report_is_held_when_its_event_cannot_be_read(status: int, asked: int, slow: bool) -> None:
    trouble = VtnRefused(f"GET /events/e1 answers {asked}", status=asked, retry_after_s=None)
    verdict = verdict_of(Vtn(Answer(status, b"no"), knows_event=trouble))
    reason = f"the VTN answers {status}: no; its event cannot be read: {trouble}"
    assert verdict == Held("sender-1", 4, 7, reason, slow=slow, posts=1, event=EventSight.UNREADABLE)


@pytest.mark.parametrize("status", [400, 422])
def test_a_report_of_an_event_that_is_gone_is_withdrawn_whatever_the_vtn_calls_that(status: int) -> None:
    vtn = Vtn(Answer(status, b"event_id does not refer to an existing event"), knows_event=False)
    assert verdict_of(vtn) == EventGone("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post", "event"]


@pytest.mark.parametrize("status", [413, 415])
def test_a_report_that_is_too_large_or_of_another_type_says_nothing_of_its_event(status: int) -> None:
    vtn = Vtn(Answer(status), knows_event=False)
    assert isinstance(verdict_of(vtn), Refused)
    assert vtn.asked == ["post"]


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize("event", [EventSight.THERE, EventSight.UNREADABLE])
def test_an_event_that_was_asked_for_within_the_minute_is_not_asked_for_again(status: int, event: EventSight) -> None:
    vtn = Vtn(Answer(status), knows_event=False)
    verdict = verdict_of(vtn, event=event)
    assert vtn.asked == ["post"]
    assert verdict.event is EventSight.UNASKED, "a question that was not asked again does not last longer"
    is_refused = status != 404 and event is EventSight.THERE
    assert isinstance(verdict, Refused if is_refused else Held)


# --- 200 where the standard asks for 201


def test_200_with_the_whole_stored_report_is_accepted_without_a_look_up() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    stored = json.dumps(json.loads(vtn.bodies[0]) | {"id": "r-1", "objectType": "REPORT"}).encode()
    again = Vtn(Answer(200, stored))
    assert verdict_of(again) == Accepted("sender-1", 4, 7, posts=1, by_200=True)
    assert again.asked == ["post"]


def test_200_with_another_report_or_without_its_id_is_ambiguous() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    ours = json.loads(vtn.bodies[0])
    for body in (ours, ours | {"id": "r-1", "reportName": "another"}, {"id": "r-1"}):
        assert isinstance(verdict_of(Vtn(Answer(200, json.dumps(body).encode()))), Ambiguous)


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
    assert verdict.words == "the VTN has a report named Herning.e1.0 with different content"


def test_409_without_such_a_report_and_without_its_event_withdraws_it() -> None:
    vtn = Vtn(Answer(409), knows_event=False)
    assert verdict_of(vtn) == EventGone("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["post", "find", "event"]


def test_409_without_such_a_report_although_the_event_is_there_is_what_it_says() -> None:
    assert verdict_of(Vtn(Answer(409, b"no"))) == Refused("sender-1", 4, 7, 409, "no", posts=1, unexplained=True)


def test_409_that_cannot_be_settled_is_no_reason_to_give_readings_up() -> None:
    verdict = verdict_of(Vtn(Answer(409, b"no"), Found(settled=False)))
    assert isinstance(verdict, Held)
    assert (verdict.slow, verdict.posts) == (True, 1)


def test_409_whose_look_up_shows_an_object_that_cannot_be_read_says_so() -> None:
    verdict = verdict_of(Vtn(Answer(409, b"no"), Found(settled=False, unreadable="a report cannot be read: $.x")))
    assert isinstance(verdict, Held)
    assert verdict.slow
    assert verdict.reason.endswith("one of its objects may be the report: a report cannot be read: $.x")


def test_409_where_our_report_stands_and_cannot_be_read_stays_in_doubt() -> None:
    verdict = verdict_of(Vtn(Answer(409, b"no"), Found(b'{"reportName":"Herning.e1.0","resources":[7]}')))
    assert isinstance(verdict, Ambiguous)
    assert "named Herning.e1.0 that cannot be read" in verdict.reason


def test_409_is_held_when_the_look_up_fails_and_the_post_is_counted() -> None:
    verdict = verdict_of(Vtn(Answer(409), VtnUnreachable("gone")))
    assert verdict == Held("sender-1", 4, 7, "gone", posts=1)


# --- lanes


def test_a_report_of_the_backlog_is_posted_as_such() -> None:
    vtn = Vtn()
    Desk(vtn).actor.on_receive(dataclasses.replace(a_send(), backlog=True))
    assert vtn.asked == ["post of the backlog"]


def test_what_an_origin_has_asked_for_before_holds_the_report_for_so_long_and_the_gate_holds_the_others() -> None:
    """It may be the token endpoint's: then VENs with a good token need not wait."""
    vtn = Vtn(VtnBusy("http://vtn:80 has asked for time", retry_after_s=20.0))
    held = Held("sender-1", 4, 7, "http://vtn:80 has asked for time", retry_after_s=20.0, posts=0, alone=True)
    assert verdict_of(vtn) == held
