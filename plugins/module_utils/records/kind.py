# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record kind declares; documents, modules, SQL and messages derive from it.

What derives from a declaration is computed once: a document asks for it with each of its records.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import (
    Field,
    Links,
    Pointer,
    Reference,
    Text,
)


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

    ``name`` and ``plural`` are its names in modules and documents, ``key`` is the field that names a record. Records of
    a ``scoped`` kind are unique within their owner: their natural key is ``<owner>/<name>``.
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
    scoped: bool = False
    extension: Extension | None = None
    observed: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    rehearsed: Mapping[str, int] = dataclasses.field(default_factory=dict)
    conditions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], str | None] | None = None
    guards: tuple[Guard, ...] = ()

    @functools.cached_property
    def all_fields(self) -> tuple[Field, ...]:
        """Return every field but the key, the extension's included."""
        return self.fields + (self.extension.fields if self.extension else ())

    @functools.cached_property
    def given_fields(self) -> tuple[Field, ...]:
        """Return the fields that a document may give: those that do not follow from others."""
        return tuple(field for field in self.all_fields if not (isinstance(field, Reference) and field.derived))

    @functools.cached_property
    def exclusive(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of fields of which only one may be given."""
        return tuple(
            (field.name, *(way.name for way in field.alternatives)) for field in self.all_fields if field.alternatives
        )

    @functools.cached_property
    def pointers(self) -> tuple[Pointer, ...]:
        """Return the fields that name other records."""
        return tuple(field for field in self.fields if isinstance(field, Pointer))

    @functools.cached_property
    def references(self) -> tuple[Reference, ...]:
        """Return the fields that point at one other record."""
        return tuple(field for field in self.fields if isinstance(field, Reference))

    @functools.cached_property
    def links(self) -> tuple[Links, ...]:
        """Return the fields whose values are rows of a link table."""
        return tuple(field for field in self.fields if isinstance(field, Links))

    @functools.cached_property
    def owner(self) -> Reference | None:
        """Return the field that points at the record's owner."""
        return next((field for field in self.references if field.owner), None)

    @functools.cached_property
    def scope(self) -> Reference | None:
        """Return the owner's field when it is part of the natural key."""
        return self.owner if self.scoped else None

    @functools.cached_property
    def key_columns(self) -> tuple[str, ...]:
        """Return the columns of the natural key; the table's UNIQUE constraint on them is named after them."""
        return (self.scope.column, self.key.column) if self.scope else (self.key.column,)

    def natural_key(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the natural key of the record with this name and these values."""
        return f"{values[self.scope.name]}/{name}" if self.scope else name
