# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugins as `ansible-inventory` and playbooks see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from ansible_collections.wcp360.hosting.plugins.module_utils.records.document import parse_document
from ansible_collections.wcp360.hosting.plugins.module_utils.records.reconcile import apply_records

from .controller import ansible_output, run_ansible

LIMITS = {"max_domains": 10, "max_disk_mb": 100, "max_cpu_pct": 50, "max_mem_mb": 64}
RECORDS: dict[str, Any] = {
    "format": 1,
    "nodes": [
        {"name": "node1", "address": "192.0.2.1", "roles": ["manager", "worker"], "region": "eu-west"},
        {"name": "node2", "address": "2001:db8::2", "ssh_port": 2222, "ssh_user": "ansible", "status": "draining"},
    ],
    "packages": [{"name": "basic", **LIMITS}, {"name": "pro", **LIMITS}],
    "tenants": [
        {
            "name": "Company-A",
            "package": "basic",
            "node": "node2",
            "time_zone": "Europe/Berlin",
            "domains": [{"fqdn": "münchen.example"}, {"fqdn": "a.example"}],
        },
        {"name": "B", "package": "pro", "status": "suspended"},
    ],
}


@pytest.fixture
def store(dsn: str) -> str:
    """The DSN of a database with the records above."""
    apply_records(dsn, parse_document(RECORDS))
    return dsn


def configure(home: Path, plugin: str, **options: Any) -> Path:
    """Write a configuration file of an inventory plugin."""
    path = home / f"{plugin}.wcp360.yml"
    path.write_text(json.dumps({"plugin": f"wcp360.hosting.{plugin}", **options}), encoding="utf-8")
    return path


def list_inventory(home: Path, *sources: Path, **environment: str) -> dict[str, Any]:
    """Return what `ansible-inventory --list` prints, with plain text as plain text."""
    arguments: list[str | Path] = [argument for source in sources for argument in ("-i", source)]
    output = ansible_output("ansible-inventory", *arguments, "--list", home=home, **environment)

    def unwrap(value: dict[str, Any]) -> Any:
        return value["__ansible_unsafe"] if value.keys() == {"__ansible_unsafe"} else value

    inventory: dict[str, Any] = json.loads(output, object_hook=unwrap)
    return inventory


def test_nodes_are_hosts_in_native_groups(store: str, tmp_path: Path) -> None:
    inventory = list_inventory(tmp_path, configure(tmp_path, "nodes"), WCP360_DSN=store)
    hosts = inventory.pop("_meta")["hostvars"]
    identity = hosts["node2"].pop("wcp360_node_id")
    assert len(identity) == 36
    assert hosts["node2"] == {
        "ansible_host": "2001:db8::2",
        "ansible_port": 2222,
        "ansible_user": "ansible",
        "wcp360_node_name": "node2",
        "wcp360_roles": ["worker"],
        "wcp360_region": "default",
        "wcp360_status": "draining",
    }
    inventory.pop("all")
    assert {group: sorted(members["hosts"]) for group, members in inventory.items()} == {
        "wcp360_nodes": ["node1", "node2"],
        "wcp360_managers": ["node1"],
        "role_manager": ["node1"],
        "role_worker": ["node1", "node2"],
        "region_eu_west": ["node1"],
        "region_default": ["node2"],
        "node_status_active": ["node1"],
        "node_status_draining": ["node2"],
    }


def test_tenants_are_hosts_that_connect_to_their_node(store: str, tmp_path: Path) -> None:
    inventory = list_inventory(tmp_path, configure(tmp_path, "tenants", dsn=store))
    hosts = inventory.pop("_meta")["hostvars"]
    hosts["tenant_Company-A"].pop("wcp360_tenant_id")
    assert hosts["tenant_Company-A"] == {
        "ansible_host": "2001:db8::2",
        "ansible_port": 2222,
        "ansible_user": "ansible",
        "wcp360_tenant_name": "Company-A",
        "wcp360_tenant_account": "t200000",
        "wcp360_tenant_uid": 200_000,
        "wcp360_tenant_status": "active",
        "wcp360_tenant_package": "basic",
        "wcp360_tenant_reseller": None,
        "wcp360_tenant_node": "node2",
        "wcp360_tenant_time_zone": "Europe/Berlin",
        "wcp360_tenant_generation": 2,
        "wcp360_tenant_observed_generation": 0,
        "wcp360_tenant_last_error": None,
        "wcp360_tenant_metadata": {},
        "wcp360_tenant_domains": ["a.example", "xn--mnchen-3ya.example"],
    }
    assert "ansible_host" not in hosts["tenant_B"]
    inventory.pop("all")
    assert {group: sorted(members["hosts"]) for group, members in inventory.items()} == {
        "wcp360_tenants": ["tenant_B", "tenant_Company-A"],
        "package_basic": ["tenant_Company-A"],
        "package_pro": ["tenant_B"],
        "status_active": ["tenant_Company-A"],
        "status_suspended": ["tenant_B"],
        "node_node2": ["tenant_Company-A"],
    }


@pytest.mark.parametrize(
    ("plugin", "options", "hosts"),
    [
        ("nodes", {"roles": ["manager"]}, ["node1"]),
        ("nodes", {"regions": ["default", "none"]}, ["node2"]),
        ("nodes", {"statuses": ["active"], "roles": ["worker"]}, ["node1"]),
        ("tenants", {"names": ["B", "C"]}, ["tenant_B"]),
        ("tenants", {"packages": ["basic"], "nodes": ["node2"]}, ["tenant_Company-A"]),
        ("tenants", {"statuses": ["suspended"], "out_of_date": True, "failed": False}, ["tenant_B"]),
        ("tenants", {"resellers": ["R"]}, []),
    ],
)
def test_filters(store: str, tmp_path: Path, plugin: str, options: dict[str, Any], hosts: list[str]) -> None:
    inventory = list_inventory(tmp_path, configure(tmp_path, plugin, dsn=store, **options))
    assert sorted(inventory["_meta"]["hostvars"]) == hosts


def test_constructed_options_work_on_request(store: str, tmp_path: Path) -> None:
    source = configure(
        tmp_path,
        "nodes",
        dsn="{{ lookup('env', 'STORE') }}",
        strict=True,
        compose={"where": "wcp360_region | upper"},
        groups={"not_v4": "':' in ansible_host"},
        keyed_groups=[{"key": "wcp360_status", "prefix": "is"}],
    )
    inventory = list_inventory(tmp_path, source, STORE=store)
    assert inventory["_meta"]["hostvars"]["node1"]["where"] == "EU-WEST"
    assert inventory["not_v4"]["hosts"] == ["node2"]
    assert (inventory["is_active"]["hosts"], inventory["is_draining"]["hosts"]) == (["node1"], ["node2"])


def test_the_cache_answers_only_the_question_that_was_asked(store: str, tmp_path: Path) -> None:
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    source = configure(tmp_path, "tenants", dsn=store, **cached)
    first = list_inventory(tmp_path, source)
    apply_records(store, parse_document({"format": 1, "tenants": [{"name": "B", "status": "locked"}]}))
    assert list_inventory(tmp_path, source) == first
    source = configure(tmp_path, "tenants", dsn=store, statuses=["locked"], **cached)
    assert list(list_inventory(tmp_path, source)["_meta"]["hostvars"]) == ["tenant_B"]
    source = configure(tmp_path, "tenants", dsn=store, **cached)
    ansible_output("ansible-inventory", "-i", source, "--list", "--flush-cache", home=tmp_path)
    assert list_inventory(tmp_path, source)["_meta"]["hostvars"]["tenant_B"]["wcp360_tenant_status"] == "locked"


@pytest.mark.parametrize("cached", [False, True])
def test_text_of_tenants_is_never_a_template(store: str, tmp_path: Path, cached: bool) -> None:
    marker = tmp_path / "ran"
    template = "{{ lookup('pipe', 'touch " + str(marker) + "') }}"
    tenants = [{"name": "B", "metadata": {"note": template, template: [template, "{% raw %}"]}}]
    apply_records(store, parse_document({"format": 1, "tenants": tenants}))
    with psycopg2.connect(store) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE tenants SET last_error = %s", (template,))
    connection.close()
    source = configure(
        tmp_path,
        "tenants",
        dsn=store,
        cache=cached,
        cache_plugin="ansible.builtin.jsonfile",
        cache_connection=str(tmp_path / "cache"),
        compose={"note": "wcp360_tenant_metadata.note"},
        keyed_groups=[{"key": "wcp360_tenant_last_error", "prefix": "error"}],
    )
    playbook = tmp_path / "playbook.json"
    shown = (
        "{{ wcp360_tenant_metadata.note }}|{{ wcp360_tenant_metadata }}|{{ note }}|{{ hostvars[inventory_hostname] }}"
    )
    tasks = [{"ansible.builtin.debug": {"msg": shown}}, {"ansible.builtin.debug": {"var": "wcp360_tenant_last_error"}}]
    play = {"hosts": "tenant_B", "gather_facts": False, "connection": "local", "tasks": tasks}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    for _run in range(2):
        assert "lookup('pipe'" in ansible_output("ansible-playbook", "-i", source, playbook, home=tmp_path)
    assert not marker.exists()


def test_no_tenant_can_speak_for_a_node_a_group_or_all_hosts(store: str, tmp_path: Path) -> None:
    names = ["all", "ungrouped", "localhost", "node1", "wcp360_nodes", "wcp360_tenants", "role_worker"]
    tenants = [{"name": name, "package": "basic", "node": "node2"} for name in names]
    apply_records(store, parse_document({"format": 1, "tenants": tenants}))
    nodes, tenants_source = configure(tmp_path, "nodes", dsn=store), configure(tmp_path, "tenants", dsn=store)
    inventory = list_inventory(tmp_path, tenants_source, nodes)
    hosts = inventory["_meta"]["hostvars"]
    assert hosts["node1"]["ansible_host"] == "192.0.2.1"
    assert not any(name.startswith("wcp360_tenant") for name in hosts["node1"])
    assert {f"tenant_{name}" for name in names} <= hosts.keys()
    assert sorted(inventory["wcp360_nodes"]["hosts"]) == ["node1", "node2"]
    assert not any("vars" in group for group in inventory.values())


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"dsn": "host=/nonexistent"}, "cannot connect to the record store"),
        ({"dsn": "hunter2"}, "dsn must be a libpq connection string"),
        ({"statuses": ["gone"]}, "status must be one of active, draining, disabled"),
    ],
)
def test_what_goes_wrong_is_said_clearly(store: str, tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    source = configure(tmp_path, "nodes", **{"dsn": store, **options})
    result = run_ansible(
        "ansible-inventory",
        *("-i", source, "--list"),
        home=tmp_path,
        ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
    )
    assert result.returncode != 0
    assert problem in " ".join(result.stderr.split())
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_without_the_schema_is_said_clearly(empty_dsn: str, tmp_path: Path) -> None:
    source = configure(tmp_path, "tenants", dsn=empty_dsn)
    result = run_ansible("ansible-inventory", "-i", source, "--list", home=tmp_path)
    assert "the database has no wcp360 schema" in " ".join(result.stderr.split())
