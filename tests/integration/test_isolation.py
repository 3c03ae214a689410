# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Row-level security: a role that is not the owner sees and writes one tenant's rows, and no row without a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg2
import pytest

from . import pg, rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

ROLE = "wcp_tenant"


@pytest.fixture(scope="module")
def role(pg_server: pg.Server) -> str:
    """A role without rights of its own, that the owner may act as."""
    pg_server.run_as_superuser(f"CREATE ROLE {ROLE}")
    pg_server.run_as_superuser(f"GRANT {ROLE} TO {pg.OWNER}")
    return ROLE


@pytest.fixture
def tenants(connection: Connection, role: str) -> Iterator[tuple[Cursor, dict[str, str]]]:
    """Two tenants with a domain each, and a cursor that acts as the role."""
    with connection.cursor() as cursor:
        ids = {name: rows.insert_tenant(cursor, name) for name in "ab"}
        for name, tenant in ids.items():
            rows.insert(cursor, "domains", tenant_id=tenant, fqdn=f"{name}.example.org")
        rows.insert(cursor, "users", email="admin@example.org")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        connection.commit()
        cursor.execute(f"SET ROLE {role}")
        yield cursor, ids


def test_nothing_without_a_tenant(tenants: tuple[Cursor, dict[str, str]]) -> None:
    cursor, _ids = tenants
    for table in ("tenants", "domains", "tenant_usage", "users"):
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert rows.one(cursor) == 0


def test_one_tenant(tenants: tuple[Cursor, dict[str, str]]) -> None:
    cursor, ids = tenants
    cursor.execute("SELECT set_config('wcp360.tenant_id', %s, true)", (ids["a"],))
    for table, column in (("tenants", "id"), ("domains", "tenant_id"), ("tenant_usage", "tenant_id")):
        cursor.execute(f"SELECT {column} FROM {table}")
        assert cursor.fetchall() == [(ids["a"],)]
    cursor.execute("UPDATE domains SET status = 'disabled'")
    assert cursor.rowcount == 1


def test_the_setting_ends_with_the_transaction(tenants: tuple[Cursor, dict[str, str]]) -> None:
    cursor, ids = tenants
    cursor.execute("SELECT set_config('wcp360.tenant_id', %s, true)", (ids["a"],))
    cursor.connection.commit()
    cursor.execute("SELECT count(*) FROM domains")
    assert rows.one(cursor) == 0


def test_no_row_for_another_tenant(tenants: tuple[Cursor, dict[str, str]]) -> None:
    cursor, ids = tenants
    cursor.execute("SELECT set_config('wcp360.tenant_id', %s, true)", (ids["a"],))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        rows.insert(cursor, "databases", tenant_id=ids["b"], name="stolen")


def test_a_change_raises_the_generation_without_rights_on_tenants(tenants: tuple[Cursor, dict[str, str]]) -> None:
    cursor, ids = tenants
    cursor.execute(f"RESET ROLE; REVOKE UPDATE ON tenants FROM {ROLE}; SET ROLE {ROLE}")
    cursor.execute("SELECT set_config('wcp360.tenant_id', %s, true)", (ids["a"],))
    cursor.execute("SELECT generation FROM tenants")
    before = rows.one(cursor)
    rows.insert(cursor, "databases", tenant_id=ids["a"], name="shop")
    cursor.execute("SELECT generation FROM tenants")
    assert rows.one(cursor) == before + 1


def test_every_table_with_a_tenant_is_isolated(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND (relname = 'tenants' OR EXISTS (
                    SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id'))
                AND NOT (relrowsecurity AND relforcerowsecurity)
            """
        )
        assert cursor.fetchall() == []
