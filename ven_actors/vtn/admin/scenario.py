"""Scenarios: a TOML file of steps that publish, change and cancel events, at times counted from the start."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ven_actors.vtn.admin.events import (
    DEFAULT_TYPE,
    Values,
    Wish,
    cancelled_event,
    changed_event,
    check_values,
    moment_s,
    new_event,
)
from ven_actors.vtn.admin.listing import shown
from ven_actors.vtn.admin.operator import AdminError, Operator
from ven_actors.vtn.units import seconds_of

DEFAULT_PROGRAM = "scenario"
_WORDS = ("publish", "change", "cancel")


class Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[step]]`: exactly one of `publish`, `change` and `cancel`, whose value labels the event in this file."""

    at: str
    publish: str | None = None
    change: str | None = None
    cancel: str | None = None
    program: str = DEFAULT_PROGRAM
    start: str | None = None
    duration: str | None = None
    type: str | None = None
    values: list[Values] = []
    units: str | None = None
    priority: int | None = None
    targets: list[str] = []
    ask: list[str] = []
    loops: bool = False
    delete: bool = True

    @property
    def deed(self) -> tuple[str, str]:
        """What is done, and to which label."""
        ((word, label),) = ((word, label) for word in _WORDS if (label := getattr(self, word)) is not None)
        return word, label

    @property
    def at_s(self) -> float:
        return moment_s(f"+{self.at}", 0.0)

    def wish(self, now_s: float) -> Wish:
        word, label = self.deed
        return Wish(
            name=label if word == "publish" else None,
            start_s=None if self.start is None else moment_s(self.start, now_s),
            length_s=None if self.duration is None else seconds_of(self.duration),
            payload_type=self.type,
            values=tuple(self.values),
            units=self.units,
            priority=self.priority,
            targets=tuple(self.targets),
            ask=tuple(self.ask),
            loops=self.loops,
        )


def read_scenario(path: Path) -> list[Step]:
    """The steps in order of time. Raises `AdminError` with everything that is wrong, a line each."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AdminError(f"{path}: {error}") from error
    given = content.pop("step", [])
    problems = [f"unknown key {name!r}; a scenario is made of [[step]]" for name in content]
    if not isinstance(given, list) or not given:
        problems.append("there is no [[step]]")
        given = []
    steps: list[Step] = []
    for number, each in enumerate(given, 1):
        step, found = _read_step(each)
        problems += [f"step {number}: {problem}" for problem in found]
        steps += [] if step is None else [step]
    steps.sort(key=lambda step: step.at_s)
    problems += _unknown_labels(steps)
    if problems:
        raise AdminError("\n".join(f"{path}: {problem}" for problem in problems))
    return steps


def _read_step(given: object) -> tuple[Step | None, list[str]]:
    """The step, if it can be told when it does what to which label, and all that is wrong with it."""
    if not isinstance(given, dict):
        return None, [f"it is {given!r}; a step is written as [[step]] with keys below it"]
    good, problems = _good_fields(given)
    said = [word for word in _WORDS if word in given]
    if len(said) != 1:
        problems.append(f"say exactly one of {', '.join(_WORDS)}; this says {', '.join(said) or 'none'}")
    if "at" not in given:
        problems.append("at is missing; write when, from the start: 0s, 15s, 5m")
    step = msgspec.convert({"at": "0s"} | good, Step)
    problems += _problems_of(step, given)
    tellable = len(said) == 1 and said[0] in good and "at" in good and _is_time(step.at)
    return step if tellable else None, problems


def _good_fields(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    good: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        if name not in Step.__struct_fields__:
            near = difflib.get_close_matches(name, Step.__struct_fields__, n=1, cutoff=0.5)
            problems.append(f"unknown key {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            continue
        try:
            msgspec.convert({"at": "0s", name: value}, Step)
        except msgspec.ValidationError as error:
            problems.append(f"{name} = {value!r}: {str(error).partition(' - at ')[0]}")
        else:
            good[name] = value
    return good, problems


def _problems_of(step: Step, given: dict[str, Any]) -> Iterator[str]:
    """What is wrong with values that are of the right kind; a key that is not has been spoken of already."""
    if not _is_time(step.at):
        yield f"at {step.at!r} is not a time after the start; write 0s, 15s, 5m"
    if step.duration is not None and not seconds_of(step.duration):
        yield f"duration {step.duration!r} is not a duration; write 15s, 5m, 1h or PT15S"
    if step.start is not None:
        try:
            moment_s(step.start, 0.0)
        except ValueError as error:
            yield f"start {error}"
    if step.publish is not None and not given.get("values") and not given.get("ask"):
        yield f"{step.publish!r} would be empty; give it values, or ask for reports"
    try:
        # A change without a type keeps that of the event, which is known when the scenario is played.
        check_values(step.type or (DEFAULT_TYPE if step.publish is not None else ""), tuple(step.values))
    except ValueError as error:
        yield str(error)
    if step.priority is not None and step.priority < 0:
        yield f"priority {step.priority} is below 0; 0 is the highest"


def _is_time(at: str) -> bool:
    try:
        moment_s(f"+{at}", 0.0)
    except ValueError:
        return False
    return True


def _unknown_labels(steps: list[Step]) -> Iterator[str]:
    alive: set[str] = set()
    for step in steps:
        word, label = step.deed
        if word == "publish":
            if label in alive:
                yield f"at {step.at}: {label!r} is published already; cancel it first or use another label"
            alive.add(label)
        elif label not in alive:
            yield f"at {step.at}: {label!r} is not published by then"
        elif word == "cancel":
            alive.remove(label)


@dataclass(slots=True)
class Player:
    """Plays steps against a VTN; `now_s` is wall time, `say` gets a line for each step."""

    operator: Operator
    now_s: Callable[[], float]
    say: Callable[[str], None]
    ids: dict[str, str] = field(default_factory=dict)

    def play(self, step: Step) -> dict[str, Any]:
        """The event as it stands afterwards, or as it stood when it was deleted."""
        word, label = step.deed
        try:
            event = self._done(word, label, step)
        except ValueError as error:
            raise AdminError(f"at {step.at}: {word} {label!r}: {error}") from error
        self.say(f"{step.at:>6}  {word:<8}{shown(event, self.now_s())}")
        return event

    def _done(self, word: str, label: str, step: Step) -> dict[str, Any]:
        now_s = self.now_s()
        if word == "publish":
            wanted = new_event(step.wish(now_s), now_s)
            event = self.operator.post("/events", {"programID": self.operator.program_id(step.program), **wanted})
            self.ids[label] = event["id"]
            return event
        path = f"/events/{quote(self.ids[label], safe='')}"
        if word == "change":
            return self.operator.put(path, changed_event(self.operator.get(path), step.wish(now_s)))
        del self.ids[label]
        if step.delete:
            return self.operator.delete(path)
        return self.operator.put(path, cancelled_event(self.operator.get(path)))
