"""From OpenADR 3.0.1 to the 3.1.0 form that the store keeps. All works on decoded JSON that has been checked."""

from __future__ import annotations

from ven_actors.vtn.v301.targets import Json, plain_targets

# 3.1.0 made attributes of these (enumerations/program-attributes); the last two are names of our own.
PROGRAM_ATTRIBUTES = {
    "programLongName": "PROGRAM_LONG_NAME",
    "retailerName": "RETAILER_NAME",
    "retailerLongName": "RETAILER_LONG_NAME",
    "programType": "PROGRAM_TYPE",
    "country": "COUNTRY",
    "principalSubdivision": "PRINCIPAL_SUBDIVISION",
    "bindingEvents": "BINDING_EVENTS",
    "localPrice": "LOCAL_PRICE",
    "timeZoneOffset": "TIME_ZONE_OFFSET",
}
LONGEST_NAME = 128
_REPORT_ONLY = ("readingType", "accuracy", "confidence")


def program_310(program: Json) -> Json:
    attributes = [
        {"type": kind, "values": [program[name]]}
        for name, kind in PROGRAM_ATTRIBUTES.items()
        if program.get(name) is not None
    ]
    made = {name: value for name, value in program.items() if name not in PROGRAM_ATTRIBUTES}
    if attributes:
        made["attributes"] = attributes
    _payload_descriptors(made)
    _targets(made)
    return made


def event_310(event: Json) -> Json:
    made = dict(event)
    if made.get("reportDescriptors"):
        made["reportDescriptors"] = [_report_descriptor(descriptor) for descriptor in made["reportDescriptors"]]
    _payload_descriptors(made)
    _targets(made)
    return made


def fitting(name: str | None) -> str | None:
    """Units and reading types may be of any length in 3.0.1; in 3.1.0 they have 1 to 128 characters."""
    return name[:LONGEST_NAME] if name else None


def _report_descriptor(descriptor: Json) -> Json:
    made = dict(descriptor)
    _targets(made)
    _fit(made)
    return made


def _payload_descriptors(holder: Json) -> None:
    if holder.get("payloadDescriptors"):
        holder["payloadDescriptors"] = [_payload_descriptor(given) for given in holder["payloadDescriptors"]]


def _payload_descriptor(descriptor: Json) -> Json:
    """ObjectType may be absent in 3.0.1: what only report payload descriptors have then tells the two apart."""
    reports = any(descriptor.get(name) is not None for name in _REPORT_ONLY)
    made = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR" if reports else "EVENT_PAYLOAD_DESCRIPTOR", **descriptor}
    _fit(made)
    return made


def _fit(descriptor: Json) -> None:
    for name in ("units", "readingType"):
        if name in descriptor:
            descriptor[name] = fitting(descriptor[name])


def _targets(holder: Json) -> None:
    if "targets" in holder:
        holder["targets"] = plain_targets(holder["targets"])
