# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read records from PostgreSQL. Every statement derives from the kind's declaration; values are always parameters."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Choices, Field, Reference
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import Row, Snapshot, Target
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS

if TYPE_CHECKING:
    import psycopg2.extensions


def read_records(cursor: psycopg2.extensions.cursor, kind: Kind, query: Query) -> list[dict[str, Any]]:
    """Return the live records of ``kind`` that match ``query`` as plain JSON values, ordered by their natural key.

    A record has its id, its key, all its fields, what the kind lists as observed, created_at and updated_at; times are
    ISO 8601 in UTC.
    """
    where = ["r.deleted_at IS NULL"]
    parameters: list[Any] = []
    if query.names is not None:
        where.append(f"r.{kind.key.column} = ANY(%s)")
        parameters.append(list(query.names))
    fields = {field.name: field for field in kind.all_fields}
    for name, values in query.filters.items():
        where.append(_matches(fields[name]))
        parameters.append(list(values))
    where.extend(f"({kind.conditions[name]}) = {wanted}" for name, wanted in query.conditions.items())
    extra = [(name, f"r.{name}") for name in (*kind.observed, "created_at", "updated_at")]
    columns = [("id", "r.id::text"), (kind.key.name, f"r.{kind.key.column}"), *_field_columns(kind), *extra]
    cursor.execute(
        f"SELECT {', '.join(sql for _name, sql in columns)} FROM {_tables(kind)} "
        f'WHERE {" AND ".join(where)} ORDER BY r.{kind.key.column} COLLATE "C"',
        parameters,
    )
    labels = [name for name, _sql in columns]
    return [{label: _plain(value) for label, value in zip(labels, row, strict=True)} for row in cursor.fetchall()]


def read_snapshot(cursor: psycopg2.extensions.cursor, records: Iterable[Record]) -> Snapshot:
    """Return the stored rows that ``records`` name or refer to: one query for each kind and each table referred to."""
    keys: dict[str, list[str]] = {}
    targets: dict[tuple[str, str], set[str]] = {}
    for record in records:
        keys.setdefault(record.kind.name, []).append(record.key)
        for field in record.kind.references:
            target = record.values.get(field.name)
            if target is not None:
                targets.setdefault((field.target_table, field.target_key), set()).add(target)
    rows = {kind.name: _read_rows(cursor, kind, keys[kind.name]) for kind in KINDS if kind.name in keys}
    return Snapshot(
        rows=rows,
        targets={table: _read_targets(cursor, table, key, wanted) for (table, key), wanted in targets.items()},
    )


def _read_rows(cursor: psycopg2.extensions.cursor, kind: Kind, keys: list[str]) -> dict[str, Row]:
    columns = _field_columns(kind)
    cursor.execute(
        f"SELECT r.{kind.key.column}, r.id::text, r.deleted_at{''.join(f', {sql}' for _name, sql in columns)} "
        f"FROM {_tables(kind)} WHERE r.{kind.key.column} = ANY(%s)",
        (keys,),
    )
    names = [name for name, _sql in columns]
    return {
        key: Row(identity, dict(zip(names, values, strict=True)), deleted_at)
        for key, identity, deleted_at, *values in cursor.fetchall()
    }


def _read_targets(cursor: psycopg2.extensions.cursor, table: str, key: str, wanted: set[str]) -> dict[str, Target]:
    cursor.execute(
        f"SELECT {key}, id::text, deleted_at IS NOT NULL FROM {table} WHERE {key} = ANY(%s)",
        (list(wanted),),
    )
    return {name: Target(identity, deleted) for name, identity, deleted in cursor.fetchall()}


def _tables(kind: Kind) -> str:
    joins = [f"{kind.table} r"]
    if kind.extension:
        joins.append(f"LEFT JOIN {kind.extension.table} x ON x.{kind.extension.column} = r.id")
    joins.extend(
        f"LEFT JOIN {field.target_table} to_{field.name} ON to_{field.name}.id = r.{field.column}"
        for field in kind.references
    )
    return " ".join(joins)


def _field_columns(kind: Kind) -> list[tuple[str, str]]:
    columns = [(field.name, _expression(field)) for field in kind.fields]
    if kind.extension:
        columns.extend((field.name, f"x.{field.column}") for field in kind.extension.fields)
    return columns


def _expression(field: Field) -> str:
    return f"to_{field.name}.{field.target_key}" if isinstance(field, Reference) else f"r.{field.column}"


def _matches(field: Field) -> str:
    if isinstance(field, Choices):
        return f"r.{field.column}::text[] && %s::text[]"
    return f"{_expression(field)}::text = ANY(%s)"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.datetime) else value
