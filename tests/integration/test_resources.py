# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant owns besides domains: databases, mailboxes, cron jobs."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.registry import BY_NAME

from .documents import counted, execute, made, of_runtime, read, refusal, write

PACKAGE = {"name": "basic", "max_domains": 10, "max_disk_mb": 100, "max_cpu_pct": 50, "max_mem_mb": 64}
OWNED = ("users", "domains", "databases", "mailboxes", "cron_jobs")


def tenant(name: str) -> dict[str, Any]:
    """Return a tenant with one of everything."""
    low = name.lower()
    return {
        "name": name,
        "package": "basic",
        "users": [{"email": f"me@{low}.example", "roles": ["user"]}],
        "domains": [{"fqdn": f"{low}.example"}],
        "databases": [{"name": f"db_{low}"}],
        "mailboxes": [{"address": f"Info@{name}.example"}],
        "cron_jobs": [{"name": "nightly", "schedule": "@daily", "command": "true"}],
    }


def flat(*tenants: dict[str, Any]) -> dict[str, Any]:
    """Return the same records in lists of their own, owners last."""
    lists: dict[str, Any] = {
        plural: [record | {"tenant": one["name"]} for one in tenants for record in one[plural]] for plural in OWNED
    }
    return lists | {"tenants": [{name: one[name] for name in one if name not in OWNED} for one in tenants]}


def test_nested_or_not_the_records_are_the_same(dsn: str) -> None:
    both = tenant("A"), tenant("B")
    first = write(dsn, packages=[PACKAGE], tenants=list(both))
    assert all(counts["created"] > 0 for counts in first.values())
    again = write(dsn, **flat(*both))
    assert again == {plural: counted(unchanged=2) for plural in ("users", "tenants", *OWNED[1:])}
    assert [(job["tenant"], job["name"]) for job in read(dsn, "cron_job")] == [("A", "nightly"), ("B", "nightly")]
    assert [box["domain"] for box in read(dsn, "mailbox")] == ["a.example", "b.example"]


def test_a_flat_document_creates_the_same_in_any_order(dsn: str) -> None:
    counts = write(dsn, **flat(tenant("A"), tenant("B")), packages=[PACKAGE])
    assert counts == {plural: counted(created=2) for plural in ("users", "tenants", *OWNED[1:])} | {
        "packages": counted(created=1)
    }


def test_a_mailbox_is_in_a_domain_of_its_tenant(dsn: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[tenant("A"), tenant("B")])

    def problem(address: str, **records: Any) -> str:
        message = refusal(dsn, mailboxes=[{"address": address, "tenant": "A"}], **records)
        return message.removeprefix(f'mailbox "{address}" (mailboxes[0]): ')

    missing = "address must be in a domain of the same tenant: A has no domain "
    assert problem("x@b.example") == f"{missing}b.example"
    assert problem("x@none.example") == f"{missing}none.example"
    assert problem("x@new.example", domains=[{"fqdn": "new.example", "tenant": "B"}]) == f"{missing}new.example"
    assert problem("x@a.example", domains=[{"fqdn": "a.example", "state": "absent"}]) == (
        "domain a.example is deleted by the same document"
    )
    assert refusal(dsn, mailboxes=[{"address": "info@a.example", "tenant": "B"}]) == (
        'mailbox "info@a.example" (mailboxes[0]): tenant must stay as it is: the mailbox belongs to another tenant'
    )
    write(dsn, domains=[{"fqdn": "münchen.example", "tenant": "A"}])
    write(dsn, mailboxes=[{"address": "X@MÜNCHEN.example", "tenant": "A"}])
    assert read(dsn, "mailbox")[-1]["address"] == "x@xn--mnchen-3ya.example"
    write(dsn, domains=[{"fqdn": "a.example", "state": "absent"}])
    assert "info@a.example" not in [box["address"] for box in read(dsn, "mailbox")]
    assert problem("x@a.example") == "domain a.example is deleted"


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (
            {"databases": [{"name": "db_a", "engine": "postgresql"}]},
            'database "db_a" (databases[0]): engine must stay as it is: it never changes for an existing database',
        ),
        (
            {"databases": [{"name": "db_a", "tenant": "B"}]},
            'database "db_a" (databases[0]): tenant must stay as it is: the database belongs to another tenant',
        ),
        (
            {"databases": [{"name": "new", "tenant": "X"}]},
            'database "new" (databases[0]): tenant must be an existing tenant; there is none named X',
        ),
        (
            {"cron_jobs": [{"name": "new", "tenant": "A"}]},
            (
                '2 problems:\n- cron_job "A/new" (cron_jobs[0]): schedule must be given for a new cron_job\n'
                '- cron_job "A/new" (cron_jobs[0]): command must be given for a new cron_job'
            ),
        ),
        (
            {"cron_jobs": [{"name": "nightly"}]},
            'cron_job "nightly" (cron_jobs[0]): tenant must be given: it is part of the cron_job\'s name',
        ),
        (
            {"cron_jobs": [{"name": "nightly", "tenant": "A"}, {"name": "nightly", "tenant": "A"}]},
            'cron_job "A/nightly" (cron_jobs[1]): name must be given once; it is also at cron_jobs[0]',
        ),
        (
            {"tenants": [{"name": "A", "cron_jobs": [{"name": "nightly", "tenant": "B"}]}]},
            (
                'cron_job "A/nightly" (tenants[0].cron_jobs[0]): tenant must be left out or be the tenant that the'
                " cron_job is listed under"
            ),
        ),
        (
            {"mailboxes": [{"address": "info@a.example", "quota_mb": 0}]},
            'mailbox "info@a.example" (mailboxes[0]): quota_mb must be from 1 to 2147483647',
        ),
        (
            {"mailboxes": [{"address": "info@a.example", "domain": "b.example"}]},
            (
                'mailbox "info@a.example" (mailboxes[0]): "domain" must not be given; the fields of a mailbox are'
                " address, state, tenant, quota_mb, password_hash, password, status, metadata"
            ),
        ),
    ],
)
def test_wrong_records_are_refused_by_field(dsn: str, records: dict[str, Any], problem: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[tenant("A"), tenant("B")])
    assert refusal(dsn, **records) == problem


ATTACKS = ["x; id", "a\nb", "$(id)", "../../x", "' OR 1=1 --", "{{ 7 * 7 }}", "%h", "", "x" * 5000]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    ("plural", "field", "table", "column"),
    [
        ("databases", "name", "databases", "name"),
        ("mailboxes", "address", "mail_boxes", "address"),
        ("cron_jobs", "name", "cron_jobs", "name"),
        ("cron_jobs", "schedule", "cron_jobs", "schedule"),
        ("cron_jobs", "working_dir", "cron_jobs", "working_dir"),
        ("users", "email", "users", "email"),
        ("users", "password_hash", "users", "password_hash"),
        ("roles", "name", "roles", "name"),
        ("resellers", "name", "resellers", "name"),
        ("api_keys", "name", "api_keys", "name"),
        ("api_keys", "key_hash", "api_keys", "key_hash"),
        ("api_keys", "prefix", "api_keys", "prefix"),
    ],
)
def test_attacks_are_refused_by_the_document_and_by_sql(
    transaction: psycopg2.extensions.cursor,
    shared_dsn: str,
    attack: str,
    plural: str,
    field: str,
    table: str,
    column: str,
) -> None:
    record = {"name": "x", "email": "x@a.example", "address": "x@a.example", "tenant": "A", "user": "x@a.example"}
    known = {"users": "email", "mailboxes": "address"}.get(plural, "name")
    given = {known: record[known], **({"tenant": "A"} if plural == "cron_jobs" else {}), field: attack}
    given |= {"user": "x@a.example"} if plural == "api_keys" else {}
    assert f": {field} must be" in refusal(of_runtime(shared_dsn), **{plural: [given]})
    transaction.execute("SELECT conname, pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname LIKE %s",
                        (f"{table}\\_{column}\\_is\\_%",))  # fmt: skip
    verdicts = []
    for name, expression in transaction.fetchall():
        transaction.execute(f"SELECT {expression} FROM (SELECT %s::text AS {column}) AS row", (attack,))
        verdicts.append((name, transaction.fetchone()))
    assert (False,) in [verdict for _name, verdict in verdicts]


def test_sql_keeps_the_engine_of_a_database(dsn: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[tenant("A")])
    with pytest.raises(psycopg2.IntegrityError) as caught:
        execute(dsn, "UPDATE databases SET engine = 'postgresql'")
    assert caught.value.diag.constraint_name == "databases_engine_is_immutable"


def test_check_mode_writes_nothing_of_any_kind(dsn: str) -> None:
    write(dsn, packages=[PACKAGE])
    assert write(dsn, check=True, tenants=[tenant("A")]) == write(dsn, check=True, tenants=[tenant("A")])
    assert made(dsn, "tenant") == made(dsn, "user") == made(dsn, "cron_job") == []


def test_everything_goes_with_its_tenant(dsn: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[tenant("A")])
    before = made(dsn, "tenant")[0]["generation"]
    write(dsn, cron_jobs=[{"tenant": "A", "name": "nightly", "status": "disabled"}])
    assert made(dsn, "tenant")[0]["generation"] == before + 1
    write(dsn, cron_jobs=[{"tenant": "A", "name": "nightly", "state": "absent"}])
    assert write(dsn, cron_jobs=[{"tenant": "A", "name": "nightly", "state": "absent"}]) == {
        "cron_jobs": counted(unchanged=1)
    }
    assert "name is reserved until the purge by a cron_job" in refusal(
        dsn, cron_jobs=[{"tenant": "A", "name": "nightly", "schedule": "@daily", "command": "true"}]
    )
    write(dsn, tenants=[{"name": "A", "state": "absent"}])
    assert [made(dsn, kind) for kind in ("user", "domain", "database", "mailbox", "cron_job")] == [[]] * 5


def test_filters(dsn: str) -> None:
    write(dsn, packages=[PACKAGE], tenants=[tenant("A"), tenant("B")])

    def keys(kind: str, **options: Any) -> list[str]:
        declaration = BY_NAME[kind]
        return [record[declaration.key.name] for record in read(dsn, kind, parse_query(declaration, options))]

    assert keys("user", roles=["user", "auditor"]) == ["me@a.example", "me@b.example"]
    assert keys("user", roles=["auditor"]) == []
    assert keys("user", email=["ME@A.example"], status=["active"]) == ["me@a.example"]
    assert keys("mailbox", domain=["b.example"]) == ["info@b.example"]
    assert keys("cron_job", tenant=["B"], name=["nightly"]) == ["nightly"]
    assert keys("database", engine=["postgresql"]) == []
    assert keys("role", scope=["local"]) == ["user"]
    assert keys("reseller", status=["active"]) == []
    assert keys("api_key", expired=True) == []
