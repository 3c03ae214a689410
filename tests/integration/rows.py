# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows by plain SQL, for tests of what the database itself accepts and does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg2 import sql

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

LIMITS = {"max_domains": 5, "max_disk_mb": 100, "max_cpu_pct": 50, "max_mem_mb": 128}


def insert(cursor: Cursor, table: str, **values: Any) -> str:
    """Insert one row and return its id."""
    columns = sql.SQL(", ").join(map(sql.Identifier, values))
    marks = sql.SQL(", ").join(sql.Placeholder() * len(values))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id")
    cursor.execute(statement.format(sql.Identifier(table), columns, marks), list(values.values()))
    return str(one(cursor))


def insert_package(cursor: Cursor, name: str) -> str:
    """Insert a package with limits and return its id."""
    package = insert(cursor, "packages", name=name)
    insert(cursor, "package_limits", package_id=package, **LIMITS)
    return package


def insert_tenant(cursor: Cursor, name: str, **values: Any) -> str:
    """Insert a tenant with a package of its own, unless one is given, and return its id."""
    package = values.pop("package_id", None) or insert_package(cursor, f"package-of-{name}".lower())
    return insert(cursor, "tenants", name=name, package_id=package, **values)


def one(cursor: Cursor) -> Any:
    """Return the first column of the next row."""
    row = cursor.fetchone()
    assert row is not None
    return row[0]
