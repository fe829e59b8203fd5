"""Programs, events, vens, resources and subscriptions as rows. Lists come in the order of creation."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from ven_actors.vtn.facts import Draft, Kind, Privacy, Query, Stored, Viewer

_COLUMNS = "id, kind, name, parent_id, client_id, targets, ends_s, created_s, modified_s, body, body_301, claimed_by"
_GRANTED = (
    "SELECT given.target FROM object holder JOIN target given ON given.seq = holder.seq"
    " WHERE holder.client_id = ? AND holder.kind IN ('VEN', 'RESOURCE')"
)
_BY_CLIENT = frozenset({Kind.VEN, Kind.RESOURCE, Kind.SUBSCRIPTION})
# Each kind of `o.body` that a subscription is to, once; a BLOB is no JSON to SQLite.
_SUBSCRIBED = (
    "SELECT DISTINCT kind.value FROM json_each(CAST(o.body AS TEXT), '$.objectOperations') entry,"
    " json_each(entry.value, '$.objects') kind"
)


class Objects:
    """Rows of the table `object`; runs in the store's thread only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, draft: Draft, now_s: float) -> Stored:
        """Raises `sqlite3.IntegrityError`, having changed nothing, if the name is taken."""
        object_id = uuid.uuid4().hex
        seq = self._connection.execute(
            "INSERT INTO object (id, kind, name, parent_id, client_id, targets, ends_s, created_s, modified_s, body,"
            " body_301) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (object_id, draft.kind, *_values(draft), now_s, now_s, draft.body, draft.body_301),
        ).lastrowid
        assert seq is not None
        self._write_targets(seq, draft.targets)
        return Stored(object_id, now_s, now_s, draft)

    def replace(self, old: Stored, draft: Draft, now_s: float) -> Stored:
        """Raises `sqlite3.IntegrityError`, having changed nothing, if the name is taken."""
        ((seq,),) = self._connection.execute(
            "UPDATE object SET name = ?, parent_id = ?, client_id = ?, targets = ?, ends_s = ?, modified_s = ?,"
            " body = ?, body_301 = ? WHERE id = ? RETURNING seq",
            (*_values(draft), now_s, draft.body, draft.body_301, old.id),
        ).fetchall()
        self._connection.execute("DELETE FROM target WHERE seq = ?", (seq,))
        self._write_targets(seq, draft.targets)
        return Stored(old.id, old.created_s, now_s, draft, old.claimed_by)

    def claim(self, stored: Stored, client_id: str | None) -> None:
        """Say whose it is in OpenADR 3.0.1, or that nobody has claimed it."""
        self._connection.execute("UPDATE object SET claimed_by = ? WHERE id = ?", (client_id, stored.id))

    def delete(self, stored: Stored) -> list[Stored]:
        """Delete the object and what hangs on it: a program's events and subscriptions, a ven's resources.

        Returns what hung on it.
        """
        rows = self._connection.execute(
            f"DELETE FROM object WHERE id = ? OR parent_id = ? RETURNING seq, {_COLUMNS}", (stored.id, stored.id)
        ).fetchall()
        self._connection.executemany("DELETE FROM target WHERE seq = ?", [(row[0],) for row in rows])
        return [found for row in sorted(rows) if (found := _stored(row[1:])).id != stored.id]

    def forget_all(self) -> None:
        """Every object goes, of whatever kind."""
        self._connection.execute("DELETE FROM object")
        self._connection.execute("DELETE FROM target")

    def has_children(self, stored: Stored) -> bool:
        row = self._connection.execute("SELECT 1 FROM object WHERE parent_id = ? LIMIT 1", (stored.id,)).fetchone()
        return row is not None

    def get(self, kind: Kind, object_id: str, viewer: Viewer) -> Stored | None:
        """The object, or None if there is none of this id or the viewer may not see it."""
        condition, values = _visible(kind, viewer)
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM object o WHERE o.id = ? AND o.kind = ?{condition}",
            (object_id, kind, *values),
        ).fetchone()
        return None if row is None else _stored(row)

    def find(self, kind: Kind, query: Query, viewer: Viewer) -> list[Stored]:
        condition, values = _visible(kind, viewer)
        conditions = ["o.kind = ?"]
        parameters: list[str | float] = [kind]
        for clause, value in (
            ("o.name = ?", query.name),
            ("o.parent_id = ?", query.parent_id),
            ("(o.ends_s IS NULL OR o.ends_s > ?)", query.active_at_s),
        ):
            if value is not None:
                conditions.append(clause)
                parameters.append(value)
        if query.targets:
            marks = ", ".join("?" * len(query.targets))
            conditions.append(f"(SELECT count(*) FROM target t WHERE t.seq = o.seq AND t.target IN ({marks})) = ?")
            parameters += [*query.targets, len(query.targets)]
        if query.objects:
            marks = ", ".join("?" * len(query.objects))
            conditions.append(f"(SELECT count(*) FROM ({_SUBSCRIBED}) WHERE value IN ({marks})) = ?")
            parameters += [*query.objects, len(query.objects)]
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM object o WHERE {' AND '.join(conditions)}{condition}"
            " ORDER BY o.seq LIMIT ? OFFSET ?",
            (*parameters, *values, query.limit, query.skip),
        )
        return [_stored(row) for row in rows]

    def granted(self, client_id: str) -> frozenset[str]:
        """The targets that business logic has given to this client's vens and resources."""
        return frozenset(target for (target,) in self._connection.execute(_GRANTED, (client_id,)))

    def has_named(self, kind: Kind, name: str) -> bool:
        """Whether there is a ven, or a resource of any ven, of this name."""
        condition = f"kind = '{kind.value}' AND name = ?"  # literally, as the indexes by name are partial
        return self._connection.execute(f"SELECT 1 FROM object WHERE {condition}", (name,)).fetchone() is not None

    def count(self, kind: Kind) -> int:
        (number,) = self._connection.execute("SELECT count(*) FROM object WHERE kind = ?", (kind,)).fetchone()
        return int(number)

    def _write_targets(self, seq: int, targets: Iterable[str] | None) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO target VALUES (?, ?)", [(seq, target) for target in targets or ()]
        )


def _visible(kind: Kind, viewer: Viewer) -> tuple[str, tuple[str, ...]]:
    """Object privacy (3.1.0 Definition): own vens and resources; what has no target or a granted one."""
    if viewer.sees_all:
        return "", ()
    if kind in _BY_CLIENT:
        own = "ifnull(o.claimed_by, o.client_id)" if viewer.privacy is Privacy.OWN_OBJECTS else "o.client_id"
        return f" AND {own} = ?", (viewer.client_id,)
    if viewer.sees_all_targets:
        return "", ()
    condition = (
        " AND (NOT EXISTS (SELECT 1 FROM target t WHERE t.seq = o.seq)"
        f" OR EXISTS (SELECT 1 FROM target t WHERE t.seq = o.seq AND t.target IN ({_GRANTED})))"
    )
    return condition, (viewer.client_id,)


def _values(draft: Draft) -> tuple[str | float | None, ...]:
    targets = None if draft.targets is None else msgspec.json.encode(draft.targets).decode()
    return draft.name, draft.parent_id, draft.client_id, targets, draft.ends_s


def _stored(row: tuple[Any, ...]) -> Stored:
    object_id, kind, name, parent_id, client_id, targets, ends_s, created_s, modified_s, body, body_301, claimed_by = (
        row
    )
    kept = None if targets is None else msgspec.json.decode(targets, type=tuple[str, ...])
    draft = Draft(Kind(kind), body, name, parent_id, client_id, kept, ends_s, body_301)
    return Stored(object_id, created_s, modified_s, draft, claimed_by)
