#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
short_description: Read the records of users
version_added: 0.1.0
description:
  - Returns the records of users with their roles, ordered by address. Passwords and their hashes are never returned.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record_info
options:
  email:
    description: Return the users with these addresses.
    type: list
    elements: str
  tenant:
    description: Return the users of one of these tenants.
    type: list
    elements: str
  reseller:
    description: Return the users of one of these resellers.
    type: list
    elements: str
  roles:
    description: Return the users that have one of these roles.
    type: list
    elements: str
  status:
    description: Return the users with one of these states.
    type: list
    elements: str
    choices: [active, disabled]
requirements:
  - idna >= 3.7, for internationalised domain names
seealso:
  - module: wcp360.hosting.user
"""

EXAMPLES = r"""
- name: Read who may do everything
  wcp360.hosting.user_info:
    roles: [system_admin]
  register: admins
"""

RETURN = r"""
users:
  description: The records, ordered by address.
  type: list
  elements: dict
  returned: success
  sample:
    - id: 1f0b2c3d-7d5e-4b43-8a3d-2f6f6d0c9b21
      email: anna@company-a.example
      tenant: Company-A
      reseller: null
      roles: [user]
      status: active
      metadata: {}
      created_at: "2026-01-31T12:00:00+00:00"
      updated_at: "2026-01-31T12:00:00+00:00"
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.user import USER
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_info_module


def main() -> None:
    """Read users."""
    run_info_module(USER)


if __name__ == "__main__":
    main()
