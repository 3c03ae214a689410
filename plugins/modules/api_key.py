#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_key
short_description: Manage the records of API keys
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one API key, by which a program acts for a user.
  - The key is made when its record is created and returned once, in RV(key). It is stored as SHA-256 only. A fast hash
    is right here, because a key has 256 random bits and cannot be guessed.
  - A key never changes. To replace one, create another and delete the first.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  user:
    description: E-mail address of the user that the key acts for. It never changes.
    type: str
    required: true
  name:
    description: Name of the key, in letters, digits, dots, underscores and hyphens. Unique for its user.
    type: str
    required: true
  scopes:
    description:
      - Keys of permissions, for example V(domain.update). The key can do what both it and its user may do. Replaced as
        a whole.
      - A new key gets none, and can do nothing.
    type: list
    elements: str
  expires_at:
    description:
      - When the key stops working, in ISO 8601 with an offset from UTC, for example V(2027-01-31T12:00:00+01:00). A new
        key works until it is deleted.
    type: str
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [expires_at]
    default: []
seealso:
  - module: wcp360.hosting.api_key_info
  - module: wcp360.hosting.user
  - module: wcp360.hosting.role
"""

EXAMPLES = r"""
- name: Make a key for deployments
  wcp360.hosting.api_key:
    user: anna@company-a.example
    name: deploy
    scopes: [domain.read, domain.update]
    expires_at: "2027-01-31T12:00:00+01:00"
  register: made
  no_log: true

- name: Keep it, because it is not shown again
  ansible.builtin.copy:
    content: "{{ made.key }}"
    dest: /etc/deploy/wcp360-key
    mode: "0600"
  no_log: true
  when: made.key is defined
"""

RETURN = r"""
key:
  description:
    - The key, C(wcp_<prefix>_<secret>). It is not stored and cannot be returned again.
    - Set C(no_log) on the task, so that it does not appear in Ansible's output.
  type: str
  returned: when the record was created, not in check mode
  sample: wcp_3f9a1c0d5b7e2468_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
api_key:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(prefix), C(created_at) and C(updated_at).
    - C(prefix) is the part of the key that may be shown, C(last_used_at) when the API last took the key.
  type: dict
  returned: when the record is present
  sample:
    id: 0e2f4b7c-35a1-4bb7-bd0e-5b5f1e7a0d42
    name: deploy
    user: anna@company-a.example
    prefix: 3f9a1c0d5b7e2468
    scopes: [domain.read, domain.update]
    expires_at: "2027-01-31T11:00:00+00:00"
    last_used_at: null
    created_at: "2026-01-31T12:00:00+00:00"
    updated_at: "2026-01-31T12:00:00+00:00"
errors:
  description: What is wrong, record by record, when the options or the database refuse it.
  type: list
  elements: dict
  returned: on failure
"""

from ansible_collections.wcp360.hosting.plugins.module_utils.records.api_keys import issue_key
from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.api_key import API_KEY
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one API key."""
    run_record_module(API_KEY, issue_key)


if __name__ == "__main__":
    main()
