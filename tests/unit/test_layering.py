"""Who may import whom: the table of docs/architecture.md, held by walking the imports."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ven_actors"
OURS = "ven_actors"

# What each part may import of ours, apart from its own folder. `fleet` and `cli` see everything.
MAY_IMPORT = {
    "errors": set(),
    "secret": set(),
    "intervals": set(),
    "model": {"secret", "intervals", "signals"},
    "columns": set(),
    "signals": set(),
    "durations": set(),
    "meters": set(),
    "kept": set(),
    "messages": {"model", "kept"},
    "records": {"model"},
    "delivery": {"model", "errors", "records", "columns"},
    "openadr": {"model", "kept", "secret", "errors", "signals"},
    "simulation": {"model", "errors", "meters", "columns", "signals"},
    "storage": {"model", "errors", "meters", "records", "kept"},
    "push": {"model", "errors", "messages", "openadr"},
    "vtn": set(),
    "actors": {
        "model",
        "kept",
        "errors",
        "columns",
        "signals",
        "messages",
        "records",
        "delivery",
        "openadr",
        "simulation",
    },
    "telemetry": {"errors"},
    "metrics": {"errors"},
    "control": {"errors"},
    "config": {"errors", "durations"},
    "credentials": {"errors", "model", "secret", "config"},
}
SEES_EVERYTHING = {"fleet", "cli", "testing", "__main__", "__init__"}
# The pure part of the client side: no socket, no session. It is all that actors may use of it.
PURE_OPENADR = {"asking", "report_schedule", "event_book", "events", "comparison", "signals", "shown_events", "alike"}
FOREIGN_TO_ACTORS = {"requests", "urllib3", "peewee", "playhouse", "h5py", "sqlite3", "socket", "http"}


def part_of(module: str) -> str:
    """`ven_actors.config_kinds` belongs to config, `ven_actors.delivery.outbox` to delivery."""
    name = module.split(".")[1] if "." in module else "__init__"
    return name.split("_")[0] if name.split("_")[0] in {"config", "credential", "credentials"} else name


def named(part: str) -> str:
    return "credentials" if part == "credential" else part


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == OURS}
    return found


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    own = named(part_of(module_name(path)))
    if own in SEES_EVERYTHING:
        return
    for imported in imports_of(path):
        if not imported.startswith(f"{OURS}."):
            continue
        other = named(part_of(imported))
        if other in {own, "__version__"}:
            continue
        assert other in MAY_IMPORT[own], f"{module_name(path)} imports {imported}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "actors").glob("*.py")), ids=module_name)
def test_actors_know_nothing_of_sockets_databases_and_files(path: Path) -> None:
    imported = imports_of(path)
    assert not {name.split(".")[0] for name in imported} & FOREIGN_TO_ACTORS
    from_openadr = {name.split(".")[2] for name in imported if name.startswith(f"{OURS}.openadr.")}
    assert from_openadr <= PURE_OPENADR


def test_actors_that_do_the_work_do_not_import_each_other() -> None:
    workers = ("clock", "reporter", "sender", "supervisor", "ven")
    for worker in workers:
        others = {f"{OURS}.actors.{other}" for other in workers if other != worker}
        assert not imports_of(PACKAGE / "actors" / f"{worker}.py") & others


def test_no_file_is_longer_than_300_lines() -> None:
    long = {module_name(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


def test_the_walk_sees_the_whole_package() -> None:
    parts = {named(part_of(module_name(path))) for path in MODULES}
    assert parts <= MAY_IMPORT.keys() | SEES_EVERYTHING
    assert {"actors", "vtn", "delivery", "openadr", "storage", "simulation"} <= parts
