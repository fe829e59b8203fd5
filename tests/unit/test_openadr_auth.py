"""Tokens: where they come from, when they are renewed, and what is said when there are none."""

import base64
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest

from ven_actors.errors import CredentialsRefused, UsageError, VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.model import Credentials, Secret
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.auth import FORBIDDEN_PAUSE_S, Token, TokenEndpoint, TokenSource, lifetime_s
from ven_actors.openadr.exchange import Answer

BASE = "https://vtn/3.1"


def answer(status: int = 200, **body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode())


class Wire:
    """Stands where the exchanger stands: `answers` by URL, each a list to be used up or a function."""

    def __init__(self, **_: Any) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self.answers: dict[str, Callable[[Mapping[str, str]], Answer]] = {}
        self.safe: list[bool] = []

    def exchange(
        self,
        method: str,
        url: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str],
        body: bytes | None = None,
        safe: bool,
    ) -> Answer:
        self.asked.append((method, url, headers, body))
        self.safe.append(safe)
        return self.answers[url](headers)

    def urls(self) -> list[str]:
        return [url for _, url, _, _ in self.asked]


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def endpoint(wire: Wire, clock: Hands, token_url: str = "", path: str | None = "/auth/server") -> TokenEndpoint:
    credentials = Credentials("client-1", Secret("s&cret=1"), token_url)
    return TokenEndpoint(
        wire,  # type: ignore[arg-type]
        credentials,
        base_url=BASE,
        auth_server_path=path,
        monotonic=clock,
        allow_plain_http=False,
    )


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


# --- R5: renewal -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_in", "life_s"),
    [(600, 600), ("600", 600), (None, 3600), ("soon", 3600), ([], 3600), ("nan", 3600), (-5, 0), (1e12, 2_592_000)],
)
def test_r5_a_token_lives_as_long_as_it_says_or_an_hour(expires_in: Any, life_s: float) -> None:
    assert lifetime_s(expires_in) == life_s


@pytest.mark.parametrize(("expires_in", "renewed_at_s"), [(100, 90), (3600, 3540)])
def test_r5_a_token_is_renewed_with_a_margin(wire: Wire, clock: Hands, expires_in: int, renewed_at_s: float) -> None:
    wire.answers["https://id"] = lambda _: answer(access_token="t", expires_in=expires_in)
    source = TokenSource(endpoint(wire, clock, "https://id").fetch, clock, wait_s=5)
    source.token()
    clock.now_s = renewed_at_s - 0.1
    source.token()
    assert len(wire.asked) == 1
    clock.now_s = renewed_at_s
    source.token()
    assert len(wire.asked) == 2


def test_r5_edge_case_23_renewal_is_single_flight_and_the_lock_is_free_meanwhile(clock: Hands) -> None:
    """Many ask, one fetches, all get the same."""
    fetching, go_on = threading.Event(), threading.Event()
    fetched: list[Token] = []

    def fetch() -> Token:
        fetching.set()
        assert go_on.wait(5)
        fetched.append(Token(Secret("t"), 100.0))
        return fetched[-1]

    source = TokenSource(fetch, clock, wait_s=5)
    got: list[Token] = []
    threads = [threading.Thread(target=lambda: got.append(source.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert fetching.wait(5)
    assert source._lock.acquire(timeout=1)
    source._lock.release()
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert len(fetched) == 1
    assert got == fetched * 8


def test_r5_a_failed_renewal_fails_all_who_waited_and_the_next_tries_again(clock: Hands) -> None:
    fetching, go_on = threading.Event(), threading.Event()

    def fetch() -> Token:
        fetching.set()
        assert go_on.wait(5)
        raise VtnUnreachable("down")

    source = TokenSource(fetch, clock, wait_s=5)
    caught: list[VtnError] = []

    def ask() -> None:
        try:
            source.token()
        except VtnError as error:
            caught.append(error)

    first = threading.Thread(target=ask)
    first.start()
    assert fetching.wait(5)
    waiting = source._flight
    assert waiting is not None
    second = threading.Thread(target=ask)
    second.start()
    go_on.set()
    for thread in (first, second):
        thread.join(5)
    assert [str(error) for error in caught] == ["down", "down"]
    assert source._flight is None


def test_r5_nobody_waits_for_ever_for_anothers_renewal(clock: Hands) -> None:
    fetching, go_on = threading.Event(), threading.Event()

    def fetch() -> Token:
        fetching.set()
        go_on.wait(5)
        return Token(Secret("t"), 100.0)

    source = TokenSource(fetch, clock, wait_s=0.05)
    thread = threading.Thread(target=source.token)
    thread.start()
    assert fetching.wait(5)
    with pytest.raises(VtnUnreachable, match="still fetching"):
        source.token()
    go_on.set()
    thread.join(5)


def numbered(wire: Wire, clock: Hands) -> Api:
    """An API whose tokens are t1, t2, ..."""
    numbers = iter(range(1, 100))
    wire.answers["https://id"] = lambda _: answer(access_token=f"t{next(numbers)}")
    return Api(wire, BASE, TokenSource(endpoint(wire, clock, "https://id").fetch, clock, wait_s=5))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [401, 403])
def test_r5_edge_case_23_a_token_that_is_no_longer_good_is_renewed_once_and_the_request_repeated_once(
    wire: Wire, clock: Hands, status: int
) -> None:
    api = numbered(wire, clock)
    wire.answers[f"{BASE}/reports"] = lambda headers: answer(201 if headers["Authorization"] == "Bearer t2" else status)
    assert api.request("POST", "/reports", body=b"{}").status == 201
    assert wire.urls() == ["https://id", f"{BASE}/reports", "https://id", f"{BASE}/reports"]
    assert wire.asked[1][3] == wire.asked[3][3] == b"{}"
    assert [safe for safe, url in zip(wire.safe, wire.urls(), strict=True) if "reports" in url] == [False, False]


def test_r5_a_401_that_stays_is_a_refusal_of_credentials(wire: Wire, clock: Hands) -> None:
    api = numbered(wire, clock)
    wire.answers[f"{BASE}/reports"] = lambda _: answer(401, title="who are you")
    with pytest.raises(CredentialsRefused, match=r"refuses a new token.*who are you"):
        api.request("POST", "/reports", body=b"{}")
    assert len(wire.asked) == 4


def test_r5_a_403_that_stays_is_an_answer_and_costs_no_renewal_for_a_minute(wire: Wire, clock: Hands) -> None:
    api = numbered(wire, clock)
    wire.answers[f"{BASE}/reports"] = lambda _: answer(403)
    assert api.request("POST", "/reports", body=b"{}").status == 403
    assert len(wire.asked) == 4
    clock.now_s = FORBIDDEN_PAUSE_S - 1
    assert api.request("POST", "/reports", body=b"{}").status == 403
    assert len(wire.asked) == 5
    clock.now_s = FORBIDDEN_PAUSE_S
    api.request("POST", "/reports", body=b"{}")
    assert len(wire.asked) == 8


def test_r5_two_threads_with_the_same_dead_token_renew_it_once(wire: Wire, clock: Hands) -> None:
    api = numbered(wire, clock)
    tokens = api._tokens
    assert tokens is not None
    old = tokens.token()
    assert tokens.token(refused=old) is tokens.token(refused=old)
    assert wire.urls() == ["https://id"] * 2


def test_r4_without_credentials_requests_bear_no_token(wire: Wire) -> None:
    api = Api(wire, BASE, None)  # type: ignore[arg-type]
    wire.answers[f"{BASE}/events"] = lambda _: answer(200)
    api.get("/events")
    assert "Authorization" not in wire.asked[0][2]
    wire.answers[f"{BASE}/events"] = lambda _: answer(401)
    with pytest.raises(CredentialsRefused, match="none are configured"):
        api.get("/events")
    wire.answers[f"{BASE}/events"] = lambda _: answer(403)
    with pytest.raises(VtnRefused, match="403"):
        api.get("/events")


@pytest.mark.parametrize(("status", "words"), [(500, "answers 500"), (302, "not followed"), (204, "answers 204")])
def test_r41_a_get_without_a_200_is_refused_with_status_and_words(wire: Wire, status: int, words: str) -> None:
    api = Api(wire, BASE, None)  # type: ignore[arg-type]
    wire.answers[f"{BASE}/events"] = lambda _: Answer(status, b"why", 3.0)
    with pytest.raises(VtnRefused, match=words) as caught:
        api.get("/events")
    assert (caught.value.status, caught.value.retry_after_s) == (status, 3.0)


def test_only_200_and_201_create() -> None:
    assert created(Answer(201, b"x"), "it") == b"x"
    with pytest.raises(VtnNonsense, match="202"):
        created(Answer(202, b"x"), "it")
