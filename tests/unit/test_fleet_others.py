"""Two fleets under one VEN name at one VTN are noticed, and a fleet is never taken for another of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from store_records import REQUEST, T0, fill, report
from structlog.testing import capture_logs

from ven_actors.cli.health import ailments
from ven_actors.config import FleetConfig
from ven_actors.delivery.sealing import report_name
from ven_actors.errors import VtnAmbiguous, VtnError, VtnRefused, VtnUnreachable
from ven_actors.fleet.others import LOOK_EVERY_S, OthersWatch, sent_in
from ven_actors.fleet.outcome import warn_of_what_is_left
from ven_actors.fleet.summary import RunFacts, status_dict
from ven_actors.model import FleetStatus, Readings, ReporterStatus
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.newest_reports import Newest, StoredReport
from ven_actors.openadr.sent_reports import SentReports
from ven_actors.storage.sent_names import SentNames, read_sent_names
from ven_actors.storage.store import Store


def stored(*names: str) -> tuple[StoredReport, ...]:
    """Reports of these names, the oldest first; their ids say which copy they are."""
    return tuple(StoredReport(f"{name}#{place}", name.split("@")[0], float(place)) for place, name in enumerate(names))


def posted(sent: SentReports, report: StoredReport) -> None:
    body = json.dumps({"reportName": report.name}).encode()
    sent.post(body, lambda: Answer(201, json.dumps({"id": report.report_id, "reportName": report.name}).encode()))


def test_what_this_process_sent_is_not_of_others_and_a_copy_of_the_same_name_is() -> None:
    sent = SentReports(fresh=True)
    ours, theirs = stored("a", "a")
    posted(sent, ours)
    assert sent.of_others((ours, theirs)) == [theirs]
    assert sent.of_others((ours, theirs)) == [], "it is said only once"


def test_a_fresh_folder_sent_nothing_that_is_there_already() -> None:
    old = stored("a", "b")
    assert SentReports(fresh=True).of_others(old) == list(old)
    assert SentReports().of_others(old) == [], "a folder of an earlier version does not know"


def named(window_s: int) -> str:
    """A name as this fleet gives it, of a window of 15 s that begins then."""
    return report_name("Herning", REQUEST, window_s, window_s + 15, 0)


def test_after_a_restart_the_folders_own_reports_are_known_by_their_names() -> None:
    forgotten, b, c, other = named(0), named(100), named(115), named(130)
    newest = stored(forgotten, b, c, other, f"{b}@2", "another.make")
    sent = SentReports(known={b, c}, oldest_end_s=115)
    assert sent.of_others(newest) == list(newest[3:])


def test_where_none_of_the_folders_reports_is_among_the_newest_all_of_those_are_of_others() -> None:
    newest = stored(named(1000), named(1015))
    assert SentReports(known={named(100)}, oldest_end_s=115).of_others(newest) == list(newest)
    assert SentReports(maybe={named(100)}).of_others(newest) == [], "what was never accepted may be older than all"


def test_a_backlog_whose_names_were_forgotten_is_not_taken_for_anothers() -> None:
    assert SentReports(known={named(9000)}, oldest_end_s=9015).of_others(stored(named(500), named(515))) == []


@pytest.mark.parametrize("answer", [Answer(500, b""), Answer(409, b""), Answer(201, b"no JSON")])
def test_what_may_have_arrived_is_not_of_others(answer: Answer) -> None:
    sent = SentReports(fresh=True)
    sent.post(b'{"reportName": "a"}', lambda: answer)
    assert sent.of_others(stored("a")) == []


def test_what_was_sent_and_not_answered_is_not_of_others() -> None:
    def lost() -> Answer:
        raise VtnAmbiguous("no answer")

    sent = SentReports(fresh=True)
    with pytest.raises(VtnAmbiguous):
        sent.post(b'{"reportName": "a"}', lost)
    assert sent.of_others(stored("a", "a")) == []


def test_what_is_on_its_way_is_not_of_others() -> None:
    sent, seen = SentReports(fresh=True), []
    sent.post(b'{"reportName": "a"}', lambda: seen.append(sent.of_others(stored("a"))) or Answer(201, b'{"id": "1"}'))
    assert seen == [[]]


def test_what_a_look_up_found_is_ours() -> None:
    sent = SentReports(fresh=True)
    (ours,) = stored("a")
    sent.found(json.dumps({"id": ours.report_id}).encode())
    sent.found(None)
    assert sent.of_others((ours,)) == []


class FakeClient:
    def __init__(self, *reports: StoredReport, error: VtnError | None = None) -> None:
        self.has_crawled = False
        self.newest: Newest | None = Newest(reports, 7)
        self.error = error
        self.hints: list[int] = []

    def newest_reports(self, hint: int, /) -> Newest | None:
        self.hints.append(hint)
        if self.error is not None:
            raise self.error
        return self.newest


def watch_of(client: FakeClient) -> OthersWatch:
    return OthersWatch({"Herning": client}, {"Herning": SentReports(fresh=True)}, lambda: 0.0)


def test_it_looks_once_the_ven_has_read_its_vtn_and_then_every_ten_minutes() -> None:
    client = FakeClient()
    watch = watch_of(client)
    watch.look(0)
    assert client.hints == []
    client.has_crawled = True
    for mono_s in (1, 2, LOOK_EVERY_S, LOOK_EVERY_S + 1):
        watch.look(mono_s)
    assert client.hints == [0, 7]


def test_others_are_loud_in_the_log_the_status_the_health_and_the_warnings() -> None:
    client = FakeClient(*stored("a", "b"))
    client.has_crawled = True
    watch = watch_of(client)
    with capture_logs() as logs:
        watch.look(0)
        watch.look(LOOK_EVERY_S)
    (line,) = logs
    assert (line["event"], line["log_level"], line["ven"], line["reports"]) == (
        "reports_of_others",
        "error",
        "Herning",
        2,
    )
    facts = RunFacts(FleetConfig(), others=watch.found)
    said = "2 reports in the name of VEN Herning were not sent by this state folder, the newest at 1970-01-01T00:00:01Z"
    status = status_dict(facts, FleetStatus(0.0, {}, {}, (), paused=False, reporter=ReporterStatus()), 1.0)
    assert status["other_fleets"][0]["said"].startswith(said)
    assert [each.startswith(said) for each in ailments(status)] == [True]
    warn_of_what_is_left(facts)
    assert facts.warnings[0].startswith(said)


@pytest.mark.parametrize(
    ("error", "looks"),
    [(VtnUnreachable("down"), 2), (VtnRefused("no", status=403), 1), (VtnRefused("no", status=500), 2)],
)
def test_a_vtn_that_shows_nobody_its_reports_is_asked_once(error: VtnError, looks: int) -> None:
    client = FakeClient(error=error)
    client.has_crawled = True
    watch = watch_of(client)
    with capture_logs() as logs:
        watch.look(0)
        watch.look(LOOK_EVERY_S)
    assert len(client.hints) == looks
    assert {entry["log_level"] for entry in logs} <= {"debug"}


def test_a_list_without_order_and_a_watch_that_is_stopped_say_nothing() -> None:
    client = FakeClient()
    client.has_crawled, client.newest = True, None
    watch = watch_of(client)
    watch.look(0)
    watch.stop()
    watch.look(LOOK_EVERY_S)
    assert (watch.found(), client.hints) == ([], [0])


def test_what_a_folder_has_sent_is_read_from_its_store(tmp_path: Path) -> None:
    assert read_sent_names(tmp_path) == {}
    store = Store(tmp_path)
    fill(store)
    for chunk, (state, sent) in enumerate([("accepted", True), ("open", True), ("open", False)]):
        store.keep_report(report(state, sent=sent, chunk=chunk))
    store.commit()
    store.close()
    assert read_sent_names(tmp_path) == {"Herning": SentNames({"name.0"}, {"name.1"}, T0 + 10.0)}
    sent = sent_in(tmp_path, ["Herning", "Aars", "Lemvig"], {"Lemvig": Readings(generated=5, accepted=5)})
    strange = {
        name: [each.name for each in own.of_others(stored("name.0", "name.1", "x"))] for name, own in sent.items()
    }
    assert strange == {"Herning": ["x"], "Aars": ["name.0", "name.1", "x"], "Lemvig": []}
