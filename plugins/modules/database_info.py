#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_info
short_description: Read the records of databases
version_added: 0.1.0
description:
  - Returns the records of databases, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the databases of these names.
    type: list
    elements: str
  tenant:
    description: Return the databases of one of these tenants.
    type: list
    elements: str
  engine:
    description: Return the databases of one of these engines.
    type: list
    elements: str
    choices: [mariadb, postgresql]
  status:
    description: Return the databases with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
seealso:
  - module: wcp360.hosting.database
"""

EXAMPLES = r"""
- name: Read the databases of a tenant
  wcp360.hosting.database_info:
    tenant: [Company-A]
  register: databases
"""

RETURN = r"""
databases:
  description: The records, ordered by name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 7c9d2a50-8d3f-4c57-9c2f-f3c2a0a5a1f3
      name: shop
      tenant: Company-A
      engine: mariadb
      status: active
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.database import DATABASE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read databases."""
    run_info_module(DATABASE)


if __name__ == "__main__":
    main()
