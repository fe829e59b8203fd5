"""Reports that their VTN does not take, in the status: as JSON, on a terminal, and for machines that look."""

from io import StringIO
from typing import Any

from rich.console import Console

from ven_actors.cli.health import ailments
from ven_actors.cli.status_view import render
from ven_actors.config import FleetConfig
from ven_actors.fleet.summary import RunFacts, status_dict
from ven_actors.model import FleetStatus, ReporterStatus, ReportHold

NOW_S = 1_800_000_000.0
OF_VEN = ReportHold("Herning", "https://vtn:443", "422: no\x1b such unit", 64.0, alarm=True)
OF_VTN = ReportHold("", "https://vtn:443", "422: no", 8.0, alarm=True)
SLOW = ReportHold("Aalborg", "https://vtn:443", "403: <html>", 2.0, alarm=False)


def status_of(*holds: ReportHold, speed: float = 1.0) -> dict[str, Any]:
    status = FleetStatus(NOW_S, {}, {}, (), paused=False, reporter=ReporterStatus(holds=holds))
    return status_dict(RunFacts(FleetConfig(speed=speed)), status, 10.0)


def test_the_status_says_who_waits_why_and_until_when() -> None:
    assert status_of(OF_VEN, SLOW)["holds"] == [
        {
            "ven": "Herning",
            "vtn": "https://vtn:443",
            "reason": "422: no\x1b such unit",
            "alarm": True,
            "ends": "2027-01-15T08:01:04+00:00",
        },
        {
            "ven": "Aalborg",
            "vtn": "https://vtn:443",
            "reason": "403: <html>",
            "alarm": False,
            "ends": "2027-01-15T08:00:02+00:00",
        },
    ]
    assert status_of(OF_VTN)["holds"][0]["ven"] is None
    assert status_of(OF_VTN, speed=60)["holds"][0]["ends"] == "2027-01-15T08:08:00+00:00", "simulated time"


def test_so_do_lines_below_the_table() -> None:
    screen = Console(file=StringIO(), width=200)
    screen.print(render(status_of(OF_VEN, OF_VTN, SLOW)))
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "refused   reports of VEN Herning, next try 08:01:04Z: 422: no  such unit" in shown
    assert "refused   reports of all VENs at https://vtn:443, next try 08:00:08Z: 422: no" in shown
    assert "held      reports of VEN Aalborg, next try 08:00:02Z: 403: <html>" in shown


def test_a_vtn_to_which_nobody_reports_is_not_healthy() -> None:
    (ailment,) = ailments(status_of(OF_VTN))
    assert ailment == "no report goes to https://vtn:443 before 2027-01-15T08:00:08+00:00: 422: no"
