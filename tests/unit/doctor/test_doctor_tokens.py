"""The doctor at identity providers that want more, and with a token that was given."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import pytest
import requests
from doctor_peers import HERNING, SECRET, after, examined

from ven_actors.openadr.v310 import V310
from ven_actors.testing.vtn import Fault, InProcessVtn

ENTRA = (400, {"error": "invalid_request", "error_description": "AADSTS900144: the body must contain 'scope'"})
SCOPES = " ".join(V310.scopes)
AUTH0 = (403, {"error": "access_denied", "error_description": "No audience parameter was provided"})


def wants(vtn: InProcessVtn, field: str, status: int, refusal: dict[str, str]) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        missing = path.endswith("/token") and field not in parse_qs(body.decode())
        return Fault(act=False, status=status, body=msgspec.json.encode(refusal)) if missing else None

    vtn.fault = fault


def clients(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clients.csv"
    path.write_text(text)
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("field", "refusal", "words"),
    [
        ("scope", ENTRA, "the missing field to the credentials: scope"),
        ("audience", AUTH0, "name the VTN with audience"),
    ],
)
def test_a_field_that_the_endpoint_wants_is_named_and_its_column_makes_it_good(
    vtn: InProcessVtn, tmp_path: Path, field: str, refusal: tuple[int, dict[str, str]], words: str
) -> None:
    wants(vtn, field, *refusal)
    cause = examined(tmp_path, vtn.base_url).the_cause("token")
    assert words in cause.remedy
    assert "secret" not in cause.remedy
    assert refusal[1]["error_description"] in cause.what
    clients(tmp_path, f"ven,client_id,client_secret,{field}\nHerning,Herning,herning-secret,{SCOPES}\n")
    assert examined(tmp_path, vtn.base_url).bad == []


def test_an_endpoint_that_asks_to_wait_is_waited_for(vtn: InProcessVtn, tmp_path: Path) -> None:
    slow = Fault(act=False, status=429, headers={"Retry-After": "30"})
    vtn.fault = lambda method, path, body: slow if path.endswith("/token") else None
    cause = examined(tmp_path, vtn.base_url).the_cause("token")
    assert "answers 429" in cause.what
    assert "asks to wait 30 s" in cause.remedy


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (429, b""), (400, b'{"error": "temporarily_unavailable"}')])
def test_an_endpoint_that_gives_no_token_just_now_is_not_taken_for_a_wrong_address(
    vtn: InProcessVtn, tmp_path: Path, status: int, body: bytes
) -> None:
    away = Fault(act=False, status=status, body=body)
    vtn.fault = lambda method, path, body: away if path.endswith("/token") else None
    cause = examined(tmp_path, vtn.base_url).the_cause("token")
    assert f"answers {status}" in cause.what
    assert "the endpoint is there but gives no tokens now" in cause.remedy


def test_a_given_token_is_used_and_nobody_is_asked_for_one(vtn: InProcessVtn, tmp_path: Path) -> None:
    form = {"grant_type": "client_credentials", "client_id": HERNING.name, "client_secret": SECRET}
    token = requests.post(f"{vtn.base_url}/auth/token", data=form, timeout=10).json()["access_token"]
    asked = len(vtn.requests)
    clients(tmp_path, f"ven,token\nHerning,{token}\n")
    found = examined(tmp_path, vtn.base_url)
    assert found.bad == []
    assert "a given token" in found["credentials"].what
    assert "not fetched" in found["token"].what
    assert not [each for each in vtn.requests[asked:] if each.path.endswith("/token")]


def test_a_given_token_that_the_vtn_refuses_is_named_with_its_file(vtn: InProcessVtn, tmp_path: Path) -> None:
    (tmp_path / "herning.token").write_text("hunter2")
    clients(tmp_path, "ven,token_file\nHerning,herning.token\n")
    found = examined(tmp_path, vtn.base_url)
    cause = found.the_cause("interface")
    assert f"refuses the token of {tmp_path / 'herning.token'}, which was read again" in cause.what
    assert str(tmp_path / "herning.token") in cause.remedy
    assert "hunter2" not in str(found)
    assert found.skipped == after("interface")
