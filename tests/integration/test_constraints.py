# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plain SQL is refused, each time by a constraint that names the field and the rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

ATTACKS = [
    "evil.example.org; } server { listen 80",
    "evil.example.org\nlisten 81;",
    "../../etc/passwd",
    "/etc/passwd",
    "$(id)",
    "`id`",
    "{{ lookup('pipe', 'id') }}",
    "%h\nExecStart=/bin/sh",
    "a\u2028b",
    "a\x85b",
    "bob_%`; DROP DATABASE x",
    "' OR 1=1 --",
    "x" * 5000,
    "",
]
FIELDS = [
    ("nodes", "name", "hostname"),
    ("nodes", "address", "address"),
    ("nodes", "ssh_user", "login"),
    ("nodes", "region", "slug"),
    ("packages", "name", "slug"),
    ("tenants", "name", "name"),
    ("tenants", "time_zone", "time_zone"),
    ("domains", "fqdn", "fqdn"),
    ("domains", "document_root", "relative_path"),
    ("databases", "name", "database_name"),
    ("mail_boxes", "address", "email"),
    ("cron_jobs", "name", "slug"),
    ("cron_jobs", "schedule", "cron"),
    ("cron_jobs", "working_dir", "relative_path"),
]
LINES = [("cron_jobs", "command", "command"), ("tenants", "last_error", "text"), ("packages", "description", "text")]


@pytest.fixture
def cursor(transaction: Cursor) -> Cursor:
    """A cursor in a transaction that has one row of everything."""
    node = rows.insert(transaction, "nodes", name="node1", address="192.0.2.1")
    tenant = rows.insert_tenant(transaction, "Company-A", node_id=node)
    domain = rows.insert(transaction, "domains", tenant_id=tenant, fqdn="a.example.org")
    rows.insert(transaction, "databases", tenant_id=tenant, name="shop")
    rows.insert(transaction, "mail_boxes", tenant_id=tenant, domain_id=domain, address="me@a.example.org")
    rows.insert(transaction, "cron_jobs", tenant_id=tenant, name="tidy", schedule="@daily", command="true")
    return transaction


def violated(cursor: Cursor, statement: str, *values: Any) -> str:
    """Execute a statement that must be refused, and return the constraint's name."""
    cursor.execute("SAVEPOINT attempt")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        cursor.execute(statement, values)
    cursor.execute("ROLLBACK TO attempt")
    return str(caught.value.diag.constraint_name)


@pytest.mark.parametrize(("table", "column", "grammar"), FIELDS)
def test_attacks_are_refused(cursor: Cursor, table: str, column: str, grammar: str) -> None:
    for attack in ATTACKS:
        constraint = violated(cursor, f"UPDATE {table} SET {column} = %s", attack)
        assert constraint == f"{table}_{column}_is_{grammar}", attack


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE domains SET kind = 'redirect', redirect_to = %s", "domains_redirect_to_is_url"),
        ("INSERT INTO tenants (name, package_id, account) SELECT 'other', package_id, %s FROM tenants",
         "tenants_account_is_account"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("attack", [*ATTACKS, "root", "https://example.org/;}", "javascript:alert(1)"])
def test_attacks_on_fields_with_other_rules(cursor: Cursor, statement: str, constraint: str, attack: str) -> None:
    assert violated(cursor, statement, attack) == constraint


@pytest.mark.parametrize(("table", "column", "grammar"), LINES)
@pytest.mark.parametrize("attack", ["a\nb", "a\rb", "a\x1bb", "a\u2028b", "a\x85b", "x" * 5000])
def test_second_lines_are_refused(cursor: Cursor, table: str, column: str, grammar: str, attack: str) -> None:
    assert violated(cursor, f"UPDATE {table} SET {column} = %s", attack) == f"{table}_{column}_is_{grammar}"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE nodes SET ssh_port = 0", "nodes_ssh_port_is_in_range"),
        ("UPDATE nodes SET roles = '{}'", "nodes_roles_is_known"),
        ("UPDATE nodes SET roles = '{worker,king}'", "nodes_roles_is_known"),
        ("UPDATE nodes SET metadata = '[]'", "nodes_metadata_is_metadata"),
        ("UPDATE package_limits SET max_disk_mb = 0", "package_limits_max_disk_mb_is_in_range"),
        ("UPDATE package_limits SET max_cpu_pct = 102401", "package_limits_max_cpu_pct_is_in_range"),
        ("UPDATE package_limits SET features = '{\"ssh\": 1}'", "package_limits_features_is_features"),
        ("UPDATE package_limits SET features = '{\"s;h\": true}'", "package_limits_features_is_features"),
        ("UPDATE tenants SET observed_generation = 99", "tenants_observed_generation_is_at_most_generation"),
        ("UPDATE tenants SET account = 'other'", "tenants_account_is_immutable"),
        ("UPDATE tenants SET uid = uid + 1", "tenants_uid_is_immutable"),
        ("UPDATE domains SET kind = 'redirect'", "domains_redirect_to_is_for_kind_redirect"),
        ("UPDATE domains SET redirect_to = 'https://example.org/'", "domains_redirect_to_is_for_kind_redirect"),
        ("UPDATE domains SET redirect_code = 200", "domains_redirect_code_is_known"),
        ("UPDATE domains SET server_block = '{}'", "domains_server_block_is_server_block"),
        ("UPDATE domains SET fqdn = 'b.example.org'", "mail_boxes_domain_is_of_tenant"),
        ("UPDATE mail_boxes SET address = 'me@b.example.org'", "mail_boxes_domain_is_of_tenant"),
        ("INSERT INTO tenants (name, account, package_id) SELECT 'x', 't1999999', package_id FROM tenants",
         "tenants_account_is_of_own_uid"),
        ("INSERT INTO domains (tenant_id, fqdn) SELECT id, 'a.example.org' FROM tenants", "domains_fqdn_key"),
        ("UPDATE packages SET deleted_at = now()", "packages_deleted_at_is_not_in_use"),
        ("UPDATE nodes SET deleted_at = now()", "nodes_deleted_at_is_not_in_use"),
        ("DELETE FROM packages", "tenants_package_id_fkey"),
    ],
)  # fmt: skip
def test_refused(cursor: Cursor, statement: str, constraint: str) -> None:
    assert violated(cursor, statement) == constraint


def test_metadata_has_a_size(cursor: Cursor) -> None:
    fitting = json.dumps({"x": "y" * 65000})
    cursor.execute("UPDATE domains SET metadata = %s", (fitting,))
    assert violated(cursor, "UPDATE domains SET metadata = %s", json.dumps({"x": "y" * 66000})) == (
        "domains_metadata_is_metadata"
    )


def test_a_mailbox_stays_with_its_tenant(cursor: Cursor) -> None:
    other = rows.insert_tenant(cursor, "other")
    assert violated(cursor, "UPDATE mail_boxes SET tenant_id = %s", other) == "mail_boxes_domain_is_of_tenant"


def test_the_node_changes_only_until_it_has_applied_the_tenant(cursor: Cursor) -> None:
    other = rows.insert(cursor, "nodes", name="node2", address="192.0.2.2")
    cursor.execute("UPDATE tenants SET node_id = %s", (other,))
    cursor.execute("UPDATE tenants SET observed_generation = 1")
    with pytest.raises(psycopg2.IntegrityError, match="changes only by a move procedure") as caught:
        cursor.execute("UPDATE tenants SET node_id = NULL")
    assert caught.value.diag.constraint_name == "tenants_node_id_is_moved_by_procedure"


def test_deletion_in_use_names_the_record(cursor: Cursor) -> None:
    with pytest.raises(psycopg2.IntegrityError, match=r"1 record\(s\) still use package-of-company-a"):
        cursor.execute("UPDATE packages SET deleted_at = now()")


def test_a_node_is_kept_until_it_has_applied_the_deletions(cursor: Cursor) -> None:
    cursor.execute("UPDATE tenants SET deleted_at = now()")
    assert violated(cursor, "UPDATE nodes SET deleted_at = now()") == "nodes_deleted_at_is_not_in_use"
    cursor.execute("UPDATE tenants SET observed_generation = generation")
    cursor.execute("UPDATE nodes SET deleted_at = now()")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO packages (name) VALUES ('bare')",
        "DELETE FROM package_limits",
        "UPDATE package_limits SET package_id = (SELECT id FROM packages WHERE name = 'bare')",
    ],
)
def test_a_package_always_has_limits(cursor: Cursor, statement: str) -> None:
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if "SELECT" in statement:
        cursor.execute("SET CONSTRAINTS packages_limits_is_there DEFERRED")
        cursor.execute("INSERT INTO packages (name) VALUES ('bare')")
    assert violated(cursor, statement) == "packages_limits_is_there"


def test_a_package_goes_with_its_limits(cursor: Cursor) -> None:
    rows.insert_package(cursor, "unused")
    cursor.execute("DELETE FROM packages WHERE name = 'unused'")
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_defaults(cursor: Cursor) -> None:
    cursor.execute("SELECT uid, account FROM tenants")
    [(uid, account)] = cursor.fetchall()
    assert 200000 <= uid <= 1999999
    assert account == f"t{uid}"
    cursor.execute("SELECT document_root FROM domains")
    assert rows.one(cursor) == "sites/a.example.org/public"
    cursor.execute("SELECT count(*) FROM tenant_usage JOIN tenants ON tenants.id = tenant_id")
    assert rows.one(cursor) == 1


def test_deletion_and_restore_take_along_what_the_tenant_owns(cursor: Cursor) -> None:
    tables = ("domains", "databases", "mail_boxes", "cron_jobs", "tenant_usage")
    tenant = rows.insert_tenant(cursor, "other")
    alone = rows.insert(cursor, "domains", tenant_id=tenant, fqdn="alone.example.org")
    cursor.execute("UPDATE domains SET deleted_at = '2026-01-01' WHERE id = %s", (alone,))
    cursor.execute("UPDATE tenants SET deleted_at = '2026-02-02'")
    for table in tables:
        cursor.execute(f"SELECT DISTINCT deleted_at::date::text FROM {table} WHERE {table}.id <> %s", (alone,))
        assert cursor.fetchall() == [("2026-02-02",)], table
    assert violated(cursor, "INSERT INTO databases (tenant_id, name) VALUES (%s, 'late')", tenant) == (
        "databases_tenant_id_is_live"
    )

    cursor.execute("UPDATE tenants SET deleted_at = NULL")
    for table in tables:
        cursor.execute(f"SELECT id FROM {table} WHERE deleted_at IS NOT NULL")
        assert cursor.fetchall() == ([(alone,)] if table == "domains" else []), table


def test_a_deleted_package_takes_no_tenant(cursor: Cursor) -> None:
    package = rows.insert_package(cursor, "gone")
    cursor.execute("UPDATE packages SET deleted_at = now() WHERE id = %s", (package,))
    assert violated(cursor, "UPDATE tenants SET package_id = %s", package) == "tenants_package_id_is_live"


def test_purge_takes_everything(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM tenants")
    for table in ("domains", "databases", "mail_boxes", "cron_jobs", "tenant_usage"):
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert rows.one(cursor) == 0, table


def test_every_text_column_has_a_grammar(cursor: Cursor) -> None:
    cursor.execute(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb') AND is_generated = 'NEVER'
            AND table_name NOT IN ('alembic_version', 'schema_migrations', 'actor_secret')
        EXCEPT
        SELECT conrelid::regclass::text, attname FROM pg_constraint
        JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
        WHERE contype = 'c' AND conname LIKE conrelid::regclass || '_' || attname || '_is_%'
        """
    )
    assert cursor.fetchall() == []


def test_every_table_has_timestamps(cursor: Cursor) -> None:
    cursor.execute(
        """
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT IN ('alembic_version', 'schema_migrations', 'actor_secret')
        GROUP BY table_name
        HAVING NOT array_agg(column_name::text) @> '{created_at,updated_at,deleted_at}'
        """
    )
    assert cursor.fetchall() == []
