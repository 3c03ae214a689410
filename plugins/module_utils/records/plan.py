# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what to write: wanted records and stored rows in, changes out. Nothing here touches a database."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError, RecordError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Pointer, Reference
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

CREATE = "create"
UPDATE = "update"
DELETE = "delete"
RESTORE = "restore"
"""Bring a deleted row back, and change what is given besides."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One stored record: ``values`` by field name, references as natural keys; ``deleted_at`` when soft-deleted."""

    id: str
    values: Mapping[str, Any]
    deleted_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Target:
    """One stored row that a reference points at; ``owner`` is the natural key of its owner, if it has one."""

    id: str
    deleted: bool = False
    owner: str | None = None


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What is stored, as far as the wanted records concern it.

    ``rows`` by kind and natural key, ``targets`` by table and natural key.
    """

    rows: Mapping[str, Mapping[str, Row]]
    targets: Mapping[str, Mapping[str, Target]]


@dataclasses.dataclass(frozen=True)
class Change:
    """One row to write. ``before`` and ``after`` hold the fields that differ; ``id`` is empty for a new row."""

    action: str
    record: Record
    id: str = ""
    before: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    after: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Plan:
    """The changes in the order of the records, and how many records of each kind stay as they are."""

    changes: tuple[Change, ...]
    unchanged: Mapping[str, int]

    def of(self, kind: Kind, *actions: str) -> list[Change]:
        """Return the changes of one kind with one of ``actions``, action by action."""
        return [change for action in actions for change in self._grouped.get((kind.name, action), ())]

    @functools.cached_property
    def _grouped(self) -> dict[tuple[str, str], list[Change]]:
        grouped: dict[tuple[str, str], list[Change]] = {}
        for change in self.changes:
            grouped.setdefault((change.record.kind.name, change.action), []).append(change)
        return grouped


def plan_changes(records: Iterable[Record], snapshot: Snapshot) -> Plan:
    """Return what makes the stored rows match ``records``.

    Raises InvalidRecordsError with every record that cannot be written: a name that a deleted record holds, a change of
    an immutable field or of the owner, a reference to nothing, a missing required field, fields that contradict.
    """
    records = tuple(records)
    planner = _Planner(records, snapshot)
    changes = [planner.plan_record(record) for record in records]
    if planner.errors:
        raise InvalidRecordsError(planner.errors)
    unchanged: dict[str, int] = {}
    for record, change in zip(records, changes, strict=True):
        if change is None:
            unchanged[record.kind.name] = unchanged.get(record.kind.name, 0) + 1
    return Plan(tuple(change for change in changes if change), unchanged)


class _Planner:
    def __init__(self, records: tuple[Record, ...], snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.errors: list[RecordError] = []
        self.wanted = {(record.kind.table, record.key): record for record in records}

    def plan_record(self, record: Record) -> Change | None:
        row = self.snapshot.rows.get(record.kind.name, {}).get(record.key)
        if not record.present:
            return self._plan_absent(record, row)
        if row is None and not record.restored:
            return self._plan_create(record)
        if row is None:
            self._refuse(record, f"state must not be restored: there is no deleted {record.kind.name} of this name")
            return None
        if row.deleted_at is not None and not record.restored:
            self._refuse(
                record,
                f"{record.kind.key.name} is reserved until the purge by a {record.kind.name} that was deleted at "
                f"{row.deleted_at.isoformat(timespec='seconds')}",
            )
            return None
        return self._plan_update(record, row)

    def _plan_absent(self, record: Record, row: Row | None) -> Change | None:
        if row is None or row.deleted_at is not None:
            return None
        self._check_owner(record, row)
        before = {name: row.values[name] for name in row.values if row.values[name] is not None}
        return Change(DELETE, record, row.id, before=before)

    def _plan_create(self, record: Record) -> Change:
        fields = record.kind.all_fields
        values = {**record.initial, **record.values}
        for field in fields:
            if field.required and field.name not in values:
                self._refuse(record, f"{field.name} must be given for a new {record.kind.name}")
        self._check_whole(record, {field.name: field.default for field in fields} | values)
        self._check_references(record, values)
        after = {field.name: values[field.name] for field in fields if field.name in values}
        return Change(CREATE, record, after=after)

    def _plan_update(self, record: Record, row: Row) -> Change | None:
        self._check_owner(record, row)
        changed = [
            field
            for field in record.kind.all_fields
            if field.name in record.values and not field.same(record.values[field.name], row.values[field.name])
        ]
        for field in changed:
            if field.immutable:
                self._refuse(
                    record, f"{field.name} must stay as it is: it never changes for an existing {record.kind.name}"
                )
        deleted = row.deleted_at is not None
        if not changed and not deleted:
            return None
        after = {field.name: record.values[field.name] for field in changed}
        self._check_whole(record, dict(row.values) | dict(record.values))
        self._check_references(record, after)
        before = {field.name: row.values[field.name] for field in changed}
        return Change(RESTORE if deleted else UPDATE, record, row.id, before, after)

    def _check_owner(self, record: Record, row: Row) -> None:
        owner = record.kind.owner
        if owner and owner.name in record.values and record.values[owner.name] != row.values[owner.name]:
            whose = f"belongs to {'another' if row.values[owner.name] else 'no'} {owner.name}"
            self._refuse(record, f"{owner.name} must stay as it is: the {record.kind.name} {whose}")

    def _check_whole(self, record: Record, values: Mapping[str, Any]) -> None:
        problem = record.kind.check(values) if record.kind.check else None
        if problem:
            self._refuse(record, problem)

    def _check_references(self, record: Record, values: Mapping[str, Any]) -> None:
        for field, key in record.pointers(values):
            if isinstance(field, Reference) and field.derived:
                self._check_derived(record, field, key)
            else:
                self._check_target(record, field, key)

    def _check_derived(self, record: Record, field: Reference, key: str) -> None:
        """Refuse a record whose name says that it is under another one which its owner does not have."""
        owner = record.kind.owner
        if owner is None or record.values.get(owner.name) is None:
            return
        whose = record.values[owner.name]
        stored = self.snapshot.targets.get(field.target_table, {}).get(key)
        wanted = self.wanted.get((field.target_table, key))
        found = stored.owner if stored else wanted.values.get(owner.name) if wanted else None
        if found == whose:
            self._check_target(record, field, key)
        else:
            place = f"a {field.target_kind} of the same {owner.name}"
            problem = f"must be in {place}: {whose} has no {field.target_kind} {key}"
            self._refuse(record, f"{record.kind.key.name} {problem}")

    def _check_target(self, record: Record, field: Pointer, key: str) -> None:
        wanted = self.wanted.get((field.target_table, key))
        stored = self.snapshot.targets.get(field.target_table, {}).get(key)
        if wanted and not wanted.present:
            self._refuse(record, f"{field.name} {key} is deleted by the same document")
        elif stored and stored.deleted and not (wanted and wanted.restored):
            self._refuse(record, f"{field.name} {key} is deleted")
        elif not stored and not wanted:
            rule = (
                f"an existing {field.target_kind}" if isinstance(field, Reference) else f"existing {field.target_kind}s"
            )
            self._refuse(record, f"{field.name} must be {rule}; there is none named {key}")

    def _refuse(self, record: Record, problem: str) -> None:
        self.errors.append(record.error(problem))
