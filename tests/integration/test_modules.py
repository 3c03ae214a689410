# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record modules as tasks of a playbook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .controller import run_tasks

PACKAGE: dict[str, Any] = {"name": "basic", "max_domains": 2, "max_disk_mb": 512, "max_cpu_pct": 20, "max_mem_mb": 128}
EXAMPLE = Path(__file__).parents[2] / "examples/records.yml"


def task(module: str, /, mode: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
    """Return a task that calls a module of the collection; ``mode`` may have "check" and "diff"."""
    return {f"wcp360.hosting.{module}": options, "check_mode": "check" in mode, "diff": "diff" in mode}


def test_records_are_created_changed_and_deleted_once(dsn: str, tmp_path: Path) -> None:
    tenant: dict[str, Any] = {"name": "Company-A", "package": "basic", "node": "node1", "time_zone": "Europe/Berlin"}
    results = run_tasks(
        tmp_path,
        task("node", name="node1", address="192.0.2.1"),
        task("node", name="node1", address="192.0.2.1", roles=["worker"]),
        task("package", **PACKAGE, features={"ssh": False}, max_inodes=1000),
        task("package", **PACKAGE, unset=["max_inodes"]),
        task("package", **PACKAGE),
        task("tenant", mode=("check", "diff"), **tenant),
        task("tenant", **tenant),
        task("tenant", mode=("diff",), name="Company-A", status="suspended"),
        task("tenant", mode=("check",), **tenant),
        task("domain", fqdn="MÜNCHEN.example", tenant="Company-A", tls=True),
        task("domain", fqdn="xn--mnchen-3ya.example", tenant="Company-A", tls="on"),
        task("domain", fqdn="münchen.example", state="absent"),
        task("domain", fqdn="münchen.example", state="absent"),
        task("domain", mode=("check",), fqdn="münchen.example", tenant="Company-A"),
        WCP360_DSN=dsn,
    )
    changed = [result["changed"] for result in results]
    assert changed == [
        *(True, False),
        *(True, True, False),
        *(True, True, True, False),
        *(True, False, True, False, False),
    ]
    assert [index for index, result in enumerate(results) if result["failed"]] == [13]
    assert results[0]["node"]["roles"] == ["worker"]
    assert (results[2]["package"]["max_inodes"], results[3]["package"]["max_inodes"]) == (1000, None)
    assert {"id", "uid", "account"}.isdisjoint(results[5]["tenant"])
    assert results[5]["diff"] == [
        {
            "before_header": "tenant Company-A",
            "after_header": "tenant Company-A",
            "before": "",
            "after": 'state: present\npackage: "basic"\nnode: "node1"\ntime_zone: "Europe/Berlin"\n',
        }
    ]
    assert results[6]["tenant"]["account"] == "t200000"
    assert [(diff["before"], diff["after"]) for diff in results[7]["diff"]] == [
        ('status: "active"\n', 'status: "suspended"\n')
    ]
    assert (results[9]["domain"]["fqdn"], results[9]["domain"]["tls"]) == ("xn--mnchen-3ya.example", "on")
    assert "domain" not in results[11]
    assert results[13]["msg"].startswith(
        'domain "xn--mnchen-3ya.example": fqdn is reserved until the purge by a domain that was deleted at 20'
    )
    assert results[13]["msg"].endswith("; nothing was changed")


def test_documents_and_what_is_read_of_them(dsn: str, tmp_path: Path) -> None:
    results = run_tasks(
        tmp_path,
        task("records", mode=("check",), src=str(EXAMPLE)),
        task("records", records={"format": 1, "nodes": [{"name": "node1", "address": "192.0.2.1"}]}),
        task("records", mode=("check", "diff"), src=str(EXAMPLE)),
        task("records", src=str(EXAMPLE)),
        task("records", src=str(EXAMPLE)),
        task("node_info"),
        task("package_info", name=["pro"]),
        task("tenant_info", package=["basic"], node=["node1"], out_of_date=True, failed=False),
        task("domain_info", fqdn=["MÜNCHEN.example"], tls=["off"]),
        WCP360_DSN=dsn,
    )
    missing, _node, checked, first, second, nodes, packages, tenants, domains = results
    assert missing["msg"].startswith(
        '3 problems:\n- tenant "Bakery" (tenants[0]): node must be an existing node; there is none named node1\n'
    )
    assert missing["msg"].endswith("\nNothing was changed.")
    assert missing["errors"][2] == {
        "kind": "tenant",
        "name": "chess-club",
        "position": "tenants[2]",
        "problem": "node must be an existing node; there is none named node1",
    }
    assert checked["counts"] == first["counts"]
    assert first["counts"]["domains"] == {"created": 5, "updated": 0, "deleted": 0, "restored": 0, "unchanged": 0}
    assert len(checked["diff"]) == 10
    assert (first["changed"], second["changed"]) == (True, False)
    assert second["counts"]["domains"] == {"created": 0, "updated": 0, "deleted": 0, "restored": 0, "unchanged": 5}
    assert [node["name"] for node in nodes["nodes"]] == ["node1"]
    assert [package["features"] for package in packages["packages"]] == [{"ssh": True}]
    assert [tenant["name"] for tenant in tenants["tenants"]] == ["Bakery", "chess-club"]
    assert tenants["tenants"][0]["generation"] > tenants["tenants"][0]["observed_generation"] == 0
    assert [domain["tenant"] for domain in domains["domains"]] == ["Agency-42"]


def test_bad_input_is_refused_by_record_and_field_and_runs_nowhere(dsn: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    template = "{{ lookup('pipe', 'touch " + str(marker) + "') }}"
    hostile = tmp_path / "hostile.json"
    tenants = [{"name": "T", "package": "basic", "metadata": {"note": template, "'; DROP TABLE tenants; --": "'"}}]
    hostile.write_text(json.dumps({"format": 1, "packages": [PACKAGE], "tenants": tenants}), encoding="utf-8")
    twice = tmp_path / "twice.yml"
    twice.write_text("format: 1\nnodes: []\nnodes: []\n", encoding="utf-8")
    results = run_tasks(
        tmp_path,
        task("records", src=str(hostile)),
        task("tenant_info"),
        {"ansible.builtin.debug": {"msg": "{{ result_1.tenants[0].metadata.note }}"}},
        task("tenant", name="T\n'; DROP TABLE tenants; --", package="basic", account="root"),
        task("domain", fqdn="a.example; } server {", tenant="T", document_root="../../etc", redirect_to="x"),
        task("domain", fqdn="a.example", tenant="T", server_block=[{"directive": "root", "args": ["/"]}]),
        task("package", name="basic", unset=["max_tasks"], max_tasks=10),
        task("tenant_info", node=["' OR true; --"]),
        task("records", src=str(twice)),
        task("records", src=str(tmp_path / "none.yml")),
        task("node_info", dsn="host=/nonexistent password=hunter2"),
        task("tenant_info"),
        WCP360_DSN=dsn,
    )
    messages = [result.get("msg", "") for result in results]
    assert messages[2] == template
    assert not marker.exists()
    assert messages[3].splitlines()[1].startswith('- tenant "T\\n\'; DROP TABLE tenants; --": name must be letters,')
    assert [error["problem"].split()[0] for error in results[4]["errors"]] == ["fqdn", "document_root", "redirect_to"]
    assert messages[5].startswith('domain "a.example": server_block[0].directive must be one of add_header,')
    assert messages[6] == "unset must not list max_tasks, which is given a value too; nothing was changed"
    assert messages[7].startswith("tenant: node must be a host name")
    assert "line 3: the key 'nodes' is given twice in one mapping; nothing was changed" in messages[8]
    assert messages[9].endswith("none.yml: No such file or directory; nothing was changed")
    assert messages[10].startswith("cannot connect to the record store: ")
    assert "hunter2" not in json.dumps(results)
    assert all(result["failed"] for result in results[3:11])
    assert results[11]["tenants"] == results[1]["tenants"]


KINDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("role", {"name": "web", "scope": "local", "permissions": ["domain.read"]}, {"permissions": []}),
    ("reseller", {"name": "R", "max_tenants": 5}, {"unset": ["max_tenants"], "max_disk_mb": 1024}),
    ("package", {**PACKAGE, "reseller": "R"}, {"retention_days": 90}),
    ("tenant", {"name": "T", "package": "basic", "reseller": "R"}, {"time_zone": "Europe/Paris"}),
    ("user", {"email": "Anna@Example.org", "tenant": "T", "roles": ["web", "user"]}, {"status": "disabled"}),
    ("api_key", {"user": "anna@example.org", "name": "k", "scopes": ["domain.read"]}, {"scopes": []}),
    ("domain", {"fqdn": "t.example", "tenant": "T"}, {"tls": "on"}),
    ("database", {"name": "shop", "tenant": "T", "engine": "postgresql"}, {"status": "disabled"}),
    ("mailbox", {"address": "Info@t.example", "tenant": "T", "quota_mb": 10}, {"unset": ["quota_mb"]}),
    ("cron_job", {"tenant": "T", "name": "j", "schedule": "@daily", "command": "a"}, {"command": "b"}),
]
NAMES = {
    "domain": ["fqdn"],
    "user": ["email"],
    "api_key": ["user", "name"],
    "mailbox": ["address"],
    "cron_job": ["tenant", "name"],
}


def test_every_module_creates_changes_and_deletes(dsn: str, tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = []
    deletions: list[dict[str, Any]] = []
    for kind, new, changed in KINDS:
        name = {field: new[field] for field in NAMES.get(kind, ["name"])}
        tasks += [task(kind, mode=("check", "diff"), **new), task(kind, **new), task(kind, **new)]
        tasks += [task(kind, **name, **changed), task(f"{kind}_info")]
        deletions.insert(0, task(kind, **name, state="absent"))
    results = run_tasks(tmp_path, *tasks, *deletions, WCP360_DSN=dsn)
    assert not [result["msg"] for result in results if result["failed"]]
    for index, (kind, _new, _changed) in enumerate(KINDS):
        of_kind = results[5 * index : 5 * index + 5]
        assert [result["changed"] for result in of_kind] == [True, True, False, True, False], kind
        assert "id" not in of_kind[0][kind]
        assert of_kind[0]["diff"][0]["after"].startswith("state: present")
        records = next(value for value in of_kind[4].values() if isinstance(value, list) and value)
        assert of_kind[3][kind] in records
    assert all(result["changed"] for result in results[5 * len(KINDS) :])


def test_an_export_is_a_document(dsn: str, tmp_path: Path) -> None:
    results = run_tasks(
        tmp_path,
        task("node", name="node1", address="192.0.2.1"),
        task("records", src=str(EXAMPLE)),
        task("records_info"),
        task("records", records="{{ result_2.records }}"),
        task("records_info", kinds=["tenants", "nodes"]),
        task("records_info", kinds=["everything"]),
        WCP360_DSN=dsn,
    )
    _node, loaded, exported, again, some, wrong = results
    assert (loaded["changed"], exported["changed"], again["changed"]) == (True, False, False)
    assert again["counts"]["domains"] == {"created": 0, "updated": 0, "deleted": 0, "restored": 0, "unchanged": 5}
    assert list(some["records"]) == ["format", "nodes", "tenants"]
    assert some["records"]["tenants"] == exported["records"]["tenants"]
    assert wrong["failed"]
