# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting, restoring within the term, and purging after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError, NotAllowedError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.purge import Begun, Purged, purge
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import export_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import count_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

SHOP: dict[str, Any] = {
    "name": "shop",
    "package": "basic",
    "node": "node1",
    "domains": [{"fqdn": "shop.example"}, {"fqdn": "www.shop.example"}],
    "databases": [{"name": "shop"}],
    "mailboxes": [{"address": "me@shop.example"}],
    "cron_jobs": [{"name": "tidy", "schedule": "@daily", "command": "true"}],
    "users": [{"email": "me@example.org", "roles": ["user"]}],
}


@pytest.fixture
def store(dsn: str) -> str:
    """A store with one tenant that has one of everything, and another one."""
    write(
        dsn,
        nodes=[{"name": "node1", "address": "192.0.2.1"}],
        packages=[{**rows.LIMITS, "name": "basic"}],
        tenants=[SHOP, {"name": "other", "package": "basic", "domains": [{"fqdn": "other.example"}]}],
    )
    return dsn


def write(dsn: str, **records: Any) -> dict[str, dict[str, int]]:
    """Write records as the operator; return the counts."""
    return count_changes(apply_records(dsn, parse_document({"format": 1, **records})).plan)


def export(dsn: str) -> dict[str, Any]:
    """Return all records as a document."""
    with reading(dsn, *KINDS) as cursor:
        return {kind.plural: export_records(cursor, kind, secrets=True) for kind in KINDS}


def execute(connection: Connection, statement: str) -> None:
    """Run a statement as the owner."""
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)


def test_restoring_brings_back_exactly_what_was_there(store: str) -> None:
    before = export(store)
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    assert [tenant["name"] for tenant in export(store)["tenants"]] == ["other"]
    counts = write(store, tenants=[{"name": "shop", "state": "restored"}])
    assert counts["tenants"]["restored"] == 1
    assert export(store) == before
    assert write(store, tenants=[{"name": "shop", "state": "restored"}])["tenants"]["unchanged"] == 1


def test_what_was_deleted_on_its_own_stays_deleted(store: str) -> None:
    write(store, domains=[{"fqdn": "www.shop.example", "state": "absent"}])
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    write(store, tenants=[{"name": "shop", "state": "restored"}])
    assert [domain["fqdn"] for domain in export(store)["domains"]] == ["other.example", "shop.example"]
    write(store, domains=[{"fqdn": "www.shop.example", "state": "restored", "tls": "on"}])
    restored = next(domain for domain in export(store)["domains"] if domain["fqdn"] == "www.shop.example")
    assert restored["tls"] == "on"


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (
            {"domains": [{"fqdn": "shop.example", "state": "restored"}]},
            'domain "shop.example" (domains[0]): tenant must not be deleted',
        ),
        (
            {"tenants": [{"name": "nothing", "state": "restored"}]},
            'tenant "nothing" (tenants[0]): state must not be restored: there is no deleted tenant of this name',
        ),
        ({"tenants": [{"name": "shop"}]}, "is reserved until the purge"),
    ],
)
def test_what_cannot_come_back_is_named(store: str, records: dict[str, Any], problem: str) -> None:
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    with pytest.raises(InvalidRecordsError) as caught:
        write(store, **records)
    assert problem in str(caught.value)


def test_a_restore_counts_against_the_limits(store: str) -> None:
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    write(store, packages=[{"name": "basic", "max_domains": 1}])
    restore = parse_document({"format": 1, "tenants": [{"name": "shop", "state": "restored"}]})
    with pytest.raises(InvalidRecordsError, match=r"shop would have 2 domains, and package basic allows 1"):
        apply_records(store, restore)
    apply_records(store, restore, force=True)


def step(dsn: str, name: str, check: bool = False) -> Any:
    """Take a step of a purge as the operator."""
    return purge(dsn, name, check, credentials=resolve_credentials())


def test_a_purge_waits_for_the_term_and_for_the_node(store: str, connection: Connection) -> None:
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    execute(connection, "UPDATE tenants SET observed_generation = generation, last_converged_at = now()")
    assert step(store, "begin") == Begun((), ())
    execute(connection, "UPDATE tenants SET deleted_at = deleted_at - interval '30 days' WHERE deleted_at IS NOT NULL")
    execute(connection, "UPDATE tenants SET observed_generation = generation")
    assert step(store, "begin", check=True) == Begun(("shop",), ("node1",))
    assert step(store, "begin") == Begun(("shop",), ("node1",))
    assert step(store, "begin") == Begun((), ())
    assert step(store, "finish") == Purged({}, (), ("shop",)), "the data is still on the node"
    with pytest.raises(InvalidRecordsError, match="its purge has begun"):
        write(store, tenants=[{"name": "shop", "state": "restored"}])

    execute(connection, "UPDATE tenants SET observed_generation = generation")
    purged = step(store, "finish")
    assert purged.tenants == ("shop",)
    assert purged.counts == {
        "tenants": 1, "domains": 2, "databases": 1, "mailboxes": 1, "cron_jobs": 1, "users": 1,
    }  # fmt: skip
    with connection, connection.cursor() as cursor:
        for table in ("tenants", "domains", "databases", "mail_boxes", "cron_jobs", "tenant_usage"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE deleted_at IS NOT NULL")
            assert rows.one(cursor) == 0, table
    write(store, tenants=[SHOP])  # every name is free again
    assert step(store, "finish") == Purged({}, (), ())


def test_a_longer_retention_is_kept(store: str, connection: Connection) -> None:
    write(store, packages=[{"name": "basic", "retention_days": 90}], tenants=[{"name": "shop", "state": "absent"}])
    execute(connection, "UPDATE tenants SET deleted_at = deleted_at - interval '60 days' WHERE deleted_at IS NOT NULL")
    assert step(store, "begin") == Begun((), ())


def test_single_records_go_after_their_term_once_the_node_is_up_to_date(store: str, connection: Connection) -> None:
    write(store, domains=[{"fqdn": "www.shop.example", "state": "absent"}])
    execute(connection, "UPDATE domains SET deleted_at = deleted_at - interval '31 days' WHERE deleted_at IS NOT NULL")
    assert step(store, "finish").counts == {}
    execute(connection, "UPDATE tenants SET observed_generation = generation")
    assert step(store, "finish").counts == {"domains": 1}


def test_what_is_referred_to_waits(store: str, connection: Connection) -> None:
    write(store, tenants=[{"name": name, "state": "absent"} for name in ("shop", "other")])
    execute(connection, "UPDATE tenants SET observed_generation = generation")
    write(store, packages=[{"name": "basic", "state": "absent"}])
    execute(connection, "UPDATE tenants SET observed_generation = generation")
    write(store, nodes=[{"name": "node1", "state": "absent"}])
    for table in ("packages", "nodes"):
        execute(connection, f"UPDATE {table} SET deleted_at = deleted_at - interval '31 days'")
    assert step(store, "finish").counts == {}, "the tenants may still be restored, with their package and node"
    execute(connection, "UPDATE tenants SET deleted_at = deleted_at - interval '31 days'")
    step(store, "begin")
    execute(connection, "UPDATE tenants SET observed_generation = generation")
    step(store, "finish")
    assert step(store, "finish").counts == {"packages": 1, "nodes": 1}


def test_backups_keep_their_tenant(store: str, connection: Connection) -> None:
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    execute(connection, "INSERT INTO backups (tenant_id, kind, object) SELECT id, 'full', name FROM tenants")
    execute(connection, "UPDATE tenants SET deleted_at = deleted_at - interval '31 days'")
    assert step(store, "begin") == Begun((), ())


def test_not_everybody_may_purge(store: str) -> None:
    with pytest.raises(NotAllowedError, match=r"^tenant\.purge is not permitted to me@example\.org"):
        purge(store, "begin", credentials=Credentials("me@example.org"))


def test_a_purge_is_final_for_sql_too(store: str, connection: Connection) -> None:
    write(store, tenants=[{"name": "shop", "state": "absent"}])
    execute(connection, "UPDATE tenants SET purge_started_at = now() WHERE name = 'shop'")
    for statement in ("deleted_at = NULL", "purge_started_at = NULL"):
        with pytest.raises(psycopg2.errors.CheckViolation):
            execute(connection, f"UPDATE tenants SET {statement} WHERE name = 'shop'")
