#!/usr/bin/python
# Copyright (c) 2026, WCP360 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox
short_description: Manage the records of mailboxes
version_added: 0.1.0
description:
  - Creates, changes and deletes the record of one mailbox of a tenant.
  - The domain of its address is a domain of the same tenant. Deleting that domain deletes the mailbox.
  - A change makes the tenant out of date.
author:
  - WCP360 contributors (@wcp360)
extends_documentation_fragment:
  - wcp360.hosting.dsn
  - wcp360.hosting.actor
  - wcp360.hosting.record
  - wcp360.hosting.record.state
options:
  address:
    description: E-mail address. Upper case and internationalised domains are taken and stored as lower-case A-labels.
    type: str
    required: true
  tenant:
    description: Name of the tenant that owns the mailbox. Required for a new mailbox; it never changes.
    type: str
  quota_mb:
    description: MiB of mail. A new mailbox is bounded by the disk space of its tenant alone.
    type: int
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
      - Mutually exclusive with O(password). A mailbox with neither has no password, and nobody logs in with one.
    type: str
  status:
    description:
      - V(disabled) mailboxes are kept and take no logins.
      - A new mailbox gets V(active).
    type: str
    choices: [active, disabled]
  metadata:
    description: Free data, at most 64 KiB as JSON. Replaced as a whole.
    type: dict
  unset:
    description: Fields to set back to no value.
    type: list
    elements: str
    choices: [quota_mb, password_hash]
    default: []
requirements:
  - argon2-cffi >= 23.1, for O(password)
seealso:
  - module: wcp360.hosting.mailbox_info
  - module: wcp360.hosting.domain
  - module: wcp360.hosting.records
"""

EXAMPLES = r"""
- name: Add a mailbox
  wcp360.hosting.mailbox:
    address: info@company-a.example
    tenant: Company-A
    quota_mb: 1024
    password: "{{ vault_password_of_info }}"
"""

RETURN = r"""
mailbox:
  description:
    - The record as it is stored.
    - In check mode a record that would be created lacks C(id), C(created_at) and C(updated_at).
    - The password and its hash are never returned.
  type: dict
  returned: when the record is present
  sample:
    id: 2b1e5cf0-1c33-4c8b-a7d5-6a7bb6b0d9a4
    address: info@company-a.example
    tenant: Company-A
    domain: company-a.example
    quota_mb: 1024
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

from ansible_collections.wcp360.hosting.plugins.module_utils.records.kinds.mailbox import MAILBOX
from ansible_collections.wcp360.hosting.plugins.module_utils.records.module import run_record_module


def main() -> None:
    """Write one mailbox."""
    run_record_module(MAILBOX)


if __name__ == "__main__":
    main()
