#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant
short_description: Manage the records of tenants
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one tenant, the owner of domains and of everything else that is hosted.
  - A change makes the tenant out of date. The next converge of its node applies it.
  - Deleting a tenant deletes what it owns.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description: Name of the tenant, in letters, digits, dots, underscores and hyphens.
    type: str
    required: true
  account:
    description:
      - Name of the Linux account on the node. A new tenant gets V(t) followed by its user id.
      - It never changes afterwards.
    type: str
  package:
    description: Name of the package that says what the tenant may use. Required for a new tenant.
    type: str
  status:
    description:
      - V(suspended) tenants are not served; V(locked) ones are not either, until a system administrator ends it.
      - A new tenant gets V(active).
    type: str
    choices: [active, suspended, locked]
  owner:
    description:
      - E-mail address of the user who administers the tenant. One of the tenant's own users, or one without a tenant. A
        new tenant has none.
    type: str
  reseller:
    description: Name of the reseller that the tenant is a customer of. A new tenant has none.
    type: str
  node:
    description:
      - Name of the node that serves the tenant. A new tenant has none, and is not served until it has one.
      - It can be changed until a node has applied the tenant. After that, a tenant is moved by a procedure that takes
        its data along.
    type: str
  time_zone:
    description: IANA name of the time zone of the tenant's accounts and schedules. A new tenant gets V(UTC).
    type: str
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  force:
    description:
      - Allow a package, or limits, that are smaller than what tenants have. Nothing is removed from them, and nothing
        can be added to what is over its limit.
    type: bool
    default: false
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [owner, reseller, node]
    default: []
seealso:
  - module: wcp360.hosting.tenant_info
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Add a tenant
  wcp360.hosting.tenant:
    name: Company-A
    package: basic
    node: node1
    time_zone: Europe/Berlin

- name: Give it more
  wcp360.hosting.tenant:
    name: Company-A
    package: pro
"""

RETURN = r"""
tenant:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(uid), C(created_at), C(updated_at), and C(account)
      unless it is given.
  type: dict
  returned: when the record is present
  sample:
    id: 0bd7634d-c4b2-4741-b87c-cfd98ac9e22b
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
    generation: 1
    observed_generation: 0
    last_error: null
    last_converged_at: null
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.tenant import TENANT
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one tenant."""
    run_record_module(TENANT)


if __name__ == "__main__":
    main()
