# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record kind declares; documents, modules, SQL and messages derive from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field, Reference, Text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extension:
    """A second table with exactly one row for each record: ``fields`` live there, ``column`` points back."""

    table: str
    column: str
    fields: tuple[Field, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guard:
    """A field whose change needs a permission of its own, besides the kind's.

    With ``values``, only a change from or to one of them does.
    """

    field: str
    permission: str
    values: tuple[Any, ...] = ()

    def concerns(self, before: Any, after: Any) -> bool:
        """Tell whether a change of the field is guarded."""
        return not self.values or before in self.values or after in self.values


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of record.

    ``name`` and ``plural`` are its names in modules and documents, ``key`` is the field that names a record.
    ``observed`` lists the columns that PostgreSQL or the nodes fill: readable, never written from here.
    ``filters`` are fields that `read_records` can select by, ``conditions`` named SQL conditions on the table's
    row (alias ``r``). ``check`` looks at a whole record, defaults filled in, and returns what is wrong with it or
    None. ``rehearsed`` names the columns that a new record takes from a sequence, with the highest value of each: a
    rehearsal counts down from there, because a rollback does not give sequence values back. ``guards`` are the
    fields that not everybody may change who may change the record.
    """

    name: str
    plural: str
    table: str
    key: Text
    fields: tuple[Field, ...]
    extension: Extension | None = None
    observed: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    rehearsed: Mapping[str, int] = dataclasses.field(default_factory=dict)
    conditions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], str | None] | None = None
    guards: tuple[Guard, ...] = ()

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Return every field but the key, the extension's included."""
        return self.fields + (self.extension.fields if self.extension else ())

    @property
    def references(self) -> tuple[Reference, ...]:
        """Return the fields that point at other records."""
        return tuple(field for field in self.fields if isinstance(field, Reference))

    @property
    def owner(self) -> Reference | None:
        """Return the field that points at the record's owner."""
        return next((field for field in self.references if field.owner), None)
