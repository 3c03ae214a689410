# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock the rows that a plan touches, so that what it was decided on still holds when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import Plan, Snapshot
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS, owners_first

if TYPE_CHECKING:
    import psycopg2.extensions


def lock_rows(cursor: psycopg2.extensions.cursor, plan: Plan, snapshot: Snapshot) -> bool:
    """Lock the stored rows that ``plan`` changes or refers to; tell whether there were any.

    Changed rows and the owners of changed rows are locked for update, owners first, then in the order of the kinds and
    of the ids, so that writers queue instead of deadlocking. Rows that are only referred to are locked against
    deletion.
    """
    changed: dict[str, set[str]] = {}
    referred: dict[str, set[str]] = {}
    for change in plan.changes:
        if change.id:
            changed.setdefault(change.record.kind.table, set()).add(change.id)
        for field, key in change.record.pointers(change.after):
            target = snapshot.targets.get(field.target_table, {}).get(key)
            if target:
                locks = changed if field is change.record.kind.owner else referred
                locks.setdefault(field.target_table, set()).add(target.id)
    for kind in KINDS:
        if kind.owner and kind.table in changed:
            owners = changed.setdefault(kind.owner.target_table, set())
            owners |= _read_owners(cursor, kind, kind.owner.column, changed[kind.table])
    for kind in owners_first():
        _lock(cursor, kind.table, changed.get(kind.table, set()), "NO KEY UPDATE")
    for table in sorted(referred):
        _lock(cursor, table, referred[table] - changed.get(table, set()), "SHARE")
    return bool(changed or referred)


def _read_owners(cursor: psycopg2.extensions.cursor, kind: Kind, column: str, ids: set[str]) -> set[str]:
    cursor.execute(f"SELECT DISTINCT {column}::text FROM {kind.table} WHERE id = ANY(%s::uuid[])", (list(ids),))
    return {owner for (owner,) in cursor.fetchall() if owner}


def _lock(cursor: psycopg2.extensions.cursor, table: str, ids: set[str], strength: str) -> None:
    if ids:
        # A literal without a type takes the id's: permissions are named by text, everything else by UUID.
        cursor.execute(f"SELECT FROM {table} WHERE id = ANY(%s) ORDER BY id FOR {strength}", (f"{{{','.join(ids)}}}",))
