# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of packages: counted in the writing transaction, never passed, also not by two writers at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

COUNTERS = {
    "domains": "used_domains",
    "databases": "used_databases",
    "mail_boxes": "used_mailboxes",
    "cron_jobs": "used_cron_jobs",
}
WRITERS = 8


def _add(cursor: Cursor, table: str, tenant: str, name: str) -> str:
    """Insert one live row of ``table`` and return its id."""
    if table == "domains":
        return rows.insert(cursor, table, tenant_id=tenant, fqdn=f"{name}.example.org")
    if table == "databases":
        return rows.insert(cursor, table, tenant_id=tenant, name=name)
    if table == "cron_jobs":
        return rows.insert(cursor, table, tenant_id=tenant, name=name, schedule="@daily", command="true")
    cursor.execute("SELECT id, fqdn FROM domains WHERE tenant_id = %s AND deleted_at IS NULL LIMIT 1", (tenant,))
    domain, fqdn = cursor.fetchone() or (None, None)
    return rows.insert(cursor, table, tenant_id=tenant, domain_id=domain, address=f"{name}@{fqdn}")


def _usage(cursor: Cursor, counter: str, tenant: str) -> int:
    cursor.execute(f"SELECT {counter} FROM tenant_usage WHERE tenant_id = %s", (tenant,))
    return int(rows.one(cursor))


@pytest.mark.parametrize(
    ("table", "limit", "message"),
    [
        ("domains", "max_domains", "domains.tenant_id must have room: shop would have 3 domains, and package"),
        ("databases", "max_databases", "databases.tenant_id must have room: shop would have 3 databases, and package"),
        ("mail_boxes", "max_mailboxes", "mail_boxes.tenant_id must have room: shop would have 3 mail boxes"),
        ("cron_jobs", "max_cron_jobs", "cron_jobs.tenant_id must have room: shop would have 3 cron jobs"),
    ],
)
def test_a_row_too_many_is_refused(transaction: Cursor, table: str, limit: str, message: str) -> None:
    tenant = rows.insert_tenant(transaction, "shop")
    if table == "mail_boxes":
        _add(transaction, "domains", tenant, "first")
    transaction.execute(f"UPDATE package_limits SET {limit} = 2")
    for name in ("one", "two"):
        _add(transaction, table, tenant, name)
    transaction.execute("SAVEPOINT attempt")
    with pytest.raises(psycopg2.IntegrityError, match=message) as caught:
        _add(transaction, table, tenant, "three")
    assert caught.value.diag.constraint_name == f"{table}_tenant_id_is_within_limit"
    transaction.execute("ROLLBACK TO attempt")
    assert _usage(transaction, COUNTERS[table], tenant) == 2

    transaction.execute(f"UPDATE {table} SET deleted_at = now() WHERE tenant_id = %s", (tenant,))
    assert _usage(transaction, COUNTERS[table], tenant) == 0


def _race(dsn: str, *actions: Callable[[Cursor], object]) -> list[str]:
    """Run the actions in transactions of their own at the same time; return what each was refused, or ''."""
    start, outcomes = threading.Barrier(len(actions)), [""] * len(actions)

    def run(number: int, action: Callable[[Cursor], object]) -> None:
        with contextlib.closing(psycopg2.connect(dsn)) as connection:
            start.wait()
            try:
                with connection, connection.cursor() as cursor:
                    action(cursor)
            except psycopg2.Error as error:
                outcomes[number] = str(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("table", ["domains", "databases", "cron_jobs"])
def test_of_many_writers_at_the_last_slot_exactly_one_succeeds(
    owner_dsn: str, connection: Connection, table: str
) -> None:
    with connection, connection.cursor() as cursor:
        tenant = rows.insert_tenant(cursor, "shop")
        _add(cursor, table, tenant, "first")
        cursor.execute("UPDATE package_limits SET max_domains = 2, max_databases = 2, max_cron_jobs = 2")
    outcomes = _race(
        owner_dsn, *(lambda cursor, n=number: _add(cursor, table, tenant, f"writer{n}") for number in range(WRITERS))
    )
    assert outcomes.count("") == 1
    assert all("must have room" in refused for refused in outcomes if refused)
    with connection, connection.cursor() as cursor:
        assert _usage(cursor, COUNTERS[table], tenant) == 2


def test_a_limit_that_shrinks_meanwhile_is_not_passed(owner_dsn: str, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        tenant = rows.insert_tenant(cursor, "shop")
        _add(cursor, "domains", tenant, "first")
    for round_number in range(10):
        with connection, connection.cursor() as cursor:
            cursor.execute("UPDATE package_limits SET max_domains = 2")

        def grow(cursor: Cursor, name: str = f"second{round_number}") -> None:
            _add(cursor, "domains", tenant, name)

        def shrink(cursor: Cursor) -> None:
            cursor.execute("UPDATE package_limits SET max_domains = 1")

        outcomes = _race(owner_dsn, grow, shrink)
        assert outcomes.count("") == 1, outcomes
        with connection, connection.cursor() as cursor:
            cursor.execute("UPDATE domains SET deleted_at = now() WHERE fqdn <> 'first.example.org'")


def test_a_smaller_package_says_what_does_not_fit_and_can_be_forced(transaction: Cursor) -> None:
    tenant = rows.insert_tenant(transaction, "shop")
    small = rows.insert_package(transaction, "small")
    transaction.execute("UPDATE package_limits SET max_domains = 1, max_databases = 0 WHERE package_id = %s", (small,))
    for table, name in (("domains", "one"), ("domains", "two"), ("databases", "data")):
        _add(transaction, table, tenant, name)
    transaction.execute("UPDATE tenant_usage SET used_disk_mb = 101")
    transaction.execute("SAVEPOINT attempt")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        transaction.execute("UPDATE tenants SET package_id = %s", (small,))
    assert caught.value.diag.constraint_name == "tenants_package_id_is_enough"
    assert caught.value.diag.message_primary == (
        "tenants.package_id must be enough for what is there: tenant shop with package small has"
        " 2 domains of at most 1 (max_domains), 1 databases of at most 0 (max_databases),"
        " 101 MiB of disk of at most 100 (max_disk_mb)"
    )
    transaction.execute("ROLLBACK TO attempt")
    transaction.execute("SET LOCAL wcp360.force = 'on'")
    transaction.execute("UPDATE tenants SET package_id = %s", (small,))
    with pytest.raises(psycopg2.IntegrityError, match="must have room"):
        _add(transaction, "domains", tenant, "three")


def test_a_smaller_limit_is_refused_for_the_tenant_that_has_more(transaction: Cursor) -> None:
    for name in ("busy", "calm"):
        tenant = rows.insert_tenant(transaction, name)
        for number in range(3 if name == "busy" else 1):
            _add(transaction, "domains", tenant, f"{name}{number}")
    transaction.execute("SAVEPOINT attempt")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        transaction.execute("UPDATE package_limits SET max_domains = 2")
    assert caught.value.diag.column_name == "max_domains"
    assert "tenant busy with package package-of-busy has 3 domains of at most 2" in str(caught.value)
    transaction.execute("ROLLBACK TO attempt")
    transaction.execute("UPDATE package_limits SET max_domains = 3")


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "delete", "restore", "purge", "delete tenant", "restore tenant"]),
        st.sampled_from(sorted(COUNTERS)),
        st.integers(0, 1),
        st.integers(0, 3),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_counters_equal_counts_whatever_happens(transaction: Cursor, steps: list[tuple[str, str, int, int]]) -> None:
    transaction.execute("SAVEPOINT example")
    tenants = [rows.insert_tenant(transaction, f"tenant{number}") for number in range(2)]
    for tenant in tenants:
        _add(transaction, "domains", tenant, f"mail{tenant[:8]}")
    for number, (action, table, which, row) in enumerate(steps):
        transaction.execute("SAVEPOINT step")
        try:
            _step(transaction, action, table, tenants[which], row, f"n{number}")
        except psycopg2.Error:
            transaction.execute("ROLLBACK TO step")
        for counted, counter in COUNTERS.items():
            transaction.execute(
                f"SELECT t.name, u.{counter}, count(r.id) FROM tenants t JOIN tenant_usage u ON u.tenant_id = t.id"
                f" LEFT JOIN {counted} r ON r.tenant_id = t.id AND r.deleted_at IS NULL"
                f" GROUP BY t.name, u.{counter} HAVING u.{counter} <> count(r.id)"
            )
            assert transaction.fetchall() == []
    transaction.execute("ROLLBACK TO example")


def _step(cursor: Cursor, action: str, table: str, tenant: str, row: int, name: str) -> None:
    one = f"id = (SELECT id FROM {table} WHERE tenant_id = %s ORDER BY id OFFSET %s LIMIT 1)"
    if action == "add":
        _add(cursor, table, tenant, name)
    elif action == "delete":
        cursor.execute(f"UPDATE {table} SET deleted_at = now() WHERE {one}", (tenant, row))
    elif action == "restore":
        cursor.execute(f"UPDATE {table} SET deleted_at = NULL WHERE {one}", (tenant, row))
    elif action == "purge":
        cursor.execute(f"DELETE FROM {table} WHERE {one}", (tenant, row))
    else:
        value = "now()" if action == "delete tenant" else "NULL"
        cursor.execute(f"UPDATE tenants SET deleted_at = {value} WHERE id = %s", (tenant,))


class Resellers:
    """Reseller top with reseller below it; each has a tenant with a package of its own."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.top = self._reseller("top")
        self.below = self._reseller("below", parent_id=self.top)
        self.tenants = {
            "top": rows.insert_tenant(cursor, "of-top", reseller_id=self.top),
            "below": rows.insert_tenant(cursor, "of-below", reseller_id=self.below),
        }

    def _reseller(self, name: str, **values: str) -> str:
        reseller = rows.insert(self.cursor, "resellers", name=name, **values)
        rows.insert(self.cursor, "reseller_limits", reseller_id=reseller)
        return reseller

    def limit(self, field: str, most: int) -> None:
        self.cursor.execute(f"UPDATE reseller_limits SET {field} = %s WHERE reseller_id = %s", (most, self.top))

    def refused(self, statement: str, *values: object) -> str:
        self.cursor.execute("SAVEPOINT attempt")
        with pytest.raises(psycopg2.errors.CheckViolation) as caught:
            self.cursor.execute(statement, values)
        self.cursor.execute("ROLLBACK TO attempt")
        return str(caught.value.diag.message_primary)


@pytest.fixture
def resellers(transaction: Cursor) -> Resellers:
    """Two resellers in an open transaction."""
    return Resellers(transaction)


def test_what_a_reseller_s_tenants_use_together_is_capped(resellers: Resellers) -> None:
    resellers.limit("max_domains", 3)
    for number, owner in enumerate(("top", "below", "below")):
        _add(resellers.cursor, "domains", resellers.tenants[owner], f"n{number}")
    for owner in resellers.tenants.values():
        assert resellers.refused("INSERT INTO domains (tenant_id, fqdn) VALUES (%s, 'x.example.org')", owner) == (
            "domains.tenant_id must leave its reseller room: the tenants of top would have 4 domains together,"
            " and may have 3 (max_domains)"
        )
    free = rows.insert_tenant(resellers.cursor, "nobody-s")
    _add(resellers.cursor, "domains", free, "free")


def test_tenants_and_disk_of_a_reseller_are_capped(resellers: Resellers) -> None:
    resellers.limit("max_tenants", 3)
    resellers.limit("max_disk_mb", 250)
    package = rows.insert_package(resellers.cursor, "hundred")
    new = "INSERT INTO tenants (name, package_id, reseller_id) VALUES ('new', %s, %s)"
    assert "would have 300 MiB of disk together, and may have 250" in resellers.refused(new, package, resellers.below)
    resellers.limit("max_disk_mb", 300)
    resellers.cursor.execute(new, (package, resellers.below))
    more = new.replace("'new'", "'more'")
    resellers.limit("max_disk_mb", 1000)
    assert "would have 4 tenants together, and may have 3" in resellers.refused(more, package, resellers.top)
    taken_over = "UPDATE tenants SET reseller_id = %s WHERE name = 'stranger'"
    rows.insert_tenant(resellers.cursor, "stranger")
    assert "would have 4 tenants together" in resellers.refused(taken_over, resellers.top)
    assert "package_limits.max_disk_mb must leave its reseller room" in resellers.refused(
        "UPDATE package_limits SET max_disk_mb = 900"
    )
    assert "reseller_limits.reseller_id must leave its reseller room" in resellers.refused(
        "UPDATE reseller_limits SET max_tenants = 2 WHERE reseller_id = %s", resellers.top
    )


def test_of_many_writers_at_a_reseller_s_last_slot_exactly_one_succeeds(owner_dsn: str, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        resellers = Resellers(cursor)
        resellers.limit("max_domains", 1)
    tenants = list(resellers.tenants.values())

    def add(number: int) -> Callable[[Cursor], object]:
        return lambda cursor: _add(cursor, "domains", tenants[number % 2], f"writer{number}")

    outcomes = _race(owner_dsn, *map(add, range(WRITERS)))
    assert outcomes.count("") == 1, outcomes
