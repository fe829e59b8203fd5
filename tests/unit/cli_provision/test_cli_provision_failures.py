"""What breaks off while provisioning is gone on with, and taken back whole."""

from __future__ import annotations

import pytest
from provision_runner import Run, failed, good, holdings

from ven_actors.testing.vtn import Drop, Fault, InProcessVtn


@pytest.mark.parametrize("broken", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("act", [True, False])
def test_whatever_breaks_off_is_gone_on_with_and_taken_back_whole(
    vtn: InProcessVtn, run_31: Run, broken: int, act: bool
) -> None:
    """The answer to the n-th POST is lost, the VTN having acted or not; then all that follows fails."""
    posts: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith(("/token", "/server")):
            return None
        posts.append(method)
        sent = posts.count("POST")
        if sent == broken + 1 and method == "POST" and posts[-1] == "POST":
            return Fault(act=act, drop=Drop.NOTHING_SENT)
        return Fault(act=False, status=503) if sent > broken else None

    vtn.fault = fault
    failed(run_31("provision"))
    vtn.fault = None
    good(run_31("provision"))
    assert len(holdings(vtn)) == 8
    good(run_31("deprovision"))
    assert holdings(vtn) == []


def test_a_lost_answer_is_looked_up_at_once(vtn: InProcessVtn, run: Run) -> None:
    lost: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if method != "POST" or path.endswith("/token") or path in lost:
            return None
        lost.append(path)
        return Fault(drop=Drop.NOTHING_SENT)

    vtn.fault = fault
    assert "6 resources created, 2 vens created" in good(run("provision"))
    assert len(holdings(vtn)) == 8
    good(run("deprovision"))
    assert holdings(vtn) == []


def test_what_was_asked_for_and_never_heard_of_is_taken_back_too(vtn: InProcessVtn, run: Run) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        sent = any(each.method == "POST" and "/vens" in each.path for each in vtn.requests)
        if path.endswith(("/token", "/server")):
            return None
        return Fault(drop=Drop.NOTHING_SENT) if method == "POST" else Fault(act=False, status=503) if sent else None

    vtn.fault = fault
    failed(run("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]
    assert "1 ven deleted" in good(run("deprovision"))
    assert vtn.vens() == []


def test_what_was_asked_for_and_then_made_by_somebody_else_is_theirs(vtn: InProcessVtn, run_31: Run) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        writing = method == "POST" and path.endswith("/vens")
        return Fault(act=False, drop=Drop.NOTHING_SENT) if writing else None

    vtn.fault = fault
    failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["Hadsund", "theirs"])
    good(run_31("provision", "--vens", "Hadsund"))
    assert "3 resources deleted" in good(run_31("deprovision"))
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]


def test_somebody_who_was_quicker_is_no_trouble(vtn: InProcessVtn, run_31: Run) -> None:
    """The VTN shows a ven only after it has refused to make it a second time."""
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["theirs"])
    asked: list[str] = []

    def hide(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith("/vens"):
            asked.append(method)
        return Fault(act=False, status=200, body=b"[]") if asked == ["GET"] else None

    vtn.fault = hide
    assert "1 ven targeted" in good(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    good(run_31("deprovision"))
    assert [(ven["venName"], ven["targets"]) for ven in vtn.vens()] == [("Hadsund", ["theirs"])]


def test_where_something_failed_it_is_not_said_that_there_was_nothing_to_do(vtn: InProcessVtn, run: Run) -> None:
    for command in ("provision", "deprovision"):
        vtn.fault = lambda method, path, body: Fault(act=False, status=401)
        said = failed(run(command))
        vtn.fault = None
        good(run("provision"))
        assert said.startswith("failed vtn: ")
        assert said.count("\n") == 1
        assert "nothing to do" not in said


def test_a_name_that_is_taken_and_not_shown_is_told(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=409) if path.endswith("/vens") and body else None
    assert "POST" in failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert "nothing to do" in good(run_31("deprovision"))


def test_what_was_targeted_and_is_gone_needs_nothing(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    good(run_31("provision", "--vens", "Hadsund", "--approve", "0"))
    vtn.clear()
    assert "1 ven gone" in good(run_31("deprovision"))


@pytest.mark.parametrize(
    ("method", "status", "words"), [("GET", 500, "answers 500"), ("PUT", 500, "answers 500"), ("GET", 200, "has no id")]
)
def test_a_target_that_cannot_be_taken_back_stays_in_the_record(
    vtn: InProcessVtn, run_31: Run, method: str, status: int, words: str
) -> None:
    ven = vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    good(run_31("provision", "--vens", "Hadsund", "--approve", "0"))
    broken = Fault(act=False, status=status, body=b"{}")
    vtn.fault = lambda asked, path, body: broken if asked == method and path.endswith(ven["id"]) else None
    assert words in failed(run_31("deprovision"))
    vtn.fault = None
    assert "1 ven untargeted" in good(run_31("deprovision"))


def test_a_resource_that_was_asked_for_and_never_heard_of_is_taken_back_too(vtn: InProcessVtn, run: Run) -> None:
    asked: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith("/resources"):
            asked.append(method)
        if asked[-1:] == ["POST"]:
            return Fault(drop=Drop.NOTHING_SENT)
        return Fault(act=False, status=503) if "POST" in asked else None

    vtn.fault = fault
    failed(run("provision", "--vens", "Hadsund", "--approve", "1"))
    vtn.fault = None
    assert len(holdings(vtn)) == 2
    assert "1 resource deleted, 1 ven deleted" in good(run("deprovision"))
    assert holdings(vtn) == []


def test_a_refused_object_is_told_and_the_others_are_made(vtn: InProcessVtn, run: Run) -> None:
    refused: list[bytes] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if method == "POST" and path.endswith("/resources") and not refused:
            refused.append(body)
            return Fault(act=False, status=400, body=b'{"detail":"no such name"}')
        return None

    vtn.fault = fault
    said = failed(run("provision"))
    assert "failed resource Hadsund: " in said
    assert "no such name" in said
    assert "1 resource failed, 5 resources created" in said or "5 resources created, 1 resource failed" in said
    vtn.fault = None
    assert "1 resource created" in good(run("provision"))


def test_a_refused_target_is_not_taken_back(vtn: InProcessVtn, run_31: Run) -> None:
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=[])
    vtn.fault = lambda method, path, body: Fault(act=False, status=400) if method == "PUT" else None
    assert "failed ven Hadsund" in failed(run_31("provision", "--vens", "Hadsund"))
    vtn.fault = None
    assert "nothing to do" in good(run_31("deprovision"))


def test_what_cannot_be_deleted_stays_in_the_record(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    vtn.fault = lambda method, path, body: Fault(act=False, status=403) if method == "DELETE" else None
    assert "6 resources failed, 2 vens kept" in failed(run("deprovision"))
    vtn.fault = None
    assert "6 resources deleted, 2 vens deleted" in good(run("deprovision"))


def test_what_is_gone_already_is_fine(vtn: InProcessVtn, run: Run) -> None:
    good(run("provision"))
    vtn.clear()
    assert "6 resources gone, 2 vens gone" in good(run("deprovision"))
    assert "nothing to do" in good(run("deprovision"))


def test_an_object_made_anew_by_somebody_else_is_not_taken_for_ours(vtn: InProcessVtn, run_31: Run) -> None:
    good(run_31("provision"))
    vtn.clear()
    vtn.create_ven(clientID="client-Hadsund", venName="Hadsund", targets=["Hadsund"])
    good(run_31("provision"))
    good(run_31("deprovision"))
    assert [ven["venName"] for ven in vtn.vens()] == ["Hadsund"]
