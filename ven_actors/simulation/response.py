"""How the resources of one VEN answer the signals in force: from uncontrolled to controlled power, vectorised.

What each payload type does to the load components that are marked as sheddable:

SIMPLE 1, 2, 3 switch off a third, two thirds, all of them, in the order of components, rounded up.
CONTROL_LEVEL_OFFSET (-10 to 10) and _PERCENT (-1 to 1) scale them; positive means less load.
DISPATCH_SETPOINT and _RELATIVE bring the resource's total to a power, or that far from its own, as far as they go:
from nothing to twice what they draw.
ALERT_GRID_EMERGENCY and ALERT_BLACK_START work like SIMPLE 3 and ALERT_FLEX_ALERT like SIMPLE 1, on top of the rest.
IMPORT_CAPACITY_LIMIT, and _SUBSCRIPTION with _RESERVATION, cap the total; where that is not enough, all components go
down. All else changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ven_actors.columns import (
    BASELINE_W,
    OPERATING_STATE,
    OPERATING_STATES,
    SETPOINT,
    SIMPLE_LEVEL,
    STATE_ENDS_S,
    STATES,
)
from ven_actors.model import Block
from ven_actors.signals import Phase, Signal
from ven_actors.simulation.orders import Orders, orders_of
from ven_actors.simulation.variation import keys, uniform

Watts = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]
_MOST_TIMES_THE_LOAD = 2.0
_MAX_POWER_W = float(np.iinfo(np.int32).max)
_NORMAL = OPERATING_STATES.index("NORMAL")
_DEFAULTS = {OPERATING_STATE: _NORMAL}
# How a resource answers, and whether it draws anything.
_STATES = np.array(
    [
        [OPERATING_STATES.index(f"{running}_{how}") for running in ("IDLE", "RUNNING")]
        for how in ("NORMAL", "CURTAILED", "HEIGHTENED", "OPTED_OUT")
    ]
)
_AS_USUAL, _CURTAILED, _HEIGHTENED, _OPTED_OUT = range(len(_STATES))


def opts_out(ven_name: str, seed: int, share: float) -> bool:
    """Whether this VEN is of the `share` (0 to 1) of all that react to nothing; for the same seed always the same."""
    drawn = float(uniform(keys(seed, f"opt out\0{ven_name}", 1))[0])
    return (drawn + 1) / 2 < share


class Response:
    """Pure but for remembering the last orders. `sheddable` is of shape (resources, load components)."""

    def __init__(
        self, resource_names: Sequence[str], sheddable: npt.NDArray[np.bool_], *, opted_out: bool = False
    ) -> None:
        self._rows = {name: row for row, name in enumerate(resource_names)}
        self._sheddable = sheddable
        self._rank = np.cumsum(sheddable, axis=1) - 1
        self._count = sheddable.sum(axis=1)
        self._opted_out = opted_out
        self._known: tuple[tuple[Signal, ...], Orders] = ((), orders_of((), self._rows))

    def to(self, block: Block, phases: Sequence[Phase]) -> Block:
        """The block as it is with the signals of `phases`: its power, and what else is then known of it.

        Where no signal asks for anything, it is the same block.
        """
        parts = [(phase.share, self._orders(phase.signals)) for phase in phases]
        if not any(orders.asks.any() for _, orders in parts):
            return block
        baseline_w = block.power_w.astype(np.float64)
        power_w = np.zeros_like(baseline_w)
        states: list[Columns] = []
        for share, orders in parts:
            part_w = baseline_w if self._opted_out else self._obeyed(baseline_w, orders)
            power_w += share * part_w
            states.append(self._states(baseline_w, part_w, orders))
        rounded = np.clip(np.rint(power_w), 0, _MAX_POWER_W).astype(np.int32)
        extras = _over_time(states, [share for share, _ in parts], block.interval_s)
        if not np.array_equal(rounded, block.power_w):
            extras[BASELINE_W] = block.power_w
        return Block(block.start_s, block.interval_s, rounded, block.extras | extras)

    def _orders(self, signals: tuple[Signal, ...]) -> Orders:
        if signals is not self._known[0]:
            self._known = (signals, orders_of(signals, self._rows))
        return self._known[1]

    def _obeyed(self, baseline_w: Watts, orders: Orders) -> Watts:
        power_w = np.where(self._switched_off(orders.level), 0.0, baseline_w)
        np.multiply(power_w, orders.factor[:, None], out=power_w, where=self._sheddable)
        if orders.moves:
            power_w = self._brought_to(power_w, orders.target_w(baseline_w.sum(axis=1)))
        power_w[self._switched_off(orders.alert)] = 0.0
        return self._capped(power_w, orders.cap_w)

    def _switched_off(self, level: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
        count = -(-self._count * level // 3)
        return np.asarray(self._sheddable & (self._rank < count[:, None]))

    def _brought_to(self, power_w: Watts, target_w: Watts) -> Watts:
        """Scale what is sheddable, so that the total is `target_w`; NaN leaves a resource alone."""
        flexible_w = np.where(self._sheddable, power_w, 0.0).sum(axis=1)
        wanted_w = np.clip(target_w - (power_w.sum(axis=1) - flexible_w), 0.0, _MOST_TIMES_THE_LOAD * flexible_w)
        moved = np.isfinite(wanted_w) & (flexible_w > 0)
        scale = np.divide(wanted_w, flexible_w, out=np.ones_like(wanted_w), where=moved)
        return np.asarray(np.where(self._sheddable, power_w * scale[:, None], power_w))

    def _capped(self, power_w: Watts, cap_w: Watts) -> Watts:
        """What is sheddable gives way first. Rounded down, so that no sum of rounded watts exceeds the cap."""
        over = power_w.sum(axis=1) > cap_w
        if not over.any():
            return power_w
        power_w = self._brought_to(power_w, np.where(over, cap_w, math.nan))
        total_w = power_w.sum(axis=1)
        scale = np.divide(cap_w, total_w, out=np.ones_like(cap_w), where=over & (total_w > cap_w))
        return np.asarray(np.where(over[:, None], np.floor(power_w * scale[:, None] + 1e-6), power_w))

    def _states(self, baseline_w: Watts, power_w: Watts, orders: Orders) -> Columns:
        """What the resources say of themselves while these orders hold; shape (resources,)."""
        total_w, before_w = power_w.sum(axis=1), baseline_w.sum(axis=1)
        how = np.where(total_w < before_w, _CURTAILED, np.where(total_w > before_w, _HEIGHTENED, _AS_USUAL))
        how = np.full_like(how, _OPTED_OUT) if self._opted_out else how
        states = np.where(orders.asks, _STATES[how, (total_w > 0).astype(np.intp)], _NORMAL)
        obeyed = 0 if self._opted_out else 1
        return {
            OPERATING_STATE: states.astype(np.int8),
            SIMPLE_LEVEL: orders.level * np.int8(obeyed),
            SETPOINT: orders.setpoint * obeyed,
        }


def _over_time(parts: Sequence[Columns], shares: Sequence[float], interval_s: int) -> Columns:
    """The states of all parts of an interval as columns; those that hold nothing but their default are left out."""
    ends_s = np.round(np.cumsum(shares) * interval_s, 6)
    last = [
        place
        for place, part in enumerate(parts)
        if place == len(parts) - 1 or any(not np.array_equal(part[name], parts[place + 1][name]) for name in part)
    ]
    said: Columns = {}
    for name in STATES:
        held = np.stack([parts[place][name] for place in last], axis=1)
        if (held != _DEFAULTS.get(name, 0)).any():
            said[name] = held[:, 0] if len(last) == 1 else held
    if len(last) > 1:
        said[STATE_ENDS_S] = np.tile(ends_s[last], (len(parts[0][SIMPLE_LEVEL]), 1))
    return said
