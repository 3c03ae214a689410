# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a plan to PostgreSQL inside the caller's transaction.

Rows travel as one JSON parameter for each statement, and ``json_populate_recordset`` gives every value its column's own
type. Rows with the same columns share a statement, so that columns that were not given keep their default, and an
update touches only the columns that change. New rows get their ids before the first statement, so that records refer to
each other in any order and in circles.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.database_errors import (
    is_conflict,
    is_rejection,
    record_error,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field, Links, Reference
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind
from ansible_collections.wcp360.hosting.plugins.module_utils.records.plan import (
    CREATE,
    DELETE,
    RESTORE,
    UPDATE,
    Change,
    Plan,
    Snapshot,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS, owners_first

try:
    import psycopg2.extensions
except ImportError:
    psycopg2 = None  # type: ignore[assignment]

ROWS_PER_STATEMENT = 5_000

Page = Sequence[tuple[Change, dict[str, Any]]]


def write_plan(
    cursor: psycopg2.extensions.cursor, plan: Plan, snapshot: Snapshot, rehearsal: bool = False, last: bool = False
) -> Mapping[str, Mapping[str, str]]:
    """Carry out ``plan``: what comes back, new and changed rows in the order of the kinds, then deletions in reverse.

    A row that PostgreSQL refuses raises InvalidRecordsError naming its record, and so does, at the ``last`` attempt,
    one whose natural key is taken by a record that the actor cannot see. A ``rehearsal`` is rolled back by the
    caller: it takes the values of ``Kind.rehearsed`` instead of those of sequences, which no rollback gives back.
    Returns the ids of new rows, and of rows referred to, by table and natural key.
    """
    writer = _Writer(cursor, plan, snapshot, rehearsal, last)
    for kind in owners_first():
        writer.restore(kind)
    for kind in KINDS:
        writer.unlink(kind)
        writer.create(kind)
        writer.update(kind)
        writer.link(kind)
    for kind in reversed(KINDS):
        writer.delete(kind)
    return writer.ids


class _Writer:
    def __init__(
        self, cursor: psycopg2.extensions.cursor, plan: Plan, snapshot: Snapshot, rehearsal: bool, last: bool
    ) -> None:
        self.cursor = cursor
        self.plan = plan
        self.rehearsal = rehearsal
        self.last = last
        self.ids = {table: {key: target.id for key, target in rows.items()} for table, rows in snapshot.targets.items()}
        for change in plan.changes:
            if change.action == CREATE:
                self.ids.setdefault(change.record.kind.table, {})[change.record.key] = str(uuid.uuid4())

    def create(self, kind: Kind) -> None:
        changes = self.plan.of(kind, CREATE)
        rows = [
            (change, {"id": self._id(change), kind.key.column: change.record.name} | self._row(kind.fields, change))
            for change in changes
        ]
        if self.rehearsal:
            for column, top in kind.rehearsed.items():
                for offset, (_change, row) in enumerate(rows):
                    row[column] = top - offset
        self._each_page(kind, rows, lambda page: self._insert(kind.table, page))
        if kind.extension:
            extension = kind.extension
            self._each_page(
                kind,
                [
                    (change, {extension.column: self._id(change)} | self._row(extension.fields, change))
                    for change in changes
                ],
                lambda page: self._insert(extension.table, page),
            )

    def update(self, kind: Kind) -> None:
        changes = self.plan.of(kind, UPDATE, RESTORE)
        self._update_table(kind, kind.table, "id", kind.fields, changes)
        if kind.extension:
            self._update_table(kind, kind.extension.table, kind.extension.column, kind.extension.fields, changes)

    def unlink(self, kind: Kind) -> None:
        """Remove the links that are not wanted any more, before the row changes to what they would contradict."""
        for field in kind.links:
            rows: Page = [
                (change, {"id": change.id, "kept": self._target_ids(field, change)})
                for change in self.plan.of(kind, UPDATE, RESTORE)
                if field.name in change.after
            ]
            self._each_page(kind, rows, functools.partial(self._delete_links, field))

    def link(self, kind: Kind) -> None:
        """Add the links that are wanted and not there yet."""
        for field in kind.links:
            rows: Page = [
                (change, {field.own_column: self._id(change), field.link_column: target})
                for change in self.plan.of(kind, CREATE, UPDATE, RESTORE)
                for target in self._target_ids(field, change)
            ]
            self._each_page(kind, rows, functools.partial(self._insert_links, field))

    def restore(self, kind: Kind) -> None:
        """Bring rows back; triggers bring back what they owned and lost with them."""
        self._each_page(
            kind,
            [(change, {"id": change.id}) for change in self.plan.of(kind, RESTORE)],
            lambda page: self.cursor.execute(
                f"UPDATE {kind.table} SET deleted_at = NULL WHERE id = ANY(%s::uuid[]) AND deleted_at IS NOT NULL",
                ([change.id for change, _row in page],),
            ),
        )

    def delete(self, kind: Kind) -> None:
        self._each_page(
            kind,
            [(change, {"id": change.id}) for change in self.plan.of(kind, DELETE)],
            lambda page: self.cursor.execute(
                f"UPDATE {kind.table} SET deleted_at = now() WHERE id = ANY(%s::uuid[]) AND deleted_at IS NULL",
                ([change.id for change, _row in page],),
            ),
        )

    def _id(self, change: Change) -> str:
        return change.id or self.ids[change.record.kind.table][change.record.key]

    def _target_ids(self, field: Links, change: Change) -> list[str]:
        return [self.ids[field.target_table][key] for key in field.keys(change.after.get(field.name))]

    def _row(self, fields: Sequence[Field], change: Change) -> dict[str, Any]:
        """Return the columns of ``fields`` that ``change`` sets, references as ids."""
        row: dict[str, Any] = {}
        for field in fields:
            if field.name in change.after and not isinstance(field, Links):
                value = field.stored(change.after[field.name])
                if isinstance(field, Reference) and value is not None:
                    value = self.ids[field.target_table][value]
                row[field.column] = value
        return row

    def _insert(self, table: str, page: Page) -> None:
        columns = ", ".join(page[0][1])
        self.cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)",
            (_as_json(page),),
        )

    def _delete_links(self, field: Links, page: Page) -> None:
        self.cursor.execute(
            f"DELETE FROM {field.link_table} l USING json_to_recordset(%s::json) v (id uuid, kept jsonb) "
            f"WHERE l.{field.own_column} = v.id AND NOT v.kept ? l.{field.link_column}::text",
            (_as_json(page),),
        )

    def _insert_links(self, field: Links, page: Page) -> None:
        columns = f"{field.own_column}, {field.link_column}"
        self.cursor.execute(
            f"INSERT INTO {field.link_table} ({columns}) SELECT {columns} "
            f"FROM json_populate_recordset(NULL::{field.link_table}, %s::json) "
            f"ON CONFLICT ({columns}) DO UPDATE SET deleted_at = NULL "
            f"WHERE {field.link_table}.deleted_at IS NOT NULL",
            (_as_json(page),),
        )

    def _update_table(
        self, kind: Kind, table: str, identity: str, fields: Sequence[Field], changes: Sequence[Change]
    ) -> None:
        rows = [(change, self._row(fields, change)) for change in changes]
        self._each_page(
            kind,
            [(change, {identity: change.id} | row) for change, row in rows if row],
            lambda page: self._update(table, identity, page),
        )

    def _update(self, table: str, identity: str, page: Page) -> None:
        assignments = ", ".join(f"{column} = v.{column}" for column in page[0][1] if column != identity)
        self.cursor.execute(
            f"UPDATE {table} r SET {assignments} "
            f"FROM json_populate_recordset(NULL::{table}, %s::json) v WHERE r.{identity} = v.{identity}",
            (_as_json(page),),
        )

    def _each_page(self, kind: Kind, rows: Page, execute: Callable[[Page], None]) -> None:
        for page in _pages(rows):
            self._execute(kind, page, execute)

    def _execute(self, kind: Kind, page: Page, execute: Callable[[Page], None]) -> None:
        """Execute one statement; when PostgreSQL refuses a row of it, halve the page until that row is alone."""
        self.cursor.execute("SAVEPOINT page")
        try:
            execute(page)
        except psycopg2.Error as error:
            if not is_rejection(error) or (is_conflict(error, kind) and not self.last):
                raise
            self.cursor.execute("ROLLBACK TO SAVEPOINT page")
            if len(page) == 1:
                raise InvalidRecordsError([record_error(error, page[0][0].record)]) from error
            middle = len(page) // 2
            self._execute(kind, page[:middle], execute)
            self._execute(kind, page[middle:], execute)
        else:
            self.cursor.execute("RELEASE SAVEPOINT page")


def _pages(rows: Page) -> Iterator[Page]:
    """Yield the rows in pages whose rows set the same columns."""
    shapes: dict[tuple[str, ...], list[tuple[Change, dict[str, Any]]]] = {}
    for change, row in rows:
        shapes.setdefault(tuple(row), []).append((change, row))
    for same in shapes.values():
        for start in range(0, len(same), ROWS_PER_STATEMENT):
            yield same[start : start + ROWS_PER_STATEMENT]


def _as_json(page: Page) -> str:
    return json.dumps([row for _change, row in page], ensure_ascii=False)
