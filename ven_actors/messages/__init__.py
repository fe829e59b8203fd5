"""Every message between actors, one file for each receiver. Frozen, told with `tell`, never changed."""

from ven_actors.messages.clock import (
    Advance,
    Pause,
    Resume,
    Subscribe,
    ToClock,
    Unsubscribe,
)
from ven_actors.messages.delivery import (
    Accepted,
    Ambiguous,
    EventGone,
    Held,
    Refused,
    Send,
    Verdict,
)
from ven_actors.messages.peer import (
    Peer,
    Pulse,
)
from ven_actors.messages.reporter import (
    Enrolled,
    EventsRead,
    FinalFlush,
    GapRecorded,
    IntervalClosed,
    SenderReady,
    ToReporter,
    VenStarted,
)
from ven_actors.messages.supervisor import (
    ClockReport,
    Down,
    GetStatus,
    ReporterReport,
    Shutdown,
    StartDrain,
    TickDone,
    ToSupervisor,
)
from ven_actors.messages.ven import (
    Committed,
    Drain,
    Recovered,
    Tick,
    ToVen,
)

__all__ = [
    "Accepted",
    "Advance",
    "Ambiguous",
    "ClockReport",
    "Committed",
    "Down",
    "Drain",
    "Enrolled",
    "EventGone",
    "EventsRead",
    "FinalFlush",
    "GapRecorded",
    "GetStatus",
    "Held",
    "IntervalClosed",
    "Pause",
    "Peer",
    "Pulse",
    "Recovered",
    "Refused",
    "ReporterReport",
    "Resume",
    "Send",
    "SenderReady",
    "Shutdown",
    "StartDrain",
    "Subscribe",
    "Tick",
    "TickDone",
    "ToClock",
    "ToReporter",
    "ToSupervisor",
    "ToVen",
    "Unsubscribe",
    "VenStarted",
    "Verdict",
]
