"""Notifications to callbacks, both versions: which changes, to whom, in which words, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn, Role
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan
from ven_actors.vtn.v310.drafts import event_draft

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
VERSIONS = ("3.0.1", "3.1")
ALL = ["READ", "CREATE", "UPDATE", "DELETE"]
EVERY_KIND = ["PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"]


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN, OTHER, BL]) as vtn:
        yield vtn


@pytest.fixture
def probe(callback_probe: ModuleType) -> Iterator[Any]:
    with callback_probe.CallbackProbe() as running:
        yield running


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


def subscribe(caller: Any, probe: Any, program: str | None, **changes: Any) -> dict[str, Any]:
    """`changes` to the one entry; `targets` to the subscription itself."""
    targets = changes.pop("targets", None)
    entry = {"objects": ["EVENT"], "operations": ALL, "callbackUrl": f"{probe.url}/hook", **changes}
    request = {"clientName": "v", "objectOperations": [entry], "targets": targets}
    answer = caller.post("/subscriptions", request if program is None else {**request, "programID": program})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("version", "operations"), [("3.0.1", ["POST", "PUT", "DELETE"]), ("3.1", ["CREATE", "UPDATE", "DELETE"])]
)
def test_v9_changes_of_an_event_are_told_in_order_and_in_the_words_of_the_version(
    vtn: InProcessVtn,
    callers: dict[Any, Any],
    probe: Any,
    program: str,
    version: str,
    operations: list[str],
    spec31: Any,
    spec301: Any,
) -> None:
    subscribe(callers[version, VEN.name], probe, program, bearerToken="hush")
    event = vtn.create_event(programID=program, eventName="one", intervalPeriod={"duration": "PT1H"})
    seen = [callers[version, VEN.name].get(f"/events/{event['id']}").json()]
    vtn.replace_event(event["id"], programID=program, eventName="two")
    seen.append(callers[version, VEN.name].get(f"/events/{event['id']}").json())
    vtn.delete_event(event["id"])
    told = probe.wait_for(3)
    assert [(path, bearer) for path, bearer, _ in told] == [("/hook", "Bearer hush")] * 3
    bodies = [body for _, _, body in told]
    assert [body["operation"] for body in bodies] == operations
    assert [body["object"] for body in bodies] == [*seen, seen[-1]]
    official = spec301 if version == "3.0.1" else spec31
    assert [official.check_object("notification", body) for body in bodies] == [[]] * 3


@pytest.mark.parametrize("version", VERSIONS)
def test_v9_only_what_is_subscribed_to_is_told(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str, version: str
) -> None:
    other = vtn.create_program(programName="other")["id"]
    subscribe(callers[version, BL.name], probe, program, operations=["UPDATE"])
    subscribe(callers[version, BL.name], probe, program, objects=["PROGRAM"], operations=["DELETE"])
    for owner in (other, program):
        event = vtn.create_event(programID=owner, eventName=owner)
        vtn.replace_event(event["id"], programID=owner, eventName=f"{owner} changed")
    for owner in (other, program):
        callers[version, BL.name].delete(f"/programs/{owner}")
    told = probe.wait_for(2)
    assert [body["object"]["eventName"] for _, _, body in told[:1]] == [f"{program} changed"]
    assert told[1][2]["object"]["programName"] == "p"


@pytest.mark.parametrize("version", VERSIONS)
def test_v9_every_kind_of_object_is_told_of(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str, version: str, spec31: Any, spec301: Any
) -> None:
    subscribe(callers[version, BL.name], probe, program, objects=EVERY_KIND)
    ven = vtn.create_ven(clientID=VEN.name, venName="v")
    vtn.create_resource(clientID=VEN.name, venID=ven["id"], resourceName="r")
    event = vtn.create_event(programID=program)["id"]
    report = {"eventID": event, "programID": program, "clientName": "c", "resources": []}
    made = callers[version, VEN.name].post("/reports", report).json()
    callers[version, VEN.name].put(f"/reports/{made['id']}", report)
    callers[version, VEN.name].delete(f"/reports/{made['id']}")
    hidden = subscribe(callers[version, VEN.name], probe, program, objects=[], bearerToken="hush")
    callers["3.1", BL.name].delete(f"/vens/{ven['id']}")
    callers["3.1", BL.name].delete(f"/programs/{program}")
    verbs = {"CREATE": "POST", "UPDATE": "PUT"} if version == "3.0.1" else {}
    told = probe.told(11)
    assert told[:7] == [
        (kind, verbs.get(operation, operation))
        for kind, operation in (
            ("VEN", "CREATE"),
            ("RESOURCE", "CREATE"),
            ("EVENT", "CREATE"),
            ("REPORT", "CREATE"),
            ("REPORT", "UPDATE"),
            ("REPORT", "DELETE"),
            ("SUBSCRIPTION", verbs.get("CREATE", "CREATE")),
        )
    ]
    assert told[7:] == [(kind, "DELETE") for kind in ("RESOURCE", "VEN", "EVENT", "PROGRAM")]
    shown = probe.notifications[6][2]["object"]
    assert (shown["id"], shown["objectOperations"][0]["bearerToken"]) == (hidden["id"], None)
    official = spec301 if version == "3.0.1" else spec31
    for _, _, body in probe.notifications:
        assert official.check_object("notification", body) == []


def test_v9_targets_of_a_subscription_have_to_be_among_those_of_the_object(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    vtn.create_ven(clientID=VEN.name, venName="v", targets=["a", "b"])
    maps = [{"type": "GROUP", "values": ["a"]}, {"type": "GROUP", "values": ["b"]}]
    subscribe(callers["3.1", BL.name], probe, program, callbackUrl=f"{probe.url}/bl", targets=["a", "b"])
    subscribe(callers["3.1", VEN.name], probe, program, callbackUrl=f"{probe.url}/ven", targets=["a", "secret"])
    subscribe(callers["3.1", OTHER.name], probe, program, callbackUrl=f"{probe.url}/other", targets=["a"])
    subscribe(callers["3.0.1", OTHER.name], probe, program, callbackUrl=f"{probe.url}/301", targets=maps)
    for name, targets in (("none", None), ("a", ["a"]), ("ab", ["b", "a", "c"]), ("c", ["c"])):
        vtn.create_event(programID=program, eventName=name, targets=targets)
    told = sorted((path, body["object"]["eventName"]) for path, _, body in probe.wait_for(4))
    assert told == [("/301", "ab"), ("/bl", "ab"), ("/ven", "a"), ("/ven", "ab")]


def test_v8_a_ven_of_31_is_told_of_what_it_may_see_and_of_no_target_that_it_was_not_granted(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    vtn.create_ven(clientID=VEN.name, venName="v", targets=["a"])
    subscribe(callers["3.1", VEN.name], probe, None, objects=["EVENT", "VEN", "REPORT"])
    subscribe(callers["3.0.1", OTHER.name], probe, program, callbackUrl=f"{probe.url}/sees-all")
    vtn.create_ven(clientID=OTHER.name, venName="w", targets=["b"])
    vtn.create_event(programID=program, eventName="for b", targets=["b"])
    event = vtn.create_event(programID=program, eventName="for a", targets=["a", "secret"])
    report = {"eventID": event["id"], "clientName": "c", "resources": []}
    callers["3.1", VEN.name].post("/reports", report)
    by_path: dict[str, list[Any]] = {"/hook": [], "/sees-all": []}
    for path, _, body in probe.wait_for(4):
        by_path[path].append(body)
    assert [body["objectType"] for body in by_path["/hook"]] == ["EVENT", "REPORT"]
    assert (by_path["/hook"][0]["targets"], by_path["/hook"][0]["object"]["targets"]) == (["a"], ["a"])
    assert [body["object"]["eventName"] for body in by_path["/sees-all"]] == ["for b", "for a"]


def test_v8_a_report_of_another_ven_is_not_told(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    event = vtn.create_event(programID=program)["id"]
    subscribe(callers["3.1", VEN.name], probe, program, objects=["REPORT"])
    for client in (OTHER, VEN):
        callers["3.1", client.name].post("/reports", {"eventID": event, "clientName": client.name, "resources": []})
    ((_, _, body),) = probe.wait_for(1)
    assert body["object"]["clientID"] == VEN.name


def test_a_ven_of_301_is_told_of_its_own_objects_and_of_new_programs(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    subscribe(callers["3.0.1", VEN.name], probe, program, objects=["PROGRAM", "VEN", "REPORT"], operations=["CREATE"])
    event = vtn.create_event(programID=program)["id"]
    for client in (OTHER, VEN):
        caller = callers["3.0.1", client.name]
        caller.post("/vens", {"venName": client.name})
        caller.post("/reports", {"programID": program, "eventID": event, "clientName": client.name, "resources": []})
    vtn.create_program(programName="new")
    told = [body["object"] for _, _, body in probe.wait_for(3)]
    assert [each.get("venName") or each.get("clientName") or each["programName"] for each in told] == [
        VEN.name, VEN.name, "new",
    ]  # fmt: skip


def test_to_a_ven_that_loses_sight_of_an_event_it_is_deleted_as_it_was(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    vtn.create_ven(clientID=VEN.name, venName="v", targets=["a"])
    subscribe(callers["3.1", VEN.name], probe, program)
    event = vtn.create_event(programID=program, eventName="ours", targets=["a"])["id"]
    vtn.replace_event(event, programID=program, eventName="theirs", targets=["b"])
    vtn.replace_event(event, programID=program, eventName="theirs still", targets=["b"])
    vtn.replace_event(event, programID=program, eventName="ours again", targets=["a"])
    told = [(body["operation"], body["object"]["eventName"]) for _, _, body in probe.wait_for(3)]
    assert told == [("CREATE", "ours"), ("DELETE", "ours"), ("UPDATE", "ours again")]


def test_a_subscription_that_is_changed_or_deleted_is_obeyed_at_once(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    ven = callers["3.1", VEN.name]
    stored = subscribe(ven, probe, program)
    changed = {**stored, "objectOperations": [{**stored["objectOperations"][0], "callbackUrl": f"{probe.url}/new"}]}
    assert ven.put(f"/subscriptions/{stored['id']}", changed).status_code == 200
    vtn.create_event(programID=program, eventName="one")
    assert probe.wait_for(1)[0][0] == "/new"
    assert ven.delete(f"/subscriptions/{stored['id']}").status_code == 200
    subscribe(ven, probe, program)
    vtn.create_event(programID=program, eventName="two")
    assert probe.wait_for(2)[1][0] == "/hook"


def test_v9_a_callback_over_https_is_called_if_its_certificate_is_good(
    callback_probe: ModuleType, vtn_calls: ModuleType
) -> None:
    pem = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"
    for ca_file, status in ((None, 400), (pem, 201)):
        with (
            callback_probe.CallbackProbe(pem) as probe,
            InProcessVtn([VEN], push_plan=PushPlan(CallbackPlan(ca_file))) as vtn,
        ):
            program = vtn.create_program(programName="p")["id"]
            entry = {"objects": ["EVENT"], "operations": ALL, "callbackUrl": probe.url, "bearerToken": "t"}
            caller = vtn_calls.Caller(vtn, VEN)
            request = {"clientName": "v", "objectOperations": [entry]}
            assert caller.post("/subscriptions", request).status_code == status
            caller.close()
            if status == 201:
                vtn.create_event(programID=program)
                assert probe.told(1) == [("EVENT", "CREATE")]


def test_what_was_undone_is_told_to_nobody(
    vtn: InProcessVtn, callers: dict[Any, Any], probe: Any, program: str
) -> None:
    subscribe(callers["3.1", VEN.name], probe, program)

    def fails(rules: Any) -> None:
        draft = event_draft(b'{"programID":"%s","eventName":"undone"}' % program.encode(), BL.viewer, 0.0)
        rules.create(BL.viewer, draft)
        raise RuntimeError("on purpose")

    with pytest.raises(Problem):
        vtn.vtn.worker.submit(fails).result(20)
    vtn.create_event(programID=program, eventName="done")
    ((_, _, body),) = probe.wait_for(1)
    assert body["object"]["eventName"] == "done"


def test_subscriptions_survive_a_restart_and_those_of_clients_that_are_gone_are_silent(
    tmp_path: Path, probe: Any, vtn_calls: ModuleType
) -> None:
    with InProcessVtn([VEN, OTHER, BL], state_dir=tmp_path) as first:
        program = first.create_program(programName="p")["id"]
        for client in (VEN, OTHER):
            caller = vtn_calls.Caller(first, client)
            subscribe(caller, probe, program, callbackUrl=f"{probe.url}/{client.name}")
            caller.close()
    with InProcessVtn([OTHER, BL], state_dir=tmp_path) as second:
        second.create_event(programID=program)
        second.create_event(programID=program)
        assert [path for path, _, _ in probe.wait_for(2)] == [f"/{OTHER.name}"] * 2
