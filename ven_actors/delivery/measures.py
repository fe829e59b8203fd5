"""What a report descriptor asks to be measured, and whether this fleet can."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ven_actors.delivery.quantities import (
    FORECAST_READING_TYPES,
    OTHER_UNITS,
    QUANTITIES,
    READING_TYPES,
    UNITS,
    Dimension,
    Quantity,
    Unit,
)

if TYPE_CHECKING:
    from ven_actors.model import ReportDescriptor


@dataclass(frozen=True, slots=True)
class Measure:
    """How the columns of blocks become the payload; `units` is as the report says it, empty where it has none.

    `peak`: the greatest of an interval's blocks instead of their mean. `parts`: watts or watt-hours, in which each load
    component has a value too.
    """

    payload_type: str
    reading_type: str
    units: str
    quantity: Quantity
    dimension: Dimension
    unit: Unit
    energy: bool
    parts: bool
    peak: bool
    forecast: bool


@lru_cache(maxsize=4096)
def measure_of(descriptor: ReportDescriptor) -> Measure | None:
    """Return the measure that `descriptor` asks for, or None where the fleet has no such quantity.

    With frequency 0 (when the VEN sees cause) only states are reported, as they change. A word that is not a unit is
    answered in the standard's unit, and the report says so. A unit of another quantity gives no report.
    """
    quantity = QUANTITIES.get(descriptor.payload_type)
    if quantity is None:
        return None
    forecast = is_forecast(descriptor)
    reading_types = FORECAST_READING_TYPES if forecast else READING_TYPES
    dimension = _dimension(quantity, descriptor)
    units = UNITS[dimension]
    if _names_another_quantity(dimension, descriptor):
        return None
    if descriptor.frequency == 0 and dimension is not Dimension.STATE:
        return None
    if descriptor.reading_type not in reading_types[dimension] or (descriptor.aggregate and not units):
        return None
    unit, usual = _unit(dimension, descriptor), next(iter(units), "")
    return Measure(
        descriptor.payload_type,
        descriptor.reading_type,
        usual if unit is None else descriptor.units or usual,
        quantity,
        dimension,
        unit or units.get(usual, Unit(1.0, 0)),
        energy=dimension is Dimension.ENERGY,
        parts=bool(units),
        peak=descriptor.reading_type == "PEAK",
        forecast=forecast,
    )


def carries_readings(descriptor: ReportDescriptor) -> bool:
    """Say whether a report on `descriptor` delivers the metered readings themselves."""
    measure = measure_of(descriptor)
    return measure is not None and measure.quantity.readings and not measure.forecast


def is_forecast(descriptor: ReportDescriptor) -> bool:
    """Say whether `descriptor` asks about the future: by `historical`, its reading type or its payload type."""
    quantity = QUANTITIES.get(descriptor.payload_type)
    always = quantity is not None and quantity.forecast
    return always or not descriptor.historical or descriptor.reading_type == "FORECAST"


def why_not(descriptor: ReportDescriptor) -> str:
    """Say in words what of `descriptor` cannot be served as it is asked; empty if all can."""
    measure = measure_of(descriptor)
    asked = f"{descriptor.payload_type} {descriptor.reading_type} {descriptor.units or ''}".strip()
    if measure is not None:
        if not descriptor.units or _unit(measure.dimension, descriptor) is not None:
            return ""
        return f"{asked} is reported {f'in {measure.units}' if measure.units else 'without a unit'}"
    quantity = QUANTITIES.get(descriptor.payload_type)
    if quantity is not None and _names_another_quantity(_dimension(quantity, descriptor), descriptor):
        units = ", ".join(unit for each in quantity.dimensions for unit in UNITS[each])
        return f"no report is made for {asked}: {descriptor.units} is a unit of another quantity; {units} are possible"
    when = ", forecast" if is_forecast(descriptor) else ""
    when += ", at the VEN's own cause" if descriptor.frequency == 0 else ""
    when += ", aggregated" if descriptor.aggregate else ""
    return f"no report is made for {asked}{when}: the fleet serves {', '.join(QUANTITIES)}, each in its reading types"


def _dimension(quantity: Quantity, descriptor: ReportDescriptor) -> Dimension:
    """The asked unit decides, and where it says nothing, the reading type."""
    for dimension in quantity.dimensions:
        if _unit(dimension, descriptor) is not None:
            return dimension
    fitting = (each for each in quantity.dimensions if descriptor.reading_type in READING_TYPES[each])
    return next(fitting, quantity.dimensions[0])


def _names_another_quantity(dimension: Dimension, descriptor: ReportDescriptor) -> bool:
    """Say whether the asked unit is one, but not of this dimension; what has no unit cannot have a wrong one."""
    word = _word(descriptor)
    known = word in OTHER_UNITS or any(word in units for units in UNITS.values())
    return bool(UNITS[dimension]) and known and word not in UNITS[dimension]


def _unit(dimension: Dimension, descriptor: ReportDescriptor) -> Unit | None:
    return UNITS[dimension].get(_word(descriptor))


def _word(descriptor: ReportDescriptor) -> str:
    return (descriptor.units or "").strip().upper()
