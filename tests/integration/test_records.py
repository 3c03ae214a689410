# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records against a real PostgreSQL: what is written, what is refused, and what two writers do to each other."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.errors import (
    InvalidRecordsError,
    RecordsError,
    RecordStoreError,
)
from ansible_collections.wcp360.hosting.plugins.module_utils.records.load import load_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME, KINDS
from ansible_collections.wcp360.hosting.plugins.module_utils.records.report import count_changes, diff_changes
from ansible_collections.wcp360.hosting.plugins.module_utils.records.secret_fields import Secret

from . import pg
from .documents import Counts, counted, execute, made, of_owner, read, refusal, write

EXAMPLE = Path(__file__).parents[2] / "examples/records.yml"
LIMITS: dict[str, Any] = {"max_domains": 10, "max_disk_mb": 100, "max_cpu_pct": 50, "max_mem_mb": 64}
NODE: dict[str, Any] = {"name": "node1", "address": "192.0.2.1"}
PACKAGE: dict[str, Any] = {"name": "basic", **LIMITS}
HOSTING: dict[str, Any] = {
    "nodes": [NODE],
    "packages": [PACKAGE],
    "tenants": [{"name": "T", "package": "basic", "node": "node1"}],
}

ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
BCRYPT = "$2y$10$" + "A" * 53


def test_the_example_loads_once(dsn: str) -> None:
    write(dsn, nodes=[NODE])
    records = parse_document(load_document(EXAMPLE))
    first = count_changes(apply_records(dsn, records).plan)
    assert first == {"packages": counted(created=2), "tenants": counted(created=3), "domains": counted(created=5)}
    before = read(dsn, "tenant")
    second = count_changes(apply_records(dsn, records).plan)
    assert second == {
        "packages": counted(unchanged=2),
        "tenants": counted(unchanged=3),
        "domains": counted(unchanged=5),
    }
    assert read(dsn, "tenant") == before
    assert [domain["fqdn"] for domain in read(dsn, "domain")] == [
        "agency.example",
        "bakery.example",
        "chess.example",
        "www.bakery.example",
        "xn--mnchen-3ya.example",
    ]


def test_declared_defaults_are_those_of_the_database(dsn: str) -> None:
    write(
        dsn,
        nodes=[NODE],
        packages=[PACKAGE],
        roles=[{"name": "r", "scope": "local"}],
        resellers=[{"name": "R"}],
        users=[{"email": "me@a.example", "api_keys": [{"name": "K", "prefix": "p", "key_hash": "0" * 64}]}],
        tenants=[
            {
                "name": "T",
                "package": "basic",
                "domains": [{"fqdn": "a.example"}],
                "databases": [{"name": "d"}],
                "mailboxes": [{"address": "me@a.example"}],
                "cron_jobs": [{"name": "c", "schedule": "@daily", "command": "true"}],
            }
        ],
    )
    for kind in KINDS:
        (record,) = made(dsn, kind.name)
        for field in kind.given_fields:
            if not (field.required or isinstance(field, Secret) or field.name in ("account", "document_root")):
                assert (kind.name, field.name, record[field.name]) == (kind.name, field.name, field.default)
    (tenant,) = read(dsn, "tenant")
    assert tenant["account"] == f"t{tenant['uid']}"
    assert read(dsn, "domain")[0]["document_root"] == "sites/a.example/public"
    assert read(dsn, "mailbox")[0]["domain"] == "a.example"


EVERY_FIELD: dict[str, dict[str, Any]] = {
    "roles": {
        "name": "webmaster",
        "description": "Looks after web sites",
        "scope": "local",
        "permissions": ["domain.read", "domain.update"],
    },
    "resellers": {
        "name": "R",
        "parent": "Above",
        "status": "disabled",
        "metadata": {"a": 1},
        **dict.fromkeys(("max_tenants", "max_domains", "max_databases", "max_mailboxes", "max_cron_jobs"), 7),
        "max_disk_mb": 2**40,
    },
    "users": {
        "email": "anna@www.example.org",
        "tenant": "Company-A",
        "reseller": None,
        "roles": ["user", "webmaster"],
        "password_hash": BCRYPT,
        "status": "disabled",
        "metadata": {"a": 1},
    },
    "api_keys": {
        "name": "deploy",
        "user": "anna@www.example.org",
        "prefix": "0123456789abcdef",
        "key_hash": "0123456789abcdef" * 4,
        "scopes": ["domain.read", "ssh.access"],
        "expires_at": "2030-01-31T12:00:00.000001+00:00",
    },
    "nodes": {
        "name": "n2",
        "address": "2001:db8::1",
        "ssh_port": 2222,
        "ssh_user": "ansible",
        "roles": ["manager", "worker"],
        "region": "eu-west",
        "status": "draining",
        "metadata": {"rack": [1, 2.5, None, True, {"row": "A"}]},
    },
    "packages": {
        "name": "pro",
        "description": "Größer",
        "is_system": True,
        "reseller": "R",
        "retention_days": 365,
        "metadata": {"price": 9.9},
        **dict.fromkeys(("max_domains", "max_disk_mb", "max_cpu_pct", "max_databases", "max_mailboxes"), 100),
        **dict.fromkeys(("max_mem_mb", "max_cron_jobs", "max_tasks", "cpu_weight", "io_weight"), 200),
        "max_bandwidth_mb": 2**40,
        "max_inodes": 2**40,
        "features": {"ssh": True, "git": False},
    },
    "tenants": {
        "name": "Company-A",
        "account": "company-a",
        "package": "pro",
        "status": "suspended",
        "owner": "anna@www.example.org",
        "reseller": "R",
        "node": "n2",
        "time_zone": "Europe/Berlin",
        "metadata": {"note": "it's \"quoted\" \\ '; DROP TABLE tenants; --", "template": "{{ 7 * 7 }}"},
    },
    "domains": {
        "fqdn": "www.example.org",
        "tenant": "Company-A",
        "status": "disabled",
        "kind": "redirect",
        "document_root": "sites/www",
        "redirect_to": "https://example.org/",
        "redirect_code": 308,
        "tls": "required",
        "server_block": [{"directive": "add_header", "args": ["X-A", "it's"]}],
        "metadata": {"a": {}},
    },
    "databases": {
        "name": "shop",
        "tenant": "Company-A",
        "engine": "postgresql",
        "status": "disabled",
        "metadata": {"a": 1},
    },
    "mailboxes": {
        "address": "info@www.example.org",
        "tenant": "Company-A",
        "quota_mb": 100,
        "password_hash": ARGON2,
        "status": "disabled",
        "metadata": {"a": 1},
    },
    "cron_jobs": {
        "name": "nightly",
        "tenant": "Company-A",
        "schedule": "30 3 * * *",
        "command": "echo '$HOME' \"%\" {{ x }}",
        "working_dir": "sites/www",
        "status": "disabled",
        "metadata": {"a": 1},
    },
}


def test_every_field_is_stored_read_back_and_set_back(dsn: str) -> None:
    write(dsn, resellers=[{"name": "Above"}])
    for kind in KINDS:
        assert EVERY_FIELD[kind.plural].keys() == {kind.key.name, *(field.name for field in kind.given_fields)}
    document: dict[str, Any] = {plural: [record] for plural, record in EVERY_FIELD.items()}
    write(dsn, **document)
    for kind in KINDS:
        record = next(record for record in made(dsn, kind.name) if record[kind.key.name] != "Above")
        shown = {kind.key.name, *(field.name for field in kind.given_fields if not isinstance(field, Secret))}
        assert {name: record[name] for name in shown} == {name: EVERY_FIELD[kind.plural][name] for name in shown}
    assert all(counts == counted(unchanged=1) for counts in write(dsn, **document).values())

    back: dict[str, Any] = {
        kind.plural: [
            {kind.key.name: EVERY_FIELD[kind.plural][kind.key.name]}
            | {field.name: EVERY_FIELD[kind.plural][field.name] for field in kind.given_fields if field is kind.scope}
            | {
                field.name: field.default
                for field in kind.given_fields
                if not (field.required or field.immutable or field.name == "document_root" or field is kind.owner)
            }
        ]
        for kind in KINDS
    }
    assert all(counts == counted(updated=1) for counts in write(dsn, **back).values())
    assert all(counts == counted(unchanged=1) for counts in write(dsn, **back).values())
    assert read(dsn, "tenant")[0]["node"] is None


def test_check_mode_writes_nothing_and_takes_no_uid(dsn: str) -> None:
    document: dict[str, Any] = {**HOSTING, "domains": [{"fqdn": "a.example", "tenant": "T"}]}
    assert write(dsn, check=True, **document) == write(dsn, check=True, **document)
    assert not any(made(dsn, kind.name) for kind in KINDS)
    write(dsn, **document)
    assert read(dsn, "tenant")[0]["uid"] == 200_000


def test_check_mode_shows_what_the_database_refuses(dsn: str) -> None:
    write(dsn, **HOSTING)
    with pytest.raises(InvalidRecordsError, match=r'tenant "U" \(tenants\[0\]\): account must obey the rule'):
        write(dsn, check=True, tenants=[{"name": "U", "package": "basic", "account": "t1"}])


def test_one_refused_row_among_many_is_named_and_nothing_is_written(dsn: str) -> None:
    write(dsn, **HOSTING)
    tenants: list[dict[str, Any]] = [{"name": f"T{number}", "package": "basic"} for number in range(500)]
    tenants[123]["account"] = tenants[321]["account"] = "shared"
    assert refusal(dsn, tenants=tenants) == ('tenant "T321" (tenants[321]): account is not available')


def test_rules_of_the_database_are_told_by_field(dsn: str) -> None:
    write(dsn, **HOSTING, domains=[{"fqdn": "a.example", "tenant": "T"}])
    assert refusal(dsn, nodes=[{"name": "node1", "state": "absent"}]) == (
        'node "node1" (nodes[0]): state must not be absent: 1 record(s) still use node1'
    )
    assert refusal(dsn, packages=[{"name": "basic", "state": "absent"}]) == (
        'package "basic" (packages[0]): state must not be absent: 1 record(s) still use basic'
    )
    execute(dsn, "UPDATE tenants SET observed_generation = 1")
    write(dsn, nodes=[{**NODE, "name": "node2"}])
    assert 'tenant "T" (tenants[0]): node of T cannot be written once' in refusal(
        dsn, tenants=[{"name": "T", "node": "node2"}]
    )


def test_deletion_is_soft_and_reserves_the_name(dsn: str) -> None:
    write(dsn, **HOSTING, domains=[{"fqdn": "a.example", "tenant": "T"}])
    counts = write(dsn, tenants=[{"name": "T", "state": "absent"}], packages=[{"name": "basic", "state": "absent"}])
    assert counts == {"tenants": counted(deleted=1), "packages": counted(deleted=1)}
    assert [read(dsn, kind) for kind in ("package", "tenant", "domain")] == [[], [], []]
    assert write(dsn, tenants=[{"name": "T", "state": "absent"}]) == {"tenants": counted(unchanged=1)}
    write(dsn, packages=[{**PACKAGE, "name": "other"}])
    assert "name is reserved until the purge by a tenant that was deleted at 20" in refusal(
        dsn, tenants=[{"name": "T", "package": "other"}]
    )
    assert "fqdn is reserved until the purge" in refusal(
        dsn, tenants=[{"name": "N", "package": "other", "domains": [{"fqdn": "a.example"}]}]
    )


def test_filters_select_in_the_database(dsn: str) -> None:
    tenants: list[dict[str, Any]] = [{"name": f"T{number}", "package": "basic", "node": "node1"} for number in range(3)]
    tenants[1] |= {"status": "suspended"}
    write(dsn, nodes=[NODE], packages=[PACKAGE], tenants=tenants)
    execute(dsn, "UPDATE tenants SET observed_generation = generation WHERE name = 'T0'")
    execute(dsn, "UPDATE tenants SET last_error = 'broken' WHERE name = 'T2'")
    kind = BY_NAME["tenant"]

    def names(**options: Any) -> list[str]:
        return [tenant["name"] for tenant in read(dsn, "tenant", parse_query(kind, options))]

    assert names() == ["T0", "T1", "T2"]
    assert names(name=["T2", "T0", "none"]) == ["T0", "T2"]
    assert names(name=[]) == []
    assert names(status=["suspended", "locked"]) == ["T1"]
    assert names(package=["basic"], node=["node1"], failed=True) == ["T2"]
    assert names(out_of_date=True) == ["T1", "T2"]
    assert names(out_of_date=False) == ["T0"]
    execute(
        dsn, "UPDATE tenant_usage SET used_disk_mb = 461 WHERE tenant_id = (SELECT id FROM tenants WHERE name = 'T1')"
    )
    assert names(near_limit=True) == ["T1"]
    assert names(near_limit=False) == ["T0", "T2"]
    nodes = BY_NAME["node"]
    assert len(read(dsn, "node", parse_query(nodes, {"roles": ["manager", "worker"]}))) == 1
    assert read(dsn, "node", parse_query(nodes, {"roles": ["manager"]})) == []
    with pytest.raises(InvalidRecordsError, match="tenant: node must be a host name"):
        names(node=["x' OR true --"])


def test_a_diff_shows_the_fields_that_differ(dsn: str) -> None:
    write(dsn, **HOSTING)
    plan = apply_records(dsn, parse_document({"format": 1, "tenants": [{"name": "T", "status": "locked"}]}), True).plan
    assert diff_changes(plan) == [
        {
            "before_header": "tenant T",
            "after_header": "tenant T",
            "before": 'status: "active"\n',
            "after": 'status: "locked"\n',
        }
    ]


def in_parallel(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at once; return what each returned, or the RecordsError that it raised."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except RecordsError as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_writers_that_create_the_same_record_both_succeed(dsn: str) -> None:
    write(dsn, packages=[PACKAGE])
    for number in range(5):
        tenant = {"name": f"T{number}", "package": "basic"}
        results = in_parallel(*[functools.partial(write, dsn, tenants=[tenant])] * 4)
        assert sorted(result["tenants"]["created"] for result in results) == [0, 0, 0, 1]


def test_writers_of_the_same_tenants_queue_instead_of_deadlocking(dsn: str) -> None:
    tenants: list[dict[str, Any]] = [{"name": f"T{number}", "package": "basic"} for number in range(20)]
    write(dsn, packages=[PACKAGE], tenants=tenants)

    def add_domains(writer: int) -> Counts:
        order = tenants if writer % 2 else list(reversed(tenants))
        fqdns = [{"fqdn": f"w{writer}.{tenant['name'].lower()}.example", "tenant": tenant["name"]} for tenant in order]
        return write(dsn, domains=fqdns)

    results = in_parallel(*[functools.partial(add_domains, writer) for writer in range(6)])
    assert [result["domains"] for result in results] == [counted(created=20)] * 6
    assert {tenant["generation"] for tenant in read(dsn, "tenant")} == {7}

    def delete_domains(writer: int) -> Counts:
        fqdns = [domain["fqdn"] for domain in read(dsn, "domain") if domain["fqdn"].startswith(f"w{writer}.")]
        return write(dsn, domains=[{"fqdn": fqdn, "state": "absent"} for fqdn in fqdns])

    results = in_parallel(*[functools.partial(delete_domains, writer) for writer in range(6)])
    assert [result["domains"] for result in results] == [counted(deleted=20)] * 6
    assert {tenant["generation"] for tenant in read(dsn, "tenant")} == {13}


def test_a_package_is_never_deleted_under_a_tenant_that_is_being_created(dsn: str) -> None:
    for number in range(10):
        package = {**PACKAGE, "name": f"p{number}"}
        write(dsn, packages=[package])
        in_parallel(
            functools.partial(write, dsn, tenants=[{"name": f"T{number}", "package": f"p{number}"}]),
            functools.partial(write, dsn, packages=[{"name": f"p{number}", "state": "absent"}]),
        )
    live = {package["name"] for package in read(dsn, "package")}
    assert {tenant["package"] for tenant in read(dsn, "tenant")} <= live


@contextlib.contextmanager
def locked_tenants(dsn: str) -> Iterator[None]:
    """Hold a lock that writers of tenants wait for."""
    with contextlib.closing(psycopg2.connect(of_owner(dsn))) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM tenants FOR UPDATE")
        yield


def test_a_connection_that_breaks_off_leaves_nothing_behind(dsn: str) -> None:
    write(dsn, **HOSTING)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with locked_tenants(dsn):
            future = pool.submit(
                write, dsn, nodes=[{**NODE, "name": "node2"}], tenants=[{"name": "T", "status": "locked"}]
            )
            waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            deadline = time.monotonic() + 20
            with contextlib.closing(psycopg2.connect(dsn)) as peer, peer.cursor() as cursor:
                peer.autocommit = True  # a transaction would go on seeing who waited when it began
                while not future.done() and time.monotonic() < deadline:
                    cursor.execute(waiting)
        with pytest.raises(RecordStoreError, match="the connection to the record store broke off"):
            future.result()
    assert [node["name"] for node in read(dsn, "node")] == ["node1"]


@pytest.mark.parametrize(
    ("dsn_text", "problem"),
    [
        ("host=/nonexistent", 'cannot connect to the record store: connection to server on socket "/nonexistent'),
        ("hunter2", "dsn must be a libpq connection string or postgresql:// URI"),
        ("postgresql://u:hunter2@h:x/", "cannot connect to the record store: invalid integer value"),
    ],
)
def test_a_store_that_cannot_be_reached_is_one_clear_line(dsn_text: str, problem: str) -> None:
    with pytest.raises(RecordStoreError) as caught:
        read(dsn_text, "node")
    assert str(caught.value).startswith(problem)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_without_the_schema_says_so(empty_dsn: str) -> None:
    with pytest.raises(RecordStoreError, match="the database has no wcp360 schema, or an older one"):
        read(empty_dsn, "node")
    with pytest.raises(RecordStoreError, match="apply the migrations"):
        write(empty_dsn, nodes=[NODE])


def test_a_role_without_rights_says_so(pg_server: pg.Server, dsn: str) -> None:
    pg_server.run_as_superuser("DROP ROLE IF EXISTS stranger")
    pg_server.run_as_superuser("CREATE ROLE stranger LOGIN")
    with pytest.raises(
        RecordStoreError, match="the database role may not do this: permission denied for function wcp_act_as"
    ):
        read(dsn.replace(pg.RUNTIME, "stranger"), "node")


def test_ten_thousand_tenants_load_in_one_transaction(dsn: str, record_property: Callable[[str, object], None]) -> None:
    tenants = [
        {
            "name": f"T{number}",
            "package": "basic",
            "node": "node1",
            "domains": [{"fqdn": f"t{number}.example"}, {"fqdn": f"www.t{number}.example", "kind": "static"}],
        }
        for number in range(10_000)
    ]
    document: dict[str, Any] = {"nodes": [NODE], "packages": [PACKAGE], "tenants": tenants}
    started = time.monotonic()
    first = write(dsn, **document)
    loaded = time.monotonic()
    second = write(dsn, **document)
    record_property("load_seconds", round(loaded - started, 1))
    record_property("unchanged_seconds", round(time.monotonic() - loaded, 1))
    assert (first["tenants"], first["domains"]) == (counted(created=10_000), counted(created=20_000))
    assert (second["tenants"], second["domains"]) == (counted(unchanged=10_000), counted(unchanged=20_000))
