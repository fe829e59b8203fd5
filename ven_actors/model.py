"""Neutral frozen facts that every part of the house may know; nothing here does anything.

Simulated time is seconds since the Unix epoch, UTC (`_s`); infinity stands for "for ever".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ven_actors.intervals import EventInterval as EventInterval  # noqa: PLC0414 - others import it from here
from ven_actors.intervals import IntervalPlan as IntervalPlan  # noqa: PLC0414
from ven_actors.intervals import Window as Window  # noqa: PLC0414
from ven_actors.secret import Credentials as Credentials  # noqa: PLC0414 - others import these from here
from ven_actors.secret import GivenToken as GivenToken  # noqa: PLC0414
from ven_actors.secret import Secret as Secret  # noqa: PLC0414

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ven_actors.signals import EventsShown, ShownEvent

LOADS_PER_RESOURCE = 6


class RegistrationStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class LoadComponent:
    """One metered part of a resource: `meter` names a column of the profiles, `scale` multiplies it."""

    component: str
    kind: str
    meter: str
    scale: float
    sheddable: bool


@dataclass(frozen=True, slots=True)
class Resource:
    resource_id: str
    ven_name: str
    name: str
    kind: str
    meter_point_id: str
    place: str
    status: RegistrationStatus
    loads: tuple[LoadComponent, ...]


# --- what the VTN asks for -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportDescriptor:
    """OpenADR `reportDescriptor`, defaults of 3.1.0. `targets` empty means every resource."""

    payload_type: str
    reading_type: str = "DIRECT_READ"
    units: str | None = None
    targets: tuple[str, ...] = ()
    aggregate: bool = False
    start_interval: int = -1
    num_intervals: int = -1
    historical: bool = True
    frequency: int = -1
    repeat: int = 1
    report_intervals: str = "INTERVALS"


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """One report descriptor of one event, as it concerns one VEN.

    `request_id` is the same for the same event and descriptor whenever it is read again.
    `resource_names` None means all resources of the VEN. `by_reading`: one POST for each reading.
    """

    request_id: str
    event_id: str
    program_id: str
    descriptor: ReportDescriptor
    plan: IntervalPlan
    resource_names: tuple[str, ...] | None = None
    by_reading: bool = False


class EventSight(StrEnum):
    """What is known of an event whose report the VTN refuses, as if it did not know the event."""

    UNASKED = "not asked for"
    THERE = "there"
    UNREADABLE = "unreadable"


# --- what a VEN makes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows and columns of a VEN's blocks: rows are resources, columns load components."""

    resource_names: tuple[str, ...]
    components: tuple[str, ...]

    @property
    def readings(self) -> int:
        return len(self.resource_names) * len(self.components)


@dataclass(frozen=True, slots=True)
class Block:
    """One metering interval of one VEN: mean power in watts, int32, shape (resources, load components).

    `extras` has what else is known of it, by the names of `ven_actors.columns`.
    """

    start_s: int
    interval_s: int
    power_w: npt.NDArray[np.int32]
    extras: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def end_s(self) -> int:
        return self.start_s + self.interval_s


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the VTN gave a VEN when it registered: its own id, and one per resource name.

    `dialect` is the name of the one it was given in; empty in what was kept before there were several: 3.1.
    What follows it is said by VTNs that have a credential for each VEN and approve resources: the credential; the
    registration state by resource name; a digest of each program by id; the resources enrolled in each; the number of
    the modification of each event that was answered. Not `complete`: there is more to register, but keep this first.
    """

    ven_id: str
    resource_ids: dict[str, str] = field(default_factory=dict)
    dialect: str = ""
    auth_token: Secret | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    enrolled: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SealedReport:
    """A report whose name and content are fixed for ever.

    Its content is made of the blocks that overlap `intervals`, restricted to `rows` of their layout (None: all).
    `periods` says that the intervals are not exactly the event's, so that each must state its own place in time.
    `in_doubt` says that an earlier attempt may have arrived. Only column `component` of the layout (None: all).
    """

    report_id: int
    name: str
    ven_name: str
    event_id: str
    program_id: str
    descriptor: ReportDescriptor
    intervals: tuple[EventInterval, ...]
    rows: tuple[int, ...] | None
    periods: bool
    in_doubt: bool
    component: int | None = None


# --- what the fleet tells about itself -------------------------------------------------------------------------


class VenState(StrEnum):
    STARTING = "starting"
    ENROLLING = "enrolling"
    RUNNING = "running"
    VTN_LOST = "vtn lost"
    UNREGISTERED = "not registered"
    REFUSED = "credentials refused"
    RESTARTING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Readings:
    """The ledger. Honest means: generated = accepted + queued + quarantined + evicted + unasked."""

    generated: int = 0
    accepted: int = 0
    queued: int = 0
    quarantined: int = 0
    evicted: int = 0
    unasked: int = 0
    gap: int = 0

    @property
    def unaccounted(self) -> int:
        return self.generated - self.accepted - self.queued - self.quarantined - self.evicted - self.unasked


@dataclass(frozen=True, slots=True)
class VenStatus:
    """One VEN as it sees itself: None is not known yet, `closed_until_s` is committed. In this run it has read its VTN
    (`reached`), heard anything of it (`answered`), committed all that had ended when told to drain (`drained`).
    `unaffected_w` is what `power_w` would be without any event. `shown_events` are the events that say something, and
    `more_to_come` counts further ones; `later_shown` say what takes their place before the VEN can say it itself.
    `unregistered` is why the VTN has no ven, or not all resources, of it, though it can be read.
    """

    name: str
    state: VenState
    resources: int | None
    power_w: int | None
    closed_until_s: int | None
    events: int
    last_error: str = ""
    reached: bool = False
    drained: bool = False
    answered: bool = False
    unaffected_w: int | None = None
    shown_events: tuple[ShownEvent, ...] = ()
    more_to_come: int = 0
    later_shown: tuple[EventsShown, ...] = ()
    unregistered: str = ""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job of the clock's schedule; `next_run_s` is simulated time where `simulated`, else wall time."""

    name: str
    every: str
    next_run_s: float
    simulated: bool
    paused: bool = False


@dataclass(frozen=True, slots=True)
class ReportHold:
    """Reports that wait because their VTN does not take them: those of a VEN or, where it is empty, of all at `vtn`.

    `vtn` is its origin. `alarm`: one after the other was refused; otherwise only an operator can fix the cause.
    """

    ven: str
    vtn: str
    reason: str
    ends_in_s: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class ReporterStatus:
    """What the reporter knows of the whole life of the state folder: the ledger, in all and per VEN, and counts.

    `unsettled_since_by_ven` is when the oldest interval began that is not settled, where there is one.
    `delivered` are the VENs of which a report was accepted in this life of the reporter.
    `holds` is what waits now, `warnings` what the summary of this run has to say of its reports.
    """

    readings: Readings = field(default_factory=Readings)
    by_ven: dict[str, Readings] = field(default_factory=dict)
    last_error_by_ven: dict[str, str] = field(default_factory=dict)
    reports_accepted: int = 0
    reports_refused: int = 0
    reports_open: int = 0
    closed_until_by_ven: dict[str, int] = field(default_factory=dict)
    posts: int = 0
    possibly_doubled: int = 0
    in_flight: int = 0
    delivered: frozenset[str] = frozenset()
    unsettled_since_by_ven: dict[str, int] = field(default_factory=dict)
    holds: tuple[ReportHold, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """The fleet as its supervisor sees it; `errors` is what actors other than VENs fail of, by their name."""

    now_s: float
    vens: dict[str, VenStatus]
    restarts: dict[str, int]
    jobs: tuple[JobStatus, ...]
    paused: bool
    reporter: ReporterStatus
    draining: bool = False
    errors: dict[str, str] = field(default_factory=dict)
