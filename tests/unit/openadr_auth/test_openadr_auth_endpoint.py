"""Where tokens come from, how they are asked for, and what is said when there are none."""

import base64
from urllib.parse import parse_qs

import pytest
from openadr_auth_wire import BASE, Hands, Wire, answer, endpoint

from ven_actors.errors import CredentialsRefused, UsageError, VtnUnreachable
from ven_actors.model import Credentials, Secret
from ven_actors.openadr.auth import TokenEndpoint
from ven_actors.openadr.exchange import Answer

# --- R3: where the token endpoint is ---------------------------------------------------------------------------


def test_r3_a_configured_token_url_is_used_as_it_is(wire: Wire, clock: Hands) -> None:
    wire.answers["https://id/token?a=1"] = lambda _: answer(access_token="t")
    endpoint(wire, clock, "https://id/token?a=1").fetch()
    assert wire.urls() == ["https://id/token?a=1"]


def test_r3_the_token_url_is_discovered_once(wire: Wire, clock: Hands) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(tokenURL="https://id.example/token")
    wire.answers["https://id.example/token"] = lambda _: answer(access_token="t")
    source = endpoint(wire, clock)
    source.fetch()
    source.fetch()
    assert wire.urls() == [f"{BASE}/auth/server", "https://id.example/token", "https://id.example/token"]


@pytest.mark.parametrize("status", [404, 401, 405])
def test_r3_without_discovery_it_is_the_vtns_own(wire: Wire, clock: Hands, status: int) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(status)
    wire.answers[f"{BASE}/auth/token"] = lambda _: answer(access_token="t")
    assert endpoint(wire, clock).fetch().authorization == "Bearer t"


def test_r3_a_dialect_without_discovery_does_not_ask(wire: Wire, clock: Hands) -> None:
    wire.answers[f"{BASE}/auth/token"] = lambda _: answer(access_token="t")
    endpoint(wire, clock, path=None).fetch()
    assert wire.urls() == [f"{BASE}/auth/token"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_r3_discovery_that_fails_for_now_is_asked_again(wire: Wire, clock: Hands, status: int) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(status)
    source = endpoint(wire, clock)
    for _ in range(2):
        with pytest.raises(VtnUnreachable, match=f"no token.*{status}"):
            source.fetch()
    assert wire.urls() == [f"{BASE}/auth/server"] * 2


def test_r3_a_token_endpoint_that_moved_is_discovered_anew(wire: Wire, clock: Hands) -> None:
    places = iter(["https://old/token", "https://new/token"])
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(tokenURL=next(places))
    wire.answers["https://old/token"] = lambda _: answer(501)
    wire.answers["https://new/token"] = lambda _: answer(access_token="t")
    source = endpoint(wire, clock)
    with pytest.raises(VtnUnreachable, match="501"):
        source.fetch()
    assert source.fetch().authorization == "Bearer t"


def test_r2_a_secret_is_not_sent_in_the_clear(wire: Wire, clock: Hands) -> None:
    wire.answers[f"{BASE}/auth/server"] = lambda _: answer(tokenURL="http://id.example/token")
    with pytest.raises(CredentialsRefused, match="plain HTTP"):
        endpoint(wire, clock).fetch()
    with pytest.raises(UsageError, match="plain HTTP"):
        endpoint(wire, clock, "http://id.example/token")
    assert wire.urls() == [f"{BASE}/auth/server"]


# --- R4: the grant ---------------------------------------------------------------------------------------------


def test_r4_the_secret_goes_in_the_form_and_nowhere_else(wire: Wire, clock: Hands) -> None:
    wire.answers["https://id"] = lambda _: answer(access_token="t", token_type="Bearer", expires_in=60)
    endpoint(wire, clock, "https://id").fetch()
    method, _, headers, body = wire.asked[0]
    assert method == "POST"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in headers
    assert body is not None
    assert parse_qs(body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-1"],
        "client_secret": ["s&cret=1"],
    }
    assert wire.safe == [True]


def test_r4_by_http_basic_the_secret_is_in_the_header_and_not_in_the_form(wire: Wire, clock: Hands) -> None:
    wire.answers[f"{BASE}/auth/token"] = lambda _: answer(access_token="t")
    credentials = Credentials("client 1", Secret("s&cret:1"), f"{BASE}/auth/token", basic=True)
    endpoint = TokenEndpoint(
        wire,  # type: ignore[arg-type]
        credentials,
        base_url=BASE,
        auth_server_path=None,
        monotonic=clock,
        allow_plain_http=False,
    )
    endpoint.fetch()
    ((_, _, headers, body),) = wire.asked
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"client+1:s%26cret%3A1"
    assert body == b"grant_type=client_credentials"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_r4_a_refusal_names_the_client_and_never_the_secret(wire: Wire, clock: Hands, status: int) -> None:
    wire.answers["https://id"] = lambda _: Answer(status, b'{"error":"invalid_client","was":"s&cret=1"}')
    with pytest.raises(CredentialsRefused, match=r"client-1.*invalid_client") as caught:
        endpoint(wire, clock, "https://id").fetch()
    assert "s&cret" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b'{"access_token":""}', b'{"access_token":"a b"}', b'{"access_token":"a\\r\\nX: y"}'],
)
def test_r4_an_unusable_token_is_no_token_and_is_not_shown(wire: Wire, clock: Hands, body: bytes) -> None:
    wire.answers["https://id"] = lambda _: Answer(200, body)
    with pytest.raises(VtnUnreachable, match="no token") as caught:
        endpoint(wire, clock, "https://id").fetch()
    assert "<html>" not in str(caught.value)
