"""The sender with single readings: each answer's verdict where nothing can be looked up."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ven_actors.actors.sender import SenderActor
from ven_actors.errors import VtnAmbiguous, VtnUnreachable
from ven_actors.messages import Accepted, Ambiguous, Held, Refused, Send
from ven_actors.model import Block, Enrolment, EventInterval, Layout, ReportDescriptor, SealedReport
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

T0 = 1_768_557_600


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b'{"id":"r-1"}'
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Unsettled:
    report: bytes | None = None
    settled: bool = False


@dataclass
class Server:
    """A VEN's client to a server that has no look-up."""

    answer: Any = Answer(201)
    enrolment: Enrolment | None = field(default_factory=lambda: Enrolment("ven-1", {"pub": "resource-1"}))
    report_success: frozenset[int] = frozenset({200, 201})
    reports_name_program: bool = False
    bodies: list[bytes] = field(default_factory=list)

    def post_report(self, body: bytes, /, *, backlog: bool = False) -> Any:
        self.bodies.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def find_report(self, event_id: str, name: str, known_reports: int, /) -> Unsettled:
        return Unsettled()

    def event_exists(self, event_id: str, /) -> bool:
        return True

    def abort(self) -> None:
        return


def verdict_of(server: Server, *, in_doubt: bool = False) -> Any:
    interval = EventInterval(0, float(T0), float(T0 + 15))
    report = SealedReport(
        7, "n", "Herning", "", "", ReportDescriptor("DEMAND"), (interval,), (0,), False, in_doubt, component=1
    )
    block = Block(T0, 15, np.array([[1000, 1500]], dtype=np.int32))
    reporter = Probe("reporter")
    actor = SenderActor("sender-1", 1, Probe(), ManualClock().monotonic, reporter=reporter, clients={"Herning": server})
    actor.on_receive(Send(report, Layout(("pub",), ("load_0", "load_1")), (block,), 0))
    (verdict,) = reporter.messages
    return verdict


@pytest.mark.parametrize("answer", [Answer(201), Answer(200), Answer(201, b""), Answer(200, b"null")])
def test_200_and_201_are_success_whatever_the_server_says_beside(answer: Answer) -> None:
    server = Server(answer)
    assert verdict_of(server) == Accepted("sender-1", 1, 7)
    sent = json.loads(server.bodies[0])
    assert (sent["load_component"], sent["intervals"][0]["payloads"][0]["values"]) == ("load_1", [1.5])
    assert (sent["ven_id"], sent["resource_id"]) == ("ven-1", "resource-1")


@pytest.mark.parametrize(
    "answer", [Answer(202), Answer(200, b"<html>login</html>"), Answer(500), VtnAmbiguous("cut off")]
)
def test_what_says_nothing_certain_is_sent_again(answer: Any) -> None:
    assert isinstance(verdict_of(Server(answer)), Ambiguous)


def test_one_in_doubt_is_sent_again_and_counted_as_possibly_doubled() -> None:
    server = Server()
    assert verdict_of(server, in_doubt=True) == Accepted("sender-1", 1, 7, possibly_doubled=True)
    assert len(server.bodies) == 1


def test_a_409_means_that_it_is_there_only_if_it_may_have_been_sent_before() -> None:
    conflict = Answer(409, b'{"detail":"there"}')
    assert verdict_of(Server(conflict), in_doubt=True) == Accepted("sender-1", 1, 7)
    assert verdict_of(Server(conflict)) == Refused("sender-1", 1, 7, 409, '{"detail":"there"}')


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_the_server_does_not_want_is_refused(status: int) -> None:
    assert isinstance(verdict_of(Server(Answer(status))), Refused)


@pytest.mark.parametrize(("answer", "slow"), [(Answer(429), False), (Answer(404), True), (Answer(403), True)])
def test_trouble_holds_the_reading(answer: Answer, slow: bool) -> None:
    verdict = verdict_of(Server(answer))
    assert isinstance(verdict, Held)
    assert verdict.slow is slow


def test_a_ven_that_is_not_registered_yet_sends_nothing() -> None:
    server = Server(enrolment=None)
    assert isinstance(verdict_of(server), Held)
    assert server.bodies == []
    assert isinstance(verdict_of(Server(VtnUnreachable("down"))), Held)


def test_a_reading_waits_for_its_resource_while_the_ven_is_being_registered_again() -> None:
    server = Server(enrolment=Enrolment("ven-2", {}, complete=False))
    verdict = verdict_of(server)
    assert isinstance(verdict, Held)
    assert "resource is not registered yet" in verdict.reason
    assert server.bodies == []


def test_a_reading_of_a_resource_whose_id_the_server_never_told_goes_without_it() -> None:
    server = Server(enrolment=Enrolment("ven-2", {}))
    assert verdict_of(server) == Accepted("sender-1", 1, 7)
    assert "resource_id" not in json.loads(server.bodies[0])
