# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is exported is what is stored: written back it changes nothing, in an empty store it gives the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import pg
from .documents import export, write
from .test_records import EVERY_FIELD

SLOW = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
LIMITS = {"max_domains": 1, "max_disk_mb": 1, "max_cpu_pct": 1, "max_mem_mb": 16}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.sampled_from("abc"), children, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(st.sampled_from(["a", "ü", "'; --"]), JSON, max_size=2)
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
STATUS = st.sampled_from(["active", "disabled"])
NAMES = ["a", "b", "c"]
PERMISSIONS = st.lists(st.sampled_from(["domain.read", "domain.create", "ssh.access", "audit.read"]), max_size=3)
HASHES = st.sampled_from(["$2b$12$" + "a" * 53, "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRz$" + "b" * 43]) | st.none()


def record(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return records with these fields."""
    fixed = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in required.items()
    }
    return st.fixed_dictionaries(fixed, optional=optional)


@st.composite
def tenants(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Return a tenant that owns something of every kind, or nothing."""

    def some(*choices: st.SearchStrategy[dict[str, Any]]) -> list[dict[str, Any]]:
        return [draw(choice) for choice in choices if draw(st.booleans())]

    one: dict[str, Any] = draw(
        record(
            {"name": f"T-{name}", "package": "p"},
            status=st.sampled_from(["active", "suspended"]),
            node=st.just("n1"),
            reseller=st.sampled_from(NAMES),
            account=st.just(f"acc-{name}"),
            metadata=METADATA,
        )
    )
    key = record(
        {"name": st.sampled_from(["k", "Key.1"]), "prefix": f"p{name}", "key_hash": "0" * 64},
        scopes=PERMISSIONS,
        expires_at=st.sampled_from(["2030-01-31T12:00:00Z", "2030-06-30T01:02:03.000004+02:00"]) | st.none(),
    )
    user = record(
        {"email": f"u@{name}.example"},
        roles=st.lists(st.sampled_from(["user", "web"]), unique=True),
        password_hash=HASHES,
        status=STATUS,
        metadata=METADATA,
        api_keys=st.lists(key, max_size=1),
    )
    domain = record(
        {"fqdn": f"{name}.example"},
        kind=st.sampled_from(["php", "static"]),
        document_root=st.sampled_from(["htdocs", f"sites/{name}.example/public"]),
        server_block=st.none() | st.builds(lambda text: [{"directive": "add_header", "args": ["X", text]}], LINE),
    )
    one["users"] = some(user)
    one["domains"] = [draw(domain)]
    one["mailboxes"] = some(
        record({"address": f"m@{name}.example"}, quota_mb=st.integers(1, 9) | st.none(), password_hash=HASHES)
    )
    one["databases"] = some(record({"name": f"d_{name}"}, engine=st.sampled_from(["mariadb", "postgresql"])))
    one["cron_jobs"] = some(
        record(
            {"name": "j", "schedule": st.sampled_from(["@daily", "1 2 3 4 5"]), "command": LINE},
            working_dir=st.none() | st.just("sites"),
            status=STATUS,
        )
    )
    if one["users"]:
        one["owner"] = f"u@{name}.example"
    return one


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return the lists of a document with records of all kinds."""
    resellers = [
        draw(
            record(
                {"name": name},
                parent=st.sampled_from(NAMES[index + 1 :]) if NAMES[index + 1 :] else st.none(),
                max_tenants=st.integers(9, 99) | st.none(),
                status=STATUS,
                metadata=METADATA,
            )
        )
        for index, name in enumerate(NAMES)
    ]
    package = record(
        {"name": "p", **LIMITS},
        description=LINE,
        retention_days=st.integers(30, 3650),
        reseller=st.sampled_from(NAMES),
        max_tasks=st.integers(8, 99) | st.none(),
        features=st.dictionaries(st.sampled_from(["ssh", "git"]), st.booleans()),
    )
    return {
        "roles": [draw(record({"name": "web", "scope": "local"}, permissions=PERMISSIONS, description=LINE))],
        "resellers": draw(st.permutations(resellers)),
        "nodes": [draw(record({"name": "n1", "address": "192.0.2.1"}, metadata=METADATA))],
        "packages": [draw(package)],
        "users": [draw(record({"email": "r@x.example", "reseller": "a"}, password_hash=HASHES))],
        "tenants": [draw(tenants(name)) for name in NAMES[: draw(st.integers(0, 3))]],
    }


def assert_round_trip(pg_server: pg.Server, document: dict[str, Any]) -> None:
    """Write a document, export it, and write the export where it came from and into an empty store."""
    names = [pg_server.create_database(pg.TEMPLATE) for _store in range(2)]
    store, other = (pg_server.dsn(name, pg.RUNTIME) for name in names)
    try:
        write(store, **document)
        exported = json.loads(json.dumps(export(store)))
        again = write(store, **exported)
        assert {plural: counts["unchanged"] for plural, counts in again.items()} == {
            plural: len(records) for plural, records in exported.items() if records
        }
        write(other, **exported)
        assert export(other) == export(store) == exported
    finally:
        for name in names:
            pg_server.drop_database(name)


def test_random_documents(pg_server: pg.Server) -> None:
    @SLOW
    @given(documents())
    def round_trip(document: dict[str, Any]) -> None:
        assert_round_trip(pg_server, document)

    round_trip()


def test_every_field_of_every_kind(pg_server: pg.Server) -> None:
    document: dict[str, Any] = {plural: [fields] for plural, fields in EVERY_FIELD.items()}
    document["resellers"] = [*document["resellers"], {"name": "Above"}]
    assert_round_trip(pg_server, document)


def test_without_secrets_the_rest_is_the_same(dsn: str) -> None:
    document: dict[str, Any] = {plural: [fields] for plural, fields in EVERY_FIELD.items()}
    write(dsn, resellers=[{"name": "Above"}])
    write(dsn, **document)
    open_export = export(dsn, secrets=False)
    assert not {"password_hash", "key_hash"} & {
        name for records in open_export.values() for one in records for name in one
    }
    assert all(counts["unchanged"] for counts in write(dsn, **open_export).values())
    assert export(dsn)["users"][0]["password_hash"] == EVERY_FIELD["users"]["password_hash"]
