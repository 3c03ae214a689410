#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_info
short_description: Read the records of tenants
version_added: 0.1.0
description:
  - Returns the records of tenants and how far their nodes have applied them, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the tenants of these names.
    type: list
    elements: str
  status:
    description: Return the tenants with one of these states.
    type: list
    elements: str
    choices: [active, suspended, locked]
  package:
    description: Return the tenants of one of these packages.
    type: list
    elements: str
  owner:
    description: Return the tenants of one of these owners, by e-mail address.
    type: list
    elements: str
  reseller:
    description: Return the tenants of one of these resellers.
    type: list
    elements: str
  node:
    description: Return the tenants on one of these nodes.
    type: list
    elements: str
  out_of_date:
    description:
      - V(true) returns the tenants whose latest change their node has not applied, V(false) the others.
    type: bool
  failed:
    description: V(true) returns the tenants that the last converge failed for, V(false) the others.
    type: bool
  near_limit:
    description:
      - V(true) returns the tenants that have nine tenths or more of what their package allows, of disk, domains,
        databases, mailboxes or cron jobs, V(false) the others.
    type: bool
seealso:
  - module: wcp360.hosting.tenant
  - plugin: wcp360.hosting.tenants
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Read the tenants of a node that could not be applied
  wcp360.hosting.tenant_info:
    node: [node1]
    failed: true
  register: broken
"""

RETURN = r"""
tenants:
  description:
    - The records, ordered by name.
    - C(generation) counts the changes, C(observed_generation) is the one that the node applied last.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 0bd7634d-c4b2-4741-b87c-cfd98ac9e22b
      name: Company-A
      account: t200001
      package: basic
      status: active
      owner: anna@company-a.example
      reseller: null
      node: node1
      time_zone: Europe/Berlin
      metadata: {}
      uid: 200001
      generation: 3
      observed_generation: 3
      last_error: null
      last_converged_at: "2026-01-31T12:05:00+00:00"
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:05:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.tenant import TENANT
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read tenants."""
    run_info_module(TENANT)


if __name__ == "__main__":
    main()
