"""Which VEN speaks which dialect to which VTN: told by options, kept by the state, found out from the VTN."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.config import FleetConfig
from ven_actors.config_groups import Group
from ven_actors.config_sources import load_config
from ven_actors.errors import StateError, UsageError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.fleet.dialects import bindings, routes_of, spoken_names, wants_embedded
from ven_actors.model import Enrolment
from ven_actors.openadr.choosing import Choice, dialect_by_url
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.transport import SharedAdapter

EMBEDDED = {"3.1": "http://127.0.0.1:1/openadr3/3.1.0", "3.0.1": "http://127.0.0.1:1/openadr3/3.0.1"}
OTHER = "https://vtn.example/api"


@pytest.fixture(scope="module")
def adapter() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter()
    yield adapter
    adapter.close()


def shown(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


class Stranger:
    """A VTN of which nobody knows how it speaks; `answers` are by path, all else is 404."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.answers: dict[str, Response] = {}
        self.asked: list[str] = []
        server.expect_request(re.compile(".*")).respond_with_handler(self.handle)

    def handle(self, request: Request) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        return self.answers.get(request.path, shown({"title": "not found"}, 404))


@pytest.fixture
def stranger(httpserver: HTTPServer) -> Stranger:
    return Stranger(httpserver)


@pytest.fixture
def ask(stranger: Stranger, adapter: SharedAdapter) -> Iterator[Callable[..., VtnClient]]:
    clients: list[VtnClient] = []

    def make(choice: Choice) -> VtnClient:
        clients.append(
            VtnClient(stranger.url, "Herning", None, dialect=choice, adapter=adapter, monotonic=time.monotonic)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


# --- found out -------------------------------------------------------------------------------------------------

PROGRAM_31 = {"id": "p", "programName": "x", "attributes": [], "targets": ["a"]}
PROGRAM_301 = {"id": "p", "programName": "x", "bindingEvents": None, "targets": [{"type": "A", "values": ["b"]}]}


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"/auth/server": shown({"tokenURL": "https://x/token"}), "/programs": shown([])}, "openadr-3.1"),
        ({"/programs": shown([]), "/resources": shown([])}, "openadr-3.1"),
        ({"/programs": shown([PROGRAM_31])}, "openadr-3.1"),
        ({"/programs": shown([]), "/resources": shown({"title": "no"}, 403)}, "openadr-3.1"),
        ({"/programs": shown([]), "/resources": shown({"title": "who are you?"}, 401)}, "openadr-3.1"),
        ({"/programs": shown([PROGRAM_31]), "/resources": shown({"title": "no"}, 501)}, "openadr-3.1"),
        ({"/programs": shown([PROGRAM_301])}, "openadr-3.0.1"),
        ({"/programs": shown([PROGRAM_301]), "/resources": shown([])}, "openadr-3.0.1"),
        ({"/programs": shown([])}, "openadr-3.0.1"),
        ({"/programs": shown({"title": "no"}, 403)}, "openadr-3.0.1"),
        ({"/programs": shown("?")}, "openadr-3.0.1"),
        ({"/auth/server": shown({"tokenURL": None}), "/programs": shown([])}, "openadr-3.0.1"),
    ],
)
def test_the_dialect_is_found_out_with_gets_alone(
    stranger: Stranger, ask: Callable[..., VtnClient], answers: dict[str, Response], name: str
) -> None:
    stranger.answers = answers
    choice = Choice()
    assert ask(choice).reports_name_program is (name == "openadr-3.0.1")
    assert choice.dialect is DIALECTS[name]
    assert set(stranger.asked) <= {"GET /auth/server", "GET /programs", "GET /resources"}
    assert len(stranger.asked) <= 3


def test_what_one_client_found_the_others_need_not_ask(stranger: Stranger, ask: Callable[..., VtnClient]) -> None:
    stranger.answers = {"/programs": shown([PROGRAM_301])}
    choice = Choice()
    assert ask(choice).reports_name_program
    stranger.asked.clear()
    assert ask(choice).reports_name_program
    assert stranger.asked == []


def test_what_is_settled_stays() -> None:
    choice = Choice(DIALECTS["openadr-3.0.1"])
    assert choice.settle(DIALECTS["openadr-3.1"]) is choice.dialect is DIALECTS["openadr-3.0.1"]


def test_what_the_state_remembers_is_not_asked_again(stranger: Stranger, ask: Callable[..., VtnClient]) -> None:
    choice = Choice()
    client = ask(choice)
    stranger.answers["/vens"] = shown({"title": "busy"}, 503)
    with pytest.raises(VtnRefused):
        client.enrol("Herning", [], Enrolment("v", {}, "openadr-3.0.1"))
    assert choice.dialect is DIALECTS["openadr-3.0.1"]
    assert set(stranger.asked) == {"GET /vens"}


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({}, VtnRefused, "/programs answers 404"),
        ({"/programs": shown({}, 503)}, VtnRefused, "/programs answers 503"),
        ({"/programs": shown([]), "/resources": shown({}, 503)}, VtnRefused, "/resources answers 503"),
        ({"/programs": shown([{"program": 1}]), "/resources": shown({}, 405)}, VtnNonsense, "--dialect with one of"),
    ],
)
def test_where_it_cannot_be_found_out_nothing_is_guessed(
    stranger: Stranger, ask: Callable[..., VtnClient], answers: dict[str, Response], kind: type[Exception], words: str
) -> None:
    stranger.answers = answers
    choice = Choice()
    with pytest.raises(kind, match=words):
        ask(choice).crawl()
    assert choice.dialect is None


def test_a_vtn_that_is_down_leaves_it_open(adapter: SharedAdapter) -> None:
    client = VtnClient(
        "http://127.0.0.1:1", "Herning", None, dialect=Choice(), adapter=adapter, monotonic=time.monotonic
    )
    with pytest.raises(VtnUnreachable):
        client.post_report(b"{}")
    client.close()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x/openadr3/3.1.0", "openadr-3.1"),
        ("https://x/3.1/api", "openadr-3.1"),
        ("https://x/openadr3/3.0.1", "openadr-3.0.1"),
        ("https://3.1.0.example/openadr3", None),
        ("https://x/openadr3", None),
    ],
)
def test_a_version_in_the_path_of_the_url_says_it_all(url: str, name: str | None) -> None:
    assert dialect_by_url(url) is (None if name is None else DIALECTS[name])


# --- told ------------------------------------------------------------------------------------------------------


def config(**parts: Any) -> FleetConfig:
    return FleetConfig(**parts)


def names_of(routes: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {ven: (each.url, each.choice.dialect and each.choice.dialect.name) for ven, each in routes.items()}


def test_against_the_embedded_vtn_3_1_is_spoken_unless_told_otherwise() -> None:
    assert names_of(routes_of(config(), ["a"], EMBEDDED, {})) == {"a": (EMBEDDED["3.1"], "openadr-3.1")}
    older = routes_of(config(dialect="openadr-3.0.1"), ["a"], EMBEDDED, {})
    assert names_of(older) == {"a": (EMBEDDED["3.0.1"], "openadr-3.0.1")}
    with pytest.raises(UsageError, match=r"does not speak openadr-3\.1"):
        routes_of(config(), ["a"], {}, {})


def test_groups_have_their_own_dialect_and_vtn_and_the_first_that_fits_counts() -> None:
    groups = (Group(("b", "F-*"), "openadr-3.0.1"), Group(("F-1", "c"), "auto", OTHER))
    routes = routes_of(config(groups=groups), ["a", "b", "c", "F-1"], EMBEDDED, {})
    assert names_of(routes) == {
        "a": (EMBEDDED["3.1"], "openadr-3.1"),
        "b": (EMBEDDED["3.0.1"], "openadr-3.0.1"),
        "c": (OTHER, None),
        "F-1": (EMBEDDED["3.0.1"], "openadr-3.0.1"),
    }
    assert routes["b"].choice is routes["F-1"].choice
    assert spoken_names(routes) == "openadr-3.0.1, openadr-3.1"
    assert wants_embedded(config(groups=groups), ["a", "c"])
    assert not wants_embedded(config(groups=groups), ["c"])


def test_a_dialect_that_is_not_known_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--dialect: .*'openadr-3\.0'; the nearest is openadr-3\.0\.1"):
        routes_of(config(dialect="openadr-3.0"), ["a"], EMBEDDED, {})
    with pytest.raises(UsageError, match="--groups"):
        routes_of(config(groups=(Group(("a",), "x"),)), ["a"], EMBEDDED, {})


# --- kept ------------------------------------------------------------------------------------------------------


def test_a_ven_stays_with_the_dialect_of_its_state() -> None:
    outside = config(vtn_url=OTHER)
    spoken = {"a": "openadr-3.0.1", "b": "", "c": None}
    routes = routes_of(outside, ["a", "b", "c", "d"], {}, spoken)
    assert names_of(routes) == {
        "a": (OTHER, "openadr-3.0.1"),
        "b": (OTHER, "openadr-3.1"),
        "c": (OTHER, None),
        "d": (OTHER, None),
    }
    told = config(vtn_url=OTHER, dialect="openadr-3.1")
    with pytest.raises(StateError, match=r"VEN a in dialect openadr-3\.0\.1, this run wants openadr-3\.1"):
        routes_of(told, ["a"], {}, spoken)
    assert names_of(routes_of(told, ["b"], {}, spoken)) == {"b": (OTHER, "openadr-3.1")}


def test_a_ven_that_ran_is_not_sent_to_another_vtn() -> None:
    moved = config(groups=(Group(("a",), "auto", OTHER),))
    assert bindings(moved, ["a", "b"], {}, ()) == {"vtn": "embedded", "vtn of a": OTHER}
    assert bindings(moved, ["a"], {"vtn": "embedded"}, ["b"]) == {"vtn": "embedded", "vtn of a": OTHER}
    with pytest.raises(StateError, match=r"VEN a at the VTN 'embedded', this run at 'https://vtn"):
        bindings(moved, ["a"], {"vtn": "embedded"}, ["a"])
    bound = {"vtn": "embedded", "vtn of a": OTHER}
    assert bindings(moved, ["a"], bound, ["a"]) == bound
    with pytest.raises(StateError, match="give another --state"):
        bindings(config(), ["a"], bound, ["a"])


# --- as configured ---------------------------------------------------------------------------------------------


def groups_of(environ: dict[str, str] | None = None, **flags: object) -> tuple[Group, ...]:
    return load_config({"vens": "a,b"} | flags, environ or {}).config.groups


def test_groups_are_read_from_flag_environment_and_file(tmp_path: Path) -> None:
    wanted = (Group(("a",), "openadr-3.0.1"), Group(("b", "x*"), "auto", "https://h/p"))
    text = "OpenADR-3.0.1=a; auto@https://h/p/ = b, x*;"
    assert groups_of(groups=text) == wanted
    assert groups_of({"VEN_ACTORS_GROUPS": text}) == wanted
    file = tmp_path / "fleet.toml"
    file.write_text(
        '[[groups]]\nvens = ["a"]\ndialect = "openadr-3.0.1"\n[[groups]]\nvens = ["b", "x*"]\nvtn_url = "https://h/p"\n'
    )
    assert groups_of(config=str(file)) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openadr-3.1", "is no group of VENs"),
        ("openadr-3.1=", "names no VENs"),
        ("=a", "no name of a dialect"),
        ("auto@ftp://x=a", "no http or https URL"),
        ("auto=c", "no VEN of this run is in the group c; the run has a, b"),
        ("auto@http://vtn.example=a", "plain http to another machine"),
        (7, "list of tables"),
        ([{"vens": ["a"], "colour": "red"}], "no key 'colour'"),
        (["a"], "list of tables"),
        ([{"vens": ["a"], "dialect": 3}], "no name of a dialect"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused_with_words(text: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        groups_of(groups=text)


def test_the_help_of_the_option_names_every_dialect() -> None:
    from ven_actors.config import OPTIONS

    (option,) = (each for each in OPTIONS if each.name == "dialect")
    assert all(name in option.help for name in DIALECTS)
