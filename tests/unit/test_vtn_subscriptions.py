"""Subscriptions of the embedded VTN, both versions: the objects themselves, and who may have which callback."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn, Role

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
VERSIONS = ("3.0.1", "3.1")


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN, OTHER, BL]) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def shared_probe(callback_probe: ModuleType) -> Iterator[Any]:
    with callback_probe.CallbackProbe() as running:
        yield running


@pytest.fixture
def probe(shared_probe: Any) -> Any:
    shared_probe.clear()
    return shared_probe


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[tuple[str, str], Any]]:
    made = {
        (version, client.name): caller(running, client)
        for version, caller in (("3.0.1", vtn_calls.Caller301), ("3.1", vtn_calls.Caller))
        for client in (VEN, OTHER, BL)
    }
    yield made
    for caller in made.values():
        caller.close()


@pytest.fixture
def program(vtn: InProcessVtn) -> str:
    return str(vtn.create_program(programName="p")["id"])


def entry(probe: Any, **changes: Any) -> dict[str, Any]:
    return {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": f"{probe.url}/hook", **changes}


def subscription(program: str, *entries: Any, **changes: Any) -> dict[str, Any]:
    return {"clientName": "v", "programID": program, "objectOperations": list(entries), **changes}


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_subscription_is_made_read_listed_changed_and_deleted(
    callers: dict[Any, Any], probe: Any, program: str, version: str
) -> None:
    ven = callers[version, VEN.name]
    request = subscription(program, entry(probe, bearerToken="t"))
    stored = made(ven.post("/subscriptions", request))
    assert request.items() <= stored.items()
    assert stored["objectType"] == "SUBSCRIPTION"
    path = f"/subscriptions/{stored['id']}"
    assert ven.get(path).json() == stored
    assert ven.get("/subscriptions").json() == [stored]
    targets = ["g"] if version == "3.1" else [{"type": "GROUP", "values": ["g"]}]
    changed = ven.put(path, {**request, "clientName": "w", "targets": targets})
    assert (changed.status_code, changed.json()["clientName"]) == (200, "w")
    assert changed.json()["targets"] == ven.get(path).json()["targets"] == targets
    assert ven.delete(path).json() == changed.json()
    assert ven.get(path).status_code == 404
    assert ven.put(path, request).status_code == ven.delete(path).status_code == 404


@pytest.mark.parametrize("version", VERSIONS)
def test_v9_a_callback_has_to_echo_before_its_subscription_is_made_or_changed(
    callers: dict[Any, Any], probe: Any, program: str, version: str
) -> None:
    ven = callers[version, VEN.name]
    request = subscription(program, entry(probe, bearerToken="hush"))
    for answer in ((404, "{}"), (200, "something else"), (201, "{}"), (302, "{}")):
        probe.echo = lambda word, answer=answer: (answer[0], answer[1].replace("{}", word))
        refused = ven.post("/subscriptions", request)
        assert refused.status_code == 400, answer
        assert "echo" in refused.json()["detail"]
        assert "hush" not in refused.text
    assert ven.get("/subscriptions").json() == []
    probe.echo = lambda word: (200, f"<{word}>")
    stored = made(ven.post("/subscriptions", request))
    path, bearer = probe.echoes[-1]
    assert path.startswith("/hook?echo=")
    assert bearer == "Bearer hush"
    probe.echo = lambda _word: (500, "")
    assert ven.put(f"/subscriptions/{stored['id']}", request).status_code == 400


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://127.0.0.1/hook",
        "http://user:password@127.0.0.1/hook",
        "https://",
        "http://127.0.0.1:99999/hook",
        "http://127.0.0.1:1/hook",
        "http://[::1/hook",
        "https://example.org/hook",
        "hook",
    ],
)
def test_v9_a_callback_that_cannot_be_called_is_a_bad_request(
    callers: dict[Any, Any], probe: Any, program: str, version: str, url: str
) -> None:
    request = subscription(program, entry(probe, callbackUrl=url))
    refused = callers[version, VEN.name].post("/subscriptions", request)
    assert refused.status_code == 400
    assert ("another machine" in refused.json()["detail"]) == (url == "https://example.org/hook")


def test_a_token_that_no_header_can_carry_is_a_bad_request(callers: dict[Any, Any], probe: Any, program: str) -> None:
    for token, status in (("a\nb", 400), ("ÆØ\u2713", 201)):
        request = subscription(program, entry(probe, bearerToken=token))
        assert callers["3.1", VEN.name].post("/subscriptions", request).status_code == status


def test_many_callbacks_in_one_subscription_are_a_bad_request(
    callers: dict[Any, Any], probe: Any, program: str
) -> None:
    entries = [entry(probe, callbackUrl=f"{probe.url}/{number}") for number in range(21)]
    assert callers["3.1", VEN.name].post("/subscriptions", subscription(program, *entries)).status_code == 400
    assert callers["3.1", VEN.name].post("/subscriptions", subscription(program, *entries[1:])).status_code == 201
    assert len(probe.echoes) == 20


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "changes",
    [
        {"clientName": ""},
        {"objectOperations": [{}]},
        {"objectOperations": [{"objects": ["METER"], "operations": [], "callbackUrl": "https://x"}]},
        {"objectOperations": [{"objects": [], "operations": ["POST"], "callbackUrl": "https://x"}]},
        {"targets": "all"},
        {"programID": "a b"},
    ],
)
def test_a_subscription_that_breaks_the_schema_is_a_bad_request(
    callers: dict[Any, Any], program: str, version: str, changes: dict[str, Any]
) -> None:
    request = {**subscription(program), **changes}
    assert callers[version, VEN.name].post("/subscriptions", request).status_code == 400


def test_a_program_is_required_in_301_only_and_has_to_exist_in_both(callers: dict[Any, Any], vtn: InProcessVtn) -> None:
    without = {"clientName": "v", "objectOperations": []}
    old, new = (callers[version, VEN.name] for version in VERSIONS)
    assert old.post("/subscriptions", without).status_code == 400
    assert old.post("/subscriptions", subscription("unknown")).status_code == 409
    assert new.post("/subscriptions", subscription("unknown")).status_code == 409
    stored = made(new.post("/subscriptions", without))
    assert old.get("/subscriptions").json() == []
    assert old.get(f"/subscriptions/{stored['id']}").status_code == 404
    assert new.get("/subscriptions").json() == [stored]


def test_each_version_shows_the_others_subscriptions_in_its_own_form(
    callers: dict[Any, Any], probe: Any, program: str
) -> None:
    old, new = (callers[version, VEN.name] for version in VERSIONS)
    maps = [{"type": "GROUP", "values": ["g", "h"]}]
    first = made(old.post("/subscriptions", subscription(program, entry(probe), targets=maps)))
    second = made(new.post("/subscriptions", subscription(program, targets=["i"])))
    seen_old, seen_new = old.get("/subscriptions").json(), new.get("/subscriptions").json()
    assert [found["id"] for found in seen_old] == [found["id"] for found in seen_new] == [first["id"], second["id"]]
    assert [found["targets"] for found in seen_old] == [maps, [{"type": "GROUP", "values": ["i"]}]]
    assert [found["targets"] for found in seen_new] == [["g", "h"], ["i"]]
    assert [found["clientID"] for found in seen_new] == [VEN.name] * 2


def test_v8_subscriptions_are_their_clients_own_in_31(callers: dict[Any, Any], probe: Any, program: str) -> None:
    stored = made(callers["3.1", VEN.name].post("/subscriptions", subscription(program, entry(probe))))
    other, business = callers["3.1", OTHER.name], callers["3.1", BL.name]
    path = f"/subscriptions/{stored['id']}"
    assert other.get("/subscriptions").json() == []
    assert [other.get(path).status_code, other.put(path, subscription(program)).status_code] == [404, 404]
    assert other.delete(path).status_code == 404
    assert business.get("/subscriptions").json() == [stored]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bearer_token_is_shown_to_its_own_client_only(
    callers: dict[Any, Any], probe: Any, program: str, version: str
) -> None:
    request = subscription(program, entry(probe, bearerToken="hush"), entry(probe))
    made(callers[version, VEN.name].post("/subscriptions", request))
    for reading in VERSIONS:
        assert "hush" in callers[reading, VEN.name].get("/subscriptions").text
        (seen,) = callers[reading, BL.name].get("/subscriptions").json()
        assert [found.get("bearerToken", "absent") for found in seen["objectOperations"]] == [None, "absent"]


@pytest.mark.parametrize("version", VERSIONS)
def test_subscriptions_are_filtered_by_program_client_name_and_objects_together(
    callers: dict[Any, Any], vtn: InProcessVtn, probe: Any, program: str, version: str
) -> None:
    ven = callers[version, VEN.name]
    other = vtn.create_program(programName="other")["id"]
    both = entry(probe, objects=["EVENT", "PROGRAM", "EVENT"])
    for name, request in (
        ("a", subscription(program, entry(probe))),
        ("b", subscription(program, both, both)),
        ("c", subscription(other, entry(probe), entry(probe, objects=["PROGRAM"]))),
        ("d", subscription(other)),
    ):
        made(ven.post("/subscriptions", {**request, "clientName": name}))
    for query, names in (
        ("", "abcd"),
        (f"programID={other}", "cd"),
        ("objects=EVENT", "abc"),
        ("objects=EVENT&objects=PROGRAM", "bc"),
        (f"objects=PROGRAM&programID={program}", "b"),
        ("objects=PROGRAM&clientName=c", "c"),
        ("objects=VEN", ""),
        ("skip=1&limit=2", "bc"),
        ("active=nonsense", "abcd"),
    ):
        found = "".join(each["clientName"] for each in ven.get(f"/subscriptions?{query}").json())
        assert found == names, query
    assert ven.get("/subscriptions?objects=METER").status_code == 400


def test_subscriptions_of_301_are_filtered_by_targets(callers: dict[Any, Any], program: str) -> None:
    ven = callers["3.0.1", VEN.name]
    made(ven.post("/subscriptions", subscription(program, targets=[{"type": "GROUP", "values": ["g"]}])))
    assert len(ven.get("/subscriptions?targetType=GROUP&targetValues=g").json()) == 1
    assert ven.get("/subscriptions?targetType=VEN_NAME").json() == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_programs_subscriptions_go_with_it(callers: dict[Any, Any], program: str, version: str) -> None:
    ven = callers[version, VEN.name]
    made(ven.post("/subscriptions", subscription(program)))
    assert callers[version, BL.name].delete(f"/programs/{program}").status_code == 200
    assert ven.get("/subscriptions").json() == []
