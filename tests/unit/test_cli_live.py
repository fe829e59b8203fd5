"""The live view on a terminal: what it draws, and what stays."""

import io
from typing import Any

import pytest
from rich.file_proxy import FileProxy

from ven_actors.cli.live import LiveView, PipeConsole

STATUS: dict[str, Any] = {
    "running": True,
    "vens": [{"name": "Herning", "state": "running"}],
    "readings": {"generated": 7},
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(Terminal):
    """A terminal that goes away after so many characters."""

    left = 50

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise OSError(5, "Input/output error")
        return len(text)


def console(stream: io.StringIO) -> PipeConsole:
    return PipeConsole(file=stream, force_terminal=True, width=120, height=30, _environ={})


@pytest.mark.parametrize("document", [STATUS, b'{"vens": [{"name": "Herning"}]}'])
def test_the_view_draws_a_status_or_its_json(document: dict[str, Any] | bytes) -> None:
    stream = Terminal()
    with LiveView(console(stream)) as view:
        assert stream.getvalue() == ""
        view.show(document)
        assert "Herning" in stream.getvalue()
        view.show(document)
        drawn = len(stream.getvalue())
    last = stream.getvalue()[drawn:]
    assert "\x1b[?25h" in last
    assert last.count("\x1b[2K") > 3, "a picture that says running is taken away"


def test_the_picture_of_a_fleet_that_has_ended_stays_and_is_the_last() -> None:
    stream = Terminal()
    with LiveView(console(stream)) as view:
        view.show(STATUS)
        view.show(STATUS | {"running": False})
        ended = stream.getvalue()
        view.show(STATUS)
    assert view.kept
    assert stream.getvalue() == ended
    assert ended.endswith("\x1b[?25h")
    last = ended[ended.rindex("not running") :]
    assert "Herning" in last
    assert "\x1b[2K" not in last


def test_log_lines_stand_above_the_view() -> None:
    stream = Terminal()
    with LiveView(console(stream)) as view:
        view.show(STATUS)
        logs = view.log_stream(Terminal())
        assert isinstance(logs, FileProxy)
        drawn = len(stream.getvalue())
        logs.write("vtn_lost\n")
        later = stream.getvalue()[drawn:]
    assert later.index("vtn_lost") < later.index("Herning")


def test_log_lines_that_go_to_a_file_still_do() -> None:
    with LiveView(console(Terminal())) as view:
        assert view.log_stream(io.StringIO()) is None


def test_a_terminal_that_goes_away_ends_the_view_and_nothing_else() -> None:
    stream = Gone()
    with LiveView(console(stream)) as view:
        view.show(STATUS)
        tried = stream.left
        assert tried < 0
        view.show(STATUS)
        assert stream.left == tried


def test_a_pipe_that_breaks_is_left_to_the_caller() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        PipeConsole(file=Broken()).print("x")
