# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents written to a real PostgreSQL, and what is read back of them."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import export_records, read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME, KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import count_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading

from . import pg

OPERATOR = "operator@wcp360.internal"
"""The user that comes with the schema."""

Counts = dict[str, dict[str, int]]


def write(dsn: str, check: bool = False, **records: Any) -> Counts:
    """Write a document and return the counts."""
    return count_changes(apply_records(dsn, parse_document({"format": 1, **records}), check).plan)


def read(dsn: str, kind: str, query: Query | None = None) -> list[dict[str, Any]]:
    """Return the records of a kind."""
    with reading(dsn) as cursor:
        return read_records(cursor, BY_NAME[kind], query or Query())


def made(dsn: str, kind: str) -> list[dict[str, Any]]:
    """Return the records of a kind without those that come with the schema."""
    shipped = {"role": lambda record: record["is_system"], "user": lambda record: record["email"] == OPERATOR}
    return [record for record in read(dsn, kind) if not (kind in shipped and shipped[kind](record))]


def of_owner(dsn: str) -> str:
    """Return the DSN of the same database for its owner."""
    return dsn.replace(f"user={pg.RUNTIME}", f"user={pg.OWNER}")


def of_runtime(dsn: str) -> str:
    """Return the DSN of the same database for the role that modules connect as."""
    return dsn.replace(f"user={pg.OWNER}", f"user={pg.RUNTIME}")


def execute(dsn: str, statement: str) -> None:
    """Run one statement as the owner of the schema."""
    with contextlib.closing(psycopg2.connect(of_owner(dsn))) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def refusal(dsn: str, **records: Any) -> str:
    """Return the message with which a document is refused, after checking that nothing was changed."""
    before = {kind.name: read(dsn, kind.name) for kind in KINDS}
    with pytest.raises(InvalidRecordsError) as caught:
        write(dsn, **records)
    assert {kind.name: read(dsn, kind.name) for kind in KINDS} == before
    return str(caught.value)


def counted(
    created: int = 0, updated: int = 0, deleted: int = 0, restored: int = 0, unchanged: int = 0
) -> dict[str, int]:
    """Return the counts of one kind."""
    return {"created": created, "updated": updated, "deleted": deleted, "restored": restored, "unchanged": unchanged}


def export(dsn: str, secrets: bool = True) -> dict[str, Any]:
    """Return everything that is stored as the lists of one document."""
    with reading(dsn) as cursor:
        return {kind.plural: export_records(cursor, kind, secrets) for kind in KINDS}
