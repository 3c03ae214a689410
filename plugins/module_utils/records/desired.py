# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired document of a node: out of the record store in one query, and its results back in one statement.

The format is read by ``module_utils/converge/document.py``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.audit.append import append
from ansible_collections.wcp360.hosting.plugins.module_utils.audit.keyring import Keyring
from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, act
from ansible_collections.wcp360.hosting.plugins.module_utils.records.authorize import CONVERGE, authorize
from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import store_error
from ansible_collections.wcp360.hosting.plugins.module_utils.records.journal import actor_entry

try:
    import psycopg2
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

FORMAT = 1
NAMES = 1000
"""So many tenants' names at most are in an entry of the audit log."""

_NODE = "SELECT id::text FROM nodes WHERE name = %s AND deleted_at IS NULL"

# Rises from one document to the next, drawn under the node's lock. The server's clock, because a restored record store
# must not fall behind what nodes have seen.
_TOKEN = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

_OUT_OF_DATE = """
SELECT name FROM tenants WHERE node_id = %s AND generation <> observed_generation ORDER BY name
"""

# The out-of-date case is a query of its own so that the partial index serves it.
_DOCUMENT = """
SELECT json_build_object(
    'id', t.id, 'name', t.name, 'account', t.account, 'uid', t.uid, 'generation', t.generation,
    'state', CASE WHEN t.purge_started_at IS NOT NULL THEN 'purged' WHEN t.deleted_at IS NULL THEN 'present'
        ELSE 'absent' END,
    'status', t.status, 'time_zone', t.time_zone, 'package', p.name,
    'limits', json_build_object(
        'max_domains', l.max_domains, 'max_disk_mb', l.max_disk_mb, 'max_cpu_pct', l.max_cpu_pct,
        'max_mem_mb', l.max_mem_mb, 'max_inodes', l.max_inodes, 'max_tasks', l.max_tasks,
        'cpu_weight', l.cpu_weight, 'io_weight', l.io_weight, 'features', l.features),
    'domains', coalesce(d.domains, '[]'::json))::text
FROM tenants t
JOIN packages p ON p.id = t.package_id
JOIN package_limits l ON l.package_id = p.id
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
        'fqdn', fqdn, 'status', status, 'kind', kind, 'document_root', document_root,
        'redirect_to', redirect_to, 'redirect_code', redirect_code, 'tls', tls, 'server_block', server_block)
        ORDER BY fqdn) AS domains
    FROM domains WHERE tenant_id = t.id AND deleted_at IS NULL
) d ON true
WHERE t.node_id = %s {condition}
ORDER BY t.uid
"""

_WRITE_OBSERVED = """
UPDATE tenants SET observed_generation = o.generation, last_error = NULL, last_converged_at = now()
FROM jsonb_each_text(%s) AS e (id, value), LATERAL (SELECT e.id::uuid AS id, e.value::bigint AS generation) AS o
WHERE tenants.id = o.id AND tenants.node_id = %s AND tenants.observed_generation <= o.generation
"""

# A tenant that fails is out of date, also when it was a full run that found it: the next converge tries again.
_WRITE_FAILED = """
UPDATE tenants SET last_error = e.value, observed_generation = least(observed_generation, generation - 1)
FROM jsonb_each_text(%s) AS e (id, value)
WHERE tenants.id = e.id::uuid AND tenants.node_id = %s
"""


class UnknownNodeError(Exception):
    """The record store has no such node."""


@dataclasses.dataclass(frozen=True)
class DesiredState:
    """What is to be delivered: the document's JSON text, and the number of tenants in it."""

    node_id: str
    text: str
    tenants: int


def read_out_of_date(connection: Any, credentials: Credentials, node_id: str) -> list[str]:
    """Return the names of the node's tenants whose generation is not the observed one."""
    with _transaction(connection, credentials) as (cursor, _actor):
        cursor.execute(_OUT_OF_DATE, (node_id,))
        return [name for (name,) in cursor]


def read_node_id(connection: Any, credentials: Credentials, node: str) -> str:
    """Return the id of a node's record. Raises UnknownNodeError."""
    with _transaction(connection, credentials) as (cursor, _actor):
        cursor.execute(_NODE, (node,))
        row = cursor.fetchone()
    if row is None:
        raise UnknownNodeError(f"node {node!r} has no record: create it with wcp360.hosting.node; nothing was changed")
    return str(row[0])


def read_desired(connection: Any, credentials: Credentials, node: str, run: str, full: bool) -> DesiredState:
    """Read a node's desired document in one snapshot.

    With ``full`` it lists every tenant of the node, else those whose generation is not observed. Raises
    UnknownNodeError.
    """
    node_id = read_node_id(connection, credentials, node)
    condition = "" if full else "AND t.generation <> t.observed_generation"
    with _transaction(connection, credentials) as (cursor, _actor):
        cursor.execute(_TOKEN)
        ((token,),) = cursor.fetchall()
        cursor.execute(_DOCUMENT.format(condition=condition), (node_id,))
        tenants = [row[0] for row in cursor]
    head = {"format": FORMAT, "run": run, "token": token, "node": {"id": node_id, "name": node}, "full": full}
    # The rows are JSON texts already: joining them spares parsing and writing them again.
    text = json.dumps(head)[:-1] + ', "tenants": [\n' + ",\n".join(tenants) + "\n]}\n"
    return DesiredState(node_id, text, len(tenants))


@dataclasses.dataclass(frozen=True)
class Observed:
    """What a converge reached: by tenant id the generation that was applied, and the error of those that failed.

    ``names`` are the tenants' names by id, ``run`` says in the audit log which run it was.
    """

    node_id: str
    applied: Mapping[str, int]
    failed: Mapping[str, str]
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    run: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def write_observed(connection: Any, credentials: Credentials, observed: Observed, keyring: Keyring) -> None:
    """Write back what a converge reached, in one transaction with its entry in the audit log.

    A generation that was applied may be older than the record's by now: the tenant stays out of date then, and the next
    converge takes it up.
    """
    failed = {key: _line(text) for key, text in observed.failed.items()}
    with _transaction(connection, credentials) as (cursor, actor):
        cursor.execute(_WRITE_OBSERVED, (json.dumps(dict(observed.applied)), observed.node_id))
        cursor.execute(_WRITE_FAILED, (json.dumps(failed), observed.node_id))
        append(cursor, keyring, [actor_entry(actor, CONVERGE, _report(observed))])


def _report(observed: Observed) -> dict[str, Any]:
    def names(tenants: Iterable[str]) -> list[str]:
        return sorted(observed.names.get(tenant, tenant) for tenant in tenants)[:NAMES]

    return {
        **observed.run,
        "node_id": observed.node_id,
        "applied": len(observed.applied),
        "applied_tenants": names(observed.applied),
        "failed": len(observed.failed),
        "failed_tenants": names(observed.failed),
    }


def _line(text: str) -> str:
    """Bring a message into the grammar of text fields: one line of at most 1024 characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:1024]


@contextlib.contextmanager
def _transaction(connection: Any, credentials: Credentials) -> Iterator[Any]:
    try:
        with connection, connection.cursor() as cursor:
            actor = act(cursor, credentials)
            authorize(actor, CONVERGE)
            yield cursor, actor
    except psycopg2.Error as exc:
        raise store_error(exc) from exc
