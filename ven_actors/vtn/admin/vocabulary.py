"""Words of the standard that an operator may misspell. Each list is open: another word gets a warning, no error."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from ven_actors.vtn.admin.events import DEFAULT_TYPE, Wish

_CAPACITIES = ("SUBSCRIPTION", "RESERVATION", "RESERVATION_FEE", "AVAILABLE", "AVAILABLE_PRICE", "LIMIT")
_ALERTS = (
    "GRID_EMERGENCY", "BLACK_START", "POSSIBLE_OUTAGE", "FLEX_ALERT", "FIRE", "FREEZING", "WIND", "TSUNAMI",
    "AIR_QUALITY", "OTHER",
)  # fmt: skip
EVENT_TYPES = (
    "SIMPLE", "PRICE", "PRICE_ALTERNATE", "EXPORT_PRICE", "GHG", "CURVE", "OLS", "CHARGE_STATE_SETPOINT",
    "DISPATCH_SETPOINT", "DISPATCH_SETPOINT_RELATIVE", "DISPATCH_INSTRUCTION", "CONTROL_SETPOINT",
    "CONTROL_LEVEL_OFFSET", "CONTROL_LEVEL_OFFSET_PERCENT", "CTA2045_REBOOT", "CTA2045_SET_OVERRIDE_STATUS",
    *(f"{way}_CAPACITY_{what}" for way in ("IMPORT", "EXPORT") for what in _CAPACITIES),
    *(f"ALERT_{what}" for what in _ALERTS),
)  # fmt: skip
REPORT_TYPES = (
    "READING", "USAGE", "DEMAND", "SETPOINT", "DELTA_USAGE", "BASELINE", "OPERATING_STATE", "UP_REGULATION_AVAILABLE",
    "DOWN_REGULATION_AVAILABLE", "REGULATION_SETPOINT", "STORAGE_USABLE_CAPACITY", "STORAGE_CHARGE_LEVEL",
    "STORAGE_MAX_DISCHARGE_POWER", "STORAGE_MAX_CHARGE_POWER", "SIMPLE_LEVEL", "USAGE_FORECAST",
    "STORAGE_DISPATCH_FORECAST", "LOAD_SHED_DELTA_AVAILABLE", "GENERATION_DELTA_AVAILABLE", "DATA_QUALITY",
    "IMPORT_RESERVATION_CAPACITY", "IMPORT_RESERVATION_FEE", "EXPORT_RESERVATION_CAPACITY", "EXPORT_RESERVATION_FEE",
)  # fmt: skip
UNITS = (
    "KWH", "THERMS", "GHG", "VOLTS", "AMPS", "CELSIUS", "FAHRENHEIT", "PERCENT", "KW", "KVAH", "KVARH", "KVAR", "KVA",
)  # fmt: skip


def doubts(wish: Wish) -> Iterator[str]:
    """Warnings for words that look misspelt, with the nearest word of the standard."""
    kind = wish.payload_type
    if wish.values and kind is not None and kind not in EVENT_TYPES:
        near = _nearest(kind, EVENT_TYPES)
        yield f"type {kind!r} is not an event payload type of the standard; it is sent as it is{near}"
    for asked in wish.ask:
        if asked not in REPORT_TYPES:
            near = _nearest(asked, REPORT_TYPES)
            yield f"ask {asked!r} is not a report payload type of the standard; it is sent as it is{near}"
    if wish.units is not None and wish.units not in UNITS:
        near = _nearest(wish.units, UNITS)
        yield f"units {wish.units!r} are not units of the standard; they are sent as they are{near}"
    if wish.units is not None and (kind or DEFAULT_TYPE) == "SIMPLE":
        yield f"units {wish.units!r}: the levels of SIMPLE have no units"


def doubts_about_targets(targets: Collection[str], known: Collection[str]) -> Iterator[str]:
    """`known` are the targets that some ven or resource has."""
    for target in targets:
        if target not in known:
            nobody = "no ven and no resource of this VTN has it, so nobody sees the event"
            yield f"target {target!r}: {nobody}{_nearest(target, known)}"


def _nearest(word: str, known: Collection[str]) -> str:
    by_upper = {each.upper(): each for each in known}
    found = difflib.get_close_matches(word.upper(), by_upper, n=1, cutoff=0.5)
    return f"; did you mean {by_upper[found[0]]!r}?" if found else ""
