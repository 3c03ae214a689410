# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify the audit log in the database, from its first entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.anchor import FoundAnchor, SignedAnchor
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import GENESIS, Link
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AuditError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.stored import COLUMNS, follow_stored
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.verification import Verification, judge_chain

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

PAGE = 5_000
_SEES_EVERYTHING = """
SELECT NOT row_security_active(oid) OR wcp_sees_all() FROM pg_class
WHERE oid = 'audit_logs'::regclass
"""


def verify(
    cursor: Cursor, keyring: Keyring, anchors: Sequence[FoundAnchor] = (), start: Link = GENESIS
) -> Verification:
    """Verify every entry after ``start`` against the keys, the head and the anchors, those of the database included.

    The cursor's transaction must be repeatable read (``records.store.reading`` gives one), because the head has to be
    that of the entries. Memory does not grow with the log. Raises psycopg2.Error, and AuditError when the session's
    role does not see every entry.
    """
    require_full_view(cursor)
    found = [*anchors, *recorded_anchors(cursor, start.sequence)]
    return judge_chain(
        follow_stored(_rows(cursor, start), keyring, start), found, keyring.public_keys, read_head(cursor), start
    )


def require_full_view(cursor: Cursor) -> None:
    """Raise AuditError when row-level security hides entries from the session's role: they would seem removed."""
    cursor.execute(_SEES_EVERYTHING)
    row = cursor.fetchone()
    if row is None or not row[0]:
        raise AuditError("this actor sees a part of the audit log only: take one whose reach is global")


def read_head(cursor: Cursor) -> Link:
    """Return where the chain says that it ends. Raises AuditError when audit_head has no row."""
    cursor.execute("SELECT sequence, checksum, digest FROM audit_head")
    row = cursor.fetchone()
    if row is None:
        raise AuditError("audit_head has no row: somebody removed it, or the schema is damaged")
    return Link(row[0], bytes(row[1]), bytes(row[2]))


def recorded_anchors(cursor: Cursor, after: int = 0) -> list[FoundAnchor]:
    """Return the anchors that the database keeps of entries beyond the sequence ``after``."""
    cursor.execute(
        "SELECT target, sequence, payload, signature FROM audit_anchors WHERE sequence > %s ORDER BY sequence, target",
        (after,),
    )
    return [
        FoundAnchor(f"{sequence} of {target} in audit_anchors", SignedAnchor(bytes(payload), bytes(signature)))
        for target, sequence, payload, signature in cursor
    ]


def _rows(cursor: Cursor, start: Link) -> Iterator[tuple[Any, ...]]:
    """Give the rows in their order, through a cursor of the server. A whole log includes sequences that must not be."""
    where = "WHERE sequence > %s" if start.sequence else ""
    with cursor.connection.cursor(name="wcp360_audit_verify") as reader:
        reader.itersize = PAGE
        statement = f"SELECT {COLUMNS} FROM audit_logs {where} ORDER BY sequence"
        reader.execute(statement, (start.sequence,) if start.sequence else None)
        yield from reader
