"""The embedded VTN's options, within this process."""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ven_actors.vtn import command, server
from ven_actors.vtn.clients import Client, Clients, ClientsError, others_may_read, parse_client, read_clients
from ven_actors.vtn.command import vtn
from ven_actors.vtn.energydesk.book import Plan, Status
from ven_actors.vtn.facts import Role
from ven_actors.vtn.problems import Problem, StateUnusable, problem_json
from ven_actors.vtn.server import is_loopback, listen, root_url, stop_with_stdin
from ven_actors.vtn.units import Bytes, Seconds


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VEN_ACTORS_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s", 15), ("5m", 300), ("1h", 3600), ("2d", 172_800), ("7", 7), ("PT15S", 15), ("P1DT1H1M1S", 90_061)],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert Seconds().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "0s", "PT0S", "-1s", "1.5s", "s", "P", "PT", "P1M", "1w", "1 s 2"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write 15s"):
        Seconds().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("10B", 10), ("1kB", 1000), ("8MiB", 8 * 2**20), ("1 GiB", 2**30), ("2gb", 2 * 10**9)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert Bytes().convert(text, None, None) == size
    assert Bytes().convert(size, None, None) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5MiB", "MiB", "1PiBs"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="512KiB"):
        Bytes().convert(text, None, None)


def test_a_client_is_read_and_its_secret_may_have_colons_and_is_never_shown() -> None:
    client = parse_client("ven-1:a:b:c:ven")
    assert client == Client("ven-1", "a:b:c", Role.VEN)
    assert "a:b:c" not in repr(client)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ven-1", "NAME:SECRET:ROLE"),
        ("ven-1:hidden", "NAME:SECRET:ROLE"),
        ("ven-1:hidden:boss", "neither ven nor bl"),
        ("ven-1::ven", "secret is empty"),
        (":hidden:ven", "1 to 128"),
        ("x" * 129 + ":hidden:ven", "1 to 128"),
    ],
)
def test_a_bad_client_is_refused_without_its_secret(text: str, words: str) -> None:
    with pytest.raises(ClientsError, match=words) as refusal:
        parse_client(text)
    assert "hidden" not in str(refusal.value)


def test_clients_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text('\ufeffname,secret,role\nven-1,"a,b",ven\n\nbl, c ,bl\n', encoding="utf-8")
    assert read_clients(file) == [Client("ven-1", "a,b", Role.VEN), Client("bl", " c ", Role.BL)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "header name,secret,role"),
        (b"name,role,secret\n", "header name,secret,role"),
        (b"name,secret,role\nven-1,hidden\n", "row 2 has 2 cells"),
        (b"name,secret,role\nven-1,hidden,boss\n", "row 2.*neither ven nor bl"),
        (b"\xff\xfe", "cannot be read"),
        (b'name,secret,role\n"a', "cannot be read"),
    ],
)
def test_a_bad_clients_file_is_refused_with_its_row(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes(content)
    with pytest.raises(ClientsError, match=words) as refusal:
        read_clients(file)
    assert "hidden" not in str(refusal.value)


def test_a_missing_clients_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientsError, match="No such file"):
        read_clients(tmp_path / "none.csv")


def test_a_name_may_be_given_once() -> None:
    one = Client("ven-1", "a", Role.VEN)
    with pytest.raises(ClientsError, match="given twice"):
        Clients([one, one])
    assert len(Clients([one])) == 1


def test_a_file_for_its_owner_only_is_told_from_others(tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.touch(mode=0o600)
    assert not others_may_read(file)
    file.chmod(0o640)
    assert others_may_read(file)


def run(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(command.vtn, arguments, env=env)
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no client could get a token"),
        (["--client", "ven-1"], "NAME:SECRET:ROLE"),
        (["--client", "a:b:ven", "--client", "a:c:bl"], "given twice"),
        (["--client", "a:b:ven", "--clients-file", "/nowhere.csv"], "No such file"),
        (["--client", "a:b:ven", "--demo-report-every", "7s"], "has to divide a day"),
        (["--client", "a:b:ven", "--keep-bytes", "much"], "is not a valid size"),
        (["--client", "a:b:ven", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--client", "a:b:ven", "--host", "not an address"], "no address of this machine"),
        (["--client", "a:b:ven", "--port", "65536"], "65536"),
        (["--client", "a:b:ven", "--demo-speed", "0"], "0"),
        (["--cleint", "a:b:ven"], "--client"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(arguments: list[str], words: str) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert words in output


def test_a_port_that_is_taken_ends_with_2() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        code, output = run("--client", "a:b:ven", "--port", port)
    assert code == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in output


def test_a_broken_state_ends_with_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "vtn.sqlite").write_bytes(b"broken")
    code, output = run("--client", "a:b:ven", "--state", str(tmp_path))
    assert code == 2
    assert output.startswith("Error: ")
    assert output.count("\n") == 1


TAKEN_AS_THEY_ARE = {"CLIENTS_FILE", "HOST", "STATE", "MQTT_URL", "MQTT_PREFIX", "MQTT_ANNOUNCE", "MQTT_USERNAME"}


def test_every_option_is_an_environment_variable_too() -> None:
    for option in command.vtn.params:
        assert isinstance(option, click.Option)
        if option.name == "help":
            continue
        name = option.opts[0].removeprefix("--").replace("-", "_").upper()
        code, output = run(env={f"VEN_ACTORS_VTN_{name}": "\u2620 7s"})
        assert code == 2, name
        assert "\u2620" in output or name in TAKEN_AS_THEY_ARE, (name, output)


def test_the_clock_runs_from_its_start_as_fast_as_it_should() -> None:
    wall_s = [100.0]
    fast = command.simulated_clock(5000.0, 10.0, lambda: wall_s[0])
    plain = command.simulated_clock(None, 1.0, lambda: wall_s[0])
    assert (fast(), plain()) == (5000.0, 100.0)
    wall_s[0] = 103.0
    assert (fast(), plain()) == (5030.0, 103.0)


def test_addresses_are_written_as_clients_on_this_machine_use_them() -> None:
    for host, expected, loopback in (
        ("127.0.0.1", "http://127.0.0.1:{}", True),
        ("0.0.0.0", "http://127.0.0.1:{}", False),
        ("::1", "http://[::1]:{}", True),
        ("::", "http://[::1]:{}", False),
    ):
        try:
            sock = listen(host, 0)
        except StateUnusable:
            assert ":" in host  # a machine without IPv6
            continue
        with sock:
            assert root_url(sock) == expected.format(sock.getsockname()[1])
            assert is_loopback(sock) == loopback
            assert sock.proto == socket.IPPROTO_TCP


def test_the_end_of_stdin_stops_the_vtn_and_a_closed_one_too() -> None:
    for before in (b"", b"some words"):
        reader, writer = os.pipe()
        stopped = threading.Event()
        stop_with_stdin(stopped.set, reader)
        os.write(writer, before)
        os.close(writer)
        assert stopped.wait(10)
        os.close(reader)
        again = threading.Event()
        stop_with_stdin(again.set, reader)
        assert again.wait(10)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((1024, 4096), (4096, 4096)),
        ((1024, 10**6), (65_536, 10**6)),
        ((1024, -1), (65_536, -1)),
        ((-1, -1), None),
        ((4096, 4096), None),
    ],
)
def test_the_vtn_raises_its_own_limit_of_open_files(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    was_set: list[tuple[int, int]] = []
    monkeypatch.setattr(server.resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(server.resource, "setrlimit", lambda _, wanted: was_set.append(wanted))
    server._allow_many_connections()
    assert was_set == ([] if expected is None else [expected])


def test_a_status_that_http_does_not_know_has_a_title_all_the_same() -> None:
    assert b'"title":"Error"' in problem_json(Problem(499, "odd"))


def test_logs_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        run("--client", "a:hidden:ven", "--host", "192.0.2.1")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("arguments", "becomes", "pending_s", "existing"),
    [
        ([], Status.APPROVED, 0, 409),
        (["--energydesk-approve", "2m"], Status.APPROVED, 120, 409),
        (["--energydesk-approve", "never"], Status.PENDING, 0, 409),
        (["--energydesk-approve", "suspended", "--energydesk-existing", "500"], Status.SUSPENDED, 0, 500),
    ],
)
def test_the_energydesk_interface_approves_as_it_is_told(
    arguments: list[str], becomes: Status, pending_s: float, existing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(command, "_serve", lambda house, *_args, **_more: plans.append(house.book.plan))
    result = CliRunner().invoke(vtn, ["--client", "a:b:ven", *arguments])
    assert result.exit_code == 0, result.output
    assert plans == [Plan(becomes, pending_s, existing)]


def test_an_approval_that_is_no_duration_is_refused() -> None:
    result = CliRunner().invoke(vtn, ["--client", "a:b:ven", "--energydesk-approve", "soon"])
    assert result.exit_code == 2
    assert "soon" in result.output


@pytest.mark.parametrize(
    ("args", "words"),
    [(["--host", "no.such.host.invalid"], "is no address of this machine"), (["--state", __file__], "is no folder")],
)
def test_a_place_that_cannot_be_had_is_told_before_missing_clients(args: list[str], words: str) -> None:
    result = CliRunner().invoke(vtn, args)
    assert (result.exit_code, words in result.output) == (2, True), result.output


def test_simulated_time_that_began_before_the_vtn_is_where_its_fleet_has_it() -> None:
    late_s, again_s = 3.0, 600.0
    for wall_s in (1000.0 + late_s, 1000.0 + again_s):
        clock = command.simulated_clock(5000.0, 10.0, lambda wall_s=wall_s: wall_s, 1000.0)  # type: ignore[misc]
        assert clock() == 5000.0 + 10.0 * (wall_s - 1000.0)
