# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add entries to the chain, in the transaction of the change that they tell about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import (
    Link,
    canonical_json,
    digest,
    signed_payload,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.errors import AuditError
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

PAGE = 5_000
_LOCK_HEAD = "SELECT sequence, checksum, digest FROM audit_head FOR UPDATE"
_COLUMNS = (
    "id",
    "sequence",
    "actor_user_id",
    "actor",
    "api_key_prefix",
    "tenant_id",
    "action_code",
    "metadata",
    "ip_address",
    "key_id",
    "payload",
    "checksum",
    "created_at",
    "updated_at",
)
_INSERT = f"INSERT INTO audit_logs ({', '.join(_COLUMNS)})"
_INSERT_ONE = f"{_INSERT} VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"
_INSERT_MANY = f"{_INSERT} SELECT {', '.join(_COLUMNS)} FROM json_populate_recordset(NULL::audit_logs, %s)"


def append(cursor: Cursor, keyring: Keyring, entries: Sequence[Entry]) -> Link:
    """Add ``entries`` in their order to the audit log, and return its new head.

    The entries belong to the cursor's transaction, which must be read committed: they are there when it commits, and
    leave no gap when it does not. From this call to the end of the transaction no other one appends, so it is the last
    thing before the commit, for which ``commit.commit`` is there. It costs two round trips for up to 5,000 entries.
    Raises psycopg2.Error, and AuditError for a database without a head, or a keyring that lost its active key.
    """
    cursor.execute(_LOCK_HEAD)
    row = cursor.fetchone()
    if row is None:
        raise AuditError("audit_head has no row: the audit log cannot be continued; nothing was written")
    head = Link(row[0], bytes(row[1]), bytes(row[2]))
    for start in range(0, len(entries), PAGE):
        rows = []
        for entry in entries[start : start + PAGE]:
            values, head = _sign(keyring, head, entry)
            rows.append(values)
        _insert(cursor, rows)
    return head


def _sign(keyring: Keyring, head: Link, entry: Entry) -> tuple[dict[str, Any], Link]:
    """Return the row of an entry that follows ``head``, in the text that PostgreSQL reads, and its link."""
    fields = entry.fields()
    payload = signed_payload(fields, head, keyring.active)
    checksum = keyring.checksum(keyring.active, payload)
    if checksum is None:
        raise AuditError(f"the audit keys have no key {keyring.active}; nothing was written")
    link = Link(head.sequence + 1, checksum, digest(payload))
    time = fields.pop("time")
    row = {
        **fields,
        "action_code": fields.pop("action"),
        "sequence": link.sequence,
        "key_id": keyring.active,
        "payload": f"\\x{payload.hex()}",
        "checksum": f"\\x{checksum.hex()}",
        "created_at": time,
        "updated_at": time,
    }
    return row, link


def _insert(cursor: Cursor, rows: Sequence[dict[str, Any]]) -> None:
    if len(rows) == 1:
        (row,) = rows
        cursor.execute(_INSERT_ONE, {**row, "metadata": canonical_json(row["metadata"]).decode()})
    else:
        cursor.execute(_INSERT_MANY, (canonical_json(rows).decode(),))
