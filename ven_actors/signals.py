"""What a VTN says to a VEN's resources, after all rules of time and priority; nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Signal:
    """What one payload of an event says from `start_s` to `end_s`, on the resources on which nothing beats it.

    `values` are numbers, strings, booleans or points (dicts). `resource_names` None means all resources of the VEN.
    """

    payload_type: str
    values: tuple[Any, ...]
    units: str | None
    currency: str | None
    event_id: str
    program_id: str
    interval_id: int
    start_s: float
    end_s: float
    resource_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """The signals in force over a part of a metering interval; `share` is that part, of 1."""

    share: float
    signals: tuple[Signal, ...]
