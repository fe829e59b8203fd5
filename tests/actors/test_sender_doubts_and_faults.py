"""The sender: reports in doubt, no answer at all, and faults of our own; every try ends in exactly one verdict."""

import math

import pytest
from sender_desk import HOLD, T0, Desk, Found, Vtn, verdict_of
from structlog.testing import capture_logs

from ven_actors.errors import CredentialsRefused, VtnAmbiguous, VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.messages import Accepted, Ambiguous, Held, Refused
from ven_actors.model import EventInterval

# --- in doubt


def test_r35_edge_case_22_a_report_in_doubt_that_stands_there_is_accepted_without_a_post() -> None:
    vtn = Vtn()
    verdict_of(vtn)
    again = Vtn(found=Found(vtn.bodies[0]))
    assert verdict_of(again, in_doubt=True) == Accepted("sender-1", 4, 7, posts=0)
    assert again.asked == ["find"]


def test_a_report_in_doubt_whose_name_bears_other_content_is_refused() -> None:
    vtn = Vtn(found=Found(b'{"eventID":"e1","clientName":"Herning","resources":[]}'))
    verdict = verdict_of(vtn, in_doubt=True)
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.posts, vtn.asked) == (409, 0, ["find"])


def test_a_report_in_doubt_whose_copy_cannot_be_read_stays_in_doubt_and_is_not_sent_again() -> None:
    vtn = Vtn(found=Found(b'{"eventID":"e1","clientName":"Herning","resources":"?"}'))
    verdict = verdict_of(vtn, in_doubt=True)
    assert isinstance(verdict, Ambiguous)
    assert (verdict.posts, vtn.asked) == (0, ["find"])


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
    alone = status not in {429, 503}
    assert verdict_of(vtn, in_doubt=True) == Held("sender-1", 4, 7, "later", 3.0, posts=0, alone=alone)
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
