#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user
short_description: Manage the records of users
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one user, a person who logs in.
  - A user stands in a tenant, in a reseller, or above both; its roles are of that scope.
  - Deleting a user deletes its API keys. A user that owns a tenant cannot be deleted.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  email:
    description:
      - E-mail address that the user logs in with. Upper case and internationalised domains are taken and stored as
        lower-case A-labels.
    type: str
    required: true
  tenant:
    description:
      - Name of the tenant that the user belongs to. It never changes. A new user belongs to none, as system
        administrators and resellers do.
    type: str
  reseller:
    description: Name of the reseller that the user acts for. Not for users of a tenant. A new user has none.
    type: str
  roles:
    description:
      - Names of roles. Replaced as a whole; the order does not matter. A new user has none, and may do nothing.
      - A user of a tenant has roles of scope V(local), a user of a reseller roles of scope V(reseller), and others have
        roles of scope V(global).
    type: list
    elements: str
  password:
    description:
      - The password in clear, at least 8 characters. It is stored as an argon2id hash and never returned, shown in a
        diff or logged.
      - A password that the stored hash is of changes nothing, unless the hash has weaker parameters than those of
        today.
      - Mutually exclusive with O(password_hash).
    type: str
  password_hash:
    description:
      - An argon2 or bcrypt hash in modular crypt format, for imports. It is never returned, shown in a diff or logged.
      - Mutually exclusive with O(password). A user with neither has no password, and nobody logs in with one.
    type: str
  status:
    description:
      - V(disabled) users are kept and cannot log in.
      - A new user gets V(active).
    type: str
    choices: [active, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [reseller, password_hash]
    default: []
requirements:
  - argon2-cffi >= 23.1, for O(password)
seealso:
  - module: wcp360.hosting.user_info
  - module: wcp360.hosting.role
  - module: wcp360.hosting.api_key
  - module: wcp360.hosting.tenant
"""

EXAMPLES = r"""
- name: Add a user of a tenant
  wcp360.hosting.user:
    email: anna@company-a.example
    tenant: Company-A
    roles: [user]
    password: "{{ vault_password_of_anna }}"

- name: Take the password away
  wcp360.hosting.user:
    email: anna@company-a.example
    unset: [password_hash]
"""

RETURN = r"""
user:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
    - The password and its hash are never returned.
  type: dict
  returned: when the record is present
  sample:
    id: 1f0b2c3d-7d5e-4b43-8a3d-2f6f6d0c9b21
    email: anna@company-a.example
    tenant: Company-A
    reseller: null
    roles: [user]
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

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.user import USER
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one user."""
    run_record_module(USER)


if __name__ == "__main__":
    main()
