#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_info
short_description: Read the records of packages
version_added: 0.1.0
description:
  - Returns the records of packages with their limits, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the packages of these names.
    type: list
    elements: str
  reseller:
    description: Return the packages of one of these resellers.
    type: list
    elements: str
seealso:
  - module: wcp360.hosting.package
"""

EXAMPLES = r"""
- name: Read all packages
  wcp360.hosting.package_info:
  register: offer
"""

RETURN = r"""
packages:
  description: The records, ordered by name. A limit that is V(null) does not limit.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 38452ae5-3727-4c26-b73f-2edc8a4311fa
      name: basic
      description: Shared hosting
      is_system: false
      reseller: null
      retention_days: 30
      max_domains: 2
      max_disk_mb: 512
      max_cpu_pct: 20
      max_mem_mb: 128
      max_databases: null
      max_mailboxes: null
      max_cron_jobs: null
      max_bandwidth_mb: null
      max_inodes: null
      max_tasks: null
      cpu_weight: 100
      io_weight: 100
      features: {"ssh": false}
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.package import PACKAGE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read packages."""
    run_info_module(PACKAGE)


if __name__ == "__main__":
    main()
