"""Which reports at a VTN are this fleet's own: what its clients sent, and with what result as far as they know."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from ven_actors.errors import VtnAmbiguous, VtnNonsense
from ven_actors.openadr.durations import parse_instant
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.newest_reports import StoredReport

_KEPT = 1_000
# Our names end with the window's start and length, and what tells parts of one apart.
_WINDOW = re.compile(r"\.([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)\.PT([0-9.]+)S(?:\.[0-9c.]+)?\Z")


class _Named(msgspec.Struct, rename="camel"):
    id: str | None = None
    report_name: str | None = None


_decoder = msgspec.json.Decoder(_Named)


class SentReports:
    """One VEN's, over all lives of its client; for any thread. Only the last thousand are kept.

    `known` are names of which a report was accepted in earlier runs on this state folder: one stored report of each is
    ours; of windows that ended before `oldest_end_s`, names may have been forgotten. `maybe` are names that may have
    arrived. A `fresh` folder has never sent anything for this VEN.
    """

    def __init__(
        self,
        known: Iterable[str] = (),
        maybe: Iterable[str] = (),
        *,
        oldest_end_s: float = float("-inf"),
        fresh: bool = False,
    ) -> None:
        self._lock = threading.Lock()
        self._ids: deque[str] = deque(maxlen=_KEPT)
        self._doubted: deque[str] = deque(maybe, maxlen=_KEPT)
        self._open: list[str] = []
        self._known = set(known)
        self._oldest_end_s = oldest_end_s
        self._judges = fresh or bool(self._known)

    def post(self, body: bytes, do: Callable[[], Answer]) -> Answer:
        """Do it, and note under which id it is stored, or that it may be."""
        name = _named(body).report_name or ""
        with self._lock:
            self._open.append(name)
        stored, in_doubt = None, False
        try:
            answer = do()
            stored = _named(answer.body).id if answer.status in {200, 201} else None
            in_doubt = stored is None
        except VtnAmbiguous:
            in_doubt = True
            raise
        finally:
            # All at once: a look must not find it neither on its way nor known.
            with self._lock:
                self._open.remove(name)
                self._ids.extend([] if stored is None else [stored])
                self._doubted.extend([name] if in_doubt else [])
        return answer

    def found(self, report: bytes | None) -> None:
        """A stored report turned out to be ours; None: none did."""
        stored = None if report is None else _named(report).id
        if stored is not None:
            with self._lock:
                self._ids.append(stored)

    def of_others(self, newest: tuple[StoredReport, ...]) -> list[StoredReport]:
        """Those of the newest reports, oldest first, that this folder did not send.

        Where nothing is known of the past (a folder of an earlier version), the first look returns nothing and only
        learns what is there. A judged report is not returned again; one that is just being sent is judged the next
        time.
        """
        with self._lock:
            settled = [each for each in newest if each.name not in self._open]
            strange = [each for each in settled if not self._is_ours(each) and not self._may_be_forgotten(each)]
            judges, self._judges = self._judges, True
            self._ids.extend(each.report_id for each in settled if each.report_id not in self._ids)
        return strange if judges else []

    def _is_ours(self, report: StoredReport) -> bool:
        if report.report_id in self._ids or report.name in self._doubted:
            return True
        if report.name in self._known:
            self._known.discard(report.name)
            self._ids.append(report.report_id)
            return True
        return False

    def _may_be_forgotten(self, report: StoredReport) -> bool:
        window = _WINDOW.search(report.name)
        if window is None:
            return False
        try:
            return parse_instant(window[1])[0] + float(window[2]) < self._oldest_end_s
        except (VtnNonsense, ValueError):
            return False


def _named(body: bytes) -> _Named:
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return _Named()
