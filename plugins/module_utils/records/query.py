# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records to read: the options that info modules and inventory plugins share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    FieldError,
    InvalidRecordsError,
    RecordError,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.fields import Field
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind


@dataclasses.dataclass(frozen=True)
class Query:
    """Keeps records that match every part; an empty query keeps all.

    ``names`` are values of the key field, ``filters`` accepted values by field (a field of several words has to share
    one), ``conditions`` says which of the kind's conditions a record must meet, or must not.
    """

    names: tuple[str, ...] | None = None
    filters: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    conditions: Mapping[str, bool] = dataclasses.field(default_factory=dict)


def parse_query(kind: Kind, options: Mapping[str, Any]) -> Query:
    """Return the query that ``options`` describe: lists of values by field, true or false by condition.

    What is None or not there does not restrict. Raises InvalidRecordsError for a value that the field cannot have.
    """
    fields = {field.name: field for field in kind.all_fields}
    keys = options.get(kind.key.name)
    return Query(
        names=None if keys is None else _parse_values(kind, kind.key, keys),
        filters={
            name: _parse_values(kind, fields[name], options[name])
            for name in kind.filters
            if options.get(name) is not None
        },
        conditions={name: options[name] for name in kind.conditions if options.get(name) is not None},
    )


def _parse_values(kind: Kind, field: Field, values: list[Any]) -> tuple[Any, ...]:
    try:
        return tuple(field.parse_element(value) for value in values)
    except FieldError as problem:
        raise InvalidRecordsError([RecordError(kind.name, None, problem.about(field.name))]) from problem
