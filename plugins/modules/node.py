#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node
short_description: Manage the records of nodes
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one node, a machine that serves tenants or holds the records.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description: Name of the node, a lower-case host name.
    type: str
    required: true
  address:
    description:
      - Host name or IP address that Ansible connects to.
      - Required for a new node.
    type: str
  ssh_port:
    description: Port of the SSH server, 1 to 65535. A new node gets V(22).
    type: int
  ssh_user:
    description: User that Ansible logs in as. A new node gets V(root).
    type: str
  roles:
    description:
      - What the node does. V(worker) serves tenants, V(manager) holds the records. A new node gets V([worker]).
    type: list
    elements: str
    choices: [manager, worker]
  region:
    description: Where the node is, in lower-case letters, digits, underscores and hyphens. A new node gets V(default).
    type: str
  status:
    description: V(draining) nodes get no new tenants, V(disabled) ones are left alone. A new node gets V(active).
    type: str
    choices: [active, draining, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
seealso:
  - module: wcp360.hosting.node_info
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Add a node
  wcp360.hosting.node:
    name: node1
    address: 192.0.2.11
    region: eu-west

- name: Send no new tenants to a node
  wcp360.hosting.node:
    name: node1
    status: draining
"""

RETURN = r"""
node:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: e8b63706-f0ba-4d4c-9786-572a7c0b2db7
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
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.node import NODE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one node."""
    run_record_module(NODE)


if __name__ == "__main__":
    main()
