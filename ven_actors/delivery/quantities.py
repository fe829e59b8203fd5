"""Quantities: the payload types a report can have, and how each is made from the columns of a block.

One row of `QUANTITIES` is all that a payload type needs. What it needs beside the metered power, the VEN puts into
`Block.extras` under a name of `ven_actors.columns`; an absent column stands for its default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ven_actors import columns
from ven_actors.model import Block

if TYPE_CHECKING:
    import numpy.typing as npt

_STATES = np.array(columns.OPERATING_STATES)


class Unit(NamedTuple):
    """A value in watts (or watt-hours) is divided by `divisor` and rounded to `digits`."""

    divisor: float
    digits: int


class Dimension(Enum):
    """What a value is."""

    POWER = auto()
    ENERGY = auto()
    STATE = auto()
    QUALITY = auto()


# The standard's own unit first.
UNITS: Mapping[Dimension, Mapping[str, Unit]] = {
    Dimension.POWER: {"KW": Unit(1e3, 6), "W": Unit(1.0, 3), "MW": Unit(1e6, 9)},
    Dimension.ENERGY: {"KWH": Unit(1e3, 9), "WH": Unit(1.0, 6), "MWH": Unit(1e6, 12)},
    Dimension.STATE: {},
    Dimension.QUALITY: {},
}
# Units that name another quantity than any of these: those of the standard's list, and how they are written elsewhere.
OTHER_UNITS = frozenset(
    {"KVAH", "KVARH", "KVA", "KVAR", "VOLTS", "AMPS", "CELSIUS", "FAHRENHEIT", "PERCENT", "THERMS", "GHG"}
    | {"V", "A", "VA", "VAR", "VOLT", "AMP", "AMPERE", "AMPERES", "MVA", "MVAR", "MVAH", "MVARH", "HZ"}
    | {"%", "C", "F", "°C", "°F", "KV", "KA", "MA"}
)
READING_TYPES: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.POWER: ("DIRECT_READ", "MEAN", "AVERAGE", "PEAK"),
    Dimension.ENERGY: ("DIRECT_READ", "SUMMED"),
    Dimension.STATE: ("DIRECT_READ",),
    Dimension.QUALITY: ("DIRECT_READ",),
}
# Of the future there is one value for an interval: its mean.
FORECAST_READING_TYPES: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.POWER: ("FORECAST", "DIRECT_READ", "MEAN", "AVERAGE"),
    Dimension.ENERGY: ("FORECAST", "DIRECT_READ", "SUMMED"),
    Dimension.STATE: (),
    Dimension.QUALITY: (),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One payload type: `of` a block gives its values.

    POWER and ENERGY: watts, shape (resources, load components); they are averaged, summed and totalled as asked.
    STATE: one number or word per resource, shape (resources,); the one that held longest counts, see `states`.
    QUALITY: nothing of the block; the report itself says it. `readings` says that such a report delivers the metered
    readings themselves, so that they count as accepted by it; `forecast`, that it is about the future in any case.
    """

    dimensions: tuple[Dimension, ...]
    of: Callable[[Block], npt.NDArray[Any]]
    readings: bool = False
    forecast: bool = False


def _power(block: Block) -> npt.NDArray[Any]:
    return block.power_w


def _baseline(block: Block) -> npt.NDArray[Any]:
    baseline_w: npt.NDArray[Any] = block.extras.get(columns.BASELINE_W, block.power_w)
    return baseline_w


def _delta(block: Block) -> npt.NDArray[Any]:
    return np.asarray(block.power_w.astype(np.int64) - _baseline(block))


def _sheddable(block: Block) -> npt.NDArray[Any]:
    return block.extras.get(columns.SHEDDABLE_W, np.zeros_like(block.power_w))


def _operating_state(block: Block) -> npt.NDArray[Any]:
    return np.asarray(_STATES[_state(block, columns.OPERATING_STATE)])


def _simple_level(block: Block) -> npt.NDArray[Any]:
    return _state(block, columns.SIMPLE_LEVEL)


def _setpoint(block: Block) -> npt.NDArray[Any]:
    return _state(block, columns.SETPOINT)


def _state(block: Block, name: str) -> npt.NDArray[Any]:
    default: npt.NDArray[Any] = np.zeros(len(block.power_w), dtype=np.int8)
    return block.extras.get(name, default)


QUANTITIES: Mapping[str, Quantity] = {
    "DEMAND": Quantity((Dimension.POWER,), _power, readings=True),
    "READING": Quantity((Dimension.POWER,), _power, readings=True),
    "USAGE": Quantity((Dimension.ENERGY,), _power, readings=True),
    "BASELINE": Quantity((Dimension.ENERGY, Dimension.POWER), _baseline),
    "DELTA_USAGE": Quantity((Dimension.ENERGY, Dimension.POWER), _delta),
    "OPERATING_STATE": Quantity((Dimension.STATE,), _operating_state),
    "SIMPLE_LEVEL": Quantity((Dimension.STATE,), _simple_level),
    "SETPOINT": Quantity((Dimension.STATE,), _setpoint),
    "USAGE_FORECAST": Quantity((Dimension.ENERGY,), _power, forecast=True),
    "LOAD_SHED_DELTA_AVAILABLE": Quantity((Dimension.POWER,), _sheddable, forecast=True),
    "DATA_QUALITY": Quantity((Dimension.QUALITY,), _power),
}
