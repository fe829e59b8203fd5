"""The frozen configuration of a run, and the one table of its options.

Each field of `FleetConfig` carries its kind, its help and its section. The flags of `run`, the environment variables
`VEN_ACTORS_<NAME>` and the keys of the TOML file are all derived from it: `report_every` is `--report-every`,
`VEN_ACTORS_REPORT_EVERY` and `report_every = "15s"`. Fields that end in a unit drop it there (`report_every_s`).
"""

# ruff: noqa: RUF009 - _option is dataclasses.field, with the metadata of one row of the table
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from ven_actors.config_groups import Group, groups
from ven_actors.config_kinds import (
    Kind,
    all_or_count,
    choice,
    duration,
    integer,
    interval_or_cron,
    labels,
    lower_text,
    names,
    number,
    optional,
    path,
    positive_or_unlimited,
    push_ways,
    size,
    some_of,
    switch,
    text,
    whole_seconds,
)
from ven_actors.config_urls import http_url, vtn_url

T = TypeVar("T")
HOUR_S, DAY_S, YEAR_S = 3600, 86400, 366 * 86400
MIB, GIB = 2**20, 2**30
DEFAULT_VENS = ("Herning", "Aalborg")
ENVIRONMENT_PREFIX = "VEN_ACTORS_"


class Option(NamedTuple):
    """One row of the table: `key` is its place in the TOML file, `field` its place in `FleetConfig`."""

    name: str
    key: tuple[str, ...]
    field: str
    kind: Kind[Any]
    default: Any
    default_text: str
    help: str
    section: str

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        return f"{ENVIRONMENT_PREFIX}{self.name.upper()}"


def _option(name: str, kind: Kind[T], default: str, section: str, help_text: str) -> T:
    """A dataclass field; `default` is written as a user would write it."""
    metadata = {"name": name, "kind": kind, "default": default, "section": section, "help": help_text}
    return field(default=kind.read(default), metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Cadence of the clock's own jobs: seconds between two runs, or a cron line (UTC)."""

    heartbeat: float | str = _option("heartbeat", interval_or_cron(), "5m", "Schedule", "log that the fleet is alive")
    status: float | str = _option("status", interval_or_cron(), "5m", "Schedule", "log the fleet's totals")
    program_sync: float | str = _option("program_sync", interval_or_cron(), "1h", "Schedule", "read the programs again")
    enrolment: float | str = _option("enrolment", interval_or_cron(), "0 3 * * *", "Schedule", "check registrations")
    ven_check: float | str = _option("ven_check", interval_or_cron(), "10m", "Schedule", "look for each VEN at its VTN")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetConfig:
    """Everything `run` can be told. Times in seconds, sizes in bytes; None means "not set"."""

    vens: tuple[str, ...] = _option(
        "vens", names(), "", "Fleet", f"VENs of the registry, by name; with no count either: {','.join(DEFAULT_VENS)}"
    )
    count: int = _option(
        "count", integer(0, 100_000), "0", "Fleet", "so many VENs more, Fleet-0001 and on, made from the seed"
    )
    approve: int | Literal["all"] = _option(
        "approve",
        all_or_count(1_000_000),
        "120",
        "Fleet",
        "resources approved per VEN in a new state folder; later: ven-actors resources approve",
    )
    state: Path = _option("state", path("DIR"), "state", "Fleet", "folder that keeps everything; one fleet at a time")
    registry: Path | None = _option(
        "registry",
        optional(path("FILE")),
        "",
        "Fleet",
        "database of VENs and resources; empty: resources.db in the state folder",
    )
    profiles: Path | None = _option(
        "profiles",
        optional(path("FILE")),
        "",
        "Fleet",
        "HDF5 load profiles; empty: the week that comes with the program",
    )
    seed: int = _option("seed", integer(0, 2**63 - 1), "1", "Fleet", "all chance comes from it")
    loads: tuple[str, ...] = _option(
        "loads", some_of(*(f"load_{index}" for index in range(6))), "", "Fleet", "load components to meter; empty: all"
    )
    aggregate: bool = _option("aggregate", switch(), "false", "Fleet", "meter the sum of a resource's loads alone")
    noise: float = _option(
        "noise", number(0, 1), "0.05", "Fleet", "variation on the profiles, as a share of the power; 0 switches it off"
    )
    opt_out: float = _option(
        "opt_out", number(0, 1), "0", "Fleet", "share of the VENs, drawn from the seed, that react to no event"
    )

    vtn_url: str | None = _option(
        "vtn_url",
        optional(vtn_url()),
        "",
        "VTN",
        "base URL of an outside VTN, or mdns: to find a local one; empty: start the embedded one",
    )
    dialect: str = _option(
        "dialect",
        lower_text("NAME"),
        "auto",
        "VTN",
        "how the VTN speaks: openadr-3.1, openadr-3.0.1, energydesk, or auto: found out",
    )
    targets: tuple[str, ...] = _option(
        "targets",
        names(),
        "",
        "VTN",
        "also ask for what these target; in 3.0.1 they are ours too, like SERVICE_AREA=7400",
    )
    programs: tuple[str, ...] = _option(
        "programs", labels(), "", "VTN", "take part in these programs only: names, or patterns like PRICE-*; empty: all"
    )
    parsing: str = _option(
        "parsing",
        choice("lenient", "strict"),
        "lenient",
        "VTN",
        "how what deviates from the standard is read; strict refuses each such object, and says where",
    )
    groups: tuple[Group, ...] = _option(
        "groups", groups(), "", "VTN", "VENs of another dialect or VTN; in the file one table [[groups]] each"
    )
    credentials: str | None = _option(
        "credentials",
        optional(text("FILE|TEMPLATE")),
        "",
        "VTN",
        "CSV or TOML file, or a template like client_id={ven},client_secret_file=/run/secrets/{ven}",
    )
    ca_file: Path | None = _option(
        "ca_file", optional(path("FILE")), "", "VTN", "PEM certificates to trust instead of the usual ones"
    )
    insecure_tls: bool = _option("insecure_tls", switch(), "false", "VTN", "do not check the VTN's certificate")
    insecure_http: bool = _option(
        "insecure_http", switch(), "false", "VTN", "allow plain http to a VTN that is not on this machine"
    )
    quirks: tuple[str, ...] = _option(
        "quirk", names(), "", "VTN", "let the embedded VTN deviate as real ones do: names of its quirks, or all"
    )
    deadline_s: float = _option(
        "deadline", duration(0.1, 600), "30s", "VTN", "longest time for one request, answer included"
    )
    max_response_bytes: int = _option(
        "max_response", size(1024, GIB), "16MiB", "VTN", "largest answer that is read, after unpacking"
    )
    vtn_keep_bytes: int = _option(
        "vtn_keep", size(MIB, 1024 * GIB), "1GiB", "VTN", "report bodies the embedded VTN keeps; the oldest go"
    )

    push: tuple[str, ...] = _option(
        "push",
        push_ways(),
        "auto",
        "Push",
        "hear of changes between polls; auto: webhook from the embedded VTN, if any",
    )
    push_poll_every_s: float = _option(
        "push_poll_every", duration(0.1, DAY_S), "5m", "Push", "between two readings of the events while push works"
    )
    webhook_url: str | None = _option(
        "webhook_url", optional(http_url()), "", "Push", "what the VTN calls; empty: this machine at webhook_port"
    )
    webhook_host: str = _option(
        "webhook_host", text("ADDRESS"), "127.0.0.1", "Push", "address that the callback server listens on"
    )
    webhook_port: int = _option(
        "webhook_port", integer(0, 65535), "0", "Push", "port that the callback server listens on; 0: any free one"
    )
    webhook_cert: Path | None = _option(
        "webhook_cert", optional(path("FILE")), "", "Push", "PEM certificate and key of the callback server, for https"
    )

    interval_s: int = _option(
        "interval",
        whole_seconds(1, DAY_S),
        "15s",
        "Time",
        "the VENs' metering interval (simulated), aligned to the clock",
    )
    report_every_s: int = _option(
        "report_every", whole_seconds(1, DAY_S), "15s", "Time", "what the demo's own event asks for (simulated)"
    )
    poll_every_s: float = _option("poll_every", duration(1, DAY_S), "30s", "Time", "between two readings of the events")
    duration_s: float | None = _option(
        "duration", optional(duration(0.1, 10 * YEAR_S)), "", "Time", "then drain and exit; empty: until stopped"
    )
    speed: float = _option("speed", number(0.001, 10_000), "1", "Time", "simulated time runs so many times as fast")
    catch_up_s: float = _option(
        "catch_up", duration(0, YEAR_S), "1h", "Time", "made up for after a stop (simulated); what is older is a gap"
    )

    senders: int = _option(
        "senders", integer(1, 256), "4", "Delivery", "most reports in flight at once to one VTN; a thread each"
    )
    rate: float | None = _option(
        "rate", positive_or_unlimited(1_000_000), "200", "Delivery", "requests per second to each origin; 0: no limit"
    )
    drain_s: float = _option(
        "drain", duration(0, DAY_S), "10s", "Delivery", "time to deliver what is queued at the end"
    )
    flush_s: float = _option("flush", duration(0.01, 60), "0.2s", "Delivery", "between two commits of the outbox")
    outbox_max_bytes: int = _option(
        "outbox_max",
        size(MIB, 1024 * GIB),
        "1GiB",
        "Delivery",
        "largest outbox; beyond it the oldest readings are evicted",
    )
    max_report_bytes: int = _option(
        "max_report_bytes",
        size(1024, GIB),
        "1MB",
        "Delivery",
        "largest report; a larger one goes out in parts, and on 413 the half is the bound from then on",
    )
    keep_accepted_s: float = _option(
        "keep_accepted", duration(0, YEAR_S), "1h", "Delivery", "how long accepted readings stay in the outbox"
    )

    summary: Path | None = _option(
        "summary", optional(path("FILE")), "", "Output", "write the run's summary there as JSON, also after a failure"
    )
    headless: bool = _option("headless", switch(), "false", "Output", "no live view, even on a terminal")
    log_format: str = _option("log_format", choice("console", "json"), "console", "Output", "how log lines look")
    log_level: str = _option(
        "log_level", choice("debug", "info", "warning", "error"), "info", "Output", "least level that is logged"
    )
    metrics_port: int = _option(
        "metrics_port", integer(0, 65535), "0", "Output", "Prometheus text on this loopback port; 0: off"
    )

    schedule: Schedule = field(default_factory=Schedule)
    config: Path | None = None

    @property
    def registry_path(self) -> Path:
        return self.registry or self.state / "resources.db"


def _rows(of: type[FleetConfig | Schedule], prefix: tuple[str, ...]) -> Iterator[Option]:
    for item in fields(of):
        if not item.metadata:
            continue
        given = item.metadata
        key = (*prefix, str(given["name"]))
        yield Option(
            name="_".join(key),
            key=key,
            field=item.name,
            kind=given["kind"],
            default=item.default,
            default_text=given["default"],
            help=given["help"],
            section=given["section"],
        )


OPTIONS: tuple[Option, ...] = (*_rows(FleetConfig, ()), *_rows(Schedule, ("schedule",)))
