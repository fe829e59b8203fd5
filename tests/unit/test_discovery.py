"""VTNs of the local network: what an announcement says, which one is meant, and what is told when none is."""

import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from zeroconf import ServiceInfo, Zeroconf

from ven_actors.config import FleetConfig
from ven_actors.config_sources import load_config
from ven_actors.errors import UsageError
from ven_actors.fleet.discovery import _is_known, discovered
from ven_actors.openadr.discovery import SERVICE, LocalVtn, discover, local_vtn
from ven_actors.testing.vtn import InProcessVtn

LOOPBACK = ["127.0.0.1"]


def announcement(
    name: str = "Grid", host: str = "grid.local.", port: int = 8443, ip: str = "10.0.0.7", **said: Any
) -> ServiceInfo:
    addresses = [socket.inet_aton(ip)] if ip else []
    return ServiceInfo(SERVICE, f"{name}.{SERVICE}", addresses=addresses, port=port, properties=said, server=host)


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({}, "https://grid.local:8443"),
        ({"base_path": "/openadr3/3.1.0/"}, "https://grid.local:8443/openadr3/3.1.0"),
        ({"local_url": "https://vtn.local/openadr3"}, "https://vtn.local:8443/openadr3"),
        ({"local_url": "https://vtn.local:99/", "base_path": "/b"}, "https://vtn.local:99/b"),
        ({"local_url": "http://10.0.0.7:99/openadr3"}, "http://grid.local:99/openadr3"),
        ({"local_url": "grid"}, "https://grid.local:8443"),
        ({"local_url": "ftp://grid/"}, "https://grid.local:8443"),
    ],
)
def test_r6_the_url_has_the_local_name_rather_than_the_address(said: dict[str, str], url: str) -> None:
    vtn = local_vtn(announcement(**said))
    assert vtn is not None
    assert (vtn.name, vtn.url, vtn.address) == ("Grid", url, "10.0.0.7")


def test_r6_the_text_keys_are_read() -> None:
    vtn = local_vtn(announcement(version="3.1.0", program_names="day, night,", requires_auth="False", openapi_url="x"))
    assert vtn is not None
    assert (vtn.version, vtn.program_names, vtn.requires_auth) == ("3.1.0", ("day", "night"), False)
    bare = local_vtn(announcement())
    assert bare is not None
    assert (bare.version, bare.program_names, bare.requires_auth) == ("", (), True)


@pytest.mark.parametrize(
    "said", [{"local_url": "http://["}, {"local_url": "http://x:99999/"}, {"version": b"\xff" * 200}]
)
def test_what_is_announced_may_be_nonsense(said: dict[str, Any]) -> None:
    vtn = local_vtn(announcement(**said))
    assert vtn is None or vtn.url == "https://grid.local:8443"


def test_without_a_name_the_address_is_used_and_without_either_nothing() -> None:
    vtn = local_vtn(announcement(host="."))
    assert vtn is not None
    assert vtn.url == "https://10.0.0.7:8443"
    assert local_vtn(announcement(port=0)) is None


# --- over the network, this machine's own


@pytest.fixture
def announce() -> Iterator[Callable[..., None]]:
    with Zeroconf(interfaces=LOOPBACK) as zeroconf:

        def register(name: str, port: int, **said: str) -> None:
            zeroconf.register_service(announcement(name, f"{name.lower()}-absent.local.", port, "127.0.0.1", **said))

        yield register


def on_loopback(within_s: float, wanted: str) -> tuple[LocalVtn, ...]:
    del within_s
    return discover(20.0, wanted, LOOPBACK)


def test_r6_a_vtn_that_announces_itself_is_found_and_answers(
    announce: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_actors.fleet.discovery._is_known", lambda _url: False)
    with InProcessVtn() as vtn:
        port = int(vtn.root_url.rpartition(":")[2])
        announce("Other", 1)
        announce("Substation", port, local_url=vtn.base_url, program_names="night", version="3.1.0")
        for wanted in ("substation", "Night"):
            found = discovered(FleetConfig(vtn_url=f"mdns:{wanted}"), on_loopback)
            assert found.vtn_url == vtn.base_url, "the address, as nobody knows the name"
            assert requests.get(f"{found.vtn_url}/auth/server", timeout=10).ok


def test_a_name_that_this_machine_knows_is_kept() -> None:
    assert _is_known("https://localhost:1/x")
    assert not _is_known("https://[")


def test_nobody_who_answers_is_nobody_found() -> None:
    assert discover(0.0, "", LOOPBACK) == ()


# --- which one is meant

GRID = LocalVtn("Grid", "https://localhost:1/a", "127.0.0.1", requires_auth=False)
FARM = LocalVtn("Farm", "https://localhost:2/b", "127.0.0.1", program_names=("wind",), requires_auth=False)


def of(*vtns: LocalVtn) -> Callable[[float, str], tuple[LocalVtn, ...]]:
    return lambda _within_s, _wanted: vtns


@pytest.mark.parametrize(("asked", "url"), [("mdns:", GRID.url), ("mdns:grid", GRID.url)])
def test_the_only_one_needs_no_name(asked: str, url: str) -> None:
    assert discovered(FleetConfig(vtn_url=asked), of(GRID)).vtn_url == url


@pytest.mark.parametrize("asked", ["mdns:Farm", "mdns:WIND"])
def test_of_several_one_is_named_by_itself_or_by_a_program(asked: str) -> None:
    assert discovered(FleetConfig(vtn_url=asked), of(GRID, FARM)).vtn_url == FARM.url


@pytest.mark.parametrize(
    ("asked", "found", "says"),
    [
        ("mdns:", (), r"no such VTN .* within 3 s; is it up"),
        ("mdns:Sea", (GRID,), r"there are 'Grid' at https://localhost:1/a"),
        ("mdns:", (GRID, FARM), r"several, 'Grid' at .*, 'Farm' at .*mdns:NAME"),
        ("mdns:", (LocalVtn("H", "http://10.0.0.1:1", ""),), r"plain http to another machine .*--insecure-http"),
        ("mdns:", (LocalVtn("H", "https://a:b@h:1", ""),), r"'H' announces a URL that must not carry a user"),
        ("mdns:", (LocalVtn("H", "https://h:1/?x=y", ""),), r"'H' announces a URL that .*query"),
    ],
)
def test_what_cannot_be_taken_is_said_with_what_to_do(asked: str, found: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        discovered(FleetConfig(vtn_url=asked), of(*found))


def test_a_network_that_cannot_be_asked_is_said() -> None:
    def fail(_within_s: float, _wanted: str) -> tuple[LocalVtn, ...]:
        raise OSError("no multicast")

    with pytest.raises(UsageError, match=r"cannot be asked \(no multicast\)"):
        discovered(FleetConfig(vtn_url="mdns:"), fail)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ven_actors.openadr.discovery")
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(UsageError, match=r"pip install '\.\[mdns\]' in a clone"):
        discovered(FleetConfig(vtn_url="mdns:"))


def test_r6_nothing_is_asked_of_the_network_unless_that_is_wanted() -> None:
    def never(_within_s: float, _wanted: str) -> tuple[LocalVtn, ...]:
        raise AssertionError

    for config in (FleetConfig(), FleetConfig(vtn_url="https://vtn.example")):
        assert discovered(config, never) is config


@pytest.mark.parametrize(
    ("written", "read"), [("mdns:", "mdns:"), ("MDNS: Grid ", "mdns:Grid"), ("https://h/", "https://h")]
)
def test_the_option_takes_both(written: str, read: str) -> None:
    assert load_config({"vtn_url": written}, {}).config.vtn_url == read


@pytest.mark.parametrize("written", ["mdns", "mdns:a\nb", "mdns:" + "x" * 300, "grid.local"])
def test_the_option_refuses_the_rest(written: str) -> None:
    with pytest.raises(UsageError, match="vtn-url"):
        load_config({"vtn_url": written}, {})


def test_zeroconf_is_what_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("ven_actors.openadr.discovery.discover", lambda *args: asked.append(args) or (GRID,))
    assert discovered(FleetConfig(vtn_url="mdns:Grid")).vtn_url == GRID.url
    assert asked == [(3.0, "Grid")]
