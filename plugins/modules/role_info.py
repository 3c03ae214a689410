#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_info
short_description: Read the records of roles
version_added: 0.1.0
description:
  - Returns the records of roles with their permissions, ordered by name.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  name:
    description: Return the roles of these names.
    type: list
    elements: str
  scope:
    description: Return the roles of one of these scopes.
    type: list
    elements: str
    choices: [global, reseller, local]
seealso:
  - module: wcp360.hosting.role
"""

EXAMPLES = r"""
- name: Read what the users of tenants may be given
  wcp360.hosting.role_info:
    scope: [local]
  register: roles
"""

RETURN = r"""
roles:
  description: The records, ordered by name.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 6a0c1d0e-58a1-4a7e-9a0f-6c1f3f6f2c11
      name: webmaster
      description: Looks after web sites
      scope: local
      permissions: [domain.read, domain.update]
      is_system: false
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.role import ROLE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read roles."""
    run_info_module(ROLE)


if __name__ == "__main__":
    main()
