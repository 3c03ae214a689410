# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Row-level security, attacked with plain SQL: a session of the runtime's role sees its actor's reach and no more."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from psycopg2.extras import Json

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials, act, resolve_credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import NotAllowedError, RecordStoreError

from . import pg, rows

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

TENANT_TABLES = ("domains", "databases", "mail_boxes", "cron_jobs", "tenant_usage", "backups", "audit_logs")
ADMIN, RESELLER, LOCAL_A, LOCAL_B = "admin@example.org", "boss@example.org", "a@example.org", "b@example.org"
KEY = "wcp_key1_0123456789abcdef"


class Store:
    """Tenants a (of reseller ours), d (of one below ours), b (of reseller theirs) and c (nobody's), and users."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.role("boss", "reseller", "domain.create", "tenant.read")
        self.role("local", "local", "domain.create", "domain.read")
        self.role("everything", "global", "node.create")
        ours = rows.insert(cursor, "resellers", name="ours")
        below = rows.insert(cursor, "resellers", name="below", parent_id=ours)
        theirs = rows.insert(cursor, "resellers", name="theirs")
        cursor.execute("INSERT INTO reseller_limits (reseller_id) SELECT id FROM resellers")
        self.tenants = {
            name: self.tenant(name, reseller)
            for name, reseller in (("a", ours), ("b", theirs), ("c", None), ("d", below))
        }
        self.user(ADMIN, "everything")
        self.user(RESELLER, "boss", reseller_id=ours)
        self.user(LOCAL_A, "local", tenant_id=self.tenants["a"])
        self.user(LOCAL_B, "local", tenant_id=self.tenants["b"])

    def role(self, name: str, scope: str, *permissions: str) -> None:
        role = rows.insert(self.cursor, "roles", name=name, scope=scope)
        for permission in permissions:
            self.cursor.execute("INSERT INTO role_permissions VALUES (%s, %s)", (role, permission))

    def user(self, email: str, *roles: str, **values: Any) -> str:
        user = rows.insert(self.cursor, "users", email=email, **values)
        self.cursor.execute(
            "INSERT INTO user_roles (user_id, role_id) SELECT %s, id FROM roles WHERE name = ANY (%s)",
            (user, list(roles)),
        )
        return user

    def tenant(self, name: str, reseller: str | None) -> str:
        cursor = self.cursor
        tenant = rows.insert_tenant(cursor, name, reseller_id=reseller)
        domain = rows.insert(cursor, "domains", tenant_id=tenant, fqdn=f"{name}.example.org")
        rows.insert(cursor, "databases", tenant_id=tenant, name=f"{name}_shop")
        rows.insert(cursor, "mail_boxes", tenant_id=tenant, domain_id=domain, address=f"me@{name}.example.org")
        rows.insert(cursor, "cron_jobs", tenant_id=tenant, name="tidy", schedule="@daily", command="true")
        rows.insert(cursor, "backups", tenant_id=tenant, kind="full", object=f"{name}/1")
        cursor.execute("SELECT count(*) FROM audit_logs")
        rows.insert(
            cursor, "audit_logs", tenant_id=tenant, sequence=rows.one(cursor) + 1, action_code="tenant.create",
            actor="x", key_id="k", payload=b"", checksum=bytes(32),
        )  # fmt: skip
        return tenant


@pytest.fixture
def store(connection: psycopg2.extensions.connection) -> Store:
    """A committed store with tenants of several owners."""
    with connection, connection.cursor() as cursor:
        return Store(cursor)


@pytest.fixture
def runtime(store: Store, pg_server: pg.Server) -> Iterator[Cursor]:
    """A cursor of the runtime's role, in a transaction that has not named its actor."""
    database = store.cursor.connection.info.dbname
    with contextlib.closing(psycopg2.connect(pg_server.dsn(database, pg.RUNTIME))) as opened:
        yield opened.cursor()


def _seen(cursor: Cursor, store: Store, table: str) -> str:
    """Return the names of the tenants whose rows are seen in ``table``."""
    cursor.execute(f"SELECT DISTINCT {'id' if table == 'tenants' else 'tenant_id'} FROM {table}")
    names = {tenant: name for name, tenant in store.tenants.items()}
    return "".join(sorted(names[tenant] for (tenant,) in cursor.fetchall()))


@pytest.mark.parametrize("table", ["tenants", *TENANT_TABLES])
def test_nobody_sees_nothing(runtime: Cursor, store: Store, table: str) -> None:
    assert _seen(runtime, store, table) == ""


@pytest.mark.parametrize("table", ["users", "roles", "permissions", "api_keys", "nodes", "packages", "package_limits"])
def test_nobody_sees_no_other_record_either(runtime: Cursor, table: str) -> None:
    runtime.execute(f"SELECT FROM {table}")
    assert runtime.rowcount == 0


@pytest.mark.parametrize(("actor", "seen"), [(ADMIN, "abcd"), (RESELLER, "ad"), (LOCAL_A, "a"), (LOCAL_B, "b")])
@pytest.mark.parametrize("table", ["tenants", *TENANT_TABLES])
def test_an_actor_sees_its_reach(runtime: Cursor, store: Store, table: str, actor: str, seen: str) -> None:
    act(runtime, Credentials(actor))
    assert _seen(runtime, store, table) == seen


def test_the_actor_is_of_one_transaction(runtime: Cursor, store: Store) -> None:
    act(runtime, Credentials(ADMIN))
    runtime.execute("SELECT current_setting('wcp360.actor')")
    stolen = rows.one(runtime)
    runtime.connection.commit()
    assert _seen(runtime, store, "tenants") == ""
    runtime.execute("SELECT set_config('wcp360.actor', %s, false)", (stolen,))
    assert _seen(runtime, store, "tenants") == "", "a setting of another transaction is worth nothing"


def test_a_forged_setting_is_worth_nothing(runtime: Cursor, store: Store) -> None:
    act(runtime, Credentials(LOCAL_A))
    runtime.execute("SELECT current_setting('wcp360.actor')")
    own = rows.one(runtime)
    for forged in (
        own.replace(store.tenants["a"], store.tenants["b"]),
        own.replace("local", "global"),
        own[:-1] + ("0" if own[-1] != "0" else "1"),
        "", "||", "a|b|c", own + "|", store.tenants["b"],
    ):  # fmt: skip
        runtime.execute("SELECT set_config('wcp360.actor', %s, true)", (forged,))
        assert _seen(runtime, store, "domains") == ""
    for statement in (
        "SELECT secret FROM actor_secret",
        "SELECT wcp_signature('x')",
        "SELECT * FROM wcp_set_actor(NULL, NULL, NULL)",
        "UPDATE audit_logs SET payload = ''",
        "DELETE FROM audit_logs",
        "TRUNCATE tenants",
        "ALTER TABLE tenants DISABLE ROW LEVEL SECURITY",
    ):
        runtime.execute("SAVEPOINT attempt")
        with pytest.raises(psycopg2.Error, match=r"permission denied|must be owner"):
            runtime.execute(statement)
        runtime.execute("ROLLBACK TO attempt")


@pytest.mark.parametrize("table", ["domains", "databases", "mail_boxes", "cron_jobs"])
def test_another_tenant_s_rows_cannot_be_written(runtime: Cursor, store: Store, table: str) -> None:
    act(runtime, Credentials(LOCAL_A))
    theirs = store.tenants["b"]
    for statement in (f"UPDATE {table} SET deleted_at = now()", f"DELETE FROM {table}"):
        runtime.execute("SAVEPOINT attempt")
        runtime.execute(f"{statement} WHERE tenant_id = %s", (theirs,))
        assert runtime.rowcount == 0
        runtime.execute(statement)
        assert runtime.rowcount == 1
        runtime.execute("ROLLBACK TO attempt")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        runtime.execute(f"UPDATE {table} SET tenant_id = %s", (theirs,))


def test_a_reseller_s_user_makes_no_administrator(runtime: Cursor) -> None:
    act(runtime, Credentials(RESELLER))
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
        rows.insert(runtime, "users", email="new@example.org")


def test_permissions_are_those_of_roles_in_the_actor_s_reach(runtime: Cursor) -> None:
    assert act(runtime, Credentials(ADMIN)).permissions == {"node.create"}
    assert act(runtime, Credentials(LOCAL_A)).permissions == {"domain.create", "domain.read"}
    reseller = act(runtime, Credentials(RESELLER))
    assert reseller.reach == "reseller"
    assert reseller.may("domain.create")
    assert not reseller.may("domain.read")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET status = 'disabled' WHERE email = 'a@example.org'",
        "UPDATE users SET deleted_at = now() WHERE email = 'a@example.org'",
        "UPDATE users SET email = 'other@example.org' WHERE email = 'a@example.org'",
        "UPDATE tenants SET status = 'locked' WHERE name = 'a'",
        "UPDATE tenants SET deleted_at = now() WHERE name = 'a'",
    ],
)
def test_who_may_not_act_is_refused_in_the_same_words(runtime: Cursor, store: Store, statement: str) -> None:
    with store.cursor.connection as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(
        NotAllowedError, match=r"^the actor a@example.org may not act: it is unknown, disabled, expired"
    ):
        act(runtime, Credentials(LOCAL_A))


def _add_key(store: Store, **values: Any) -> None:
    with store.cursor.connection as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM users WHERE email = %s", (LOCAL_A,))
        user = rows.one(cursor)
        defaults = {
            "scopes": Json(["domain.read", "node.create"]),
            "key_hash": hashlib.sha256(KEY.encode()).hexdigest(),
        }
        rows.insert(cursor, "api_keys", user_id=user, name="deploy", prefix="key1", **(defaults | values))
        cursor.execute("UPDATE package_limits SET features = '{\"api\": true}'")


def test_an_api_key_may_what_both_it_and_its_user_may(runtime: Cursor, store: Store) -> None:
    _add_key(store)
    actor = act(runtime, Credentials(api_key=KEY))
    assert (actor.email, actor.permissions) == (LOCAL_A, frozenset({"domain.read"}))
    runtime.execute("SELECT last_used_at IS NOT NULL FROM api_keys")
    assert rows.one(runtime)


@pytest.mark.parametrize("values", [{"expires_at": "2020-01-01"}, {"deleted_at": "2020-01-01"}, {"key_hash": "0" * 64}])
def test_a_key_that_is_over_is_refused(runtime: Cursor, store: Store, values: dict[str, str]) -> None:
    _add_key(store, **values)
    with pytest.raises(NotAllowedError, match=r"^the API key may not act"):
        act(runtime, Credentials(api_key=KEY))


def test_a_package_without_the_feature_api_takes_no_key(runtime: Cursor, store: Store) -> None:
    _add_key(store)
    with store.cursor.connection as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE package_limits SET features = '{}'")
    with pytest.raises(NotAllowedError):
        act(runtime, Credentials(api_key=KEY))


def test_the_runtime_refuses_a_role_that_gets_past_row_level_security(store: Store) -> None:
    with (
        store.cursor.connection as connection,
        connection.cursor() as cursor,
        pytest.raises(RecordStoreError, match="role wcp_admin gets past row-level security: connect as wcp_app"),
    ):
        act(cursor, Credentials(ADMIN))


def test_credentials_come_from_options_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WCP360_ACTOR", "WCP360_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotAllowedError, match="nobody acts"):
        resolve_credentials()
    monkeypatch.setenv("WCP360_API_KEY", KEY)
    assert resolve_credentials() == Credentials(api_key=KEY)
    assert resolve_credentials(ADMIN) == Credentials(ADMIN)
    assert KEY not in repr(resolve_credentials())
    with pytest.raises(NotAllowedError, match="must not be given both"):
        resolve_credentials(ADMIN, KEY)


def test_a_change_raises_the_generation_of_a_tenant_that_the_actor_may_not_write(runtime: Cursor) -> None:
    act(runtime, Credentials(LOCAL_A))
    runtime.execute("SELECT generation FROM tenants")
    before = rows.one(runtime)
    runtime.execute("UPDATE domains SET tls = 'on'")
    runtime.execute("SELECT generation FROM tenants")
    assert rows.one(runtime) == before + 1


def test_every_table_that_the_runtime_can_reach_is_isolated(connection: psycopg2.extensions.connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND has_table_privilege('wcp_app', oid, 'SELECT, INSERT, UPDATE, DELETE')
                AND NOT (relrowsecurity AND relforcerowsecurity)
                AND relname <> 'audit_head'  -- tells where the log ends, and nothing of anybody
            """
        )
        assert cursor.fetchall() == []
