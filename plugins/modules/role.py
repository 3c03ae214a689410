#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role
short_description: Manage the records of roles
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one role, a named set of permissions.
  - The roles V(system_admin), V(auditor), V(reseller) and V(user) come with the schema. They cannot be deleted, and
    keep the permissions that they came with; others can be added.
  - A role that users have cannot be deleted.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  name:
    description: Name of the role, in lower-case letters, digits, underscores and hyphens.
    type: str
    required: true
  description:
    description: One line for people. A new role gets an empty one.
    type: str
  scope:
    description:
      - How far the role reaches. V(global) is everything, V(reseller) one reseller and its tenants, V(local) one
        tenant.
      - A user has only roles of the scope that it stands in. Required for a new role; it never changes afterwards.
    type: str
    choices: [global, reseller, local]
  permissions:
    description:
      - Keys of permissions, for example V(domain.create). Replaced as a whole; the order does not matter.
      - A new role gets none.
    type: list
    elements: str
seealso:
  - module: wcp360.hosting.role_info
  - module: wcp360.hosting.user
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Let web masters change domains
  wcp360.hosting.role:
    name: webmaster
    scope: local
    permissions: [domain.read, domain.update]
"""

RETURN = r"""
role:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
    - C(is_system) says whether the role came with the schema.
  type: dict
  returned: when the record is present
  sample:
    id: 6a0c1d0e-58a1-4a7e-9a0f-6c1f3f6f2c11
    name: webmaster
    description: Looks after web sites
    scope: local
    permissions: [domain.read, domain.update]
    is_system: false
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.role import ROLE
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one role."""
    run_record_module(ROLE)


if __name__ == "__main__":
    main()
