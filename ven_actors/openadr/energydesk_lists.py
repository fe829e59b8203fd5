"""Lists of energydesk: programs and events, parsed once for all VENs that were shown the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypeVar

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.chosen_programs import ChosenPrograms
from ven_actors.openadr.decoding import decode, id_of
from ven_actors.openadr.events import Event, Program
from ven_actors.openadr.listings import Listed, Lister, Page
from ven_actors.openadr.reading import Reader

if TYPE_CHECKING:
    from ven_actors.openadr.energydesk import Energydesk

T = TypeVar("T")


class _DeskLister(Lister[T]):
    """Keeps the last reading for itself, so that an unchanged list is not taken apart again.

    `unmet` has one line for each thing in which that does not meet the choice of programs.
    """

    _last: Page[T] | None = None
    unmet: tuple[str, ...] = ()

    def _kept(self, body: bytes) -> tuple[Listed[T], ...]:
        self._last = self.page(body)
        return self._last.objects


class DeskProgramLister(_DeskLister[Program]):
    def __init__(self) -> None:
        super().__init__("programs", "energydesk")

    def chosen(self, body: bytes, chosen_programs: ChosenPrograms) -> tuple[tuple[Program, ...], list[str]]:
        """The programs of a list to take part in, and one line for each that cannot be read."""
        objects = self._kept(body)
        programs = tuple(each.read for each in objects if each.read is not None)
        chosen = chosen_programs.among(programs)
        if not chosen.everything:
            programs = tuple(program for program in programs if program.program_id in chosen.ids)
        self.unmet = chosen.notices
        return programs, [each.problem for each in objects if each.read is None]

    def _read_object(self, raw: bytes, reader: Reader) -> Program:
        del reader
        program_id = id_of(raw)
        if program_id is None:
            raise VtnNonsense(f"a program without an id: {raw[:80]!r}")
        said = decode(raw, dict[str, Any], "a program")
        name = str(said.get("program_name") or said.get("program_id") or "")
        return Program(program_id, name, said=raw.decode())


class DeskEventLister(_DeskLister[tuple[Event | None, int]]):
    """An event, None where it is over, and its modification number."""

    def __init__(self, dialect: Energydesk) -> None:
        super().__init__("events", dialect.name)
        self._dialect = dialect

    def chosen(
        self, body: bytes, program_ids: Collection[str] | None
    ) -> tuple[list[tuple[Event, int]], list[str | None], list[str]]:
        """The events of a list that are not over, the ids of those that cannot be read, and one line for each of them.

        `program_ids` None means that events of all programs are wanted, and those that name none.
        """
        events: list[tuple[Event, int]] = []
        unreadable: list[str | None] = []
        problems: list[str] = []
        unmet: list[str] = []
        for each in self._kept(body):
            if each.read is None:
                unreadable.append(each.object_id)
                problems.append(each.problem)
                continue
            event, number = each.read
            if event is None:
                continue
            if program_ids is None or event.program_id in program_ids:
                events.append((event, number))
            elif not event.program_id:
                unmet.append(f"event {event.event_id!r} names no program, so --programs leaves it out")
        self.unmet = tuple(unmet)
        return events, unreadable, problems

    def _read_object(self, raw: bytes, reader: Reader) -> tuple[Event | None, int]:
        del reader
        return self._dialect.parse_event(raw)
