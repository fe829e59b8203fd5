"""The reports that one interval would send, without a network, a store or an actor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ven_actors.config import FleetConfig
from ven_actors.delivery.reading_body import render_reading
from ven_actors.delivery.rendering import render
from ven_actors.delivery.sealing import pieces, report_name
from ven_actors.fleet.dialects import AUTO, OF_EMBEDDED, asked_for
from ven_actors.fleet.folder import open_profiles, preview_population
from ven_actors.model import (
    Block,
    Enrolment,
    EventInterval,
    IntervalPlan,
    Layout,
    ReportDescriptor,
    ReportRequest,
    SealedReport,
)
from ven_actors.openadr.choosing import dialect_by_url
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.report_schedule import next_window
from ven_actors.simulation.loads import VenSimulation
from ven_actors.simulation.selection import ChosenLoads

_DAY_S = 86400
_DESCRIPTOR = ReportDescriptor("DEMAND", "MEAN", "KW", num_intervals=1, frequency=1, repeat=-1)


class PreviewBlock(Block):
    """A block of the only layout there is."""

    layout_id = 1


def preview_reports(config: FleetConfig, now_s: float) -> Iterator[bytes]:
    """Yield the JSON of each VEN's report for the last whole reporting window before `now_s`, for the demo's event.

    In a dialect without report descriptors it is each VEN's readings of the last whole metering interval. Raises
    `UsageError` for a dialect that is not known.
    """
    profiles = open_profiles(config)
    for name, resources in preview_population(config, profiles.meters).items():
        dialect = _dialect(config, name)
        whole = VenSimulation(profiles, resources, config.seed, config.noise)
        simulation = ChosenLoads(whole, config.loads, summed=config.aggregate)
        if isinstance(dialect, StandardDialect):
            yield _report(config, name, simulation, now_s, with_program=dialect.reports_name_program)
        else:
            yield from _readings(name, simulation, config.interval_s, now_s)


def _dialect(config: FleetConfig, ven_name: str) -> Dialect:
    """As the run would take it; what only a VTN could tell is taken as the embedded one's."""
    wanted, url = asked_for(config, ven_name)
    by_url = dialect_by_url(url) if wanted == AUTO and url else None
    return by_url or DIALECTS[OF_EMBEDDED if wanted == AUTO else wanted]


def _readings(name: str, simulation: ChosenLoads, step_s: int, now_s: float) -> Iterator[bytes]:
    """One by one; the ids that only a server can give are stand-ins."""
    start_s = int(now_s // step_s) * step_s - step_s
    layout = simulation.layout
    blocks = [PreviewBlock(start_s, step_s, simulation.block(start_s, step_s).power_w)]
    ids = dict.fromkeys(layout.resource_names, "RESOURCE-ID")
    enrolment = Enrolment("VEN-ID", ids, enrolled={"PROGRAM-ID": layout.resource_names})
    interval = EventInterval(0, start_s, start_s + step_s)
    for row, column in product(range(len(layout.resource_names)), range(len(layout.components))):
        report = SealedReport(
            0, "preview", name, "", "", _DESCRIPTOR, (interval,), (row,), periods=False, in_doubt=False,
            component=column,
        )  # fmt: skip
        yield render_reading(report, layout, blocks, enrolment)


def _report(config: FleetConfig, name: str, simulation: ChosenLoads, now_s: float, *, with_program: bool) -> bytes:
    request = _demo_request(config.report_every_s, now_s)
    window = next_window(request, now_s - config.report_every_s)
    assert window is not None
    step_s = config.interval_s
    starts = range(int(window.start_s // step_s) * step_s, int(window.end_s), step_s)
    blocks = [PreviewBlock(start_s, step_s, simulation.block(start_s, step_s).power_w) for start_s in starts]
    (piece,) = pieces(request, window, blocks)
    report = SealedReport(
        0, report_name(name, request, window.start_s, window.end_s, 0), name, request.event_id, request.program_id,
        request.descriptor, piece.intervals, None, piece.periods, in_doubt=False,
    )  # fmt: skip
    layout: Layout = simulation.layout
    return render(report, layout, blocks, with_program=with_program)


def _demo_request(every_s: int, now_s: float) -> ReportRequest:
    """Ask as the demo's event of that day does; its ids only a VTN can give."""
    midnight_s = float(int(now_s - every_s) // _DAY_S * _DAY_S)
    first = EventInterval(0, midnight_s, midnight_s + every_s)
    plan = IntervalPlan((first,), float(every_s), float("inf"), implied=True)
    return ReportRequest("preview", "EVENT-ID", "PROGRAM-ID", _DESCRIPTOR, plan)
