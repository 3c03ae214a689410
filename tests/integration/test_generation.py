# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What means something to a node raises the generation of the tenants that it is about; nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg2
import pytest

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


class Tenants:
    """Two tenants, ``a`` and ``b``, each with a package and a domain."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.node = rows.insert(cursor, "nodes", name="node1", address="192.0.2.1")
        self.ids = {name: rows.insert_tenant(cursor, name, node_id=self.node) for name in "ab"}
        self.domains = {
            name: rows.insert(cursor, "domains", tenant_id=tenant, fqdn=f"{name}.example.org")
            for name, tenant in self.ids.items()
        }
        self.generations = self.read()

    def read(self) -> dict[str, int]:
        """Return the generation of each tenant by name."""
        self.cursor.execute("SELECT name, generation FROM tenants")
        return dict(self.cursor.fetchall())

    def raised(self, statement: str, **values: str) -> set[str]:
        """Execute a statement and return the tenants whose generation it raised."""
        self.cursor.execute(statement, {**values, "a": self.ids["a"], "domain": self.domains["a"]})
        before, self.generations = self.generations, self.read()
        return {name for name, generation in self.generations.items() if generation > before[name]}


@pytest.fixture
def tenants(transaction: Cursor) -> Tenants:
    """Two tenants in an open transaction."""
    return Tenants(transaction)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants SET status = 'suspended' WHERE id = %(a)s",
        "UPDATE tenants SET metadata = '{\"x\": 1}' WHERE id = %(a)s",
        "UPDATE tenants SET deleted_at = now() WHERE id = %(a)s",
        "UPDATE tenants SET time_zone = 'Europe/Paris', last_error = 'x' WHERE id = %(a)s",
        "INSERT INTO domains (tenant_id, fqdn) VALUES (%(a)s, 'new.example.org')",
        "UPDATE domains SET tls = 'on' WHERE id = %(domain)s",
        "UPDATE domains SET deleted_at = now() WHERE id = %(domain)s",
        "DELETE FROM domains WHERE id = %(domain)s",
        "INSERT INTO databases (tenant_id, name) VALUES (%(a)s, 'shop')",
        "INSERT INTO mail_boxes (tenant_id, domain_id, address) VALUES (%(a)s, %(domain)s, 'me@a.example.org')",
        "INSERT INTO cron_jobs (tenant_id, name, schedule, command) VALUES (%(a)s, 'tidy', '@daily', 'true')",
        "UPDATE packages SET name = 'renamed' WHERE name = 'package-of-a'",
        "UPDATE package_limits SET io_weight = 60 WHERE package_id = (SELECT package_id FROM tenants WHERE id = %(a)s)",
    ],
)
def test_raises_its_tenant_alone(tenants: Tenants, statement: str) -> None:
    assert tenants.raised(statement) == {"a"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants SET observed_generation = generation, last_converged_at = now(), last_error = 'x'",
        "UPDATE tenants SET name = name, status = status",
        "UPDATE domains SET tls = tls",
        "UPDATE domains SET updated_at = now() + interval '1 hour'",
        "UPDATE package_limits SET max_cpu_pct = max_cpu_pct",
        "UPDATE packages SET description = 'for small sites'",
        "UPDATE tenant_usage SET used_disk_mb = 5",
        "UPDATE nodes SET region = 'west'",
        "DELETE FROM domains WHERE false",
    ],
)
def test_raises_nobody(tenants: Tenants, statement: str) -> None:
    assert tenants.raised(statement) == set()


def test_a_domain_that_changes_hands_raises_both(tenants: Tenants) -> None:
    assert tenants.raised("UPDATE domains SET tenant_id = %(b)s WHERE id = %(domain)s", b=tenants.ids["b"]) == {
        "a",
        "b",
    }


def test_purge_of_a_deleted_domain_raises_nobody(tenants: Tenants) -> None:
    tenants.raised("UPDATE domains SET deleted_at = now() WHERE id = %(domain)s")
    assert tenants.raised("DELETE FROM domains WHERE id = %(domain)s") == set()


def test_many_rows_in_one_statement_raise_once(tenants: Tenants) -> None:
    tenants.raised("UPDATE package_limits SET max_domains = 1000")
    before = tenants.generations["a"]
    tenants.raised(
        "INSERT INTO domains (tenant_id, fqdn) SELECT %(a)s, 'n' || n || '.example.org' FROM generate_series(1, 500) n"
    )
    assert tenants.generations["a"] == before + 1


def test_a_change_of_all_packages_raises_all_their_tenants(tenants: Tenants) -> None:
    assert tenants.raised("UPDATE package_limits SET max_mem_mb = 256") == {"a", "b"}


def test_generation_does_not_go_back(tenants: Tenants) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation) as caught:
        tenants.raised("UPDATE tenants SET generation = generation - 1")
    assert caught.value.diag.constraint_name == "tenants_generation_is_rising"


def test_a_change_under_a_converge_is_not_lost(tenants: Tenants) -> None:
    """The node reports the generation that it was given, and the tenant stays out of date."""
    given = tenants.generations["a"]
    tenants.raised("UPDATE domains SET kind = 'static' WHERE id = %(domain)s")
    tenants.cursor.execute("UPDATE tenants SET observed_generation = %s WHERE name = 'a'", (given,))
    tenants.cursor.execute("SELECT name FROM tenants WHERE name = 'a' AND generation <> observed_generation")
    assert rows.one(tenants.cursor) == "a"


def test_out_of_date_tenants_are_found_by_index(tenants: Tenants) -> None:
    cursor = tenants.cursor
    cursor.execute(
        "INSERT INTO tenants (name, package_id, node_id) SELECT 't' || n, (SELECT id FROM packages LIMIT 1), %s"
        " FROM generate_series(1, 2000) n",
        (tenants.node,),
    )
    cursor.execute("UPDATE tenants SET observed_generation = generation WHERE name <> 'a'")
    cursor.execute("ANALYZE tenants")
    cursor.execute(
        "EXPLAIN SELECT id FROM tenants WHERE node_id = %s AND generation <> observed_generation", (tenants.node,)
    )
    assert "tenants_out_of_date" in "\n".join(line for (line,) in cursor)
