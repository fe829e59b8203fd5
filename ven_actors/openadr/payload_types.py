"""What the standard's event payload types mean to each other: which compete, which are split, their usual units.

OpenADR 3.1.0, enumerations of event payloads. The list is open: a type that is not here competes with nothing.
"""

from __future__ import annotations

from typing import NamedTuple


class PayloadType(NamedTuple):
    """`competes` names what only one event at a time may say of a resource; None: any number may (R20).

    `splits` says that several values divide the interval among them (R25), `number` that values are numbers.
    """

    competes: str | None = None
    units: str | None = None
    splits: bool = False
    number: bool = False


LOAD_CONTROL = "load control"

_CONTROLS = {
    "SIMPLE": None,
    "CONTROL_LEVEL_OFFSET": None,
    "CONTROL_LEVEL_OFFSET_PERCENT": "PERCENT",
    "CONTROL_SETPOINT": None,
    "CHARGE_STATE_SETPOINT": "PERCENT",
    "DISPATCH_SETPOINT": "KW",
    "DISPATCH_SETPOINT_RELATIVE": "KW",
    "DISPATCH_INSTRUCTION": None,
    "CURVE": None,
    "OLS": "PERCENT",
}
_CAPACITIES = ("CAPACITY_SUBSCRIPTION", "CAPACITY_RESERVATION", "CAPACITY_LIMIT")
_OFFERS = ("CAPACITY_RESERVATION_FEE", "CAPACITY_AVAILABLE", "CAPACITY_AVAILABLE_PRICE")
_DIRECTIONS = ("IMPORT", "EXPORT")

PAYLOAD_TYPES: dict[str, PayloadType] = {
    **{name: PayloadType(LOAD_CONTROL, units) for name, units in _CONTROLS.items()},
    **{f"{way}_{name}": PayloadType(f"{way}_{name}", "KW") for way in _DIRECTIONS for name in _CAPACITIES},
    **{f"{way}_{name}": PayloadType(None, "KW") for way in _DIRECTIONS for name in _OFFERS},
    "PRICE": PayloadType(None, "KWH", splits=True),
    "PRICE_ALTERNATE": PayloadType(None, "KWH", splits=True),
    "EXPORT_PRICE": PayloadType(None, "KWH", splits=True),
    "GHG": PayloadType(None, "GHG", splits=True),
    "CTA2045_REBOOT": PayloadType("CTA2045_REBOOT"),
    "CTA2045_SET_OVERRIDE_STATUS": PayloadType("CTA2045_SET_OVERRIDE_STATUS"),
}
_NO_NUMBERS = frozenset({"DISPATCH_INSTRUCTION", "CURVE"})
PAYLOAD_TYPES |= {name: kind._replace(number=True) for name, kind in PAYLOAD_TYPES.items() if name not in _NO_NUMBERS}
_ALERTS = (
    "GRID_EMERGENCY", "BLACK_START", "POSSIBLE_OUTAGE", "FLEX_ALERT", "FIRE", "FREEZING", "WIND", "TSUNAMI",
    "AIR_QUALITY", "OTHER",
)  # fmt: skip
STANDARD_TYPES = frozenset(PAYLOAD_TYPES) | {f"ALERT_{name}" for name in _ALERTS}
_UNKNOWN = PayloadType()
# The user guide's examples leave the direction out; consumption is meant.
_ALIASES = {name: f"IMPORT_{name}" for name in (*_CAPACITIES, *_OFFERS)} | {
    "CAPACITY_AVAILABLE_FEE": "IMPORT_CAPACITY_AVAILABLE_PRICE"
}


def canonical(payload_type: str) -> str:
    """The enumeration's name of a type that examples write otherwise."""
    return _ALIASES.get(payload_type, payload_type)


def meaning(payload_type: str) -> PayloadType:
    """What a type means, under its canonical name; alerts and unknown ones compete with nothing."""
    return PAYLOAD_TYPES.get(payload_type, _UNKNOWN)
