# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: nodes
short_description: Every node of the record store as a host
version_added: 0.1.0
description:
  - Reads the nodes of the record store. Each becomes a host with its connection variables and the variables
    C(wcp360_node_id), C(wcp360_node_name), C(wcp360_roles), C(wcp360_region) and C(wcp360_status).
  - Workers are in the group C(wcp360_nodes) and managers in the group C(wcp360_managers), as the playbooks expect them.
    Each node is in C(role_<role>), C(region_<region>) and C(node_status_<status>). In the names of groups, other
    characters than letters, digits and underscores become underscores.
  - The name of a configuration file must end in C(nodes.wcp360.yml) or C(nodes.wcp360.yaml).
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
    choices: [wcp360.hosting.nodes]
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
  roles:
    description: Take the nodes that have one of these roles, V(manager) or V(worker).
    type: list
    elements: str
  regions:
    description: Take the nodes in one of these regions.
    type: list
    elements: str
  statuses:
    description: Take the nodes with one of these states, V(active), V(draining) or V(disabled).
    type: list
    elements: str
notes:
  - The filters run in PostgreSQL.
  - A configuration file may hold only what is allowed here; a database that cannot be reached is an error, and not an
    empty inventory.
seealso:
  - plugin: wcp360.hosting.tenants
    plugin_type: inventory
"""

EXAMPLES = r"""
# Every node; how to reach the record store is in WCP360_DSN
plugin: wcp360.hosting.nodes
---
# The active workers of one region
plugin: wcp360.hosting.nodes
dsn: host=/run/postgresql dbname=wcp360_prod
roles: [worker]
regions: [eu-west]
statuses: [active]
"""

from typing import Any

from ansible_collections.wcp360.hosting.plugins.module_utils.records.actor import Credentials
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.query import parse_query
from ansible_collections.wcp360.hosting.plugins.module_utils.records.read import read_records
from ansible_collections.wcp360.hosting.plugins.module_utils.records.store import reading
from ansible_collections.wcp360.hosting.plugins.plugin_utils.record_inventory import RecordInventory, node_connection

_HOSTS_OF_ROLE = {"worker": "wcp360_nodes", "manager": "wcp360_managers"}
"""The groups that the playbooks work on."""


class InventoryModule(RecordInventory):
    """Nodes as hosts."""

    NAME = "wcp360.hosting.nodes"

    config_suffix = "nodes"
    query_options = ("roles", "regions", "statuses")

    def read(self, dsn: str, credentials: Credentials) -> dict[str, Any]:
        """Return the records of the nodes."""
        query = parse_query(
            NODE,
            {
                "roles": self.get_option("roles"),
                "region": self.get_option("regions"),
                "status": self.get_option("statuses"),
            },
        )
        with reading(dsn, NODE, credentials=credentials) as cursor:
            return {"nodes": read_records(cursor, NODE, query)}

    def populate(self, data: dict[str, Any]) -> None:
        """Add the nodes."""
        for group in _HOSTS_OF_ROLE.values():
            self._group(group)
        for node in data["nodes"]:
            self.add_record_host(
                node["name"],
                [
                    *(_HOSTS_OF_ROLE[role] for role in node["roles"]),
                    *(f"role_{role}" for role in node["roles"]),
                    f"region_{node['region']}",
                    f"node_status_{node['status']}",
                ],
                node_connection(node)
                | {
                    "wcp360_node_id": node["id"],
                    "wcp360_node_name": node["name"],
                    "wcp360_roles": node["roles"],
                    "wcp360_region": node["region"],
                    "wcp360_status": node["status"],
                },
            )
