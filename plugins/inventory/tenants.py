# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Every tenant of the record store as a host that connects to its node
version_added: 0.1.0
description:
  - Reads the tenants of the record store, for ad-hoc work. Each becomes the host C(tenant_<name>), which connects to
    the node that serves the tenant. No name that a tenant can have is then the name of a node, a group or V(localhost).
  - Its variables are C(wcp360_tenant_<field>) with the fields C(id), C(name), C(account), C(uid), C(status),
    C(package), C(reseller), C(node), C(time_zone), C(generation), C(observed_generation), C(last_error), C(metadata),
    and C(domains), the list of the tenant's domain names.
  - All tenants are in the group C(wcp360_tenants), and each in C(package_<package>), C(status_<status>), and where it
    has one in C(reseller_<reseller>) and C(node_<node>). In the names of groups, other characters than letters, digits
    and underscores become underscores.
  - Text of tenants is never a template.
  - The name of a configuration file must end in C(tenants.wcp360.yml) or C(tenants.wcp360.yaml).
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - constructed
  - inventory_cache
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
options:
  plugin:
    description: Marks the file as a configuration of this plugin.
    type: str
    required: true
    choices: [wcp360.hosting.tenants]
  dsn:
    description: May be a template.
    env:
      - name: WCP360_DSN
  actor:
    description: May be a template.
    env:
      - name: WCP360_ACTOR
  api_key:
    description: May be a template.
    env:
      - name: WCP360_API_KEY
  names:
    description: Take the tenants of these names.
    type: list
    elements: str
  statuses:
    description: Take the tenants with one of these states, V(active), V(suspended) or V(locked).
    type: list
    elements: str
  packages:
    description: Take the tenants of one of these packages.
    type: list
    elements: str
  resellers:
    description: Take the tenants of one of these resellers.
    type: list
    elements: str
  nodes:
    description: Take the tenants on one of these nodes.
    type: list
    elements: str
  out_of_date:
    description: V(true) takes the tenants whose latest change their node has not applied, V(false) the others.
    type: bool
  failed:
    description: V(true) takes the tenants that the last converge failed for, V(false) the others.
    type: bool
notes:
  - The filters run in PostgreSQL.
  - A tenant without a node has no connection variables.
seealso:
  - plugin: wcp360.hosting.nodes
    plugin_type: inventory
"""

EXAMPLES = r"""
# Every tenant; how to reach the record store is in WCP360_DSN
plugin: wcp360.hosting.tenants
---
# The suspended tenants of two packages
plugin: wcp360.hosting.tenants
packages: [basic, pro]
statuses: [suspended]
---
# The tenants that the last converge failed for
plugin: wcp360.hosting.tenants
failed: true
"""

from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.domain import DOMAIN
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.tenant import TENANT
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import Query, parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading
from ansible_collections.wcp360.hosting.plugins.plugin_utils.record_inventory import RecordInventory, node_connection

FIELDS = (
    "id",
    "name",
    "account",
    "uid",
    "status",
    "package",
    "reseller",
    "node",
    "time_zone",
    "generation",
    "observed_generation",
    "last_error",
    "metadata",
)


class InventoryModule(RecordInventory):
    """Tenants as hosts."""

    NAME = "wcp360.hosting.tenants"

    config_suffix = "tenants"
    query_options = ("names", "statuses", "packages", "resellers", "nodes", "out_of_date", "failed")

    def read(self, dsn: str, credentials: Credentials) -> dict[str, Any]:
        """Return the records of the tenants, the connections of their nodes, and the names of their domains."""
        query = parse_query(
            TENANT,
            {
                "name": self.get_option("names"),
                "status": self.get_option("statuses"),
                "package": self.get_option("packages"),
                "reseller": self.get_option("resellers"),
                "node": self.get_option("nodes"),
                "out_of_date": self.get_option("out_of_date"),
                "failed": self.get_option("failed"),
            },
        )
        with reading(dsn, TENANT, credentials=credentials) as cursor:
            tenants = read_records(cursor, TENANT, query)
            nodes = read_records(cursor, NODE, Query())
            names = tuple(tenant["name"] for tenant in tenants)
            domains = read_records(cursor, DOMAIN, Query(filters={"tenant": names}))
        fqdns: dict[str, list[str]] = {}
        for domain in domains:
            fqdns.setdefault(domain["tenant"], []).append(domain["fqdn"])
        return {
            "tenants": [{name: tenant[name] for name in FIELDS} for tenant in tenants],
            "nodes": {node["name"]: node_connection(node) for node in nodes},
            "domains": fqdns,
        }

    def populate(self, data: dict[str, Any]) -> None:
        """Add the tenants."""
        self._group("wcp360_tenants")
        for tenant in data["tenants"]:
            groups = ["wcp360_tenants"]
            groups.extend(
                f"{field}_{tenant[field]}" for field in ("package", "status", "reseller", "node") if tenant[field]
            )
            variables = {f"wcp360_tenant_{name}": tenant[name] for name in FIELDS}
            variables["wcp360_tenant_domains"] = data["domains"].get(tenant["name"], [])
            self.add_record_host(f"tenant_{tenant['name']}", groups, data["nodes"].get(tenant["node"], {}) | variables)
