"""What becomes of a command whose standard streams break: a pipe, a full disk, a closed one."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from cli_main_bodies import ROOT, raising


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """With a real pipe whose other end is closed, as `ven-actors ... | head` leaves it."""
    program = (
        "import sys, types, click\n"
        "from ven_actors.cli import COMMANDS, main\n"
        "from ven_actors.cli.lazy import Place\n"
        "module = types.ModuleType('a_command')\n"
        "def talk():\n"
        "    while True: sys.stdout.buffer.write(b'x' * 3000)\n"
        "module.command = click.Command('try', callback=talk)\n"
        "sys.modules['a_command'] = module\n"
        "COMMANDS['try'] = Place('a_command:command', '')\n"
        "sys.exit(main(['try'], {}))\n"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=write_end,
            stderr=subprocess.PIPE,
            env=buffered,
            cwd=ROOT,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_pipe_that_breaks_when_the_last_words_are_flushed_is_no_error(
    run_body: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def flush(self) -> NoReturn:
            raise BrokenPipeError

        def fileno(self) -> NoReturn:
            raise ValueError("closed")

    def body() -> None:
        monkeypatch.setattr(sys, "stdout", Broken())

    assert run_body(body) == 141


STREAMS_PROGRAM = """
import os, sys
from ven_actors.cli import cli, main
from ven_actors.cli.seams import Seams
from pathlib import Path
def fleet(config, *, show):
    opened = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    os.system("echo a child speaks; echo and complains >&2")
    return 0 if opened > 2 and not os.path.getsize(sys.argv[1]) else 9
import functools
cli.main = functools.partial(cli.main, obj=Seams(run_fleet=fleet, environ={}, read_totals=lambda _: {"readings": {}}))
sys.exit(main(["run"], {}))
"""


@pytest.mark.parametrize("streams", [">/dev/full", ">&-", "2>&-", ">&- 2>&- <&-", "2>/dev/full", ">/dev/full 2>&1"])
def test_a_run_whose_last_words_cannot_be_read_has_its_own_exit_code(tmp_path: Path, streams: str) -> None:
    command = f'exec "{sys.executable}" -c "$PROGRAM" "{tmp_path / "a file"}" {streams}'
    environ = os.environ | {"PROGRAM": STREAMS_PROGRAM}
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, cwd=ROOT, env=environ, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert (b"output_lost" in done.stderr) == (streams == ">/dev/full")


def test_a_full_disk_behind_standard_output_is_no_internal_error(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(OSError(errno.ENOSPC, "No space left on device"))) == 2
    assert capsys.readouterr().err == "ven-actors: writing failed: No space left on device; make room\n"


def test_a_full_disk_that_shows_when_the_last_words_are_flushed_is_told(
    run_body: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full:
        def flush(self) -> NoReturn:
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self) -> NoReturn:
            raise ValueError("closed")

    assert run_body(lambda: monkeypatch.setattr(sys, "stdout", Full())) == 2
    assert "standard output cannot be written (No space left on device)" in capsys.readouterr().err
