"""The programs that a VEN takes part in: all that its VTN shows, or those that its user named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ven_actors.openadr.dialect import Query
from ven_actors.openadr.events import Program

# More programs than these are not asked for one by one.
MOST_ASKED_BY_ID = 10
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice among the programs of one reading. `notices` has one line for each name that means none of them."""

    everything: bool = True
    ids: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()

    def queries(self) -> list[Query]:
        """What to ask for events: each program for itself as long as they are few, else for all events."""
        if self.everything or len(self.ids) > MOST_ASKED_BY_ID:
            return [[]]
        return [[("programID", program_id)] for program_id in sorted(self.ids)]

    def ids_of(self, known_event_ids: Collection[str]) -> set[str]:
        """Those events that can still be ours, as far as it is known which program each belongs to."""
        if self.everything or not isinstance(known_event_ids, Mapping):
            return set(known_event_ids)
        return {event_id for event_id, program_id in known_event_ids.items() if program_id in self.ids}


class ChosenPrograms:
    """`patterns` are names of programs, in which `*` and `?` stand for what they do in a shell; none mean all."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def among(self, programs: Collection[Program]) -> Chosen:
        if not self._patterns:
            return Chosen()
        ids: set[str] = set()
        notices: list[str] = []
        for pattern in self._patterns:
            named = {program.program_id for program in programs if fnmatchcase(program.name, pattern)}
            ids |= named
            if not named:
                names = sorted(program.name for program in programs)
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                shows = f"it shows {', '.join(names[:_SHOWN])}{more}" if names else "it shows none"
                notices.append(f"the VTN shows no program called {pattern!r}, which --programs names; {shows}")
        return Chosen(everything=False, ids=frozenset(ids), notices=tuple(notices))
