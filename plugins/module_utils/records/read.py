# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read records from PostgreSQL. Every statement derives from the kind's declaration; values are always parameters."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Choices,
    Field,
    Links,
    Reference,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import Row, Snapshot, Target
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_TABLE, KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import Secret

if TYPE_CHECKING:
    import psycopg2.extensions


def read_records(
    cursor: psycopg2.extensions.cursor, kind: Kind, query: Query, secrets: bool = False
) -> list[dict[str, Any]]:
    """Return the live records of ``kind`` that match ``query`` as plain JSON values, ordered by their natural key.

    A record has its id, its key, all its fields, what the kind lists as observed, created_at and updated_at; times are
    ISO 8601 in UTC. Secret fields are there only with ``secrets``.
    """
    extra = [(name, f"r.{name}") for name in (*kind.observed, "created_at", "updated_at")]
    fields = [field for field in kind.all_fields if secrets or not isinstance(field, Secret)]
    columns = [(field.name, _expression(kind, field)) for field in fields]
    return _select(
        cursor, kind, query, [("id", "r.id::text"), (kind.key.name, f"r.{kind.key.column}"), *columns, *extra]
    )


def export_records(cursor: psycopg2.extensions.cursor, kind: Kind, secrets: bool) -> list[dict[str, Any]]:
    """Return all live records of ``kind`` as a document has them, ordered by their natural key.

    What PostgreSQL chose is left out, so that the records fit into another store too.
    """
    fields = [field for field in kind.given_fields if secrets or not isinstance(field, Secret)]
    columns = [(kind.key.name, f"r.{kind.key.column}")]
    for field in fields:
        expression = _expression(kind, field)
        columns.append((field.name, f"nullif({expression}, {field.chosen})" if field.chosen else expression))
    chosen = {field.name for field in fields if field.chosen}
    return [
        {name: value for name, value in record.items() if value is not None or name not in chosen}
        for record in _select(cursor, kind, Query(), columns)
    ]


def _select(
    cursor: psycopg2.extensions.cursor, kind: Kind, query: Query, columns: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    where = ["r.deleted_at IS NULL"]
    parameters: list[Any] = []
    if query.names is not None:
        where.append(f"r.{kind.key.column} = ANY(%s)")
        parameters.append(list(query.names))
    fields = {field.name: field for field in kind.all_fields}
    for name, values in query.filters.items():
        where.append(_matches(kind, fields[name]))
        parameters.append(list(values))
    where.extend(f"({kind.conditions[name]}) = {wanted}" for name, wanted in query.conditions.items())
    order = ", ".join(f'{key} COLLATE "C"' for key in _key_expressions(kind))
    cursor.execute(
        f"SELECT {', '.join(sql for _name, sql in columns)} FROM {_tables(kind)} "
        f"WHERE {' AND '.join(where)} ORDER BY {order}",
        parameters,
    )
    labels = [name for name, _sql in columns]
    return [{label: _plain(value) for label, value in zip(labels, row, strict=True)} for row in cursor.fetchall()]


def read_snapshot(cursor: psycopg2.extensions.cursor, records: Iterable[Record]) -> Snapshot:
    """Return the stored rows that ``records`` name or refer to: one query for each kind and each table referred to."""
    named: dict[str, list[Record]] = {}
    targets: dict[tuple[str, str], set[str]] = {}
    for record in records:
        named.setdefault(record.kind.name, []).append(record)
        for field, key in record.pointers({**record.initial, **record.values}):
            targets.setdefault((field.target_table, field.target_key), set()).add(key)
    return Snapshot(
        rows={kind.name: _read_rows(cursor, kind, named[kind.name]) for kind in KINDS if kind.name in named},
        targets={table: _read_targets(cursor, table, key, wanted) for (table, key), wanted in targets.items()},
    )


def _read_rows(cursor: psycopg2.extensions.cursor, kind: Kind, records: list[Record]) -> dict[str, Row]:
    keys = _key_expressions(kind)
    parts = [[record.name for record in records]]
    if kind.scope:
        parts.insert(0, [record.values[kind.scope.name] for record in records])
    columns = ", ".join([*keys, "r.id::text", "r.deleted_at", *(_expression(kind, field) for field in kind.all_fields)])
    cursor.execute(
        f"SELECT {columns} FROM {_tables(kind)} "
        f"WHERE ({', '.join(keys)}) IN (SELECT * FROM unnest({', '.join(['%s::text[]'] * len(keys))}))",
        parts,
    )
    names = [field.name for field in kind.all_fields]
    rows = {}
    for row in cursor.fetchall():
        key, (identity, deleted_at, *values) = "/".join(row[: len(keys)]), row[len(keys) :]
        rows[key] = Row(identity, dict(zip(names, map(_plain, values), strict=True)), deleted_at)
    return rows


def _read_targets(cursor: psycopg2.extensions.cursor, table: str, key: str, wanted: set[str]) -> dict[str, Target]:
    kind = BY_TABLE.get(table)
    owner = kind.owner if kind else None
    join = f"LEFT JOIN {owner.target_table} o ON o.id = r.{owner.column}" if owner else ""
    cursor.execute(
        f"SELECT r.{key}, r.id::text, r.deleted_at IS NOT NULL, {f'o.{owner.target_key}' if owner else 'NULL'} "
        f"FROM {table} r {join} WHERE r.{key} = ANY(%s)",
        (list(wanted),),
    )
    return {name: Target(identity, deleted, whose) for name, identity, deleted, whose in cursor.fetchall()}


def _tables(kind: Kind) -> str:
    joins = [f"{kind.table} r"]
    if kind.extension:
        joins.append(f"LEFT JOIN {kind.extension.table} x ON x.{kind.extension.column} = r.id")
    joins.extend(
        f"LEFT JOIN {field.target_table} to_{field.name} ON to_{field.name}.id = r.{field.column}"
        for field in kind.references
    )
    return " ".join(joins)


def _key_expressions(kind: Kind) -> list[str]:
    return [*([_expression(kind, kind.scope)] if kind.scope else []), f"r.{kind.key.column}"]


def _expression(kind: Kind, field: Field) -> str:
    if isinstance(field, Reference):
        return f"to_{field.name}.{field.target_key}"
    if isinstance(field, Links):
        return (
            f'ARRAY(SELECT t.{field.target_key} COLLATE "C" FROM {field.link_table} l '
            f"JOIN {field.target_table} t ON t.id = l.{field.link_column} "
            f"WHERE l.{field.own_column} = r.id AND l.deleted_at IS NULL ORDER BY 1)"
        )
    return f"x.{field.column}" if kind.extension and field in kind.extension.fields else f"r.{field.column}"


def _matches(kind: Kind, field: Field) -> str:
    if isinstance(field, Choices):
        return f"r.{field.column}::text[] && %s::text[]"
    if isinstance(field, Links):
        return f"{_expression(kind, field)} && %s::text[]"
    return f"{_expression(kind, field)}::text = ANY(%s)"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.datetime) else value
