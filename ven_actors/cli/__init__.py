"""The command line: `ven-actors`, `python -m ven_actors` and, for `run` alone, `python run.py`."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping, Sequence

import click
import structlog

from ven_actors import __version__
from ven_actors.cli.lazy import EXIT_BROKEN_PIPE, LazyGroup, Place
from ven_actors.cli.streams import fill_closed_streams, lost_stdout, say_error, silence_stdout
from ven_actors.errors import FleetError, VtnError
from ven_actors.telemetry import LEVELS, configure_logging

EXIT_GOOD, EXIT_USAGE, EXIT_VTN, EXIT_INTERNAL, EXIT_INTERRUPTED = 0, 2, 3, 70, 130
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
PROGRAM = "ven-actors"
COMMANDS = {
    "run": Place("ven_actors.cli.run:run", "Run a fleet of VENs until it is stopped."),
    "status": Place("ven_actors.cli.status:status", "Show what a fleet is doing, or what it left."),
    "jobs": Place("ven_actors.cli.jobs:jobs", "List, pause and resume the jobs of a running fleet."),
    "vtn": Place("ven_actors.vtn.command:vtn", "Run the embedded VTN alone."),
    "resources": Place(
        "ven_actors.cli.resources:resources", "Make, list, check, approve, suspend and remove resources."
    ),
    "profiles": Place("ven_actors.cli.profiles:profiles", "Make and show load profiles."),
    "preview": Place("ven_actors.cli.preview:preview", "Print the reports one interval would send, without a network."),
    "provision": Place("ven_actors.cli.provision:provision", "Make vens, resources and targets at a VTN."),
    "deprovision": Place("ven_actors.cli.provision:deprovision", "Take back what provision did."),
    "doctor": Place("ven_actors.cli.doctor:doctor", "Find out what stands between a VEN and its VTN."),
}


@click.command(
    cls=LazyGroup,
    places=COMMANDS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "VEN_ACTORS",
        "max_content_width": 100,
    },
    epilog="Exit codes: 0 good, 1 readings evicted or unaccounted, status --check not healthy, "
    "2 usage or configuration, 3 credentials refused, VTN never reached or unusable, "
    "a check of doctor bad or not all provisioned, 70 internal error or stall.",
)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """A fleet of OpenADR 3 Virtual End Nodes, every reading accounted for."""


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command and return its exit code; every error becomes one line on standard error."""
    fill_closed_streams()
    level = environ.get("VEN_ACTORS_LOG_LEVEL", "").strip().lower()
    configure_logging("console", level if level in LEVELS else "info")
    code = _run(argv)
    lost = lost_stdout()
    if isinstance(lost, BrokenPipeError):
        code = EXIT_BROKEN_PIPE
    elif lost is not None:
        say_error(f"{PROGRAM}: standard output cannot be written ({lost.strerror})")
        code = code or EXIT_USAGE
    if lost is not None or code == EXIT_BROKEN_PIPE:
        silence_stdout()
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        result = cli.main(args=None if argv is None else list(argv), prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except FleetError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            say_error(f"{PROGRAM}: {line}")
        return EXIT_VTN if isinstance(error, VtnError) else EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the outermost frame: what nobody foresaw becomes one line
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            say_error(f"{PROGRAM}: {error.filename or 'writing failed'}: {error.strerror}; make room")
            return EXIT_USAGE
        hint = "VEN_ACTORS_LOG_LEVEL=debug shows where"
        say_error(f"{PROGRAM}: internal error: {type(error).__name__}: {error} ({hint})")
        structlog.get_logger(__name__).debug("internal_error", exc_info=error)
        return EXIT_INTERNAL
    return result if isinstance(result, int) else EXIT_GOOD
