# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's errors mean, in words for the person who can act on them.

Constraints and triggers of the schema name the table, the column and the rule (``<table>_<column>_is_<rule>``); this is
the one place that turns them into messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import Record
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import RecordError, RecordStoreError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.grammar import GRAMMARS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kind import Kind

if TYPE_CHECKING:
    from psycopg2 import Error

UNIQUE_VIOLATION = "23505"
NOT_NULL_VIOLATION = "23502"
_SERIALIZATION = {"40001", "40P01"}
_REJECTIONS = ("22", "23", "P0")
_OUT_OF_REACH = "42501"
_SHUTDOWN = "57P"
_SCHEMA_MISSING = {"42P01", "42703", "42883", "42704", "3F000"}
_TOO_LONG = {
    "57014": "it ran longer than the statement timeout",
    "55P03": "another transaction held a lock for too long",
}


def is_rejection(error: Error) -> bool:
    """Tell whether PostgreSQL refused the data of a statement, and not the session or the statement itself."""
    return bool(error.pgcode) and (str(error.pgcode).startswith(_REJECTIONS) or _is_out_of_reach(error))


def _is_out_of_reach(error: Error) -> bool:
    """Tell whether row-level security refused a row, as opposed to a missing privilege, which has the same code."""
    return error.pgcode == _OUT_OF_REACH and "row-level security" in (error.diag.message_primary or "")


def is_conflict(error: Error, kind: Kind | None = None) -> bool:
    """Tell whether a concurrent transaction got in the way, so that trying again can succeed.

    With ``kind``, that includes another transaction having created the same natural key in the meantime.
    """
    if error.pgcode in _SERIALIZATION:
        return True
    key_index = "_".join([kind.table, *kind.key_columns, "key"]) if kind else None
    return error.pgcode == UNIQUE_VIOLATION and error.diag.constraint_name == key_index


def record_error(error: Error, record: Record) -> RecordError:
    """Return what PostgreSQL refused about one record, naming its field."""
    return record.error(_problem(error, record.kind))


def store_error(error: Error) -> RecordStoreError:
    """Return an error that concerns no single record."""
    if error.pgcode in _SCHEMA_MISSING:
        return RecordStoreError(
            f"the database has no wcp360 schema, or an older one ({_first_line(error)}): apply the migrations with the"
            " role wcp360.hosting.manager"
        )
    if error.pgcode == "42501":
        return RecordStoreError(f"the database role may not do this: {_first_line(error)}")
    if error.pgcode in _TOO_LONG:
        return RecordStoreError(f"PostgreSQL gave up on a statement: {_TOO_LONG[error.pgcode]}")
    if error.pgcode in _SERIALIZATION:
        return RecordStoreError("other transactions kept writing the same records; try again later")
    if error.pgcode is None or error.pgcode.startswith(_SHUTDOWN):
        return RecordStoreError(f"the connection to the record store broke off: {_first_line(error)}")
    return RecordStoreError(f"PostgreSQL reports: {_first_line(error)}")


def _problem(error: Error, kind: Kind) -> str:
    diagnostics = error.diag
    constraint = diagnostics.constraint_name or ""
    field, rule = _field_and_rule(kind, diagnostics.table_name, diagnostics.column_name, constraint)
    message = diagnostics.message_primary or ""
    if _is_out_of_reach(error):
        return "must belong to what the actor may reach: its own tenant, or tenants and packages of its own reseller"
    if error.pgcode == UNIQUE_VIOLATION:
        return f"{field or constraint} is not available"
    if error.pgcode == NOT_NULL_VIOLATION:
        return f"{field} must have a value"
    if rule == "live":
        return f"{field} must not be deleted"
    if field == "state":
        verb = "change" if rule == "final" else "be absent"
        return f"{field} must not {verb}: {message.rpartition(': ')[2]}"
    prefix = f"{diagnostics.table_name}.{diagnostics.column_name} "
    if field and message.startswith(prefix):
        return f"{field} {message.removeprefix(prefix)}"
    if field and rule in GRAMMARS:
        return f"{field} must be {GRAMMARS[rule].rule}"
    if field:
        return f"{field} must obey the rule {constraint}" if constraint else f"{field}: {message}"
    return _first_line(error)


def _field_and_rule(kind: Kind, table_name: str | None, column: str | None, constraint: str) -> tuple[str | None, str]:
    # The table is another one when a trigger refuses what the record owns.
    tables = {kind.table, *([kind.extension.table] if kind.extension else []), *([table_name] if table_name else [])}
    for table in sorted(tables, key=len, reverse=True):
        if constraint.startswith(f"{table}_"):
            name, _is, rule = constraint.removeprefix(f"{table}_").partition("_is_")
            return _field_of(kind, name.removesuffix("_key").removesuffix("_fkey")), rule
    return (_field_of(kind, column) if column else None), ""


def _field_of(kind: Kind, column: str) -> str | None:
    if column == "deleted_at":
        return "state"
    return next((field.name for field in (kind.key, *kind.all_fields) if field.column == column), None)


def _first_line(error: Error) -> str:
    text = error.diag.message_primary or str(error)
    return text.strip().partition("\n")[0]
