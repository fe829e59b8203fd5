"""The sender: every answer of a VTN has one verdict, and every try ends in exactly one."""

import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from ven_actors.actors.sender import SenderActor
from ven_actors.errors import (
    CredentialsRefused,
    VtnAmbiguous,
    VtnError,
    VtnNonsense,
    VtnRefused,
    VtnUnreachable,
)
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, Send, SenderReady
from ven_actors.model import Block, EventInterval, Layout, ReportDescriptor, SealedReport
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

T0 = 1_767_225_600
STORED = b'{"id":"r-1"}'
HOLD = [408, 425, 429, 500, 502, 503, 504, 599]
HOLD_SLOWLY = [301, 302, 303, 307, 308, 401, 402, 403, 405, 406, 410, 418, 451, 501]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = STORED
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Found:
    report: bytes | None = None
    settled: bool = True


@dataclass
class Vtn:
    """A VEN's client; what is an exception is raised. `asked` says in which order it was asked for what."""

    answer: Any = Answer(201)
    found: Any = Found()
    knows_event: Any = True
    report_success: frozenset[int] = frozenset({201})
    reports_name_program: bool = False
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    aborted: bool = False
    while_posting: Callable[[], None] = lambda: None

    def post_report(self, body: bytes, /) -> Answer:
        self.asked.append("post")
        self.bodies.append(body)
        self.while_posting()
        return given(self.answer)

    def find_report(self, event_id: str, name: str, known_reports: int, /) -> Found:
        assert (event_id, name, known_reports) == ("e1", "Herning.e1.0", 3)
        self.asked.append("find")
        return given(self.found)

    def event_exists(self, event_id: str, /) -> bool:
        assert event_id == "e1"
        self.asked.append("event")
        return given(self.knows_event)

    def abort(self) -> None:
        self.aborted = True


def given(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def a_send(**changes: Any) -> Send:
    descriptor = ReportDescriptor("DEMAND", reading_type="MEAN", units="KW")
    intervals = (EventInterval(0, float(T0), float(T0 + 10)),)
    report = SealedReport(7, "Herning.e1.0", "Herning", "e1", "p1", descriptor, intervals, None, True, False)
    block = Block(T0, 10, np.array([[1000, 500]], dtype=np.int32))
    return Send(dataclasses.replace(report, **changes), Layout(("pub",), ("load_0", "load_1")), (block,), 3)


class Desk:
    def __init__(self, vtn: Vtn) -> None:
        self.reporter = Probe("reporter")
        self.actor = SenderActor(
            "sender-1", 4, Probe(), ManualClock().monotonic, reporter=self.reporter, clients={"Herning": vtn}
        )

    def verdict(self, **changes: Any) -> Any:
        self.actor.on_receive(a_send(**changes))
        (verdict,) = self.reporter.messages
        assert (verdict.sender, verdict.run, verdict.report_id) == ("sender-1", 4, 7)
        return verdict


def verdict_of(vtn: Vtn, **changes: Any) -> Any:
    return Desk(vtn).verdict(**changes)


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


# --- in doubt


def test_r35_edge_case_22_a_report_in_doubt_that_stands_there_is_accepted_without_a_post() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    again = Vtn(found=Found(vtn.bodies[0]))
    assert verdict_of(again, in_doubt=True) == Accepted("sender-1", 4, 7, posts=0)
    assert again.asked == ["find"]


def test_a_report_in_doubt_whose_name_bears_other_content_is_refused() -> None:
    vtn = Vtn(found=Found(b"{}"))
    verdict = verdict_of(vtn, in_doubt=True)
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.posts, vtn.asked) == (409, 0, ["find"])


def test_a_report_in_doubt_that_is_certainly_not_there_is_sent() -> None:
    vtn = Vtn()
    assert verdict_of(vtn, in_doubt=True) == Accepted("sender-1", 4, 7, posts=1)
    assert vtn.asked == ["find", "post"]


def test_a_doubt_that_cannot_be_settled_is_sent_and_counted() -> None:
    verdict = verdict_of(Vtn(found=Found(settled=False)), in_doubt=True)
    assert verdict == Accepted("sender-1", 4, 7, posts=1, possibly_doubled=True)


def test_a_doubt_that_cannot_be_settled_stays_known_when_the_second_try_is_lost_too() -> None:
    verdict = verdict_of(Vtn(VtnAmbiguous("lost"), found=Found(settled=False)), in_doubt=True)
    assert verdict == Ambiguous("sender-1", 4, 7, "lost", posts=1, possibly_doubled=True)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_vtn_that_lets_nobody_look_leaves_the_doubt_and_gets_the_report(status: int) -> None:
    vtn = Vtn(found=VtnRefused("no", status=status))
    assert verdict_of(vtn, in_doubt=True) == Accepted("sender-1", 4, 7, posts=1, possibly_doubled=True)
    assert vtn.asked == ["find", "post"]


@pytest.mark.parametrize("status", HOLD)
def test_a_vtn_in_trouble_is_asked_again_before_anything_is_sent_twice(status: int) -> None:
    vtn = Vtn(found=VtnRefused("later", status=status, retry_after_s=3.0))
    assert verdict_of(vtn, in_doubt=True) == Held("sender-1", 4, 7, "later", 3.0, posts=0)
    assert vtn.asked == ["find"]


@pytest.mark.parametrize("error", [VtnUnreachable("x"), VtnNonsense("x"), CredentialsRefused("x")])
def test_a_look_up_that_fails_sends_nothing(error: VtnError) -> None:
    vtn = Vtn(found=error)
    verdict = verdict_of(vtn, in_doubt=True)
    assert isinstance(verdict, Held)
    assert (vtn.asked, verdict.posts) == (["find"], 0)


def test_a_report_in_no_doubt_is_not_looked_up() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    assert "find" not in vtn.asked


# --- no answer


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (VtnUnreachable("x"), Held("sender-1", 4, 7, "x", posts=0)),
        (VtnAmbiguous("x"), Ambiguous("sender-1", 4, 7, "x", posts=1)),
        (VtnNonsense("x"), Held("sender-1", 4, 7, "x", posts=0)),
        (CredentialsRefused("x"), Held("sender-1", 4, 7, "x", slow=True, posts=0)),
        (VtnRefused("x", status=503), Held("sender-1", 4, 7, "x", posts=0)),
        (VtnError("x"), Held("sender-1", 4, 7, "x", posts=0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_trouble_with_a_post_has_its_verdict(error: VtnError, verdict: object) -> None:
    assert verdict_of(Vtn(error)) == verdict


def test_a_ven_without_a_client_is_waited_for() -> None:
    verdict = verdict_of(Vtn(), ven_name="Aalborg")
    assert verdict == Held("sender-1", 4, 7, "its VEN has no client yet", posts=0)


class Stranger(Vtn):
    """A client whose VTN has not shown yet which dialect it speaks."""

    @property
    def reports_name_program(self) -> bool:
        raise VtnUnreachable("down")

    @reports_name_program.setter
    def reports_name_program(self, _: bool) -> None:
        return


def test_a_dialect_that_is_not_known_yet_is_waited_for() -> None:
    assert verdict_of(Stranger()) == Held("sender-1", 4, 7, "down", posts=0)


def test_posts_are_counted_for_each_report_alone() -> None:
    desk = Desk(Vtn())
    desk.verdict()
    desk.reporter.clear()
    assert desk.verdict().posts == 1


# --- faults of our own


@pytest.mark.parametrize("rows", [None, (5,)], ids=["interval without a block", "row that the layout has not"])
def test_a_report_that_cannot_be_rendered_holds_up_its_ven_and_is_said_aloud(rows: tuple[int, ...] | None) -> None:
    elsewhere = (EventInterval(0, math.floor(T0) + (100.0 if rows is None else 0.0), T0 + 110.0),)
    vtn = Vtn()
    with capture_logs() as logs:
        verdict = verdict_of(vtn, intervals=elsewhere, rows=rows)
    assert isinstance(verdict, Held)
    assert (verdict.slow, verdict.posts, vtn.asked) == (True, 0, [])
    assert "Herning.e1.0 cannot be rendered" in verdict.reason
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("report_unrenderable", "error")]


def test_any_other_fault_ends_the_sender() -> None:
    with pytest.raises(ZeroDivisionError):
        verdict_of(Vtn(ZeroDivisionError()))


def test_an_abort_breaks_off_the_post_in_hand_and_nothing_else() -> None:
    vtn = Vtn()
    desk = Desk(vtn)
    desk.actor.abort()
    desk.verdict()
    desk.actor.abort()
    assert not vtn.aborted
    vtn.while_posting = desk.actor.abort
    desk.reporter.clear()
    desk.verdict()
    assert vtn.aborted
