# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit log says of a plan: one entry for each change, in the transaction that makes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.chain import digest
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.entry import Entry
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Actor
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import Change, Plan
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME, KINDS

if TYPE_CHECKING:
    import psycopg2.extensions

Ids = Mapping[str, Mapping[str, str]]


def audit_entries(
    cursor: psycopg2.extensions.cursor, actor: Actor, plan: Plan, ids: Ids, forced: bool
) -> Iterator[Entry]:
    """Yield an entry for each change of ``plan``, which is written. ``ids`` are those of new rows, by table and key."""
    for kind in KINDS:
        changes = [change for change in plan.changes if change.record.kind is kind]
        rows = [change.id or ids[kind.table][change.record.key] for change in changes]
        tenants = _read_tenants(cursor, kind, rows) if rows else {}
        for change, row in zip(changes, rows, strict=True):
            yield actor_entry(actor, f"{kind.name}.{change.action}", _metadata(change, row, forced), tenants.get(row))


def actor_entry(actor: Actor, action: str, metadata: Mapping[str, Any], tenant_id: str | None = None) -> Entry:
    """Return an entry about something that ``actor`` does."""
    return Entry(
        action=action,
        actor=actor.email,
        actor_user_id=actor.user_id,
        api_key_prefix=actor.api_key_prefix,
        tenant_id=tenant_id,
        metadata=metadata,
        ip_address=actor.ip_address,
    )


def _metadata(change: Change, row: str, forced: bool) -> dict[str, Any]:
    """Return what changed, short: long and nested values by their digest, secrets not at all."""
    fields = {field.name: field for field in change.record.kind.all_fields}
    changed = {name: _shown(fields[name].show(value)) for name, value in change.after.items()}
    forced_mark = {"forced": True} if forced else {}
    return {"record": change.record.key, "id": row, "set": changed} | forced_mark


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, str) and len(value) <= 255):
        return value
    return f"sha256:{digest(json.dumps(value, sort_keys=True).encode()).hex()}"


def _read_tenants(cursor: psycopg2.extensions.cursor, kind: Kind, rows: list[str]) -> dict[str, str]:
    """Return the tenants that rows of a kind belong to, by row id."""
    tenant = _tenant_expression(kind)
    if tenant is None:
        return {}
    cursor.execute(f"SELECT r.id::text, {tenant}::text FROM {kind.table} r WHERE r.id = ANY (%s::uuid[])", (rows,))
    return {row: owner for row, owner in cursor.fetchall() if owner}


def _tenant_expression(kind: Kind, row: str = "r") -> str | None:
    if kind.name == "tenant":
        return f"{row}.id"
    if kind.owner is None:
        return None
    if kind.owner.target_kind == "tenant":
        return f"{row}.{kind.owner.column}"
    above = _tenant_expression(BY_NAME[kind.owner.target_kind], "o")
    return (
        f"(SELECT {above} FROM {kind.owner.target_table} o WHERE o.id = {row}.{kind.owner.column})" if above else None
    )
