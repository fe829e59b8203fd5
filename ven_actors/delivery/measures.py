"""What a report descriptor asks to be measured, and whether this fleet can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ven_actors.model import ReportDescriptor

_POWER_READINGS = frozenset({"DIRECT_READ", "MEAN", "AVERAGE", "PEAK"})
_ENERGY_READINGS = frozenset({"DIRECT_READ", "SUMMED"})


@dataclass(frozen=True, slots=True)
class Measure:
    """How watts become the payload: power in kW, or energy in kWh; the peak of an interval's blocks or their mean."""

    payload_type: str
    reading_type: str
    units: str
    energy: bool
    peak: bool


def measure_of(descriptor: ReportDescriptor) -> Measure | None:
    """Return the measure that `descriptor` asks for, or None where the fleet has no such quantity.

    DEMAND and READING are power in KW, USAGE is energy in KWH (OpenADR 3.1.0 enumerations, report payloads).
    """
    kind = descriptor.payload_type
    energy = kind == "USAGE"
    if kind not in {"DEMAND", "READING", "USAGE"} or not descriptor.historical or descriptor.frequency == 0:
        return None
    units = descriptor.units or ("KWH" if energy else "KW")
    if units != ("KWH" if energy else "KW"):
        return None
    if descriptor.reading_type not in (_ENERGY_READINGS if energy else _POWER_READINGS):
        return None
    return Measure(kind, descriptor.reading_type, units, energy, descriptor.reading_type == "PEAK")


def why_not(descriptor: ReportDescriptor) -> str:
    """Say in words what of `descriptor` cannot be served; empty if it can."""
    if measure_of(descriptor) is not None:
        return ""
    asked = f"{descriptor.payload_type} {descriptor.reading_type} {descriptor.units or ''}".strip()
    when = "" if descriptor.historical else ", forecast"
    when += ", at the VEN's own cause" if descriptor.frequency == 0 else ""
    return f"no report is made for {asked}{when}: the fleet serves DEMAND and READING in KW and USAGE in KWH"
