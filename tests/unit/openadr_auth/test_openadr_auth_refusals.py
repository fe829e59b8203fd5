"""What a token endpoint refuses and why: fields that it wants, codes of OAuth, and being asked to wait."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from openadr_auth_wire import BASE, Hands, Wire, answer, endpoint

from ven_actors.actors.poll_pace import PollPace
from ven_actors.errors import CredentialsRefused, VtnBusy, VtnUnreachable
from ven_actors.openadr.exchange import Answer

URL = "https://id"


def test_r4_further_fields_stand_in_the_form(wire: Wire, clock: Hands) -> None:
    wire.answers[URL] = lambda _: answer(access_token="t")
    endpoint(wire, clock, URL, form=(("scope", "a b"), ("audience", "https://vtn"), ("resource", "urn:x"))).fetch()
    body = wire.asked[0][3]
    assert body is not None
    sent = parse_qs(body.decode())
    assert (sent["scope"], sent["audience"], sent["resource"]) == (["a b"], ["https://vtn"], ["urn:x"])
    assert sent["grant_type"] == ["client_credentials"]


@pytest.mark.parametrize(
    ("status", "code", "form", "words"),
    [
        (401, "invalid_client", (), "check client id and secret"),
        (400, "invalid_grant", (), "check client id and secret"),
        (403, "", (), "check client id and secret"),
        (400, "invalid_scope", (), "set scope in the credentials"),
        (400, "invalid_scope", (("scope", "x y"),), "correct scope 'x y'"),
        (400, "invalid_request", (), "add the missing field to the credentials: scope, audience, or form.NAME"),
        (400, "invalid_request", (("scope", "x"),), "(sent were scope)"),
        (400, "unauthorized_client", (), "allow this client the grant client_credentials"),
        (400, "unsupported_grant_type", (), "allow this client the grant client_credentials"),
        (403, "access_denied", (), "name the VTN with audience"),
        (403, "access_denied", (("audience", "https://vtn"),), "correct audience 'https://vtn'"),
        (400, "invalid_target", (), "with audience or form.resource"),
    ],
)
def test_the_remedy_follows_the_error_code(
    wire: Wire, clock: Hands, status: int, code: str, form: tuple[tuple[str, str], ...], words: str
) -> None:
    wire.answers[URL] = lambda _: answer(status, error=code, error_description="said more")
    with pytest.raises(CredentialsRefused) as caught:
        endpoint(wire, clock, URL, form=form).fetch()
    assert words in caught.value.remedy
    assert ("client id and secret" in caught.value.remedy) == ("client id and secret" in words)
    assert f"refuses client 'client-1' with {status}" in caught.value.words
    assert "said more" in caught.value.words
    assert str(caught.value) == f"{caught.value.words}; {caught.value.remedy}"


@pytest.mark.parametrize("body", [b"no", b"[]", b'{"error": 7}', b'{"error": null}'])
def test_a_refusal_without_a_code_is_one_of_the_client(wire: Wire, clock: Hands, body: bytes) -> None:
    wire.answers[URL] = lambda _: Answer(401, body)
    with pytest.raises(CredentialsRefused, match="check client id and secret"):
        endpoint(wire, clock, URL).fetch()


@pytest.mark.parametrize("code", ["temporarily_unavailable", "server_error", "slow_down"])
def test_a_trouble_that_passes_refuses_nobody(wire: Wire, clock: Hands, code: str) -> None:
    wire.answers[URL] = lambda _: answer(400, error=code)
    with pytest.raises(VtnUnreachable, match=f"no token.*{code}"):
        endpoint(wire, clock, URL).fetch()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_the_token_url_that_was_found_is_kept_over_a_trouble_that_passes(wire: Wire, clock: Hands, status: int) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(tokenURL=f"{URL}/token")
    wire.answers[f"{URL}/token"] = lambda _: answer(status)
    source = endpoint(wire, clock)
    for _ in range(2):
        with pytest.raises(VtnUnreachable, match=str(status)):
            source.fetch()
    assert wire.urls() == [f"{BASE}/auth/server", f"{URL}/token", f"{URL}/token"]


@pytest.mark.parametrize("at", [f"{BASE}/auth/server", f"{BASE}/auth/token"])
def test_how_long_the_endpoint_asks_to_wait_is_handed_on(wire: Wire, clock: Hands, at: str) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(404)
    wire.answers[at] = lambda _: Answer(429, b"{}", 30.0)
    with pytest.raises(VtnBusy) as caught:
        endpoint(wire, clock).fetch()
    assert caught.value.retry_after_s == 30.0


def test_an_endpoint_whose_gate_is_closed_is_one_that_asks_to_wait(wire: Wire, clock: Hands) -> None:
    def closed(_: object) -> Answer:
        raise VtnBusy("https://id has asked for time", retry_after_s=12.0)

    wire.answers[URL] = closed
    with pytest.raises(VtnBusy, match="no token: https://id has asked for time") as caught:
        endpoint(wire, clock, URL).fetch()
    assert caught.value.retry_after_s == 12.0


def test_a_ven_without_a_token_asks_nothing_before_the_endpoint_wants_to_be_asked() -> None:
    pace = PollPace(2.0)
    pace.failed(VtnBusy("no token", retry_after_s=30.0), 100.0)
    assert not pace.may_poll(129.9)
    assert pace.may_poll(130.0)


def test_a_vtn_that_is_away_is_asked_in_the_usual_rhythm() -> None:
    pace = PollPace(2.0)
    pace.failed(VtnUnreachable("refused"), 100.0)
    assert pace.may_poll(100.1)
