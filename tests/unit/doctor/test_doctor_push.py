"""The doctor tries webhooks where they are asked for, and names why a VTN does not call."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from doctor_peers import examined

from ven_actors.fleet.doctor import Verdict
from ven_actors.testing.vtn import Fault, InProcessVtn

Choose = Callable[[str, str, bytes], Fault | None]


def answers(status: int, *, only_words: str = "") -> Choose:
    """Whoever subscribes, with these words if any are given, is refused so."""

    def choose(method: str, path: str, body: bytes) -> Fault | None:
        is_one = method == "POST" and path.endswith("/subscriptions") and only_words in body.decode()
        return Fault(act=False, status=status, body=b'{"title": "no"}') if is_one else None

    return choose


@pytest.mark.parametrize("version", ["3.1", "3.0.1"])
def test_a_vtn_that_calls_is_good_and_nothing_is_left(vtn: InProcessVtn, tmp_path: Path, version: str) -> None:
    finding = examined(tmp_path, vtn.base_urls[version], push="webhook", write=True)["subscriptions"]
    assert finding.verdict is Verdict.GOOD
    assert finding.what == "a subscription was accepted, its callback was called, and it was deleted again"
    sent = [asked.method for asked in vtn.requests if "/subscriptions" in asked.path]
    assert sent[-2:] == ["POST", "DELETE"]


def test_without_webhooks_nothing_is_tried(vtn: InProcessVtn, tmp_path: Path) -> None:
    assert examined(tmp_path, vtn.base_url, write=True)["subscriptions"].what.startswith("not needed")
    finding = examined(tmp_path, vtn.base_url, push="webhook")["subscriptions"]
    assert finding.verdict is Verdict.SKIPPED


def test_a_vtn_that_wants_http_verbs_is_named(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = answers(400, only_words='"CREATE"')
    finding = examined(tmp_path, vtn.base_urls["3.0.1"], push="webhook", write=True)["subscriptions"]
    assert finding.verdict is Verdict.GOOD
    assert "with operations as HTTP verbs" in finding.what


def test_a_vtn_that_takes_no_subscription_is_a_warning_with_its_words(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = answers(422)
    found = examined(tmp_path, vtn.base_url, push="webhook", write=True)
    assert found["subscriptions"].verdict is Verdict.WARNING
    assert '/subscriptions answers 422: {"title": "no"}' in found["subscriptions"].what
    assert "/ven-actors/Herning-doctor" in found["subscriptions"].remedy


def test_a_vtn_that_never_calls_is_named(vtn: InProcessVtn, tmp_path: Path) -> None:
    stored = json.dumps({"id": "s"}).encode()

    def choose(method: str, path: str, _body: bytes) -> Fault | None:
        if "/subscriptions" not in path:
            return None
        return Fault(
            act=False, status={"GET": 200, "POST": 201}.get(method, 200), body=b"[]" if method == "GET" else stored
        )

    vtn.fault = choose
    finding = examined(tmp_path, vtn.base_url, push="webhook", write=True)["subscriptions"]
    assert finding.verdict is Verdict.WARNING
    assert "without calling http://127.0.0.1" in finding.what
