"""Two fleets that use one VEN name at one VTN."""

from __future__ import annotations

from pathlib import Path

from ven_actors.fleet.others import LOOK_EVERY_S, OthersWatch, sent_in
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, InProcessVtn, Role

CLIENTS = (BL, Client("Herning", "secret", Role.VEN))


def fleet_on(folder: Path, vtn: InProcessVtn, clock: ManualClock) -> ManualFleet:
    folder.mkdir(exist_ok=True)
    fleet = ManualFleet(vtn, folder, clock, ("Herning",))
    fleet.wiring.sent = sent_in(folder, ["Herning"], {})
    return fleet


def delivered(fleet: ManualFleet, more: int = 1) -> None:
    accepted = fleet.status().reporter.reports_accepted
    fleet.until(lambda status: status.reporter.reports_accepted >= accepted + more)


def test_each_notices_the_other_and_neither_itself_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        found = []
        for folder in ("one", "one", "two", "one"):
            with fleet_on(tmp_path / folder, vtn, clock) as fleet:
                watch = OthersWatch(fleet.wiring.clients, fleet.wiring.sent)
                fleet.until(lambda _, clients=fleet.wiring.clients: clients["Herning"].has_crawled)
                watch.look(0.0)
                delivered(fleet, 2)
                watch.look(LOOK_EVERY_S)
                found.append([each.ven for each in watch.found()])
    assert found == [[], [], ["Herning"], ["Herning"]]
