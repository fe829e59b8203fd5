"""What only energydesk knows of the VTN's objects, and its readings: tables of their own in the VTN's database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import uuid
from dataclasses import dataclass
from enum import StrEnum

from ven_actors.vtn.facts import Stored

_SCHEMA = """
CREATE TABLE IF NOT EXISTS energydesk_resource (id TEXT PRIMARY KEY, facts BLOB NOT NULL, status TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS energydesk_enrolment (
    program_id TEXT NOT NULL, resource_id TEXT NOT NULL, PRIMARY KEY (program_id, resource_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS energydesk_response (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, ven_id TEXT NOT NULL, response_type TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS energydesk_report (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, client_id TEXT NOT NULL, body BLOB NOT NULL);
"""
_KEY = "energydesk_key"
_ROW_BYTES = 512
_PRUNED_TOGETHER = 1024


class Status(StrEnum):
    """Registration state of a resource: only approved ones are to be reported."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class Plan:
    """How this VTN treats resources.

    A new one is PENDING for `pending_s`, then `becomes`. `existing_status` is what registering one twice is answered:
    409, or 500 with words that say so, as some installations do.
    """

    becomes: Status = Status.APPROVED
    pending_s: float = 0.0
    existing_status: int = 409


class Book:
    """Runs in the store's thread, but for the tokens, which any thread may ask for.

    The auth_token of a ven is made of its id and a key that stays in the database, so none is stored.
    Of the readings, the newest that fit into about `keep_bytes` are kept.
    """

    def __init__(self, connection: sqlite3.Connection, plan: Plan, keep_bytes: int) -> None:
        self._connection = connection
        self.plan = plan
        self._most_rows = max(_PRUNED_TOGETHER, keep_bytes // _ROW_BYTES)
        connection.executescript(_SCHEMA)
        connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (_KEY, secrets.token_hex(32)))
        ((key,),) = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchall()
        self._key = str(key).encode()

    # --- the second credential

    def auth_token(self, ven_id: str) -> str:
        return f"{ven_id}.{hmac.new(self._key, ven_id.encode(), hashlib.sha256).hexdigest()}"

    def ven_of(self, token: str) -> str | None:
        """The id of the ven whose auth_token this is; None if it is nobody's."""
        ven_id = token.partition(".")[0]
        return ven_id if hmac.compare_digest(self.auth_token(ven_id).encode(), token.encode()) else None

    # --- resources

    def keep_resource(self, resource_id: str, facts: bytes) -> None:
        self._connection.execute("INSERT INTO energydesk_resource VALUES (?, ?, NULL)", (resource_id, facts))

    def facts_of(self, resource_id: str) -> bytes:
        """What its VEN said of the resource; empty for one that came in through another interface."""
        row = self._connection.execute("SELECT facts FROM energydesk_resource WHERE id = ?", (resource_id,)).fetchone()
        return b"" if row is None else bytes(row[0])

    def status_of(self, resource: Stored, now_s: float) -> Status:
        row = self._connection.execute("SELECT status FROM energydesk_resource WHERE id = ?", (resource.id,)).fetchone()
        if row is not None and row[0] is not None:
            return Status(row[0])
        return self.plan.becomes if now_s >= resource.created_s + self.plan.pending_s else Status.PENDING

    def set_status(self, resource_id: str, status: Status) -> None:
        self._connection.execute(
            "INSERT INTO energydesk_resource VALUES (?, '', ?) ON CONFLICT(id) DO UPDATE SET status = excluded.status",
            (resource_id, status),
        )

    def forget_all_but_reports(self) -> None:
        for table in ("energydesk_resource", "energydesk_enrolment", "energydesk_response"):
            self._connection.execute(f"DELETE FROM {table}")

    # --- programs and events

    def enrol(self, program_id: str, resource_id: str) -> bool:
        """False if it is enrolled already."""
        done = self._connection.execute(
            "INSERT OR IGNORE INTO energydesk_enrolment VALUES (?, ?)", (program_id, resource_id)
        )
        return done.rowcount > 0

    def enrolments(self) -> list[tuple[str, str]]:
        """Program and resource of each."""
        return self._connection.execute("SELECT program_id, resource_id FROM energydesk_enrolment").fetchall()

    def respond(self, event_id: str, ven_id: str, response_type: str) -> int:
        done = self._connection.execute(
            "INSERT INTO energydesk_response (event_id, ven_id, response_type) VALUES (?, ?, ?)",
            (event_id, ven_id, response_type),
        )
        return done.lastrowid or 0

    def responses(self) -> list[tuple[str, str, str]]:
        """Event, ven and response of each, in the order in which they came."""
        return self._connection.execute(
            "SELECT event_id, ven_id, response_type FROM energydesk_response ORDER BY seq"
        ).fetchall()

    # --- reports

    def add_report(self, client_id: str, body: bytes) -> str:
        report_id = uuid.uuid4().hex
        seq = self._connection.execute(
            "INSERT INTO energydesk_report (id, client_id, body) VALUES (?, ?, ?)", (report_id, client_id, body)
        ).lastrowid
        assert seq is not None
        if seq % _PRUNED_TOGETHER == 0:
            self._connection.execute("DELETE FROM energydesk_report WHERE seq <= ?", (seq - self._most_rows,))
        return report_id

    def reports(self, skip: int, limit: int) -> list[tuple[str, bytes]]:
        """Id and body of each, in the order in which they came."""
        return self._connection.execute(
            "SELECT id, body FROM energydesk_report ORDER BY seq LIMIT ? OFFSET ?", (limit, skip)
        ).fetchall()
