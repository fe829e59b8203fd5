"""The callback server: what a VTN gets that calls with its bearer, and what somebody else does not."""

from collections.abc import Callable

import requests
from push_callers import Hints, bearing, raw

from ven_actors.push.callbacks import CallbackServer


def test_edge_case_24_a_wrong_bearer_is_401_and_an_echo_is_exactly_what_was_asked(
    server: CallbackServer, hints: Hints, session: requests.Session
) -> None:
    callback = server.open("Herning", None, hints)
    for headers in ({}, bearing("wrong"), bearing(""), {"Authorization": callback.bearer.reveal()}, bearing("ø" * 9)):
        refused = session.post(
            callback.url, data=b"{}", headers={k: v.encode() for k, v in headers.items()}, timeout=10
        )
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert hints.count == 0
    echoed = session.get(f"{callback.url}?echo=abc", timeout=10)
    assert (echoed.status_code, echoed.content) == (200, b"abc")
    assert hints.count == 0


def test_r38_a_notification_with_its_bearer_is_answered_200_and_is_a_hint(
    server: CallbackServer, hints: Hints, session: requests.Session
) -> None:
    callback = server.open("Herning", None, hints)
    told = session.post(
        callback.url, json={"object": "x" * 100_000}, headers=bearing(callback.bearer.reveal()), timeout=10
    )
    assert (told.status_code, told.content, hints.count) == (200, b"", 1)


def test_r38_each_subscription_has_a_bearer_of_its_own(
    server: CallbackServer, hints: Hints, session: requests.Session
) -> None:
    one, two = server.open("Herning", "p1", hints), server.open("Herning", "p2", hints)
    assert one.url != two.url
    assert session.post(one.url, headers=bearing(two.bearer.reveal()), timeout=10).status_code == 401
    assert session.post(two.url, headers=bearing(two.bearer.reveal()), timeout=10).status_code == 200


def test_the_bearer_of_an_earlier_life_is_worth_nothing(
    server: CallbackServer, hints: Hints, session: requests.Session
) -> None:
    before = server.open("Herning", None, hints)
    now = server.open("Herning", None, hints)
    assert before.url == now.url
    assert session.post(now.url, headers=bearing(before.bearer.reveal()), timeout=10).status_code == 401


def test_what_is_not_subscribed_is_told_like_a_wrong_bearer(server: CallbackServer, session: requests.Session) -> None:
    for path in ("/", "/ven-actors/Nobody", "/other"):
        url = f"http://127.0.0.1:{server.port}{path}"
        assert session.post(url, headers=bearing("x"), timeout=10).status_code == 401


def test_names_of_any_letters_can_be_called(server: CallbackServer, hints: Hints, session: requests.Session) -> None:
    callback = server.open("Ærø ven-actors #1?", "p/1", hints)
    assert session.post(callback.url, headers=bearing(callback.bearer.reveal()), timeout=10).status_code == 200
    assert hints.count == 1


def test_a_proxy_in_front_may_keep_or_cut_its_own_path(
    serving: Callable[..., CallbackServer], hints: Hints, session: requests.Session
) -> None:
    server = serving(public_url="https://gate.example/fleet/")
    callback = server.open("Herning", None, hints)
    assert callback.url == "https://gate.example/fleet/ven-actors/Herning"
    for path in ("/fleet/ven-actors/Herning", "/ven-actors/Herning"):
        url = f"http://127.0.0.1:{server.port}{path}"
        assert session.post(url, headers=bearing(callback.bearer.reveal()), timeout=10).status_code == 200


def test_it_is_known_who_has_called(server: CallbackServer, hints: Hints, session: requests.Session) -> None:
    one, two = server.open("Herning", None, hints), server.open("Aalborg", None, hints)
    session.post(one.url, headers=bearing("wrong"), timeout=10)
    assert not server.has_called("Herning", None)
    session.get(f"{one.url}?echo=1", timeout=10)
    session.post(two.url, headers=bearing(two.bearer.reveal()), timeout=10)
    assert server.has_called("Herning", None)
    assert server.has_called("Aalborg", None)
    server.open("Herning", None, hints)
    assert not server.has_called("Herning", None)
    assert not server.has_called("Lemvig", None)


def test_a_body_that_comes_in_chunks_does_not_cost_the_hint(server: CallbackServer, hints: Hints) -> None:
    callback = server.open("Herning", None, hints)
    head = f"POST /ven-actors/Herning HTTP/1.1\r\nauthorization: bearer {callback.bearer.reveal()}\r\n"
    answer = raw(server, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert hints.count == 1
