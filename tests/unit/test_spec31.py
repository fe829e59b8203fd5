"""The helper that holds requests and answers against the official file finds what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

JSON_HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer x"}
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
META = {
    "id": "a",
    "createdDateTime": "2026-01-16T10:00:00Z",
    "modificationDateTime": "2026-01-16T10:00:00Z",
    "objectType": "VEN",
}
BASE = "/openadr3/3.1.0"


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body", "violations"),
    [
        ("GET", f"{BASE}/events", "limit=50&skip=0&targets=a&targets=b&active=true", JSON_HEADERS, b"", 0),
        ("GET", "/events/a", "", JSON_HEADERS, b"", 0),
        ("GET", f"{BASE}/events", "limit=51", JSON_HEADERS, b"", 1),
        ("GET", f"{BASE}/events", "limit=x", JSON_HEADERS, b"", 1),
        ("GET", f"{BASE}/events", "limit=1&limit=2", JSON_HEADERS, b"", 1),
        ("GET", f"{BASE}/events", "colour=red", JSON_HEADERS, b"", 1),
        ("GET", f"{BASE}/events/a%20b", "", JSON_HEADERS, b"", 1),
        ("GET", f"{BASE}/events", "", {}, b"", 1),
        ("GET", f"{BASE}/events", "", JSON_HEADERS, b"{}", 1),
        ("GET", f"{BASE}/nothing", "", JSON_HEADERS, b"", 1),
        ("PATCH", f"{BASE}/events", "", JSON_HEADERS, b"", 1),
        ("POST", f"{BASE}/reports", "", JSON_HEADERS, b'{"eventID":"e","clientName":"c","resources":[]}', 0),
        ("POST", f"{BASE}/reports", "", JSON_HEADERS, b'{"eventID":"e","clientName":"c"}', 1),
        ("POST", f"{BASE}/reports", "", JSON_HEADERS, b"{", 1),
        ("POST", f"{BASE}/reports", "", JSON_HEADERS, b'{"eventID":NaN}', 1),
        ("POST", f"{BASE}/reports", "", FORM_HEADERS, b"{}", 2),
        ("POST", f"{BASE}/vens", "", JSON_HEADERS, b'{"objectType":"VEN_VEN_REQUEST","venName":"v"}', 0),
        ("POST", f"{BASE}/vens", "", JSON_HEADERS, b'{"objectType":"VEN","venName":"v"}', 1),
        (
            "POST",
            f"{BASE}/auth/token",
            "",
            FORM_HEADERS,
            b"grant_type=client_credentials&client_id=a&client_secret=b",
            0,
        ),
        ("POST", f"{BASE}/auth/token", "", FORM_HEADERS, b"grant_type=client_credentials", 2),
        (
            "POST",
            f"{BASE}/auth/token",
            "",
            {**FORM_HEADERS, "Authorization": "Basic eDp5"},
            b"grant_type=client_credentials",
            0,
        ),
        ("POST", f"{BASE}/auth/token", "", FORM_HEADERS, b"grant_type=password&client_id=a&client_secret=b", 1),
    ],
)
def test_requests_are_judged(
    spec31: Any, method: str, path: str, query: str, headers: dict[str, str], body: bytes, violations: int
) -> None:
    assert len(spec31.check_request(method, path, query, headers, body)) == violations


@pytest.mark.parametrize(
    ("path", "status", "answer", "valid"),
    [
        ("/vens", 200, [{**META, "clientID": "c", "venName": "v", "targets": None}], True),
        ("/vens", 200, [{**META, "venName": "v"}], False),
        ("/vens", 200, [{**META, "clientID": "c", "venName": "v", "objectType": "BL_VEN_REQUEST"}], False),
        ("/vens", 200, [{**META, "clientID": "c", "venName": "v", "createdDateTime": "2026-01-16"}], False),
        ("/vens", 200, {}, False),
        ("/vens", 204, [], False),
        ("/vens", 403, {"status": 403, "type": "about:blank"}, True),
        ("/vens", 403, {"status": "403"}, False),
        ("/vens", 403, {"status": 600}, False),
        ("/vens", 405, {"status": 405}, True),
        ("/vens", 405, [], False),
        ("/nothing", 404, {"status": 404}, True),
        ("/nothing", 404, "text", False),
        ("/events", 200, [{**META, "objectType": "EVENT", "programID": "p", "duration": "P1W1D"}], False),
        (
            "/events",
            200,
            [{**META, "objectType": "EVENT", "programID": "p", "intervalPeriod": {"start": "0001-01-01"}}],
            True,
        ),
    ],
)
def test_answers_are_judged(spec31: Any, path: str, status: int, answer: Any, valid: bool) -> None:
    wrong = spec31.check_answer("GET", BASE + path, status, json.dumps(answer).encode())
    assert (wrong == []) == valid, wrong
