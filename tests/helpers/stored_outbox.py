"""One VEN's outbox over a real store: opened, restarted, and with readings that are all accounted for."""

from __future__ import annotations

from pathlib import Path

from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.model import Readings
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import Store


class StoredOutbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)

    def restart(self) -> None:
        """As after a kill: what is not committed is gone."""
        self.store.close()
        self.open()

    @property
    def ven(self) -> VenOutbox:
        return self.outbox.ven("Herning")

    @property
    def readings(self) -> Readings:
        readings = self.outbox.readings("Herning")
        assert readings.unaccounted == 0, readings
        return readings
