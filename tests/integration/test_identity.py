# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, resellers, users and API keys: who may refer to whom, by document and by SQL."""

from __future__ import annotations

import concurrent.futures
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import InvalidRecordsError
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import diff_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.schema import migrate

from . import pg, rows
from .documents import counted, export, made, of_runtime, read, refusal, write

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

PACKAGE = {"name": "basic", "max_domains": 10, "max_disk_mb": 100, "max_cpu_pct": 50, "max_mem_mb": 64}
TENANT = {"name": "T", "package": "basic"}
KEY = {"name": "deploy", "prefix": "0123456789abcdef", "key_hash": "0" * 64}


def test_a_tenant_and_its_owner_come_in_one_document_and_go_in_one(dsn: str) -> None:
    anna = {"email": "Anna@A.example", "roles": ["user"], "api_keys": [KEY]}
    write(dsn, packages=[PACKAGE], tenants=[{**TENANT, "owner": "anna@a.example", "users": [anna]}])
    (tenant,), (user,) = read(dsn, "tenant"), made(dsn, "user")
    assert (tenant["owner"], user["email"], user["tenant"]) == ("anna@a.example", "anna@a.example", "T")
    assert refusal(dsn, users=[{"email": "anna@a.example", "state": "absent"}]) == (
        'user "anna@a.example" (users[0]): state must not be absent: 1 record(s) still use anna@a.example'
    )
    gone = write(
        dsn,
        tenants=[{"name": "T", "state": "absent"}],
        users=[{"email": "anna@a.example", "state": "absent"}],
        packages=[{"name": "basic", "state": "absent"}],
    )
    assert gone == {"packages": counted(deleted=1), "users": counted(deleted=1), "tenants": counted(deleted=1)}
    assert not any(made(dsn, kind.name) for kind in KINDS)


def test_an_owner_is_of_the_tenant_or_above_it(dsn: str) -> None:
    write(
        dsn,
        packages=[PACKAGE],
        tenants=[{**TENANT, "users": [{"email": "t@a.example"}]}, {**TENANT, "name": "U"}],
        users=[{"email": "admin@a.example"}],
    )
    assert refusal(dsn, tenants=[{"name": "U", "owner": "t@a.example"}]) == (
        'tenant "U" (tenants[0]): owner must be a user of the tenant, or one without a tenant: the owner of U is a user'
        " of another tenant"
    )
    write(dsn, tenants=[{"name": "U", "owner": "admin@a.example"}])
    assert "owner must be an existing user; there is none named no@a.example" in refusal(
        dsn, tenants=[{"name": "U", "owner": "no@a.example"}]
    )


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        (
            {"roles": ["user"]},
            "roles must be of scope global for a user without tenant and reseller: role user is of scope local",
        ),
        (
            {"roles": ["system_admin"], "tenant": "T"},
            "roles must be of scope local for a user of a tenant: role system_admin is of scope global",
        ),
        (
            {"roles": ["system_admin"], "reseller": "R"},
            "roles must be of scope reseller for a user of a reseller: role system_admin is of scope global",
        ),
        ({"roles": ["king"]}, "roles must be existing roles; there is none named king"),
        ({"tenant": "T", "reseller": "R"}, "reseller must not be given for a user of a tenant"),
        ({"tenant": "X"}, "tenant must be an existing tenant; there is none named X"),
    ],
)
def test_a_user_has_roles_of_where_it_stands(dsn: str, user: dict[str, Any], problem: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[TENANT], resellers=[{"name": "R"}])
    assert refusal(dsn, users=[{"email": "a@a.example", **user}]) == f'user "a@a.example" (users[0]): {problem}'


def test_a_user_changes_its_place_and_its_roles_at_once(dsn: str) -> None:
    write(dsn, resellers=[{"name": "R"}], users=[{"email": "a@a.example", "reseller": "R", "roles": ["reseller"]}])
    above = {"email": "a@a.example", "reseller": None}
    assert "role reseller is of scope reseller" in refusal(dsn, users=[above])
    write(dsn, users=[{**above, "roles": ["auditor"]}])
    assert read(dsn, "user")[0]["roles"] == ["auditor"]


def test_lists_are_replaced_as_a_whole_and_shown_as_lists(dsn: str) -> None:
    role = {"name": "web", "scope": "local", "permissions": ["domain.update", "domain.read", "domain.read"]}
    write(dsn, roles=[role])
    assert write(dsn, roles=[{**role, "permissions": ["domain.read", "domain.update"]}]) == {
        "roles": counted(unchanged=1)
    }
    changed = parse_document({"format": 1, "roles": [{"name": "web", "permissions": ["domain.read", "ssh.access"]}]})
    (diff,) = diff_changes(apply_records(dsn, changed).plan)
    assert (diff["before"], diff["after"]) == (
        'permissions: ["domain.read", "domain.update"]\n',
        'permissions: ["domain.read", "ssh.access"]\n',
    )
    assert made(dsn, "role")[0]["permissions"] == ["domain.read", "ssh.access"]
    assert "permissions must be existing permissions; there is none named domain.fly" in refusal(
        dsn, roles=[{"name": "web", "permissions": ["domain.fly"]}]
    )
    assert "permissions[0] must be a permission key of two parts" in refusal(
        dsn, roles=[{"name": "web", "permissions": ["'; DROP TABLE roles; --"]}]
    )


def test_roles_that_came_with_the_schema_are_extended_and_stay(dsn: str) -> None:
    shipped = {role["name"]: role for role in read(dsn, "role")}
    assert {name: role["scope"] for name, role in shipped.items()} == {
        "auditor": "global",
        "reseller": "reseller",
        "system_admin": "global",
        "user": "local",
    }
    auditor = shipped["auditor"]["permissions"]
    assert all(key.endswith(".read") or key == "audit.verify" for key in auditor)
    assert set(shipped["user"]["permissions"]) < set(shipped["system_admin"]["permissions"])
    assert not {key for key in shipped["user"]["permissions"] if key.endswith(".purge")}
    write(dsn, roles=[{"name": "auditor", "permissions": [*auditor, "job.run"]}])
    write(dsn, roles=[{"name": "auditor", "permissions": auditor}])
    assert refusal(dsn, roles=[{"name": "auditor", "permissions": ["audit.read"]}]).startswith(
        'role "auditor" (roles[0]): permissions must keep '
    )
    assert refusal(dsn, roles=[{"name": "auditor", "state": "absent"}]) == (
        'role "auditor" (roles[0]): state must not be absent: auditor came with the schema'
    )
    assert refusal(dsn, roles=[{"name": "auditor", "scope": "local"}]) == (
        'role "auditor" (roles[0]): scope must stay as it is: it never changes for an existing role'
    )


def test_a_role_is_kept_while_users_have_it(dsn: str) -> None:
    write(dsn, roles=[{"name": "r", "scope": "global"}], users=[{"email": "a@a.example", "roles": ["r"]}])
    absent = [{"name": "r", "state": "absent"}]
    assert refusal(dsn, roles=absent) == 'role "r" (roles[0]): state must not be absent: 1 record(s) still use r'
    write(dsn, roles=absent, users=[{"email": "a@a.example", "roles": []}])


def test_resellers_come_and_go_in_any_order(dsn: str) -> None:
    names = [f"R{number}" for number in range(20)]
    chain = [{"name": low, "parent": high} for low, high in zip(names, [*names[1:], None], strict=True)]
    chain[5]["max_tenants"] = 5  # type: ignore[assignment]
    write(dsn, resellers=chain)
    assert [reseller["parent"] for reseller in read(dsn, "reseller") if reseller["name"] == "R3"] == ["R4"]
    assert refusal(dsn, resellers=[{"name": "R7", "state": "absent"}]) == (
        'reseller "R7" (resellers[0]): state must not be absent: 1 record(s) still use R7'
    )
    assert "parent R7 is deleted by the same document" in refusal(
        dsn, resellers=[{"name": "R7", "state": "absent"}, {"name": "new", "parent": "R7"}]
    )
    write(dsn, resellers=[{"name": name, "state": "absent"} for name in reversed(names)])
    assert read(dsn, "reseller") == []


@pytest.mark.parametrize("length", [1, 2, 5])
def test_no_reseller_is_above_itself(dsn: str, length: int) -> None:
    names = [f"R{number}" for number in range(length)]
    circle = [{"name": low, "parent": high} for low, high in zip(names, [*names[1:], names[0]], strict=True)]
    assert "parent must " in refusal(dsn, resellers=circle)
    write(dsn, resellers=[{"name": name} for name in names])
    if length > 1:
        assert "parent must not lead back to the reseller itself: R" in refusal(dsn, resellers=circle)


def test_two_writers_make_no_circle_of_resellers(dsn: str) -> None:
    def put(low: str, high: str) -> bool:
        try:
            write(dsn, resellers=[{"name": low, "parent": high}])
        except InvalidRecordsError as error:
            return "lead back" not in str(error)
        return True

    for number in range(5):
        low, high = f"a{number}", f"b{number}"
        write(dsn, resellers=[{"name": low}, {"name": high}])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(put, (low, high), (high, low))) == [False, True]


def test_keys_are_named_within_their_user(dsn: str) -> None:
    users: list[dict[str, Any]] = [
        {"email": f"{name}@a.example", "api_keys": [{**KEY, "prefix": name}]} for name in ("a", "b")
    ]
    write(dsn, users=users)
    assert [(key["user"], key["name"]) for key in read(dsn, "api_key")] == [
        ("a@a.example", "deploy"),
        ("b@a.example", "deploy"),
    ]
    top = {"user": "A@a.example", "name": "deploy"}
    assert write(dsn, api_keys=[{**top, "prefix": "a", "scopes": []}]) == {"api_keys": counted(unchanged=1)}
    assert refusal(dsn, api_keys=[{**top, "prefix": "other"}]) == (
        'api_key "a@a.example/deploy" (api_keys[0]): prefix must stay as it is: it never changes for an existing'
        " api_key"
    )
    assert refusal(dsn, api_keys=[{**top, "name": "new"}]) == (
        "2 problems:\n"
        '- api_key "a@a.example/new" (api_keys[0]): prefix must be given for a new api_key\n'
        '- api_key "a@a.example/new" (api_keys[0]): key_hash must be given for a new api_key'
    )
    assert refusal(dsn, api_keys=[{"name": "deploy"}]) == (
        'api_key "deploy" (api_keys[0]): user must be given: it is part of the api_key\'s name'
    )
    assert "scopes must be existing permissions; there is none named a.b" in refusal(
        dsn, api_keys=[{**top, "scopes": ["a.b"]}]
    )
    write(dsn, users=[{"email": "a@a.example", "state": "absent"}])
    assert [key["user"] for key in read(dsn, "api_key")] == ["b@a.example"]
    assert "name is reserved until the purge" in refusal(dsn, api_keys=[{**KEY, "user": "a@a.example"}])


@pytest.mark.parametrize("moment", ["2030-01-31T12:00:00", "tomorrow", 5, "2030-01-31", "9999-12-31T23:59:59-10:00"])
def test_a_time_has_a_zone(dsn: str, moment: object) -> None:
    write(dsn, users=[{"email": "a@a.example", "api_keys": [KEY]}])
    assert "expires_at must be a date and time with its offset from UTC" in refusal(
        dsn, api_keys=[{"user": "a@a.example", "name": "deploy", "expires_at": moment}]
    )


def test_times_are_compared_in_utc(dsn: str) -> None:
    write(dsn, users=[{"email": "a@a.example", "api_keys": [{**KEY, "expires_at": "2030-01-31T12:00:00+01:00"}]}])
    again = {"user": "a@a.example", "name": "deploy", "expires_at": "2030-01-31T11:00:00Z"}
    assert write(dsn, api_keys=[again]) == {"api_keys": counted(unchanged=1)}
    assert export(dsn)["api_keys"][0]["expires_at"] == "2030-01-31T11:00:00+00:00"


@pytest.fixture
def cursor(transaction: Cursor) -> Cursor:
    """A cursor in a transaction with a tenant, a reseller and users in each place."""
    tenant = rows.insert_tenant(transaction, "T")
    reseller = rows.insert(transaction, "resellers", name="R")
    rows.insert(transaction, "reseller_limits", reseller_id=reseller)
    rows.insert(transaction, "users", email="local@a.example", tenant_id=tenant)
    rows.insert(transaction, "users", email="reseller@a.example", reseller_id=reseller)
    rows.insert(transaction, "users", email="global@a.example")
    transaction.execute(
        "INSERT INTO user_roles (user_id, role_id)"
        " SELECT users.id, roles.id FROM users JOIN roles ON (email, name) IN"
        " (('local@a.example', 'user'), ('reseller@a.example', 'reseller'), ('global@a.example', 'system_admin'))"
    )
    return transaction


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (("INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles"
         " WHERE email = 'local@a.example' AND name = 'system_admin'"), "users_roles_is_of_scope"),
        ("UPDATE user_roles SET role_id = (SELECT id FROM roles WHERE name = 'auditor')", "users_roles_is_of_scope"),
        ("UPDATE users SET tenant_id = NULL", "users_roles_is_of_scope"),
        ("UPDATE users SET reseller_id = (SELECT id FROM resellers)", "users_reseller_id_is_without_tenant"),
        ("UPDATE roles SET scope = 'global'", "roles_scope_is_immutable"),
        ("UPDATE roles SET name = 'root' WHERE name = 'user'", "roles_name_is_immutable"),
        ("UPDATE roles SET is_system = false", "roles_is_system_is_immutable"),
        ("UPDATE roles SET deleted_at = now() WHERE name = 'auditor'", "roles_deleted_at_is_not_of_system"),
        ("DELETE FROM roles WHERE name = 'auditor'", "roles_deleted_at_is_not_of_system"),
        ("DELETE FROM role_permissions WHERE permission_id = 'audit.read'", "roles_permissions_is_of_system"),
        ("UPDATE role_permissions SET deleted_at = now()", "roles_permissions_is_of_system"),
        ("UPDATE resellers SET parent_id = id", "resellers_parent_id_is_another"),
        ("UPDATE resellers SET name = '../x'", "resellers_name_is_name"),
        ("UPDATE reseller_limits SET max_tenants = -1", "reseller_limits_max_tenants_is_in_range"),
        ("UPDATE reseller_limits SET max_disk_mb = 0", "reseller_limits_max_disk_mb_is_in_range"),
        ("UPDATE packages SET retention_days = 29", "packages_retention_days_is_in_range"),
        ("UPDATE users SET email = 'A@a.example'", "users_email_is_email"),
        ("UPDATE users SET password_hash = 'hunter2'", "users_password_hash_is_password_hash"),
        ("UPDATE users SET password_hash = '$1$abcdefgh$0123456789abcdefghijkl'",
         "users_password_hash_is_password_hash"),
        ("INSERT INTO api_keys (user_id, name, prefix, key_hash) SELECT id, 'k', 'p', 'clear' FROM users LIMIT 1",
         "api_keys_key_hash_is_sha256"),
    ],
)  # fmt: skip
def test_sql_is_refused(cursor: Cursor, statement: str, constraint: str) -> None:
    with pytest.raises(psycopg2.IntegrityError) as caught:
        cursor.execute(statement)
    assert caught.value.diag.constraint_name == constraint


def test_sql_makes_no_circle_and_no_reseller_without_limits(cursor: Cursor) -> None:
    cursor.execute("SET CONSTRAINTS resellers_limits_is_there IMMEDIATE")
    cursor.execute("SAVEPOINT attempt")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        rows.insert(cursor, "resellers", name="S")
    assert caught.value.diag.constraint_name == "resellers_limits_is_there"
    cursor.execute("ROLLBACK TO attempt; SET CONSTRAINTS resellers_limits_is_there DEFERRED")
    cursor.execute("INSERT INTO resellers (name, parent_id) SELECT 'S', id FROM resellers")
    with pytest.raises(psycopg2.IntegrityError) as caught:
        cursor.execute("UPDATE resellers SET parent_id = (SELECT id FROM resellers WHERE name = 'S') WHERE name = 'R'")
    assert caught.value.diag.constraint_name == "resellers_parent_id_is_above"


def test_a_store_that_is_in_use_gets_the_new_rules(empty_dsn: str, tmp_path: Path) -> None:
    for file in sorted(pg.MIGRATIONS.glob("000[1-7]_*.sql")):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    migrate(empty_dsn, str(tmp_path))
    with contextlib.closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
        rows.insert_tenant(cursor, "T", reseller_id=rows.insert(cursor, "resellers", name="R"))
        tenant = rows.insert_tenant(cursor, "U")
        user = rows.insert(cursor, "users", email="a@a.example", tenant_id=tenant)
        rows.insert(cursor, "api_keys", user_id=user, name="k", prefix="p", key_hash="0" * 64)
        rows.insert(cursor, "databases", tenant_id=tenant, name="d")
    migrate(empty_dsn, str(pg.MIGRATIONS))
    runtime = of_runtime(empty_dsn)
    stored = export(runtime)
    assert stored["resellers"][0]["max_tenants"] is None
    assert stored["databases"][0]["status"] == "active"
    assert all(counts["unchanged"] for counts in write(runtime, **stored).values())
