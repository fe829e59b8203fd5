"""`run.py` as a process, in each dialect, against its VTN with quirks: what stands there is the truth, once.

All that shows in every answer, with doubts about reports, here; `EVERY_QUIRK=1` runs the whole matrix of dialect and
quirk. The cells that would show nothing are named in `quirk_matrix.WITHOUT_MEANING`, with the reason.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import truth_energydesk
from quirk_matrix import WITHOUT_MEANING, Cell, Windows, all_pages, check_readings, every_cell, few_cells

from ven_actors.vtn.quirks import Quirk

CELLS = every_cell() if os.environ.get("EVERY_QUIRK") else few_cells()
LEFT = ("queued", "quarantined", "evicted", "gap", "unaccounted")
SCHEDULE = '[schedule]\nenrolment = "2s"\n'


@pytest.mark.timeout(170)
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_value_stands_in_the_vtn_exactly_once(
    cell: Cell, tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log, file = (tmp_path / name for name in ("state", "s.json", "log", "fleet.toml"))
    file.write_text(SCHEDULE)
    arguments = (
        *cell.arguments, "--config", str(file), "--profiles", str(profile), "--state", str(state),
        "--summary", str(out),
    )  # fmt: skip
    for _ in range(cell.runs):
        with truth.fleet(*arguments, log=log) as process:
            assert process.wait(150) == 0, log.read_text()[-5000:]
    said = truth.summary(out)
    readings = said["readings"]
    assert said["vtn"]["dialect"] == cell.dialect
    assert {name: readings[name] for name in LEFT} == dict.fromkeys(LEFT, 0), log.read_text()[-5000:]
    # What nobody asked for is what was metered while a VTN had lost its events; energydesk takes everything.
    may_be_unasked = cell.is_emptied and cell.dialect != "energydesk"
    assert readings["generated"] > 0
    assert may_be_unasked or readings["unasked"] == 0
    known = truth.Truth(profile, state / "resources.db")
    known.loads = {name: known.loads[name] for name in cell.vens}
    url, token = vtn_process(state / "vtn")
    if cell.dialect == "energydesk":
        stored = list(truth_energydesk.readings_of(url.replace("/openadr3/3.1.0", "/energydesk"), token))
        check_readings(known, said, stored, cell.vens)
        return
    windows = Windows(known, all_pages(url, token, "reports"), all_pages(url, token, "events"))
    windows.check_all_from(windows.back_s if cell.is_emptied else 0)
    if not cell.is_emptied:
        assert windows.count * 6 == readings["generated"] == readings["accepted"]


def test_every_quirk_is_run_in_every_dialect_or_named_as_without_meaning() -> None:
    run = {(cell.dialect, quirk) for cell in every_cell() for quirk in cell.quirks}
    dialects = {cell.dialect for cell in every_cell()}
    assert {(dialect, quirk) for dialect in dialects for quirk in Quirk} <= run | WITHOUT_MEANING.keys()
