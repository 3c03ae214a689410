#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_info
short_description: Read the records of nodes
version_added: 0.1.0
description:
  - Returns the records of nodes, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the nodes of these names.
    type: list
    elements: str
  roles:
    description: Return the nodes that have one of these roles.
    type: list
    elements: str
    choices: [manager, worker]
  region:
    description: Return the nodes in one of these regions.
    type: list
    elements: str
  status:
    description: Return the nodes with one of these states.
    type: list
    elements: str
    choices: [active, draining, disabled]
seealso:
  - module: wcp360.hosting.node
  - plugin: wcp360.hosting.nodes
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Read the workers of two regions
  wcp360.hosting.node_info:
    roles: [worker]
    region: [eu-west, eu-north]
  register: workers
"""

RETURN = r"""
nodes:
  description: The records, ordered by name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: e8b63706-f0ba-4d4c-9786-572a7c0b2db7
      name: node1
      address: 192.0.2.11
      ssh_port: 22
      ssh_user: root
      roles: [worker]
      region: eu-west
      status: active
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read nodes."""
    run_info_module(NODE)


if __name__ == "__main__":
    main()
