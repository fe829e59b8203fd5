"""energydesk: taking part in some programs only, and what several VENs read alike."""

import json
from collections.abc import Callable

import pytest
from energydesk_server import NAME, Vtn, resource

from ven_actors.openadr.energydesk import Energydesk

PERIOD = {"start": "2026-01-16T10:00:00Z", "duration": "PT1H"}
HOUR = [{"id": 0, "intervalPeriod": PERIOD, "payloads": [{"type": "SIMPLE", "values": [1]}]}]


def test_resources_are_enrolled_in_the_chosen_programs_and_only_their_events_count(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    flex, other = (vtn.vtn.create_program(programName=name)["id"] for name in ("Flex 2026", "Prices"))
    wanted, foreign = (vtn.vtn.create_event(programID=each, intervals=HOUR)["id"] for each in (flex, other))
    client = vtn.client(programs=("Flex*",))
    vtn.enrol(client, resource())
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == [wanted]
    assert [program.program_id for program in crawl.programs] == [flex]
    assert crawl.enrolment is not None
    assert crawl.enrolment.enrolled == {flex: (NAME,)}
    assert vtn.posts(f"/programs/{other}/resources") == vtn.posts(f"/events/{foreign}/responses") == 0


def test_an_event_without_a_program_is_left_out_of_a_choice_of_programs_and_that_is_said(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    vtn.vtn.create_program(programName="Flex")
    bare = json.dumps([{"id": "e1", "event_name": "bare"}]).encode()
    chosen, all_of_them = vtn.client(programs=("Flex",)), vtn.client()
    vtn.enrol(chosen, known=vtn.enrol(all_of_them))
    vtn.refuse("GET", "/events", 200, bare)
    assert [event.event_id for event in all_of_them.crawl().events] == ["e1"]
    crawl = chosen.crawl()
    assert crawl.events == ()
    assert crawl.unmet == ("event 'e1' names no program, so --programs leaves it out",)


def test_a_name_that_means_no_program_is_said(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.vtn.create_program(programName="Flex")
    client = vtn.client(programs=("Flux",))
    vtn.enrol(client)
    (problem,) = client.crawl().unmet
    assert problem == "the VTN shows no program called 'Flux', which --programs names; it shows Flex"


def test_what_two_vens_read_alike_is_parsed_once(server: Callable[..., Vtn], monkeypatch: pytest.MonkeyPatch) -> None:
    vtn = server()
    program = vtn.vtn.create_program(programName="Flex")["id"]
    for _ in range(5):
        vtn.vtn.create_event(programID=program, intervals=HOUR)
    parsed: list[bytes] = []
    parse = Energydesk.parse_event

    def counted(self: Energydesk, raw: bytes) -> object:
        parsed.append(raw)
        return parse(self, raw)

    monkeypatch.setattr(Energydesk, "parse_event", counted)
    one, other = vtn.client(), vtn.client()
    vtn.enrol(other, known=vtn.enrol(one))
    first, second, again = one.crawl(), other.crawl(), one.crawl()
    assert len(parsed) == len(first.events) == 5
    for events in (second.events, again.events):
        assert all(ours is theirs for ours, theirs in zip(first.events, events, strict=True))
    assert first.programs[0] is second.programs[0]
