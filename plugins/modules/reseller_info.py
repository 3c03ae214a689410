#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reseller_info
short_description: Read the records of resellers
version_added: 0.1.0
description:
  - Returns the records of resellers with their limits, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the resellers of these names.
    type: list
    elements: str
  parent:
    description: Return the resellers under one of these.
    type: list
    elements: str
  status:
    description: Return the resellers with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
seealso:
  - module: wcp360.hosting.reseller
"""

EXAMPLES = r"""
- name: Read the resellers under another one
  wcp360.hosting.reseller_info:
    parent: [North-Hosting]
  register: below
"""

RETURN = r"""
resellers:
  description: The records, ordered by name. A limit that is V(null) does not limit.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 93a1b1a4-0c52-4d3c-8f5a-3a54d3a2a6d5
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
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.reseller import RESELLER
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read resellers."""
    run_info_module(RESELLER)


if __name__ == "__main__":
    main()
