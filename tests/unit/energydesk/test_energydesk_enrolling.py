"""Enrolling with an energydesk server: registered once, adopted with its token, 422 never retried."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from energydesk_server import NAME, Vtn, resource

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.model import Enrolment


def test_the_ven_is_registered_alone_first_so_that_its_token_can_be_kept(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    first = client.enrol("Herning", [resource()], None)
    assert (first.complete, first.resource_ids) == (False, {})
    assert first.auth_token is not None
    assert first.auth_token.reveal() not in repr(first)
    assert first.dialect == "energydesk"
    whole = client.enrol("Herning", [resource()], first)
    assert whole.complete
    assert set(whole.resource_ids) == {NAME}
    tokens = [sent for sent in vtn.vtn.requests if sent.path.endswith("/auth/token")]
    assert tokens[0].headers["authorization"].startswith("Basic ")
    assert b"secret" not in tokens[0].body


def test_a_second_start_registers_nothing(server: Callable[..., Vtn]) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    vtn.vtn.requests.clear()
    again = vtn.client()
    assert again.enrol("Herning", [resource()], known) == known
    assert not [sent for sent in vtn.vtn.requests if sent.method == "POST" and "token" not in sent.path]


def test_a_ven_whose_state_is_gone_is_adopted_with_its_token(server: Callable[..., Vtn]) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    again = vtn.enrol(vtn.client(), resource())
    assert (again.ven_id, again.auth_token, again.resource_ids) == (known.ven_id, known.auth_token, known.resource_ids)
    assert len(vtn.vtn.vens()) == len(vtn.vtn.resources()) == 1


@pytest.mark.parametrize("answer", [(404, b""), (200, b'[{"id": "x", "ven_name": "Herning"}]'), (200, b"[]")])
def test_a_ven_that_cannot_be_adopted_fails_loudly_and_never_reports(
    server: Callable[..., Vtn], answer: tuple[int, bytes]
) -> None:
    vtn = server()
    vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/vens", *answer)
    client = vtn.client()
    with pytest.raises(VtnRefused, match="does not show its auth_token") as said:
        client.enrol("Herning", [resource()], None)
    assert said.value.status == 409
    assert client.enrolment is None
    with pytest.raises(VtnNonsense, match="not registered"):
        client.crawl()


@pytest.mark.parametrize("status", [409, 500])
def test_edge_case_25_a_server_that_says_existing_or_409_is_no_obstacle_and_422_is_never_retried(
    server: Callable[..., Vtn], status: int
) -> None:
    vtn = server(existing_status=status)
    program_id = vtn.vtn.create_program(programName="Flex")["id"]
    first = vtn.client()
    known = vtn.enrol(first, resource())
    first.crawl()
    again = vtn.client()
    bare = Enrolment(known.ven_id, {}, auth_token=known.auth_token)
    enrolment = vtn.enrol(again, resource(), known=bare)
    assert enrolment.resource_ids == known.resource_ids
    crawl = again.crawl()
    assert crawl.enrolment is not None
    assert crawl.enrolment.enrolled == {program_id: (NAME,)}
    assert vtn.posts(f"/programs/{program_id}/resources") == 2
    said = b'{"detail":[{"loc":["body","ven_name"],"msg":"no","type":"value_error"}]}'
    vtn.refuse("POST", "/resources", 422, said)
    before = vtn.posts("/resources")
    for _ in range(3):
        enrolment = again.enrol("Herning", [resource(), resource(2)], enrolment)
    assert vtn.posts("/resources") == before + 1
    assert f"{NAME} 2" not in enrolment.resource_ids
    assert any("422" in problem for problem in again.crawl().problems)


def test_a_ven_that_is_refused_with_422_is_not_registered_again(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.refuse("POST", "/vens", 422, b'{"detail": "no"}')
    client = vtn.client()
    for _ in range(3):
        with pytest.raises(VtnRefused, match="422"):
            client.enrol("Herning", [resource()], None)
    assert vtn.posts("/vens") == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b'{"detail": "boom"}', VtnRefused),
        (201, b'{"id": "x"}', VtnNonsense),
        (201, b'{"id": 5, "auth_token": "hush"}', VtnNonsense),
        (202, b'{"id": "x", "auth_token": "hush"}', VtnNonsense),
        (201, b"<html>", VtnNonsense),
    ],
)
def test_any_other_500_and_an_answer_without_a_token_is_trouble_that_is_tried_again(
    server: Callable[..., Vtn], status: int, body: bytes, error: type[Exception]
) -> None:
    vtn = server()
    vtn.refuse("POST", "/vens", status, body)
    client = vtn.client()
    for _ in range(2):
        with pytest.raises(error) as said:
            client.enrol("Herning", [resource()], None)
        assert "hush" not in str(said.value)
    assert vtn.posts("/vens") == 2
    vtn.vtn.fault = None
    assert not client.enrol("Herning", [resource()], None).complete


def test_a_resource_that_fails_with_another_500_is_tried_again_and_what_went_before_is_kept(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    client = vtn.client()
    known = vtn.enrol(client, resource())
    vtn.refuse("POST", "/resources", 500, b'{"detail": "database is down"}')
    with pytest.raises(VtnRefused, match="database"):
        client.enrol("Herning", [resource(), resource(2)], known)
    vtn.vtn.fault = None
    assert len(client.enrol("Herning", [resource(), resource(2)], known).resource_ids) == 2
    assert len(vtn.vtn.resources()) == 2


def test_a_resource_that_is_there_and_cannot_be_looked_up_goes_on_without_its_id(server: Callable[..., Vtn]) -> None:
    vtn = server(existing_status=500)
    known = vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/resources", 404)
    client = vtn.client()
    vtn.vtn.create_program(programName="Flex")
    enrolment = vtn.enrol(client, resource(), known=Enrolment(known.ven_id, {}, auth_token=known.auth_token))
    assert enrolment.resource_ids == {NAME: ""}
    crawl = client.crawl()
    assert crawl.reported == (NAME,)
    assert crawl.enrolment is not None
    assert crawl.enrolment.enrolled == {}
