# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Purging: wiping for good what was deleted, once its term is over.

A tenant goes in two steps, because its data is on a node: `begin_purge` marks it, the next converge of its node removes
the data, and `finish_purge` deletes the rows of tenants whose node has done so. Records that have no data of their own
on a node go in `finish_purge` alone.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyfile import load_keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, act
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import PURGE, authorize
from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import store_error
from ansible_collections.wcp360.hosting.plugins.module_utils.records.journal import actor_entry
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import connect

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import psycopg2.extensions

# Backups outlive their tenant: whoever manages them lets them go first.
_BEGIN = """
UPDATE tenants AS t SET purge_started_at = now()
FROM tenants AS due LEFT JOIN nodes AS n ON n.id = due.node_id
WHERE t.id = due.id AND due.deleted_at IS NOT NULL AND due.purge_started_at IS NULL
    AND wcp_purge_at(due.deleted_at, due.package_id) <= now()
    AND NOT EXISTS (SELECT FROM backups AS b WHERE b.tenant_id = due.id)
RETURNING t.name, coalesce(n.name, '')
"""

# The node has removed the data, or never had any. Until then the rows are what will make it do so.
_WIPED = """
purge_started_at IS NOT NULL
AND (observed_generation = generation OR node_id IS NULL OR (last_converged_at IS NULL AND last_error IS NULL))
"""
NAMES = 1000
"""So many tenants' names at most are in an entry of the audit log."""

_WAITING = """
SELECT t.name, t.last_error FROM tenants AS t WHERE t.purge_started_at IS NOT NULL ORDER BY t.name
"""


@dataclasses.dataclass(frozen=True)
class Begun:
    """Tenants whose purge begins, by name, and the nodes that have to converge for it."""

    tenants: tuple[str, ...]
    nodes: tuple[str, ...]

    @property
    def happened(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.tenants)

    @property
    def summary(self) -> dict[str, Any]:
        """Return what the audit log says besides the tenants."""
        return {"count": len(self.tenants)}


@dataclasses.dataclass(frozen=True)
class Purged:
    """What is gone: how many records by plural kind, and the tenants by name. ``waiting`` have data on a node yet."""

    counts: dict[str, int]
    tenants: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def happened(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.counts)

    @property
    def summary(self) -> dict[str, Any]:
        """Return what the audit log says besides the tenants."""
        return {"counts": self.counts}


def purge(
    dsn: str | None, step: str, check: bool = False, *, credentials: Credentials, audit_keys: str | None = None
) -> Begun | Purged:
    """Run one step, ``begin`` or ``finish``, in one transaction, which ``check`` rolls back.

    Raises NotAllowedError unless the actor may purge tenants, and RecordStoreError.
    """
    connection = connect(dsn)
    try:
        with connection.cursor() as cursor:
            actor = act(cursor, credentials)
            authorize(actor, PURGE)
            outcome = begin_purge(cursor) if step == "begin" else finish_purge(cursor)
            if outcome.happened and not check:
                metadata = {"step": step, "tenants": list(outcome.tenants)[:NAMES], **outcome.summary}
                append(cursor, load_keyring(audit_keys), [actor_entry(actor, PURGE, metadata)])
        if check:
            connection.rollback()
        else:
            connection.commit()
    except psycopg2.Error as error:
        raise store_error(error) from error
    finally:
        connection.close()
    return outcome


def begin_purge(cursor: psycopg2.extensions.cursor) -> Begun:
    """Mark the tenants whose term is over. From then on they cannot be restored."""
    cursor.execute(_BEGIN)
    begun = sorted(cursor.fetchall())
    return Begun(tuple(name for name, _node in begun), tuple(sorted({node for _name, node in begun if node})))


def finish_purge(cursor: psycopg2.extensions.cursor) -> Purged:
    """Delete the rows of wiped tenants with all that they own, and other deleted records whose term is over.

    A record that another one still refers to stays until that one is gone.
    """
    cursor.execute(f"SELECT id, name FROM tenants WHERE {_WIPED} ORDER BY name FOR UPDATE")
    wiped = cursor.fetchall()
    ids = [identity for identity, _name in wiped]
    counts: dict[str, int] = {}
    for kind in reversed(KINDS):
        counts[kind.plural] = _delete_owned(cursor, kind, ids) + _delete_due(cursor, kind)
    cursor.execute("DELETE FROM tenants WHERE id = ANY (%s::uuid[])", (ids,))
    counts["tenants"] = len(ids)
    cursor.execute(_WAITING)
    waiting = tuple(name if error is None else f"{name} ({error})" for name, error in cursor.fetchall())
    found = {plural: count for plural, count in counts.items() if count}
    return Purged(found, tuple(name for _id, name in wiped), waiting)


def _delete_owned(cursor: psycopg2.extensions.cursor, kind: Kind, tenants: list[str]) -> int:
    if not tenants or not any(field.name == "tenant" for field in kind.references):
        return 0
    cursor.execute(f"DELETE FROM {kind.table} WHERE tenant_id = ANY (%s::uuid[])", (tenants,))
    return cursor.rowcount


def _delete_due(cursor: psycopg2.extensions.cursor, kind: Kind) -> int:
    """Delete the rows of a kind that were deleted on their own, and that nothing refers to any more."""
    if kind.name == "tenant":
        return 0
    if kind.owner and kind.owner.target_kind == "tenant":
        # What the node has of it is gone when the tenant is up to date.
        cursor.execute(
            f"DELETE FROM {kind.table} AS r USING tenants AS t WHERE t.id = r.tenant_id AND r.deleted_at IS NOT NULL"
            " AND wcp_purge_at(r.deleted_at, t.package_id) <= now()"
            " AND t.deleted_at IS NULL AND (t.generation = t.observed_generation OR t.node_id IS NULL)"
        )
        return cursor.rowcount
    cursor.execute(f"SELECT wcp_purge_unused('{kind.table}')")
    return int((cursor.fetchone() or (0,))[0])
