"""Where configuration values come from, weakest first: defaults, TOML file, environment, flags.

Every source is read to its end, so that the user sees all that is wrong at once.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ven_actors.config import ENVIRONMENT_PREFIX, OPTIONS, FleetConfig, Option, Schedule
from ven_actors.config_applies import Command, Idle, idle
from ven_actors.config_checks import checked, run_names
from ven_actors.errors import UsageError

CONFIG_FLAG, CONFIG_VARIABLE = "--config", f"{ENVIRONMENT_PREFIX}CONFIG"
LARGEST_FILE_BYTES = 2**20
_OF_OTHER_COMMANDS = tuple(
    f"{ENVIRONMENT_PREFIX}{start}"
    for start in (
        "VTN_",
        "RESOURCES_",
        "PROFILES_",
        "STATUS_",
        "PREVIEW_",
        "DOCTOR_",
        "PROVISION_",
        "DEPROVISION_",
        "FAULTS",
    )
)
_BY_KEY = {option.key: option for option in OPTIONS}
_KEYS = [".".join(option.key) for option in OPTIONS]
_TABLES = {option.key[:-1] for option in OPTIONS if len(option.key) > 1}


class Setting(NamedTuple):
    """A value and who said so, as an error would name it."""

    value: Any
    origin: str


class UnknownVariable(NamedTuple):
    variable: str
    nearest: str


@dataclass(slots=True)
class _Gathered:
    settings: dict[str, Setting] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take(self, option: Option, raw: object, origin: str) -> None:
        try:
            self.settings[option.name] = Setting(option.kind.read(raw), origin)
        except ValueError as error:
            self.problems.append(f"{origin}: {error}")


class Loaded(NamedTuple):
    config: FleetConfig
    unknown_variables: tuple[UnknownVariable, ...]


def load_config(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    command: Command | None = None,
    warn: Callable[[Idle], object] = lambda _: None,
) -> Loaded:
    """The configuration from `flags` (by option name; None means "not given"), `environ` and the file they name.

    What cannot apply in `command` is wrong too, or told to `warn`. Raises UsageError with one line for each problem of
    all sources.
    """
    gathered = _Gathered()
    config_path = _config_path(flags, environ)
    if config_path is not None:
        _take_file(gathered, config_path)
    for option in OPTIONS:
        if environ.get(option.variable, "").strip():
            gathered.take(option, environ[option.variable], option.variable)
    if command is not None:
        gathered.problems += _empty_url_problems(flags, gathered.settings)
    for option in OPTIONS:
        if flags.get(option.name) is not None:
            gathered.take(option, flags[option.name], option.flag)
    config = checked(_built(gathered.settings, config_path), gathered.settings, gathered.problems, command)
    unknown = tuple(unknown_variables(environ))
    if gathered.problems:
        strange = [f"{it.variable}: unknown variable, ignored; the nearest is {it.nearest}" for it in unknown]
        raise UsageError("\n".join([*gathered.problems, *strange]))
    if command is not None:
        for without_effect in idle(config, gathered.settings, command, run_names(config)):
            warn(without_effect)
    return Loaded(config, unknown)


def _empty_url_problems(flags: Mapping[str, object], weaker: Mapping[str, Setting]) -> list[str]:
    """An empty URL that overrides nothing is a variable that was never set, and would mean the embedded VTN."""
    url = flags.get("vtn_url")
    if url is None or str(url).strip() or ("vtn_url" in weaker and weaker["vtn_url"].value):
        return []
    return ["--vtn-url: is empty; name the VTN, or leave it out for the embedded one"]


def _config_path(flags: Mapping[str, object], environ: Mapping[str, str]) -> Path | None:
    written = flags.get("config")
    if written is None:
        written = environ.get(CONFIG_VARIABLE)
    return Path(str(written)).expanduser() if written else None


def _built(settings: Mapping[str, Setting], config_path: Path | None) -> FleetConfig:
    top = {o.field: settings[o.name].value for o in OPTIONS if o.name in settings and len(o.key) == 1}
    jobs = {o.field: settings[o.name].value for o in OPTIONS if o.name in settings and len(o.key) > 1}
    return FleetConfig(**top, schedule=Schedule(**jobs), config=config_path)


# --- the file --------------------------------------------------------------------------------------------------


def _take_file(gathered: _Gathered, path: Path) -> None:
    try:
        document = _read_toml(path)
    except UsageError as error:
        gathered.problems.append(str(error))
        return
    for key, value in _leaves(document, ()):
        dotted = ".".join(key)
        if key in _BY_KEY:
            gathered.take(_BY_KEY[key], value, f"{path}: {dotted}")
        elif key in _TABLES:
            gathered.problems.append(f"{path}: {dotted}: is a table; write [{dotted}] and its keys below it")
        else:
            gathered.problems.append(f"{path}: {dotted}: unknown key; the nearest is {nearest(dotted, _KEYS)}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise UsageError(f"{path}: is larger than {LARGEST_FILE_BYTES} bytes, so it is no configuration file")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a TOML file with {CONFIG_FLAG}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None


def _leaves(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        key = (*above, name)
        if isinstance(value, dict) and key in _TABLES:
            yield from _leaves(value, key)
        else:
            yield key, value


# --- the environment -------------------------------------------------------------------------------------------


def unknown_variables(environ: Iterable[str]) -> Iterator[UnknownVariable]:
    """Variables that start like ours, belong to no command, and are most likely misspelt."""
    known = [CONFIG_VARIABLE, *(option.variable for option in OPTIONS)]
    for variable in sorted(environ):
        ours = variable.startswith(ENVIRONMENT_PREFIX) and not variable.startswith(_OF_OTHER_COMMANDS)
        if ours and variable not in known:
            yield UnknownVariable(variable, nearest(variable, known))


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, however far off; case, hyphens and the table it stands in count little."""
    candidates = list(known)
    folded = word.lower().replace("-", "_")
    by_fold = {candidate.lower(): candidate for candidate in candidates}
    by_fold |= {candidate.lower().rpartition(".")[2]: candidate for candidate in candidates if "." in candidate}
    found = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0)
    return by_fold[found[0]]
