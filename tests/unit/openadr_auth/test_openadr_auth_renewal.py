"""When tokens are renewed, and what an API does with a token that is refused."""

import threading
from typing import Any

import pytest
from openadr_auth_wire import BASE, Hands, Wire, answer, endpoint

from ven_actors.errors import CredentialsRefused, VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.model import Secret
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.auth import FORBIDDEN_PAUSE_S, Token, TokenSource, lifetime_s
from ven_actors.openadr.exchange import Answer


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


@pytest.mark.parametrize("trouble", [Answer(429, b"{}", 30.0), Answer(503, b"{}")])
def test_r5_a_token_that_cannot_be_renewed_serves_until_it_expires(wire: Wire, clock: Hands, trouble: Answer) -> None:
    wire.answers["https://id"] = lambda _: answer(access_token="t", expires_in=100)
    source = TokenSource(endpoint(wire, clock, "https://id").fetch, clock, wait_s=5)
    token = source.token()
    wire.answers["https://id"] = lambda _: trouble
    clock.now_s = 99.9
    assert source.token() is token
    with pytest.raises(VtnUnreachable):
        source.token(refused=token)
    clock.now_s = 100.0
    with pytest.raises(VtnUnreachable):
        source.token()


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
