# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing an audit log, verifying it, and tampering with it as the owner of the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg2

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import GENESIS, Link, digest
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.export import export_log
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verification import Verification
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verify import verify
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import act as name_actor
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect, reading

from .documents import of_owner

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

KEYRING = Keyring.generate()
TENANT = "6f6b2f0e-5b7c-4f0d-9c53-6a2f4a0a3c11"
Attack = Callable[["Cursor"], None]


def entry(number: int, **values: Any) -> Entry:
    """Return an entry with every field set."""
    fields = {
        "actor": "anna@example.org",
        "actor_user_id": TENANT,
        "api_key_prefix": "wcp_1",
        "tenant_id": TENANT,
        "metadata": {"fqdn": f"www{number}.example.org", "limits": [1, True, None, {"ü\u2028\U0001f600": "\x7f"}]},
        "ip_address": "::102:304",
    }
    return Entry("domain.create", **{**fields, **values})


def write(dsn: str, *entries: Entry, keyring: Keyring = KEYRING) -> Link:
    """Append entries in one transaction."""
    with contextlib.closing(connect(dsn)) as connection, connection, connection.cursor() as cursor:
        name_actor(cursor, resolve_credentials())
        return append(cursor, keyring, entries)


def check(dsn: str, keyring: Keyring = KEYRING, *anchors: FoundAnchor) -> Verification:
    """Verify the whole log."""
    with reading(dsn) as cursor:
        return verify(cursor, keyring, anchors)


def export(dsn: str) -> list[bytes]:
    """Return the lines of the exported log."""
    with reading(dsn) as cursor:
        return list(export_log(cursor))


def attack(dsn: str, *steps: Attack | str) -> None:
    """Change the log as an owner of the database who has put every trigger out of action."""
    with contextlib.closing(psycopg2.connect(of_owner(dsn))) as connection, connection, connection.cursor() as cursor:
        for table in ("audit_logs", "audit_head", "audit_anchors"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE audit_logs DROP CONSTRAINT IF EXISTS audit_logs_sequence_key")
        for step in steps:
            if callable(step):
                step(cursor)
            else:
                cursor.execute(step)


def rewrite(first: int, keyring: Keyring = KEYRING, last: int = 10) -> Attack:
    """Return an attack by one who holds the chain's keys: entries from ``first`` on are made anew, head included."""

    def act(cursor: Cursor) -> None:
        cursor.execute("DELETE FROM audit_logs WHERE sequence >= %s", (first,))
        cursor.execute("SELECT sequence, checksum, payload FROM audit_logs ORDER BY sequence DESC LIMIT 1")
        row = cursor.fetchone()
        head = Link(row[0], bytes(row[1]), digest(bytes(row[2]))) if row else GENESIS
        cursor.execute("UPDATE audit_head SET (sequence, checksum, digest) = (%s, %s, %s)", head)
        cursor.execute("ALTER TABLE audit_logs ENABLE TRIGGER USER")
        append(cursor, keyring, [entry(number, actor="mallory@example.org") for number in range(first, last + 1)])

    return act


HEAD_TO_LAST = """
UPDATE audit_head SET (sequence, checksum, digest) =
    (SELECT sequence, checksum, sha256(payload) FROM audit_logs ORDER BY sequence DESC LIMIT 1)
"""
