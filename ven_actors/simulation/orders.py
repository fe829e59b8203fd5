"""What signals ask of each resource, in numbers; who wins where they compete has been decided before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ven_actors.signals import Signal

Floats = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

# A site's apparent power is taken for its real one.
_WATTS = {"W": 1.0, "KW": 1e3, "KVA": 1e3, "MW": 1e6}
POWER_UNITS = tuple(_WATTS)
HIGHEST_LEVEL = 3


class Orders:
    """One entry per resource. `asks` says that anything is asked of it at all.

    `level` and `alert` are 0 to 3, `factor` multiplies what is sheddable. `absolute_w` and `relative_w` are NaN, and
    `limit_w` and `subscribed_w` infinite, where nothing is said. `setpoint` is the CONTROL_SETPOINT.
    """

    def __init__(self, count: int) -> None:
        self.asks = np.zeros(count, dtype=np.bool_)
        self.controlled = np.zeros(count, dtype=np.bool_)
        self.level = np.zeros(count, dtype=np.int8)
        self.alert = np.zeros(count, dtype=np.int8)
        self.factor = np.ones(count)
        self.absolute_w = np.full(count, math.nan)
        self.relative_w = np.full(count, math.nan)
        self.limit_w = np.full(count, math.inf)
        self.subscribed_w = np.full(count, math.inf)
        self.reserved_w = np.zeros(count)
        self.setpoint = np.zeros(count)

    @property
    def moves(self) -> bool:
        """Whether any resource is to be brought to a power."""
        return not bool(np.isnan(self.absolute_w).all() and np.isnan(self.relative_w).all())

    @property
    def cap_w(self) -> Floats:
        return np.asarray(np.minimum(self.limit_w, self.subscribed_w + self.reserved_w))

    def target_w(self, baseline_w: Floats) -> Floats:
        """The total that a resource is to draw; NaN where nothing is said."""
        return np.asarray(np.where(np.isnan(self.absolute_w), baseline_w + self.relative_w, self.absolute_w))


def orders_of(signals: Sequence[Signal], rows: Mapping[str, int]) -> Orders:
    """What `signals` ask; `rows` are the places of the resources by name. What is not understood asks nothing.

    Of several controls in one interval of one event, the first that is understood is obeyed.
    """
    orders = Orders(len(rows))
    for signal in signals:
        chosen = _chosen(signal, rows)
        control = CONTROLS.get(signal.payload_type)
        if control is not None:
            chosen &= ~orders.controlled
        take = control or _OTHERS.get(signal.payload_type)
        if take is not None and take(orders, signal, chosen):
            orders.asks |= chosen
            if control is not None:
                orders.controlled |= chosen
    return orders


def number_of(signal: Signal) -> float | None:
    """The first value, if it is a number; a boolean is none."""
    value = signal.values[0] if signal.values else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def watts_of(signal: Signal) -> float | None:
    """The first value in watts; None where it is no number, or of units that are no power."""
    number, watts = number_of(signal), _WATTS.get((signal.units or "").strip().upper() or "KW")
    return None if number is None or watts is None else number * watts


def _chosen(signal: Signal, rows: Mapping[str, int]) -> Chosen:
    if signal.resource_names is None:
        return np.ones(len(rows), dtype=np.bool_)
    chosen = np.zeros(len(rows), dtype=np.bool_)
    chosen[[rows[name] for name in signal.resource_names if name in rows]] = True
    return chosen


def _simple(orders: Orders, signal: Signal, chosen: Chosen) -> bool:
    number = number_of(signal)
    if number is None:
        return False
    orders.level[chosen] = min(max(int(number), 0), HIGHEST_LEVEL)
    return True


def _offset(orders: Orders, signal: Signal, chosen: Chosen) -> bool:
    number = number_of(signal)
    if number is None:
        return False
    share = number if signal.payload_type.endswith("PERCENT") else number / 10
    orders.factor[chosen] = 1 - min(max(share, -1.0), 1.0)
    return True


def _dispatch(orders: Orders, signal: Signal, chosen: Chosen) -> bool:
    watts = watts_of(signal)
    if watts is None:
        return False
    target_w = orders.relative_w if signal.payload_type.endswith("RELATIVE") else orders.absolute_w
    target_w[chosen] = watts
    return True


def _control_setpoint(orders: Orders, signal: Signal, chosen: Chosen) -> bool:
    number = number_of(signal)
    if number is None:
        return False
    orders.setpoint[chosen] = number
    return True


def _alert(level: int) -> Callable[[Orders, Signal, Chosen], bool]:
    def take(orders: Orders, _signal: Signal, chosen: Chosen) -> bool:
        orders.alert[chosen] = np.maximum(orders.alert[chosen], level)
        return True

    return take


def _capacity(of: Callable[[Orders], Floats]) -> Callable[[Orders, Signal, Chosen], bool]:
    def take(orders: Orders, signal: Signal, chosen: Chosen) -> bool:
        watts = watts_of(signal)
        if watts is None or watts < 0:
            return False
        of(orders)[chosen] = watts
        return True

    return take


_Take = Callable[[Orders, Signal, Chosen], bool]
CONTROLS: Mapping[str, _Take] = {
    "SIMPLE": _simple,
    "CONTROL_LEVEL_OFFSET": _offset,
    "CONTROL_LEVEL_OFFSET_PERCENT": _offset,
    "DISPATCH_SETPOINT": _dispatch,
    "DISPATCH_SETPOINT_RELATIVE": _dispatch,
    "CONTROL_SETPOINT": _control_setpoint,
}
_OTHERS: Mapping[str, _Take] = {
    "ALERT_GRID_EMERGENCY": _alert(3),
    "ALERT_BLACK_START": _alert(3),
    "ALERT_FLEX_ALERT": _alert(1),
    "IMPORT_CAPACITY_LIMIT": _capacity(lambda orders: orders.limit_w),
    "IMPORT_CAPACITY_SUBSCRIPTION": _capacity(lambda orders: orders.subscribed_w),
    "IMPORT_CAPACITY_RESERVATION": _capacity(lambda orders: orders.reserved_w),
}
SERVED = CONTROLS.keys() | _OTHERS.keys()
