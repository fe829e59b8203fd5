"""The embedded VTN's energydesk interface: every reading, and 422 as FastAPI says it."""

from __future__ import annotations

import pytest
from vtn_energydesk_desk import Clock, Desk, reading

from ven_actors.testing.energydesk import EnergydeskDesk, Plan
from ven_actors.testing.vtn import BL, InProcessVtn


def test_readings_are_kept_each_as_it_was_sent(vtn: InProcessVtn, desk: Desk, clock: Clock) -> None:
    ven_id = desk.ven()["id"]
    resource_id = desk.resource().json()["id"]
    clock.now_s += 60
    bodies = [reading(ven_id, resource_id=resource_id, load_component=f"load_{k}") for k in range(3)]
    answers = [desk.call("POST", "/reports", body) for body in bodies]
    assert [answer.status_code for answer in answers] == [201] * 3
    kept = EnergydeskDesk(vtn).reports()
    assert [answer.json() for answer in answers] == kept
    assert [{name: value for name, value in each.items() if name != "id"} for each in kept] == bodies
    operator = Desk(vtn, BL)
    assert operator.call("GET", "/reports?skip=1&limit=1").json() == kept[1:2]
    assert operator.call("GET", "/reports?skip=x").status_code == 422
    operator.session.close()
    assert desk.call("GET", "/reports").status_code == 403
    assert vtn.reports() == []


def test_a_reading_of_a_resource_that_is_not_approved_or_not_there_is_refused(
    vtn: InProcessVtn, desk: Desk, clock: Clock
) -> None:
    ven_id = desk.ven()["id"]
    resource_id = desk.resource().json()["id"]
    pending = desk.call("POST", "/reports", reading(ven_id, resource_id=resource_id))
    assert pending.status_code == 403
    assert "PENDING" in pending.json()["detail"]
    assert desk.call("POST", "/reports", reading(ven_id, resource_id="nil")).status_code == 404
    assert desk.call("POST", "/reports", reading("nil")).status_code == 404
    assert EnergydeskDesk(vtn).reports() == []


def test_the_old_body_draws_a_422_that_names_each_wrong_field(desk: Desk) -> None:
    old = reading("x", report_type="READING", reading_type="DIRECT_READ")
    del old["ven_id"]
    answer = desk.call("POST", "/reports", old)
    assert answer.status_code == 422
    assert [(each["loc"], each["type"]) for each in answer.json()["detail"]] == [
        (["body", "ven_id"], "missing"),
        (["body", "report_type"], "enum"),
        (["body", "reading_type"], "enum"),
    ]


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"{", ["body"], "json_invalid"),
        (b"[" * 3000, ["body"], "json_invalid"),
        (b"[]", ["body"], "model_attributes_type"),
        (b'{"ven_name": 5, "client_name": "x"}', ["body", "ven_name"], "value_error"),
        (b'{"ven_name": "", "client_name": "x"}', ["body", "ven_name"], "value_error"),
        (b"\xff", ["body"], "json_invalid"),
    ],
)
def test_a_body_that_is_not_right_is_answered_as_fastapi_does(
    desk: Desk, body: bytes, loc: list[str], kind: str
) -> None:
    headers = {"Authorization": f"Bearer {desk.token}"}
    answer = desk.session.post(f"{desk.base_url}/vens", data=body, headers=headers, timeout=20)
    assert answer.status_code == 422
    (said,) = answer.json()["detail"]
    assert (said["loc"], said["type"]) == (loc, kind)


def test_a_wrong_value_deep_within_is_named_with_its_place(desk: Desk) -> None:
    intervals = [{"id": 0, "payloads": [{"values": [1]}]}]
    answer = desk.call("POST", "/reports", reading("x", intervals=intervals, start="yesterday"))
    assert [(each["loc"], each["type"]) for each in answer.json()["detail"]] == [
        (["body", "intervals", 0, "payloads", 0, "type"], "missing"),
    ]
    for start in ("yesterday", "9999-12-31T23:59:59-12:00"):
        answer = desk.call("POST", "/reports", reading("x", start=start))
        (said,) = answer.json()["detail"]
        assert said["loc"] == ["body", "start"]
        assert "the years 1 to 9999" in said["msg"]


def test_a_ven_announces_a_report_with_its_own_token(vtn: InProcessVtn, desk: Desk) -> None:
    ven, other = desk.ven(), desk.ven("Aalborg")
    body = {
        "report_name": "daily", "program_id": "p", "ven_id": ven["id"], "report_type": "usage",
        "reading_type": "power", "interval_period": "PT15M",
    }  # fmt: skip
    assert desk.call("POST", "/reports", body, ven["auth_token"]).status_code == 201
    assert desk.call("POST", "/reports", body, other["auth_token"]).status_code == 403
    (kept,) = EnergydeskDesk(vtn).reports()
    assert kept["interval_period"] == "PT15M"


def test_the_oldest_readings_make_room_for_new_ones() -> None:
    from ven_actors.vtn.energydesk.book import Book
    from ven_actors.vtn.store.database import open_database

    connection = open_database(None)
    book = Book(connection, Plan(), keep_bytes=1)
    for number in range(3000):
        book.add_report("client", b'{"n":%d}' % number)
    kept = [body for _, body in book.reports(0, 10_000)]
    connection.close()
    assert len(kept) < 2048
    assert kept[-1] == b'{"n":2999}'
