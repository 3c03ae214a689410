#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reseller
short_description: Manage the records of resellers
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one reseller, who has packages, tenants and users of its own.
  - A reseller that tenants, packages, users or other resellers refer to cannot be deleted.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description: Name of the reseller, in letters, digits, dots, underscores and hyphens.
    type: str
    required: true
  parent:
    description:
      - Name of the reseller above. A new reseller has none. A reseller cannot be above itself, however long the way.
    type: str
  status:
    description:
      - V(disabled) resellers are kept and do not act.
      - A new reseller gets V(active).
    type: str
    choices: [active, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  max_tenants:
    description: Number of tenants. A new reseller has no such limit.
    type: int
  max_domains:
    description: Number of domains of all its tenants together. A new reseller has no such limit.
    type: int
  max_databases:
    description: Number of databases of all its tenants together. A new reseller has no such limit.
    type: int
  max_mailboxes:
    description: Number of mailboxes of all its tenants together. A new reseller has no such limit.
    type: int
  max_cron_jobs:
    description: Number of cron jobs of all its tenants together. A new reseller has no such limit.
    type: int
  max_disk_mb:
    description: MiB of files, mail and databases of all its tenants together. A new reseller has no such limit.
    type: int
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [parent, max_tenants, max_domains, max_databases, max_mailboxes, max_cron_jobs, max_disk_mb]
    default: []
seealso:
  - module: wcp360.hosting.reseller_info
  - module: wcp360.hosting.package
  - module: wcp360.hosting.tenant
  - module: wcp360.hosting.user
"""

EXAMPLES = r"""
- name: Add a reseller with at most 100 tenants
  wcp360.hosting.reseller:
    name: North-Hosting
    max_tenants: 100
    max_disk_mb: 1048576

- name: Lift a limit
  wcp360.hosting.reseller:
    name: North-Hosting
    unset: [max_disk_mb]
"""

RETURN = r"""
reseller:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
  type: dict
  returned: when the record is present
  sample:
    id: 93a1b1a4-0c52-4d3c-8f5a-3a54d3a2a6d5
    name: North-Hosting
    parent: null
    status: active
    metadata: {}
    max_tenants: 100
    max_domains: null
    max_databases: null
    max_mailboxes: null
    max_cron_jobs: null
    max_disk_mb: 1048576
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.reseller import RESELLER
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one reseller."""
    run_record_module(RESELLER)


if __name__ == "__main__":
    main()
