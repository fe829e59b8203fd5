"""Scenarios: a TOML file of steps that publish, change and cancel events, at times counted from the start."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ven_actors.vtn.admin.events import (
    DEFAULT_TYPE,
    Value,
    Wish,
    cancelled_event,
    changed_event,
    check_values,
    moment_s,
    new_event,
    shown,
)
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
    values: list[Value] = []
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
        try:
            steps.append(_checked(msgspec.convert(each, Step)))
        except (msgspec.ValidationError, ValueError) as error:
            problems.append(f"step {number}: {error}")
    steps.sort(key=lambda step: step.at_s)
    problems += _unknown_labels(steps) if not problems else []
    if problems:
        raise AdminError("\n".join(f"{path}: {problem}" for problem in problems))
    return steps


def _checked(step: Step) -> Step:
    said = [word for word in _WORDS if getattr(step, word) is not None]
    if len(said) != 1:
        raise ValueError(f"say exactly one of {', '.join(_WORDS)}; this says {', '.join(said) or 'none'}")
    if step.duration is not None and not seconds_of(step.duration):
        raise ValueError(f"duration {step.duration!r} is none; write 15s, 5m, 1h or PT15S")
    try:
        _ = step.at_s
    except ValueError:
        raise ValueError(f"at {step.at!r} is no time after the start; write 0s, 15s, 5m") from None
    wish = step.wish(0.0)
    if step.publish is not None and not wish.values and not wish.ask:
        raise ValueError(f"{step.publish!r} would be empty; give it values, or ask for reports")
    # A change without a type keeps that of the event, which is known when the scenario is played.
    check_values(wish.payload_type or (DEFAULT_TYPE if step.publish is not None else ""), wish.values)
    if step.priority is not None and step.priority < 0:
        raise ValueError(f"priority {step.priority} is below 0; 0 is the highest")
    return step


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
        self.say(f"{step.at:>6}  {word:<8}{shown(event)}")
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
