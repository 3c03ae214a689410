# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: permissions, reach, guarded fields, and answers that tell strangers nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    InvalidRecordsError,
    NotAllowedError,
    RecordsError,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading

from . import rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

BOSS, CLIENT = Credentials("boss@example.org"), Credentials("client@example.org")
PERMISSIONS = {
    "boss": ["tenant.create", "tenant.update", "tenant.read", "tenant.assign", "package.create", "domain.create"],
    "client": ["domain.create", "domain.read", "domain.update"],
}


@pytest.fixture
def store(connection: Connection, dsn: str) -> str:
    """A store with a reseller's tenant (mine), another's (other), and a user for the reseller and for mine."""
    with connection, connection.cursor() as cursor:
        ours, theirs = (rows.insert(cursor, "resellers", name=name) for name in ("ours", "theirs"))
        cursor.execute("INSERT INTO reseller_limits (reseller_id) SELECT id FROM resellers")
        mine = rows.insert_tenant(cursor, "mine", reseller_id=ours)
        other = rows.insert_tenant(cursor, "other", reseller_id=theirs)
        for tenant, fqdn in ((mine, "mine.example"), (other, "other.example")):
            rows.insert(cursor, "domains", tenant_id=tenant, fqdn=fqdn)
        for name, scope, place in (
            ("boss", "reseller", {"reseller_id": ours}),
            ("client", "local", {"tenant_id": mine}),
        ):
            role = rows.insert(cursor, "roles", name=f"test_{name}", scope=scope)
            user = rows.insert(cursor, "users", email=f"{name}@example.org", **place)
            cursor.execute("INSERT INTO user_roles VALUES (%s, %s)", (user, role))
            for permission in PERMISSIONS[name]:
                cursor.execute("INSERT INTO role_permissions VALUES (%s, %s)", (role, permission))
    return dsn


def _write(dsn: str, actor: Credentials, **records: Any) -> None:
    apply_records(dsn, parse_document({"format": 1, **records}), credentials=actor)


def _refusal(dsn: str, actor: Credentials, **records: Any) -> str:
    with pytest.raises(InvalidRecordsError) as caught:
        _write(dsn, actor, **records)
    return str(caught.value)


def test_what_a_role_permits_is_done(store: str) -> None:
    _write(store, CLIENT, domains=[{"fqdn": "new.example", "tenant": "mine"}, {"fqdn": "mine.example", "tls": "on"}])
    _write(store, BOSS, packages=[{**rows.LIMITS, "name": "cheap", "reseller": "ours"}])
    _write(store, BOSS, tenants=[{"name": "second", "package": "cheap", "reseller": "ours"}])


def test_what_no_role_permits_is_refused_for_each_record(store: str) -> None:
    message = _refusal(store, CLIENT, domains=[{"fqdn": "mine.example", "state": "absent"}])
    assert message == 'domain "mine.example" (domains[0]): domain.delete is not permitted to client@example.org'


def test_reading_needs_permission_too(store: str) -> None:
    with reading(store, BY_NAME["domain"], credentials=CLIENT) as cursor:
        assert [domain["fqdn"] for domain in read_records(cursor, BY_NAME["domain"], Query())] == ["mine.example"]
    with (
        pytest.raises(NotAllowedError, match=r"^tenant\.read is not permitted to client@example\.org$"),
        reading(store, BY_NAME["tenant"], credentials=CLIENT),
    ):
        pass


@pytest.mark.parametrize(
    ("fields", "permission"),
    [({"node": "node1"}, "tenant.place"), ({"status": "locked"}, "tenant.lock")],
)
def test_guarded_fields_need_more(store: str, connection: Connection, fields: dict[str, str], permission: str) -> None:
    with connection, connection.cursor() as cursor:
        rows.insert(cursor, "nodes", name="node1", address="192.0.2.1")
    assert f"{permission} is not permitted to boss@example.org" in _refusal(
        store, BOSS, tenants=[{"name": "mine", **fields}]
    )
    _write(store, BOSS, tenants=[{"name": "mine", "status": "suspended"}])


def test_only_who_may_lock_may_unlock(store: str, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE tenants SET status = 'locked'")
    assert "tenant.lock is not permitted" in _refusal(store, BOSS, tenants=[{"name": "mine", "status": "active"}])


@pytest.mark.parametrize("existing", ["other", "nothing"])
def test_what_is_out_of_reach_looks_like_what_is_not_there(store: str, existing: str) -> None:
    """The same words whether another tenant's record exists or not."""
    assert _refusal(store, CLIENT, domains=[{"fqdn": "x.example", "tenant": existing}]) == (
        f'domain "x.example" (domains[0]): tenant must be an existing tenant; there is none named {existing}'
    )
    assert _refusal(store, CLIENT, tenants=[{"name": existing, "package": "package-of-mine"}]) == (
        f'tenant "{existing}" (tenants[0]): tenant.create is not permitted to client@example.org'
    )
    with reading(store, BY_NAME["domain"], credentials=CLIENT) as cursor:
        assert read_records(cursor, BY_NAME["domain"], Query(names=(f"{existing}.example",))) == []


def test_a_name_that_somebody_has_is_only_not_available(store: str) -> None:
    assert _refusal(store, CLIENT, domains=[{"fqdn": "other.example", "tenant": "mine"}]) == (
        'domain "other.example" (domains[0]): fqdn is not available'
    )


def test_a_reseller_stays_within_its_own(store: str) -> None:
    for tenant in ({"name": "new"}, {"name": "new", "reseller": "theirs"}, {"name": "mine", "reseller": None}):
        message = _refusal(store, BOSS, tenants=[{"package": "package-of-mine", **tenant}])
        assert "must" in message
        assert "theirs" not in message.replace("named theirs", "")


def test_nobody_does_nothing(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WCP360_ACTOR")
    with pytest.raises(NotAllowedError, match="nobody acts"):
        apply_records(store, ())
    with pytest.raises(NotAllowedError, match=r"the actor stranger@example\.org may not act"):
        _write(store, Credentials("stranger@example.org"))


def test_nobody_hands_out_more_than_it_has(store: str, connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO role_permissions SELECT id, permission FROM roles, unnest(ARRAY['user.create', 'user.update',"
            " 'api_key.create', 'user.delete']) AS permission WHERE name = 'test_client'"
        )
    strong = {"email": "strong@example.org", "tenant": "mine", "roles": ["user"]}
    assert "client@example.org lacks api.access, " in _refusal(store, CLIENT, users=[strong])
    apply_records(store, parse_document({"format": 1, "users": [strong]}))
    for fields in ({"status": "disabled"}, {"password": "correct horse battery"}, {"state": "absent"}):
        assert "client@example.org lacks api.access, " in _refusal(
            store, CLIENT, users=[{"email": "strong@example.org", **fields}]
        )
    key = {"name": "k", "user": "strong@example.org", "prefix": "k1", "key_hash": "0" * 64}
    assert "client@example.org lacks mailbox.create and so" in _refusal(
        store, CLIENT, api_keys=[{**key, "scopes": ["mailbox.create"]}]
    )
    _write(store, CLIENT, users=[{"email": "weak@example.org", "tenant": "mine", "roles": ["test_client"]}])


def test_force_is_a_permission(store: str) -> None:
    records = parse_document({"format": 1, "tenants": [{"name": "mine", "time_zone": "Europe/Paris"}]})
    with pytest.raises(NotAllowedError, match=r"^limit\.force is not permitted to boss@example\.org$"):
        apply_records(store, records, credentials=BOSS, force=True)


def test_every_change_is_in_the_audit_log(store: str, connection: Connection) -> None:
    _write(store, CLIENT, domains=[{"fqdn": "mine.example", "tls": "on"}])
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor, action_code, t.name, l.metadata ->> 'record', l.metadata -> 'set' FROM audit_logs AS l"
            " JOIN tenants AS t ON t.id = l.tenant_id ORDER BY sequence"
        )
        assert cursor.fetchall() == [("client@example.org", "domain.update", "mine", "mine.example", {"tls": "on"})]


def test_without_keys_for_the_log_nothing_is_written(store: str, tmp_path: Path) -> None:
    records = parse_document({"format": 1, "domains": [{"fqdn": "mine.example", "tls": "on"}]})
    with pytest.raises(RecordsError, match=r"away\.json"):
        apply_records(store, records, credentials=CLIENT, audit_keys=str(tmp_path / "away.json"))
    with reading(store, BY_NAME["domain"], credentials=CLIENT) as cursor:
        assert [domain["tls"] for domain in read_records(cursor, BY_NAME["domain"], Query())] == ["off"]
