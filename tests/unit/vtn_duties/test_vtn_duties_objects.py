"""What a VTN owes those who make objects (V1, V2, V6, V10), in both versions."""

from __future__ import annotations

from vtn_duties_places import BOTH, KINDS, VERSIONS, Callers, Clock, Place

from ven_actors.testing.vtn import InProcessVtn

NOW = "2026-01-16T10:00:00.000000Z"
LATER = "2026-01-16T11:00:00.000000Z"


@BOTH
@KINDS
def test_v1_the_vtn_stamps_what_is_made_and_changed(
    vtn: InProcessVtn, callers: Callers, clock: Clock, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    claims = {"id": "mine", "createdDateTime": "2020-01-01T00:00:00Z", "modificationDateTime": "2020-01-01T00:00:00Z"}
    made = place.make(**claims)
    assert made["id"] != "mine"
    assert (made["createdDateTime"], made["modificationDateTime"]) == (NOW, NOW)
    assert made["objectType"] == kind.removesuffix("s").upper()
    clock.now_s += 3600
    changed = place.caller.put(f"{place.path}/{made['id']}", {**place.least, **claims}).json()
    assert (changed["id"], changed["createdDateTime"], changed["modificationDateTime"]) == (made["id"], NOW, LATER)


@BOTH
@KINDS
def test_v2_what_is_required_may_not_be_missing_and_what_is_unknown_is_no_harm(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    for name in place.least:
        for without in ({key: value for key, value in place.least.items() if key != name}, {**place.least, name: None}):
            refused = place.caller.post(place.path, without)
            assert refused.status_code == 400, without
            assert name in refused.json()["detail"]
    place.make(unknown={"deep": [None, {"x": None}]}, loadComponent=1)
    assert len(place.caller.get(f"{place.path}?unknown=1&colour=red").json()) >= 1


@BOTH
@KINDS
def test_v2_null_counts_as_absent_for_whatever_is_not_required(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    optional = {
        "programs": ["intervalPeriod", "programDescriptions", "payloadDescriptors", "attributes", "targets"],
        "events": ["eventName", "duration", "priority", "reportDescriptors", "payloadDescriptors", "intervalPeriod"],
        "vens": ["attributes", "targets", "resources"],
        "resources": ["attributes", "targets"],
        "reports": ["reportName", "payloadDescriptors"],
        "subscriptions": ["targets"],
    }[kind]
    made = place.make(**dict.fromkeys([*optional, "unknown", "id"]))
    assert all(made.get(name) in (None, []) for name in optional)


@BOTH
def test_v2_nulls_deep_in_an_event_count_as_absent(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    place = Place(vtn, callers, version, "events")
    start = "2026-01-16T10:00:00Z"
    made = place.make(
        intervalPeriod={"start": start, "duration": None, "randomizeStart": None},
        reportDescriptors=[{"payloadType": "USAGE", "aggregate": None, "repeat": None, "targets": None}],
        payloadDescriptors=[
            {"payloadType": "SIMPLE", "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "units": None, "currency": None}
        ],
        intervals=[{"id": 0, "intervalPeriod": None, "payloads": [{"type": "SIMPLE", "values": [10**30, 1]}]}],
    )
    assert made["intervalPeriod"] == {"start": start}
    assert made["intervals"] == [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [10**30, 1]}]}]
    for payloads in ([None], [{"type": "SIMPLE", "values": [None]}]):
        refused = place.caller.post("/events", {**place.least, "intervals": [{"id": 0, "payloads": payloads}]})
        assert refused.status_code == 400


@BOTH
@KINDS
def test_v6_names_are_unique_where_they_have_to_be_and_repeat_freely_elsewhere(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    names = {"events": "eventName", "reports": "reportName", "subscriptions": "clientName"}
    made = place.make(**({names[kind]: "same"} if kind in names else {}))
    again = place.caller.post(place.path, {**place.least, **({names[kind]: "same"} if kind in names else {})})
    assert again.status_code == (201 if kind in names else 409)
    if place.name is not None:
        other = place.make(**{place.name: "other"})
        assert place.caller.put(f"{place.path}/{other['id']}", place.least).status_code == 409
        assert place.caller.put(f"{place.path}/{made['id']}", place.least).status_code == 200


def test_v6_the_same_resource_name_is_free_in_another_ven(vtn: InProcessVtn, callers: Callers) -> None:
    old = callers["3.0.1", "ven"]
    for name in ("one", "two"):
        ven = old.post("/vens", {"venName": name}).json()["id"]
        assert old.post(f"/vens/{ven}/resources", {"resourceName": "same"}).status_code == 201


@BOTH
def test_v10_content_is_stored_unjudged(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    place = Place(vtn, callers, version, "events")
    odd = [
        {"type": "SIMPLE", "values": [99, -1.5, "text", True, {"x": 1.5, "y": -2.5}]},
        {"type": "X_FOO", "values": []},
        {"type": "SIMPLE", "values": [1]},
    ]
    made = place.make(
        priority=10**9,
        intervals=[{"id": 7, "payloads": odd}, {"id": 7, "payloads": []}],
        reportDescriptors=[{"payloadType": "NO_SUCH", "frequency": -7, "repeat": 0, "units": "parsec"}],
    )
    for reading in VERSIONS:
        seen = callers[reading, "ven"].get(f"/events/{made['id']}").json()
        assert [interval["payloads"] for interval in seen["intervals"]] == [odd, []]
        assert seen["reportDescriptors"][0]["units"] == "parsec"
        assert seen["priority"] == 10**9
